/* SPDX-License-Identifier: Apache-2.0 */
/* external.h - commands that are executables of their own: vmnetctl-COMMAND */
#ifndef VMN_CLI_EXTERNAL_H
#define VMN_CLI_EXTERNAL_H

#include "cli/program.h"

/**
 * cmd_external_find() - the executable of external command @name
 *
 * Looked for in libexecdir, beside our own executable, then on PATH.
 *
 * Return: path, caller frees; NULL when there is none
 */
char *cmd_external_find(const struct cmd_program *program, const char *name);

/** cmd_external_list() - append the names of all external commands, sorted, each once */
void cmd_external_list(const struct cmd_program *program, struct vmn_strlist *ret);

/**
 * cmd_external_exec() - become @path with the words of @before, then those of @after
 *
 * @after:	NULL-terminated
 *
 * Return: only on failure
 */
int cmd_external_exec(const char *path, char *const *before, int n_before, char *const *after,
		      struct vmn_err *err);

#endif
