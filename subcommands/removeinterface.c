/* SPDX-License-Identifier: Apache-2.0 */
/* removeinterface - unplug a network interface from VMs */
#include "config.h"

#include "subcommands/plug.h"
#include "subcommands/registry.h"

struct remove_opts {
	struct plug_opts common;
	bool persist;
};

static const struct cmd_opt remove_options[] = {
	PLUG_OPTS_IFACE(struct remove_opts, "name of the interface in the VM"),
	{CMD_OPT_BOOL, 0, "persist", .offset = offsetof(struct remove_opts, persist),
	 .help = "remove it from the VM as well, where the cluster offers the choice; elsewhere it "
		 "always goes"},
	PLUG_OPTS_COMMON(
		struct remove_opts,
		"until the pod and the guest are rid of the interface, or TIMEOUT ran out"),
	{0},
};

static int remove_run(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		      struct vmn_err *err)
{
	const struct remove_opts *o = opts;
	struct vmn_wish wish = {.verb = VMN_PLUG_REMOVE, .persist = o->persist};

	return plug_run(ctx, &o->common, &wish, argc, argv, err);
}

static const struct cmd_example remove_examples[] = {
	{"vmnetctl removeinterface web-1 --name dyn1", "unplug an interface"},
	{"vmnetctl removeinterface web-1 --name dyn1 --wait",
	 "the same, and return when the guest has let go of it"},
	{0},
};

const struct cmd cmd_removeinterface = {
	.name = "removeinterface",
	.group = "Interfaces",
	.summary = "unplug a network interface from VMs",
	.operands = "VM...",
	.description =
		"Unplugs a network interface from running VMs, and takes it out of the ones that "
		"are "
		"stopped.\n\n"
		"A running VM lets go of interfaces with bridge binding only, and its guest has to "
		"co-operate. The default interface stays.",
	.max_args = -1,
	.flags = CMD_NEEDS_KUBE | CMD_MUTATES,
	.formats = PLUG_FORMATS,
	.opts = remove_options,
	.opts_size = sizeof(struct remove_opts),
	.complete = CMD_COMPLETE_VM,
	.examples = remove_examples,
	.run = remove_run,
};
