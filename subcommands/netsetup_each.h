/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup_each.h - verbs of netsetup that work on one namespace or on many */
#ifndef VMN_SUBCOMMANDS_NETSETUP_EACH_H
#define VMN_SUBCOMMANDS_NETSETUP_EACH_H

#include "lib/data/json.h"
#include "subcommands/netsetup.h"

/* Row of an option table: the struct vmn_strlist @field of struct @opts */
#define NETSETUP_EACH_NETNS(opts, field)                                                           \
	{                                                                                          \
		CMD_OPT_LIST, 0, "netns",                                                          \
			.offset = offsetof(opts, field), .arg = "REF",                             \
			.complete = CMD_COMPLETE_FILE,                                             \
			.help = "network namespace: a name below /run/netns, a path, or pid:N; "   \
				"- reads a list from stdin; default: our own"                      \
	}

/* One namespace of those that a verb works on. */
struct netsetup_one {
	struct cmd_ctx *ctx;
	const struct vmn_netns *ns;
	struct vmn_journal *journal; /* locked */
	const char *prefix;	     /* "" or "red: ", for lines of text */
	struct json_object *doc;     /* for -o json: what fn() says, an empty object to fill */
};

/**
 * netsetup_each() - call @fn for each namespace of @refs (none: our own)
 * @is_change: refuse early, naming the capability, where we may not change the namespace
 *
 * With -o json or yaml the documents are printed: one, or an array of those of several namespaces;
 * a list on stdin counts as several.
 *
 * Return: what @fn returns; of several namespaces -VMN_E_PARTIAL when some failed, all told
 */
int netsetup_each(struct cmd_ctx *ctx, const struct vmn_strlist *refs, bool is_change,
		  int (*fn)(struct netsetup_one *one, void *arg, struct vmn_err *err), void *arg,
		  struct vmn_err *err) VMN_MUST_CHECK;

/** netsetup_is_doc() - whether -o json or yaml was asked for: then fn() fills one->doc and is
 * silent */
bool netsetup_is_doc(const struct cmd_ctx *ctx);

#endif
