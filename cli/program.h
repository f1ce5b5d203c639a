/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - a program made of commands; vmnetctl is one, vmnetctl-lab another
 *
 * cmd_main() does everything between argv and the exit status: global options, finding the
 * command, its options, running it, reporting what went wrong, flushing stdout.
 */
#ifndef VMN_CLI_PROGRAM_H
#define VMN_CLI_PROGRAM_H

#include "cli/command.h"

struct cmd_program {
	const char *name;	 /* "vmnetctl-lab": the executable, man page and prefix of errors */
	const char *invocation;	 /* "vmnetctl lab": what users type */
	const char *summary;	 /* one line, lower case, no full stop */
	const char *description; /* paragraphs for help, separated by blank lines; may be NULL */
	const struct cmd *const
		*commands; /* sorted by name, NULL-terminated; cmd_help among them */
	const char *const
		*groups; /* headings of help in this order, NULL-terminated; NULL: as they come */
	const char *
		external_prefix; /* "vmnetctl-": unknown COMMAND runs this executable; NULL: none */
	const char *companion;	 /* external command made with this framework, or NULL */
	const char *companion_summary;
};

/** cmd_main() - run @argv; Return: the exit status */
int cmd_main(const struct cmd_program *program, int argc, char **argv);

/** cmd_find() - the command with this exact name or alias, or NULL */
const struct cmd *cmd_find(const struct cmd_program *program, const char *name);

/** cmd_unknown() - the error of a command that does not exist, with a guess; Return: -VMN_E_USAGE
 */
int cmd_unknown(const struct cmd_ctx *ctx, const char *name, struct vmn_err *err);

/* The command `help`, the same for every program. */
extern const struct cmd cmd_help;

#endif
