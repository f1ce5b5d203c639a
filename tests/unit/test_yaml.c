/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/data/yaml.h"
#include "tests/unit/unit.h"

/* What `kubectl` 1.20 and 1.32 make of "v: SCALAR" in a kubeconfig's extension, as JSON. */
static void test_scalars_are_kubectls(void **state)
{
	static const struct {
		const char *yaml, *json;
	} rows[] = {
		/* integers */
		{"0", "0"},
		{"12", "12"},
		{"+12", "12"},
		{"-0", "0"},
		{"00", "0"},
		{"0777", "511"},
		{"-017", "-15"},
		{"0o17", "15"},
		{"0x1F", "31"},
		{"+0x10", "16"},
		{"0b101", "5"},
		{"-0b11", "-3"},
		{"1_000", "1000"},
		{"1__0", "10"},
		{"0x_1", "1"},
		{"08", "8"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"12345678901234567890", "12345678901234567890"},
		{"0xFFFFFFFFFFFFFFFF", "18446744073709551615"},
		/* floats; whole ones come out as integers */
		{"1e3", "1000"},
		{"1E5", "100000"},
		{"1.e3", "1000"},
		{"5.", "5"},
		{".5", "0.5"},
		{".5_0", "0.5"},
		{"0.1", "0.1"},
		{"1.5", "1.5"},
		{"-0.0", "0"},
		{"1e-7", "1e-07"},
		{"12345678.9", "12345678.9"},
		{"1e21", "1e+21"},
		{"123456789012345678901234567890", "1.2345678901234568e+29"},
		{"9007199254740993.5", "9007199254740994"},
		/* booleans and null */
		{"yes", "true"},
		{"Yes", "true"},
		{"YES", "true"},
		{"y", "true"},
		{"on", "true"},
		{"True", "true"},
		{"n", "false"},
		{"N", "false"},
		{"no", "false"},
		{"off", "false"},
		{"false", "false"},
		{"~", "null"},
		{"null", "null"},
		{"Null", "null"},
		{"", "null"},
		/* strings */
		{"tRUE", "\"tRUE\""},
		{"yEs", "\"yEs\""},
		{"1e400", "\"1e400\""},
		{"0x", "\"0x\""},
		{"+", "\"+\""},
		{".", "\".\""},
		{"._", "\"._\""},
		{"._5", "\"._5\""},
		{"=", "\"=\""},
		{"1.2.3", "\"1.2.3\""},
		{"1e", "\"1e\""},
		{"0b", "\"0b\""},
		{"0b2", "\"0b2\""},
		{"0o", "\"0o\""},
		{"_1", "\"_1\""},
		{"0x1.8p1", "\"0x1.8p1\""},
		{"Inf", "\"Inf\""},
		{"nan", "\"nan\""},
		{"2026-11-21", "\"2026-11-21\""},
		{"2026-11-21T10:00:00Z", "\"2026-11-21T10:00:00Z\""},
		{"12:30:45", "\"12:30:45\""},
		{"<<", "\"<<\""},
		{"\"yes\"", "\"yes\""},
		{"'1'", "\"1\""},
		{"'it''s'", "\"it's\""},
		{"\"\\u00e9\\n\"", "\"\xc3\xa9\\n\""},
		{"a b", "\"a b\""},
		{"\"a\\0b\"", "\"a\\u0000b\""},
		/* tags */
		{"!!str 12", "\"12\""},
		{"!!int \"12\"", "12"},
		{"!!float 3", "3"},
		{"!!bool \"yes\"", "true"},
		{"!!null \"\"", "null"},
		{"! 12", "\"12\""},
		{"!foo 12", "\"12\""},
		{"!!timestamp 2026-11-21", "\"2026-11-21\""},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_json struct json_object *obj = NULL;
		vmn_auto_free char *text = vmn_xasprintf("v: %s\n", rows[i].yaml);
		struct json_object *v = NULL;

		if (vmn_yaml_parse_one(text, strlen(text), &obj, &err) < 0)
			fail_msg("%s: %s", rows[i].yaml, vmn_err_text(&err));
		assert_true(json_object_object_get_ex(obj, "v", &v));
		if (strcmp(vmn_json_text(v), rows[i].json) != 0)
			fail_msg("%s: %s, not %s", rows[i].yaml, vmn_json_text(v), rows[i].json);
	}
}

static void test_streams(void **state)
{
	static const struct {
		const char *yaml, *json;
	} rows[] = {
		{"", "[]"},
		{"# nothing\n", "[]"},
		{"---\n---\n~\n...\n", "[]"},
		{"a: 1\n---\nb: 2\n...\n---\n- 3\n", "[{\"a\":1},{\"b\":2},[3]]"},
		{"{\"a\": [1, true, null, \"x\"]}", "[{\"a\":[1,true,null,\"x\"]}]"},
		{"\xef\xbb\xbf"
		 "a: b\n",
		 "[{\"a\":\"b\"}]"},
		{"a: |\n  x\n   y\nb: >\n  x\n  y\nc: |-\n  z\n",
		 "[{\"a\":\"x\\n y\\n\",\"b\":\"x y\\n\",\"c\":\"z\"}]"},
		/* keys become text; of two the last counts, in the first one's place */
		{"1: a\n0x10: b\ntrue: c\n1.5: d\n2026-11-21: e\n",
		 "[{\"1\":\"a\",\"16\":\"b\",\"true\":\"c\",\"1.5\":\"d\",\"2026-11-21\":\"e\"}]"},
		{"a: 1\nb: 2\na: 3\n", "[{\"a\":3,\"b\":2}]"},
		/* aliases are copies, and a name may be given anew */
		{"a: &x {k: v}\nb: *x\nc: &x 1\nd: *x\n",
		 "[{\"a\":{\"k\":\"v\"},\"b\":{\"k\":\"v\"},\"c\":1,\"d\":1}]"},
		{"a: &n ~\nb: *n\n", "[{\"a\":null,\"b\":null}]"},
		/* merge keys, in goyaml's order */
		{"x: &b {s: m, t: z}\nw: {<<: *b, s: own}\n",
		 "[{\"x\":{\"s\":\"m\",\"t\":\"z\"},\"w\":{\"s\":\"own\",\"t\":\"z\"}}]"},
		{"x: &b {s: m}\nw: {s: own, <<: *b}\n",
		 "[{\"x\":{\"s\":\"m\"},\"w\":{\"s\":\"m\"}}]"},
		{"w: {<<: [{a: 1}, {a: 2, b: 2}]}\n", "[{\"w\":{\"a\":1,\"b\":2}}]"},
		{"w: {\"<<\": 1}\n", "[{\"w\":{\"<<\":1}}]"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_json struct json_object *docs = NULL;

		if (vmn_yaml_parse(rows[i].yaml, strlen(rows[i].yaml), &docs, &err) < 0)
			fail_msg("%s: %s", rows[i].yaml, vmn_err_text(&err));
		if (strcmp(vmn_json_text(docs), rows[i].json) != 0)
			fail_msg("%s: %s, not %s", rows[i].yaml, vmn_json_text(docs), rows[i].json);
	}
}

static void test_errors_say_where(void **state)
{
	static const struct {
		const char *yaml, *where;
	} rows[] = {
		{"a: b\nc: [1,\n", "line 3, column 1"},
		{"a: b\n c: d\n", "line 2, column 3"},
		{"a:\n\t- b\n", "line 2, column 1"},
		{"a: *x\n", "line 1, column 4: the alias has no anchor before it"},
		{"a: &x [*x]\n", "line 1, column 8: the alias has no anchor before it"},
		{"a: &x 1\n---\nb: *x\n", "line 3, column 4: the alias has no anchor before it"},
		{"a: .inf\n", "line 1, column 4: JSON has no such number"},
		{"a: !!int x\n", "line 1, column 4: the value does not fit its tag"},
		{"a: !!binary aGk=\n", "line 1, column 4: !!binary"},
		{"? [a]\n: b\n", "line 1, column 3: a key must be a plain value"},
		{"~: b\n", "line 1, column 1: a key cannot be null"},
		{"\"a\\0\": b\n", "line 1, column 1: a key cannot hold a NUL"},
		{"a: {<<: 1}\n", "line 1, column 5: only mappings can be merged"},
		{"a: {<<: [1]}\n", "line 1, column 5: only mappings can be merged"},
		{"ok: 1\nbad: \xff\n", "line 2, column 6"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_json struct json_object *docs = NULL;

		assert_int_equal(vmn_yaml_parse(rows[i].yaml, strlen(rows[i].yaml), &docs, &err),
				 -VMN_E_INVALID);
		if (!strstr(vmn_err_text(&err), rows[i].where))
			fail_msg("%s: '%s' lacks '%s'", rows[i].yaml, vmn_err_text(&err),
				 rows[i].where);
	}
}

static void test_parse_one_wants_one_mapping(void **state)
{
	static const struct {
		const char *yaml, *why;
	} rows[] = {
		{"", "no YAML document"},
		{"a: 1\n---\nb: 2\n", "more than one YAML document"},
		{"- 1\n", "not a mapping"},
		{"x\n", "not a mapping"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_json struct json_object *obj = NULL;

		assert_int_equal(vmn_yaml_parse_one(rows[i].yaml, strlen(rows[i].yaml), &obj, &err),
				 -VMN_E_INVALID);
		assert_non_null(strstr(vmn_err_text(&err), rows[i].why));
	}
}

static void test_bombs_are_defused(void **state)
{
	vmn_auto_buf struct vmn_buf deep = VMN_BUF_INIT(0), laughs = VMN_BUF_INIT(0),
				    chain = VMN_BUF_INIT(0);
	const struct vmn_buf *bombs[] = {&deep, &laughs, &chain};

	(void)state;
	for (int i = 0; i < 900; i++)
		vmn_buf_addc(&deep, '[');
	for (int i = 0; i < 900; i++)
		vmn_buf_addc(&deep, ']');
	vmn_buf_adds(&laughs, "- &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
	for (int i = 1; i < 12; i++)
		vmn_buf_addf(&laughs, "- &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n",
			     i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	vmn_buf_adds(&chain, "- &a0 [x]\n");
	for (int i = 1; i < 100; i++)
		vmn_buf_addf(&chain, "- &a%d [*a%d]\n", i, i - 1);
	for (size_t i = 0; i < VMN_ARRAY_LEN(bombs); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_json struct json_object *docs = NULL;

		assert_int_equal(vmn_yaml_parse(bombs[i]->data, bombs[i]->len, &docs, &err),
				 -VMN_E_INVALID);
	}
}

static void test_written_as_kubectl_writes(void **state)
{
	static const struct {
		const char *json, *yaml;
	} rows[] = {
		{"{\"a\":{\"b\":[1,{\"c\":true,\"d\":null}]},\"e\":{},\"f\":[]}",
		 "a:\n  b:\n  - 1\n  - c: true\n    d: null\ne: {}\nf: []\n"},
		{"[\"yes\",\"0777\",\"1e3\",\"null\",\"~\",\"2026-11-21\",\"\",\"<<\",\"12:30:45\",\"y\"]",
		 "- \"yes\"\n- \"0777\"\n- \"1e3\"\n- \"null\"\n- \"~\"\n- \"2026-11-21\"\n- \"\"\n"
		 "- \"<<\"\n- \"12:30:45\"\n- \"y\"\n"},
		{"{\"t\":\"two\\nlines\\n\",\"u\":\"no\\nend\"}",
		 "t: |\n  two\n  lines\nu: |-\n  no\n  end\n"},
		{"[\"a: b\",\"- x\",\"#c\",\"it's\",\" lead\",\"{x\",\"*a\",\"%d\",\"a #b\"]",
		 "- 'a: b'\n- '- x'\n- '#c'\n- it's\n- ' lead'\n- '{x'\n- '*a'\n- '%d'\n- 'a #b'\n"},
		{"[\"cr\\r\\nlf\",\"bell\\u0007\",\"d\\u00e9j\\u00e0\"]",
		 "- \"cr\\r\\nlf\"\n- \"bell\\a\"\n- d\xc3\xa9j\xc3\xa0\n"},
		{"{\"yes\":1,\"1\":2,\"k8s.v1.cni.cncf.io/networks\":\"[{}]\"}",
		 "\"yes\": 1\n\"1\": 2\nk8s.v1.cni.cncf.io/networks: '[{}]'\n"},
		{"[0.1,-5,18446744073709551615,1.50]",
		 "- 0.1\n- -5\n- 18446744073709551615\n- 1.50\n"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_json struct json_object *obj = unit_json(rows[i].json);
		vmn_auto_buf struct vmn_buf out = VMN_BUF_INIT(0);

		vmn_yaml_write(obj, &out);
		assert_true(vmn_buf_ok(&out));
		if (strcmp(vmn_buf_str(&out), rows[i].yaml) != 0)
			fail_msg("%s:\n%s", rows[i].json, vmn_buf_str(&out));
	}
}

static void test_what_is_written_reads_back(void **state)
{
	/* each alone, as a value in a mapping and in a list, and as a key */
	static const char *const texts[] = {
		"",
		" ",
		"\n",
		"\n\n",
		" \n",
		"\n ",
		"a\n",
		"a\n\n",
		"\na",
		"\n\na\n",
		" a\n b\n",
		"a \nb",
		"a\n \nb\n",
		"\ta\n",
		"a\tb",
		"\t",
		"a\n\tb\n",
		"\r",
		"a\rb",
		"a\r\nb\r\n",
		"\xc2\x85x",
		("a\xe2\x80\xa8"
		 "b"),
		"\xef\xbb\xbf",
		"\xf0\x9f\x98\x80",
		"#",
		"a #b",
		"a: b",
		":",
		"?",
		"- ",
		"---",
		"...",
		"--- a",
		"a\n---\nb\n",
		"a\n...\n",
		"&a",
		"*a",
		"!a",
		"|",
		">",
		"%a",
		"@a",
		"`a",
		"'",
		"\"",
		"\\",
		"[",
		"]",
		"{",
		"}",
		",",
		"=",
		"~",
		"<<",
		"yes",
		"1",
		"0x1",
		"1.5",
		".inf",
		"2026-11-21",
		"\x01",
		"\x7f",
		"x\n# y\n",
		"0:1",
		"trailing ",
		"a\n\n\n b",
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(texts); i++) {
		vmn_auto_json struct json_object *obj =
			vmn_json_build("{\"v\":%s,\"l\":[%s,[%s]],\"m\":{%s:%s}}", texts[i],
				       texts[i], texts[i], texts[i], texts[i]);
		vmn_auto_json struct json_object *again = NULL;
		vmn_auto_buf struct vmn_buf out = VMN_BUF_INIT(0);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		vmn_yaml_write(obj, &out);
		assert_true(vmn_buf_ok(&out));
		if (vmn_yaml_parse_one(out.data, out.len, &again, &err) < 0)
			fail_msg("'%s': %s\n%s", texts[i], vmn_err_text(&err), out.data);
		if (!json_object_equal(obj, again))
			fail_msg("'%s' became %s through\n%s", texts[i], vmn_json_text(again),
				 out.data);
	}
}

static void test_writing_odd_things(void **state)
{
	vmn_auto_json struct json_object *list = json_object_new_array();
	vmn_auto_buf struct vmn_buf out = VMN_BUF_INIT(0), tight = VMN_BUF_INIT(8);

	(void)state;
	vmn_json_append_take(list, json_object_new_string_len("a\0b", 3));
	vmn_json_append_take(list, json_object_new_string("bad \xff\xc3 \xed\xa0\x80 end"));
	vmn_json_append_take(list, json_object_new_double(1e300 * 1e300));
	vmn_yaml_write(list, &out);
	assert_string_equal(vmn_buf_str(&out),
			    "- \"a\\0b\"\n- bad \xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd"
			    "\xef\xbf\xbd end\n- .inf\n");
	vmn_yaml_write(list, &tight);
	assert_false(vmn_buf_ok(&tight));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars_are_kubectls),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_errors_say_where),
		cmocka_unit_test(test_parse_one_wants_one_mapping),
		cmocka_unit_test(test_bombs_are_defused),
		cmocka_unit_test(test_written_as_kubectl_writes),
		cmocka_unit_test(test_what_is_written_reads_back),
		cmocka_unit_test(test_writing_odd_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
