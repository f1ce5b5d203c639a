/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/virt/ifname.h"
#include "tests/unit/unit.h"

static void test_hashed_names(void **state)
{
	static const struct {
		const char *network, *hex;
	} rows[] = {
		{"default", "37a8eec1ce1"},
		{"iface1", "7e0055a6880"},
		{"blue-network", "d05c0e2a83b"},
		{"red-network", "3c12b9d89fa"},
		{"green-network", "4574e35ef8e"},
		{"dyn1", "a1b579e0928"},
		{"dyn2", "c0607dcb253"},
		{"eth1", "980816f36b7"},
		{"net1", "6c270ef2f25"},
		{"", "e3b0c44298f"},
		{"Iface1", "a3d3070ff3c"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "7d3e74a05d7"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		struct vmn_ifnames n;
		char want[32];

		vmn_ifnames_hashed(rows[i].network, &n);
		snprintf(want, sizeof(want), "pod%s", rows[i].hex);
		assert_string_equal(n.pod, want);
		snprintf(want, sizeof(want), "k6t-%s", rows[i].hex);
		assert_string_equal(n.bridge, want);
		snprintf(want, sizeof(want), "tap%s", rows[i].hex);
		assert_string_equal(n.tap, want);
		snprintf(want, sizeof(want), "%s-nic", rows[i].hex);
		assert_string_equal(n.nic, want);
	}
}

static void test_ordinal_and_primary_names(void **state)
{
	struct vmn_ifnames n;

	(void)state;
	vmn_ifnames_ordinal(12, &n);
	assert_string_equal(n.pod, "net12");
	assert_string_equal(n.bridge, "k6t-net12");
	assert_string_equal(n.tap, "tap12");
	assert_string_equal(n.nic, "net12-nic");

	vmn_ifnames_primary("eth0", &n);
	assert_string_equal(n.pod, "eth0");
	assert_string_equal(n.bridge, "k6t-eth0");
	assert_string_equal(n.tap, "tap0");
	assert_string_equal(n.nic, "eth0-nic");

	vmn_ifnames_primary("ovn-udn1", &n);
	assert_string_equal(n.bridge, "k6t-ovn-udn1");
	assert_string_equal(n.tap, "tap0");
	assert_string_equal(n.nic, "ovn-udn1-nic");

	vmn_ifnames_primary("a-name-far-too-long-for-a-kernel", &n);
	assert_int_equal(strlen(n.pod), VMN_IFNAME_SIZE - 1);
}

static void test_ordinal_is_recognised(void **state)
{
	(void)state;
	assert_true(vmn_is_ordinal_ifname("net1"));
	assert_true(vmn_is_ordinal_ifname("net12"));
	assert_false(vmn_is_ordinal_ifname("net"));
	assert_false(vmn_is_ordinal_ifname("net1a"));
	assert_false(vmn_is_ordinal_ifname("xnet1"));
	assert_false(vmn_is_ordinal_ifname("poda1b579e0928"));
}

#define TWO_NETWORKS                                                                               \
	"\"spec\":{\"networks\":[{\"name\":\"default\",\"pod\":{}},"                               \
	"{\"name\":\"a\",\"multus\":{\"networkName\":\"n\"}},"                                     \
	"{\"name\":\"b\",\"multus\":{\"networkName\":\"n\"}}]}"

static void test_scheme_of_a_pod(void **state)
{
	static const struct {
		const char *vmi, *network_status;
		enum vmn_naming want;
		const char *nic_of_b;
	} rows[] = {
		{"{" TWO_NETWORKS "}", "[]", VMN_NAMING_UNKNOWN, "pod3e23e816003"},
		{"{" TWO_NETWORKS "}", "[{\"interface\":\"eth0\"},{\"interface\":\"net1\"}]",
		 VMN_NAMING_ORDINAL, "net2"},
		{"{" TWO_NETWORKS "}", "[{\"interface\":\"podca978112ca1\"}]", VMN_NAMING_HASHED,
		 "pod3e23e816003"},
		{"{" TWO_NETWORKS ",\"status\":{\"interfaces\":["
		 "{\"name\":\"default\",\"podInterfaceName\":\"eth0\"},"
		 "{\"name\":\"a\",\"podInterfaceName\":\"net1\"}]}}",
		 "[]", VMN_NAMING_ORDINAL, "net2"},
		{"{" TWO_NETWORKS ",\"status\":{\"interfaces\":["
		 "{\"name\":\"a\",\"podInterfaceName\":\"podca978112ca1\"}]}}",
		 "[{\"interface\":\"net7\"}]", VMN_NAMING_HASHED, "pod3e23e816003"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_json struct json_object *vmi = unit_json(rows[i].vmi);
		vmn_auto_json struct json_object *ns = unit_json(rows[i].network_status);
		enum vmn_naming naming = vmn_naming_decide(vmi, ns);
		struct vmn_ifnames n;

		assert_int_equal(naming, rows[i].want);
		assert_true(vmn_ifnames_of(vmi, naming, "b", &n));
		assert_string_equal(n.pod, rows[i].nic_of_b);
		assert_true(vmn_ifnames_of(vmi, naming, "default", &n));
		assert_string_equal(n.pod, "eth0");
		assert_false(vmn_ifnames_of(vmi, naming, "none", &n));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashed_names),
		cmocka_unit_test(test_ordinal_and_primary_names),
		cmocka_unit_test(test_ordinal_is_recognised),
		cmocka_unit_test(test_scheme_of_a_pod),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
