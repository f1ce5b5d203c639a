/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's webhooks: every rule's text and field, and what does not break a rule */
#include "config.h"

#include "lab/kubevirt/admit.h"
#include "lab/kubevirt/admit_net.h"
#include "lab/kubevirt/controller.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/api/loop.h"
#include "lab/api/store.h"
#include "unit.h"

#define ANY 3u /* bits: 1 is v1.0, 2 is v1.9 */
#define V1_0 1u
#define V1_9 2u

#define IF "spec.domain.devices.interfaces[0]"
#define NET_A "{\"name\":\"a\",\"multus\":{\"networkName\":\"nad1\"}}"
#define NET_POD "{\"name\":\"a\",\"pod\":{}}"

/* One interface list and one network list against all causes they give. */
static const struct {
	unsigned dialects;
	const char *interfaces, *networks, *causes;
} rules[] = {
	{ANY, "[{\"name\":\"a\",\"bridge\":{}}]", "[" NET_A "]", ""},
	{ANY, "[{\"name\":\"a\",\"masquerade\":{}}]", "[" NET_POD "]", ""},
	{ANY, "[{\"name\":\"a\",\"bridge\":{},\"state\":\"absent\"}]", "[" NET_A "]", ""},
	{V1_9, "[{\"name\":\"a\",\"bridge\":{},\"state\":\"down\"}]", "[" NET_A "]", ""},
	{V1_0, "[{\"name\":\"a\",\"bridge\":{},\"state\":\"down\"}]", "[" NET_A "]",
	 IF ".state: logical a interface state value is unsupported: down"},
	{ANY, "[{\"name\":\"a\",\"bridge\":{},\"state\":\"odd\"}]", "[" NET_A "]",
	 IF ".state: logical a interface state value is unsupported: odd"},
	{V1_9, "[{\"name\":\"a\",\"sriov\":{},\"state\":\"up\"}]", "[" NET_A "]",
	 IF ".state: \"a\" interface's state \"up\" is not supported for SR-IOV NICs"},
	{ANY, "[{\"name\":\"a\",\"sriov\":{},\"state\":\"absent\"}]", "[" NET_A "]",
	 IF ".state: \"a\" interface's state \"absent\" is supported only for bridge binding"},
	{ANY, "[{\"name\":\"a\",\"masquerade\":{},\"state\":\"absent\"}]", "[" NET_POD "]",
	 IF ".state: \"a\" interface's state \"absent\" is supported only for bridge binding\n" IF
	    ".state: \"a\" interface's state \"absent\" is not supported on default networks"},
	{ANY, "[]", "[" NET_A "]", "spec.networks[0].name: spec.networks[0].name 'a' not found."},
	{ANY, "[{\"name\":\"a\",\"bridge\":{}}]", "[]", IF ".name: " IF ".name 'a' not found."},
	{ANY, "[{\"name\":\"a\",\"bridge\":{}}]", "[" NET_A "," NET_A "]",
	 "spec.networks[1].name: Network with name \"a\" already exists, every network must have a unique "
	 "name"},
	{ANY, "[{\"name\":\"a\",\"bridge\":{}},{\"name\":\"a\",\"bridge\":{}}]", "[" NET_A "]",
	 "spec.domain.devices.interfaces[1].name: Only one interface can be connected to one specific "
	 "network"},
	{ANY, "[{\"name\":\"a.b\",\"bridge\":{}}]",
	 "[{\"name\":\"a.b\",\"multus\":{\"networkName\":\"n\"}}]",
	 IF
	 ".name: Network interface name can only contain alphabetical characters, numbers, dashes (-) or "
	 "underscores (_)"},
	{ANY, "[{\"name\":\"a\",\"bridge\":{},\"model\":\"ne2k\"}]", "[" NET_A "]",
	 IF ".model: interface " IF ".name uses model ne2k that is not supported."},
	{V1_0, "[{\"name\":\"a\",\"bridge\":{},\"model\":\"igb\"}]", "[" NET_A "]",
	 IF ".model: interface " IF ".name uses model igb that is not supported."},
	{V1_9, "[{\"name\":\"a\",\"bridge\":{},\"model\":\"igb\"}]", "[" NET_A "]", ""},
	{ANY, "[{\"name\":\"a\",\"bridge\":{},\"macAddress\":\"xx\"}]", "[" NET_A "]",
	 IF ".macAddress: interface " IF ".name has malformed MAC address (xx)."},
	{V1_0, "[{\"name\":\"a\",\"bridge\":{},\"macAddress\":\"00:00:00:00:00:00:00:01\"}]",
	 "[" NET_A "]",
	 IF ".macAddress: interface " IF
	    ".name has MAC address (00:00:00:00:00:00:00:01) that is too long."},
	{V1_9, "[{\"name\":\"a\",\"bridge\":{},\"macAddress\":\"00:00:00:00:00:00:00:01\"}]",
	 "[" NET_A "]",
	 IF ".macAddress: interface " IF
	    ".name has too long MAC address (00:00:00:00:00:00:00:01)."},
	{ANY, "[{\"name\":\"a\",\"bridge\":{},\"pciAddress\":\"0000:81:11.8\"}]", "[" NET_A "]",
	 IF ".pciAddress: interface " IF ".name has malformed PCI address (0000:81:11.8)."},
	{ANY, "[{\"name\":\"a\",\"bridge\":{},\"pciAddress\":\"0000:81:11.1\"}]", "[" NET_A "]",
	 ""},
	{ANY, "[{\"name\":\"a\",\"masquerade\":{},\"macAddress\":\"02:00:00:00:00:00\"}]",
	 "[" NET_POD "]",
	 IF
	 ".macAddress: The requested MAC address is reserved for the in-pod bridge. Please choose another "
	 "one."},
	{V1_9, "[{\"name\":\"a\"}]", "[" NET_A "]",
	 IF ".binding: logical a interface must have exactly one binding method or binding plugin"},
	{V1_9, "[{\"name\":\"a\",\"bridge\":{},\"sriov\":{}}]", "[" NET_A "]",
	 IF ".binding: logical a interface must have exactly one binding method or binding plugin"},
	{ANY, "[{\"name\":\"a\",\"masquerade\":{}}]", "[" NET_A "]",
	 IF ".name: Masquerade interface only implemented with pod network"},
	{V1_9, "[{\"name\":\"a\",\"macvtap\":{}}]", "[" NET_A "]",
	 IF ".macvtap: Macvtap network binding has been discontinued since v1.3"},
	{V1_9, "[{\"name\":\"a\",\"passt\":{}}]", "[" NET_POD "]",
	 IF ".passt: Passt network binding has been discontinued since v1.3"},
	{V1_9, "[{\"name\":\"a\",\"slirp\":{}}]", "[" NET_POD "]",
	 IF ".slirp: Slirp interface support has been discontinued since v1.3"},
	{V1_9, "[{\"name\":\"a\",\"passtBinding\":{}}]", "[" NET_A "]",
	 IF ".name: PasstBinding interface only implemented with pod network"},
	{ANY, "[{\"name\":\"a\",\"bridge\":{}}]", "[{\"name\":\"a\"}]",
	 "spec.networks[0]: should have a network type"},
	{ANY, "[{\"name\":\"a\",\"bridge\":{}}]",
	 "[{\"name\":\"a\",\"pod\":{},\"multus\":{\"networkName\":\"n\"}}]",
	 "spec.networks[0]: should have only one network type"},
	{ANY, "[{\"name\":\"a\",\"bridge\":{}}]",
	 "[{\"name\":\"a\",\"multus\":{\"networkName\":\"\"}}]",
	 "spec.networks[0]: CNI delegating plugin must have a networkName"},
	{ANY, "[{\"name\":\"a\",\"bridge\":{}},{\"name\":\"b\",\"bridge\":{}}]",
	 "[{\"name\":\"a\",\"multus\":{\"networkName\":\"n\",\"default\":true}},"
	 "{\"name\":\"b\",\"multus\":{\"networkName\":\"n\",\"default\":true}}]",
	 "spec.networks: Multus CNI should only have one default network"},
	{ANY, "[{\"name\":\"a\",\"bridge\":{}},{\"name\":\"b\",\"bridge\":{}}]",
	 "[{\"name\":\"a\",\"pod\":{}},{\"name\":\"b\",\"multus\":{\"networkName\":\"n\",\"default\":true}}]",
	 "spec.networks: Pod network cannot be defined when Multus default network is defined"},
	{ANY, "[{\"name\":\"a\",\"bridge\":{}},{\"name\":\"b\",\"bridge\":{}}]",
	 "[{\"name\":\"a\",\"pod\":{}},{\"name\":\"b\",\"pod\":{}}]",
	 "spec.interfaces: more than one interface is connected to a pod network in spec.interfaces"},
	{ANY,
	 "[{\"name\":\"a\",\"masquerade\":{},\"ports\":[{\"name\":\"x\",\"port\":80},"
	 "{\"name\":\"x\",\"port\":81}]}]",
	 "[" NET_POD "]", IF ".ports[1].name: Duplicate name of the port: x"},
	{ANY, "[{\"name\":\"a\",\"masquerade\":{},\"ports\":[{\"name\":\"-x\",\"port\":80}]}]",
	 "[" NET_POD "]", IF ".ports[0].name: Invalid name of the port: -x"},
	{ANY, "[{\"name\":\"a\",\"masquerade\":{},\"ports\":[{}]}]", "[" NET_POD "]",
	 IF ".ports[0]: Port field is mandatory."},
	{ANY,
	 "[{\"name\":\"a\",\"masquerade\":{},\"ports\":[{\"port\":70000,\"protocol\":\"SCTP\"}]}]",
	 "[" NET_POD "]",
	 IF ".ports[0]: Port field must be in range 0 < x < 65536.\n" IF
	    ".ports[0].protocol: Unknown protocol, only TCP or UDP allowed"},
	{V1_9,
	 "[{\"name\":\"a\",\"bridge\":{},\"portRanges\":[{\"start\":5,\"end\":4}],\"ports\":[{}]}]",
	 "[" NET_A "]",
	 IF
	 ".portRanges: portRanges is specified on interface but the PortRangesSpec feature gate is not "
	 "enabled\n" IF ".portRanges: Cannot define both ports and portRanges on interface\n" IF
	 ".portRanges: portRanges are only supported on masquerade interfaces\n" IF
	 ".portRanges: Start must be less than or equal to end"},
	{ANY,
	 "[{\"name\":\"a\",\"bridge\":{},\"dhcpOptions\":{\"privateOptions\":[{\"option\":240},"
	 "{\"option\":240},{\"option\":223}],\"ntpServers\":[\"::1\"]}}]",
	 "[" NET_A "]",
	 "spec: Found Duplicates: you have provided duplicate DHCPPrivateOptions\n"
	 "spec: provided DHCPPrivateOptions are out of range, must be in range 224 to 254\n" IF
	 ".dhcpOptions.ntpServers[0]: NTP servers must be a list of valid IPv4 addresses."},
	{V1_9, "[{\"name\":\"a\",\"sriov\":{}},{\"name\":\"b\",\"bridge\":{}}]",
	 "[{\"name\":\"a\",\"resourceClaim\":{}},{\"name\":\"b\",\"multus\":{\"networkName\":\"n\"}}]",
	 "spec.networks: vmi.spec.networks contains DRA networks but NetworkDevicesWithDRA feature gate is "
	 "not enabled\n"
	 "spec.networks: mixing Multus and DRA resourceClaim networks in the same VMI is not supported"},
};

static void check_rule(size_t row, enum lab_dialect dialect)
{
	const struct lab_net_config config = {
		.dialect = dialect, .permits_bridge_on_pod_network = true, .has_passt_gate = true};
	lab_auto_causes struct lab_causes c = {0};
	vmn_auto_json struct json_object *i = unit_json(rules[row].interfaces);
	vmn_auto_json struct json_object *n = unit_json(rules[row].networks);
	vmn_auto_json struct json_object *spec = vmn_json_build(
		"{\"domain\":{\"devices\":{\"interfaces\":%J}},\"networks\":%J}", i, n);

	lab_admit_networks(spec, "spec", &config, &c);
	if (strcmp(vmn_buf_str(&c.lines), rules[row].causes))
		fail_msg("row %zu, dialect %d:\n%s\nnot\n%s", row, (int)dialect,
			 vmn_buf_str(&c.lines), rules[row].causes);
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rules); i++) {
		if (rules[i].dialects & V1_0)
			check_rule(i, LAB_KUBEVIRT_1_0);
		if (rules[i].dialects & V1_9)
			check_rule(i, LAB_KUBEVIRT_1_9);
	}
}

static void test_rules_by_configuration(void **state)
{
	const struct lab_net_config config = {.dialect = LAB_KUBEVIRT_1_9};
	lab_auto_causes struct lab_causes c = {0};
	vmn_auto_json struct json_object *spec = unit_json(
		"{\"domain\":{\"devices\":{\"interfaces\":[{\"name\":\"a\",\"bridge\":{}},"
		"{\"name\":\"b\",\"passtBinding\":{}}]}},\"networks\":[{\"name\":\"a\",\"pod\":{}},"
		"{\"name\":\"b\",\"pod\":{}}]}");

	(void)state;
	lab_admit_networks(spec, "spec", &config, &c);
	assert_non_null(strstr(c.lines.data,
			       IF ".name: Bridge on pod network configuration is not enabled "
				  "under kubevirt-config"));
	assert_non_null(strstr(c.lines.data, "PasstBinding feature gate is not enabled"));
}

/* --- whole objects -------------------------------------------------------------------- */

static struct lab lab;
static const char *const no_groups[] = {NULL};
static const struct lab_user admin = {.name = "lab-admin", .groups = no_groups};

static int setup(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	lab = (struct lab){.name = "unit", .dialect = LAB_KUBEVIRT_1_9, .nodes = 1};
	assert_int_equal(lab_store_open(&lab, &err), 0);
	assert_int_equal(lab_loop_new(&lab.loop, &err), 0);
	assert_int_equal(lab_controllers_start(&lab, &err), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lab_controllers_stop(&lab);
	lab_store_close(&lab);
	lab_loop_free_p(&lab.loop);
	return 0;
}

static int admit(enum lab_kind_id kind, struct json_object *old, struct json_object *obj,
		 struct vmn_err *err)
{
	struct lab_admission a = {.op = old ? LAB_OP_UPDATE : LAB_OP_CREATE,
				  .kind = &lab_kinds[kind],
				  .user = &admin,
				  .ns = "default",
				  .old = old,
				  .obj = obj};

	vmn_err_clear(err);
	return lab_admit(&lab, &a, err);
}

static void test_objects(void **state)
{
#define VM(spec) "{\"metadata\":{\"name\":\"v\"},\"spec\":" spec "}"
#define DENIED(webhook) "admission webhook \"" webhook ".kubevirt.io\" denied the request: "
	static const struct {
		enum lab_kind_id kind;
		const char *obj;
		int http;
		const char *message, *causes;
	} rows[] = {
		{LAB_VM, VM("{\"running\":true,\"template\":{\"spec\":{\"domain\":{}}}}"), 0, NULL,
		 NULL},
		{LAB_VM, VM("{\"running\":true}"), 422,
		 "VirtualMachine.kubevirt.io \"v\" is invalid: spec.template: Required value",
		 "spec.template: Required value"},
		{LAB_VM, VM("{\"template\":{\"spec\":{\"domain\":{}}}}"), 422,
		 DENIED("virtualmachine-validator") "One of Running or RunStrategy must be specified",
		 "spec: One of Running or RunStrategy must be specified"},
		{LAB_VM, VM("{\"runStrategy\":\"Odd\",\"template\":{\"spec\":{\"domain\":{}}}}"),
		 422, DENIED("virtualmachine-validator") "Invalid RunStrategy (Odd)",
		 "spec.runStrategy: Invalid RunStrategy (Odd)"},
		{LAB_VM,
		 VM("{\"running\":true,\"runStrategy\":\"Always\",\"template\":{\"spec\":{"
		    "\"domain\":{},\"networks\":[{\"name\":\"a\",\"pod\":{}}]}}}"),
		 422,
		 DENIED("virtualmachine-validator") "spec.template.spec.networks[0].name 'a' not found., "
						    "Running and RunStrategy are mutually "
						    "exclusive. Note that Running is deprecated, "
						    "please use RunStrategy instead",
		 "spec.template.spec.networks[0].name: spec.template.spec.networks[0].name 'a' not found.\n"
		 "spec.running: Running and RunStrategy are mutually exclusive. Note that Running is "
		 "deprecated, please use RunStrategy instead"},
		{LAB_VMI, VM("{\"domain\":{}}"), 0, NULL, NULL},
		{LAB_VMI, VM("{\"domain\":{\"devices\":{\"interfaces\":[{\"bridge\":{}}]}}}"), 422,
		 "VirtualMachineInstance.kubevirt.io \"v\" is invalid: "
		 "spec.domain.devices.interfaces[0].name: Required value",
		 "spec.domain.devices.interfaces[0].name: Required value"},
		{LAB_VMIM, VM("{\"vmiName\":\"none\"}"), 400,
		 DENIED("migration-create-validator") "the VMI \"default/none\" does not exist",
		 NULL},
		{LAB_VMIM, VM("{}"), 422, DENIED("migration-create-validator") "vmiName is missing",
		 "spec.vmiName: vmiName is missing"},
		{LAB_VMIM, VM("{\"vmiName\":\"v\",\"priority\":\"x\"}"), 400,
		 DENIED("migration-create-validator") "Migration priority queue, only virt-controller is "
						      "allowed to set priority field",
		 NULL},
		{LAB_VMIM, VM("{\"vmiName\":\"v\",\"sendTo\":{}}"), 400,
		 DENIED("migration-create-validator") "DecentralizedLiveMigration feature gate is not "
						      "enabled in kubevirt resource",
		 NULL},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_json struct json_object *obj = unit_json(rows[i].obj);

		(void)admit(rows[i].kind, NULL, obj, &err);
		if (err.http != rows[i].http || !vmn_streq(err.msg, rows[i].message) ||
		    !vmn_streq(err.causes, rows[i].causes))
			fail_msg("row %zu: %d %s\n%s", i, err.http, err.msg, err.causes);
	}
}

static void test_only_kubevirt_edits_a_vmi(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *old =
		unit_json("{\"metadata\":{\"name\":\"v\"},\"spec\":{}}");
	vmn_auto_json struct json_object *same =
		unit_json("{\"metadata\":{\"name\":\"v\",\"labels\":{\"a\":\"b\"}},\"spec\":{}}");
	vmn_auto_json struct json_object *other =
		unit_json("{\"metadata\":{\"name\":\"v\"},\"spec\":{\"hostname\":\"x\"}}");

	(void)state;
	assert_int_equal(admit(LAB_VMI, old, same, &err), 0);
	assert_int_equal(admit(LAB_VMI, old, other, &err), -VMN_E_INVALID);
	assert_int_equal(err.http, 422);
	assert_string_equal(err.msg,
			    "admission webhook \"virtualmachineinstances-update-validator.kubevirt."
			    "io\" denied the request: update of VMI object is restricted");
	assert_int_equal(admit(LAB_VMIM, old, other, &err), -VMN_E_INVALID);
	assert_non_null(strstr(err.msg, "update of Migration object's spec is restricted"));
}

static void test_defaults(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *vmi =
		unit_json("{\"metadata\":{\"name\":\"v\"},\"spec\":{\"domain\":{}}}");
	vmn_auto_json struct json_object *vm = unit_json(
		"{\"metadata\":{\"name\":\"v\"},\"spec\":{\"running\":true,\"template\":{\"spec\":{"
		"\"domain\":{}}}}}");

	(void)state;
	assert_int_equal(admit(LAB_VMI, NULL, vmi, &err), 0);
	assert_non_null(vmn_json_get(vmi, LAB_PTR_INTERFACES "/0/bridge"));
	assert_non_null(vmn_json_get(vmi, LAB_PTR_NETWORKS "/0/pod"));
	assert_string_equal(vmn_json_str(vmi, "/metadata/finalizers/0"), LAB_VMI_FINALIZER);
	assert_int_equal(admit(LAB_VM, NULL, vm, &err), 0);
	assert_string_equal(vmn_json_str(vm, "/spec/template/spec/domain/machine/type"), "q35");
	assert_null(vmn_json_get(vm, "/spec/template/spec/networks"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_rules_by_configuration),
		cmocka_unit_test_setup_teardown(test_objects, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_kubevirt_edits_a_vmi, setup, teardown),
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
