/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/data/jsonparts.h"
#include "tests/unit/unit.h"

static const char *const parts[] = {
	"metadata/name", "spec/nets", "spec/flag", "status/list/type", "status/list/at/all", NULL,
};

static const struct {
	const char *text, *expect; /* NULL: not understood */
} rows[] = {
	{"{}", "{}"},
	{" { } \n", "{}"},
	{"{\"other\":{\"metadata\":{\"name\":1}}}", "{}"},
	{"{\"metadata\":{\"labels\":{\"a\":\"}\\\"\"},\"name\":\"vm\",\"n\":1}}",
	 "{\"metadata\":{\"name\":\"vm\"}}"},
	{"{ \"spec\" : { \"x\" : [ 1 ] , \"nets\" : [ {\"a\": 1} ] , \"flag\" : true } }",
	 "{\"spec\" :{\"nets\" : [ {\"a\": 1} ],\"flag\" : true}}"},
	/* objects on the way stay, values that no path leads through as well */
	{"{\"spec\":{\"x\":1},\"status\":{}}", "{\"spec\":{},\"status\":{}}"},
	{"{\"spec\":null,\"metadata\":\"s\",\"status\":-1.5e3}",
	 "{\"spec\":null,\"metadata\":\"s\",\"status\":-1.5e3}"},
	/* through arrays */
	{"{\"status\":{\"list\":[{\"type\":\"A\",\"x\":1},{\"x\":[{}]},7,[[{\"x\":1}]]],\"y\":1}}",
	 "{\"status\":{\"list\":[{\"type\":\"A\"},{},7,[[{\"x\":1}]]]}}"},
	{"{\"status\":{\"list\":[]}}", "{\"status\":{\"list\":[]}}"},
	{"{\"status\":{\"list\":[{\"at\":{\"all\":{},\"no\":0}}]}}",
	 "{\"status\":{\"list\":[{\"at\":{\"all\":{}}}]}}"},
	/* names that begin alike */
	{"{\"metadat\":1,\"metadatas\":2,\"spec\":{\"net\":1,\"netss\":2,\"\":3}}",
	 "{\"spec\":{}}"},
	{"{\"metadata/name\":1}", "{}"},
	/* could be any name */
	{"{\"met\\u0061data\":{\"x\":1,\"name\":2},\"spec\":{\"\\\"\":[]}}",
	 "{\"met\\u0061data\":{\"x\":1,\"name\":2},\"spec\":{\"\\\"\":[]}}"},
	/* the last one counts, as for a parser */
	{"{\"spec\":1,\"spec\":{\"flag\":1}}", "{\"spec\":1,\"spec\":{\"flag\":1}}"},
	/* nobody judges what is left out */
	{"{\"x\":{],\"y\":nonsense}", "{}"},
	{"", NULL},
	{"7", NULL},
	{"[{}]", NULL},
	{"{", NULL},
	{"{\"a", NULL},
	{"{\"a\\", NULL},
	{"{\"a\"", NULL},
	{"{\"a\" 1}", NULL},
	{"{\"a\":}", NULL},
	{"{\"a\":1", NULL},
	{"{\"a\":\"\\\"}", NULL},
	{"{\"a\":[1}", NULL},
	{"{\"a\":1,}", NULL},
	{"{\"a\":1 \"b\":2}", NULL},
	{"{\"status\":{\"list\":[1,]}}", NULL},
	{"{\"status\":{\"list\":[1 2]}}", NULL},
	{"{\"status\":{\"list\":[{}}", NULL},
	{"{}{}", NULL},
};

static void test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_buf struct vmn_buf out = VMN_BUF_INIT(0);
		/* no byte behind the last, so that a sanitizer sees a step too far */
		vmn_auto_free char *exact = vmn_xstrndup(rows[i].text, strlen(rows[i].text));
		bool ok = vmn_json_parts(exact, strlen(rows[i].text), parts, &out);

		if (ok != (rows[i].expect != NULL))
			fail_msg("row %zu: %d %s", i, ok, vmn_buf_str(&out));
		if (ok && strcmp(vmn_buf_str(&out), rows[i].expect) != 0)
			fail_msg("row %zu: %s", i, vmn_buf_str(&out));
	}
}

static void test_no_depth_is_too_much(void **state)
{
	enum { DEPTH = 1 << 20 };
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0), out = VMN_BUF_INIT(0);
	static char brackets[DEPTH];

	(void)state;
	memset(brackets, '[', DEPTH);
	vmn_buf_adds(&text, "{\"spec\":");
	vmn_buf_add(&text, brackets, DEPTH);
	assert_false(vmn_json_parts(text.data, text.len, parts, &out));
	memset(brackets, ']', DEPTH);
	vmn_buf_add(&text, brackets, DEPTH);
	vmn_buf_addc(&text, '}');
	assert_true(vmn_json_parts(text.data, text.len, parts, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_no_depth_is_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
