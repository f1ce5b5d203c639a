/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - a lab's own commands as clients of its server */
#ifndef VMN_LAB_COMMANDS_CLIENT_H
#define VMN_LAB_COMMANDS_CLIENT_H

#include "cli/command.h"

/**
 * lab_cmd_kube() - cmd_kube(), with the kubeconfig of lab @name unless --kubeconfig says otherwise
 *
 * Return: 0, -VMN_E_NOT_FOUND when there is no such lab, and cmd_kube()'s errors
 */
int lab_cmd_kube(struct cmd_ctx *ctx, const char *name, struct vmn_kube **ret,
		 struct vmn_err *err) VMN_MUST_CHECK;

#endif
