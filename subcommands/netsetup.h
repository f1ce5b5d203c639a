/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup.h - what the verbs of netsetup share */
#ifndef VMN_SUBCOMMANDS_NETSETUP_H
#define VMN_SUBCOMMANDS_NETSETUP_H

#include "cli/command.h"
#include "lib/net/journal.h"

/* Row of an option table: const char *netns of struct @opts */
#define NETSETUP_NETNS(opts)                                                                                     \
	{                                                                                                        \
		CMD_OPT_STR, 0, "netns",                                                                         \
			.offset = offsetof(opts, netns), .arg = "REF",                                           \
			.complete = CMD_COMPLETE_FILE,                                                           \
			.help = "network namespace: a name below /run/netns, a path, or pid:N; default: our own" \
	}

/**
 * netsetup_journal() - the journal of @ns, locked, in the state directory
 *
 * That is $VMNETCTL_STATE_DIR, else /run/vmnetctl, or $XDG_RUNTIME_DIR/vmnetctl where /run is not
 * ours.
 */
int netsetup_journal(struct cmd_ctx *ctx, const struct vmn_netns *ns, struct vmn_journal **ret,
		     struct vmn_err *err) VMN_MUST_CHECK;

/* The verbs, one a file netsetup_VERB.c. */
extern const struct cmd cmd_netsetup_announce;
extern const struct cmd cmd_netsetup_apply;
extern const struct cmd cmd_netsetup_dhcp;
extern const struct cmd cmd_netsetup_host;
extern const struct cmd cmd_netsetup_names;
extern const struct cmd cmd_netsetup_recover;
extern const struct cmd cmd_netsetup_status;
extern const struct cmd cmd_netsetup_undo;

#endif
