/* SPDX-License-Identifier: Apache-2.0 */
/* globals.h - the option tables that every command has */
#ifndef VMN_CLI_GLOBALS_H
#define VMN_CLI_GLOBALS_H

#include "cli/command.h"

extern const struct cmd_opt cmd_global_opts[]; /* fill struct cmd_globals */
extern const struct cmd_opt
	cmd_connection_opts[]; /* which server, as whom; fill struct cmd_globals */

/** cmd_format_name() - "json"; "" for CMD_FORMAT_DEFAULT */
const char *cmd_format_name(enum cmd_format format);
/** cmd_formats_text() - "name|json|yaml" of a mask of CMD_HAS(); caller frees */
char *cmd_formats_text(unsigned formats);

#endif
