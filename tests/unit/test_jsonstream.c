/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/data/jsonstream.h"
#include "tests/unit/unit.h"

static int collect(void *arg, struct json_object *item, struct vmn_err *err)
{
	struct vmn_buf *out = arg;

	(void)err;
	vmn_buf_addf(out, "%s;", vmn_json_text(item));
	return 0;
}

/* Feed @text in pieces: @size bytes each, the first one @first bytes. */
static int run(enum vmn_jsonstream_kind kind, const char *text, size_t first, size_t size,
	       struct vmn_buf *items, struct json_object **rest, struct vmn_err *err)
{
	vmn_auto_jsonstream struct vmn_jsonstream *s = vmn_jsonstream_new(kind, collect, items);
	size_t len = strlen(text), at = 0, n = first;
	int rc = 0;

	while (rc == 0 && at < len) {
		if (n > len - at)
			n = len - at;
		rc = vmn_jsonstream_feed(s, text + at, n, err);
		at += n;
		n = size;
	}
	return rc < 0 ? rc : vmn_jsonstream_end(s, rest, err);
}

static const struct {
	enum vmn_jsonstream_kind kind;
	const char *text, *items, *rest; /* items NULL: an error */
} rows[] = {
	{VMN_JSONSTREAM_LIST,
	 "{\"kind\":\"PodList\",\"items\":[{\"a\":[1,{\"b\":\"]}\\\"\\\\\"}]},{}],\"metadata\":{"
	 "\"x\":1}}",
	 "{\"a\":[1,{\"b\":\"]}\\\"\\\\\"}]};{};",
	 "{\"kind\":\"PodList\",\"items\":[],\"metadata\":{\"x\":1}}"},
	{VMN_JSONSTREAM_LIST, " { \"items\" : [ 1 , \"a,]\" ,true, [2,[]] ] , \"z\" : [ {} ] } ",
	 "1;\"a,]\";true;[2,[]];", "{\"items\":[],\"z\":[{}]}"},
	{VMN_JSONSTREAM_LIST, "{\"items\":[]}", "", "{\"items\":[]}"},
	{VMN_JSONSTREAM_LIST, "{\"items\":null,\"kind\":\"L\"}", "",
	 "{\"items\":null,\"kind\":\"L\"}"},
	/* "items" elsewhere is nothing special */
	{VMN_JSONSTREAM_LIST, "{\"x\":{\"items\":[1]},\"y\":\"items\",\"z\":[\"items\"]}", "",
	 "{\"x\":{\"items\":[1]},\"y\":\"items\",\"z\":[\"items\"]}"},
	{VMN_JSONSTREAM_LIST, "{\"kind\":\"Status\",\"code\":410}", "",
	 "{\"kind\":\"Status\",\"code\":410}"},
	{VMN_JSONSTREAM_LIST, "{\"items\":[{}", NULL, NULL},
	{VMN_JSONSTREAM_LIST, "{\"items\":[{},]}", NULL, NULL},
	{VMN_JSONSTREAM_LIST, "{\"items\":[,{}]}", NULL, NULL},
	{VMN_JSONSTREAM_LIST, "{\"items\":[{}{}]}", NULL, NULL},
	{VMN_JSONSTREAM_LIST, "{\"items\":[{\"a\":}]}", NULL, NULL},
	{VMN_JSONSTREAM_LIST, "{\"items\":[\"\xff\"]}", NULL, NULL},
	{VMN_JSONSTREAM_LIST, "{\"items\":[}]}", NULL, NULL},
	{VMN_JSONSTREAM_LIST, "{\"items\":[{}]", NULL, NULL},
	{VMN_JSONSTREAM_LIST, "{\"items\":[{}]}}", NULL, NULL},
	{VMN_JSONSTREAM_LIST, "", NULL, NULL},
	{VMN_JSONSTREAM_LIST, "<html>", NULL, NULL},
	{VMN_JSONSTREAM_DOCUMENTS, "{\"a\":1}\n{\"b\":\"}{\"}\r\n\n", "{\"a\":1};{\"b\":\"}{\"};",
	 NULL},
	{VMN_JSONSTREAM_DOCUMENTS, "{\"a\":1}{\"b\":2}7", "{\"a\":1};{\"b\":2};7;", NULL},
	{VMN_JSONSTREAM_DOCUMENTS, "", "", NULL},
	{VMN_JSONSTREAM_DOCUMENTS, "{\"a\":1}{\"b\"", NULL, NULL},
	{VMN_JSONSTREAM_DOCUMENTS, "{},{}", NULL, NULL},
	{VMN_JSONSTREAM_DOCUMENTS, "]", NULL, NULL},
};

static void check(size_t row, size_t first, size_t size)
{
	vmn_auto_buf struct vmn_buf items = VMN_BUF_INIT(0);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *rest = NULL;
	int rc = run(rows[row].kind, rows[row].text, first, size, &items, &rest, &err);

	if ((rc == 0) != (rows[row].items != NULL))
		fail_msg("row %zu split %zu: %d %s", row, first, rc, vmn_err_text(&err));
	if (rc < 0)
		return;
	if (strcmp(vmn_buf_str(&items), rows[row].items) != 0)
		fail_msg("row %zu split %zu: items %s", row, first, vmn_buf_str(&items));
	if (rows[row].rest)
		assert_string_equal(vmn_json_text(rest), rows[row].rest);
}

static void test_pieces_may_end_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		for (size_t first = 1; first <= strlen(rows[i].text); first++)
			check(i, first, SIZE_MAX / 2);
		check(i, 1, 1);
	}
}

static void test_sizes_are_capped(void **state)
{
	static char big[VMN_JSONSTREAM_MAX_ITEM + 100];
	static const struct {
		const char *head;
		enum vmn_code code;
	} caps[] = {
		{"{\"items\":[\"", VMN_E_NOMEM}, /* an item */
		{"{\"metadata\":\"", VMN_E_NOMEM},
	};

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	for (size_t i = 0; i < VMN_ARRAY_LEN(caps); i++) {
		vmn_auto_buf struct vmn_buf items = VMN_BUF_INIT(0);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_jsonstream struct vmn_jsonstream *s =
			vmn_jsonstream_new(VMN_JSONSTREAM_LIST, collect, &items);

		assert_int_equal(vmn_jsonstream_feed(s, caps[i].head, strlen(caps[i].head), &err),
				 0);
		assert_int_equal(vmn_jsonstream_feed(s, big, sizeof(big) - 1, &err),
				 -(int)caps[i].code);
	}
}

static int refuse(void *arg, struct json_object *item, struct vmn_err *err)
{
	(void)item;
	++*(int *)arg;
	return vmn_err_set(err, VMN_E_CANCELLED, "enough");
}

static void test_the_callback_can_end_it(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	int calls = 0;
	vmn_auto_jsonstream struct vmn_jsonstream *s =
		vmn_jsonstream_new(VMN_JSONSTREAM_DOCUMENTS, refuse, &calls);

	(void)state;
	assert_int_equal(vmn_jsonstream_feed(s, "{}{}{}", 6, &err), -VMN_E_CANCELLED);
	assert_int_equal(calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_may_end_anywhere),
		cmocka_unit_test(test_sizes_are_capped),
		cmocka_unit_test(test_the_callback_can_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
