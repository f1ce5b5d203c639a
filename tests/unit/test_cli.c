/* SPDX-License-Identifier: Apache-2.0 */
/* help, man pages, exit statuses and errors: everything a program says about itself */
#include "config.h"

#include "cli/error.h"
#include "cli/exit.h"
#include "cli/help.h"
#include "cli/text.h"
#include "tests/unit/unit.h"

static void test_wrap(void **state)
{
	static const struct {
		const char *text;
		int column, indent, width;
		const char *want;
	} rows[] = {
		{"one two three", 0, 0, 80, "one two three\n"},
		{"one two three", 0, 0, 7, "one two\nthree\n"},
		{"one two three", 0, 2, 7, "one two\n  three\n"},
		{"one two three", 4, 4, 9, "one\n    two\n    three\n"},
		{"overlongword a", 0, 0, 5, "overlongword\na\n"},
		{"a\nb  c", 0, 0, 80, "a b c\n"},
		{"para one\n\npara two", 0, 2, 80, "para one\n\n  para two\n"},
		{"list:\n\n  kept   as\n  it is\n\nend", 0, 0, 80,
		 "list:\n\n  kept   as\n  it is\n\nend\n"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

		cmd_text_wrap(&b, rows[i].text, rows[i].column, rows[i].indent, rows[i].width);
		if (strcmp(vmn_buf_str(&b), rows[i].want) != 0)
			fail_msg("row %zu:\n%s", i, vmn_buf_str(&b));
	}
}

struct frob_opts {
	const char *name;
	int via;
	bool force;
	int64_t wait_ms;
};

static const char *const via_words[] = {"auto", "spec", NULL};
static const char *const frob_aliases[] = {"fr", "frb", NULL};

static const struct cmd_opt frob_table[] = {
	{CMD_OPT_STR, 'm', "name", .offset = offsetof(struct frob_opts, name), .arg = "IFACE",
	 .help = "name of the interface", .flags = CMD_OPT_REQUIRED},
	{CMD_OPT_ENUM, 0, "via", .offset = offsetof(struct frob_opts, via), .words = via_words,
	 .def = "auto", .help = "which way"},
	{CMD_OPT_DURATION, 0, "wait", .offset = offsetof(struct frob_opts, wait_ms), .arg = "TIME",
	 .flags = CMD_OPT_OPTIONAL_ARG, .bare = "5m", .help = "wait until it is done"},
	{CMD_OPT_BOOL, 0, "secret", .offset = offsetof(struct frob_opts, force),
	 .flags = CMD_OPT_HIDDEN, .help = "not shown"},
	{0},
};

static const struct cmd_example frob_examples[] = {
	{"prog frob web --name 'a~b'", "do it"},
	{0},
};

static const struct cmd frob = {
	.name = "frob",
	.aliases = frob_aliases,
	.group = "Work",
	.summary = "frobs what is named",
	.operands = "THING...",
	.description = "One paragraph.\n\nAnother one.",
	.formats = CMD_HAS(JSON) | CMD_HAS(NAME),
	.opts = frob_table,
	.opts_size = sizeof(struct frob_opts),
	.examples = frob_examples,
};

static const struct cmd hidden = {
	.name = "hidden", .group = "Work", .summary = "h", .flags = CMD_HIDDEN};
static const struct cmd *const commands[] = {&frob, &cmd_help, &hidden, NULL};
static const struct cmd_program program = {
	.name = "prog", .invocation = "prog", .summary = "does things", .commands = commands};

static void assert_has(const struct vmn_buf *b, const char *text)
{
	if (!strstr(vmn_buf_str(b), text))
		fail_msg("no '%s' in:\n%s", text, vmn_buf_str(b));
}

static void test_help_of_a_command(void **state)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	(void)state;
	cmd_help_text(&program, &frob, 80, &b);
	assert_has(&b, "prog frob - frobs what is named\n");
	assert_has(&b, "  prog frob THING... [OPTION...]\n");
	assert_has(&b, "Aliases: fr, frb\n");
	assert_has(&b, "One paragraph.\n\nAnother one.\n");
	assert_has(&b, "  -m, --name IFACE            name of the interface (required)\n");
	assert_has(&b, "      --via auto|spec         which way (default auto)\n");
	assert_has(&b, "      --wait[=TIME]           wait until it is done (alone: 5m)\n");
	assert_has(&b, "Output formats: -o name|json\n");
	assert_has(&b, "  # do it\n  prog frob web --name 'a~b'\n");
	assert_null(strstr(vmn_buf_str(&b), "secret"));
	assert_null(strstr(vmn_buf_str(&b), "--kubeconfig")); /* talks to no server */
}

static void test_help_fits_the_terminal(void **state)
{
	static const int widths[] = {64, 80, 100};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(widths); i++) {
		vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);
		vmn_auto_strlist struct vmn_strlist lines = {0};

		cmd_help_text(&program, NULL, widths[i], &b);
		vmn_strlist_split(&lines, vmn_buf_str(&b), '\n');
		for (size_t l = 0; l < lines.n; l++)
			if (strlen(lines.v[l]) > (size_t)widths[i] && strchr(lines.v[l] + 30, ' '))
				fail_msg("%d columns: %s", widths[i], lines.v[l]);
	}
}

static void test_help_of_the_program(void **state)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	(void)state;
	cmd_help_text(&program, NULL, 80, &b);
	assert_has(&b, "\nWork:\n  frob   frobs what is named\n\nAbout:\n  help   ");
	assert_null(strstr(vmn_buf_str(&b), "hidden"));
}

static void test_man_page(void **state)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	(void)state;
	cmd_man(&program, &frob,
		"@HEADER@\n.SH DESCRIPTION\nProse.\n@OPTIONS@\n@EXIT_STATUS@\n@EXAMPLES@\n", &b);
	assert_has(&b, ".TH PROG\\-FROB 1 ");
	assert_has(&b, ".SH NAME\nprog\\-frob \\- frobs what is named\n");
	assert_has(&b, "\\fBprog\\fR \\fBfrob\\fR \\fITHING...\\fR [\\fIOPTION\\fR...]\n");
	assert_has(&b, ".SH DESCRIPTION\nProse.\n.SH OPTIONS\n");
	assert_has(
		&b,
		".TP\n\\fB\\-m\\fR, \\fB\\-\\-name\\fR\\fI IFACE\\fR\nname of the interface (required)\n");
	assert_has(&b, "\\fB\\-\\-color\\fR");
	assert_has(&b, "\\fB124\\fR\n");
	assert_has(&b, "prog frob web \\-\\-name \\(aqa\\(tib\\(aq\n");
	assert_null(strstr(vmn_buf_str(&b), "@"));
	assert_null(strstr(vmn_buf_str(&b), "secret"));
}

static void test_page_of_verbs(void **state)
{
	static const struct cmd_program group = {
		.name = "prog", .invocation = "prog net", .summary = "nets", .commands = commands};
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	(void)state;
	cmd_man(&group, NULL, "@HEADER@\n@VERBS@\n", &b);
	assert_has(&b, ".SH NAME\nprog\\-net \\- nets\n");
	assert_has(&b, ".SH \"FROB\"\n\\fBprog net\\fR \\fBfrob\\fR \\fITHING...\\fR");
	assert_has(&b, ".PP\nAnother one.\n.TP\n\\fB\\-m\\fR");
	assert_has(&b, "Output formats: \\fB\\-o\\fR \\fIname|json\\fR\n.PP\ndo it:\n");
	assert_null(strstr(vmn_buf_str(&b), "HELP"));
	assert_null(strstr(vmn_buf_str(&b), "HIDDEN"));
}

static void test_exit_status(void **state)
{
	static const struct {
		enum vmn_code code;
		int status;
	} rows[] = {
		{VMN_OK, 0},	    {VMN_E_USAGE, 1},	  {VMN_E_PARTIAL, 1},  {VMN_E_FORBIDDEN, 1},
		{VMN_E_VERDICT, 2}, {VMN_E_TIMEOUT, 124}, {VMN_E_INTERNAL, 1}, {VMN_E_CANCELLED, 1},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++)
		assert_int_equal(cmd_exit_status(rows[i].code), rows[i].status);
}

static void test_error_lines(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0), verbose = VMN_BUF_INIT(0);
	vmn_auto_buf struct vmn_buf json = VMN_BUF_INIT(0);
	vmn_auto_json struct json_object *status = NULL;
	struct cmd_globals globals = {0};
	struct cmd_ctx ctx = {.program = &program, .globals = &globals};

	(void)state;
	(void)vmn_err_set(&err, VMN_E_INVALID, "server said \033[31mno\nreally");
	(void)vmn_err_hint(&err, "try\r again");
	err.http = 422;
	err.causes = vmn_xstrdup("spec.a: bad\nspec.b: worse\033c");
	cmd_error_text(&ctx, &err, &b);
	assert_string_equal(vmn_buf_str(&b),
			    "prog: server said ?[31mno really\nhint: try? again\n");
	globals.verbose = 1;
	cmd_error_text(&ctx, &err, &verbose);
	assert_string_equal(vmn_buf_str(&verbose),
			    "prog: server said ?[31mno really (HTTP 422)\n  spec.a: bad\n"
			    "  spec.b: worse?c\nhint: try? again\n");
	globals.verbose = 0;
	globals.output = CMD_FORMAT_JSON;
	cmd_error_text(&ctx, &err, &json);
	assert_memory_equal(vmn_buf_str(&json), vmn_buf_str(&b), b.len);
	status = unit_json(vmn_buf_str(&json) + b.len);
	assert_string_equal(vmn_json_str(status, "/kind"), "Status");
	assert_string_equal(vmn_json_str(status, "/status"), "Failure");
	assert_int_equal(vmn_json_int(status, "/code", 0), 422);
	assert_null(strchr(vmn_buf_str(&json), '\033'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_help_of_a_command),
		cmocka_unit_test(test_help_fits_the_terminal),
		cmocka_unit_test(test_help_of_the_program),
		cmocka_unit_test(test_man_page),
		cmocka_unit_test(test_page_of_verbs),
		cmocka_unit_test(test_exit_status),
		cmocka_unit_test(test_error_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
