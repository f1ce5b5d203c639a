/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gc.c - one look at all objects a turn in which something was deleted or marked
 *
 * An object goes when it has owners and none of them is there any more, or when one of them is
 * being deleted in the foreground. A foreground deletion and a namespace end when nothing depends
 * on them.
 */
#include "config.h"

#include <string.h>

#include "lab/api/gc.h"
#include "lab/log.h"
#include "lib/base/clock.h"

enum { EVENT_SWEEP_MS = 60 * 1000, EVENT_LIFE_S = 3600 };

struct lab_gc {
	struct lab *lab;
	struct lab_timer *due, *sweep;
};

/* Objects found by one look, to be changed after it. */
struct found {
	struct {
		enum lab_kind_id kind;
		struct json_object *obj; /* a reference */
	} * v;
	size_t n;
};

static void found_add(struct found *f, enum lab_kind_id kind, struct json_object *obj)
{
	f->v = vmn_xrealloc(f->v, f->n + 1, sizeof(*f->v));
	f->v[f->n].kind = kind;
	f->v[f->n++].obj = json_object_get(obj);
}

static void found_clear(struct found *f)
{
	for (size_t i = 0; i < f->n; i++)
		(void)json_object_put(f->v[i].obj);
	free(f->v);
	*f = (struct found){0};
}

static const char *ns_of(struct json_object *obj)
{
	return vmn_json_str(obj, "/metadata/namespace");
}

static const char *name_of(struct json_object *obj)
{
	return vmn_json_str_or(obj, "/metadata/name", "");
}

static bool is_marked(struct json_object *obj)
{
	return vmn_json_str(obj, "/metadata/deletionTimestamp") != NULL;
}

static bool has_finalizer(struct json_object *obj, const char *name)
{
	struct json_object *list = vmn_json_array(obj, "/metadata/finalizers");

	for (size_t i = 0; i < vmn_json_len(list); i++) {
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), name) == 0)
			return true;
	}
	return false;
}

/* The owner a reference names, when it is still that very object; borrowed or NULL. */
static struct json_object *owner_of(struct lab *lab, struct json_object *ref, const char *ns)
{
	const char *version = vmn_json_str_or(ref, "/apiVersion", "");
	const char *slash = strchr(version, '/');
	vmn_auto_free char *group = vmn_xstrndup(version, slash ? (size_t)(slash - version) : 0);
	const struct lab_kind *kind = lab_kind_by_name(group, vmn_json_str_or(ref, "/kind", ""));
	struct json_object *owner = kind ? lab_get(lab, kind->id, kind->namespaced ? ns : NULL,
						   vmn_json_str_or(ref, "/name", ""))
					 : NULL;

	return owner && vmn_streq(vmn_json_str(owner, "/metadata/uid"), vmn_json_str(ref, "/uid"))
		       ? owner
		       : NULL;
}

static bool is_garbage(struct lab *lab, struct json_object *obj)
{
	struct json_object *refs = vmn_json_array(obj, "/metadata/ownerReferences");
	bool has_owner = false;

	for (size_t i = 0; i < vmn_json_len(refs); i++) {
		struct json_object *owner =
			owner_of(lab, json_object_array_get_idx(refs, i), ns_of(obj));

		if (owner && is_marked(owner) && has_finalizer(owner, LAB_FOREGROUND_FINALIZER))
			return true;
		has_owner |= owner != NULL;
	}
	return vmn_json_len(refs) && !has_owner;
}

static bool is_in_dying_namespace(struct lab *lab, struct json_object *obj)
{
	const char *ns = ns_of(obj);
	struct json_object *namespace = ns ? lab_get(lab, LAB_NAMESPACE, NULL, ns) : NULL;

	return ns && (!namespace || is_marked(namespace));
}

struct look {
	struct lab *lab;
	enum lab_kind_id kind;
	struct found garbage; /* to be deleted */
	struct found waiting; /* owners and namespaces whose end depends on others */
};

static bool look_at(void *arg, struct json_object *obj)
{
	struct look *l = arg;

	if (is_marked(obj) && (has_finalizer(obj, LAB_FOREGROUND_FINALIZER) ||
			       has_finalizer(obj, LAB_NAMESPACE_FINALIZER)))
		found_add(&l->waiting, l->kind, obj);
	if (is_garbage(l->lab, obj) || is_in_dying_namespace(l->lab, obj))
		found_add(&l->garbage, l->kind, obj);
	return false;
}

static void look_at_all(struct look *l)
{
	for (l->kind = 0; l->kind < LAB_KINDS; l->kind++)
		lab_each(l->lab, l->kind, NULL, look_at, l);
}

/* Does something of the last look depend on @owner? */
static bool has_dependants(const struct look *l, struct json_object *owner, enum lab_kind_id kind)
{
	const char *uid = vmn_json_str_or(owner, "/metadata/uid", "");

	for (size_t i = 0; i < l->garbage.n; i++) {
		struct json_object *obj = l->garbage.v[i].obj;

		if (vmn_json_find(vmn_json_array(obj, "/metadata/ownerReferences"), "uid", uid,
				  NULL))
			return true;
		if (kind == LAB_NAMESPACE && vmn_streq(ns_of(obj), name_of(owner)))
			return true;
	}
	return false;
}

static void drop_finalizer(struct lab *lab, enum lab_kind_id kind, struct json_object *obj,
			   const char *name)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *copy = vmn_json_copy(obj);
	struct json_object *list = vmn_json_array(copy, "/metadata/finalizers");

	for (size_t i = vmn_json_len(list); i-- > 0;) {
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), name) == 0)
			(void)json_object_array_del_idx(list, i, 1);
	}
	json_object_object_del(vmn_json_get(copy, "/metadata"), "resourceVersion");
	if (lab_update(lab, kind, ns_of(obj), name_of(obj), copy, LAB_WRITE_SYSTEM, NULL, &err) < 0)
		lab_log("cannot end the deletion of %s %s: %s", lab_kinds[kind].singular,
			name_of(obj), vmn_err_text(&err));
}

static void collect(void *arg)
{
	struct lab_gc *gc = arg;
	struct look before = {.lab = gc->lab}, after = {.lab = gc->lab};

	gc->due = NULL;
	look_at_all(&before);
	for (size_t i = 0; i < before.garbage.n; i++) {
		struct json_object *obj = before.garbage.v[i].obj;
		enum lab_kind_id kind = before.garbage.v[i].kind;
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		if (!is_marked(obj) &&
		    lab_delete(gc->lab, kind, ns_of(obj), name_of(obj), 0, NULL, &err) < 0)
			lab_log("cannot collect %s %s: %s", lab_kinds[kind].singular, name_of(obj),
				vmn_err_text(&err));
	}
	if (before.waiting.n)
		look_at_all(&after);
	for (size_t i = 0; i < after.waiting.n; i++) {
		struct json_object *obj = after.waiting.v[i].obj;
		enum lab_kind_id kind = after.waiting.v[i].kind;

		if (!has_dependants(&after, obj, kind))
			drop_finalizer(gc->lab, kind, obj,
				       kind == LAB_NAMESPACE ? LAB_NAMESPACE_FINALIZER
							     : LAB_FOREGROUND_FINALIZER);
	}
	found_clear(&before.garbage);
	found_clear(&before.waiting);
	found_clear(&after.garbage);
	found_clear(&after.waiting);
}

static void store_changed(void *arg, enum lab_kind_id kind, enum lab_change change,
			  struct json_object *old, struct json_object *obj)
{
	struct lab_gc *gc = arg;

	(void)old;
	if (kind == LAB_EVENT || gc->due || (change != LAB_DELETED && !is_marked(obj)))
		return;
	gc->due = lab_after(gc->lab, 0, collect, gc);
}

/* --- events --------------------------------------------------------------------------- */

static bool find_old_event(void *arg, struct json_object *obj)
{
	struct look *l = arg;
	int64_t then;

	if (vmn_rfc3339_parse(vmn_json_str_or(obj, "/lastTimestamp", ""), &then) &&
	    then < vmn_utc_now() - EVENT_LIFE_S)
		found_add(&l->garbage, LAB_EVENT, obj);
	return false;
}

static void sweep_events(void *arg)
{
	struct lab_gc *gc = arg;
	struct look l = {.lab = gc->lab};

	lab_each(gc->lab, LAB_EVENT, NULL, find_old_event, &l);
	for (size_t i = 0; i < l.garbage.n; i++) {
		struct json_object *obj = l.garbage.v[i].obj;
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		if (lab_delete(gc->lab, LAB_EVENT, ns_of(obj), name_of(obj), 0, NULL, &err) < 0)
			lab_log("cannot forget event %s: %s", name_of(obj), vmn_err_text(&err));
	}
	found_clear(&l.garbage);
	gc->sweep = lab_after(gc->lab, EVENT_SWEEP_MS, sweep_events, gc);
}

/* --- orphans -------------------------------------------------------------------------- */

struct orphans {
	struct found found;
	enum lab_kind_id kind;
	const char *uid;
};

static bool find_dependant(void *arg, struct json_object *obj)
{
	struct orphans *o = arg;

	if (vmn_json_find(vmn_json_array(obj, "/metadata/ownerReferences"), "uid", o->uid, NULL))
		found_add(&o->found, o->kind, obj);
	return false;
}

void lab_gc_orphan(struct lab *lab, const char *uid)
{
	struct orphans o = {.uid = uid};

	for (o.kind = 0; o.kind < LAB_KINDS; o.kind++)
		lab_each(lab, o.kind, NULL, find_dependant, &o);
	for (size_t i = 0; i < o.found.n; i++) {
		struct json_object *copy = vmn_json_copy(o.found.v[i].obj), *refs;
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		size_t at;

		refs = vmn_json_array(copy, "/metadata/ownerReferences");
		while (vmn_json_find(refs, "uid", uid, &at))
			(void)json_object_array_del_idx(refs, at, 1);
		if (lab_update(lab, o.found.v[i].kind, ns_of(o.found.v[i].obj),
			       name_of(o.found.v[i].obj), copy, LAB_WRITE_SYSTEM, NULL, &err) < 0)
			lab_log("cannot orphan %s: %s", name_of(o.found.v[i].obj),
				vmn_err_text(&err));
	}
	found_clear(&o.found);
}

/* --- life ----------------------------------------------------------------------------- */

void lab_gc_start(struct lab *lab)
{
	struct lab_gc *gc = vmn_xcalloc(1, sizeof(*gc));

	gc->lab = lab;
	lab->gc = gc;
	lab_listen(lab, store_changed, gc);
	gc->due = lab_after(lab, 0, collect, gc);
	gc->sweep = lab_after(lab, EVENT_SWEEP_MS, sweep_events, gc);
}

void lab_gc_stop(struct lab *lab)
{
	if (!lab->gc)
		return;
	lab_timer_cancel(lab->gc->due);
	lab_timer_cancel(lab->gc->sweep);
	free(lab->gc);
	lab->gc = NULL;
}
