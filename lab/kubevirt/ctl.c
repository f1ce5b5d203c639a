/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/kubevirt/controller.h"
#include "lab/kubevirt/ctl.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/api/store.h"
#include "lib/base/str.h"

struct key {
	char *key; /* first, as in struct lab_step: both live in trees by their key */
	struct key *next;
};

struct lab_step {
	char *key;
	struct lab_step *prev, *next;
	struct lab *lab;
	enum lab_kind_id kind;
	char *ns, *name, *uid, *detail;
	lab_step_fn fn;
};

struct wakeup {
	struct wakeup *prev, *next;
	struct lab *lab;
	struct lab_timer *timer;
	enum lab_kind_id kind;
	char *ns, *name;
};

struct lab_ctl {
	void *dirty;			/* tree of struct key, "KIND NAMESPACE/NAME" */
	struct key *first, **last;	/* the same in order of arrival */
	struct lab_timer *turn;		/* the turn that will look at them, or NULL */
	void *under_way;		/* tree of struct lab_step */
	struct json_object *pods;	/* VMI uid -> set of pod names */
	struct json_object *migrations; /* "NAMESPACE/VMI" -> set of VMIM names */
	struct json_object *moving;	/* "NAMESPACE/VMIM" -> source node */
	struct json_object *load;	/* node -> pods that run or start there */
	struct lab_step steps;		/* heads of rings, so that their memory has an owner */
	struct wakeup wakeups;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* --- the queue ------------------------------------------------------------------------ */

static void reconcile(struct lab *lab, enum lab_kind_id kind, const char *ns, const char *name)
{
	struct json_object *obj = lab_get(lab, kind, ns, name);

	if (!obj)
		return;
	switch (kind) {
	case LAB_VM:
		lab_reconcile_vm(lab, obj);
		break;
	case LAB_VMI:
		lab_reconcile_vmi(lab, obj);
		break;
	case LAB_POD:
		lab_reconcile_pod(lab, obj);
		break;
	case LAB_VMIM:
		lab_reconcile_migration(lab, obj);
		break;
	case LAB_NAMESPACE:
	case LAB_NODE:
	case LAB_EVENT:
	case LAB_SERVICE:
	case LAB_KUBEVIRT:
	case LAB_NAD:
	case LAB_KINDS:
		break;
	}
}

static void reconcile_key(struct lab *lab, const char *key)
{
	vmn_auto_free char *copy = vmn_xstrdup(key);
	char *ns = strchr(copy, ' '), *name;

	*ns++ = '\0';
	name = strchr(ns, '/');
	*name++ = '\0';
	reconcile(lab, (enum lab_kind_id)strtol(copy, NULL, 10), ns, name);
}

/* The key that has waited longest, no longer dirty; caller frees. NULL when there is none. */
static char *next_key(struct lab_ctl *ctl)
{
	struct key *k = ctl->first;
	char *text;

	if (!k)
		return NULL;
	(void)tdelete(k, &ctl->dirty, by_key);
	ctl->first = k->next;
	if (!ctl->first)
		ctl->last = &ctl->first;
	text = k->key;
	free(k);
	return text;
}

/* One key a turn: requests go first, as they do where controllers are processes of their own. */
static void run_turn(void *arg)
{
	struct lab *lab = arg;
	struct lab_ctl *ctl = lab->ctl;

	vmn_auto_free char *key = next_key(ctl);

	ctl->turn = NULL;
	if (key)
		reconcile_key(lab, key);
	if (ctl->first && !ctl->turn)
		ctl->turn = lab_after(lab, 0, run_turn, lab);
}

void lab_dirty(struct lab *lab, enum lab_kind_id kind, const char *ns, const char *name)
{
	struct lab_ctl *ctl = lab->ctl;
	struct key *k = vmn_xcalloc(1, sizeof(*k)), **found;

	k->key = vmn_xasprintf("%d %s/%s", (int)kind, ns, name);
	found = tsearch(k, &ctl->dirty, by_key);
	if (!found)
		abort(); /* out of memory */
	if (*found != k) {
		free(k->key);
		free(k);
		return;
	}
	*ctl->last = k;
	ctl->last = &k->next;
	if (!ctl->turn)
		ctl->turn = lab_after(lab, 0, run_turn, lab);
}

static void wakeup_free(struct wakeup *w)
{
	w->prev->next = w->next;
	w->next->prev = w->prev;
	free(w->ns);
	free(w->name);
	free(w);
}

static void wake(void *arg)
{
	struct wakeup *w = arg;

	lab_dirty(w->lab, w->kind, w->ns, w->name);
	wakeup_free(w);
}

void lab_dirty_after(struct lab *lab, int64_t ms, enum lab_kind_id kind, const char *ns,
		     const char *name)
{
	struct wakeup *head = &lab->ctl->wakeups, *w = vmn_xcalloc(1, sizeof(*w));

	*w = (struct wakeup){.prev = head, .next = head->next, .lab = lab, .kind = kind};
	w->ns = vmn_xstrdup(ns);
	w->name = vmn_xstrdup(name);
	head->next->prev = w;
	head->next = w;
	w->timer = lab_after(lab, ms, wake, w);
}

void lab_save(struct lab *lab, enum lab_kind_id kind, struct json_object *obj)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *ns = vmn_xstrdup(lab_obj_ns(obj));
	vmn_auto_free char *name = vmn_xstrdup(lab_obj_name(obj));

	if (lab_update(lab, kind, ns, name, obj, LAB_WRITE_SYSTEM, NULL, &err) < 0)
		(void)fprintf(stderr, "controller: cannot update %s %s/%s: %s\n",
			      lab_kinds[kind].singular, ns, name, vmn_err_text(&err));
}

void lab_discard(struct lab *lab, enum lab_kind_id kind, struct json_object *obj)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *ns = vmn_xstrdup(lab_obj_ns(obj));
	vmn_auto_free char *name = vmn_xstrdup(lab_obj_name(obj));

	if (lab_delete(lab, kind, ns, name, LAB_WRITE_SYSTEM, NULL, &err) < 0)
		(void)fprintf(stderr, "controller: cannot delete %s %s/%s: %s\n",
			      lab_kinds[kind].singular, ns, name, vmn_err_text(&err));
}

/* --- steps ---------------------------------------------------------------------------- */

struct lab_step *lab_step_begin(struct lab *lab, enum lab_kind_id kind, struct json_object *obj,
				const char *op, const char *detail, lab_step_fn fn)
{
	struct lab_step *head = &lab->ctl->steps, *s = vmn_xcalloc(1, sizeof(*s)), **found;

	s->key = vmn_xasprintf("%s %s %s", op, lab_obj_uid(obj), detail);
	found = tsearch(s, &lab->ctl->under_way, by_key);
	if (!found)
		abort(); /* out of memory */
	if (*found != s) {
		free(s->key);
		free(s);
		return NULL;
	}
	s->prev = head;
	s->next = head->next;
	s->lab = lab;
	s->kind = kind;
	s->ns = vmn_xstrdup(lab_obj_ns(obj));
	s->name = vmn_xstrdup(lab_obj_name(obj));
	s->uid = vmn_xstrdup(lab_obj_uid(obj));
	s->detail = vmn_xstrdup(detail);
	s->fn = fn;
	head->next->prev = s;
	head->next = s;
	return s;
}

static void step_free(struct lab_step *s)
{
	s->prev->next = s->next;
	s->next->prev = s->prev;
	free(s->key);
	free(s->ns);
	free(s->name);
	free(s->uid);
	free(s->detail);
	free(s);
}

void lab_step_done(void *arg, const char *failure, struct json_object *result)
{
	struct lab_step *s = arg;
	struct json_object *obj = lab_get(s->lab, s->kind, s->ns, s->name);
	vmn_auto_json struct json_object *copy = NULL;

	(void)tdelete(s, &s->lab->ctl->under_way, by_key);
	if (obj && !strcmp(lab_obj_uid(obj), s->uid)) {
		copy = lab_copy_sharing_spec(obj);
		s->fn(s->lab, copy, s->detail, failure, result);
	}
	step_free(s);
}

/* --- indexes -------------------------------------------------------------------------- */

static void set_in(struct json_object *index, const char *key, const char *member, bool on)
{
	struct json_object *set;

	if (on) {
		vmn_json_set_bool(lab_child(index, key, json_type_object), member, true);
	} else if (json_object_object_get_ex(index, key, &set)) {
		json_object_object_del(set, member);
		if (!json_object_object_length(set))
			json_object_object_del(index, key);
	}
}

static bool has_moved_off_pending(struct json_object *vmim)
{
	const char *phase = vmn_json_str_or(vmim, "/status/phase", "");

	return *phase && strcmp(phase, "Pending") && !lab_is_final(phase);
}

static void index_migration(struct lab *lab, struct json_object *vmim, bool on)
{
	vmn_auto_free char *vmi = vmn_xasprintf("%s/%s", lab_obj_ns(vmim),
						vmn_json_str_or(vmim, "/spec/vmiName", ""));
	vmn_auto_free char *key = vmn_xasprintf("%s/%s", lab_obj_ns(vmim), lab_obj_name(vmim));

	set_in(lab->ctl->migrations, vmi, lab_obj_name(vmim), on);
	if (on && has_moved_off_pending(vmim)) {
		struct json_object *obj = lab_get(lab, LAB_VMI, lab_obj_ns(vmim),
						  vmn_json_str_or(vmim, "/spec/vmiName", ""));

		vmn_json_set_str(lab->ctl->moving, key,
				 vmn_json_str_or(obj, "/status/nodeName", ""));
	} else {
		json_object_object_del(lab->ctl->moving, key);
	}
}

static void index_pod(struct lab *lab, struct json_object *pod, bool on)
{
	const char *uid = lab_map_get(pod, "labels", LAB_CREATED_BY_LABEL);

	if (uid)
		set_in(lab->ctl->pods, uid, lab_obj_name(pod), on);
}

static void count_pod(struct lab *lab, struct json_object *pod, int by)
{
	const char *node = vmn_json_str(pod, "/spec/nodeName");

	if (node && !lab_is_final(vmn_json_str(pod, "/status/phase")))
		vmn_json_set_int(lab->ctl->load, node, lab_node_load(lab, node) + by);
}

int64_t lab_node_load(struct lab *lab, const char *node)
{
	struct json_object *n;

	return json_object_object_get_ex(lab->ctl->load, node, &n) ? json_object_get_int64(n) : 0;
}

struct json_object *lab_vmi_pods(struct lab *lab, struct json_object *vmi)
{
	struct json_object *set = NULL;

	(void)json_object_object_get_ex(lab->ctl->pods, lab_obj_uid(vmi), &set);
	return set;
}

struct json_object *lab_vmi_pod(struct lab *lab, struct json_object *vmi)
{
	const char *node = vmn_json_str_or(vmi, "/status/nodeName", "");
	struct json_object *active = vmn_json_get(vmi, "/status/activePods");
	struct json_object *set = lab_vmi_pods(lab, vmi), *first = NULL;

	if (!set)
		return NULL;
	json_object_object_foreach(set, name, unused) {
		struct json_object *pod = lab_get(lab, LAB_POD, lab_obj_ns(vmi), name), *at;

		(void)unused;
		if (!pod)
			continue;
		if (active && json_object_object_get_ex(active, lab_obj_uid(pod), &at) &&
		    !strcmp(vmn_json_str_or(at, "", ""), node) && *node)
			return pod;
		if (!lab_map_get(pod, "labels", LAB_MIGRATION_UID_LABEL))
			first = pod;
	}
	return *node ? NULL : first;
}

struct json_object *lab_vmi_migrations(struct lab *lab, const char *ns, const char *vmi)
{
	vmn_auto_free char *key = vmn_xasprintf("%s/%s", ns, vmi);
	struct json_object *set = NULL;

	(void)json_object_object_get_ex(lab->ctl->migrations, key, &set);
	return set;
}

struct json_object *lab_active_migration(struct lab *lab, const char *ns, const char *vmi)
{
	struct json_object *set = lab_vmi_migrations(lab, ns, vmi);

	if (!set)
		return NULL;
	json_object_object_foreach(set, name, unused) {
		struct json_object *vmim = lab_get(lab, LAB_VMIM, ns, name);

		(void)unused;
		if (vmim && !lab_is_final(vmn_json_str(vmim, "/status/phase")))
			return vmim;
	}
	return NULL;
}

struct json_object *lab_moving(struct lab *lab)
{
	return lab->ctl->moving;
}

/* --- what makes whom dirty ------------------------------------------------------------ */

static void dirty_owner(struct lab *lab, struct json_object *obj)
{
	vmn_json_each(ref, vmn_json_array(obj, "/metadata/ownerReferences")) {
		const char *kind = vmn_json_str_or(ref, "/kind", "");
		const char *name = vmn_json_str_or(ref, "/name", "");

		if (!strcmp(kind, "VirtualMachine"))
			lab_dirty(lab, LAB_VM, lab_obj_ns(obj), name);
		else if (!strcmp(kind, "VirtualMachineInstance"))
			lab_dirty(lab, LAB_VMI, lab_obj_ns(obj), name);
	}
}

static void dirty_migrations(struct lab *lab, const char *ns, const char *vmi)
{
	struct json_object *set = lab_vmi_migrations(lab, ns, vmi);

	if (!set)
		return;
	json_object_object_foreach(set, name, unused) {
		(void)unused;
		lab_dirty(lab, LAB_VMIM, ns, name);
	}
}

static bool dirty_pending(void *arg, struct json_object *vmim)
{
	struct lab *lab = arg;

	if (vmn_streq(vmn_json_str(vmim, "/status/phase"), "Pending"))
		lab_dirty(lab, LAB_VMIM, lab_obj_ns(vmim), lab_obj_name(vmim));
	return false;
}

static bool dirty_pending_pod(void *arg, struct json_object *pod)
{
	if (vmn_streq(vmn_json_str(pod, "/status/phase"), "Pending"))
		lab_dirty(arg, LAB_POD, lab_obj_ns(pod), lab_obj_name(pod));
	return false;
}

static bool dirty_vmi(void *arg, struct json_object *vmi)
{
	lab_dirty(arg, LAB_VMI, lab_obj_ns(vmi), lab_obj_name(vmi));
	return false;
}

static bool dirty_vm(void *arg, struct json_object *vm)
{
	lab_dirty(arg, LAB_VM, lab_obj_ns(vm), lab_obj_name(vm));
	return false;
}

static bool dirty_vmim(void *arg, struct json_object *vmim)
{
	lab_dirty(arg, LAB_VMIM, lab_obj_ns(vmim), lab_obj_name(vmim));
	return false;
}

static void hear(void *arg, enum lab_kind_id kind, enum lab_change change, struct json_object *old,
		 struct json_object *obj)
{
	struct lab *lab = arg;
	const char *ns = lab_obj_ns(obj), *name = lab_obj_name(obj);

	switch (kind) {
	case LAB_VM:
		lab_dirty(lab, LAB_VM, ns, name);
		break;
	case LAB_VMI:
		lab_dirty(lab, LAB_VMI, ns, name);
		dirty_owner(lab, obj);
		dirty_migrations(lab, ns, name);
		break;
	case LAB_POD:
		index_pod(lab, obj, change != LAB_DELETED);
		count_pod(lab, change == LAB_DELETED ? obj : old, -1);
		count_pod(lab, change == LAB_DELETED ? NULL : obj, 1);
		lab_dirty(lab, LAB_POD, ns, name);
		dirty_owner(lab, obj);
		if (lab_map_get(obj, "labels", LAB_MIGRATION_UID_LABEL))
			dirty_migrations(lab, ns,
					 lab_map_get(obj, "labels", "vm.kubevirt.io/name"));
		break;
	case LAB_VMIM:
		index_migration(lab, obj, change != LAB_DELETED);
		lab_dirty(lab, LAB_VMIM, ns, name);
		lab_dirty(lab, LAB_VMI, ns, vmn_json_str_or(obj, "/spec/vmiName", ""));
		if (change == LAB_DELETED || lab_is_final(vmn_json_str(obj, "/status/phase")))
			lab_each(lab, LAB_VMIM, NULL, dirty_pending, lab);
		break;
	case LAB_NODE:
		lab_each(lab, LAB_POD, NULL, dirty_pending_pod, lab);
		break;
	case LAB_NAD:
		if (change == LAB_ADDED) {
			lab_each(lab, LAB_POD, NULL, dirty_pending_pod, lab);
			lab_each(lab, LAB_VMI, NULL, dirty_vmi, lab);
		}
		break;
	case LAB_NAMESPACE:
	case LAB_EVENT:
	case LAB_SERVICE:
	case LAB_KUBEVIRT:
	case LAB_KINDS:
		break;
	}
}

static bool index_one_pod(void *arg, struct json_object *pod)
{
	index_pod(arg, pod, true);
	count_pod(arg, pod, 1);
	lab_dirty(arg, LAB_POD, lab_obj_ns(pod), lab_obj_name(pod));
	return false;
}

static bool index_one_migration(void *arg, struct json_object *vmim)
{
	index_migration(arg, vmim, true);
	return false;
}

void lab_controllers_kick(struct lab *lab)
{
	lab_each(lab, LAB_VM, NULL, dirty_vm, lab);
	lab_each(lab, LAB_VMI, NULL, dirty_vmi, lab);
	lab_each(lab, LAB_VMIM, NULL, dirty_vmim, lab);
}

int lab_controllers_start(struct lab *lab, struct vmn_err *err)
{
	struct lab_ctl *ctl = vmn_xcalloc(1, sizeof(*ctl));

	ctl->last = &ctl->first;
	ctl->pods = json_object_new_object();
	ctl->migrations = json_object_new_object();
	ctl->moving = json_object_new_object();
	ctl->load = json_object_new_object();
	ctl->steps.prev = ctl->steps.next = &ctl->steps;
	ctl->wakeups.prev = ctl->wakeups.next = &ctl->wakeups;
	lab->ctl = ctl;
	if (!lab->node)
		lab->node = &lab_node_emulated;
	lab_each(lab, LAB_POD, NULL, index_one_pod, lab);
	lab_each(lab, LAB_VMIM, NULL, index_one_migration, lab);
	lab_listen(lab, hear, lab);
	lab_controllers_kick(lab);
	return lab_seed(lab, err);
}

void lab_controllers_stop(struct lab *lab)
{
	struct lab_ctl *ctl = lab->ctl;

	if (!ctl)
		return;
	lab->node->shutdown(lab);
	while (ctl->steps.next != &ctl->steps) {
		(void)tdelete(ctl->steps.next, &ctl->under_way, by_key);
		step_free(ctl->steps.next);
	}
	while (ctl->first)
		free(next_key(ctl));
	while (ctl->wakeups.next != &ctl->wakeups) {
		lab_timer_cancel(ctl->wakeups.next->timer);
		wakeup_free(ctl->wakeups.next);
	}
	if (ctl->turn)
		lab_timer_cancel(ctl->turn);
	(void)json_object_put(ctl->pods);
	(void)json_object_put(ctl->migrations);
	(void)json_object_put(ctl->moving);
	(void)json_object_put(ctl->load);
	free(ctl);
	lab->ctl = NULL;
}
