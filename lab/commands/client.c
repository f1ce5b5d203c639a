/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <unistd.h>

#include "lab/commands/client.h"
#include "lab/state.h"

int lab_cmd_kube(struct cmd_ctx *ctx, const char *name, struct vmn_kube **ret, struct vmn_err *err)
{
	const struct cmd_globals *globals = ctx->globals;
	struct cmd_globals of_lab = *globals;
	lab_auto_state struct lab_state st = {0};
	vmn_auto_free char *path = NULL;
	int rc = lab_state_open(name, &st, err);

	if (rc < 0)
		return rc;
	path = lab_state_path(&st, "kubeconfig");
	if (!globals->kubeconfig) {
		if (access(path, R_OK) < 0) {
			(void)vmn_err_set(err, VMN_E_NOT_FOUND, "there is no lab '%s'", st.name);
			return vmn_err_hint(err, "start it: vmnetctl lab up --name %s", st.name);
		}
		of_lab.kubeconfig = path;
	}
	ctx->globals = &of_lab;
	rc = cmd_kube(ctx, ret, err);
	ctx->globals = globals;
	return rc;
}
