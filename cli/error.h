/* SPDX-License-Identifier: Apache-2.0 */
/* error.h - what goes to stderr */
#ifndef VMN_CLI_ERROR_H
#define VMN_CLI_ERROR_H

#include "cli/command.h"

/**
 * cmd_error_text() - append the lines of an error, cleaned of control bytes
 *
 * "PROGRAM: message", then "hint: ...". From -v on the HTTP status and the server's causes too.
 * With -o json a Status-shaped object follows as the last line.
 */
void cmd_error_text(const struct cmd_ctx *ctx, const struct vmn_err *err, struct vmn_buf *b);

/** cmd_error_print() - the same to stderr, in one write */
void cmd_error_print(const struct cmd_ctx *ctx, const struct vmn_err *err);

/** cmd_log_write() - a line of the library's log to stderr; @arg: the struct cmd_ctx */
void cmd_log_write(void *arg, int level, const char *line);

#endif
