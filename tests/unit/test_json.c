/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tests/unit/unit.h"

static void test_parse_takes_one_document(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{"{}", true},
		{" {\"a\":1} \n", true},
		{"[1,2]", true},
		{"7", true},
		{"\"x\"", true},
		{"", false},
		{"{", false},
		{"{} x", false},
		{"{}{}", false},
		{"null", false},
		{"{\"a\":'1'}", false},
		{"{\"a\":\"\xff\"}", false},
		{"nul", false},
		{"NaN", false},
		{"[1, -Infinity]", false},
		{"{\"NaN\":\"NaN\"}", true},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_json struct json_object *obj = NULL;
		int rc = vmn_json_parse(rows[i].text, strlen(rows[i].text), &obj, &err);

		if ((rc == 0) != rows[i].good)
			fail_msg("'%s': %d %s", rows[i].text, rc, vmn_err_text(&err));
	}
}

static void test_get_walks_pointers(void **state)
{
	vmn_auto_json struct json_object *obj =
		unit_json("{\"a\":[{\"b/c\":\"x\"},2],\"t\":true,\"n\":null}");

	(void)state;
	assert_string_equal(vmn_json_str(obj, "/a/0/b~1c"), "x");
	assert_int_equal(vmn_json_int(obj, "/a/1", 0), 2);
	assert_true(vmn_json_bool(obj, "/t", false));
	assert_null(vmn_json_get(obj, "/n"));
	assert_null(vmn_json_get(obj, "/a/9"));
	assert_null(vmn_json_get(obj, "/a/x"));
	assert_null(vmn_json_str(obj, "/t"));
	assert_ptr_equal(vmn_json_get(obj, ""), obj);
}

static void test_each_and_build(void **state)
{
	vmn_auto_json struct json_object *one = vmn_json_build("{\"k\":%s,\"n\":%d}", "q\"\n", 3);
	vmn_auto_json struct json_object *list = vmn_json_build("[%J,{\"k\":\"z\"}]", one);
	size_t seen = 0, index = 9;

	(void)state;
	vmn_json_each(item, list)
		seen += vmn_json_str(item, "/k") != NULL;
	assert_int_equal(seen, 2);
	vmn_json_each(none, NULL)
		fail_msg("an empty list has no element %p", (void *)none);
	assert_non_null(vmn_json_find(list, "k", "z", &index));
	assert_int_equal(index, 1);
	assert_string_equal(vmn_json_str(list, "/0/k"), "q\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_takes_one_document),
		cmocka_unit_test(test_get_walks_pointers),
		cmocka_unit_test(test_each_and_build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
