/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/options.h"
#include "cli/suggest.h"
#include "tests/unit/unit.h"

struct values {
	bool all, force;
	int level, via, mode;
	const char *name, *ns;
	struct vmn_strlist set, csv;
	uint32_t count;
	int64_t wait_ms, every_ms;
};

static const char *const via_words[] = {"auto", "subresource", "spec", NULL};
static const char *const mode_words[] = {"none", "a", "b", NULL};

#define AT(field) .offset = offsetof(struct values, field)

static const struct cmd_opt table[] = {
	{CMD_OPT_BOOL, 'A', "all", AT(all), .group = 1},
	{CMD_OPT_BOOL, 'f', "force", AT(force)},
	{CMD_OPT_COUNT, 'v', "level", .alias = "v", AT(level)},
	{CMD_OPT_ENUM, 0, "via", AT(via), .words = via_words, .def = "subresource"},
	{CMD_OPT_STR, 'm', "name", AT(name), .flags = CMD_OPT_REQUIRED},
	{CMD_OPT_STR, 'n', "namespace", AT(ns), .group = 1, .def = "default"},
	{CMD_OPT_LIST, 's', "set", AT(set)},
	{CMD_OPT_LIST, 0, "csv", AT(csv), .flags = CMD_OPT_COMMA, .def = "x,y"},
	{CMD_OPT_U32, 'c', "count", AT(count), .min = 2, .max = 9, .def = "3"},
	{CMD_OPT_DURATION, 'w', "wait", AT(wait_ms), .flags = CMD_OPT_OPTIONAL_ARG, .bare = "5m"},
	{CMD_OPT_ENUM, 0, "mode", AT(mode), .words = mode_words, .def = "none",
	 .flags = CMD_OPT_OPTIONAL_ARG, .bare = "a"},
	{CMD_OPT_DURATION, 0, "every", AT(every_ms), .alias = "interval"},
	{0},
};

enum { MAX_WORDS = 16 };

static int split(char *line, char **argv)
{
	int n = 0;

	for (char *save = NULL, *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[n++] = strcmp(w, "''") == 0 ? w + 2 : w;
	argv[n] = NULL;
	return n;
}

static void add_list(struct vmn_buf *b, const char *name, const struct vmn_strlist *l)
{
	vmn_buf_addf(b, " %s=", name);
	for (size_t i = 0; i < l->n; i++)
		vmn_buf_addf(b, "%s%s", i ? "+" : "", l->v[i]);
}

/* What differs from the defaults, and the operands; or the error and its hint. */
static char *outcome(const char *line)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);
	vmn_auto_free char *copy = vmn_xstrdup(line);
	cmd_auto_parser struct cmd_parser p = {0};
	struct values v = {0};
	char *argv[MAX_WORDS];
	int argc = split(copy, argv);

	cmd_parser_add(&p, table, &v);
	if (cmd_parser_run(&p, argc, argv, NULL, &err) < 0 || cmd_parser_check(&p, &err) < 0) {
		assert_int_equal(err.code, VMN_E_USAGE);
		vmn_buf_addf(&b, "! %s", vmn_err_text(&err));
		if (err.hint)
			vmn_buf_addf(&b, " | %s", err.hint);
		return vmn_buf_steal(&b);
	}
	vmn_buf_adds(&b, v.name);
	vmn_buf_adds(&b, v.all ? " all" : "");
	vmn_buf_adds(&b, v.force ? " force" : "");
	if (v.level)
		vmn_buf_addf(&b, " level=%d", v.level);
	if (v.via != 1)
		vmn_buf_addf(&b, " via=%d", v.via);
	if (v.mode)
		vmn_buf_addf(&b, " mode=%d", v.mode);
	if (strcmp(v.ns, "default") != 0)
		vmn_buf_addf(&b, " ns=%s", v.ns);
	if (v.set.n)
		add_list(&b, "set", &v.set);
	if (v.csv.n != 2 || strcmp(v.csv.v[0], "x") != 0)
		add_list(&b, "csv", &v.csv);
	if (v.count != 3)
		vmn_buf_addf(&b, " count=%u", v.count);
	if (v.wait_ms)
		vmn_buf_addf(&b, " wait=%lld", (long long)v.wait_ms);
	if (v.every_ms)
		vmn_buf_addf(&b, " every=%lld", (long long)v.every_ms);
	for (int i = 0; i < p.n_operands; i++)
		vmn_buf_addf(&b, " (%s)", p.operands[i]);
	return vmn_buf_steal(&b);
}

static void test_lines(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		/* forms of one option */
		{"--name x", "x"},
		{"--name=x", "x"},
		{"--name=", ""},
		{"--name=a=b", "a=b"},
		{"-m x", "x"},
		{"-mx", "x"},
		{"-m=x", "x"},
		{"-m ''", ""},
		{"--name -x", "-x"},
		{"--name --", "--"},
		{"--name x --name y", "y"},
		/* clusters of short ones */
		{"-m x -Af", "x all force"},
		{"-fmx", "x force"},
		{"-fm x", "x force"},
		{"-Afmx y", "x all force (y)"},
		/* booleans */
		{"-m x --all=true --force=false", "x all"},
		{"-m x -f=false", "x"},
		{"-m x --all=maybe", "! option '--all': 'maybe' is neither true nor false"},
		{"-m x --all true", "x all (true)"},
		/* counts */
		{"-m x -vvv", "x level=3"},
		{"-m x -v6", "x level=6"},
		{"-m x -v=6", "x level=6"},
		{"-m x --v=6", "x level=6"},
		{"-m x --level=2 -v", "x level=3"},
		{"-m x -v6f", "! option '--level': '6f' is not a number from 0 to 1000"},
		{"-m x --level=-1", "! option '--level': '-1' is not a number from 0 to 1000"},
		/* words */
		{"-m x --via auto", "x via=0"},
		{"-m x --via=spec", "x via=2"},
		{"-m x --via sp",
		 "! option '--via': 'sp' is not one of its values | it takes one of: "
		 "auto, subresource, spec"},
		/* lists */
		{"-m x -s a --set=b,c -sd", "x set=a+b,c+d"},
		{"-m x --csv a,b --csv c", "x csv=a+b+c"},
		/* numbers */
		{"-m x -c 2", "x count=2"},
		{"-m x -c9", "x count=9"},
		{"-m x -c 1", "! option '--count': '1' is not a number from 2 to 9"},
		{"-m x -c 10", "! option '--count': '10' is not a number from 2 to 9"},
		{"-m x -c 4294967299",
		 "! option '--count': '4294967299' is not a number from 2 to 9"},
		{"-m x -c 3x", "! option '--count': '3x' is not a number from 2 to 9"},
		/* durations, and values that may be left out */
		{"-m x --wait", "x wait=300000"},
		{"-m x --wait 10s a", "x wait=10000 (a)"},
		{"-m x --wait 10 a", "x wait=300000 (10) (a)"}, /* could be a name */
		{"-m x --wait web a", "x wait=300000 (web) (a)"},
		{"-m x --mode b c", "x mode=2 (c)"},
		{"-m x --mode c", "x mode=1 (c)"},
		{"-m x --mode=c",
		 "! option '--mode': 'c' is not one of its values | it takes one of: "
		 "none, a, b"},
		{"-m x --mode", "x mode=1"},
		{"-m x -w 1m", "x wait=60000"},
		{"-m x --wait=10s", "x wait=10000"},
		{"-m x -w", "x wait=300000"},
		{"-m x -wf", "x force wait=300000"},
		{"-m x -w=1m", "x wait=60000"},
		{"-m x --interval 500ms", "x every=500"},
		{"-m x --every soon",
		 "! option '--every': 'soon' is not a duration | write it like 30s, "
		 "2m or 1m30s"},
		/* operands between options, and the end of options */
		{"a --name x b", "x (a) (b)"},
		{"a -m x -- -f --all", "x (a) (-f) (--all)"},
		{"-m x -- -- -", "x (--) (-)"},
		{"-m x - -f", "x force (-)"},
		/* what is missing, too much or unknown */
		{"", "! option '--name' is required"},
		{"--name", "! option '--name' needs a value"},
		{"-m", "! option '--name' needs a value"},
		{"-fm", "! option '--name' needs a value"},
		{"-m x -A -n y", "! options '--all' and '--namespace' exclude each other"},
		{"-m x -A -A", "x all"},
		{"-m x -z", "! unknown option '-z'"},
		{"-m x -fz", "! unknown option '-z'"},
		{"-m x --zzzzz", "! unknown option '--zzzzz'"},
		{"-m x --=y", "! unknown option '--'"},
		/* no abbreviations, but a hint */
		{"-m x --forc", "! unknown option '--forc' | did you mean '--force'?"},
		{"-m x --namesp=y", "! unknown option '--namesp' | did you mean '--namespace'?"},
		{"-m x --nmae y", "! unknown option '--nmae' | did you mean '--name'?"},
		{"-m x --wiat=3", "! unknown option '--wiat' | did you mean '--wait'?"},
		{"-m x --lev", "! unknown option '--lev' | did you mean '--level'?"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_free char *got = outcome(rows[i].line);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("'%s':\n got  %s\n want %s", rows[i].line, got, rows[i].want);
	}
}

/* Global options are read up to the command; then its table is added and all the rest is read. */
static void test_two_goes(void **state)
{
	static const struct cmd_opt own[] = {
		{CMD_OPT_STR, 'n', "nick", .offset = offsetof(struct values, name)}, /* hides -n */
		{0},
	};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	cmd_auto_parser struct cmd_parser p = {.stop_at_operand = true};
	struct values global = {0}, command = {0};
	vmn_auto_free char *line = vmn_xstrdup("-n ns -s a cmd -n me op --set=b -m z -- -f");
	char *argv[MAX_WORDS];
	int argc = split(line, argv), used = 0;

	(void)state;
	cmd_parser_add(&p, table, &global);
	assert_int_equal(cmd_parser_run(&p, argc, argv, &used, &err), 0);
	assert_int_equal(used, 4);
	assert_string_equal(argv[used], "cmd");
	assert_int_equal(p.n_operands, 0);

	p.stop_at_operand = false;
	cmd_parser_add(&p, own, &command);
	assert_int_equal(cmd_parser_run(&p, argc - used - 1, argv + used + 1, NULL, &err), 0);
	assert_int_equal(cmd_parser_check(&p, &err), 0);
	assert_string_equal(global.ns, "ns");
	assert_string_equal(global.name, "z");
	assert_string_equal(command.name, "me");
	assert_int_equal(global.set.n, 2);
	assert_int_equal(p.n_operands, 2);
	assert_string_equal(p.operands[1], "-f");
}

/* Completion reads unfinished lines: nothing is an error, and it learns what a value is wanted for.
 */
static void test_lenient(void **state)
{
	static const struct {
		const char *line, *pending;
		int n_operands;
	} rows[] = {
		{"--name", "name", 0},	       {"a -fm", "name", 1}, {"--bogus a --via", "via", 1},
		{"--via nonsense a", NULL, 1}, {"-z a", NULL, 1},    {"--wait", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		cmd_auto_parser struct cmd_parser p = {.is_lenient = true};
		vmn_auto_free char *line = vmn_xstrdup(rows[i].line);
		struct values v = {0};
		char *argv[MAX_WORDS];
		int argc = split(line, argv);

		cmd_parser_add(&p, table, &v);
		assert_int_equal(cmd_parser_run(&p, argc, argv, NULL, &err), 0);
		if (!vmn_streq(p.pending ? p.pending->name : NULL, rows[i].pending) ||
		    p.n_operands != rows[i].n_operands)
			fail_msg("'%s': %s, %d operands", rows[i].line,
				 p.pending ? p.pending->name : "nothing pending", p.n_operands);
	}
}

static void test_suggestions(void **state)
{
	static const char *const words[] = {"addinterface", "removeinterface", "migrate", "help",
					    "version",	    "updateinterface", NULL};
	static const struct {
		const char *typed, *want;
	} rows[] = {
		{"adinterface", "addinterface"},
		{"migrat", "migrate"},
		{"mirgate", "migrate"},
		{"add", "addinterface"},
		{"updateinterfaces", "updateinterface"},
		{"hlep", "help"},
		{"x", NULL},
		{"", NULL},
		{"frobnicate", NULL},
		{"v", "version"},
		{"get", NULL},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		struct cmd_suggest s = {.word = rows[i].typed};

		for (const char *const *w = words; *w; w++)
			cmd_suggest_try(&s, *w);
		if (!vmn_streq(cmd_suggest_best(&s), rows[i].want))
			fail_msg("'%s': %s", rows[i].typed, cmd_suggest_best(&s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_two_goes),
		cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_suggestions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
