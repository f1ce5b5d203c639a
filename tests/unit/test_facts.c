/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/binding/facts.h"
#include "tests/unit/unit.h"

#define ALL                                                                                        \
	"{\"name\":\"default\",\"interface\":\"eth0\",\"binding\":\"bridge\","                     \
	"\"bridge\":\"k6t-eth0\",\"tap\":\"tap0\",\"mac\":\"02:00:00:00:00:0a\",\"mtu\":1400,"     \
	"\"ipv4\":{\"address\":\"10.244.0.5/24\",\"server\":\"169.254.75.10\","                    \
	"\"gateway\":\"10.244.0.1\",\"routes\":[{\"destination\":\"0.0.0.0/0\","                   \
	"\"gateway\":\"10.244.0.1\"},{\"destination\":\"10.9.0.0/16\"}]},"                         \
	"\"ipv6\":{\"address\":\"fd10:0:2::2/120\",\"gateway\":\"fd10:0:2::1\"},"                  \
	"\"hostname\":\"web-1\",\"subdomain\":\"sub\",\"dns\":[\"10.96.0.10\",\"fd00::a\"],"       \
	"\"search\":[\"ns.svc.cluster.local\"],\"dhcpOptions\":{\"ntpServers\":[\"10.0.0.1\"],"    \
	"\"tftpServerName\":\"tftp\",\"bootFileName\":\"pxe\","                                    \
	"\"privateOptions\":[{\"option\":240,\"value\":\"x\"}]}}"
#define MANAGED_TAP "{\"binding\":\"managedTap\",\"bridge\":\"k6t-net1\"}"

static int read_text(const char *text, struct vmn_facts_list *list, struct vmn_err *err)
{
	vmn_auto_json struct json_object *obj = NULL;
	int ret = vmn_json_parse(text, strlen(text), &obj, err);

	return ret < 0 ? ret : vmn_facts_read(obj, vmn_facts_list_add(list), err);
}

static void test_both_ways(void **state)
{
	static const char both[] = "{\"version\":1,\"interfaces\":[" ALL "," MANAGED_TAP "]}";
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_facts_list struct vmn_facts_list list = {0};
	vmn_auto_json struct json_object *again = NULL;

	(void)state;
	assert_int_equal(read_text(ALL, &list, &err), 0);
	assert_int_equal(read_text(MANAGED_TAP, &list, &err), 0);
	assert_int_equal(list.v[0].n_routes4, 2);
	assert_int_equal(list.v[0].routes4[1].gateway.family, 0);
	assert_int_equal(list.v[0].mac[5], 0x0a);
	assert_false(list.v[1].has_mac);
	assert_int_equal(list.v[1].ip4.ip.family, 0);
	again = vmn_facts_list_json(&list);
	assert_string_equal(vmn_json_text(again), both);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"{}", "'/binding' is wrong: ''"},
		{"{\"binding\":\"bridge\",\"mac\":\"x\"}", "'/mac' is wrong: 'x'"},
		{"{\"binding\":\"bridge\",\"mtu\":-1}", "'/mtu' is wrong: '-1'"},
		{"{\"binding\":\"bridge\",\"ipv4\":{\"address\":\"::1/64\"}}",
		 "'/ipv4/address' is wrong: '::1/64'"},
		{"{\"binding\":\"bridge\",\"ipv4\":{\"routes\":[{}]}}",
		 "a route without destination"},
		{"{\"binding\":\"bridge\",\"dns\":[5]}", "'/dns' is wrong: '5'"},
		{"{\"binding\":\"bridge\",\"dhcpOptions\":{\"privateOptions\":[{\"option\":52}]}}",
		 "private option 52 is not between 224 and 254"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_facts_list struct vmn_facts_list list = {0};

		assert_int_equal(read_text(rows[i].text, &list, &err), -VMN_E_INVALID);
		assert_string_equal(vmn_err_text(&err), rows[i].message);
	}
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		bool is_taken;
	} rows[] = {
		{"10.0.2.2/24", true},	 {"fd10:0:2::2/120", true},  {"0.0.0.0/0", true},
		{"10.0.2.2", false},	 {"10.0.2.2/33", false},     {"::/129", false},
		{"10.0.2.2/", false},	 {"10.0.2.2/-1", false},     {"10.0.2/24", false},
		{"10.0.2.2/24 ", false}, {"fe80::1%eth0/64", false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		struct vmn_cidr cidr;
		char text[VMN_CIDR_TEXT_SIZE];

		assert_int_equal(vmn_cidr_parse(rows[i].text, &cidr), rows[i].is_taken);
		if (rows[i].is_taken)
			assert_string_equal(vmn_cidr_text(&cidr, text), rows[i].text);
	}
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *prefix, *ip;
		bool is_in;
	} rows[] = {
		{"10.0.2.2/24", "10.0.2.255", true}, {"10.0.2.2/24", "10.0.3.0", false},
		{"10.0.2.2/31", "10.0.2.3", true},   {"10.0.2.2/31", "10.0.2.4", false},
		{"0.0.0.0/0", "255.1.2.3", true},    {"10.0.2.2/32", "10.0.2.3", false},
		{"fd10::/121", "fd10::7f", true},    {"fd10::/121", "fd10::80", false},
		{"::/0", "10.0.2.2", false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		struct vmn_cidr cidr;
		struct vmn_ip ip;

		assert_true(vmn_cidr_parse(rows[i].prefix, &cidr));
		assert_true(vmn_ip_parse(rows[i].ip, &ip));
		assert_int_equal(vmn_cidr_has(&cidr, &ip), rows[i].is_in);
	}
}

static void test_macs(void **state)
{
	uint8_t mac[VMN_MAC_SIZE];
	char text[VMN_MAC_TEXT_SIZE];

	(void)state;
	assert_true(vmn_mac_parse("0A-1b-FF-00-9c-d0", mac));
	assert_string_equal(vmn_mac_text(mac, text), "0a:1b:ff:00:9c:d0");
	assert_false(vmn_mac_parse("0a:1b:ff:00:9c", mac));
	assert_false(vmn_mac_parse("0a:1b:ff:00:9c:dg", mac));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_macs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
