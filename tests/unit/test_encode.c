/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/base/encode.h"
#include "tests/unit/unit.h"

static void test_base64_both_ways(void **state)
{
	/* RFC 4648 section 10 */
	static const struct {
		const char *plain, *encoded;
	} rows[] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_free char *encoded =
			vmn_base64_encode(rows[i].plain, strlen(rows[i].plain));
		vmn_auto_free char *plain = NULL;
		size_t len = 99;

		assert_string_equal(encoded, rows[i].encoded);
		assert_true(vmn_base64_decode(rows[i].encoded, &plain, &len));
		assert_int_equal(len, strlen(rows[i].plain));
		assert_string_equal(plain, rows[i].plain);
	}
}

static void test_base64_refusals(void **state)
{
	static const char *const bad[] = {
		"Zg", "Zg=", "Z", "====", "Zg==Zg==", "Zm9v!", "Zm9v-_", "\xff"};
	vmn_auto_free char *folded = NULL, *bytes = NULL;
	char *none = NULL;
	size_t len;

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(bad); i++)
		if (vmn_base64_decode(bad[i], &none, &len))
			fail_msg("'%s' was taken", bad[i]);
	assert_true(vmn_base64_decode("Zm9v\n YmFy\r\n", &folded, NULL));
	assert_string_equal(folded, "foobar");
	/* "a\0b" is bytes but not a text */
	assert_true(vmn_base64_decode("YQBi", &bytes, &len));
	assert_memory_equal(bytes, "a\0b", 4);
	assert_false(vmn_base64_decode("YQBi", &none, NULL));
}

static void test_sha256(void **state)
{
	char hex[VMN_SHA256_HEX_SIZE];

	(void)state;
	/* FIPS 180-2 appendix B.1 */
	assert_string_equal(vmn_sha256_hex("abc", 3, hex),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	/* KubeVirt names the pod side of interface dyn1 "pod" and the first eleven of these */
	assert_memory_equal(vmn_sha256_hex("dyn1", 4, hex), "a1b579e0928", 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64_both_ways),
		cmocka_unit_test(test_base64_refusals),
		cmocka_unit_test(test_sha256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
