/* SPDX-License-Identifier: Apache-2.0 */
/* migrate's run over several VMs: each has its turn, some at a time */
#include "config.h"

#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/kube/client.h"
#include "lib/kube/path.h"
#include "lib/out/progress.h"
#include "lib/virt/migrate.h"
#include "lib/virt/migration.h"
#include "subcommands/migrate.h"

/* One VM's turn. Lives in an array of its run, which callbacks point into. */
struct migrate_turn {
	struct migrate_run *run;
	const struct vmn_target *target;
	struct vmn_migrate *job;
	bool is_done;
};

void migrate_clear_jobs(struct migrate_run *r)
{
	for (size_t i = 0; r->turns && i < r->targets.n; i++) {
		vmn_migrate_free(r->turns[i].job);
		vmn_kube_drop(r->k, &r->turns[i]);
	}
	free(r->turns);
	r->turns = NULL;
}

/* A failure of one VM: told at once when there are several, else left to the dispatcher. */
static void fail(struct migrate_run *r, const struct vmn_target *t, struct vmn_err *err)
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

static const char *kind_of(const struct migrate_turn *turn)
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

static void tell_success(struct migrate_turn *turn, struct json_object *report)
{
	struct migrate_run *r = turn->run;
	const struct vmn_target *t = turn->target;
	const char *name = vmn_json_str(report, "/name");
	vmn_auto_free char *way = report ? journey(report) : NULL;
	vmn_auto_free char *suffix = name ? vmn_xasprintf(" (%s)", name) : vmn_xstrdup("");

	if (migrate_is_document(r)) {
		vmn_json_append_take(
			r->reports,
			report ? json_object_get(report)
			       : vmn_json_build("{\"namespace\":%s,\"vmi\":%s}", t->ns, t->name));
	} else if (r->ctx->globals->output == CMD_FORMAT_NAME) {
		migrate_print_name("virtualmachineinstancemigration.kubevirt.io", name);
	} else if (r->o->dry_run == MIGRATE_DRY_RUN_SERVER) {
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

static void fill_turns(struct migrate_run *r);

static void end_turn(struct migrate_turn *turn)
{
	struct migrate_run *r = turn->run;

	vmn_migrate_free(vmn_steal(&turn->job));
	turn->is_done = true;
	r->active--;
	fill_turns(r);
}

static void job_phase(void *arg, struct json_object *vmim)
{
	struct migrate_turn *turn = arg;
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
	struct migrate_turn *turn = arg;

	if (err && report && migrate_is_document(turn->run))
		vmn_json_append_take(turn->run->reports, json_object_get(report));
	if (err)
		fail(turn->run, turn->target, err);
	else
		tell_success(turn, report);
	end_turn(turn);
}

static void start_job(struct migrate_turn *turn)
{
	const struct migrate_run *r = turn->run;
	const struct vmn_migrate_wish wish = {
		.ns = turn->target->ns,
		.name = turn->target->name,
		.is_bare = turn->target->is_bare,
		.node_selector = r->node_selector,
		.force = r->o->force,
		.dry_run = r->o->dry_run == MIGRATE_DRY_RUN_SERVER,
		.wait = r->o->wait_ms > 0,
		.cancel = r->o->cancel,
	};

	turn->job =
		vmn_migrate_start(r->k, &wish, r->o->wait_ms ? job_phase : NULL, job_done, turn);
}

/* Nothing to do: it runs where it shall. */
static void tell_there(struct migrate_turn *turn)
{
	struct migrate_run *r = turn->run;
	const struct vmn_target *t = turn->target;

	if (migrate_is_document(r))
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
	struct migrate_turn *turn = arg;
	struct migrate_run *r = turn->run;

	(void)err;
	if (resp && vmn_streq(vmn_json_str(resp->body, "/status/nodeName"), r->o->to_node)) {
		tell_there(turn);
		end_turn(turn);
	} else {
		start_job(turn);
	}
}

static void start_turn(struct migrate_turn *turn)
{
	struct migrate_run *r = turn->run;
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

static void fill_turns(struct migrate_run *r)
{
	while (r->active < r->o->max_parallel && r->next < r->targets.n)
		start_turn(&r->turns[r->next++]);
}

static bool is_over(void *arg)
{
	const struct migrate_run *r = arg;

	if (r->active == 0 && r->next == r->targets.n)
		return true;
	vmn_progress_tick(cmd_progress(r->ctx));
	return false;
}

/* --- the end of a run ----------------------------------------------------------------- */

/* What is left when a signal or the deadline ends the run early: migrations go on without us. */
static void tell_left(struct migrate_run *r, const char *why)
{
	for (size_t i = 0; i < r->next; i++) {
		const struct migrate_turn *turn = &r->turns[i];
		struct json_object *vmim = turn->job ? vmn_migrate_vmim(turn->job) : NULL;
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		if (turn->is_done)
			continue;
		if (vmim && migrate_is_document(r))
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

static int end_run(struct migrate_run *r, int rc, struct vmn_err *err)
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

int migrate_run_jobs(struct migrate_run *r, struct vmn_err *err)
{
	int64_t deadline = r->o->wait_ms ? vmn_deadline_in(r->o->wait_ms) : VMN_NEVER;
	int rc = 0;

	r->turns = vmn_xcalloc(r->targets.n, sizeof(*r->turns));
	for (size_t i = 0; i < r->targets.n; i++)
		r->turns[i] = (struct migrate_turn){.run = r, .target = &r->targets.v[i]};
	fill_turns(r);
	if (!is_over(r))
		rc = vmn_kube_loop(r->k, deadline, is_over, r, err);
	rc = end_run(r, rc, err);
	if (migrate_is_document(r)) {
		vmn_auto_err struct vmn_err doc_err = VMN_ERR_INIT;

		if (migrate_print_reports(r, &doc_err) < 0 && rc == 0)
			return vmn_err_move(err, &doc_err);
	}
	return rc;
}
