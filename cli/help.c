/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/external.h"
#include "cli/globals.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/text.h"

enum { DEFAULT_WIDTH = 80, MAX_WIDTH = 100, OPTION_COLUMN = 30 };

/* --- one option ----------------------------------------------------------------------- */

static void add_words(struct vmn_buf *b, const char *const *words)
{
	bool is_first = true;

	for (; *words; words++) {
		if (!**words)
			continue;
		vmn_buf_addf(b, "%s%s", is_first ? "" : "|", *words);
		is_first = false;
	}
}

static void describe_arg(const struct cmd_opt *opt, struct vmn_buf *b)
{
	bool is_optional = opt->flags & CMD_OPT_OPTIONAL_ARG || opt->kind == CMD_OPT_COUNT;

	if (opt->kind == CMD_OPT_BOOL)
		return;
	vmn_buf_adds(b, is_optional ? "[=" : " ");
	if (opt->arg)
		vmn_buf_adds(b, opt->arg);
	else if (opt->kind == CMD_OPT_ENUM)
		add_words(b, opt->words);
	else
		vmn_buf_adds(b, opt->kind == CMD_OPT_COUNT ? "N" : "VALUE");
	if (is_optional)
		vmn_buf_addc(b, ']');
}

static void describe_defaults(const struct cmd_opt *opt, struct vmn_buf *b)
{
	bool has_def = !vmn_is_empty(opt->def);
	bool has_bare = opt->flags & CMD_OPT_OPTIONAL_ARG && !vmn_is_empty(opt->bare);

	if (has_def)
		vmn_buf_addf(b, " (default %s%s", opt->def, has_bare ? "" : ")");
	if (has_bare)
		vmn_buf_addf(b, "%salone: %s)", has_def ? "; " : " (", opt->bare);
}

void cmd_opt_describe(const struct cmd_opt *opt, struct cmd_opt_doc *ret)
{
	*ret = (struct cmd_opt_doc){0};
	describe_arg(opt, &ret->arg);
	vmn_buf_adds(&ret->text, opt->help);
	if (opt->flags & CMD_OPT_REQUIRED)
		vmn_buf_adds(&ret->text, " (required)");
	if (opt->kind == CMD_OPT_LIST)
		vmn_buf_adds(&ret->text, opt->flags & CMD_OPT_COMMA
						 ? " (may be repeated, or a comma list)"
						 : " (may be repeated)");
	if (opt->kind == CMD_OPT_U32 && opt->max)
		vmn_buf_addf(&ret->text, " (%u to %u)", opt->min, opt->max);
	describe_defaults(opt, &ret->text);
}

void cmd_opt_doc_clear(struct cmd_opt_doc *doc)
{
	vmn_buf_clear(&doc->arg);
	vmn_buf_clear(&doc->text);
}

static void add_option(struct vmn_buf *b, const struct cmd_opt *opt, int width)
{
	VMN_CLEANUP(cmd_opt_doc_clear) struct cmd_opt_doc doc;
	size_t start = b->len;
	int column;

	cmd_opt_describe(opt, &doc);
	if (opt->letter)
		vmn_buf_addf(b, "  -%c%s", opt->letter, opt->name ? ", " : "");
	else
		vmn_buf_adds(b, "      ");
	if (opt->name)
		vmn_buf_addf(b, "--%s", opt->name);
	vmn_buf_adds(b, vmn_buf_str(&doc.arg));
	column = (int)(b->len - start);
	if (column + 2 > OPTION_COLUMN) {
		vmn_buf_addc(b, '\n');
		column = 0;
	}
	cmd_text_pad(b, column, OPTION_COLUMN);
	cmd_text_wrap(b, vmn_buf_str(&doc.text), OPTION_COLUMN, OPTION_COLUMN, width);
}

static void add_options(struct vmn_buf *b, const char *heading, const struct cmd_opt *opts,
			int width)
{
	bool is_first = true;

	for (const struct cmd_opt *o = opts; cmd_opts_more(o); o++) {
		if (o->flags & CMD_OPT_HIDDEN)
			continue;
		if (is_first)
			vmn_buf_addf(b, "\n%s:\n", heading);
		is_first = false;
		add_option(b, o, width);
	}
}

/* --- a command ------------------------------------------------------------------------ */

static void add_command_help(const struct cmd_program *program, const struct cmd *cmd, int width,
			     struct vmn_buf *b)
{
	vmn_buf_addf(b, "%s %s - ", program->invocation, cmd->name);
	cmd_text_wrap(b, cmd->summary, (int)b->len, 2, width);
	vmn_buf_addf(b, "\nUsage:\n  %s %s%s%s [OPTION...]\n", program->invocation, cmd->name,
		     cmd->operands ? " " : "", cmd->operands ? cmd->operands : "");
	for (const char *const *a = cmd->aliases; a && *a; a++)
		vmn_buf_addf(b, "%s%s%s", a == cmd->aliases ? "\nAliases: " : ", ", *a,
			     a[1] ? "" : "\n");
	if (cmd->description) {
		vmn_buf_addc(b, '\n');
		cmd_text_wrap(b, cmd->description, 0, 0, width);
	}
	add_options(b, "Options", cmd->opts, width);
	if (cmd->formats) {
		vmn_auto_free char *formats = cmd_formats_text(cmd->formats);

		vmn_buf_addf(b, "\nOutput formats: -o %s\n", formats);
	}
	if (cmd->flags & CMD_NEEDS_KUBE)
		add_options(b, "Connection options", cmd_connection_opts, width);
	add_options(b, "Global options", cmd_global_opts, width);
	for (const struct cmd_example *e = cmd->examples; e && e->line; e++) {
		vmn_buf_addf(b, "%s\n  # ", e == cmd->examples ? "\nExamples:" : "");
		cmd_text_wrap(b, e->explanation, 4, 4, width);
		vmn_buf_addf(b, "  %s\n", e->line);
	}
}

/* --- the program ---------------------------------------------------------------------- */

static void add_command_line(struct vmn_buf *b, const char *name, const char *summary, int column,
			     int width)
{
	vmn_buf_addf(b, "  %s", name);
	if (!*summary) {
		vmn_buf_addc(b, '\n');
		return;
	}
	cmd_text_pad(b, (int)strlen(name) + 2, column);
	cmd_text_wrap(b, summary, column, column, width);
}

static bool is_listed(const struct cmd *cmd)
{
	return !(cmd->flags & CMD_HIDDEN);
}

/* Whether the command's heading is one that the program lists, or an earlier command had it. */
static bool is_group_done(const struct cmd_program *program, const struct cmd *const *c)
{
	for (const char *const *g = program->groups; g && *g; g++)
		if (strcmp(*g, (*c)->group) == 0)
			return true;
	for (const struct cmd *const *e = program->commands; e < c; e++)
		if (is_listed(*e) && strcmp((*e)->group, (*c)->group) == 0)
			return true;
	return false;
}

static void add_group(const struct cmd_program *program, const char *group, int column, int width,
		      struct vmn_buf *b)
{
	bool is_first = true;

	for (const struct cmd *const *c = program->commands; *c; c++) {
		if (!is_listed(*c) || strcmp((*c)->group, group) != 0)
			continue;
		if (is_first)
			vmn_buf_addf(b, "\n%s:\n", group);
		is_first = false;
		add_command_line(b, (*c)->name, (*c)->summary, column, width);
	}
}

static void add_external(const struct cmd_program *program, int column, int width,
			 struct vmn_buf *b)
{
	vmn_auto_strlist struct vmn_strlist names = {0};

	cmd_external_list(program, &names);
	if (names.n)
		vmn_buf_adds(b, "\nFurther commands:\n");
	for (size_t i = 0; i < names.n; i++) {
		bool is_ours = vmn_streq(names.v[i], program->companion);

		add_command_line(b, names.v[i], is_ours ? program->companion_summary : "", column,
				 width);
	}
}

static void add_commands(const struct cmd_program *program, int width, struct vmn_buf *b)
{
	int column = 0;

	for (const struct cmd *const *c = program->commands; *c; c++)
		if (is_listed(*c) && (int)strlen((*c)->name) + 5 > column)
			column = (int)strlen((*c)->name) + 5;
	for (const char *const *g = program->groups; g && *g; g++)
		add_group(program, *g, column, width, b);
	for (const struct cmd *const *c = program->commands; *c; c++)
		if (is_listed(*c) && !is_group_done(program, c))
			add_group(program, (*c)->group, column, width, b);
	add_external(program, column, width, b);
}

static bool needs_kube(const struct cmd_program *program)
{
	for (const struct cmd *const *c = program->commands; *c; c++)
		if ((*c)->flags & CMD_NEEDS_KUBE)
			return true;
	return false;
}

static void add_program_help(const struct cmd_program *program, int width, struct vmn_buf *b)
{
	vmn_buf_addf(b, "%s - ", program->invocation);
	cmd_text_wrap(b, program->summary, (int)b->len, 2, width);
	vmn_buf_addf(b, "\nUsage:\n  %s [GLOBAL OPTION...] COMMAND [OPTION...] [OPERAND...]\n",
		     program->invocation);
	if (program->description) {
		vmn_buf_addc(b, '\n');
		cmd_text_wrap(b, program->description, 0, 0, width);
	}
	add_commands(program, width, b);
	add_options(b, "Global options", cmd_global_opts, width);
	if (needs_kube(program))
		add_options(b, "Connection options", cmd_connection_opts, width);
	vmn_buf_addf(b, "\n`%s help COMMAND` tells more about a command.\n", program->invocation);
}

void cmd_help_text(const struct cmd_program *program, const struct cmd *cmd, int width,
		   struct vmn_buf *b)
{
	if (width <= 0)
		width = DEFAULT_WIDTH;
	if (width > MAX_WIDTH)
		width = MAX_WIDTH;
	if (cmd)
		add_command_help(program, cmd, width, b);
	else
		add_program_help(program, width, b);
}

/* --- printing ------------------------------------------------------------------------- */

int cmd_help_print(const struct cmd_ctx *ctx, const struct cmd *cmd, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	(void)err;
	if (cmd && cmd->verbs)
		cmd_help_text(cmd->verbs, NULL, cmd_width(ctx), &b);
	else
		cmd_help_text(ctx->program, cmd, cmd_width(ctx), &b);
	(void)fwrite(vmn_buf_str(&b), 1, b.len, stdout); /* checked when stdout is flushed */
	return 0;
}

int cmd_help_topic(const struct cmd_ctx *ctx, char *const *words, int n_words, struct vmn_err *err)
{
	const struct cmd *cmd = cmd_find(ctx->program, words[0]);
	vmn_auto_free char *path = NULL;
	char help[] = "--help", *after[] = {help, NULL};

	if (cmd)
		return cmd_help_print(ctx, cmd, err);
	path = cmd_external_find(ctx->program, words[0]);
	if (path)
		return cmd_external_exec(path, words + 1, n_words - 1, after, err);
	return cmd_unknown(ctx, words[0], err);
}

int cmd_version_print(const struct cmd_ctx *ctx, struct vmn_err *err)
{
	(void)err;
	(void)printf("%s %s\n", ctx->program->name, PACKAGE_VERSION);
	return 0;
}
