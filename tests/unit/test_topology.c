/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/virt/topology.h"
#include "tests/unit/unit.h"

/* tests/unit/data/topology.json: a VM with "default" on the pod network and dyn1 on nad1, all hops
 * agreeing. */
static struct json_object *world(void)
{
	return unit_data("topology.json");
}

static void set(struct json_object *world, const char *parent, const char *key, const char *json)
{
	struct json_object *obj = vmn_json_get(world, parent);

	if (!obj)
		fail_msg("no %s", parent);
	if (json)
		vmn_json_set_take(obj, key, unit_json(json));
	else
		json_object_object_del(obj, key);
}

static struct json_object *report(struct json_object *world)
{
	const struct vmn_topology_facts facts = {
		.vm = vmn_json_get(world, "/vm"),
		.vmi = vmn_json_get(world, "/vmi"),
		.pods = vmn_json_array(world, "/pods"),
		.nads = vmn_json_get(world, "/nads"),
		.migrations = vmn_json_array(world, "/migrations"),
		.is_vm_hidden = vmn_json_bool(world, "/isVmHidden", false),
	};

	return vmn_topology_report(&facts);
}

/* "step template nad vmiSpec podAnnotation networkStatus vmiStatus" of interface @name */
static char *line(struct json_object *report, const char *name)
{
	static const char *const hops[] = {"template",	    "nad",	     "vmiSpec",
					   "podAnnotation", "networkStatus", "vmiStatus"};
	struct json_object *iface =
		vmn_json_find(vmn_json_array(report, "/interfaces"), "name", name, NULL);
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	vmn_buf_adds(&b, vmn_json_str_or(iface, "/step", "-"));
	for (size_t i = 0; i < VMN_ARRAY_LEN(hops); i++)
		vmn_buf_addf(&b, " %s", vmn_topology_hop(iface, hops[i]));
	return vmn_buf_steal(&b);
}

#define ANNOTATIONS "/pods/0/metadata/annotations"
#define ASKED "k8s.v1.cni.cncf.io/networks"
#define DELIVERED "k8s.v1.cni.cncf.io/network-status"

static void test_hops(void **state)
{
	static const struct {
		const char *what;
		const char *parent, *key, *json; /* one change of the world; json NULL: taken out */
		const char *iface, *line;
	} rows[] = {
		{"all agree", "", "x", "1", "dyn1", "P5 ok ok ok ok ok ok"},
		{"the pod network", "", "x", "1", "default",
		 "- ok notApplicable ok notApplicable ok ok"},
		{"no NAD", "/nads", "default/nad1", "false", "dyn1", "P5 ok missing ok ok ok ok"},
		{"NAD not readable", "/nads", "default/nad1", NULL, "dyn1",
		 "P5 ok unknown ok ok ok ok"},
		{"pods not readable", "", "pods", NULL, "dyn1", "P5 ok ok ok unknown unknown ok"},
		{"no pod", "", "pods", "[]", "dyn1", "P5 ok ok ok missing missing ok"},
		{"the pod of another VMI", "/pods/0/metadata/labels", "kubevirt.io/created-by",
		 "\"u-other\"", "dyn1", "P5 ok ok ok missing missing ok"},
		{"not in the guest", "/vmi/status/interfaces/1", "infoSource", "\"multus-status\"",
		 "dyn1", "P4 ok ok ok ok ok different"},
		{"not in the status", "/vmi/status", "interfaces", "[]", "dyn1",
		 "P3 ok ok ok ok ok missing"},
		{"not delivered", ANNOTATIONS, DELIVERED, "\"[]\"", "dyn1",
		 "P5 ok ok ok ok missing ok"},
		{"broken annotation", ANNOTATIONS, DELIVERED, "\"oops\"", "dyn1",
		 "P5 ok ok ok ok missing ok"},
		{"not asked for", ANNOTATIONS, ASKED, NULL, "dyn1", "P5 ok ok ok missing ok ok"},
		{"another NAD delivered", ANNOTATIONS, DELIVERED,
		 "\"[{\\\"name\\\":\\\"default/nad9\\\",\\\"interface\\\":\\\"poda1b579e0928\\\"}]\"",
		 "dyn1", "P5 ok ok ok ok different ok"},
		{"another NAD in the VMI", "/vmi/spec/networks/1/multus", "networkName", "\"nad9\"",
		 "dyn1", "P5 ok ok different different different ok"},
		{"another MAC in the guest", "/vmi/status/interfaces/1", "mac",
		 "\"02:00:00:00:00:99\"", "dyn1", "P5 ok ok ok ok ok different"},
		{"same MAC, other case", "/vmi/status/interfaces/1", "mac", "\"02:00:00:00:00:0A\"",
		 "dyn1", "P5 ok ok ok ok ok ok"},
		{"link up, wanted down", "/vmi/spec/domain/devices/interfaces/1", "state",
		 "\"down\"", "dyn1", "P5 ok ok different ok ok different"},
		{"half taken out of the template", "/vm/spec/template/spec", "domain", "{}", "dyn1",
		 "P5 ok ok different ok ok ok"},
		{"taken out of the template", "/vm/spec/template", "spec", "{}", "dyn1",
		 "P5 missing ok leftover ok ok ok"},
		{"implied by a template that lists none", "/vm/spec/template", "spec", "{}",
		 "default", "- ok notApplicable ok notApplicable ok ok"},
		{"the pod network's link has a MAC of its own",
		 "/vmi/spec/domain/devices/interfaces/0", "macAddress", "\"02:00:00:00:00:99\"",
		 "default", "- ok notApplicable ok notApplicable ok different"},
		{"marked absent, nothing done",
		 "/vm/spec/template/spec/domain/devices/interfaces/1", "state", "\"absent\"",
		 "dyn1", "U0 leftover ok leftover leftover leftover leftover"},
		{"VM stopped", "", "vmi", NULL, "dyn1",
		 "- ok ok notApplicable notApplicable notApplicable notApplicable"},
		{"bare VMI", "", "vm", NULL, "dyn1", "P5 notApplicable ok ok ok ok ok"},
		{"not accepted", "/vmi/spec", "networks", "[{\"name\":\"default\",\"pod\":{}}]",
		 "default", "- ok notApplicable ok notApplicable ok ok"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_json struct json_object *w = world(), *r = NULL;
		vmn_auto_free char *got = NULL;

		set(w, rows[i].parent, rows[i].key, rows[i].json);
		r = report(w);
		got = line(r, rows[i].iface);
		if (strcmp(got, rows[i].line) != 0)
			fail_msg("%s: %s, wanted %s", rows[i].what, got, rows[i].line);
	}
}

static void test_unplugged_on_the_way(void **state)
{
	vmn_auto_json struct json_object *w = world(), *r = NULL;
	vmn_auto_free char *got = NULL;

	(void)state;
	set(w, "/vm/spec/template/spec/domain/devices/interfaces/1", "state", "\"absent\"");
	set(w, "/vmi/spec/domain/devices/interfaces/1", "state", "\"absent\"");
	set(w, ANNOTATIONS, ASKED, "\"[]\"");
	set(w, ANNOTATIONS, DELIVERED, "\"[]\"");
	r = report(w);
	got = line(r, "dyn1");
	assert_string_equal(got, "U2 leftover ok leftover ok ok leftover");
	assert_string_equal(vmn_json_str(r, "/interfaces/1/operation"), "unplug");
	assert_string_equal(vmn_json_str(r, "/interfaces/1/stuckText"),
			    "the guest has not released the device");
}

static void test_report_head_and_names(void **state)
{
	vmn_auto_json struct json_object *w = world(), *r = report(w);

	(void)state;
	assert_string_equal(vmn_json_str(r, "/kind"), "VirtualMachine");
	assert_string_equal(vmn_json_str(r, "/node"), "node-1");
	assert_string_equal(vmn_json_str(r, "/podNaming"), "hashed");
	assert_string_equal(vmn_json_str(r, "/pods/0/name"), "virt-launcher-web-1-abcde");
	assert_true(vmn_json_bool(r, "/pods/0/isActive", false));
	assert_string_equal(vmn_json_str(r, "/liveMigratable/status"), "True");
	assert_string_equal(vmn_json_str(r, "/interfaces/0/podInterfaceNames/bridge"), "k6t-eth0");
	assert_null(vmn_json_get(r, "/interfaces/0/otherPodInterfaceNames"));
	assert_string_equal(vmn_json_str(r, "/interfaces/1/podInterfaceNames/pod"),
			    "poda1b579e0928");
	assert_string_equal(vmn_json_str(r, "/interfaces/1/otherPodInterfaceNames/pod"), "net1");
	assert_string_equal(vmn_json_str(r, "/interfaces/1/network"), "default/nad1");
	assert_string_equal(vmn_json_str(r, "/interfaces/1/macAddress"), "02:00:00:00:00:0a");
	assert_string_equal(vmn_json_str(r, "/interfaces/1/ipAddresses/0"), "10.1.0.5");
	assert_string_equal(vmn_json_str(r, "/interfaces/2/guestInterfaceName"), "docker0");
	assert_null(vmn_json_get(r, "/interfaces/2/hops"));
	assert_null(vmn_json_get(r, "/migration"));
}

static void test_pending_requests_of_kubevirt_1_0(void **state)
{
	vmn_auto_json struct json_object *w = world(), *r = NULL;

	(void)state;
	set(w, "/vm/status", "interfaceRequests",
	    "[{\"addInterfaceOptions\":{\"name\":\"bad.name\",\"networkAttachmentDefinitionName\":\"n\"}},"
	    "{\"removeInterfaceOptions\":{\"name\":\"dyn1\"}}]");
	set(w, "/vm/status", "conditions",
	    "[{\"type\":\"Failure\",\"status\":\"True\",\"reason\":\"HotPlugNetworkInterfaceError\","
	    "\"message\":\"no dots\"}]");
	r = report(w);
	assert_string_equal(vmn_json_str(r, "/plugError"), "no dots");
	assert_string_equal(vmn_json_str(r, "/interfaces/1/pendingRequest"), "remove");
	assert_string_equal(vmn_json_str(r, "/interfaces/2/name"), "bad.name");
	assert_string_equal(vmn_json_str(r, "/interfaces/2/pendingRequest"), "add");
	assert_string_equal(vmn_json_str(r, "/interfaces/2/network"), "default/n");
	assert_string_equal(vmn_json_str(r, "/interfaces/2/hops/1/hop"), "nad");
	assert_string_equal(vmn_json_str(r, "/interfaces/2/hops/1/status"), "unknown");
	assert_null(vmn_json_get(r, "/interfaces/0/pendingRequest"));
}

static void test_launcher_pod_during_migration(void **state)
{
	vmn_auto_json struct json_object *w = world();
	vmn_auto_json struct json_object *target = vmn_json_copy(vmn_json_get(w, "/pods/0"));
	vmn_auto_json struct json_object *pods = NULL;
	struct json_object *vmi = vmn_json_get(w, "/vmi"), *spec;

	(void)state;
	spec = vmn_json_get(target, "/spec");
	vmn_json_set_str(spec, "nodeName", "node-2");
	pods = vmn_json_build("[%J,%J]", target, vmn_json_get(w, "/pods/0"));
	assert_ptr_equal(vmn_launcher_pod(pods, vmi), json_object_array_get_idx(pods, 1));
	assert_null(vmn_launcher_pod(pods, NULL));
	assert_null(vmn_launcher_pod(NULL, vmi));
}

static void test_nads_are_named_once(void **state)
{
	vmn_auto_json struct json_object *w = world();
	vmn_auto_strlist struct vmn_strlist nads = {0};

	(void)state;
	vmn_topology_nads(vmn_json_get(w, "/vm"), vmn_json_get(w, "/vmi"), &nads);
	assert_int_equal(nads.n, 1);
	assert_string_equal(nads.v[0], "default/nad1");
}

static void test_clusters(void **state)
{
	vmn_auto_json struct json_object *all = unit_yaml("clusters.yaml");

	(void)state;
	vmn_json_each(w, vmn_json_array(all, "/clusters")) {
		vmn_auto_json struct json_object *r = report(w);
		struct json_object *lines = vmn_json_get(w, "/lines");

		json_object_object_foreach(lines, name, want) {
			vmn_auto_free char *got = line(r, name);

			if (strcmp(got, vmn_json_str_or(want, "", "")) != 0)
				fail_msg(
					"%s: %s: %s\n%s", vmn_json_str(w, "/what"), name, got,
					json_object_to_json_string_ext(r, JSON_C_TO_STRING_PRETTY));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_unplugged_on_the_way),
		cmocka_unit_test(test_report_head_and_names),
		cmocka_unit_test(test_pending_requests_of_kubevirt_1_0),
		cmocka_unit_test(test_launcher_pod_during_migration),
		cmocka_unit_test(test_nads_are_named_once),
		cmocka_unit_test(test_clusters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
