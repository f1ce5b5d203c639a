/* SPDX-License-Identifier: Apache-2.0 */
/* complete.h - what the shells ask when Tab is pressed */
#ifndef VMN_CLI_COMPLETE_H
#define VMN_CLI_COMPLETE_H

#include "cli/program.h"

/* vmnetctl __complete -- WORD...: the words after the program's name, the last one (perhaps "") unfinished */
#define CMD_COMPLETE_COMMAND "__complete"

/**
 * cmd_complete_print() - print candidates, one a line, "WORD<Tab>description"
 *
 * The last line is ":N", N being the sum of enum cmd_complete_hint. Nothing is ever printed on stderr.
 */
int cmd_complete_print(struct cmd_ctx *ctx, int argc, char **argv);

/* What the shell is asked besides; the numbers are cobra's, kubectl reads them for its plugins too. */
enum cmd_complete_hint {
	CMD_HINT_NO_SPACE = 2, /* no blank after a candidate */
	CMD_HINT_NO_FILES = 4, /* file names are no candidates */
};

#endif
