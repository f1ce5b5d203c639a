/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h - the verbs of `vmnetctl lab`, one file each */
#ifndef VMN_LAB_COMMANDS_REGISTRY_H
#define VMN_LAB_COMMANDS_REGISTRY_H

#include "cli/command.h"

extern const struct cmd *const lab_commands[];

extern const struct cmd lab_cmd_down, lab_cmd_fault, lab_cmd_kubeconfig, lab_cmd_logs, lab_cmd_run,
	lab_cmd_status, lab_cmd_up;

/* The option every verb has; @type is the verb's options struct with a member "const char *lab". */
#define LAB_NAME_OPT(type)                                                                         \
	{                                                                                          \
		CMD_OPT_STR, 0, "name", .offset = offsetof(type, lab), .arg = "NAME",              \
					.def = "default",                                          \
					.help = "which lab; several can run side by side"          \
	}

#endif
