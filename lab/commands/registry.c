/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/program.h"
#include "lab/commands/registry.h"

const struct cmd *const lab_commands[] = {
	&lab_cmd_down,	     &lab_cmd_fault, &cmd_help,
	&lab_cmd_kubeconfig, &lab_cmd_logs,  &lab_cmd_run,
	&lab_cmd_status,     &lab_cmd_up,    NULL,
};
