/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl lab kubeconfig - where a lab's kubeconfig is */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "lab/api/authz.h"
#include "lab/commands/registry.h"
#include "lab/state.h"

struct kubeconfig_opts {
	const char *lab;
	const char *user;
};

static const char *const user_words[] = {"admin", "edit", "limited", "nobody", NULL};

static const struct cmd_opt kubeconfig_opts[] = {
	LAB_NAME_OPT(struct kubeconfig_opts),
	{CMD_OPT_STR, 0, "user", .offset = offsetof(struct kubeconfig_opts, user), .arg = "NAME",
	 .words = user_words, .complete = CMD_COMPLETE_WORDS,
	 .help = "the one that has only this user: admin, edit, limited or nobody"},
	{0},
};

static int run_kubeconfig(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
			  struct vmn_err *err)
{
	const struct kubeconfig_opts *o = opts;
	const char *user = o->user;
	lab_auto_state struct lab_state st = {0};
	vmn_auto_free char *file = NULL, *path = NULL;

	(void)ctx, (void)argc, (void)argv;
	if (user && !lab_user_find(user)) {
		(void)vmn_err_set(err, VMN_E_USAGE, "a lab has no user '%s'", user);
		return vmn_err_hint(err, "its users are admin, edit, limited and nobody");
	}
	if (lab_state_open(o->lab, &st, err) < 0)
		return -(int)err->code;
	file = user ? vmn_xasprintf("kubeconfig.%s", user) : vmn_xstrdup("kubeconfig");
	path = lab_state_path(&st, file);
	if (access(path, R_OK) < 0) {
		(void)vmn_err_set(err, VMN_E_NOT_FOUND, "there is no lab '%s'", st.name);
		return vmn_err_hint(err, "start it: vmnetctl lab up --name %s", st.name);
	}
	(void)printf("%s\n", path);
	return 0;
}

static const struct cmd_example examples[] = {
	{"export KUBECONFIG=$(vmnetctl lab kubeconfig)", "let kubectl and vmnetctl use the lab"},
	{"kubectl --kubeconfig $(vmnetctl lab kubeconfig --user edit) get vms",
	 "look at it as edit"},
	{0},
};

const struct cmd lab_cmd_kubeconfig = {
	.name = "kubeconfig",
	.group = "Labs",
	.summary = "print the path of a lab's kubeconfig",
	.description =
		"The file has a context for each user of the lab, admin being the current one. With "
		"--user it is a file with that user's contexts only.",
	.opts = kubeconfig_opts,
	.opts_size = sizeof(struct kubeconfig_opts),
	.examples = examples,
	.run = run_kubeconfig,
};
