/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <netinet/in.h>

#include "lib/binding/manifest.h"
#include "tests/unit/unit.h"

static int read_text(const char *text, struct vmn_setup *setup, struct vmn_err *err)
{
	static const struct vmn_strlist none = {0};

	return vmn_manifest_read(text, strlen(text), &none, setup, err);
}

#define VMI_HEAD                                                                                   \
	"apiVersion: kubevirt.io/v1\n"                                                             \
	"kind: VirtualMachineInstance\n"                                                           \
	"metadata: {name: web, namespace: shop}\n"

static void test_a_vmi_with_all_there_is(void **state)
{
	static const char text[] =
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n---\n" VMI_HEAD "spec:\n"
		"  subdomain: sub\n"
		"  unknown: {field: 1}\n"
		"  networks:\n"
		"  - {name: default, pod: {vmNetworkCIDR: 10.9.8.7/24}}\n"
		"  - {name: blue, multus: {networkName: ns/blue}}\n"
		"  - {name: vf, multus: {networkName: vf}}\n"
		"  - {name: red, multus: {networkName: red}}\n"
		"  - {name: gone, multus: {networkName: gone}}\n"
		"  domain:\n"
		"    cpu: {cores: 2, sockets: 3}\n"
		"    devices:\n"
		"      networkInterfaceMultiqueue: true\n"
		"      interfaces:\n"
		"      - name: default\n"
		"        masquerade: {}\n"
		"        ports: [{port: 80}, {name: dns, port: 53, protocol: UDP}]\n"
		"        portRanges: [{protocol: TCP, start: 8000, end: 8010}]\n"
		"      - {name: blue, bridge: {}, macAddress: DE-AD-00-00-BE-AF, model: e1000,\n"
		"         dhcpOptions: {bootFileName: pxe, privateOptions: [{option: 240, value: "
		"x}]}}\n"
		"      - {name: vf, sriov: {}}\n"
		"      - {name: red, binding: {name: managedTap}}\n"
		"      - {name: gone, bridge: {}, state: absent}\n";
	vmn_auto_setup struct vmn_setup s = {0};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	char buf[VMN_CIDR_TEXT_SIZE];

	(void)state;
	assert_int_equal(read_text(text, &s, &err), 0);
	assert_int_equal(s.n_nics, 3);
	assert_string_equal(s.hostname, "web");
	assert_string_equal(s.subdomain, "sub");
	assert_int_equal(s.notes.n, 2);

	assert_int_equal(s.nics[0].kind, VMN_BINDING_MASQUERADE);
	assert_true(s.nics[0].is_primary);
	assert_string_equal(vmn_cidr_text(&s.nics[0].cidr4, buf), "10.9.8.0/24");
	assert_int_equal(s.nics[0].cidr6.ip.family, AF_UNSPEC);
	assert_int_equal(s.nics[0].n_ports, 3);
	assert_int_equal(s.nics[0].ports[1].proto, IPPROTO_UDP);
	assert_int_equal(s.nics[0].ports[2].last, 8010);
	assert_int_equal(s.nics[0].queues, 6);

	assert_int_equal(s.nics[1].kind, VMN_BINDING_BRIDGE);
	assert_int_equal(s.nics[1].index, 1);
	assert_int_equal(s.nics[1].ordinal, 1);
	assert_true(s.nics[1].has_mac);
	assert_int_equal(s.nics[1].mac[5], 0xaf);
	assert_int_equal(s.nics[1].queues, 0);
	assert_non_null(s.nics[1].dhcp);

	assert_int_equal(s.nics[2].kind, VMN_BINDING_MANAGED_TAP);
	assert_int_equal(s.nics[2].index, 3);
	assert_int_equal(s.nics[2].ordinal, 3);
}

static void test_a_vm_as_json(void **state)
{
	static const char text[] =
		"{\"kind\":\"List\",\"items\":[{\"kind\":\"VirtualMachine\",\"metadata\":{\"name\":"
		"\"w\"},"
		"\"spec\":{\"template\":{\"spec\":{\"hostname\":\"h\","
		"\"networks\":[{\"name\":\"a\",\"multus\":{\"networkName\":\"n\",\"default\":true}}"
		"],"
		"\"domain\":{\"devices\":{\"interfaces\":[{\"name\":\"a\",\"bridge\":{}}]}}}}},"
		"\"status\":{\"interfaces\":[{\"name\":\"a\",\"podInterfaceName\":\"ovn-udn1\"}]}}]"
		"}";
	vmn_auto_setup struct vmn_setup s = {0};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	assert_int_equal(read_text(text, &s, &err), 0);
	assert_int_equal(s.n_nics, 1);
	assert_true(s.nics[0].is_primary);
	assert_int_equal(s.nics[0].ordinal, 0);
	assert_string_equal(s.nics[0].pod_nic, "ovn-udn1");
	assert_string_equal(s.hostname, "h");
}

#define ONE(iface, net)                                                                            \
	VMI_HEAD "spec: {networks: [" net "], domain: {devices: {interfaces: [" iface "]}}}\n"
#define POD_NET "{name: a, pod: {}}"

static void test_what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"kind: Pod\n", "no VirtualMachine"},
		{VMI_HEAD, "spec is missing"},
		{VMI_HEAD "spec: {}\n---\n" VMI_HEAD "spec: {}\n", "more than one"},
		{ONE("{name: a, bridge: {}, macAddress: x}", POD_NET),
		 "spec.domain.devices.interfaces[0].macAddress: not a MAC"},
		{ONE("{name: a, bridge: {}, macAddress: '01:00:00:00:00:01'}", POD_NET),
		 "a multicast address"},
		{ONE("{name: b, bridge: {}}", POD_NET), "no network is called 'b'"},
		{ONE("{name: a, bridge: {}}, {name: a, bridge: {}}", POD_NET),
		 "interfaces[1].name: is there twice"},
		{ONE("{bridge: {}}", POD_NET), "interfaces[0].name: is missing"},
		{ONE("{name: a}", POD_NET), "no binding that we know"},
		{ONE("{name: a, slirp: {}}", POD_NET), "not supported"},
		{ONE("{name: a, masquerade: {}}", "{name: a, multus: {networkName: n}}"),
		 "only for the pod network"},
		{ONE("{name: a, masquerade: {}, ports: [{port: 65536}]}", POD_NET), ".ports: "},
		{ONE("{name: a, masquerade: {}, ports: [{port: 1, protocol: SCTP}]}", POD_NET),
		 ".ports: "},
		{ONE("{name: a, masquerade: {}, portRanges: [{start: 2, end: 1}]}", POD_NET),
		 ".portRanges: "},
		{ONE("{name: a, masquerade: {}}", "{name: a, pod: {vmNetworkCIDR: 10.0.0.0/31}}"),
		 "spec.networks[0].pod.vmNetworkCIDR"},
		{ONE("{name: a, masquerade: {}}",
		     "{name: a, pod: {vmIPv6NetworkCIDR: 10.0.0.0/24}}"),
		 "vmIPv6NetworkCIDR"},
		{ONE("{name: a, bridge: {}, dhcpOptions: {privateOptions: [{option: 9, value: "
		     "x}]}}",
		     POD_NET),
		 "dhcpOptions: "},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_setup struct vmn_setup s = {0};
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		assert_true(read_text(rows[i].text, &s, &err) < 0);
		if (!strstr(vmn_err_text(&err), rows[i].want))
			fail_msg("row %zu: '%s' lacks '%s'", i, vmn_err_text(&err), rows[i].want);
	}
}

static void test_port_ranges(void **state)
{
	static const struct {
		const char *text;
		bool is_good;
		unsigned first, last;
		int proto;
	} rows[] = {
		{"80", true, 80, 80, IPPROTO_TCP},
		{"53/udp", true, 53, 53, IPPROTO_UDP},
		{"1-65535/tcp", true, 1, 65535, IPPROTO_TCP},
		{"0", false, 0, 0, 0},
		{"65536", false, 0, 0, 0},
		{"9-8", false, 0, 0, 0},
		{"80/sctp", false, 0, 0, 0},
		{"80/", false, 0, 0, 0},
		{"-80", false, 0, 0, 0},
		{"80-", false, 0, 0, 0},
		{"", false, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		struct vmn_port_range r;

		assert_int_equal(vmn_port_range_parse(rows[i].text, &r), rows[i].is_good);
		if (!rows[i].is_good)
			continue;
		assert_int_equal(r.first, rows[i].first);
		assert_int_equal(r.last, rows[i].last);
		assert_int_equal(r.proto, rows[i].proto);
	}
}

static void test_a_stored_interface_comes_back(void **state)
{
	static const char text[] = ONE("{name: a, masquerade: {}, macAddress: '02:00:00:00:00:01',"
				       " ports: [{port: 80}], dhcpOptions: {tftpServerName: t}}",
				       "{name: a, pod: {vmIPv6NetworkCIDR: 'fd00::/64'}}");
	vmn_auto_setup struct vmn_setup a = {.tap_uid = 107, .layout = VMN_LAYOUT_CURRENT};
	vmn_auto_setup struct vmn_setup b = {0};
	vmn_auto_json struct json_object *json = NULL, *again = NULL;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	assert_int_equal(read_text(text, &a, &err), 0);
	json = vmn_setup_nic_json(&a, &a.nics[0]);
	assert_int_equal(vmn_setup_nic_read(json, &b, &err), 0);
	again = vmn_setup_nic_json(&b, &b.nics[0]);
	assert_true(json_object_equal(json, again));
	assert_int_equal(b.tap_uid, 107);
	assert_int_equal(b.nics[0].cidr6.len, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_vmi_with_all_there_is),
		cmocka_unit_test(test_a_vm_as_json),
		cmocka_unit_test(test_what_is_wrong_is_named),
		cmocka_unit_test(test_port_ranges),
		cmocka_unit_test(test_a_stored_interface_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
