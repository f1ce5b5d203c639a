/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/program.h"
#include "subcommands/registry.h"

const struct cmd *const cmd_registry[] = {
	&cmd_addinterface,
	&cmd_completion,
	&cmd_help,
	&cmd_inspect,
	&cmd_migrate,
	&cmd_netsetup,
	&cmd_removeinterface,
	&cmd_updateinterface,
	&cmd_version,
	NULL,
};
