/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's controllers: how a plug, an unplug and a migration walk, dialect by dialect */
#include "config.h"

#include "lab/kubevirt/controller.h"
#include "lab/api/fault.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/api/loop.h"
#include "lab/api/store.h"
#include "lab/kubevirt/subresource.h"
#include "lib/base/clock.h"
#include "lib/virt/vm.h"
#include "unit.h"

enum { DEADLINE_MS = 10000 };

static struct lab lab;

static void start(enum lab_dialect dialect)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	lab = (struct lab){.name = "unit", .dialect = dialect, .nodes = 2};
	assert_int_equal(lab_store_open(&lab, &err), 0);
	assert_int_equal(lab_loop_new(&lab.loop, &err), 0);
	if (lab_controllers_start(&lab, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
}

static int stop(void **state)
{
	(void)state;
	lab_controllers_stop(&lab);
	lab_faults_free(&lab);
	lab_store_close(&lab);
	lab_loop_free_p(&lab.loop);
	return 0;
}

static struct json_object *get(enum lab_kind_id kind, const char *name)
{
	return lab_get(&lab, kind, "default", name);
}

static void dump(void)
{
	static const enum lab_kind_id kinds[] = {LAB_VM, LAB_VMI};

	for (size_t i = 0; i < VMN_ARRAY_LEN(kinds); i++) {
		struct json_object *obj = get(kinds[i], "vm1");

		if (obj)
			print_message("# %s\n", vmn_json_text(obj));
	}
}

/* Turn the loop until @fn holds. */
static void await(bool (*fn)(const char *arg), const char *arg, const char *what)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	int64_t deadline = vmn_deadline_in(DEADLINE_MS);

	while (!fn(arg)) {
		if (!vmn_deadline_left(deadline)) {
			dump();
			fail_msg("never: %s %s", what, arg);
		}
		assert_int_equal(lab_loop_turn(lab.loop, 100, &err), 0);
	}
}
#define await_that(fn, arg) await(fn, arg, #fn)

/* Turn the loop until nothing has changed for a while. */
static void settle(void)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	uint64_t version;
	int64_t quiet;

	do {
		version = lab_version(&lab);
		quiet = vmn_deadline_in(150);
		while (vmn_deadline_left(quiet) && lab_version(&lab) == version)
			assert_int_equal(lab_loop_turn(lab.loop, 20, &err), 0);
	} while (lab_version(&lab) != version);
}

static bool is_running(const char *vm)
{
	return vmn_streq(vmn_json_str(get(LAB_VMI, vm), "/status/phase"), "Running") &&
	       vmn_condition_is(get(LAB_VMI, vm), "AgentConnected", "True");
}

static void create_vm(const char *interfaces, const char *networks)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *i = unit_json(interfaces), *n = unit_json(networks);

	assert_int_equal(
		lab_create(&lab, LAB_VM, "default",
			   vmn_json_build("{\"apiVersion\":\"kubevirt.io/v1\",\"kind\":"
					  "\"VirtualMachine\",\"metadata\":{\"name\":\"vm1\"},"
					  "\"spec\":{\"running\":true,\"template\":{\"spec\":{"
					  "\"domain\":{\"devices\":{\"interfaces\":%J}},"
					  "\"networks\":%J}}}}",
					  i, n),
			   LAB_WRITE_SYSTEM, NULL, &err),
		0);
	await_that(is_running, "vm1");
}

static void create_masquerade_vm(void)
{
	create_vm("[{\"name\":\"default\",\"masquerade\":{}}]",
		  "[{\"name\":\"default\",\"pod\":{}}]");
}

static struct json_object *nic(const char *name)
{
	return lab_iface_of(vmn_json_array(get(LAB_VMI, "vm1"), "/status/interfaces"), name);
}

static bool is_plugged(const char *name)
{
	return lab_has_token(nic(name), "domain") && lab_has_token(nic(name), "multus-status") &&
	       lab_has_token(nic(name), "guest-agent");
}

static bool is_unplugged(const char *name)
{
	return !nic(name);
}

static bool is_gone(const char *name)
{
	return !lab_iface_of(vmn_json_array(get(LAB_VMI, "vm1"), LAB_PTR_INTERFACES), name) &&
	       !lab_iface_of(vmn_json_array(get(LAB_VM, "vm1"),
					    "/spec/template/spec/domain/devices/interfaces"),
			     name) &&
	       !nic(name);
}

/* The pod that has the guest: the lab keeps completed ones, too. */
static bool find_launcher(void *arg, struct json_object *pod)
{
	struct json_object **found = arg;
	struct json_object *active = vmn_json_get(get(LAB_VMI, "vm1"), "/status/activePods");

	if (active && json_object_object_get_ex(active, lab_obj_uid(pod), NULL))
		*found = pod;
	return *found != NULL;
}

static struct json_object *launcher(void)
{
	struct json_object *found = NULL;

	lab_each(&lab, LAB_POD, "default", find_launcher, &found);
	return found;
}

static const char *networks(void)
{
	const char *text = lab_map_get(launcher(), "annotations", LAB_NETWORKS_ANNOTATION);

	return text ? text : "";
}

static int put(const char *resource, const char *verb, const char *body, char **ret_body)
{
	struct lab_subrequest req = {.method = "PUT",
				     .version = "v1",
				     .ns = "default",
				     .resource = resource,
				     .name = "vm1",
				     .subresource = verb,
				     .accept = "*/*",
				     .body = body,
				     .body_len = strlen(body)};
	struct lab_subresponse res;

	lab_subresource(&lab, &req, &res);
	if (ret_body)
		*ret_body = res.body;
	else
		free(res.body);
	return res.status;
}

static int put_vm(const char *verb, const char *body)
{
	return put("virtualmachines", verb, body, NULL);
}

#define ADD(name) "{\"name\":\"" name "\",\"networkAttachmentDefinitionName\":\"nad1\"}"

/* Edits the template as a user would. */
static void edit_template(void (*edit)(struct json_object *spec))
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *vm = vmn_json_copy(get(LAB_VM, "vm1"));

	edit(vmn_json_get(vm, "/spec/template/spec"));
	if (lab_update(&lab, LAB_VM, "default", "vm1", vm, LAB_WRITE_SYSTEM, NULL, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
}

static void add_dyn1(struct json_object *spec)
{
	vmn_json_append_take(vmn_json_array(spec, "/domain/devices/interfaces"),
			     unit_json("{\"name\":\"dyn1\",\"bridge\":{}}"));
	vmn_json_append_take(
		vmn_json_array(spec, "/networks"),
		unit_json("{\"name\":\"dyn1\",\"multus\":{\"networkName\":\"nad1\"}}"));
}

static void remove_dyn1(struct json_object *spec)
{
	vmn_json_set_str(lab_iface_of(vmn_json_array(spec, "/domain/devices/interfaces"), "dyn1"),
			 "state", "absent");
}

static void change_nad(struct json_object *spec)
{
	vmn_json_set_str(
		vmn_json_get(lab_iface_of(vmn_json_array(spec, "/networks"), "dyn1"), "/multus"),
		"networkName", "nad2");
}

static void set_down(struct json_object *spec)
{
	vmn_json_set_str(lab_iface_of(vmn_json_array(spec, "/domain/devices/interfaces"), "dyn1"),
			 "state", "down");
}

static void change_model(struct json_object *spec)
{
	vmn_json_set_str(lab_iface_of(vmn_json_array(spec, "/domain/devices/interfaces"), "dyn1"),
			 "model", "e1000e");
}

static void add_masquerade(struct json_object *spec)
{
	vmn_json_append_take(vmn_json_array(spec, "/domain/devices/interfaces"),
			     unit_json("{\"name\":\"dyn2\",\"binding\":{\"name\":\"x\"}}"));
	vmn_json_append_take(
		vmn_json_array(spec, "/networks"),
		unit_json("{\"name\":\"dyn2\",\"multus\":{\"networkName\":\"nad1\"}}"));
}

/* --- v1.0 ----------------------------------------------------------------------------- */

static void test_1_0_plug_and_unplug(void **state)
{
	int64_t generation;

	(void)state;
	start(LAB_KUBEVIRT_1_0);
	create_masquerade_vm();
	generation = vmn_json_int(get(LAB_VM, "vm1"), "/metadata/generation", 0);
	assert_int_equal(put_vm("addinterface", ADD("dyn1")), 202);
	assert_string_equal(vmn_json_str(get(LAB_VM, "vm1"),
					 "/status/interfaceRequests/0/addInterfaceOptions/name"),
			    "dyn1");
	await_that(is_plugged, "dyn1");
	settle();
	assert_null(vmn_json_get(get(LAB_VM, "vm1"), "/status/interfaceRequests"));
	assert_int_equal(vmn_json_int(get(LAB_VM, "vm1"), "/metadata/generation", 0),
			 generation + 1);
	assert_string_equal(networks(), "[{\"name\":\"nad1\",\"namespace\":\"default\","
					"\"interface\":\"poda1b579e0928\"}]");
	assert_null(vmn_json_str(nic("dyn1"), "/podInterfaceName"));
	assert_string_equal(vmn_json_str(nic("dyn1"), "/infoSource"),
			    "domain, guest-agent, multus-status");
	assert_string_equal(vmn_json_str(nic("dyn1"), "/interfaceName"), "eth1");

	/* the last one leaves the annotation, an absent entry stays, and its name is used up */
	assert_int_equal(put_vm("removeinterface", "{\"name\":\"dyn1\"}"), 202);
	settle();
	assert_non_null(nic("dyn1"));
	assert_string_equal(vmn_json_str(nic("dyn1"), "/infoSource"), "multus-status");
	assert_int_equal(put_vm("addinterface", ADD("dyn1")), 202);
	settle();
	assert_null(vmn_json_get(get(LAB_VM, "vm1"), "/status/interfaceRequests"));
	assert_true(lab_iface_absent(
		lab_iface_of(vmn_json_array(get(LAB_VMI, "vm1"), LAB_PTR_INTERFACES), "dyn1")));
}

static void test_1_0_unplug_one_of_two(void **state)
{
	(void)state;
	start(LAB_KUBEVIRT_1_0);
	create_masquerade_vm();
	assert_int_equal(put_vm("addinterface", ADD("dyn1")), 202);
	assert_int_equal(put_vm("addinterface", ADD("dyn2")), 202);
	await_that(is_plugged, "dyn1");
	await_that(is_plugged, "dyn2");
	assert_int_equal(put_vm("removeinterface", "{\"name\":\"dyn1\"}"), 202);
	await_that(is_unplugged, "dyn1");
	assert_string_equal(networks(), "[{\"name\":\"nad1\",\"namespace\":\"default\","
					"\"interface\":\"podc0607dcb253\"}]");
	assert_true(is_plugged("dyn2"));
}

static void test_1_0_requests_that_get_lost_or_stuck(void **state)
{
	(void)state;
	start(LAB_KUBEVIRT_1_0);
	create_masquerade_vm();
	/* the opposite of what is pending is dropped */
	assert_int_equal(put_vm("addinterface", ADD("dyn1")), 202);
	assert_int_equal(put_vm("removeinterface", "{\"name\":\"dyn1\"}"), 202);
	await_that(is_plugged, "dyn1");
	settle();
	/* removing what is not there stays for ever, and holds nobody up */
	assert_int_equal(put_vm("removeinterface", "{\"name\":\"nosuch\"}"), 202);
	assert_int_equal(put_vm("addinterface", ADD("dyn2")), 202);
	await_that(is_plugged, "dyn2");
	settle();
	assert_int_equal(
		vmn_json_len(vmn_json_array(get(LAB_VM, "vm1"), "/status/interfaceRequests")), 1);
	/* a bad name holds up all others, and says so */
	assert_int_equal(put_vm("addinterface", ADD("bad.name")), 202);
	assert_int_equal(put_vm("addinterface", ADD("dyn3")), 202);
	settle();
	assert_string_equal(vmn_json_str(vmn_condition(get(LAB_VM, "vm1"), "Failure"), "/reason"),
			    "HotPlugNetworkInterfaceError");
	assert_non_null(
		strstr(vmn_json_str(vmn_condition(get(LAB_VM, "vm1"), "Failure"), "/message"),
		       "can only contain alphabetical characters"));
	assert_null(nic("dyn3"));
	assert_int_equal(
		vmn_json_len(vmn_json_array(get(LAB_VM, "vm1"), "/status/interfaceRequests")), 3);
}

static void test_1_0_default_cannot_go(void **state)
{
	(void)state;
	start(LAB_KUBEVIRT_1_0);
	create_masquerade_vm();
	assert_int_equal(put_vm("removeinterface", "{\"name\":\"default\"}"), 202);
	settle();
	assert_true(vmn_condition_is(get(LAB_VM, "vm1"), "Failure", "True"));
	assert_int_equal(
		vmn_json_len(vmn_json_array(get(LAB_VM, "vm1"), "/status/interfaceRequests")), 1);
	assert_true(lab_has_token(nic("default"), "domain"));
}

static void test_1_0_template_edit_waits_for_a_request(void **state)
{
	(void)state;
	start(LAB_KUBEVIRT_1_0);
	create_masquerade_vm();
	edit_template(add_dyn1);
	settle();
	assert_null(nic("dyn1"));
	assert_int_equal(put_vm("addinterface", ADD("dyn1")), 202);
	await_that(is_plugged, "dyn1");
}

static void test_rc_changes_the_vmi_alone(void **state)
{
	(void)state;
	start(LAB_KUBEVIRT_1_0_RC);
	create_masquerade_vm();
	assert_int_equal(put("virtualmachineinstances", "addinterface", ADD("dyn1"), NULL), 202);
	await_that(is_plugged, "dyn1");
	assert_null(lab_iface_of(
		vmn_json_array(get(LAB_VM, "vm1"), "/spec/template/spec/domain/devices/interfaces"),
		"dyn1"));
}

/* --- v1.9 ----------------------------------------------------------------------------- */

static void test_1_9_plug_and_unplug(void **state)
{
	(void)state;
	start(LAB_KUBEVIRT_1_9);
	create_masquerade_vm();
	assert_string_equal(vmn_json_str(nic("default"), "/podInterfaceName"), "eth0");
	edit_template(add_dyn1);
	await_that(is_plugged, "dyn1");
	settle();
	assert_string_equal(vmn_json_str(nic("dyn1"), "/podInterfaceName"), "poda1b579e0928");
	assert_string_equal(vmn_json_str(nic("dyn1"), "/linkState"), "up");
	assert_null(vmn_condition(get(LAB_VM, "vm1"), "RestartRequired"));
	assert_null(vmn_condition(get(LAB_VMI, "vm1"), "MigrationRequired"));
	edit_template(set_down);
	settle();
	assert_string_equal(vmn_json_str(nic("dyn1"), "/linkState"), "down");
	edit_template(remove_dyn1);
	await_that(is_gone, "dyn1");
	settle();
	assert_string_equal(networks(), "[]");
}

static bool is_in_spec(const char *name)
{
	return lab_iface_of(vmn_json_array(get(LAB_VMI, "vm1"), LAB_PTR_INTERFACES), name);
}

static void test_1_9_unplug_before_the_status_knows(void **state)
{
	vmn_auto_json struct json_object *fault =
		unit_json("{\"kind\":\"slow-plug\",\"value\":100}");
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	start(LAB_KUBEVIRT_1_9);
	create_masquerade_vm();
	assert_int_equal(lab_fault_add(&lab, fault, &err), 0);
	edit_template(add_dyn1);
	await_that(is_in_spec, "dyn1");
	assert_null(nic("dyn1"));
	edit_template(remove_dyn1);
	await_that(is_gone, "dyn1");
	settle();
	assert_string_equal(networks(), "[]");
	assert_null(nic("dyn1"));
}

static void test_1_9_what_is_not_carried(void **state)
{
	(void)state;
	start(LAB_KUBEVIRT_1_9);
	create_masquerade_vm();
	edit_template(add_masquerade);
	settle();
	assert_null(nic("dyn2"));
	assert_null(vmn_condition(get(LAB_VM, "vm1"), "RestartRequired"));
	edit_template(add_dyn1);
	await_that(is_plugged, "dyn1");
	edit_template(change_model);
	settle();
	assert_string_equal(
		vmn_json_str(vmn_condition(get(LAB_VM, "vm1"), "RestartRequired"), "/message"),
		"a non-live-updatable field was changed in the template spec");
}

static bool has_nad2(const char *name)
{
	const char *text = lab_map_get(launcher(), "annotations", LAB_STATUS_ANNOTATION);

	(void)name;
	return text && strstr(text, "default/nad2") &&
	       !vmn_condition(get(LAB_VMI, "vm1"), "MigrationRequired");
}

static void test_1_9_other_nad_migrates(void **state)
{
	vmn_auto_free char *node = NULL;

	(void)state;
	start(LAB_KUBEVIRT_1_9);
	create_masquerade_vm();
	edit_template(add_dyn1);
	await_that(is_plugged, "dyn1");
	node = vmn_xstrdup(vmn_json_str(get(LAB_VMI, "vm1"), "/status/nodeName"));
	edit_template(change_nad);
	await_that(has_nad2, "dyn1");
	assert_string_not_equal(vmn_json_str(get(LAB_VMI, "vm1"), "/status/nodeName"), node);
	settle();
	assert_true(is_plugged("dyn1"));
}

/* --- migration ------------------------------------------------------------------------ */

static struct json_object *the_vmim;

static bool take_vmim(void *arg, struct json_object *vmim)
{
	(void)arg;
	the_vmim = vmim;
	return false;
}

static struct json_object *last_vmim(void)
{
	the_vmim = NULL;
	lab_each(&lab, LAB_VMIM, "default", take_vmim, NULL);
	return the_vmim;
}

static bool is_in_phase(const char *phase)
{
	return vmn_streq(vmn_json_str(last_vmim(), "/status/phase"), phase);
}

static void test_migration_succeeds(void **state)
{
	static const char *const phases[] = {"Pending",		"Scheduling",  "Scheduled",
					     "PreparingTarget", "TargetReady", "Running",
					     "Succeeded"};
	vmn_auto_free char *node = NULL;
	struct json_object *seen;

	(void)state;
	start(LAB_KUBEVIRT_1_9);
	create_masquerade_vm();
	node = vmn_xstrdup(vmn_json_str(get(LAB_VMI, "vm1"), "/status/nodeName"));
	assert_int_equal(put_vm("migrate", ""), 202);
	assert_true(vmn_starts_with(lab_obj_name(last_vmim()), "kubevirt-migrate-vm-"));
	assert_string_equal(lab_map_get(last_vmim(), "labels", LAB_VMI_NAME_LABEL), "vm1");
	await_that(is_in_phase, "Succeeded");
	settle();
	seen = vmn_json_array(last_vmim(), "/status/phaseTransitionTimestamps");
	assert_int_equal(vmn_json_len(seen), VMN_ARRAY_LEN(phases));
	for (size_t i = 0; i < VMN_ARRAY_LEN(phases); i++)
		assert_string_equal(vmn_json_str(json_object_array_get_idx(seen, i), "/phase"),
				    phases[i]);
	assert_string_not_equal(vmn_json_str(get(LAB_VMI, "vm1"), "/status/nodeName"), node);
	assert_true(vmn_json_bool(last_vmim(), "/status/migrationState/completed", false));
	assert_null(vmn_json_get(last_vmim(), "/metadata/finalizers"));
	assert_true(is_running("vm1"));
}

static void test_migration_refused_in_flight(void **state)
{
	vmn_auto_free char *body = NULL;

	(void)state;
	start(LAB_KUBEVIRT_1_0);
	create_masquerade_vm();
	assert_int_equal(put_vm("migrate", "{}"), 202);
	assert_int_equal(put("virtualmachines", "migrate", "{}", &body), 500);
	assert_non_null(strstr(body,
			       "denied the request: in-flight migration detected. Active migration "
			       "job ("));
	await_that(is_in_phase, "Succeeded");
}

static void test_migration_fails_with_reason(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *fault =
		unit_json("{\"kind\":\"migration-fail\",\"text\":\"boom\",\"count\":1}");

	(void)state;
	start(LAB_KUBEVIRT_1_9);
	create_masquerade_vm();
	assert_int_equal(lab_fault_add(&lab, fault, &err), 0);
	assert_int_equal(put_vm("migrate", "{}"), 202);
	await_that(is_in_phase, "Failed");
	settle();
	assert_string_equal(vmn_json_str(last_vmim(), "/status/migrationState/failureReason"),
			    "boom");
	assert_true(is_running("vm1"));
	assert_int_equal(put_vm("migrate", "{}"), 202);
}

static bool has_no_vmim(const char *arg)
{
	(void)arg;
	return !last_vmim();
}

static void test_migration_cancelled(void **state)
{
	static const char *const at[] = {"Scheduling", "Running"};

	for (size_t i = 0; i < VMN_ARRAY_LEN(at); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_free char *node = NULL;

		start(LAB_KUBEVIRT_1_9);
		create_masquerade_vm();
		node = vmn_xstrdup(vmn_json_str(get(LAB_VMI, "vm1"), "/status/nodeName"));
		assert_int_equal(put_vm("migrate", "{}"), 202);
		await_that(is_in_phase, at[i]);
		assert_int_equal(lab_delete(&lab, LAB_VMIM, "default", lab_obj_name(last_vmim()), 0,
					    NULL, &err),
				 0);
		await_that(has_no_vmim, "");
		settle();
		assert_string_equal(vmn_json_str(get(LAB_VMI, "vm1"), "/status/nodeName"), node);
		assert_true(is_running("vm1"));
		if (i + 1 < VMN_ARRAY_LEN(at))
			(void)stop(state);
	}
}

static void test_migration_by_node_selector(void **state)
{
	(void)state;
	start(LAB_KUBEVIRT_1_9);
	create_masquerade_vm();
	assert_int_equal(put_vm("migrate", "{\"addedNodeSelector\":{\"nope\":\"x\"}}"), 202);
	settle();
	assert_true(is_in_phase("Scheduling"));
	(void)stop(state);
	start(LAB_KUBEVIRT_1_0);
	create_masquerade_vm();
	assert_int_equal(put_vm("migrate", "{\"addedNodeSelector\":{\"nope\":\"x\"}}"), 202);
	assert_null(vmn_json_get(last_vmim(), "/spec/addedNodeSelector"));
	await_that(is_in_phase, "Succeeded");
}

static void test_bridge_on_pod_network_stays(void **state)
{
	vmn_auto_free char *body = NULL;

	(void)state;
	start(LAB_KUBEVIRT_1_9);
	create_vm("[]", "[]");
	assert_true(vmn_json_get(get(LAB_VMI, "vm1"), LAB_PTR_INTERFACES "/0/bridge") != NULL);
	assert_int_equal(put("virtualmachines", "migrate", "{}", &body), 500);
	assert_non_null(strstr(body,
			       "Cannot migrate VMI, Reason: InterfaceNotLiveMigratable, Message: "
			       "cannot migrate VMI which does not use masquerade or a migratable "
			       "plugin"));
}

/* --- faults, stop, restart ------------------------------------------------------------ */

static void test_stuck_until_the_fault_goes(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *no_plug = unit_json("{\"kind\":\"no-plug\"}");
	vmn_auto_json struct json_object *no_unplug = unit_json("{\"kind\":\"no-unplug\"}");

	(void)state;
	start(LAB_KUBEVIRT_1_9);
	create_masquerade_vm();
	assert_int_equal(lab_fault_add(&lab, no_plug, &err), 0);
	edit_template(add_dyn1);
	settle();
	assert_non_null(strstr(networks(), "poda1b579e0928"));
	assert_null(nic("dyn1"));
	assert_string_equal(
		vmn_json_str(vmn_condition(get(LAB_VMI, "vm1"), "MigrationRequired"), "/reason"),
		"AutoMigrationPending");
	lab_faults_clear(&lab, NULL);
	await_that(is_plugged, "dyn1");
	assert_int_equal(lab_fault_add(&lab, no_unplug, &err), 0);
	edit_template(remove_dyn1);
	settle();
	assert_true(lab_has_token(nic("dyn1"), "domain"));
	assert_false(lab_has_token(nic("dyn1"), "multus-status"));
	lab_faults_clear(&lab, NULL);
	await_that(is_gone, "dyn1");
}

static bool is_stopped(const char *vm)
{
	return !get(LAB_VMI, vm) &&
	       vmn_streq(vmn_json_str(get(LAB_VM, vm), "/status/printableStatus"), "Stopped");
}

static bool is_replaced(const char *uid)
{
	return is_running("vm1") && strcmp(lab_obj_uid(get(LAB_VMI, "vm1")), uid) != 0;
}

static bool is_deleted(const char *vm)
{
	return !get(LAB_VM, vm) && !get(LAB_VMI, vm);
}

static void test_stop_start_delete(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *body = NULL, *uid = NULL;

	(void)state;
	start(LAB_KUBEVIRT_1_9);
	create_masquerade_vm();
	assert_int_equal(put_vm("start", ""), 409);
	assert_int_equal(put_vm("stop", ""), 202);
	await_that(is_stopped, "vm1");
	assert_int_equal(put("virtualmachines", "migrate", "", &body), 404);
	assert_non_null(strstr(body, "\"kind\":\"virtualmachineinstance\""));
	assert_int_equal(put_vm("start", ""), 202);
	await_that(is_running, "vm1");
	assert_int_equal(put_vm("restart", ""), 202);
	settle();
	await_that(is_running, "vm1");

	/* A VMI that is deleted is there while its guest shuts down, for clients that wait. */
	uid = vmn_xstrdup(lab_obj_uid(get(LAB_VMI, "vm1")));
	assert_int_equal(lab_delete(&lab, LAB_VMI, "default", "vm1", 0, NULL, &err), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(lab_loop_turn(lab.loop, 0, &err), 0);
	assert_string_equal(lab_obj_uid(get(LAB_VMI, "vm1")), uid);
	await_that(is_replaced, uid);

	assert_int_equal(lab_delete(&lab, LAB_VM, "default", "vm1", 0, NULL, &err), 0);
	await_that(is_deleted, "vm1");
}

int main(void)
{
#define row(fn) cmocka_unit_test_teardown(fn, stop)
	const struct CMUnitTest tests[] = {
		row(test_1_0_plug_and_unplug),
		row(test_1_0_unplug_one_of_two),
		row(test_1_0_requests_that_get_lost_or_stuck),
		row(test_1_0_default_cannot_go),
		row(test_1_0_template_edit_waits_for_a_request),
		row(test_rc_changes_the_vmi_alone),
		row(test_1_9_plug_and_unplug),
		row(test_1_9_unplug_before_the_status_knows),
		row(test_1_9_what_is_not_carried),
		row(test_1_9_other_nad_migrates),
		row(test_migration_succeeds),
		row(test_migration_refused_in_flight),
		row(test_migration_fails_with_reason),
		row(test_migration_cancelled),
		row(test_migration_by_node_selector),
		row(test_bridge_on_pod_network_stays),
		row(test_stuck_until_the_fault_goes),
		row(test_stop_start_delete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
