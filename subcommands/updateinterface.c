/* SPDX-License-Identifier: Apache-2.0 */
/* updateinterface - set the link of VM interfaces, or move them to another network */
#include "config.h"

#include "subcommands/plug.h"
#include "subcommands/registry.h"

struct update_opts {
	struct plug_opts common;
	const char *state, *nad;
};

static const char *const state_words[] = {"up", "down", NULL};

#define OPT(field) .offset = offsetof(struct update_opts, field)

static const struct cmd_opt update_options[] = {
	PLUG_OPTS_IFACE(struct update_opts, "name of the interface in the VM"),
	{CMD_OPT_STR, 0, "state", OPT(state), .arg = "up|down", .words = state_words,
	 .complete = CMD_COMPLETE_WORDS, .help = "set the link state"},
	{CMD_OPT_STR, 0, "network-attachment-definition-name", OPT(nad), .arg = "[NS/]NAD",
	 .complete = CMD_COMPLETE_NAD,
	 .help = "move the interface to this network; a running VM follows by a migration"},
	PLUG_OPTS_COMMON(struct update_opts,
			 "until the running VM shows the change, or TIMEOUT ran "
			 "out"),
	{0},
};

static int update_run(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		      struct vmn_err *err)
{
	const struct update_opts *o = opts;
	struct vmn_wish wish = {.verb = VMN_PLUG_UPDATE, .state = o->state, .nad = o->nad};

	if (!o->state && !o->nad) {
		vmn_err_set(err, VMN_E_USAGE, "nothing to update");
		return vmn_err_hint(err, "give --state or --network-attachment-definition-name");
	}
	return plug_run(ctx, &o->common, &wish, argc, argv, err);
}

static const struct cmd_example update_examples[] = {
	{"vmnetctl updateinterface web-1 --name dyn1 --state down",
	 "take the link of an interface down, as if its cable were pulled"},
	{"vmnetctl updateinterface web-1 --name dyn1 --network-attachment-definition-name nad2 "
	 "--wait",
	 "move an interface to another network; the cluster migrates the VM for that"},
	{0},
};

const struct cmd cmd_updateinterface = {
	.name = "updateinterface",
	.group = "Interfaces",
	.summary = "set the link of VM interfaces, or move them to another network",
	.operands = "VM...",
	.description =
		"Sets the link state of an interface (KubeVirt 1.5 and later), moves it to another "
		"network (1.8 and later), or both.\n\n"
		"Stopped VMs show the change at their next start.",
	.max_args = -1,
	.flags = CMD_NEEDS_KUBE | CMD_MUTATES,
	.formats = PLUG_FORMATS,
	.opts = update_options,
	.opts_size = sizeof(struct update_opts),
	.complete = CMD_COMPLETE_VM,
	.examples = update_examples,
	.run = update_run,
};
