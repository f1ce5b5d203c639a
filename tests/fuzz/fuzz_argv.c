/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines, a word a line, against a table with every kind of option, strictly and as
 * completion reads them */
#include "config.h"

#include "cli/options.h"
#include "lib/base/mem.h"
#include "tests/fuzz/fuzz.h"

struct values {
	bool flag;
	int count, word;
	const char *text;
	struct vmn_strlist list, comma;
	uint32_t number;
	int64_t duration_ms;
};

static const char *const words[] = {"none", "client", "server", NULL};

static const struct cmd_opt opts[] = {
	{.kind = CMD_OPT_BOOL,
	 .letter = 'b',
	 .name = "bool",
	 .offset = offsetof(struct values, flag)},
	{.kind = CMD_OPT_COUNT,
	 .letter = 'v',
	 .name = "count",
	 .offset = offsetof(struct values, count)},
	{.kind = CMD_OPT_STR,
	 .letter = 's',
	 .name = "str",
	 .alias = "string",
	 .arg = "TEXT",
	 .offset = offsetof(struct values, text)},
	{.kind = CMD_OPT_LIST,
	 .letter = 'l',
	 .name = "list",
	 .arg = "ITEM",
	 .offset = offsetof(struct values, list)},
	{.kind = CMD_OPT_LIST,
	 .name = "comma",
	 .arg = "ITEM,...",
	 .offset = offsetof(struct values, comma),
	 .flags = CMD_OPT_COMMA},
	{.kind = CMD_OPT_U32,
	 .letter = 'n',
	 .name = "u32",
	 .arg = "N",
	 .def = "5",
	 .min = 1,
	 .max = 1000,
	 .offset = offsetof(struct values, number)},
	{.kind = CMD_OPT_DURATION,
	 .letter = 'w',
	 .name = "wait",
	 .arg = "TIMEOUT",
	 .bare = "5m",
	 .flags = CMD_OPT_OPTIONAL_ARG,
	 .group = 1,
	 .offset = offsetof(struct values, duration_ms)},
	{.kind = CMD_OPT_ENUM,
	 .name = "dry-run",
	 .arg = "MODE",
	 .words = words,
	 .def = "none",
	 .group = 1,
	 .offset = offsetof(struct values, word)},
	{.kind = CMD_OPT_END},
};

static void parse(int argc, char **argv, bool is_lenient, bool stop_at_operand)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct values values = {0}; /* the parser clears its lists: it must outlive the parser */
	cmd_auto_parser struct cmd_parser parser = {.is_lenient = is_lenient,
						    .stop_at_operand = stop_at_operand};
	int used = 0, ret;

	cmd_parser_add(&parser, opts, &values);
	ret = cmd_parser_run(&parser, argc, argv, &used, &err);
	fuzz_must(ret == 0 || (!is_lenient && vmn_err_text(&err)[0]));
	fuzz_must(used >= 0 && used <= argc);
	fuzz_must(parser.n_operands <= argc);
	if (ret == 0)
		fuzz_must(values.number >= 1 && values.number <= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vmn_auto_strlist struct vmn_strlist argv = {0};
	vmn_auto_free char *text = vmn_xcalloc(1, size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	vmn_strlist_split(&argv, text, '\n');
	for (int i = 0; i < 4; i++)
		parse((int)argv.n, argv.v, i & 1, i & 2);
	return 0;
}
