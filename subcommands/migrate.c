/* SPDX-License-Identifier: Apache-2.0 */
/* migrate - move running VMs to other nodes, watch them go, cancel it, or check beforehand */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/kube/client.h"
#include "lib/kube/path.h"
#include "lib/out/progress.h"
#include "lib/out/table.h"
#include "lib/virt/migrate.h"
#include "lib/virt/migration.h"
#include "lib/virt/targets.h"
#include "subcommands/registry.h"

enum dry_run { DRY_RUN_NONE, DRY_RUN_CLIENT, DRY_RUN_SERVER };

struct migrate_opts {
	const char *selector;
	bool all, all_namespaces;
	const char *from_node, *to_node;
	struct vmn_strlist node_selector;
	int64_t wait_ms;
	bool cancel, check, force;
	int dry_run;
	uint32_t max_parallel;
};

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

/* --- a run over several VMs ----------------------------------------------------------- */

struct run;

/* One VM's turn. Lives in an array of its run, which callbacks point into. */
struct turn {
	struct run *run;
	const struct vmn_target *target;
	struct vmn_migrate *job;
	bool is_done;
};

struct run {
	struct cmd_ctx *ctx;
	const struct migrate_opts *o;
	struct vmn_kube *k;
	struct vmn_targets targets;
	struct turn *turns;		   /* targets.n of them */
	struct json_object *node_selector; /* or NULL */
	struct json_object *reports;	   /* array; for -o json and yaml */
	size_t next, active, failed;
	struct vmn_err last; /* the last failure, not yet told: the only one when there is one VM */
};

static void run_clear(struct run *r)
{
	for (size_t i = 0; r->turns && i < r->targets.n; i++) {
		vmn_migrate_free(r->turns[i].job);
		vmn_kube_drop(r->k, &r->turns[i]);
	}
	free(r->turns);
	vmn_targets_clear(&r->targets);
	json_object_put(r->node_selector);
	json_object_put(r->reports);
	vmn_err_clear(&r->last);
}

static bool is_document(const struct run *r)
{
	return r->ctx->globals->output == CMD_FORMAT_JSON ||
	       r->ctx->globals->output == CMD_FORMAT_YAML;
}

/* A failure of one VM: told at once when there are several, else left to the dispatcher. */
static void fail(struct run *r, const struct vmn_target *t, struct vmn_err *err)
{
	(void)vmn_err_wrap(err, "cannot %s vm %s/%s",
			   r->o->cancel ? "cancel the migration of" : "migrate", t->ns, t->name);
	r->failed++;
	if (r->targets.n > 1) {
		cmd_report_failure(r->ctx, err);
		return;
	}
	vmn_err_clear(&r->last);
	(void)vmn_err_move(&r->last, err);
}

static const char *kind_of(const struct turn *turn)
{
	bool is_bare = turn->job ? vmn_migrate_is_bare(turn->job) : turn->target->is_bare;

	return is_bare ? "virtualmachineinstance" : "virtualmachine";
}

/* "from node 'a' to node 'b' in 12 s", as far as it is known; caller frees */
static char *journey(struct json_object *report)
{
	const char *from = vmn_json_str(report, "/sourceNode");
	const char *to = vmn_json_str(report, "/targetNode");
	int64_t seconds = vmn_json_int(report, "/durationSeconds", -1);
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	if (from)
		vmn_buf_addf(&b, " from node %s", from);
	if (to)
		vmn_buf_addf(&b, " to node %s", to);
	if (seconds >= 0)
		vmn_buf_addf(&b, " in %lld s", (long long)seconds);
	return vmn_xstrdup(vmn_buf_str(&b));
}

/* A line of -o name; @name NULL: none */
static void print_name(const char *resource, const char *name)
{
	vmn_auto_free char *clean = name ? vmn_clean_dup(name) : NULL;

	if (clean)
		(void)printf("%s/%s\n", resource, clean);
}

static void tell_success(struct turn *turn, struct json_object *report)
{
	struct run *r = turn->run;
	const struct vmn_target *t = turn->target;
	const char *name = vmn_json_str(report, "/name");
	vmn_auto_free char *way = report ? journey(report) : NULL;
	vmn_auto_free char *suffix = name ? vmn_xasprintf(" (%s)", name) : vmn_xstrdup("");

	if (is_document(r)) {
		vmn_json_append_take(
			r->reports,
			report ? json_object_get(report)
			       : vmn_json_build("{\"namespace\":%s,\"vmi\":%s}", t->ns, t->name));
	} else if (r->ctx->globals->output == CMD_FORMAT_NAME) {
		print_name("virtualmachineinstancemigration.kubevirt.io", name);
	} else if (r->o->dry_run == DRY_RUN_SERVER) {
		cmd_done(r->ctx, "%s/%s migration %s (server dry run)", kind_of(turn), t->name,
			 r->o->cancel ? "cancelled" : "started");
	} else if (r->o->cancel) {
		cmd_done(r->ctx, "%s/%s migration %s%s", kind_of(turn), t->name,
			 r->o->wait_ms ? "cancelled" : "asked to cancel", suffix);
	} else if (r->o->wait_ms) {
		cmd_done(r->ctx, "%s/%s migrated%s%s", kind_of(turn), t->name, way ? way : "",
			 suffix);
	} else {
		cmd_done(r->ctx, "%s/%s migration started%s", kind_of(turn), t->name, suffix);
	}
}

/* --- one VM --------------------------------------------------------------------------- */

static void fill_turns(struct run *r);

static void end_turn(struct turn *turn)
{
	struct run *r = turn->run;

	vmn_migrate_free(vmn_steal(&turn->job));
	turn->is_done = true;
	r->active--;
	fill_turns(r);
}

static void job_phase(void *arg, struct json_object *vmim)
{
	struct turn *turn = arg;
	const char *phase = vmn_migration_phase(vmim);
	const char *node = vmn_json_str(vmn_migration_state(vmim, NULL), "/targetNode");
	vmn_auto_free char *text =
		vmn_xasprintf("%s/%s: %s%s%s", turn->target->ns, turn->target->name,
			      vmn_streq(phase, "Unset") ? "created" : phase,
			      node ? ", target node " : "", node ? node : "");

	vmn_progress_state(cmd_progress(turn->run->ctx), text);
}

static void job_done(void *arg, struct json_object *report, struct vmn_err *err)
{
	struct turn *turn = arg;

	if (err && report && is_document(turn->run))
		vmn_json_append_take(turn->run->reports, json_object_get(report));
	if (err)
		fail(turn->run, turn->target, err);
	else
		tell_success(turn, report);
	end_turn(turn);
}

static void start_job(struct turn *turn)
{
	const struct run *r = turn->run;
	const struct vmn_migrate_wish wish = {
		.ns = turn->target->ns,
		.name = turn->target->name,
		.is_bare = turn->target->is_bare,
		.node_selector = r->node_selector,
		.force = r->o->force,
		.dry_run = r->o->dry_run == DRY_RUN_SERVER,
		.wait = r->o->wait_ms > 0,
		.cancel = r->o->cancel,
	};

	turn->job =
		vmn_migrate_start(r->k, &wish, r->o->wait_ms ? job_phase : NULL, job_done, turn);
}

/* Nothing to do: it runs where it shall. */
static void tell_there(struct turn *turn)
{
	struct run *r = turn->run;
	const struct vmn_target *t = turn->target;

	if (is_document(r))
		vmn_json_append_take(r->reports,
				     vmn_json_build("{\"namespace\":%s,\"vmi\":%s,\"node\":%s}",
						    t->ns, t->name, r->o->to_node));
	else if (r->ctx->globals->output != CMD_FORMAT_NAME)
		cmd_done(r->ctx, "%s/%s is on node %s already", kind_of(turn), t->name,
			 r->o->to_node);
}

/* Where does it run? Who may not read that still may migrate. */
static void vmi_came(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct turn *turn = arg;
	struct run *r = turn->run;

	(void)err;
	if (resp && vmn_streq(vmn_json_str(resp->body, "/status/nodeName"), r->o->to_node)) {
		tell_there(turn);
		end_turn(turn);
	} else {
		start_job(turn);
	}
}

static void start_turn(struct turn *turn)
{
	struct run *r = turn->run;
	const struct vmn_target *t = turn->target;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *path = NULL;

	r->active++;
	if (t->obstacle && !r->o->cancel) {
		(void)vmn_err_set(&err, VMN_E_INVALID, "%s", t->obstacle);
		(void)vmn_err_hint(&err,
				   "it stays on node '%s'; see: vmnetctl migrate --check -n %s %s",
				   t->node, t->ns, t->name);
		fail(r, t, &err);
		/* Not end_turn(): that would recurse once for each such VM. */
		turn->is_done = true;
		r->active--;
	} else if (r->o->to_node) {
		const struct vmn_kube_req req = {
			.method = "GET",
			.path = path = vmn_kube_path(&vmn_gvr_vmi, t->ns, t->name, NULL),
		};

		vmn_kube_start(r->k, &req, vmi_came, turn);
	} else {
		start_job(turn);
	}
}

static void fill_turns(struct run *r)
{
	while (r->active < r->o->max_parallel && r->next < r->targets.n)
		start_turn(&r->turns[r->next++]);
}

static bool is_over(void *arg)
{
	const struct run *r = arg;

	if (r->active == 0 && r->next == r->targets.n)
		return true;
	vmn_progress_tick(cmd_progress(r->ctx));
	return false;
}

/* --- the end of a run ----------------------------------------------------------------- */

/* What is left when a signal or the deadline ends the run early: migrations go on without us. */
static void tell_left(struct run *r, const char *why)
{
	for (size_t i = 0; i < r->next; i++) {
		const struct turn *turn = &r->turns[i];
		struct json_object *vmim = turn->job ? vmn_migrate_vmim(turn->job) : NULL;
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		if (turn->is_done)
			continue;
		if (vmim && is_document(r))
			vmn_json_append_take(r->reports, vmn_migration_report(vmim, NULL, NULL));
		if (vmim)
			(void)vmn_err_set(&err, VMN_E_TIMEOUT,
					  "%s: migration '%s' is in phase %s and goes on", why,
					  vmn_json_str_or(vmim, "/metadata/name", ""),
					  vmn_migration_phase(vmim));
		else
			(void)vmn_err_set(&err, VMN_E_TIMEOUT, "%s before the server answered",
					  why);
		(void)vmn_err_hint(&err, "see how it goes: vmnetctl inspect migration -n %s %s",
				   turn->target->ns,
				   vmim ? vmn_json_str_or(vmim, "/metadata/name", "") : "");
		fail(r, turn->target, &err);
	}
}

static int end_run(struct run *r, int rc, struct vmn_err *err)
{
	size_t not_begun = r->targets.n - r->next;

	if (rc < 0 && (err->code == VMN_E_TIMEOUT || err->code == VMN_E_CANCELLED)) {
		enum vmn_code code = err->code;

		tell_left(r, code == VMN_E_TIMEOUT ? "time ran out" : "interrupted");
		vmn_err_clear(err);
		if (r->last.code) {
			(void)vmn_err_move(err, &r->last);
			err->code = code;
			return -(int)code;
		}
		return vmn_err_set(err, code,
				   "%s: %zu of %zu VMs failed or were not finished, %zu not begun",
				   code == VMN_E_TIMEOUT ? "time ran out" : "interrupted",
				   r->failed, r->targets.n, not_begun);
	}
	if (rc < 0)
		return rc;
	if (r->last.code)
		return vmn_err_move(err, &r->last);
	return r->failed ? -VMN_E_PARTIAL : 0;
}

/* One document: the report itself for one VM, a list for several. */
static int print_reports(struct run *r, struct vmn_err *err)
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

static int run_jobs(struct run *r, struct vmn_err *err)
{
	int64_t deadline = r->o->wait_ms ? vmn_deadline_in(r->o->wait_ms) : VMN_NEVER;
	int rc = 0;

	r->turns = vmn_xcalloc(r->targets.n, sizeof(*r->turns));
	for (size_t i = 0; i < r->targets.n; i++)
		r->turns[i] = (struct turn){.run = r, .target = &r->targets.v[i]};
	fill_turns(r);
	if (!is_over(r))
		rc = vmn_kube_loop(r->k, deadline, is_over, r, err);
	rc = end_run(r, rc, err);
	if (is_document(r)) {
		vmn_auto_err struct vmn_err doc_err = VMN_ERR_INIT;

		if (print_reports(r, &doc_err) < 0 && rc == 0)
			return vmn_err_move(err, &doc_err);
	}
	return rc;
}

/* --- --dry-run=client ----------------------------------------------------------------- */

static int print_requests(struct run *r, struct vmn_err *err)
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

		if (is_document(r))
			vmn_json_append_take(r->reports, json_object_get(req));
		else
			printf("%s %s\n%s\n", vmn_json_str(req, "/method"),
			       vmn_json_str(req, "/path"),
			       vmn_json_text(vmn_json_get(req, "/body")));
	}
	return is_document(r) ? print_reports(r, err) : 0;
}

/* --- --check -------------------------------------------------------------------------- */

/* A tree that we can do without when we may not read it. */
static int get_optional(struct run *r, const char *path, struct json_object **ret,
			struct vmn_err *err)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

	if (vmn_kube_get(r->k, path, ret, &why) == 0)
		return 0;
	if (why.code == VMN_E_NOT_FOUND || why.code == VMN_E_FORBIDDEN)
		return 0;
	return vmn_err_move(err, &why);
}

static int check_one(struct run *r, const struct vmn_target *t, struct json_object *nodes,
		     struct json_object **ret, struct vmn_err *err)
{
	vmn_auto_json struct json_object *vm = NULL, *vmi = NULL, *migrations = NULL;
	vmn_auto_free char *vm_path = vmn_kube_path(&vmn_gvr_vm, t->ns, t->name, NULL);
	vmn_auto_free char *vmi_path = vmn_kube_path(&vmn_gvr_vmi, t->ns, t->name, NULL);
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_vmim, t->ns, NULL, NULL);
	vmn_auto_free char *selector = vmn_xasprintf(VMN_LABEL_VMI_NAME "=%s", t->name);
	struct vmn_migration_facts facts = {.ns = t->ns, .name = t->name};
	vmn_auto_err struct vmn_err vmi_err = VMN_ERR_INIT;
	int rc;

	rc = get_optional(r, vm_path, &vm, err);
	if (rc < 0)
		return rc;
	if (vmn_kube_get(r->k, vmi_path, &vmi, &vmi_err) < 0 &&
	    (vmi_err.code != VMN_E_NOT_FOUND || !vm))
		return vmn_err_move(err, &vmi_err);
	vmn_kube_path_query(&path, "labelSelector", selector);
	rc = get_optional(r, path, &migrations, err);
	if (rc < 0)
		return rc;
	facts.vm = vm;
	facts.vmi = vmi;
	facts.migrations = vmn_json_array(migrations, "/items");
	facts.nodes = nodes;
	facts.node_selector = r->node_selector;
	*ret = vmn_migration_check(&facts);
	return 0;
}

static const struct vmn_col check_cols[] = {
	{"NAMESPACE", VMN_COL_WIDE}, {"NAME", 0}, {"CHECK", 0}, {"VERDICT", 0}, {"MESSAGE", 0},
	{"HINT", VMN_COL_WIDE},
};

static enum vmn_style style_of(const char *verdict)
{
	if (vmn_streq(verdict, "ok"))
		return VMN_STYLE_GREEN;
	return vmn_streq(verdict, "bad") ? VMN_STYLE_RED : VMN_STYLE_YELLOW;
}

static void check_rows(struct vmn_table *table, struct json_object *report)
{
	vmn_json_each(check, vmn_json_array(report, "/checks")) {
		const char *verdict = vmn_json_str(check, "/verdict");

		(void)vmn_table_row(table, -1);
		vmn_table_cell(table, 0, vmn_json_str(report, "/namespace"), VMN_STYLE_PLAIN);
		vmn_table_cell(table, 1, vmn_json_str(report, "/name"), VMN_STYLE_PLAIN);
		vmn_table_cell(table, 2, vmn_json_str(check, "/id"), VMN_STYLE_PLAIN);
		vmn_table_cell(table, 3, verdict, style_of(verdict));
		vmn_table_cell(table, 4, vmn_json_str(check, "/message"), VMN_STYLE_PLAIN);
		vmn_table_cell(table, 5, vmn_json_str(check, "/hint"), VMN_STYLE_PLAIN);
	}
}

static int print_checks(struct run *r, struct vmn_err *err)
{
	struct cmd_ctx *ctx = r->ctx;
	bool is_wide = ctx->globals->output == CMD_FORMAT_WIDE || r->o->all_namespaces;
	vmn_auto_table struct vmn_table *table = NULL;

	if (is_document(r))
		return print_reports(r, err);
	table = vmn_table_new(check_cols, VMN_ARRAY_LEN(check_cols), is_wide);
	vmn_json_each(report, r->reports) {
		if (ctx->globals->output == CMD_FORMAT_NAME)
			print_name("virtualmachine.kubevirt.io", vmn_json_str(report, "/name"));
		else
			check_rows(table, report);
	}
	if (ctx->globals->output == CMD_FORMAT_NAME)
		return 0;
	return vmn_table_print(table, stdout, cmd_use_color(ctx), cmd_width(ctx), err);
}

static int run_check(struct run *r, struct vmn_err *err)
{
	vmn_auto_json struct json_object *nodes = NULL;
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_node, NULL, NULL, NULL);
	bool is_bad = false;
	int rc = get_optional(r, path, &nodes, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r->targets.n; i++) {
		vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
		struct json_object *report = NULL;

		if (check_one(r, &r->targets.v[i], vmn_json_array(nodes, "/items"), &report, &why) <
		    0) {
			if (why.code == VMN_E_CANCELLED)
				return vmn_err_move(err, &why);
			(void)vmn_err_wrap(&why, "cannot check vm %s/%s", r->targets.v[i].ns,
					   r->targets.v[i].name);
			r->failed++;
			cmd_report_failure(r->ctx, &why);
			continue;
		}
		is_bad |= !vmn_json_bool(report, "/canMigrate", false);
		vmn_json_append_take(r->reports, report);
	}
	rc = print_checks(r, err);
	if (rc < 0)
		return rc;
	if (r->failed)
		return -VMN_E_PARTIAL;
	return is_bad ? -VMN_E_VERDICT : 0;
}

/* --- what to work on ------------------------------------------------------------------ */

static int check_usage(const struct migrate_opts *o, int argc, struct vmn_err *err)
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
	return 0;
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
		vmn_json_set_str(obj, key, equals + 1);
	}
	*ret = vmn_steal(&obj);
	return 0;
}

/* Kubernetes selects a node by its host name label, which is its name nearly always. */
static int add_to_node(struct run *r, struct vmn_err *err)
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
static int check_from_node(struct run *r, struct vmn_err *err)
{
	vmn_auto_json struct json_object *node = NULL;
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_node, NULL, r->o->from_node, NULL);

	if (vmn_kube_get(r->k, path, &node, &why) < 0 && why.code != VMN_E_FORBIDDEN)
		return vmn_err_move(err, &why);
	return 0;
}

static int find_targets(struct run *r, int argc, char **argv, struct vmn_err *err)
{
	const struct migrate_opts *o = r->o;
	const char *ns = o->all_namespaces ? NULL : r->ctx->ns;
	size_t stopped;
	int rc = 0;

	for (int i = 0; i < argc; i++)
		vmn_targets_add(&r->targets, r->ctx->ns, argv[i]);
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
	struct run r = {
		.ctx = ctx,
		.o = opts,
		.reports = json_object_new_array(),
	};
	int rc = check_usage(r.o, argc, err);

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
		return run_check(&r, err);
	if (r.o->dry_run == DRY_RUN_CLIENT)
		return print_requests(&r, err);
	return run_jobs(&r, err);
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
