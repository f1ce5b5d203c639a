/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup_apply.h - what `apply` and `host` share: carry out a setup and tell of it */
#ifndef VMN_SUBCOMMANDS_NETSETUP_APPLY_H
#define VMN_SUBCOMMANDS_NETSETUP_APPLY_H

#include "lib/binding/setup.h"
#include "subcommands/netsetup_each.h"

struct netsetup_apply_opts {
	struct vmn_strlist netns;
	const char *tap_owner, *tap_fd_socket;
	uint32_t queues;
	bool dry_run;
};

/* Rows of an option table whose struct @opts has a struct netsetup_apply_opts common; @queues_text
 * says how many there are by default */
#define NETSETUP_APPLY_OPTIONS(opts, queues_text)                                                  \
	NETSETUP_EACH_NETNS(opts, common.netns),                                                   \
		{CMD_OPT_U32,                                                                      \
		 0,                                                                                \
		 "queues",                                                                         \
		 .offset = offsetof(opts, common.queues),                                          \
		 .arg = "N",                                                                       \
		 .max = VMN_QUEUES_MAX,                                                            \
		 .help = "queues of each tap; default: " queues_text},                             \
		{CMD_OPT_STR,                                                                      \
		 0,                                                                                \
		 "tap-owner",                                                                      \
		 .offset = offsetof(opts, common.tap_owner),                                       \
		 .arg = "UID[:GID]",                                                               \
		 .def = "107",                                                                     \
		 .help = "who may open the taps: QEMU's user, as KubeVirt has it"},                \
		{CMD_OPT_STR,                                                                      \
		 0,                                                                                \
		 "tap-fd-socket",                                                                  \
		 .offset = offsetof(opts, common.tap_fd_socket),                                   \
		 .arg = "PATH",                                                                    \
		 .complete = CMD_COMPLETE_FILE,                                                    \
		 .help = "open the taps and hand them to who listens on this unix socket"},        \
	{                                                                                          \
		CMD_OPT_BOOL, 0, "dry-run", .offset = offsetof(opts, common.dry_run),              \
					    .help = "print the steps, change nothing"              \
	}

/** netsetup_apply_setup() - in each namespace that is named; fills the taps' part of @setup */
int netsetup_apply_setup(struct cmd_ctx *ctx, const struct netsetup_apply_opts *opts,
			 struct vmn_setup *setup, struct vmn_err *err) VMN_MUST_CHECK;

#endif
