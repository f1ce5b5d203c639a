/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch.c - from argv to a running command, and back to an exit status
 *
 * Options are read in two goes with one parser: the global ones up to the command's name, then,
 * with the command's own table added, all the rest.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/complete.h"
#include "cli/error.h"
#include "cli/exit.h"
#include "cli/external.h"
#include "cli/globals.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/program.h"
#include "cli/signals.h"
#include "cli/suggest.h"
#include "lib/out/progress.h"

const struct cmd *cmd_find(const struct cmd_program *program, const char *name)
{
	for (const struct cmd *const *c = program->commands; *c; c++) {
		if (strcmp((*c)->name, name) == 0)
			return *c;
		for (const char *const *a = (*c)->aliases; a && *a; a++)
			if (strcmp(*a, name) == 0)
				return *c;
	}
	return NULL;
}

/* --- preconditions -------------------------------------------------------------------- */

static int check_operands(const struct cmd_ctx *ctx, int n, char **operands, struct vmn_err *err)
{
	const struct cmd *cmd = ctx->cmd;

	if (n < cmd->min_args)
		(void)vmn_err_set(err, VMN_E_USAGE, "%s: operand missing", cmd->name);
	else if (cmd->max_args >= 0 && n > cmd->max_args)
		(void)vmn_err_set(err, VMN_E_USAGE, "%s: '%s' is one operand too many", cmd->name,
				  operands[cmd->max_args]);
	else
		return 0;
	return vmn_err_hint(err, "usage: %s %s%s%s [OPTION...]", ctx->program->invocation,
			    cmd->name, cmd->operands ? " " : "",
			    cmd->operands ? cmd->operands : "");
}

static int check_format(const struct cmd_ctx *ctx, struct vmn_err *err)
{
	enum cmd_format format = (enum cmd_format)ctx->globals->output;
	vmn_auto_free char *has = NULL;

	if (format == CMD_FORMAT_DEFAULT || !ctx->cmd->formats || ctx->cmd->formats & 1U << format)
		return 0;
	has = cmd_formats_text(ctx->cmd->formats);
	(void)vmn_err_set(err, VMN_E_USAGE, "%s has no output format '%s'", ctx->cmd->name,
			  cmd_format_name(format));
	return vmn_err_hint(err, "it takes -o %s", has);
}

/* --- running -------------------------------------------------------------------------- */

static int run_command(struct cmd_ctx *ctx, struct cmd_parser *parser, int argc, char **argv,
		       struct vmn_err *err)
{
	const struct cmd *cmd = ctx->cmd;
	vmn_auto_free void *opts = vmn_xcalloc(1, cmd->opts_size);
	int rc;

	parser->stop_at_operand = false;
	parser->is_ended = false;
	cmd_parser_add(parser, cmd->opts, opts);
	rc = cmd_parser_run(parser, argc, argv, NULL, err);
	if (rc < 0 && !err->hint)
		(void)vmn_err_hint(err, "see '%s %s --help'", ctx->program->invocation, cmd->name);
	ctx->log.level = ctx->globals->verbose;
	if (rc == 0 && ctx->globals->help)
		rc = cmd_help_print(ctx, cmd, err);
	else if (rc == 0 && ctx->globals->version)
		rc = cmd_version_print(ctx, err);
	else if (rc == 0 && (rc = cmd_parser_check(parser, err)) == 0 &&
		 (rc = check_operands(ctx, parser->n_operands, parser->operands, err)) == 0 &&
		 (rc = check_format(ctx, err)) == 0)
		rc = cmd->run(ctx, opts, parser->n_operands, parser->operands, err);
	cmd_parser_clear(parser); /* owns lists inside opts */
	return rc;
}

int cmd_unknown(const struct cmd_ctx *ctx, const char *name, struct vmn_err *err)
{
	vmn_auto_strlist struct vmn_strlist external = {0};
	struct cmd_suggest s = {.word = name};
	const char *likely;

	for (const struct cmd *const *c = ctx->program->commands; *c; c++)
		if (!((*c)->flags & CMD_HIDDEN))
			cmd_suggest_try(&s, (*c)->name);
	cmd_external_list(ctx->program, &external);
	for (size_t i = 0; i < external.n; i++)
		cmd_suggest_try(&s, external.v[i]);
	(void)vmn_err_set(err, VMN_E_USAGE, "unknown command '%s'", name);
	likely = cmd_suggest_best(&s);
	return likely ? vmn_err_hint(err, "did you mean '%s'?", likely)
		      : vmn_err_hint(err, "see '%s help'", ctx->program->invocation);
}

static int run_words(struct cmd_ctx *ctx, struct cmd_parser *parser, struct cmd_globals *globals,
		     int argc, char **argv, struct vmn_err *err);

/* The command at @argv[0], a built-in or an executable that takes over with the same global
 * options. */
static int dispatch(struct cmd_ctx *ctx, struct cmd_parser *parser, struct cmd_globals *globals,
		    char **before, int n_before, int argc, char **argv, struct vmn_err *err)
{
	vmn_auto_free char *path = NULL;

	if (strcmp(argv[0], CMD_COMPLETE_VERB) == 0)
		return cmd_complete_print(ctx, argc - 1, argv + 1, err);
	ctx->cmd = cmd_find(ctx->program, argv[0]);
	if (ctx->cmd && ctx->cmd->verbs) {
		ctx->program = ctx->cmd->verbs;
		return run_words(ctx, parser, globals, argc - 1, argv + 1, err);
	}
	if (ctx->cmd)
		return run_command(ctx, parser, argc - 1, argv + 1, err);
	path = cmd_external_find(ctx->program, argv[0]);
	if (path)
		return cmd_external_exec(path, before, n_before, argv + 1, err);
	return cmd_unknown(ctx, argv[0], err);
}

static int hint_help(const struct cmd_ctx *ctx, struct vmn_err *err)
{
	return vmn_err_hint(err, "see '%s %s'", ctx->program->invocation,
			    ctx->cmd ? "--help" : "help");
}

/* Global options, a command of ctx->program, and what belongs to it. */
static int run_words(struct cmd_ctx *ctx, struct cmd_parser *parser, struct cmd_globals *globals,
		     int argc, char **argv, struct vmn_err *err)
{
	int used, rc;

	rc = cmd_parser_run(parser, argc, argv, &used, err);
	if (rc < 0)
		return err->hint ? rc : hint_help(ctx, err);
	if (globals->version)
		return cmd_version_print(ctx, err);
	if (used < argc && !globals->help)
		return dispatch(ctx, parser, globals, argv, used, argc - used, argv + used, err);
	if (used < argc)
		return cmd_help_topic(ctx, argv + used, argc - used, err);
	if (globals->help)
		return cmd_help_print(ctx, NULL, err);
	(void)vmn_err_set(err, VMN_E_USAGE, "command missing");
	return hint_help(ctx, err);
}

static int run(struct cmd_ctx *ctx, struct cmd_globals *globals, int argc, char **argv,
	       struct vmn_err *err)
{
	cmd_auto_parser struct cmd_parser parser = {.stop_at_operand = true};

	cmd_parser_add(&parser, cmd_global_opts, globals);
	cmd_parser_add(&parser, cmd_connection_opts, globals);
	return run_words(ctx, &parser, globals, argc, argv, err);
}

/* --- the ends ------------------------------------------------------------------------- */

/*
 * A descriptor 0, 1 or 2 that was closed when we started would be given to the next file or socket,
 * and output would go there. The stand-ins fail on use, as the closed ones would have.
 */
static void fill_standard_descriptors(void)
{
	static const int mode[] = {O_WRONLY, O_RDONLY, O_RDONLY};

	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", mode[fd]); /* takes the lowest number: fd */
}

/* Whether standard output is a pipe or socket whose reader went away. */
static bool is_reader_gone(void)
{
	struct pollfd pfd = {.fd = STDOUT_FILENO};

	return poll(&pfd, 1, 0) == 1 && pfd.revents & POLLERR;
}

/*
 * Whether all output reached its place. A reader that went away needs no message, nor does a write
 * that failed earlier and has made the command fail.
 */
static int flush_stdout(const struct cmd_ctx *ctx, bool has_failed)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	bool had_error = ferror(stdout);
	int errnum = fflush(stdout) == 0 ? 0 : errno;

	if (!errnum && !had_error)
		return 0;
	if (errnum != EPIPE && !is_reader_gone() && (errnum || !has_failed)) {
		if (errnum)
			(void)vmn_err_sys(&err, errnum, "cannot write to standard output");
		else /* it failed in the midst of printing, and nobody knows why any more */
			(void)vmn_err_set(&err, VMN_E_SYSTEM, "cannot write to standard output");
		cmd_error_print(ctx, &err);
	}
	return 1;
}

/* A wrong command line is read no further than to its error: -o may stand behind that. */
static void find_output(struct cmd_globals *globals, int argc, char **argv)
{
	cmd_auto_parser struct cmd_parser parser = {.is_lenient = true};
	vmn_auto_err struct vmn_err ignored = VMN_ERR_INIT;
	struct cmd_globals found = {0};

	cmd_parser_add(&parser, cmd_global_opts, &found);
	if (cmd_parser_run(&parser, argc, argv, NULL, &ignored) == 0)
		globals->output = found.output;
}

static int finish(struct cmd_ctx *ctx, int rc, struct vmn_err *err)
{
	int status = cmd_exit_status((enum vmn_code) - rc), sig = cmd_signals_caught();

	vmn_progress_free_p(&ctx->progress);
	if (flush_stdout(ctx, rc < 0) != 0 && status == 0)
		status = 1;
	if (err->code != VMN_OK)
		cmd_error_print(ctx, err);
	if (ctx->kube_close)
		ctx->kube_close(ctx);
	if (rc < 0 && sig) {
		(void)signal(sig, SIG_DFL);
		(void)raise(sig);
	}
	return status;
}

int cmd_main(const struct cmd_program *program, int argc, char **argv)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct cmd_globals globals = {0};
	struct cmd_ctx ctx = {
		.program = program,
		.globals = &globals,
		.log = {.write = cmd_log_write, .arg = &ctx},
	};
	int rc;

	fill_standard_descriptors();
	(void)signal(SIGPIPE, SIG_IGN);
	rc = run(&ctx, &globals, argc > 0 ? argc - 1 : 0, argv + 1, &err);
	if (rc == -VMN_E_USAGE && globals.output == CMD_FORMAT_DEFAULT)
		find_output(&globals, argc > 0 ? argc - 1 : 0, argv + 1);
	return finish(&ctx, rc, &err);
}
