/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help.h - help texts and man pages, both from the command records
 *
 * The files man/NAME.1.in hold prose; cmd_man() fills in what the tables know, so that help and man
 * page cannot differ.
 */
#ifndef VMN_CLI_HELP_H
#define VMN_CLI_HELP_H

#include "cli/program.h"

/** cmd_help_text() - append the help of @cmd, or of the program when it is NULL, @width columns
 * wide */
void cmd_help_text(const struct cmd_program *program, const struct cmd *cmd, int width,
		   struct vmn_buf *b);
/** cmd_help_print() - the same on stdout */
int cmd_help_print(const struct cmd_ctx *ctx, const struct cmd *cmd, struct vmn_err *err);
/**
 * cmd_help_topic() - help of a command, asked for as `help NAME`; externals explain themselves
 * @words:	the command's name, for an external one its verb too
 */
int cmd_help_topic(const struct cmd_ctx *ctx, char *const *words, int n_words, struct vmn_err *err);
/** cmd_version_print() - "vmnetctl 0.1.0" on stdout */
int cmd_version_print(const struct cmd_ctx *ctx, struct vmn_err *err);

/* How an option is written in help: "--wait[=TIMEOUT]" and what is said about it. Caller clears
 * all. */
struct cmd_opt_doc {
	struct vmn_buf arg;  /* "=TIMEOUT", " NAME", "[=N]" or "" */
	struct vmn_buf text; /* help, default, bounds */
};
void cmd_opt_describe(const struct cmd_opt *opt, struct cmd_opt_doc *ret);
void cmd_opt_doc_clear(struct cmd_opt_doc *doc);

/**
 * cmd_man() - append a man page: @page with its macro lines replaced
 * @cmd:	NULL for the program's own page
 *
 * Lines @HEADER@ (.TH, NAME, SYNOPSIS) and @EXIT_STATUS@ are replaced by sections made from the
 * tables; on a command's page @OPTIONS@ and @EXAMPLES@ too, on a program's @COMMANDS@,
 * @CONNECTION_OPTIONS@,
 * @GLOBAL_OPTIONS@ and @SEE_ALSO@. The page of a command made of verbs is that of their program;
 * @VERBS@ there is a section for each.
 */
void cmd_man(const struct cmd_program *program, const struct cmd *cmd, const char *page,
	     struct vmn_buf *b);

#endif
