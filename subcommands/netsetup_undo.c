/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup undo - give a namespace back as it was */
#include "config.h"

#include <stdio.h>

#include "lib/binding/apply.h"
#include "subcommands/netsetup_each.h"

struct undo_opts {
	struct vmn_strlist netns;
	const char *name;
	bool dry_run;
};

#define OPT(field) .offset = offsetof(struct undo_opts, field)

static const struct cmd_opt undo_options[] = {
	NETSETUP_EACH_NETNS(struct undo_opts, netns),
	{CMD_OPT_STR, 0, "name", OPT(name), .arg = "IFACE",
	 .help = "this interface only; default: all that was set up"},
	{CMD_OPT_BOOL, 0, "dry-run", OPT(dry_run),
	 .help = "print what would be taken back, change nothing"},
	{0},
};

static struct json_object *strings_json(const struct vmn_strlist *list)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < list->n; i++)
		vmn_json_append_take(array, json_object_new_string(list->v[i]));
	return array;
}

static int undo_one(struct netsetup_one *one, void *arg, struct vmn_err *err)
{
	const struct undo_opts *o = arg;
	vmn_auto_strlist struct vmn_strlist names = {0}, steps = {0};
	int rc = vmn_binding_undo(one->journal, o->name, o->dry_run, &names, &steps, err);

	if (rc < 0)
		return rc;
	if (netsetup_is_doc(one->ctx)) {
		vmn_json_set_bool(one->doc, "dryRun", o->dry_run);
		vmn_json_set_take(one->doc, "interfaces", strings_json(&names));
		vmn_json_set_take(one->doc, "steps", strings_json(&steps));
		return 0;
	}
	if (o->dry_run && *one->prefix)
		(void)printf("# netns %s\n", vmn_netns_ref(one->ns));
	for (size_t i = 0; o->dry_run && i < steps.n; i++)
		(void)printf("undo: %s\n", steps.v[i]);
	if (o->dry_run)
		return 0;
	for (size_t i = 0; i < names.n; i++)
		cmd_done(one->ctx, "%sinterface \"%s\" taken back", one->prefix, names.v[i]);
	if (names.n == 0)
		cmd_done(one->ctx, "%snothing is set up", one->prefix);
	return 0;
}

static int run_undo(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		    struct vmn_err *err)
{
	const struct undo_opts *o = opts;
	struct undo_opts copy = *o;

	(void)argc, (void)argv;
	return netsetup_each(ctx, &o->netns, !o->dry_run, undo_one, &copy, err);
}

static const struct cmd_example examples[] = {
	{"vmnetctl netsetup undo --netns pod1", "everything that was set up there"},
	{"vmnetctl netsetup undo --netns pod1 --dry-run", "what that would take back"},
	{0},
};

const struct cmd cmd_netsetup_undo = {
	.name = "undo",
	.group = "Interfaces",
	.summary = "give a namespace back as it was before `apply` or `host`",
	.description = "Takes back what was set up, the youngest first: names, addresses with "
		       "their lifetimes, routes and next hop objects "
		       "with all attributes, MAC addresses, MTU, sysctls and rules are as they "
		       "were. What somebody "
		       "else changed since is left alone. Interfaces that were set up by one "
		       "`apply` are taken back "
		       "together.",
	.flags = CMD_MUTATES,
	.formats = CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = undo_options,
	.opts_size = sizeof(struct undo_opts),
	.examples = examples,
	.run = run_undo,
};
