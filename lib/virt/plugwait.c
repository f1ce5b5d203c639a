/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/kube/list.h"
#include "lib/kube/path.h"
#include "lib/kube/watch.h"
#include "lib/virt/migrate.h"
#include "lib/virt/plugwait.h"
#include "lib/virt/topology.h"
#include "lib/virt/vm.h"

enum {
	/* What KubeVirt itself gives an in-place plug before it asks for a migration is 15 s. */
	MIGRATE_AFTER_MS = 20000,
	/* Until a migration is asked for again that another one was in the way of. */
	MIGRATE_AGAIN_MS = 3000,
	LOOK_MS = 2000, /* for a last look at those that are stuck when time ran out */
};

/* One VM waited for. */
struct waiter {
	struct vmn_plugwait *w;
	char *ns, *name;
	void *item;
	struct vmn_goal goal;
	char *state, *nad; /* what goal borrows */
	bool needs_migration;
	bool is_done, is_seen; /* seen: in the list that a watch began with */
	bool in_template;      /* as the VM was last seen */
	bool is_vm_seen;
	char *refusal;	      /* why virt-controller gets no further with the VM, or NULL */
	struct vmn_hops hops; /* as the VMI was last seen; its strings are not kept */
	char *vmi_uid;	      /* of the VMI as first seen: another one is another run of the VM */
	char *last_migration; /* before the change; NULL: there was none */
	bool has_migrated;    /* or wanted to, since the change */
	int step;	      /* last step told */
	int64_t moved_ms;     /* when it was reached */
	bool is_looking;      /* at its pods */
	bool must_look_again; /* the VMI changed meanwhile */
	bool was_migrated;
	int64_t migrate_at_ms; /* not before */
	bool was_in_vmi;
	struct vmn_migrate *migration;
};

struct vmn_plugwait {
	struct vmn_plugwait_opts o;
	struct waiter **v; /* sorted by namespace and name once running */
	size_t n, left;
	size_t told_tenths;
	char *events_version; /* of the events before the first change; NULL: they may not be read
			       */
	struct vmn_watch *vmis, *vms, *events;
	bool wants_vms;
	bool is_relisting_events; /* those that come are old */
};

/* --- setting up ----------------------------------------------------------------------- */

static char *events_path(const struct vmn_plugwait *w)
{
	char *path = vmn_kube_path(&vmn_gvr_event, w->o.ns, NULL, NULL);

	vmn_kube_path_query(&path, "fieldSelector",
			    "involvedObject.kind=VirtualMachineInstance,type=Warning");
	return path;
}

struct vmn_plugwait *vmn_plugwait_new(const struct vmn_plugwait_opts *opts)
{
	struct vmn_plugwait *w = vmn_xcalloc(1, sizeof(*w));
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *list = NULL;
	vmn_auto_free char *path = NULL;
	const char *version;

	w->o = *opts;
	path = events_path(w);
	vmn_kube_path_query(&path, "limit", "1");
	/* Events only shorten a wait that is in vain; without them it takes its time. */
	if (vmn_kube_get(opts->k, path, &list, &err) == 0) {
		version = vmn_json_str(list, "/metadata/resourceVersion");
		w->events_version = version ? vmn_xstrdup(version) : NULL;
	}
	return w;
}

static void waiter_free(struct waiter *it)
{
	vmn_kube_drop(it->w->o.k, it);
	vmn_migrate_free(it->migration);
	free(it->ns);
	free(it->name);
	free(it->state);
	free(it->nad);
	free(it->refusal);
	free(it->vmi_uid);
	free(it->last_migration);
	free(it);
}

void vmn_plugwait_free(struct vmn_plugwait *w)
{
	if (!w)
		return;
	vmn_watch_stop(w->vmis);
	vmn_watch_stop(w->vms);
	vmn_watch_stop(w->events);
	for (size_t i = 0; i < w->n; i++)
		waiter_free(w->v[i]);
	free(w->v);
	free(w->events_version);
	free(w);
}

void vmn_plugwait_add(struct vmn_plugwait *w, const char *ns, const char *name,
		      const struct vmn_plan *plan, void *item)
{
	struct waiter *it = vmn_xcalloc(1, sizeof(*it));

	*it = (struct waiter){
		.w = w,
		.ns = vmn_xstrdup(ns),
		.name = vmn_xstrdup(name),
		.item = item,
		.goal = plan->goal,
		.needs_migration = plan->needs_migration,
		.step = -1,
	};
	it->state = plan->goal.state ? vmn_xstrdup(plan->goal.state) : NULL;
	it->nad = plan->goal.nad ? vmn_xstrdup(plan->goal.nad) : NULL;
	it->last_migration = plan->last_migration ? vmn_xstrdup(plan->last_migration) : NULL;
	it->goal.state = it->state;
	it->goal.nad = it->nad;
	/* A removal ends in the template; 1.0's queue and a network that is not followed show in
	 * the VM. */
	w->wants_vms = w->wants_vms || plan->goal.kind != VMN_GOAL_PLUGGED ||
		       plan->dialect == VMN_DIALECT_VM;
	if ((w->n & (w->n - 1)) == 0)
		w->v = vmn_xrealloc(w->v, w->n ? 2 * w->n : 1, sizeof(struct waiter *));
	w->v[w->n++] = it;
}

static int by_name(const void *a, const void *b)
{
	const struct waiter *x = *(struct waiter *const *)a, *y = *(struct waiter *const *)b;
	int diff = strcmp(x->ns, y->ns);

	return diff ? diff : strcmp(x->name, y->name);
}

static struct waiter *find(struct vmn_plugwait *w, const char *ns, const char *name)
{
	struct waiter key = {.ns = (char *)ns, .name = (char *)name}, *p = &key, **found;

	if (!ns || !name)
		return NULL;
	found = bsearch(&p, w->v, w->n, sizeof(struct waiter *), by_name);
	return found && !(*found)->is_done ? *found : NULL;
}

static struct waiter *find_object(struct vmn_plugwait *w, struct json_object *obj)
{
	return find(w, vmn_json_str(obj, "/metadata/namespace"),
		    vmn_json_str(obj, "/metadata/name"));
}

/* --- ends ----------------------------------------------------------------------------- */

/* @err: NULL on success, else cleared */
static void end(struct waiter *it, struct vmn_err *err)
{
	if (it->is_done)
		return;
	it->is_done = true;
	it->w->left--;
	it->w->o.done(it->w->o.arg, it->item, err);
	if (err)
		vmn_err_clear(err);
}

static void end_with(struct waiter *it, enum vmn_code code, const char *text)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	vmn_err_set(&err, code, "%s", text);
	end(it, &err);
}

static int step_of(const struct waiter *it)
{
	switch (it->goal.kind) {
	case VMN_GOAL_PLUGGED:
		return vmn_plug_step(&it->hops);
	case VMN_GOAL_UNPLUGGED:
		return vmn_unplug_step(&it->hops);
	case VMN_GOAL_UPDATED:
		break;
	}
	return 0;
}

static const char *step_text(const struct waiter *it, int step)
{
	switch (it->goal.kind) {
	case VMN_GOAL_PLUGGED:
		return vmn_plug_step_text(step);
	case VMN_GOAL_UNPLUGGED:
		return vmn_unplug_step_text(step);
	case VMN_GOAL_UPDATED:
		break;
	}
	if (it->hops.is_migration_required || it->hops.is_migration_pending)
		return "waiting for the migration";
	return it->hops.has_vmi ? "waiting for the VM to follow" : "asked for";
}

static const char *stuck_text(const struct waiter *it)
{
	switch (it->goal.kind) {
	case VMN_GOAL_PLUGGED:
		return vmn_plug_stuck_text(&it->hops);
	case VMN_GOAL_UNPLUGGED:
		return vmn_unplug_stuck_text(&it->hops);
	case VMN_GOAL_UPDATED:
		break;
	}
	if (it->hops.is_migration_required)
		return "the cluster wants a migration and none has finished it";
	return it->nad ? "this KubeVirt may keep the change for the VM's next start"
		       : "virt-handler has not set the link, or this KubeVirt cannot";
}

static void tell_progress(struct waiter *it)
{
	struct vmn_plugwait *w = it->w;
	vmn_auto_free char *text = NULL;

	if (!w->o.progress)
		return;
	if (w->n > 1) {
		/* A line for each tenth, not for each of a thousand VMs. */
		size_t tenths = (w->left * 10 + w->n - 1) / w->n;

		if (tenths == w->told_tenths)
			return;
		w->told_tenths = tenths;
		text = vmn_xasprintf("waiting for %zu of %zu VMs", w->left, w->n);
	} else if (it->migration)
		text = vmn_xasprintf("interface \"%s\": migrating vm %s/%s", w->o.iface, it->ns,
				     it->name);
	else
		text = vmn_xasprintf("interface \"%s\" of vm %s/%s: %s", w->o.iface, it->ns,
				     it->name, step_text(it, it->step));
	w->o.progress(w->o.arg, text);
}

/* --- judging -------------------------------------------------------------------------- */

static void judge(struct waiter *it);

static void migrated(void *arg, struct json_object *report, struct vmn_err *err)
{
	struct waiter *it = arg;

	(void)report;
	vmn_migrate_free(vmn_steal(&it->migration));
	if (!err)
		return;
	/* One that is under way already may serve as well, unless it fails or began too early. */
	if (err->code == VMN_E_CONFLICT) {
		it->was_migrated = false;
		it->migrate_at_ms = vmn_now_ms() + MIGRATE_AGAIN_MS;
		return;
	}
	vmn_err_wrap(err, "the migration it needs");
	end(it, err);
}

/* In-place plugging had its chance, or cannot do it at all. */
static bool wants_migration(const struct waiter *it)
{
	bool is_stuck = vmn_now_ms() - it->moved_ms >= MIGRATE_AFTER_MS;
	int step = step_of(it);

	if (!it->w->o.migrate || it->was_migrated || it->is_done || !it->hops.has_vmi ||
	    vmn_now_ms() < it->migrate_at_ms)
		return false;
	if (it->hops.is_migration_required)
		return true;
	switch (it->goal.kind) {
	case VMN_GOAL_PLUGGED:
		return step >= 1 && step <= 2 && (it->needs_migration || is_stuck);
	case VMN_GOAL_UNPLUGGED:
		return step >= 1 && it->hops.in_multus && !it->hops.in_domain && is_stuck;
	case VMN_GOAL_UPDATED:
		break;
	}
	return it->needs_migration && vmn_streq(it->nad, it->hops.nad);
}

static void migrate_if_due(struct waiter *it)
{
	const struct vmn_migrate_wish wish = {.ns = it->ns, .name = it->name, .wait = true};

	if (!wants_migration(it))
		return;
	it->was_migrated = true;
	it->migration = vmn_migrate_start(it->w->o.k, &wish, NULL, migrated, it);
	tell_progress(it);
}

/* Somebody else removes what was added: no server plugs it again by itself. */
static bool is_taken_back(struct waiter *it)
{
	const struct vmn_hops *h = &it->hops;
	bool was_in_vmi = it->was_in_vmi;

	it->was_in_vmi |= h->in_vmi;
	return it->goal.kind == VMN_GOAL_PLUGGED && h->has_vmi &&
	       (h->absent_in_vmi || (was_in_vmi && !h->in_vmi));
}

static void judge(struct waiter *it)
{
	int step;

	it->hops.has_vm = it->is_vm_seen;
	it->hops.in_template = it->in_template;
	step = step_of(it);
	if (step != it->step) {
		it->step = step;
		it->moved_ms = vmn_now_ms();
	}
	if (is_taken_back(it))
		end_with(it, VMN_E_CONFLICT, "it was removed again while it was waited for");
	else if (vmn_goal_is_reached(&it->goal, &it->hops))
		end(it, NULL);
	else if (it->refusal && step == 0)
		/* From the first step on it is in the VMI, and nothing the VM says holds it up. */
		end_with(it, VMN_E_CONFLICT, it->refusal);
	else
		migrate_if_due(it);
	tell_progress(it);
}

static void look_at_pod(struct waiter *it);

static char *pods_of(const struct waiter *it, const char *vmi_uid)
{
	vmn_auto_free char *label = vmn_xasprintf("kubevirt.io/created-by=%s", vmi_uid);
	char *path = vmn_kube_path(&vmn_gvr_pod, it->ns, NULL, NULL);

	vmn_kube_path_query(&path, "labelSelector", label);
	return path;
}

/* A pod that ended may have been on the wished network once. */
static bool has_ended(struct json_object *pod)
{
	const char *phase = vmn_json_str_or(pod, "/status/phase", "");

	return strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
}

static void pods_read(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct waiter *it = arg;

	it->is_looking = false;
	if (it->is_done)
		return;
	/* Who may not read pods sees the migration come and go, or that there was one. */
	if (!resp && err->http == 403)
		it->hops.is_nad_delivered = it->has_migrated;
	vmn_json_each(pod, resp ? vmn_json_array(resp->body, "/items") : NULL) {
		vmn_auto_free char *full = vmn_nad_qualify(it->nad, it->ns);
		vmn_auto_json struct json_object *vmi = vmn_json_build(
			"{\"metadata\":{\"namespace\":%s},\"spec\":{\"networks\":[{\"name\":%s,"
			"\"multus\":{\"networkName\":%s}}]}}",
			it->ns, it->w->o.iface, full);
		struct vmn_hops hops;

		if (has_ended(pod))
			continue;
		vmn_hops_look(NULL, vmi, pod, it->w->o.iface, &hops);
		it->hops.is_nad_delivered = it->hops.is_nad_delivered || hops.is_nad_delivered;
	}
	judge(it);
	if (it->must_look_again)
		look_at_pod(it);
}

/* A new network shows in the pod only: look there once everything else is as wished. */
static void look_at_pod(struct waiter *it)
{
	vmn_auto_free char *path = NULL;

	it->must_look_again = it->is_looking;
	if (!it->nad || it->is_done || it->is_looking || it->hops.is_migration_required ||
	    it->hops.is_migration_pending || !vmn_streq(it->hops.nad, it->nad))
		return;
	path = pods_of(it, it->vmi_uid);
	it->is_looking = true;
	vmn_kube_start(it->w->o.k, &(struct vmn_kube_req){.method = "GET", .path = path}, pods_read,
		       it);
}

/* --- watches -------------------------------------------------------------------------- */

static void vmi_gone(struct waiter *it)
{
	if (it->goal.kind == VMN_GOAL_UNPLUGGED)
		end(it, NULL);
	else
		end_with(it, VMN_E_CONFLICT, "the VM stopped before it was done");
}

static void relisted(struct vmn_plugwait *w, enum vmn_watch_type type)
{
	for (size_t i = 0; i < w->n; i++) {
		struct waiter *it = w->v[i];

		if (type == VMN_WATCH_RELIST)
			it->is_seen = false;
		else if (!it->is_seen && !it->is_done)
			vmi_gone(it);
	}
}

/* Whether @vmi is another one than was seen first: the VM stopped and started again meanwhile. */
static bool is_other_run(struct waiter *it, struct json_object *vmi)
{
	const char *uid = vmn_json_str_or(vmi, "/metadata/uid", "");

	if (!it->vmi_uid)
		it->vmi_uid = vmn_xstrdup(uid);
	return strcmp(it->vmi_uid, uid) != 0;
}

/* Has a migration succeeded that the VMI had not seen when the change was planned? */
static bool is_after_migration(const struct waiter *it, struct json_object *vmi)
{
	struct json_object *state = vmn_json_get(vmi, "/status/migrationState");
	const char *uid = vmn_json_str(state, "/migrationUid");

	return uid && !vmn_streq(uid, it->last_migration) &&
	       vmn_json_bool(state, "/completed", false) && !vmn_json_bool(state, "/failed", false);
}

static void vmi_event(void *arg, enum vmn_watch_type type, struct json_object *obj)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_plugwait *w = arg;
	struct waiter *it;

	if (!obj) {
		relisted(w, type);
		return;
	}
	it = find_object(w, obj);
	if (!it)
		return;
	it->is_seen = true;
	if (type == VMN_WATCH_DELETED || is_other_run(it, obj)) {
		vmi_gone(it);
		return;
	}
	if (vmn_plug_failure(NULL, obj, &err) < 0) {
		end(it, &err);
		return;
	}
	vmn_hops_look(NULL, obj, NULL, w->o.iface, &it->hops);
	it->has_migrated |= it->hops.is_migration_required || is_after_migration(it, obj);
	look_at_pod(it);
	judge(it);
	/* The object goes, and what the hops borrowed from it. */
	it->hops.link_state = NULL;
	it->hops.nad = it->nad && vmn_streq(it->hops.nad, it->nad) ? it->nad : NULL;
}

static void vm_event(void *arg, enum vmn_watch_type type, struct json_object *obj)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_plugwait *w = arg;
	struct waiter *it = obj ? find_object(w, obj) : NULL;
	struct vmn_nic nic;

	if (!it)
		return;
	if (type == VMN_WATCH_DELETED) {
		end_with(it, VMN_E_CONFLICT, "the VM was deleted");
		return;
	}
	it->is_vm_seen = true;
	it->in_template = vmn_nic_find(vmn_json_get(obj, "/spec/template/spec"), w->o.iface, &nic);
	free(vmn_steal(&it->refusal));
	if (vmn_plug_failure(obj, NULL, &err) < 0)
		it->refusal = vmn_xstrdup(vmn_err_text(&err));
	if (it->hops.has_vmi)
		judge(it);
}

static void plug_event(void *arg, enum vmn_watch_type type, struct json_object *obj)
{
	vmn_auto_free char *text = NULL;
	struct vmn_plugwait *w = arg;
	struct waiter *it;

	/* A list after a lost history brings failures of earlier plugs as well; one of ours that
	 * lasts is reported again. */
	if (!obj)
		w->is_relisting_events = type == VMN_WATCH_RELIST;
	if (!obj || w->is_relisting_events || type == VMN_WATCH_DELETED ||
	    !vmn_event_is_plug_failure(obj))
		return;
	it = find(w, vmn_json_str(obj, "/involvedObject/namespace"),
		  vmn_json_str(obj, "/involvedObject/name"));
	/* What a removal or another change waits for may come all the same: such an event is often
	 * of the very interface that is removed because of it. */
	if (!it || it->goal.kind != VMN_GOAL_PLUGGED)
		return;
	text = vmn_xasprintf("KubeVirt reports %s: %s", vmn_json_str(obj, "/reason"),
			     vmn_json_str_or(obj, "/message", ""));
	end_with(it, VMN_E_SERVER, text);
}

static void vmis_failed(void *arg, struct vmn_err *err)
{
	struct vmn_plugwait *w = arg;
	const char *hint = err->hint;

	if (!hint && err->http == 403)
		hint = "the change is made or was there; to wait for its end takes the rights to "
		       "list and watch virtualmachineinstances";
	vmn_err_wrap(err, "it is asked for, but VMIs cannot be watched");
	for (size_t i = 0; i < w->n; i++) {
		vmn_auto_err struct vmn_err copy = VMN_ERR_INIT;

		vmn_err_set(&copy, err->code, "%s", vmn_err_text(err));
		copy.http = err->http;
		if (hint)
			vmn_err_hint(&copy, "%s", hint);
		end(w->v[i], &copy);
	}
}

/* Without a view of VMs a removal counts as done when the VMI is rid of the interface. */
static void vms_failed(void *arg, struct vmn_err *err)
{
	struct vmn_plugwait *w = arg;

	(void)err;
	for (size_t i = 0; i < w->n; i++) {
		w->v[i]->goal.is_purged = false;
		if (!w->v[i]->is_done && w->v[i]->hops.has_vmi)
			judge(w->v[i]);
	}
}

static void events_failed(void *arg, struct vmn_err *err)
{
	(void)arg;
	(void)err;
}

static struct vmn_watch *watch(struct vmn_plugwait *w, const struct vmn_gvr *gvr,
			       vmn_watch_fn event, vmn_watch_failed_fn failed)
{
	vmn_auto_free char *path =
		vmn_kube_path(gvr, w->n == 1 ? w->v[0]->ns : w->o.ns, NULL, NULL);
	vmn_auto_free char *field =
		w->n == 1 ? vmn_xasprintf("metadata.name=%s", w->v[0]->name) : NULL;

	if (field)
		vmn_kube_path_query(&path, "fieldSelector", field);
	return vmn_watch_start(w->o.k, path, NULL, event, failed, w);
}

static void begin(struct vmn_plugwait *w)
{
	vmn_auto_free char *path = events_path(w);

	qsort(w->v, w->n, sizeof(struct waiter *), by_name);
	w->left = w->n;
	for (size_t i = 0; i < w->n; i++)
		w->v[i]->moved_ms = vmn_now_ms();
	if (w->wants_vms)
		w->vms = watch(w, &vmn_gvr_vm, vm_event, vms_failed);
	w->vmis = watch(w, &vmn_gvr_vmi, vmi_event, vmis_failed);
	if (w->events_version)
		w->events = vmn_watch_start(w->o.k, path, w->events_version, plug_event,
					    events_failed, w);
}

/* --- running -------------------------------------------------------------------------- */

static bool is_over(void *arg)
{
	struct vmn_plugwait *w = arg;

	if (w->o.progress)
		w->o.progress(w->o.arg, NULL);
	for (size_t i = 0; w->o.migrate && i < w->n; i++)
		migrate_if_due(w->v[i]);
	return w->left == 0;
}

static int get_before(struct vmn_kube *k, const char *path, int64_t deadline_ms,
		      struct json_object **ret, struct vmn_err *err)
{
	int64_t left = deadline_ms - vmn_now_ms();

	if (left <= 0)
		return vmn_err_set(err, VMN_E_TIMEOUT, "no time left");
	return vmn_kube_do(
		k, &(struct vmn_kube_req){.method = "GET", .path = path, .timeout_ms = left}, ret,
		err);
}

/* Fetch what the API says of a stuck VM now, its pod included as far as we may see it. */
static void look_again(struct waiter *it, int64_t deadline_ms)
{
	vmn_auto_free char *vmi_path = vmn_kube_path(&vmn_gvr_vmi, it->ns, it->name, NULL);
	vmn_auto_free char *pods_path = NULL;
	vmn_auto_json struct json_object *vmi = NULL, *pods = NULL;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (get_before(it->w->o.k, vmi_path, deadline_ms, &vmi, &err) < 0)
		return;
	pods_path = pods_of(it, vmn_json_str_or(vmi, "/metadata/uid", ""));
	if (get_before(it->w->o.k, pods_path, deadline_ms, &pods, &err) < 0)
		vmn_err_clear(&err); /* a report without the pod is one all the same */
	vmn_hops_look(NULL, vmi, vmn_launcher_pod(vmn_json_array(pods, "/items"), vmi),
		      it->w->o.iface, &it->hops);
	it->hops.has_vm = it->is_vm_seen;
	it->hops.in_template = it->in_template;
	it->hops.link_state = it->hops.nad = NULL;
}

static void time_ran_out(struct vmn_plugwait *w)
{
	static const char letters[] = {[VMN_GOAL_PLUGGED] = 'P', [VMN_GOAL_UNPLUGGED] = 'U'};
	int64_t deadline_ms = vmn_deadline_in(LOOK_MS);

	for (size_t i = 0; i < w->n; i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct waiter *it = w->v[i];
		int step;

		if (it->is_done)
			continue;
		look_again(it, deadline_ms);
		step = step_of(it);
		if (it->goal.kind == VMN_GOAL_UPDATED)
			vmn_err_set(&err, VMN_E_TIMEOUT, "time ran out; likely cause: %s",
				    stuck_text(it));
		else
			vmn_err_set(&err, VMN_E_TIMEOUT,
				    "time ran out, stuck at %c%d (%s); likely cause: %s",
				    letters[it->goal.kind], step, step_text(it, step),
				    stuck_text(it));
		if (!w->o.migrate &&
		    (it->hops.is_migration_required || it->needs_migration ||
		     (it->goal.kind == VMN_GOAL_PLUGGED && step >= 1 && step <= 2)))
			vmn_err_hint(
				&err,
				"the change stays asked for; --migrate finishes it by a migration");
		end(it, &err);
	}
}

int vmn_plugwait_run(struct vmn_plugwait *w, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err loop = VMN_ERR_INIT;
	int rc;

	if (!w->n)
		return 0;
	begin(w);
	rc = vmn_kube_loop(w->o.k, vmn_deadline_in(w->o.timeout_ms), is_over, w, &loop);
	vmn_watch_stop(vmn_steal(&w->vmis));
	vmn_watch_stop(vmn_steal(&w->vms));
	vmn_watch_stop(vmn_steal(&w->events));
	if (rc == -VMN_E_CANCELLED)
		return vmn_err_move(err, &loop);
	time_ran_out(w);
	return 0;
}
