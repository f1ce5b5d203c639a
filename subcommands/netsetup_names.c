/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup names - what KubeVirt calls the links of an interface */
#include "config.h"

#include <stdio.h>

#include "lib/data/json.h"
#include "lib/out/table.h"
#include "lib/virt/ifname.h"
#include "subcommands/netsetup.h"

struct names_opts {
	int scheme;
	const char *pod_interface;
};

enum { SCHEME_BOTH, SCHEME_HASHED, SCHEME_ORDINAL };
static const char *const scheme_words[] = {"both", "hashed", "ordinal", NULL};

#define OPT(field) .offset = offsetof(struct names_opts, field)

static const struct cmd_opt names_options[] = {
	{CMD_OPT_ENUM, 0, "scheme", OPT(scheme), .arg = "WORD", .words = scheme_words,
	 .def = "both", .help = "hashed (KubeVirt 1.0 and later), ordinal (before), or both"},
	{CMD_OPT_STR, 0, "pod-interface", OPT(pod_interface), .arg = "NIC", .def = "eth0",
	 .help = "what the pod network's interface is called in the pod"},
	{0},
};

static void add(struct json_object *list, const char *iface, const char *scheme,
		const struct vmn_ifnames *n)
{
	vmn_json_append_take(list,
			     vmn_json_build("{\"interface\":%s,\"scheme\":%s,\"pod\":%s,"
					    "\"bridge\":%s,\"tap\":%s,\"nic\":%s}",
					    iface, scheme, n->pod, n->bridge, n->tap, n->nic));
}

static int print(struct cmd_ctx *ctx, struct json_object *list, struct vmn_err *err)
{
	static const struct vmn_col cols[] = {{"INTERFACE", 0}, {"SCHEME", 0}, {"POD", 0},
					      {"BRIDGE", 0},	{"TAP", 0},    {"NIC", 0}};
	static const char *const paths[] = {"/interface", "/scheme", "/pod",
					    "/bridge",	  "/tap",    "/nic"};
	vmn_auto_table struct vmn_table *table = vmn_table_new(cols, VMN_ARRAY_LEN(cols), false);

	vmn_json_each(row, list) {
		(void)vmn_table_row(table, -1);
		for (size_t i = 0; i < VMN_ARRAY_LEN(paths); i++)
			vmn_table_cell(table, i, vmn_json_str(row, paths[i]), VMN_STYLE_PLAIN);
	}
	return vmn_table_print(table, stdout, cmd_use_color(ctx), cmd_width(ctx), err);
}

static int run_names(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		     struct vmn_err *err)
{
	const struct names_opts *o = opts;
	vmn_auto_json struct json_object *list = json_object_new_array();
	struct vmn_ifnames names;

	if (argc == 0) {
		vmn_ifnames_primary(o->pod_interface, &names);
		add(list, "(pod network)", "primary", &names);
	}
	for (int i = 0; i < argc; i++) {
		if (o->scheme != SCHEME_ORDINAL) {
			vmn_ifnames_hashed(argv[i], &names);
			add(list, argv[i], "hashed", &names);
		}
		if (o->scheme != SCHEME_HASHED) {
			vmn_ifnames_ordinal((unsigned)i + 1, &names);
			add(list, argv[i], "ordinal", &names);
		}
	}
	return ctx->globals->output == CMD_FORMAT_DEFAULT ? print(ctx, list, err)
							  : cmd_print_doc(ctx, list, err);
}

static const struct cmd_example examples[] = {
	{"vmnetctl netsetup names iface1", "what links belong to a secondary interface"},
	{"vmnetctl netsetup names --scheme ordinal blue red", "of a pod that KubeVirt 0.59 made"},
	{"vmnetctl netsetup names -o json", "of the pod network's interface, as JSON"},
	{0},
};

const struct cmd cmd_netsetup_names = {
	.name = "names",
	.group = "Looking",
	.summary = "print the names of the links that belong to interfaces",
	.operands = "[INTERFACE...]",
	.description =
		"INTERFACE is a secondary interface, as the VM calls it; without any, the names "
		"for the "
		"pod network's interface are printed. POD is the link that the CNI plugin made, "
		"and "
		"later the one that keeps its addresses; NIC is what the first is called then.\n\n"
		"Hashed names come from the interface's name alone. Ordinal names come from its "
		"place "
		"among the secondary interfaces: name all of them, in the order of the VM.",
	.max_args = -1,
	.formats = CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = names_options,
	.opts_size = sizeof(struct names_opts),
	.examples = examples,
	.run = run_names,
};
