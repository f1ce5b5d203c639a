/* SPDX-License-Identifier: Apache-2.0 */
/* plug.h - what addinterface, removeinterface and updateinterface share */
#ifndef VMN_SUBCOMMANDS_PLUG_H
#define VMN_SUBCOMMANDS_PLUG_H

#include "cli/command.h"
#include "lib/virt/plan.h"

/* Options of all three; the first member, "common", of each command's own struct. */
struct plug_opts {
	const char *iface;
	const char *selector;
	bool all, all_namespaces;
	int via; /* enum vmn_via */
	int64_t wait_ms;
	bool migrate;
	int dry_run;
	uint32_t max_parallel;
};

extern const char *const plug_via_words[], *const plug_dry_run_words[];

#define PLUG_OPT(type, field) .offset = offsetof(type, common.field)

#define PLUG_OPTS_IFACE(type, text)                                                                \
	{                                                                                          \
		CMD_OPT_STR, 0, "name", PLUG_OPT(type, iface),                                     \
			.arg = "IFACE", .flags = CMD_OPT_REQUIRED, .complete = CMD_COMPLETE_IFACE, \
			.help = text                                                               \
	}

/* The rows that pick VMs and say how; the helps end alike in all three commands. */
#define PLUG_OPTS_COMMON(type, wait_text)                                                                   \
	{CMD_OPT_STR,	    'l',                                                                            \
	 "selector",	    PLUG_OPT(type, selector),                                                       \
	 .arg = "SELECTOR", .help = "the VMs with these labels, instead of names"},                         \
		{CMD_OPT_BOOL, 0, "all", PLUG_OPT(type, all), .help = "all VMs of the namespace"},          \
		{CMD_OPT_BOOL, 'A', "all-namespaces", PLUG_OPT(type, all_namespaces),                       \
		 .help = "all VMs, or with -l those with the labels, of all namespaces"},                   \
		{CMD_OPT_DURATION,                                                                          \
		 0,                                                                                         \
		 "wait",                                                                                    \
		 PLUG_OPT(type, wait_ms),                                                                   \
		 .arg = "TIMEOUT",                                                                          \
		 .bare = "2m",                                                                              \
		 .flags = CMD_OPT_OPTIONAL_ARG,                                                             \
		 .help = wait_text},                                                                        \
		{CMD_OPT_BOOL, 0, "migrate", PLUG_OPT(type, migrate),                                       \
		 .help = "migrate a VM when only that finishes the change; waits, 10m by default"},         \
		{CMD_OPT_ENUM,                                                                              \
		 0,                                                                                         \
		 "via",                                                                                     \
		 PLUG_OPT(type, via),                                                                       \
		 .arg = "WAY",                                                                              \
		 .words = plug_via_words,                                                                   \
		 .def = "auto",                                                                             \
		 .help = "subresource or spec patch; auto asks the server's discovery"},                    \
		{CMD_OPT_ENUM,                                                                              \
		 0,                                                                                         \
		 "dry-run",                                                                                 \
		 PLUG_OPT(type, dry_run),                                                                   \
		 .arg = "MODE",                                                                             \
		 .words = plug_dry_run_words,                                                               \
		 .def = "none",                                                                             \
		 .bare = "client",                                                                          \
		 .flags = CMD_OPT_OPTIONAL_ARG,                                                             \
		 .help = "client prints the requests, server lets the server judge them; nothing changes"}, \
	{                                                                                                   \
		CMD_OPT_U32, 0, "max-parallel", PLUG_OPT(type, max_parallel),                               \
			.arg = "N", .def = "32", .min = 1, .max = 1000,                                     \
			.help = "work on at most N VMs at a time"                                           \
	}

enum {
	PLUG_FORMATS = CMD_HAS(NAME) | CMD_HAS(JSON) | CMD_HAS(YAML),
};

/**
 * plug_run() - carry @wish out on the VMs that @o or the operands name, and report each
 * @wish: what the command's own options say; the common ones are filled in here
 */
int plug_run(struct cmd_ctx *ctx, const struct plug_opts *o, struct vmn_wish *wish, int argc,
	     char **argv, struct vmn_err *err);

#endif
