/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/virt/migration.h"
#include "tests/unit/unit.h"

static void test_phase_and_final(void **state)
{
	vmn_auto_json struct json_object *d = unit_data("migrations.json");
	static const struct {
		const char *which, *phase;
		bool is_final;
	} rows[] = {
		{"/ok", "Succeeded", true},
		{"/failed", "Failed", true},
		{"/running", "Scheduling", false},
		{"/fresh", "Unset", false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		struct json_object *vmim = vmn_json_get(d, rows[i].which);

		assert_string_equal(vmn_migration_phase(vmim), rows[i].phase);
		assert_int_equal(vmn_migration_is_final(vmim), rows[i].is_final);
	}
}

/* The uid of a borrowed migration, "" for none */
static const char *uid_of(struct json_object *vmim)
{
	return vmn_json_str_or(vmim, "/metadata/uid", "");
}

static void test_active_and_latest(void **state)
{
	vmn_auto_json struct json_object *d = unit_data("migrations.json");
	vmn_auto_json struct json_object *over =
		vmn_json_build("[%J,%J]", vmn_json_get(d, "/failed"), vmn_json_get(d, "/ok"));
	vmn_auto_json struct json_object *under_way =
		vmn_json_build("[%J,%J]", vmn_json_get(d, "/ok"), vmn_json_get(d, "/running"));

	(void)state;
	assert_null(vmn_migration_active(over, "web-1"));
	assert_null(vmn_migration_active(under_way, "web-2"));
	assert_string_equal(uid_of(vmn_migration_active(under_way, "web-1")), "u-run");
	assert_string_equal(uid_of(vmn_migration_latest(over, "web-1")), "u-bad");
	assert_string_equal(uid_of(vmn_migration_latest(under_way, "web-1")), "u-run");
	assert_null(vmn_migration_latest(over, "web-2"));
	assert_null(vmn_migration_latest(NULL, "web-1"));
}

static void test_pick_finds_the_one_the_put_made(void **state)
{
	vmn_auto_json struct json_object *d = unit_data("migrations.json");
	vmn_auto_strlist struct vmn_strlist before = {0}, none = {0};
	vmn_auto_json struct json_object *only =
		vmn_json_build("[%J,%J]", vmn_json_get(d, "/ok"), vmn_json_get(d, "/fresh"));
	vmn_auto_json struct json_object *with_evacuation =
		vmn_json_build("[%J,%J,%J]", vmn_json_get(d, "/ok"), vmn_json_get(d, "/failed"),
			       vmn_json_get(d, "/running"));
	vmn_auto_json struct json_object *nothing_new =
		vmn_json_build("[%J]", vmn_json_get(d, "/ok"));

	(void)state;
	vmn_strlist_add(&before, "u-ok");
	assert_string_equal(uid_of(vmn_migration_pick(&before, only, "web-1")), "u-new");
	/* The evacuation is younger, but a PUT does not make such names. */
	assert_string_equal(uid_of(vmn_migration_pick(&before, with_evacuation, "web-1")), "u-bad");
	assert_null(vmn_migration_pick(&before, nothing_new, "web-1"));
	assert_null(vmn_migration_pick(&before, only, "web-2"));
	/* Of two the youngest. */
	assert_string_equal(uid_of(vmn_migration_pick(&none, only, "web-1")), "u-new");
}

static void test_new_and_kept_selector(void **state)
{
	vmn_auto_json struct json_object *selector = unit_json("{\"disk\":\"ssd\"}");
	vmn_auto_json struct json_object *with = vmn_migration_new("ns", "m", "web-1", selector);
	vmn_auto_json struct json_object *without = vmn_migration_new("ns", "m", "web-1", NULL);

	(void)state;
	assert_string_equal(vmn_json_str(with, "/metadata/namespace"), "ns");
	assert_string_equal(vmn_json_str(with, "/metadata/name"), "m");
	assert_string_equal(vmn_json_str(with, "/spec/vmiName"), "web-1");
	assert_true(vmn_migration_kept_selector(with, selector));
	assert_false(vmn_migration_kept_selector(without, selector));
}

static void test_report_of_success(void **state)
{
	vmn_auto_json struct json_object *d = unit_data("migrations.json");
	vmn_auto_json struct json_object *r =
		vmn_migration_report(vmn_json_get(d, "/ok"), vmn_json_get(d, "/vmi"), NULL);

	(void)state;
	assert_string_equal(vmn_json_str(r, "/sourceNode"), "node-1");
	assert_string_equal(vmn_json_str(r, "/targetNode"), "node-2");
	assert_string_equal(vmn_json_str(r, "/phase"), "Succeeded");
	assert_int_equal(vmn_json_int(r, "/durationSeconds", -1), 12);
	assert_int_equal(vmn_json_len(vmn_json_array(r, "/phases")), 7);
	assert_string_equal(vmn_json_str(r, "/phases/1/phase"), "Scheduling");
	assert_int_equal(vmn_json_int(r, "/phases/1/durationSeconds", -1), 3);
	assert_int_equal(vmn_json_int(r, "/phases/6/durationSeconds", -1), -1);
	assert_null(vmn_json_get(r, "/events"));
}

static void test_state_of_another_migration_does_not_count(void **state)
{
	vmn_auto_json struct json_object *d = unit_data("migrations.json");
	struct json_object *vmi = vmn_json_get(d, "/vmi");
	vmn_auto_json struct json_object *r =
		vmn_migration_report(vmn_json_get(d, "/overwritten"), vmi, NULL);
	vmn_auto_json struct json_object *fresh =
		vmn_migration_report(vmn_json_get(d, "/fresh"), vmi, NULL);

	(void)state;
	assert_null(vmn_json_get(r, "/targetNode"));
	assert_int_equal(vmn_json_int(r, "/durationSeconds", -1), 9);
	assert_string_equal(
		vmn_json_str(vmn_migration_state(vmn_json_get(d, "/running"), vmi), "/targetNode"),
		"node-8");
	/* Nothing names the source yet, but the VM is there. */
	assert_string_equal(vmn_json_str(fresh, "/sourceNode"), "node-7");
	assert_int_equal(vmn_json_int(fresh, "/durationSeconds", -1), -1);
}

static void test_failure_tells_reason_and_event(void **state)
{
	vmn_auto_json struct json_object *d = unit_data("migrations.json");
	vmn_auto_json struct json_object *r = vmn_migration_report(vmn_json_get(d, "/failed"), NULL,
								   vmn_json_array(d, "/events"));
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	assert_int_equal(vmn_json_len(vmn_json_array(r, "/events")), 3);
	assert_string_equal(vmn_json_str(r, "/events/0/reason"), "SuccessfulCreate");
	assert_string_equal(vmn_json_str(r, "/events/2/message"), "late");
	assert_int_equal(vmn_migration_failed(r, &err), -VMN_E_SERVER);
	assert_string_equal(err.msg,
			    "migration 'kubevirt-migrate-vm-bbbbb' failed on its way to node "
			    "'node-1': Live migration failed error encountered during "
			    "MigrateToURI3 libvirt api call; last event: source node reported "
			    "migration failed (FailedMigration)");
}

static void test_an_event_of_the_vmi_tells_why_before_1_3(void **state)
{
	vmn_auto_json struct json_object *d = unit_data("migrations.json");
	vmn_auto_json struct json_object *events = unit_json(
		"[{\"type\":\"Warning\",\"reason\":\"Migrated\",\"message\":\"VirtualMachineInstance "
		"migration uid u-other failed. reason:no\",\"involvedObject\":{\"uid\":\"v-1\"}},"
		"{\"type\":\"Warning\",\"reason\":\"Migrated\",\"message\":\"VirtualMachineInstance "
		"migration uid u-old failed. reason:the link broke\",\"involvedObject\":{\"uid\":\"v-1\"}}]");
	vmn_auto_json struct json_object *r =
		vmn_migration_report(vmn_json_get(d, "/overwritten"), NULL, events);

	(void)state;
	assert_string_equal(vmn_json_str(r, "/failureReason"), "the link broke");
	assert_int_equal(vmn_json_len(vmn_json_array(r, "/events")), 0);
}

/* Of the same second, in the order in which an API server lists them: by name. */
static void test_events_of_one_second_keep_their_order(void **state)
{
	static const char *const versions[] = {"110", "9", "100"};
	vmn_auto_json struct json_object *vmim = unit_json("{\"metadata\":{\"uid\":\"u-1\"}}");
	vmn_auto_json struct json_object *events = json_object_new_array(), *r = NULL;

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(versions); i++)
		vmn_json_append_take(
			events,
			vmn_json_build("{\"metadata\":{\"resourceVersion\":%s},\"reason\":%s,"
				       "\"lastTimestamp\":\"2026-11-21T03:00:00Z\","
				       "\"involvedObject\":{\"uid\":\"u-1\"}}",
				       versions[i], versions[i]));
	r = vmn_migration_report(vmim, NULL, events);
	assert_string_equal(vmn_json_str(r, "/events/0/reason"), "9");
	assert_string_equal(vmn_json_str(r, "/events/1/reason"), "100");
	assert_string_equal(vmn_json_str(r, "/events/2/reason"), "110");
}

static void test_refusals_are_said_plainly(void **state)
{
	static const struct {
		int http;
		enum vmn_code code, want;
		const char *msg, *want_msg;
		bool has_hint, is_clear;
	} rows[] = {
		{500, VMN_E_SERVER, VMN_E_CONFLICT,
		 "Error from server (InternalError): Internal error occurred: admission webhook "
		 "\"migration-create-validator.kubevirt.io\" denied the request: in-flight migration "
		 "detected. Active migration job (u1) is currently already in progress for VMI vm6.",
		 "in-flight migration detected. Active migration job (u1) is currently already in "
		 "progress for VMI vm6",
		 true, true},
		{400, VMN_E_INVALID, VMN_E_INVALID,
		 "Error from server (BadRequest): admission webhook \"x\" denied the request: Cannot "
		 "migrate VMI, Reason: DisksNotLiveMigratable, Message: no",
		 "Cannot migrate VMI, Reason: DisksNotLiveMigratable, Message: no", true, true},
		{500, VMN_E_SERVER, VMN_E_CONFLICT,
		 "admission webhook \"x\" denied the request: Cannot migrate VMI in finalized state.",
		 "Cannot migrate VMI in finalized state", false, true},
		{500, VMN_E_SERVER, VMN_E_NOT_FOUND,
		 "admission webhook \"x\" denied the request: the VMI \"a/b\" does not exist",
		 "the VMI \"a/b\" does not exist", false, true},
		{500, VMN_E_SERVER, VMN_E_INVALID,
		 "admission webhook \"mine\" denied the request: not on Sundays", "not on Sundays",
		 false, true},
		{403, VMN_E_FORBIDDEN, VMN_E_FORBIDDEN, "no", "no", true, true},
		{409, VMN_E_CONFLICT, VMN_E_CONFLICT, "x: VM is not running",
		 "x: VM is not running", true, true},
		{500, VMN_E_SERVER, VMN_E_SERVER, "failed calling webhook \"x\": deadline exceeded",
		 "failed calling webhook \"x\": deadline exceeded", true, true},
		{500, VMN_E_SERVER, VMN_E_SERVER, "oops", "oops", false, false},
		{429, VMN_E_SERVER, VMN_E_SERVER, "slow down", "slow down", false, false},
		{0, VMN_E_UNREACHABLE, VMN_E_UNREACHABLE, "cut", "cut", false, false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		(void)vmn_err_set(&err, rows[i].code, "%s", rows[i].msg);
		err.http = rows[i].http;
		assert_int_equal(vmn_migration_refusal(&err, "default", "web-1"), rows[i].is_clear);
		assert_int_equal(err.code, rows[i].want);
		assert_string_equal(err.msg, rows[i].want_msg);
		assert_int_equal(err.hint != NULL, rows[i].has_hint);
	}
}

/* "id=verdict" for each check of the report, in order */
static char *verdicts(struct json_object *report)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	vmn_json_each(check, vmn_json_array(report, "/checks"))
		vmn_buf_addf(&b, "%s%s=%s", b.len ? " " : "", vmn_json_str(check, "/id"),
			     vmn_json_str(check, "/verdict"));
	return vmn_buf_steal(&b);
}

static void test_check_verdicts(void **state)
{
	vmn_auto_json struct json_object *d = unit_data("migration-check.json");
	vmn_auto_json struct json_object *m = unit_data("migrations.json");
	vmn_auto_json struct json_object *none = json_object_new_array();
	vmn_auto_json struct json_object *busy =
		vmn_json_build("[%J]", vmn_json_get(m, "/running"));
	vmn_auto_json struct json_object *nowhere = unit_json("{\"disk\":\"tape\"}");
	const struct {
		const char *vmi, *vm;
		struct json_object *migrations, *selector;
		bool can_read_nodes;
		bool can_migrate;
		const char *verdicts;
	} rows[] = {
#define ROW(run, live, net, mig, nodes)                                                            \
	"running=" run " liveMigratable=" live " podNetwork=" net " noMigration=" mig              \
	" targetNodes=" nodes
		{"/masquerade", "/vm", none, NULL, true, true, ROW("ok", "ok", "ok", "ok", "ok")},
		{"/none", "/vm", none, NULL, true, false, "running=bad"},
		{"/scheduling", "/vm", none, NULL, true, false, ROW("bad", "ok", "ok", "ok", "ok")},
		{"/stuck", "/vm", none, NULL, true, false, ROW("ok", "bad", "ok", "ok", "ok")},
		{"/unsaid", "/vm", none, NULL, true, true, ROW("ok", "unknown", "ok", "ok", "ok")},
		{"/bridge", "/vm", none, NULL, true, false, ROW("ok", "ok", "bad", "ok", "ok")},
		{"/bridge", "/vmAllowed", none, NULL, true, false,
		 ROW("ok", "ok", "bad", "ok", "ok")},
		{"/bridgeAllowed", "/vm", none, NULL, true, true,
		 ROW("ok", "ok", "warning", "ok", "ok")},
		{"/bridgeAllowed", "/vmAllowed", none, NULL, true, true,
		 ROW("ok", "ok", "ok", "ok", "ok")},
		{"/bridgeAllowed", "/none", none, NULL, true, true,
		 ROW("ok", "ok", "ok", "ok", "ok")},
		{"/multusOnly", "/vm", none, NULL, true, true, ROW("ok", "ok", "ok", "ok", "ok")},
		{"/plugin", "/vm", none, NULL, true, true, ROW("ok", "ok", "unknown", "ok", "ok")},
		{"/masquerade", "/vm", busy, NULL, true, false, ROW("ok", "ok", "ok", "bad", "ok")},
		{"/masquerade", "/vm", NULL, NULL, false, true,
		 ROW("ok", "ok", "ok", "unknown", "unknown")},
		{"/leaving", "/vm", none, NULL, true, true, ROW("ok", "ok", "ok", "warning", "ok")},
		{"/picky", "/vm", none, NULL, true, true, ROW("ok", "ok", "ok", "ok", "ok")},
		{"/picky", "/vm", none, nowhere, true, false, ROW("ok", "ok", "ok", "ok", "bad")},
		{"/tolerant", "/vm", none, NULL, true, true, ROW("ok", "ok", "ok", "ok", "ok")},
		{"/affine", "/vm", none, NULL, true, true, ROW("ok", "ok", "ok", "ok", "unknown")},
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		const struct vmn_migration_facts facts = {
			.ns = "default",
			.name = "web-1",
			.vm = vmn_json_get(d, rows[i].vm),
			.vmi = vmn_json_get(d, rows[i].vmi),
			.migrations = rows[i].migrations,
			.nodes = rows[i].can_read_nodes ? vmn_json_array(d, "/nodes") : NULL,
			.node_selector = rows[i].selector,
		};
		vmn_auto_json struct json_object *report = vmn_migration_check(&facts);
		vmn_auto_free char *got = verdicts(report);

		if (strcmp(got, rows[i].verdicts) != 0)
			fail_msg("row %zu (%s): %s", i, rows[i].vmi, got);
		assert_int_equal(vmn_json_bool(report, "/canMigrate", !rows[i].can_migrate),
				 rows[i].can_migrate);
	}
}

static void test_check_names_the_nodes(void **state)
{
	vmn_auto_json struct json_object *d = unit_data("migration-check.json");
	vmn_auto_json struct json_object *selector = unit_json("{\"disk\":\"tape\"}");
	struct vmn_migration_facts facts = {
		.ns = "default",
		.name = "web-1",
		.vmi = vmn_json_get(d, "/masquerade"),
		.nodes = vmn_json_array(d, "/nodes"),
	};
	vmn_auto_json struct json_object *free_choice = vmn_migration_check(&facts);
	vmn_auto_json struct json_object *no_choice = NULL;

	(void)state;
	facts.node_selector = selector;
	no_choice = vmn_migration_check(&facts);
	assert_string_equal(vmn_json_str(free_choice, "/checks/4/message"), "node-2, ssd");
	assert_string_equal(vmn_json_str(no_choice, "/checks/4/message"),
			    "node-1 (it is there), node-2 (the wanted node selector excludes it), "
			    "cordoned (cordoned), no-kvm (not schedulable for VMs), "
			    "down (not ready), tainted (the wanted node selector excludes it), "
			    "ssd (the wanted node selector excludes it)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phase_and_final),
		cmocka_unit_test(test_active_and_latest),
		cmocka_unit_test(test_pick_finds_the_one_the_put_made),
		cmocka_unit_test(test_new_and_kept_selector),
		cmocka_unit_test(test_report_of_success),
		cmocka_unit_test(test_state_of_another_migration_does_not_count),
		cmocka_unit_test(test_failure_tells_reason_and_event),
		cmocka_unit_test(test_an_event_of_the_vmi_tells_why_before_1_3),
		cmocka_unit_test(test_events_of_one_second_keep_their_order),
		cmocka_unit_test(test_refusals_are_said_plainly),
		cmocka_unit_test(test_check_verdicts),
		cmocka_unit_test(test_check_names_the_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
