/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/virt/hotplug.h"
#include "lib/virt/vm.h"
#include "tests/unit/unit.h"

/* A spec with the pod network and dyn1, whose interface has @extra fields. */
static struct json_object *spec_with(const char *extra)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"domain\":{\"devices\":{\"interfaces\":[{\"name\":\"default\",\"masquerade\":{}"
		 "},"
		 "{\"name\":\"dyn1\"%s}]}},\"networks\":[{\"name\":\"default\",\"pod\":{}},"
		 "{\"name\":\"dyn1\",\"multus\":{\"networkName\":\"nad1\"}}]}",
		 extra);
	return unit_json(text);
}

static struct json_object *vmi_with(const char *extra, const char *info)
{
	vmn_auto_json struct json_object *spec = extra ? spec_with(extra) : unit_json("{}");
	vmn_auto_json struct json_object *nics = unit_json("[]");

	if (info)
		vmn_json_append_take(nics,
				     vmn_json_build("{\"name\":\"dyn1\",\"infoSource\":%s}", info));
	return vmn_json_build("{\"metadata\":{\"name\":\"web-1\",\"namespace\":\"ns1\"},"
			      "\"spec\":%J,\"status\":{\"phase\":\"Running\",\"interfaces\":%J}}",
			      spec, nics);
}

static struct json_object *pod_with(const char *asked, const char *delivered)
{
	return vmn_json_build("{\"metadata\":{\"annotations\":{"
			      "\"k8s.v1.cni.cncf.io/networks\":%s,"
			      "\"k8s.v1.cni.cncf.io/network-status\":%s}}}",
			      asked, delivered);
}

#define ASKED "[{\"name\":\"nad1\",\"namespace\":\"ns1\",\"interface\":\"poda1b579e0928\"}]"
#define DELIVERED "[{\"name\":\"ns1/nad1\",\"interface\":\"poda1b579e0928\"}]"
#define ORDINAL "[{\"name\":\"ns1/nad1\",\"interface\":\"net1\"}]"

static void test_steps_of_a_plug(void **state)
{
	static const struct {
		const char *vmi_iface, *info, *asked, *delivered;
		int step;
		const char *stuck; /* part of the text */
	} rows[] = {
		{NULL, NULL, NULL, NULL, 0, "virt-controller"},
		{",\"bridge\":{},\"state\":\"absent\"", "multus-status", NULL, NULL, 0, "removed"},
		{",\"bridge\":{}", NULL, NULL, NULL, 1, "dynamic-networks-controller"},
		{",\"bridge\":{}", NULL, "[]", "[]", 1, "not ready"},
		{",\"sriov\":{}", NULL, "[]", "[]", 1, "SR-IOV"},
		{",\"bridge\":{}", NULL, ASKED, "[]", 2, "dynamic-networks-controller"},
		{",\"bridge\":{}", NULL, ASKED, DELIVERED, 3, "network status"},
		{",\"bridge\":{}", NULL, ORDINAL, ORDINAL, 3, "network status"},
		{",\"bridge\":{}", "multus-status", ASKED, DELIVERED, 4, "PCI"},
		{",\"bridge\":{}", "domain", NULL, NULL, 1, "dynamic-networks-controller"},
		{",\"bridge\":{}", "domain, multus-status", NULL, NULL, 5, "agent"},
		{",\"bridge\":{}", "multus-status, domain", ASKED, DELIVERED, 5, "agent"},
		{",\"bridge\":{}", "domain, guest-agent, multus-status", NULL, NULL, 6, ""},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_json struct json_object *vmi = vmi_with(rows[i].vmi_iface, rows[i].info);
		vmn_auto_json struct json_object *pod =
			rows[i].asked ? pod_with(rows[i].asked, rows[i].delivered) : NULL;
		const struct vmn_goal goal = {.kind = VMN_GOAL_PLUGGED};
		struct vmn_hops h;

		vmn_hops_look(NULL, vmi, pod, "dyn1", &h);
		if (vmn_plug_step(&h) != rows[i].step)
			fail_msg("row %zu: step %d", i, vmn_plug_step(&h));
		if (!strstr(vmn_plug_stuck_text(&h), rows[i].stuck))
			fail_msg("row %zu: %s", i, vmn_plug_stuck_text(&h));
		assert_int_equal(vmn_goal_is_reached(&goal, &h), rows[i].step >= 5);
	}
}

static void test_steps_of_an_unplug(void **state)
{
	static const struct {
		const char *vm_iface, *vmi_iface, *info, *asked, *delivered;
		int step;
		bool unplugged, purged;
		const char *stuck;
	} rows[] = {
		{",\"state\":\"absent\"", "", "domain, multus-status", "[]", "[]", 0, false, false,
		 "virt-controller"},
		{",\"state\":\"absent\"", "", NULL, ASKED, "[]", 0, false, false, "not got"},
		{",\"state\":\"absent\"", "", "domain, multus-status", ORDINAL, ORDINAL, 0, false,
		 false, "ordinal"},
		{",\"state\":\"absent\"", ",\"state\":\"absent\"", "domain, multus-status", ASKED,
		 DELIVERED, 1, false, false, "guest"},
		{",\"state\":\"absent\"", ",\"state\":\"absent\"", "domain, multus-status", "[]",
		 "[]", 2, false, false, "guest"},
		{",\"state\":\"absent\"", ",\"state\":\"absent\"", "multus-status", ASKED,
		 DELIVERED, 3, false, false, "migration"},
		{",\"state\":\"absent\"", ",\"state\":\"absent\"", NULL, NULL, NULL, 4, true, false,
		 "cleaned up"},
		{",\"state\":\"absent\"", NULL, NULL, NULL, NULL, 5, true, false, "cleaned up"},
		{NULL, NULL, NULL, NULL, NULL, 6, true, true, ""},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_json struct json_object *vmi = vmi_with(rows[i].vmi_iface, rows[i].info);
		vmn_auto_json struct json_object *spec =
			rows[i].vm_iface ? spec_with(rows[i].vm_iface) : unit_json("{}");
		vmn_auto_json struct json_object *vm =
			vmn_json_build("{\"spec\":{\"template\":{\"spec\":%J}}}", spec);
		vmn_auto_json struct json_object *pod =
			rows[i].asked ? pod_with(rows[i].asked, rows[i].delivered) : NULL;
		struct vmn_goal goal = {.kind = VMN_GOAL_UNPLUGGED};
		struct vmn_hops h;

		vmn_hops_look(vm, vmi, pod, "dyn1", &h);
		if (vmn_unplug_step(&h) != rows[i].step)
			fail_msg("row %zu: step %d", i, vmn_unplug_step(&h));
		if (!strstr(vmn_unplug_stuck_text(&h), rows[i].stuck))
			fail_msg("row %zu: %s", i, vmn_unplug_stuck_text(&h));
		assert_int_equal(vmn_goal_is_reached(&goal, &h), rows[i].unplugged);
		goal.is_purged = true;
		assert_int_equal(vmn_goal_is_reached(&goal, &h), rows[i].purged);
		goal = (struct vmn_goal){.kind = VMN_GOAL_UNPLUGGED, .is_pod_kept = true};
		h.is_only = false;
		assert_int_equal(vmn_goal_is_reached(&goal, &h), rows[i].step >= 4);
		h.is_only = true;
		assert_int_equal(vmn_goal_is_reached(&goal, &h), rows[i].step >= 3);
	}
}

static void test_the_only_interface(void **state)
{
	static const struct {
		const char *iface, *net;
		bool is_only;
	} rows[] = {
		{"{\"name\":\"dyn2\"}", "{\"name\":\"dyn2\",\"multus\":{\"networkName\":\"n\"}}",
		 false},
		{"{\"name\":\"dyn2\",\"state\":\"absent\"}",
		 "{\"name\":\"dyn2\",\"multus\":{\"networkName\":\"n\"}}", true},
		{"{\"name\":\"main\"}",
		 "{\"name\":\"main\",\"multus\":{\"networkName\":\"n\",\"default\":true}}", true},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_json struct json_object *vmi = vmi_with(",\"state\":\"absent\"", NULL);
		struct vmn_hops h;

		vmn_hops_look(NULL, vmi, NULL, "dyn1", &h);
		assert_true(h.is_only);
		vmn_json_append_take(vmn_json_get(vmi, "/spec/domain/devices/interfaces"),
				     unit_json(rows[i].iface));
		vmn_json_append_take(vmn_json_get(vmi, "/spec/networks"), unit_json(rows[i].net));
		vmn_hops_look(NULL, vmi, NULL, "dyn1", &h);
		assert_int_equal(h.is_only, rows[i].is_only);
	}
}

static void test_update_is_reached(void **state)
{
	vmn_auto_json struct json_object *vmi = vmi_with(",\"bridge\":{}", "domain, multus-status");
	vmn_auto_json struct json_object *pod = pod_with(ASKED, DELIVERED);
	vmn_auto_json struct json_object *old =
		pod_with(ASKED, "[{\"name\":\"ns1/old\",\"interface\":"
				"\"poda1b579e0928\"}]");
	const struct vmn_goal down = {.kind = VMN_GOAL_UPDATED, .state = "down"};
	const struct vmn_goal nad = {.kind = VMN_GOAL_UPDATED, .nad = "nad1"};
	struct json_object *status = vmn_json_get(vmi, "/status/interfaces/0");
	struct vmn_hops h;

	(void)state;
	vmn_hops_look(NULL, vmi, pod, "dyn1", &h);
	assert_false(vmn_goal_is_reached(&down, &h));
	vmn_json_set_str(status, "linkState", "down");
	vmn_hops_look(NULL, vmi, pod, "dyn1", &h);
	assert_true(vmn_goal_is_reached(&down, &h));

	assert_true(vmn_goal_is_reached(&nad, &h));
	vmn_hops_look(NULL, vmi, old, "dyn1", &h);
	assert_false(vmn_goal_is_reached(&nad, &h));
	vmn_json_set_take(vmn_json_get(vmi, "/status"), "conditions",
			  unit_json("[{\"type\":\"MigrationRequired\",\"status\":\"True\"}]"));
	vmn_hops_look(NULL, vmi, pod, "dyn1", &h);
	assert_true(h.is_migration_required);
	assert_false(vmn_goal_is_reached(&nad, &h));
}

static void test_failures_are_seen(void **state)
{
	vmn_auto_json struct json_object *ended = unit_json("{\"status\":{\"phase\":\"Failed\"}}");
	vmn_auto_json struct json_object *runs = unit_json("{\"status\":{\"phase\":\"Running\"}}");
	vmn_auto_json struct json_object *vm =
		unit_json("{\"status\":{\"conditions\":[{\"type\":\"Failure\",\"status\":\"True\","
			  "\"reason\":\"HotPlugNetworkInterfaceError\",\"message\":\"no\"}]}}");
	vmn_auto_json struct json_object *raced = unit_json(
		"{\"status\":{\"conditions\":[{\"type\":\"Failure\",\"status\":\"True\","
		"\"reason\":\"HotPlugNetworkInterfaceError\",\"message\":\"Operation cannot be "
		"fulfilled on virtualmachines.kubevirt.io \\\"a\\\": the object has been "
		"modified; please apply your changes to the latest version and try "
		"again\"}]}}");
	vmn_auto_json struct json_object *event =
		unit_json("{\"type\":\"Warning\",\"reason\":\"NicHotplug\",\"message\":\"x\"}");
	vmn_auto_json struct json_object *other =
		unit_json("{\"type\":\"Normal\",\"reason\":\"NicHotplug\",\"message\":\"x\"}");
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	assert_int_equal(vmn_plug_failure(NULL, runs, &err), 0);
	assert_int_equal(vmn_plug_failure(NULL, ended, &err), -VMN_E_CONFLICT);
	vmn_err_clear(&err);
	assert_int_equal(vmn_plug_failure(raced, runs, &err), 0);
	assert_int_equal(vmn_plug_failure(vm, runs, &err), -VMN_E_CONFLICT);
	assert_non_null(strstr(vmn_err_text(&err), ": no"));
	assert_true(vmn_event_is_plug_failure(event));
	assert_false(vmn_event_is_plug_failure(other));
}

static void test_views(void **state)
{
	vmn_auto_json struct json_object *spec = spec_with(",\"binding\":{\"name\":\"passt\"}");
	struct vmn_nic nic;

	(void)state;
	assert_true(vmn_nic_find(spec, "dyn1", &nic));
	assert_int_equal(nic.iface_index, 1);
	assert_true(nic.is_plugin);
	assert_string_equal(nic.binding, "passt");
	assert_string_equal(nic.nad, "nad1");
	assert_false(nic.is_default);
	assert_true(vmn_nic_find(spec, "default", &nic));
	assert_true(nic.is_default);
	assert_string_equal(nic.binding, "masquerade");
	assert_false(vmn_nic_find(spec, "dyn", &nic));
	assert_false(vmn_nic_find(NULL, "dyn1", &nic));

	assert_true(vmn_info_has("domain", "domain"));
	assert_false(vmn_info_has("subdomain, domains", "domain"));
	assert_false(vmn_info_has("", "domain"));
	assert_false(vmn_info_has(NULL, "domain"));

	assert_true(vmn_nad_is_same("nad1", "ns1/nad1", "ns1"));
	assert_false(vmn_nad_is_same("nad1", "ns2/nad1", "ns1"));
	assert_false(vmn_nad_is_same("nad1", NULL, "ns1"));

	assert_true(vmn_iface_name_is_valid("Dyn_1-a"));
	assert_false(vmn_iface_name_is_valid("dyn.1"));
	assert_false(vmn_iface_name_is_valid(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_of_a_plug),
		cmocka_unit_test(test_steps_of_an_unplug),
		cmocka_unit_test(test_the_only_interface),
		cmocka_unit_test(test_update_is_reached),
		cmocka_unit_test(test_failures_are_seen),
		cmocka_unit_test(test_views),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
