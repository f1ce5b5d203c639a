/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/out/doc.h"
#include "lib/out/progress.h"
#include "lib/out/table.h"
#include "lib/out/term.h"
#include "tests/unit/unit.h"

static void test_clean(void **state)
{
	static const struct {
		const char *text, *line, *lines;
	} rows[] = {
		{"plain", "plain", "plain"},
		{"", "", ""},
		{"grün 日本 🙂", "grün 日本 🙂", "grün 日本 🙂"},
		{"a\nb\tc", "a b c", "a\nb\tc"},
		{"\033[31mred\033[0m", "?[31mred?[0m", "?[31mred?[0m"},
		{"\033]0;title\a", "?]0;title?", "?]0;title?"},
		{"over\rwrite\b\b", "over?write??", "over?write??"},
		{"del\x7f", "del?", "del?"},
		{"c1\xc2\x9b"
		 "31m",
		 "c1?31m", "c1?31m"}, /* U+009B, the 8-bit CSI */
		{"raw\x9b", "raw?", "raw?"},
		{"overlong\xc0\xaf", "overlong??", "overlong??"},
		{"overlong\xe0\x80\x9b", "overlong???", "overlong???"},
		{"surrogate\xed\xa0\x80", "surrogate???", "surrogate???"},
		{"beyond\xf4\x90\x80\x80", "beyond????", "beyond????"},
		{"cut\xe6\x97", "cut??", "cut??"},
		{"cut\xf0\x9f\x99z", "cut???z", "cut???z"},
		{"\xff\xfe", "??", "??"},
		{"bidi\xe2\x80\xae"
		 "txt",
		 "bidi?txt", "bidi?txt"},		/* U+202E */
		{"iso\xe2\x81\xa6", "iso?", "iso?"},	/* U+2066 */
		{"para\xe2\x80\xa9", "para?", "para?"}, /* U+2029 */
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);
		vmn_auto_free char *line = vmn_clean_dup(rows[i].text);

		vmn_clean(&b, rows[i].text, true);
		if (strcmp(line, rows[i].line) != 0 || strcmp(vmn_buf_str(&b), rows[i].lines) != 0)
			fail_msg("row %zu: '%s' '%s'", i, line, vmn_buf_str(&b));
	}
}

static void test_color_choice(void **state)
{
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	assert_false(vmn_term_color(f, VMN_COLOR_AUTO, "xterm", NULL)); /* no terminal */
	assert_false(vmn_term_color(f, VMN_COLOR_NEVER, "xterm", NULL));
	/* asked for beats NO_COLOR and TERM */
	assert_true(vmn_term_color(f, VMN_COLOR_ALWAYS, "dumb", "1"));
	assert_int_equal(vmn_term_width(f, NULL), 0);
	assert_int_equal(vmn_term_width(f, "132"), 132);
	assert_int_equal(vmn_term_width(f, "wide"), 0);
	(void)fclose(f);
}

/* The text written to a stream by @draw; caller frees. */
static char *drawn(void (*draw)(FILE *f, void *arg), void *arg)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	draw(f, arg);
	(void)fclose(f);
	return text;
}

struct drawing {
	struct vmn_table *table;
	bool color;
	int width;
};

static void draw_table(FILE *f, void *arg)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct drawing *d = arg;

	assert_int_equal(vmn_table_print(d->table, f, d->color, d->width, &err), 0);
}

static char *table_text(struct vmn_table *t, bool color, int width)
{
	struct drawing d = {t, color, width};

	return drawn(draw_table, &d);
}

static const struct vmn_col cols[] = {
	{"NAME", VMN_COL_TREE},
	{"QUEUES", VMN_COL_RIGHT},
	{"NODE", VMN_COL_WIDE},
	{"STATE", VMN_COL_TRUNC},
};

static void add_row(struct vmn_table *t, const char *name, const char *queues, const char *node,
		    const char *text, enum vmn_style style)
{
	(void)vmn_table_row(t, -1);
	vmn_table_cell(t, 0, name, VMN_STYLE_PLAIN);
	vmn_table_cell(t, 1, queues, VMN_STYLE_PLAIN);
	vmn_table_cell(t, 2, node, VMN_STYLE_PLAIN);
	vmn_table_cell(t, 3, text, style);
}

static struct vmn_table *sample(bool wide)
{
	struct vmn_table *t = vmn_table_new(cols, VMN_ARRAY_LEN(cols), wide);

	add_row(t, "web-1", "4", "n1", "plugged", VMN_STYLE_GREEN);
	add_row(t, "日本", "16", "n2", "bad\033[2Jname", VMN_STYLE_PLAIN);
	add_row(t, "x", NULL, NULL, NULL, VMN_STYLE_PLAIN);
	return t;
}

static void test_table(void **state)
{
	vmn_auto_table struct vmn_table *t = sample(false), *wide = sample(true);
	vmn_auto_free char *text = table_text(t, false, 0), *wide_text = table_text(wide, false, 0);

	(void)state;
	assert_string_equal(text, "NAME    QUEUES   STATE\n"
				  "web-1        4   plugged\n"
				  "日本        16   bad?[2Jname\n"
				  "x            -   -\n");
	assert_string_equal(wide_text, "NAME    QUEUES   NODE   STATE\n"
				       "web-1        4   n1     plugged\n"
				       "日本        16   n2     bad?[2Jname\n"
				       "x            -   -      -\n");
}

static void test_table_color_and_width(void **state)
{
	vmn_auto_table struct vmn_table *t = sample(false), *narrow = sample(false);
	vmn_auto_free char *color = table_text(t, true, 0), *cut = table_text(narrow, false, 24);

	(void)state;
	assert_non_null(strstr(color, "\033[32mplugged\033[0m\n"));
	assert_null(strstr(color, "\033[2J"));
	assert_string_equal(cut, "NAME    QUEUES   STATE\n"
				 "web-1        4   plugged\n"
				 "日本        16   bad?[2J\n"
				 "x            -   -\n");
}

static void test_tree(void **state)
{
	static const struct vmn_col tree_cols[] = {{"OBJECT", VMN_COL_TREE}, {"STATE", 0}};
	vmn_auto_table struct vmn_table *t = vmn_table_new(tree_cols, 2, false);
	vmn_auto_free char *text = NULL;
	int vm, vmi;

	(void)state;
	vm = vmn_table_row(t, -1);
	vmn_table_cell(t, 0, "vm/web", VMN_STYLE_PLAIN);
	vmi = vmn_table_row(t, vm);
	vmn_table_cell(t, 0, "vmi/web", VMN_STYLE_PLAIN);
	(void)vmn_table_row(t, vmi);
	vmn_table_cell(t, 0, "pod/virt-launcher", VMN_STYLE_PLAIN);
	vmn_table_cell(t, 1, "ok", VMN_STYLE_PLAIN);
	(void)vmn_table_row(t, vm);
	vmn_table_cell(t, 0, "nad/a", VMN_STYLE_PLAIN);
	text = table_text(t, false, 0);
	assert_string_equal(text, "OBJECT                  STATE\n"
				  "vm/web                  -\n"
				  "├─vmi/web               -\n"
				  "│ └─pod/virt-launcher   ok\n"
				  "└─nad/a                 -\n");
}

static void draw_json(FILE *f, void *arg)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	assert_int_equal(vmn_doc_json(arg, false, f, &err), 0);
}

static void draw_line(FILE *f, void *arg)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	assert_int_equal(vmn_doc_json(arg, true, f, &err), 0);
}

static void draw_yaml(FILE *f, void *arg)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	assert_int_equal(vmn_doc_yaml(arg, f, &err), 0);
}

static void test_documents(void **state)
{
	vmn_auto_json struct json_object *doc = unit_json(
		"{\"a\":{\"b\":[1,{\"c\":\"x/y\"}],\"e\":[],\"o\":{}},\"n\":null,\"t\":true}");
	vmn_auto_json struct json_object *evil =
		unit_json("{\"k\":\"\\u001b[2J\\u009b \\u202e é\"}");
	vmn_auto_free char *json = drawn(draw_json, doc), *line = drawn(draw_line, doc);
	vmn_auto_free char *yaml = drawn(draw_yaml, doc), *safe = drawn(draw_line, evil);

	(void)state;
	assert_string_equal(json, "{\n"
				  "    \"a\": {\n"
				  "        \"b\": [\n"
				  "            1,\n"
				  "            {\n"
				  "                \"c\": \"x/y\"\n"
				  "            }\n"
				  "        ],\n"
				  "        \"e\": [],\n"
				  "        \"o\": {}\n"
				  "    },\n"
				  "    \"n\": null,\n"
				  "    \"t\": true\n"
				  "}\n");
	assert_string_equal(line, "{\"a\":{\"b\":[1,{\"c\":\"x/y\"}],\"e\":[],\"o\":{}},"
				  "\"n\":null,\"t\":true}\n");
	assert_string_equal(safe, "{\"k\":\"\\u001b[2J\\u009b \\u202e é\"}\n");
	assert_non_null(strstr(yaml, "a:\n"));
}

static void draw_progress(FILE *f, void *arg)
{
	vmn_auto_progress struct vmn_progress *p = vmn_progress_new(f, "xterm", *(bool *)arg);

	vmn_progress_state(p, "waiting for the pod");
	vmn_progress_state(p, "waiting for the pod");
	vmn_progress_tick(p);
	vmn_progress_state(p, "in the guest\033[2J");
	vmn_progress_hide(p);
}

static void test_progress_on_a_pipe(void **state)
{
	bool loud = false, quiet = true;
	vmn_auto_free char *text = drawn(draw_progress, &loud),
			   *none = drawn(draw_progress, &quiet);

	(void)state;
	assert_string_equal(text, "waiting for the pod\nin the guest?[2J\n");
	assert_string_equal(none, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_color_choice),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_color_and_width),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_progress_on_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
