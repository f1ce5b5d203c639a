/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup - what is done inside network namespaces; its verbs are in netsetup_VERB.c */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/program.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "subcommands/netsetup.h"
#include "subcommands/registry.h"

enum { LOCK_WAIT_MS = 10000 };

int netsetup_journal(struct cmd_ctx *ctx, const struct vmn_netns *ns, struct vmn_journal **ret,
		     struct vmn_err *err)
{
	const char *dir = getenv("VMNETCTL_STATE_DIR"), *runtime = getenv("XDG_RUNTIME_DIR");
	vmn_auto_free char *own = NULL;
	struct vmn_journal_opts opts = {
		.deadline_ms = vmn_deadline_in(LOCK_WAIT_MS),
		.log = &ctx->log,
	};

	if (vmn_is_empty(dir)) {
		/* Root of a user namespace does not own /run. */
		if (access("/run", W_OK) < 0 && !vmn_is_empty(runtime))
			dir = own = vmn_path_join(runtime, "vmnetctl");
		else
			dir = "/run/vmnetctl";
	}
	opts.state_dir = dir;
	if (vmn_journal_open(ns, &opts, ret, err) == 0)
		return 0;
	if (err->code == VMN_E_PERMISSION)
		(void)vmn_err_hint(err,
				   "set VMNETCTL_STATE_DIR to a folder of yours that lasts as long "
				   "as the namespace");
	return -(int)err->code;
}

static const struct cmd *const verbs[] = {
	&cmd_netsetup_announce, &cmd_netsetup_apply,
	&cmd_netsetup_dhcp,	&cmd_help,
	&cmd_netsetup_host,	&cmd_netsetup_names,
	&cmd_netsetup_recover,	&cmd_netsetup_status,
	&cmd_netsetup_undo,	NULL,
};

static const char *const groups[] = {"Interfaces", "Looking", "Serve", "Repair", "About", NULL};

static const struct cmd_program program = {
	.name = "vmnetctl",
	.invocation = "vmnetctl netsetup",
	.summary = "set up the network of a VM inside a network namespace",
	.description =
		"Works on this machine, in the namespace that --netns names, and talks to no server. What "
		"changes a namespace is all or nothing: it is written down first, taken back when a step "
		"fails, and `recover` finishes that after a crash.",
	.commands = verbs,
	.groups = groups,
};

const struct cmd cmd_netsetup = {
	.name = "netsetup",
	.group = "Namespaces",
	.summary = "set up the network of a VM inside a network namespace",
	.verbs = &program,
};
