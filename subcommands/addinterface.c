/* SPDX-License-Identifier: Apache-2.0 */
/* addinterface - plug a network interface into VMs */
#include "config.h"

#include "subcommands/plug.h"
#include "subcommands/registry.h"

struct add_opts {
	struct plug_opts common;
	const char *nad;
	bool persist;
	const char *binding, *binding_plugin, *mac, *model, *state;
};

static const char *const binding_words[] = {"bridge", "masquerade", "sriov", "managedTap", NULL};
static const char *const state_words[] = {"up", "down", NULL};
static const char *const model_words[] = {"virtio",   "e1000", "e1000e",  "igb",
					  "ne2k_pci", "pcnet", "rtl8139", NULL};

enum { GROUP_BINDING = 1 };

#define OPT(field) .offset = offsetof(struct add_opts, field)

static const struct cmd_opt add_options[] = {
	PLUG_OPTS_IFACE(struct add_opts,
			"name of the interface in the VM: letters, digits, - and _"),
	{CMD_OPT_STR, 0, "network-attachment-definition-name", OPT(nad), .arg = "[NS/]NAD",
	 .flags = CMD_OPT_REQUIRED, .complete = CMD_COMPLETE_NAD,
	 .help = "the network to plug into; without NS one of the VM's namespace"},
	{CMD_OPT_BOOL, 0, "persist", OPT(persist),
	 .help = "keep the interface across restarts, where the cluster offers the choice; "
		 "elsewhere it always stays"},
	{CMD_OPT_STR, 0, "binding", OPT(binding), .arg = "BINDING", .group = GROUP_BINDING,
	 .words = binding_words, .complete = CMD_COMPLETE_WORDS,
	 .help = "bridge (the default), masquerade, sriov or managedTap; a running VM takes bridge "
		 "and sriov"},
	{CMD_OPT_STR, 0, "binding-plugin", OPT(binding_plugin), .arg = "NAME",
	 .group = GROUP_BINDING, .help = "a network binding plugin that the cluster registers"},
	{CMD_OPT_STR, 0, "mac-address", OPT(mac), .arg = "MAC",
	 .help = "the interface's MAC address; without it KubeVirt makes one up"},
	{CMD_OPT_STR, 0, "model", OPT(model), .arg = "MODEL", .words = model_words,
	 .complete = CMD_COMPLETE_WORDS, .help = "the device model, such as virtio or e1000"},
	{CMD_OPT_STR, 0, "state", OPT(state), .arg = "up|down", .words = state_words,
	 .complete = CMD_COMPLETE_WORDS, .help = "the link state to begin with"},
	PLUG_OPTS_COMMON(struct add_opts, "until the guest has the interface, or TIMEOUT ran out"),
	{0},
};

static int add_run(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		   struct vmn_err *err)
{
	const struct add_opts *o = opts;
	struct vmn_wish wish = {
		.verb = VMN_PLUG_ADD,
		.nad = o->nad,
		.binding = o->binding,
		.binding_plugin = o->binding_plugin,
		.mac = o->mac,
		.model = o->model,
		.state = o->state,
		.persist = o->persist,
	};

	return plug_run(ctx, &o->common, &wish, argc, argv, err);
}

static const struct cmd_example add_examples[] = {
	{"vmnetctl addinterface web-1 --name dyn1 --network-attachment-definition-name nad1",
	 "plug a second interface into a running VM"},
	{"vmnetctl addinterface web-1 --name dyn1 --network-attachment-definition-name nad1 "
	 "--wait=2m",
	 "the same, and return when the guest has it"},
	{"vmnetctl addinterface --all --name dyn1 --network-attachment-definition-name nad1",
	 "plug one into every VM of the namespace"},
	{"vmnetctl addinterface web-1 --name dyn1 --network-attachment-definition-name nad1 "
	 "--dry-run=client",
	 "print the request instead of sending it"},
	{0},
};

const struct cmd cmd_addinterface = {
	.name = "addinterface",
	.group = "Interfaces",
	.summary = "plug a network interface into VMs",
	.operands = "VM...",
	.description =
		"Plugs a network interface into running VMs, and writes it into the ones that are "
		"stopped.\n\n"
		"The server's discovery tells how: by the addinterface subresource of KubeVirt up "
		"to "
		"1.0, or by a patch of the VM's template for later ones. What the server would "
		"accept "
		"and never do is refused with the reason.\n\n"
		"An interface that is there already, on the same network, is left as it is.",
	.max_args = -1,
	.flags = CMD_NEEDS_KUBE | CMD_MUTATES,
	.formats = PLUG_FORMATS,
	.opts = add_options,
	.opts_size = sizeof(struct add_opts),
	.complete = CMD_COMPLETE_VM,
	.examples = add_examples,
	.run = add_run,
};
