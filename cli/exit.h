/* SPDX-License-Identifier: Apache-2.0 */
/* exit.h - the one table from errors to exit statuses */
#ifndef VMN_CLI_EXIT_H
#define VMN_CLI_EXIT_H

#include "lib/base/err.h"

/* A line of "Exit status" in help and man pages. */
struct cmd_exit_doc {
	const char *status; /* "124" */
	const char *when;
};

extern const struct cmd_exit_doc cmd_exit_docs[]; /* ended by a NULL status */

/** cmd_exit_status() - the status for an error; 0 for VMN_OK */
int cmd_exit_status(enum vmn_code code);

#endif
