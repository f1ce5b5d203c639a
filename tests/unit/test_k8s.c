/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/data/k8s.h"
#include "tests/unit/unit.h"

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"

static void test_names(void **state)
{
	static const struct {
		const char *s;
		bool label, subdomain;
	} rows[] = {
		{"a", true, true},
		{"web-1", true, true},
		{"0", true, true},
		{"", false, false},
		{"-a", false, false},
		{"a-", false, false},
		{"Web", false, false},
		{"a_b", false, false},
		{"a.b", false, true},
		{"a..b", false, false},
		{".a", false, false},
		{"a.", false, false},
		{"a/b", false, false},
		{LABEL_63, true, true},
		{LABEL_63 "4", false, true},
		{"a.-b", false, false},
		{"a b", false, false},
		{"\xc3\xa4", false, false},
		{LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, false, false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		if (vmn_is_dns1123_label(rows[i].s) != rows[i].label)
			fail_msg("label '%s'", rows[i].s);
		if (vmn_is_dns1123_subdomain(rows[i].s) != rows[i].subdomain)
			fail_msg("subdomain '%s'", rows[i].s);
	}
}

static void test_labels(void **state)
{
	static const struct {
		const char *s;
		bool key, value;
	} rows[] = {
		{"a", true, true},
		{"", false, true},
		{"A_b.c-9", true, true},
		{"-a", false, false},
		{"a.", false, false},
		{"a b", false, false},
		{"my.app/name", true, false},
		{"My.app/name", false, false},
		{"a/", false, false},
		{"/a", false, false},
		{"a/b/c", false, false},
		{LABEL_63, true, true},
		{LABEL_63 "4", false, false},
		{LABEL_63 ".x/" LABEL_63, true, false},
		{"\xc3\xa4", false, false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		if (vmn_is_label_key(rows[i].s) != rows[i].key)
			fail_msg("key '%s'", rows[i].s);
		if (vmn_is_label_value(rows[i].s) != rows[i].value)
			fail_msg("value '%s'", rows[i].s);
	}
}

static void test_mac_is_same(void **state)
{
	(void)state;
	assert_true(vmn_mac_is_same("de:ad:00:00:be:af", "DE-AD-00-00-BE-AF"));
	assert_false(vmn_mac_is_same("de:ad:00:00:be:af", "de:ad:00:00:be:a0"));
	assert_false(vmn_mac_is_same("de:ad:00:00:be:af", "de:ad:00:00:be"));
}

static void test_macs(void **state)
{
	static const struct {
		const char *s;
		bool good;
	} rows[] = {
		{"02:00:00:00:00:01", true},
		{"02-aB-cD-00-00-01", true},
		{"", false},
		{"02:00:00:00:00", false},
		{"02:00:00:00:00:0", false},
		{"02:00:00:00:00:01:02", false},
		{"02:00-00:00:00:01", false},
		{"02:00:00:00:00:0g", false},
		{"2:0:0:0:0:1", false},
		{"02 00 00 00 00 01", false},
		{"00:00:00:00:00:00:00:01", false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++)
		if (vmn_is_mac(rows[i].s) != rows[i].good)
			fail_msg("'%s'", rows[i].s);
}

static void test_quantities(void **state)
{
	static const struct {
		const char *s;
		bool good;
		int64_t v;
	} rows[] = {
		{"0", true, 0},
		{"512Mi", true, 536870912},
		{"2Gi", true, 2147483648},
		{"1.5Gi", true, 1610612736},
		{"1500m", true, 2},
		{"1m", true, 1},
		{"1n", true, 1},
		{"1e3", true, 1000},
		{"1E3", true, 1000},
		{"1E", true, 1000000000000000000},
		{"15e-1", true, 2},
		{"2k", true, 2000},
		{"1M", true, 1000000},
		{".5k", true, 500},
		{"5.", true, 5},
		{"+7", true, 7},
		{"-1", true, -1},
		{"-1500m", true, -2},
		{"9223372036854775807", true, INT64_MAX},
		{"7Ei", true, 8070450532247928832},
		{"0.000000000000000000000000000000000000000001", true, 1},
		{"9223372036854775808", false, 0},
		{"8Ei", false, 0},
		{"1e99", false, 0},
		{"1e999999999999", false, 0},
		{"99999999999999999999999999999999999999999999", false, 0},
		{"", false, 0},
		{".", false, 0},
		{"-", false, 0},
		{"Mi", false, 0},
		{"1K", false, 0},
		{"1MiB", false, 0},
		{"1 Mi", false, 0},
		{"1e", false, 0},
		{"1e+", false, 0},
		{"1.2.3", false, 0},
		{"0x10", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		int64_t v = 0;
		bool good = vmn_quantity_parse(rows[i].s, &v);

		if (good != rows[i].good || (good && v != rows[i].v))
			fail_msg("'%s': %d %lld", rows[i].s, good, (long long)v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	   cmocka_unit_test(test_labels),
		cmocka_unit_test(test_macs),	   cmocka_unit_test(test_mac_is_same),
		cmocka_unit_test(test_quantities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
