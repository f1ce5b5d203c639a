/* SPDX-License-Identifier: Apache-2.0 */
/* the command `help`, and what the build and the tests ask it */
#include "config.h"

#include <stdio.h>

#include "cli/globals.h"
#include "cli/help.h"
#include "cli/options.h"
#include "lib/base/file.h"

enum { PAGE_MAX_BYTES = 1 << 20 };

struct help_opts {
	const char *man;
	bool examples, options, records;
};

static const struct cmd_opt help_opts[] = {
	{CMD_OPT_STR, 0, "man", .offset = offsetof(struct help_opts, man), .arg = "PAGE",
	 .flags = CMD_OPT_HIDDEN, .group = 1,
	 .help = "complete the man page in file PAGE and print it"},
	{CMD_OPT_BOOL, 0, "examples", .offset = offsetof(struct help_opts, examples),
	 .flags = CMD_OPT_HIDDEN, .group = 1, .help = "print the lines of the examples"},
	{CMD_OPT_BOOL, 0, "options", .offset = offsetof(struct help_opts, options),
	 .flags = CMD_OPT_HIDDEN, .group = 1, .help = "print the names of all options"},
	{CMD_OPT_BOOL, 0, "records", .offset = offsetof(struct help_opts, records),
	 .flags = CMD_OPT_HIDDEN, .group = 1,
	 .help = "print every command and what its record promises"},
	{0},
};

static int print_man(const struct cmd_program *program, const struct cmd *cmd, const char *path,
		     struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf page = VMN_BUF_INIT(PAGE_MAX_BYTES), out = VMN_BUF_INIT(0);
	int rc = vmn_file_read(path, &page, err);

	if (rc < 0)
		return rc;
	cmd_man(program, cmd, vmn_buf_str(&page), &out);
	(void)fwrite(vmn_buf_str(&out), 1, out.len, stdout);
	return 0;
}

static void print_options(const struct cmd_opt *opts)
{
	for (const struct cmd_opt *o = opts; cmd_opts_more(o); o++) {
		if (o->flags & CMD_OPT_HIDDEN)
			continue;
		if (o->letter)
			(void)printf("-%c\n", o->letter);
		(void)printf("--%s\n", o->name);
	}
}

static void print_examples(const struct cmd *cmd)
{
	for (const struct cmd_example *e = cmd->examples; e && e->line; e++)
		(void)puts(e->line);
}

/* For tests/lint: one line a command, NAME then what it has. */
static void print_records(const struct cmd_program *program)
{
	for (const struct cmd *const *c = program->commands; *c; c++) {
		const struct cmd *cmd = *c;

		(void)printf("%s%s%s%s%s%s%s%s\n", cmd->name, cmd->group ? " group" : "",
			     cmd->summary ? " summary" : "", cmd->description ? " description" : "",
			     cmd->examples && cmd->examples->line ? " examples" : "",
			     cmd->flags & CMD_MUTATES ? " mutates" : "",
			     cmd->flags & CMD_HIDDEN ? " hidden" : "", cmd->verbs ? " verbs" : "");
	}
}

static int run_help(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		    struct vmn_err *err)
{
	const struct help_opts *o = opts;
	const struct cmd *cmd = argc ? cmd_find(ctx->program, argv[0]) : NULL;

	if (argc && !cmd)
		return cmd_help_topic(ctx, argv, argc, err);
	if (argc > 1 && !cmd->verbs)
		return vmn_err_set(err, VMN_E_USAGE, "help: '%s' is one operand too many", argv[1]);
	if (cmd && cmd->verbs) {
		ctx->program = cmd->verbs;
		return run_help(ctx, opts, argc - 1, argv + 1, err);
	}
	if (o->records) {
		print_records(ctx->program);
		return 0;
	}
	if (o->man)
		return print_man(ctx->program, cmd, o->man, err);
	if (o->examples) {
		if (cmd)
			print_examples(cmd);
		return 0;
	}
	if (o->options) {
		if (cmd)
			print_options(cmd->opts);
		if (!cmd || cmd->flags & CMD_NEEDS_KUBE)
			print_options(cmd_connection_opts);
		print_options(cmd_global_opts);
		return 0;
	}
	return cmd_help_print(ctx, cmd, err);
}

static const struct cmd_example examples[] = {
	{"vmnetctl help", "list all commands"},
	{"vmnetctl help version", "explain one command"},
	{0},
};

const struct cmd cmd_help = {
	.name = "help",
	.group = "About",
	.summary = "explain the program or one of its commands",
	.operands = "[COMMAND [VERB]]",
	.description =
		"Without COMMAND, lists the commands. `--help` after a command does the same as "
		"`help COMMAND`; the man page of each command has the same text and more.",
	.max_args = 2,
	.opts = help_opts,
	.opts_size = sizeof(struct help_opts),
	.complete = CMD_COMPLETE_COMMAND,
	.examples = examples,
	.run = run_help,
};
