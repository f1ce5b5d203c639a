/* SPDX-License-Identifier: Apache-2.0 */
/* What addinterface, removeinterface and updateinterface share: picking VMs, working in parallel,
 * reports. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/kube/client.h"
#include "lib/kube/path.h"
#include "lib/out/progress.h"
#include "lib/virt/plugjob.h"
#include "lib/virt/plugwait.h"
#include "lib/virt/targets.h"
#include "lib/virt/vmfeed.h"
#include "subcommands/plug.h"

enum { MIGRATE_WAIT_MS = 600000 };

enum dry_run { DRY_RUN_NONE, DRY_RUN_CLIENT, DRY_RUN_SERVER };

const char *const plug_via_words[] = {"auto", "subresource", "spec", NULL};
const char *const plug_dry_run_words[] = {"none", "client", "server", NULL};

/* How messages speak of each verb. */
static const struct {
	const char *infinitive, *past, *reached;
} words[] = {
	[VMN_PLUG_ADD] = {"add", "added", "plugged"},
	[VMN_PLUG_REMOVE] = {"remove", "removed", "unplugged"},
	[VMN_PLUG_UPDATE] = {"update", "updated", "in effect"},
};

struct run {
	struct cmd_ctx *ctx;
	const struct plug_opts *o;
	const struct vmn_wish *wish;
	struct vmn_kube *k;
	const char *ns; /* NULL: all namespaces */
	struct vmn_vmfeed *feed;
	struct vmn_plugs *plugs;
	struct vmn_plugwait *wait; /* NULL without --wait */
	struct vmn_strlist names;
	struct turn **waiting;
	size_t n_waiting;
	uint32_t active;
	bool is_pumping;
	size_t total, failed, timed_out;
	bool is_single;	     /* one VM was named: its failure is the command's */
	struct vmn_err last; /* that failure */
};

/* One VM's turn. */
struct turn {
	struct run *run;
	char *ns, *name;
	bool is_vmi, is_changed; /* what there is to tell after waiting */
	bool is_shown;		 /* ... as a document */
	bool is_over;		 /* nothing to wait for any more */
	enum vmn_dialect dialect;
};

static void turn_free(struct turn *t)
{
	free(t->ns);
	free(t->name);
	free(t);
}

/* --- operands ------------------------------------------------------------------------- */

static int check_operands(const struct plug_opts *o, int argc, struct vmn_err *err)
{
	bool is_set = o->selector || o->all || o->all_namespaces;

	if (argc && is_set) {
		vmn_err_set(err, VMN_E_USAGE, "names of VMs do not go with -l, --all or -A");
		return vmn_err_hint(err, "give names, or a set");
	}
	/* An unset variable in a script must not mean every VM. */
	if (o->selector && !*o->selector) {
		vmn_err_set(err, VMN_E_USAGE, "the selector is empty");
		return vmn_err_hint(err, "--all means all VMs");
	}
	if (!argc && !is_set) {
		vmn_err_set(err, VMN_E_USAGE, "which VM?");
		return vmn_err_hint(err, "name VMs, or give -l SELECTOR, --all or -A");
	}
	return 0;
}

/* A migration can begin when the change has reached the VMI, so --migrate waits by itself. */
static int64_t wait_ms(const struct plug_opts *o)
{
	return o->migrate && !o->wait_ms ? MIGRATE_WAIT_MS : o->wait_ms;
}

/* --- reports -------------------------------------------------------------------------- */

static void fail(struct run *r, const char *ns, const char *name, struct vmn_err *err)
{
	r->failed++;
	r->timed_out += err->code == VMN_E_TIMEOUT;
	(void)vmn_err_wrap(err, "cannot %s interface \"%s\" %s vm %s/%s",
			   words[r->wish->verb].infinitive, r->wish->iface,
			   r->wish->verb == VMN_PLUG_ADD      ? "to"
			   : r->wish->verb == VMN_PLUG_REMOVE ? "from"
							      : "of",
			   ns, name);
	if (!r->is_single) {
		cmd_report_failure(r->ctx, err);
		return;
	}
	vmn_err_clear(&r->last);
	(void)vmn_err_move(&r->last, err);
}

static const char *kind(const struct turn *t)
{
	return t->is_vmi ? "virtualmachineinstance" : "virtualmachine";
}

static bool is_document(const struct run *r)
{
	return r->ctx->globals->output == CMD_FORMAT_JSON ||
	       r->ctx->globals->output == CMD_FORMAT_YAML;
}

/* One document after another; YAML needs a mark between them. */
static void print_doc(struct run *r, const struct turn *t, struct json_object *obj)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (r->ctx->globals->output == CMD_FORMAT_YAML && !r->is_single)
		puts("---");
	if (cmd_print_doc(r->ctx, obj, &err) < 0)
		fail(r, t->ns, t->name, &err);
}

static void tell_requests(struct run *r, const struct turn *t, struct json_object *requests)
{
	vmn_json_each(req, requests) {
		if (is_document(r)) {
			print_doc(r, t, req);
			continue;
		}
		printf("%s %s\n%s\n", vmn_json_str(req, "/method"), vmn_json_str(req, "/path"),
		       vmn_json_text(vmn_json_get(req, "/body")));
	}
}

/* "virtualmachine/web-1 interface "dyn1" added (spec patch)" and what else there is to say */
static void tell_line(struct run *r, const struct turn *t, const char *what, const char *how,
		      const char *rest)
{
	cmd_done(r->ctx, "%s/%s interface \"%s\" %s (%s)%s%s%s", kind(t), t->name, r->wish->iface,
		 what, how, rest, r->ns ? "" : " in namespace ", r->ns ? "" : t->ns);
}

static void tell(struct run *r, const struct turn *t, const struct vmn_plug_result *res)
{
	const char *rest = r->o->dry_run == DRY_RUN_CLIENT	    ? " (dry run)"
			   : r->o->dry_run == DRY_RUN_SERVER	    ? " (server dry run)"
			   : !res->plan->is_live && res->is_changed ? ", from the next start on"
								    : "";

	if (r->ctx->globals->output == CMD_FORMAT_NAME)
		printf("%s.kubevirt.io/%s\n", kind(t), t->name);
	else if (vmn_json_len(res->requests))
		tell_requests(r, t, res->requests);
	else if (is_document(r) && res->object)
		print_doc(r, t, res->object);
	else if (is_document(r))
		return; /* a dry run with nothing to do */
	else if (res->is_changed)
		tell_line(r, t, words[r->wish->verb].past, vmn_dialect_text(res->plan->dialect),
			  rest);
	else
		tell_line(r, t, "unchanged", res->plan->note, rest);
}

/* --- work ----------------------------------------------------------------------------- */

static void pump(struct run *r);

static void keep_waiting(struct run *r, struct turn *t)
{
	/* Grow at powers of two. */
	if ((r->n_waiting & (r->n_waiting - 1)) == 0)
		r->waiting = vmn_xrealloc(r->waiting, r->n_waiting ? 2 * r->n_waiting : 1,
					  sizeof(struct turn *));
	r->waiting[r->n_waiting++] = t;
}

static void plugged(void *arg, const struct vmn_plug_result *res, struct vmn_err *err)
{
	struct turn *t = arg;
	struct run *r = t->run;

	r->active--;
	if (!res) {
		fail(r, t->ns, t->name, err);
	} else {
		for (size_t i = 0; i < res->plan->warnings.n; i++)
			cmd_warn(r->ctx, "vm %s/%s: %s", t->ns, t->name, res->plan->warnings.v[i]);
		t->is_vmi = res->plan->is_vmi;
		t->is_changed = res->is_changed;
		t->dialect = res->plan->dialect;
		if (r->wait && res->plan->is_live) {
			vmn_plugwait_add(r->wait, res->ns, res->name, res->plan, t);
			keep_waiting(r, t);
			t = NULL;
		} else {
			if (res->plan->needs_migration && res->is_changed && !r->o->dry_run)
				cmd_warn(r->ctx,
					 "vm %s/%s: only a migration finishes this (see "
					 "--wait --migrate)",
					 t->ns, t->name);
			tell(r, t, res);
		}
	}
	if (t)
		turn_free(t);
	pump(r);
}

static void start(struct run *r, const struct vmn_vmfeed_item *item)
{
	struct turn *t = vmn_xcalloc(1, sizeof(*t));

	*t = (struct turn){
		.run = r,
		.ns = vmn_xstrdup(item->ns),
		.name = vmn_xstrdup(item->name),
	};
	r->active++;
	r->total++;
	vmn_plug_start(r->plugs, item->ns, item->name, item->is_known ? &item->known : NULL,
		       plugged, t);
}

/* Keep max_parallel VMs in work. Jobs may end before they are started; the outermost call goes on.
 */
static void pump(struct run *r)
{
	struct vmn_vmfeed_item item;

	if (r->is_pumping)
		return;
	r->is_pumping = true;
	while (r->active < r->o->max_parallel && vmn_vmfeed_next(r->feed, &item)) {
		start(r, &item);
		vmn_vmfeed_item_clear(&item);
	}
	r->is_pumping = false;
}

static void more_to_do(void *arg)
{
	pump(arg);
}

static bool tick(void *arg)
{
	struct run *r = arg;

	vmn_progress_tick(cmd_progress(r->ctx));
	return false;
}

static int work(struct run *r, struct vmn_err *err)
{
	int rc;

	pump(r);
	do {
		rc = vmn_kube_loop(r->k, VMN_NEVER, tick, r, err);
	} while (rc == 0 && vmn_plugs_resume(r->plugs));
	if (rc < 0)
		return rc;
	return vmn_vmfeed_error(r->feed, err);
}

/* --- waiting -------------------------------------------------------------------------- */

/* After a wait the object is read once more: that is what the user waited for. */
static void tell_waited(struct run *r, const struct turn *t)
{
	vmn_auto_free char *path =
		vmn_kube_path(t->is_vmi ? &vmn_gvr_vmi : &vmn_gvr_vm, t->ns, t->name, NULL);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *obj = NULL;

	if (vmn_kube_get(r->k, path, &obj, &err) < 0)
		fail(r, t->ns, t->name, &err);
	else
		print_doc(r, t, obj);
}

static void waited(void *arg, void *item, struct vmn_err *err)
{
	struct run *r = arg;
	struct turn *t = item;

	t->is_over = true;
	if (err) {
		fail(r, t->ns, t->name, err);
	} else if (is_document(r)) {
		t->is_shown = true;
	} else if (r->ctx->globals->output == CMD_FORMAT_NAME) {
		printf("%s.kubevirt.io/%s\n", kind(t), t->name);
	} else if (t->is_changed) {
		vmn_auto_free char *rest = vmn_xasprintf(", %s", words[r->wish->verb].reached);

		tell_line(r, t, words[r->wish->verb].past, vmn_dialect_text(t->dialect), rest);
	} else {
		tell_line(r, t, "unchanged", words[r->wish->verb].reached, "");
	}
}

static void show_progress(void *arg, const char *text)
{
	struct run *r = arg;

	if (text)
		vmn_progress_state(cmd_progress(r->ctx), text);
	vmn_progress_tick(cmd_progress(r->ctx));
}

static int wait_for_all(struct run *r, struct vmn_err *err)
{
	int rc = vmn_plugwait_run(r->wait, err);

	for (size_t i = 0; i < r->n_waiting; i++)
		if (r->waiting[i]->is_shown)
			tell_waited(r, r->waiting[i]);
	return rc;
}

/* --- the whole ------------------------------------------------------------------------ */

static void run_clear(struct run *r)
{
	vmn_plugwait_free(r->wait);
	vmn_plugs_free(r->plugs);
	vmn_vmfeed_free(r->feed);
	for (size_t i = 0; i < r->n_waiting; i++)
		turn_free(r->waiting[i]);
	free(r->waiting);
	vmn_strlist_clear(&r->names);
	vmn_err_clear(&r->last);
}

static int set_up(struct run *r, struct vmn_err *err)
{
	const struct vmn_plugs_opts plugs = {
		.k = r->k,
		.wish = r->wish,
		.client_dry_run = r->o->dry_run == DRY_RUN_CLIENT,
		.wants_object = is_document(r),
		.retry_ms = wait_ms(r->o),
	};
	const struct vmn_vmfeed_opts feed = {
		.k = r->k,
		.ns = r->ns,
		.selector = r->o->selector,
		.names = r->names.n ? &r->names : NULL,
		.ready = more_to_do,
		.arg = r,
	};
	const struct vmn_plugwait_opts wait = {
		.k = r->k,
		.ns = r->ns,
		.iface = r->wish->iface,
		.timeout_ms = wait_ms(r->o),
		.migrate = r->o->migrate,
		.done = waited,
		.progress = show_progress,
		.arg = r,
	};
	int rc = vmn_plugs_new(&plugs, &r->plugs, err);

	if (rc < 0)
		return rc;
	r->feed = vmn_vmfeed_new(&feed);
	if (wait_ms(r->o) && r->o->dry_run == DRY_RUN_NONE)
		r->wait = vmn_plugwait_new(&wait);
	return 0;
}

/* An interruption ends our part alone: changes that were sent go on. */
static int tell_sent(const struct run *r, struct vmn_err *err)
{
	size_t sent = r->active;

	for (size_t i = 0; i < r->n_waiting; i++)
		sent += !r->waiting[i]->is_over;
	if (err->code != VMN_E_CANCELLED || r->o->dry_run != DRY_RUN_NONE || !sent)
		return -(int)err->code;
	return vmn_err_hint(err,
			    "what was sent for %zu %s is not taken back: see how it goes with "
			    "vmnetctl inspect vm",
			    sent, sent == 1 ? "VM" : "VMs");
}

static int run_all(struct run *r, struct vmn_err *err)
{
	int rc = set_up(r, err);

	if (rc < 0)
		return rc;
	if (work(r, err) < 0 || (r->wait && wait_for_all(r, err) < 0))
		return tell_sent(r, err);
	if (!r->total && !r->names.n)
		cmd_warn(r->ctx, "no VM matches");
	if (!r->failed)
		return 0;
	if (r->is_single)
		return vmn_err_move(err, &r->last);
	/* Each was told; a run that did nothing but run out of time says so by its exit status. */
	return r->timed_out == r->failed ? -VMN_E_TIMEOUT : -VMN_E_PARTIAL;
}

static int take_names(struct run *r, int argc, char **argv, struct vmn_err *err)
{
	for (int i = 0; i < argc; i++) {
		const char *name = vmn_target_name(argv[i], err);

		if (!name)
			return -(int)err->code;
		if (!vmn_strlist_has(&r->names, name))
			vmn_strlist_add(&r->names, name);
	}
	r->is_single = r->names.n == 1;
	return 0;
}

int plug_run(struct cmd_ctx *ctx, const struct plug_opts *o, struct vmn_wish *wish, int argc,
	     char **argv, struct vmn_err *err)
{
	struct run r = {.ctx = ctx, .o = o, .wish = wish};
	int rc;

	wish->iface = o->iface;
	wish->via = (enum vmn_via)o->via;
	wish->server_dry_run = o->dry_run == DRY_RUN_SERVER;
	rc = check_operands(o, argc, err);
	if (rc == 0)
		rc = take_names(&r, argc, argv, err);
	if (rc == 0)
		rc = vmn_wish_check(wish, err);
	if (rc == 0)
		rc = cmd_kube(ctx, &r.k, err);
	if (rc == 0) {
		r.ns = o->all_namespaces ? NULL : ctx->ns;
		rc = run_all(&r, err);
	}
	run_clear(&r);
	return rc;
}
