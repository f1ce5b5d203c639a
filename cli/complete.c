/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>

#include "cli/complete.h"
#include "cli/external.h"
#include "cli/globals.h"
#include "cli/options.h"

int cmd_complete_print(struct cmd_ctx *ctx, int argc, char **argv)
{
	(void)ctx, (void)argc, (void)argv;
	return 0;
}
