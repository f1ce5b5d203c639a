/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h - the commands of vmnetctl */
#ifndef VMN_SUBCOMMANDS_REGISTRY_H
#define VMN_SUBCOMMANDS_REGISTRY_H

#include "cli/command.h"

extern const struct cmd *const cmd_registry[]; /* sorted by name, NULL-terminated */

/* The records, one a file of this folder. */
extern const struct cmd cmd_addinterface;
extern const struct cmd cmd_completion;
extern const struct cmd cmd_inspect;
extern const struct cmd cmd_migrate;
extern const struct cmd cmd_netsetup;
extern const struct cmd cmd_removeinterface;
extern const struct cmd cmd_updateinterface;
extern const struct cmd cmd_version;

#endif
