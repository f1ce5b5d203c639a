/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup status - what is set up in a namespace, and what drifted */
#include "config.h"

#include <stdio.h>

#include "lib/binding/apply.h"
#include "lib/out/table.h"
#include "subcommands/netsetup_each.h"

struct status_opts {
	struct vmn_strlist netns;
};

static const struct cmd_opt status_options[] = {
	NETSETUP_EACH_NETNS(struct status_opts, netns),
	{0},
};

enum {
	COL_NAMESPACE,
	COL_NAME,
	COL_BINDING,
	COL_POD,
	COL_KEEPER,
	COL_BRIDGE,
	COL_TAP,
	COL_ADDRESS,
	COL_MAC,
	COL_MTU,
	COL_BY,
	COL_STATE
};
static const struct vmn_col cols[] = {
	[COL_NAMESPACE] = {"NAMESPACE", 0},
	[COL_NAME] = {"INTERFACE", 0},
	[COL_BINDING] = {"BINDING", 0},
	[COL_POD] = {"POD", VMN_COL_WIDE},
	[COL_KEEPER] = {"KEEPER", VMN_COL_WIDE},
	[COL_BRIDGE] = {"BRIDGE", 0},
	[COL_TAP] = {"TAP", 0},
	[COL_ADDRESS] = {"ADDRESS", 0},
	[COL_MAC] = {"MAC", VMN_COL_WIDE},
	[COL_MTU] = {"MTU", VMN_COL_WIDE},
	[COL_BY] = {"BY", 0},
	[COL_STATE] = {"STATE", 0},
};

static struct json_object *bound_json(const struct vmn_bound *bound)
{
	struct json_object *obj = vmn_facts_json(&bound->facts), *drift = json_object_new_array();

	for (size_t i = 0; i < bound->drift.n; i++)
		vmn_json_append_take(drift, json_object_new_string(bound->drift.v[i]));
	vmn_json_set_str(obj, "managedBy", bound->by);
	if (*bound->keeper)
		vmn_json_set_str(obj, "keeper", bound->keeper);
	vmn_json_set_str(obj, "state", bound->drift.n ? "drifted" : "ok");
	vmn_json_set_take(obj, "drift", drift);
	return obj;
}

static void add_row(struct vmn_table *table, const char *ns, const struct vmn_bound *bound)
{
	const struct vmn_binding_facts *f = &bound->facts;
	char address[VMN_CIDR_TEXT_SIZE], mac[VMN_MAC_TEXT_SIZE], mtu[16];
	const struct vmn_cidr *ip = f->ip4.ip.family ? &f->ip4 : &f->ip6;

	(void)snprintf(mtu, sizeof(mtu), "%u", f->mtu);
	(void)vmn_table_row(table, -1);
	vmn_table_cell(table, COL_NAMESPACE, *ns ? ns : NULL, VMN_STYLE_PLAIN);
	vmn_table_cell(table, COL_NAME, f->name, VMN_STYLE_PLAIN);
	vmn_table_cell(table, COL_BINDING, vmn_binding_word(f->binding), VMN_STYLE_PLAIN);
	vmn_table_cell(table, COL_POD, f->iface, VMN_STYLE_PLAIN);
	vmn_table_cell(table, COL_KEEPER, *bound->keeper ? bound->keeper : NULL, VMN_STYLE_PLAIN);
	vmn_table_cell(table, COL_BRIDGE, f->bridge, VMN_STYLE_PLAIN);
	vmn_table_cell(table, COL_TAP, f->tap, VMN_STYLE_PLAIN);
	vmn_table_cell(table, COL_ADDRESS, ip->ip.family ? vmn_cidr_text(ip, address) : NULL,
		       VMN_STYLE_PLAIN);
	vmn_table_cell(table, COL_MAC, f->has_mac ? vmn_mac_text(f->mac, mac) : NULL,
		       VMN_STYLE_PLAIN);
	vmn_table_cell(table, COL_MTU, f->mtu ? mtu : NULL, VMN_STYLE_PLAIN);
	vmn_table_cell(table, COL_BY, bound->by, VMN_STYLE_PLAIN);
	vmn_table_cell(table, COL_STATE, bound->drift.n ? "drifted" : "ok",
		       bound->drift.n ? VMN_STYLE_YELLOW : VMN_STYLE_GREEN);
}

static int status_one(struct netsetup_one *one, void *arg, struct vmn_err *err)
{
	vmn_auto_bound_list struct vmn_bound_list list = {0};
	struct json_object *array = json_object_new_array();
	struct vmn_table *table = arg;
	int rc = vmn_binding_status(one->ns, one->journal, &list, err);

	vmn_json_set_take(one->doc, "interfaces", array);
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		vmn_json_append_take(array, bound_json(&list.v[i]));
		add_row(table, vmn_netns_ref(one->ns), &list.v[i]);
		for (size_t k = 0; !netsetup_is_doc(one->ctx) && k < list.v[i].drift.n; k++)
			cmd_warn(one->ctx, "%sinterface \"%s\" drifted, missing: %s", one->prefix,
				 list.v[i].facts.name, list.v[i].drift.v[k]);
	}
	return rc;
}

static int run_status(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		      struct vmn_err *err)
{
	const struct status_opts *o = opts;
	vmn_auto_table struct vmn_table *table =
		vmn_table_new(cols, VMN_ARRAY_LEN(cols), ctx->globals->output == CMD_FORMAT_WIDE);
	int rc = netsetup_each(ctx, &o->netns, false, status_one, table, err), printed = 0;

	(void)argc, (void)argv;
	if (!netsetup_is_doc(ctx) && (rc == 0 || rc == -VMN_E_PARTIAL))
		printed = vmn_table_print(table, stdout, cmd_use_color(ctx), cmd_width(ctx), err);
	return printed < 0 ? printed : rc;
}

static const struct cmd_example examples[] = {
	{"vmnetctl netsetup status --netns pod1", "what is set up in a pod's namespace"},
	{"ip netns list | cut -d' ' -f1 | vmnetctl netsetup status --netns - -o wide",
	 "in all named namespaces"},
	{0},
};

const struct cmd cmd_netsetup_status = {
	.name = "status",
	.group = "Looking",
	.summary = "show what is set up in a namespace, and what drifted",
	.description = "Lists the interfaces that `apply` and `host` set up, and those that "
		       "KubeVirt did, told by the "
		       "names of their links. Of ours, what is not any more as it was set up is "
		       "named by the commands "
		       "that would make it so; `apply` mends it.\n\n"
		       "KEEPER, shown with -o wide, is the kind of the link that has the pod "
		       "interface's old name and "
		       "keeps its addresses: dummy, or bridge where the kernel has no dummy links.",
	.formats = CMD_HAS(WIDE) | CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = status_options,
	.opts_size = sizeof(struct status_opts),
	.examples = examples,
	.run = run_status,
};
