/* SPDX-License-Identifier: Apache-2.0 */
/* migrate - move running VMs to other nodes, watch them go, cancel it, or check beforehand */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/data/k8s.h"
#include "lib/kube/client.h"
#include "lib/kube/path.h"
#include "lib/out/term.h"
#include "lib/virt/migrate.h"
#include "lib/virt/migration.h"
#include "subcommands/migrate.h"
#include "subcommands/registry.h"

static const char *const dry_run_words[] = {"none", "client", "server", NULL};

enum { GROUP_ACTION = 1 };

#define OPT(field) .offset = offsetof(struct migrate_opts, field)

static const struct cmd_opt migrate_opts[] = {
	{CMD_OPT_STR, 'l', "selector", OPT(selector), .arg = "SELECTOR",
	 .help = "the VMs with these labels (with --from-node: the VMIs)"},
	{CMD_OPT_BOOL, 0, "all", OPT(all), .help = "all running VMs of the namespace"},
	{CMD_OPT_BOOL, 'A', "all-namespaces", OPT(all_namespaces),
	 .help = "with -l, --all or --from-node: of all namespaces"},
	{CMD_OPT_STR, 0, "from-node", OPT(from_node), .arg = "NODE", .complete = CMD_COMPLETE_NODE,
	 .help = "all that run on this node, bare VMIs included"},
	{CMD_OPT_STR, 0, "to-node", OPT(to_node), .arg = "NODE", .complete = CMD_COMPLETE_NODE,
	 .help = "migrate to this node"},
	{CMD_OPT_LIST, 0, "node-selector", "addedNodeSelector", OPT(node_selector),
	 .arg = "LABEL=VALUE", .flags = CMD_OPT_COMMA,
	 .help = "migrate to a node that has these labels too"},
	{CMD_OPT_DURATION, 0, "wait", OPT(wait_ms), .arg = "TIMEOUT", .bare = "10m",
	 .flags = CMD_OPT_OPTIONAL_ARG,
	 .help = "until the migrations have succeeded or failed, or TIMEOUT ran out"},
	{CMD_OPT_BOOL, 0, "cancel", OPT(cancel), .group = GROUP_ACTION,
	 .help = "cancel the migration that is under way"},
	{CMD_OPT_BOOL, 0, "check", OPT(check), .group = GROUP_ACTION,
	 .help = "only tell whether the VMs can migrate; exit status 2 when one cannot"},
	{CMD_OPT_BOOL, 0, "force", OPT(force),
	 .help = "migrate even when the server would ignore --node-selector or --to-node"},
	{CMD_OPT_ENUM, 0, "dry-run", OPT(dry_run), .arg = "MODE", .words = dry_run_words,
	 .def = "none", .bare = "client", .flags = CMD_OPT_OPTIONAL_ARG,
	 .help = "client prints the requests, server lets the server judge them; nothing changes"},
	{CMD_OPT_U32, 0, "max-parallel", OPT(max_parallel), .arg = "N", .def = "5", .min = 1,
	 .help = "work on at most N VMs at a time (5 is what KubeVirt itself lets move at once)"},
	{0},
};

static void run_clear(struct migrate_run *r)
{
	migrate_clear_jobs(r);
	vmn_targets_clear(&r->targets);
	json_object_put(r->node_selector);
	json_object_put(r->reports);
	vmn_err_clear(&r->last);
}

/* --- what the other files use too ----------------------------------------------------- */

bool migrate_is_document(const struct migrate_run *r)
{
	return r->ctx->globals->output == CMD_FORMAT_JSON ||
	       r->ctx->globals->output == CMD_FORMAT_YAML;
}

void migrate_print_name(const char *resource, const char *name)
{
	vmn_auto_free char *clean = name ? vmn_clean_dup(name) : NULL;

	if (clean)
		(void)printf("%s/%s\n", resource, clean);
}

int migrate_print_reports(struct migrate_run *r, struct vmn_err *err)
{
	vmn_auto_json struct json_object *list = NULL;
	size_t n = vmn_json_len(r->reports);

	if (n == 0)
		return 0;
	if (r->targets.n == 1)
		return cmd_print_doc(r->ctx, json_object_array_get_idx(r->reports, 0), err);
	list = vmn_json_build("{\"items\":%J}", r->reports);
	return cmd_print_doc(r->ctx, list, err);
}

/* --- --dry-run=client ----------------------------------------------------------------- */

static int print_requests(struct migrate_run *r, struct vmn_err *err)
{
	if (r->o->cancel)
		return vmn_err_set(err, VMN_E_USAGE,
				   "--cancel has no --dry-run=client: which migration "
				   "it would delete only the server knows");
	for (size_t i = 0; i < r->targets.n; i++) {
		const struct vmn_target *t = &r->targets.v[i];
		const struct vmn_migrate_wish wish = {
			.ns = t->ns,
			.name = t->name,
			.is_bare = t->is_bare,
			.node_selector = r->node_selector,
			.force = r->o->force,
		};
		vmn_auto_json struct json_object *req = vmn_migrate_request(&wish);

		if (migrate_is_document(r))
			vmn_json_append_take(r->reports, json_object_get(req));
		else
			printf("%s %s\n%s\n", vmn_json_str(req, "/method"),
			       vmn_json_str(req, "/path"),
			       vmn_json_text(vmn_json_get(req, "/body")));
	}
	return migrate_is_document(r) ? migrate_print_reports(r, err) : 0;
}

/* --- what to work on ------------------------------------------------------------------ */

/* An unset variable in a script must not mean every VM, nor a node that no node is. */
static int check_values(const struct migrate_opts *o, struct vmn_err *err)
{
	if (o->selector && !*o->selector) {
		(void)vmn_err_set(err, VMN_E_USAGE, "the selector is empty");
		return vmn_err_hint(err, "--all means all VMs");
	}
	if (o->from_node && !vmn_is_dns1123_subdomain(o->from_node))
		return vmn_err_set(err, VMN_E_USAGE, "--from-node: '%s' is not the name of a node",
				   o->from_node);
	if (o->to_node && !vmn_is_dns1123_subdomain(o->to_node))
		return vmn_err_set(err, VMN_E_USAGE, "--to-node: '%s' is not the name of a node",
				   o->to_node);
	return 0;
}

static int check_usage(const struct migrate_opts *o, int argc, char **argv, struct vmn_err *err)
{
	bool selects = o->selector || o->all || o->from_node;

	if (argc > 0 && selects)
		return vmn_err_set(err, VMN_E_USAGE,
				   "migrate: names go without --selector, --all and --from-node");
	if (argc == 0 && !selects) {
		(void)vmn_err_set(err, VMN_E_USAGE, "migrate: no VM is named");
		return vmn_err_hint(err, "name VMs, or select them with -l, --all or --from-node");
	}
	if (o->all && o->selector)
		return vmn_err_set(err, VMN_E_USAGE, "migrate: --all goes without --selector");
	if (o->all_namespaces && argc > 0)
		return vmn_err_set(err, VMN_E_USAGE, "migrate: names go without --all-namespaces");
	if (o->cancel && (o->to_node || o->node_selector.n || o->force))
		return vmn_err_set(err, VMN_E_USAGE,
				   "migrate: --cancel goes without --to-node, "
				   "--node-selector and --force");
	if (o->check && (o->wait_ms || o->dry_run))
		return vmn_err_set(
			err, VMN_E_USAGE,
			"migrate: --check changes nothing: it goes without --wait and --dry-run");
	for (int i = 0; i < argc; i++)
		if (!vmn_target_name(argv[i], err))
			return -(int)err->code;
	return check_values(o, err);
}

/* --node-selector as an object of strings */
static int parse_node_selector(const struct vmn_strlist *list, struct json_object **ret,
			       struct vmn_err *err)
{
	vmn_auto_json struct json_object *obj = list->n ? json_object_new_object() : NULL;

	for (size_t i = 0; i < list->n; i++) {
		const char *equals = strchr(list->v[i], '=');
		vmn_auto_free char *key = NULL;

		if (!equals || equals == list->v[i])
			return vmn_err_set(err, VMN_E_USAGE,
					   "--node-selector: '%s' is not LABEL=VALUE", list->v[i]);
		key = vmn_xstrndup(list->v[i], (size_t)(equals - list->v[i]));
		/* The API takes it, and then no pod can be made for the migration. */
		if (!vmn_is_label_key(key) || !vmn_is_label_value(equals + 1))
			return vmn_err_set(err, VMN_E_USAGE,
					   "--node-selector: no node can have the label '%s'",
					   list->v[i]);
		vmn_json_set_str(obj, key, equals + 1);
	}
	*ret = vmn_steal(&obj);
	return 0;
}

/* Kubernetes selects a node by its host name label, which is its name nearly always. */
static int add_to_node(struct migrate_run *r, struct vmn_err *err)
{
	vmn_auto_json struct json_object *node = NULL;
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_node, NULL, r->o->to_node, NULL);
	const char *host;

	if (vmn_kube_get(r->k, path, &node, &why) < 0 && why.code != VMN_E_FORBIDDEN)
		return vmn_err_move(err, &why);
	host = vmn_json_str_or(node, "/metadata/labels/kubernetes.io~1hostname", r->o->to_node);
	if (vmn_json_bool(node, "/spec/unschedulable", false))
		cmd_warn(r->ctx, "node '%s' is cordoned: no VM will get there", r->o->to_node);
	if (!r->node_selector)
		r->node_selector = json_object_new_object();
	vmn_json_set_str(r->node_selector, "kubernetes.io/hostname", host);
	return 0;
}

/* A node nobody has is a slip of the pen, not an empty node. */
static int check_from_node(struct migrate_run *r, struct vmn_err *err)
{
	vmn_auto_json struct json_object *node = NULL;
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_node, NULL, r->o->from_node, NULL);

	if (vmn_kube_get(r->k, path, &node, &why) < 0 && why.code != VMN_E_FORBIDDEN)
		return vmn_err_move(err, &why);
	return 0;
}

static int find_targets(struct migrate_run *r, int argc, char **argv, struct vmn_err *err)
{
	const struct migrate_opts *o = r->o;
	const char *ns = o->all_namespaces ? NULL : r->ctx->ns;
	size_t stopped;
	int rc = 0;

	for (int i = 0; i < argc; i++)
		vmn_targets_add(&r->targets, r->ctx->ns, vmn_target_name(argv[i], err));
	if (o->from_node)
		rc = vmn_targets_from_node(r->k, ns, o->selector, o->from_node, &r->targets, err);
	else if (argc == 0)
		rc = vmn_targets_from_vms(r->k, ns, o->selector, &r->targets, err);
	if (rc == 0 && o->from_node && r->targets.n == 0)
		rc = check_from_node(r, err);
	stopped = vmn_targets_drop_stopped(&r->targets);
	if (stopped)
		cmd_warn(r->ctx, "%zu %s not run and %s left out", stopped,
			 stopped == 1 ? "VM does" : "VMs do", stopped == 1 ? "is" : "are");
	return rc;
}

static int run_migrate(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		       struct vmn_err *err)
{
	VMN_CLEANUP(run_clear)
	struct migrate_run r = {
		.ctx = ctx,
		.o = opts,
		.reports = json_object_new_array(),
	};
	int rc = check_usage(r.o, argc, argv, err);

	if (rc == 0)
		rc = parse_node_selector(&r.o->node_selector, &r.node_selector, err);
	if (rc == 0)
		rc = cmd_kube(ctx, &r.k, err);
	if (rc == 0 && r.o->to_node)
		rc = add_to_node(&r, err);
	if (rc == 0)
		rc = find_targets(&r, argc, argv, err);
	if (rc < 0)
		return rc;
	if (r.targets.n == 0) {
		cmd_warn(ctx, "no running VM matches: nothing to do");
		return 0;
	}
	if (r.o->check)
		return migrate_check(&r, err);
	if (r.o->dry_run == MIGRATE_DRY_RUN_CLIENT)
		return print_requests(&r, err);
	return migrate_run_jobs(&r, err);
}

static const struct cmd_example examples[] = {
	{"vmnetctl migrate web-1 --check", "can it migrate, and where to?"},
	{"vmnetctl migrate web-1 --wait", "migrate it and follow the migration to its end"},
	{"vmnetctl migrate web-1 --to-node node2 --dry-run=client",
	 "show the request that would migrate it to node2"},
	{"vmnetctl migrate --from-node node1 --all-namespaces --wait=30m --max-parallel 2",
	 "empty a node, two VMs at a time"},
	{0},
};

const struct cmd cmd_migrate = {
	.name = "migrate",
	.group = "Migration",
	.summary = "move running VMs to other nodes",
	.operands = "[VM...]",
	.description =
		"Asks KubeVirt to migrate each VM through the migrate subresource. A "
		"VirtualMachineInstanceMigration is created directly for a VMI that has no VM, when "
		"the subresource is forbidden to the user, and with a node selector.\n\n"
		"Without --wait the command ends when the migrations are started, and they go on by "
		"themselves; so they do when --wait is interrupted or its time runs out. A "
		"request is never sent twice: when its answer is lost, the command looks for the "
		"migration it should have started.\n\n"
		"KubeVirt before 1.6 ignores node selectors without saying so. The command finds out "
		"with a dry run and refuses; --force migrates to any node then.",
	.max_args = -1,
	.flags = CMD_NEEDS_KUBE | CMD_MUTATES,
	.formats = CMD_HAS(TABLE) | CMD_HAS(WIDE) | CMD_HAS(NAME) | CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = migrate_opts,
	.opts_size = sizeof(struct migrate_opts),
	.complete = CMD_COMPLETE_VM,
	.examples = examples,
	.run = run_migrate,
};
