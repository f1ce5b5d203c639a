/* SPDX-License-Identifier: Apache-2.0 */
/* JSON patch, merge patch, label selectors */
#include "config.h"

#include "lib/data/k8s.h"
#include "lib/data/patch.h"
#include "unit.h"

struct patch_case {
	const char *doc, *patch;
	const char *want; /* NULL: refused with @code */
	enum vmn_code code;
};

static const struct patch_case json_cases[] = {
	{"{}", "[]", "{}", 0},
	{"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":2}]", "{\"a\":1,\"b\":2}", 0},
	{"{\"l\":[1,3]}", "[{\"op\":\"add\",\"path\":\"/l/1\",\"value\":2}]", "{\"l\":[1,2,3]}", 0},
	{"{\"l\":[1]}", "[{\"op\":\"add\",\"path\":\"/l/-\",\"value\":2}]", "{\"l\":[1,2]}", 0},
	{"{\"l\":[1]}", "[{\"op\":\"add\",\"path\":\"/l/1\",\"value\":2}]", "{\"l\":[1,2]}", 0},
	{"{\"l\":[1]}", "[{\"op\":\"add\",\"path\":\"/l/0\",\"value\":{\"x\":[]}}]",
	 "{\"l\":[{\"x\":[]},1]}", 0},
	{"{\"l\":[1]}", "[{\"op\":\"add\",\"path\":\"/l/2\",\"value\":2}]", NULL, VMN_E_INVALID},
	{"{}", "[{\"op\":\"add\",\"path\":\"/l/-\",\"value\":2}]", NULL, VMN_E_INVALID},
	{"{}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":2}]", NULL, VMN_E_INVALID},
	{"{}", "[{\"op\":\"add\",\"path\":\"/a\"}]", NULL, VMN_E_INVALID},
	{"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"\",\"value\":{\"b\":2}}]", "{\"b\":2}", 0},
	{"{\"a/b\":1,\"m~n\":2}",
	 "[{\"op\":\"remove\",\"path\":\"/a~1b\"},{\"op\":\"replace\",\"path\":\"/"
	 "m~0n\",\"value\":3}]",
	 "{\"m~n\":3}", 0},
	{"{\"l\":[1,2,3]}", "[{\"op\":\"remove\",\"path\":\"/l/1\"}]", "{\"l\":[1,3]}", 0},
	{"{\"l\":[1]}", "[{\"op\":\"remove\",\"path\":\"/l/1\"}]", NULL, VMN_E_INVALID},
	{"{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", NULL, VMN_E_INVALID},
	{"{}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":1}]", NULL, VMN_E_INVALID},
	{"{\"a\":{\"b\":1},\"c\":{}}", "[{\"op\":\"move\",\"from\":\"/a/b\",\"path\":\"/c/d\"}]",
	 "{\"a\":{},\"c\":{\"d\":1}}", 0},
	{"{\"a\":{\"b\":1}}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/c\"}]",
	 "{\"a\":{\"b\":1},\"c\":{\"b\":1}}", 0},
	{"{\"a\":1}", "[{\"op\":\"move\",\"from\":\"/x\",\"path\":\"/c\"}]", NULL, VMN_E_INVALID},
	{"{\"a\":[1,{\"b\":2}]}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[1,{\"b\":2}]}]",
	 "{\"a\":[1,{\"b\":2}]}", 0},
	{"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]", NULL, VMN_E_CONFLICT},
	{"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/b\",\"value\":2}]", NULL, VMN_E_CONFLICT},
	{"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/b\",\"value\":null}]", "{\"a\":1}", 0},
	{"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/b/c\",\"value\":null}]", NULL, VMN_E_CONFLICT},
	{"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":null}]", NULL, VMN_E_CONFLICT},
	{"{}", "[{\"op\":\"twist\",\"path\":\"/a\",\"value\":1}]", NULL, VMN_E_INVALID},
	{"{}", "[{\"op\":\"add\",\"path\":\"a\",\"value\":1}]", NULL, VMN_E_INVALID},
	{"{}", "{\"op\":\"add\"}", NULL, VMN_E_INVALID},
	{"{}", "[7]", NULL, VMN_E_INVALID},
};

static void test_json_patch(void **state)
{
	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(json_cases); i++) {
		const struct patch_case *c = &json_cases[i];
		vmn_auto_json struct json_object *doc = unit_json(c->doc);
		vmn_auto_json struct json_object *patch = unit_json(c->patch);
		vmn_auto_json struct json_object *got = NULL;
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		int r = vmn_patch_json(doc, patch, &got, &err);

		assert_string_equal(vmn_json_text(doc), c->doc);
		if (c->want) {
			if (r < 0)
				fail_msg("%s: %s", c->patch, vmn_err_text(&err));
			assert_string_equal(vmn_json_text(got), c->want);
		} else {
			if (r != -(int)c->code)
				fail_msg("%s: got %d (%s)", c->patch, r, vmn_err_text(&err));
			assert_null(got);
		}
	}
}

static const struct patch_case merge_cases[] = {
	{"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}", 0},
	{"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}", 0},
	{"{\"a\":[1,2]}", "{\"a\":[3]}", "{\"a\":[3]}", 0},
	{"{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":null,\"d\":3}}", "{\"a\":{\"c\":2,\"d\":3}}",
	 0},
	{"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}", 0},
	{"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}", 0},
	{"{\"a\":1}", "[1]", "[1]", 0},
	{"{\"a\":\"b\"}", "{\"a\":{\"c\":1}}", "{\"a\":{\"c\":1}}", 0},
};

static void test_merge_patch(void **state)
{
	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(merge_cases); i++) {
		const struct patch_case *c = &merge_cases[i];
		vmn_auto_json struct json_object *doc = unit_json(c->doc);
		vmn_auto_json struct json_object *patch = unit_json(c->patch);
		vmn_auto_json struct json_object *got = vmn_patch_merge(doc, patch);

		assert_string_equal(vmn_json_text(got), c->want);
		assert_string_equal(vmn_json_text(doc), c->doc);
	}
}

static void test_selector(void **state)
{
	static const struct {
		const char *selector, *labels;
		bool want;
	} cases[] = {
		{"", "{}", true},
		{"a=b", "{\"a\":\"b\"}", true},
		{"a=b", "{\"a\":\"c\"}", false},
		{"a = b , c == d", "{\"a\":\"b\",\"c\":\"d\"}", true},
		{"a=b,c=d", "{\"a\":\"b\"}", false},
		{"a!=b", "{}", true},
		{"a!=b", "{\"a\":\"b\"}", false},
		{"a in (x, y)", "{\"a\":\"y\"}", true},
		{"a in (x,y)", "{\"a\":\"z\"}", false},
		{"a notin (x,y),b", "{\"b\":\"\"}", true},
		{"a", "{\"a\":\"\"}", true},
		{"a", "{}", false},
		{"!a", "{}", true},
		{"!a", "{\"a\":\"1\"}", false},
		{"a=", "{\"a\":\"\"}", true},
		{"x.y/A_b.c=D-e", "{\"x.y/A_b.c\":\"D-e\"}", true},
	};
	static const char *const bad[] = {"=b",	 "a=b,",       "a in x", "a in (x", "a is (x)",
					  "a>1", ",",	       "a=vm 1", "-a=b",    "a/b/c",
					  "a=-", "a in (b,$)", "A.b/c"};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(cases); i++) {
		vmn_auto_json struct json_object *labels = unit_json(cases[i].labels);
		vmn_auto_selector struct vmn_selector *sel = NULL;
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		if (vmn_selector_parse(cases[i].selector, &sel, &err) < 0)
			fail_msg("%s", vmn_err_text(&err));
		if (vmn_selector_matches(sel, labels) != cases[i].want)
			fail_msg("'%s' on %s", cases[i].selector, cases[i].labels);
	}
	for (size_t i = 0; i < VMN_ARRAY_LEN(bad); i++) {
		vmn_auto_selector struct vmn_selector *sel = NULL;
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		if (vmn_selector_parse(bad[i], &sel, &err) != -VMN_E_INVALID)
			fail_msg("'%s' was accepted", bad[i]);
	}
}

/* A "test" of a string holds on a real server only if Go would have written it so. */
static void test_text(void **state)
{
	vmn_auto_json struct json_object *patch =
		unit_json("[{\"value\":\"http://boot/a?b=1&c=<d>\\u2028\\u2029\\u00e9\\n\"}]");
	vmn_auto_free char *text = vmn_patch_text(patch);

	(void)state;
	assert_string_equal(text, "[{\"value\":\"http://boot/a?b=1\\u0026c=\\u003cd\\u003e\\u2028"
				  "\\u2029\xc3\xa9\\n\"}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_patch),
		cmocka_unit_test(test_merge_patch),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_selector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
