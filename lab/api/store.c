/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - one sorted array of objects per kind, and a ring of the last changes
 *
 * The resourceVersion is one counter for everything and each change takes one, so the change that
 * made version V sits at ring[V % HISTORY]. An object has two forms: the tree that controllers
 * read and the text that goes to clients and into the file. The past keeps texts only.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lab/api/db.h"
#include "lab/api/prepare.h"
#include "lab/api/status.h"
#include "lab/api/store.h"
#include "lib/base/file.h"

enum { HISTORY = 16384, LISTENERS = 8 };

/* Where the counter starts: low numbers look like array indexes in logs and tests. */
enum { FIRST_VERSION = 1000 };

struct shelf {
	struct lab_entry **v; /* sorted by key */
	size_t n, size;
};

struct lab_store {
	struct shelf shelf[LAB_KINDS];
	uint64_t version;
	uint64_t known_since; /* history holds the changes after this version, as far as the ring
				 goes */
	struct lab_past ring[HISTORY];
	struct {
		lab_listener_fn fn;
		void *arg;
	} listeners[LISTENERS];
	size_t n_listeners;
	struct json_object *dry; /* what the last dry run would have stored */
	struct lab_db *db;	 /* NULL: memory only */
};

/* --- texts ---------------------------------------------------------------------------- */

static struct lab_text *text_new(struct json_object *obj)
{
	size_t len;
	const char *s = json_object_to_json_string_length(
		obj, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	struct lab_text *t = vmn_xcalloc(1, sizeof(*t) + len + 1);

	t->refs = 1;
	t->len = len;
	memcpy(t->data, s, len + 1);
	return t;
}

struct lab_text *lab_text_ref(struct lab_text *t)
{
	if (t)
		t->refs++;
	return t;
}

void lab_text_unref_p(struct lab_text **t)
{
	if (*t && --(*t)->refs == 0)
		free(*t);
	*t = NULL;
}

/* --- shelves -------------------------------------------------------------------------- */

static char *make_key(const struct lab_kind *kind, const char *ns, const char *name)
{
	return kind->namespaced ? vmn_xasprintf("%s/%s", ns ? ns : "", name) : vmn_xstrdup(name);
}

/* First position whose key is not less than @key. */
static size_t shelf_find(const struct shelf *sh, const char *key, bool *ret_found)
{
	size_t lo = 0, hi = sh->n;

	*ret_found = false;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int cmp = strcmp(sh->v[mid]->key, key);

		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
		if (cmp == 0)
			*ret_found = true;
	}
	return lo;
}

static struct lab_entry *find(struct lab *lab, enum lab_kind_id kind, const char *ns,
			      const char *name, size_t *ret_pos)
{
	vmn_auto_free char *key = make_key(&lab_kinds[kind], ns, name);
	struct shelf *sh = &lab->store->shelf[kind];
	bool found;
	size_t pos = shelf_find(sh, key, &found);

	if (ret_pos)
		*ret_pos = pos;
	return found ? sh->v[pos] : NULL;
}

static void shelf_insert(struct shelf *sh, struct lab_entry *e)
{
	bool found;
	size_t pos = shelf_find(sh, e->key, &found);

	if (sh->n == sh->size) {
		sh->size = sh->size ? 2 * sh->size : 64;
		sh->v = vmn_xrealloc(sh->v, sh->size, sizeof(struct lab_entry *));
	}
	memmove(&sh->v[pos + 1], &sh->v[pos], (sh->n - pos) * sizeof(struct lab_entry *));
	sh->v[pos] = e;
	sh->n++;
}

static void entry_free(struct lab_entry *e)
{
	free(e->key);
	(void)json_object_put(e->obj);
	lab_text_unref_p(&e->text);
	free(e);
}

static struct lab_entry *entry_new(const char *key, struct json_object *obj)
{
	struct lab_entry *e = vmn_xcalloc(1, sizeof(*e));

	e->key = vmn_xstrdup(key);
	e->obj = obj;
	return e;
}

/* --- history and listeners ------------------------------------------------------------ */

static void past_clear(struct lab_past *p)
{
	free(p->key);
	lab_text_unref_p(&p->old);
	lab_text_unref_p(&p->text);
	*p = (struct lab_past){0};
}

/* Keep a change, in the ring and in the file; @old and @text are referenced. */
static int record(struct lab *lab, enum lab_kind_id kind, enum lab_change change, const char *key,
		  struct lab_text *old, struct lab_text *text, struct vmn_err *err)
{
	struct lab_store *st = lab->store;
	struct lab_past *p = &st->ring[st->version % HISTORY];

	past_clear(p);
	*p = (struct lab_past){
		.version = st->version,
		.kind = kind,
		.change = change,
		.key = vmn_xstrdup(key),
		.old = lab_text_ref(old),
		.text = lab_text_ref(text),
	};
	if (!st->db)
		return 0;
	if (change == LAB_DELETED)
		return lab_db_remove(st->db, lab_kinds[kind].plural, key, err);
	return lab_db_put(st->db, lab_kinds[kind].plural, key, text->data, text->len, err);
}

static void tell(struct lab *lab, enum lab_kind_id kind, enum lab_change change,
		 struct json_object *old, struct json_object *obj)
{
	for (size_t i = 0; i < lab->store->n_listeners; i++)
		lab->store->listeners[i].fn(lab->store->listeners[i].arg, kind, change, old, obj);
}

void lab_listen(struct lab *lab, lab_listener_fn fn, void *arg)
{
	struct lab_store *st = lab->store;

	if (st->n_listeners == LISTENERS)
		abort();
	st->listeners[st->n_listeners].fn = fn;
	st->listeners[st->n_listeners++].arg = arg;
}

static void stamp_version(struct lab_store *st, struct json_object *obj)
{
	char version[24];

	snprintf(version, sizeof(version), "%llu", (unsigned long long)++st->version);
	vmn_json_set_str(vmn_json_get(obj, "/metadata"), "resourceVersion", version);
}

/* The file could not be written: the change stands in memory and the client is told. */
static int disk_failure(struct vmn_err *err)
{
	err->http = 500;
	err->reason = vmn_xstrdup("InternalError");
	return -(int)err->code;
}

/* Make @obj (swallowed) the new state of @e, or of a new entry @key. */
static int put(struct lab *lab, enum lab_kind_id kind, struct lab_entry *e, const char *key,
	       struct json_object *obj, struct json_object **ret, struct vmn_err *err)
{
	vmn_auto_json struct json_object *old = NULL;
	lab_auto_text struct lab_text *old_text = NULL;
	enum lab_change change = e ? LAB_MODIFIED : LAB_ADDED;
	int r;

	stamp_version(lab->store, obj);
	if (e) {
		old = e->obj;
		old_text = e->text;
		e->obj = obj;
	} else {
		e = entry_new(key, obj);
		shelf_insert(&lab->store->shelf[kind], e);
	}
	e->text = text_new(obj);
	r = record(lab, kind, change, e->key, old_text, e->text, err);
	if (ret)
		*ret = obj;
	tell(lab, kind, change, old, obj);
	return r < 0 ? disk_failure(err) : 0;
}

/* Take an entry off its shelf. @ret gets the last state, kept alive until the next write. */
static int take_off(struct lab *lab, enum lab_kind_id kind, size_t pos, struct json_object **ret,
		    struct vmn_err *err)
{
	struct shelf *sh = &lab->store->shelf[kind];
	struct lab_entry *e = sh->v[pos];
	lab_auto_text struct lab_text *text = NULL;
	int r;

	memmove(&sh->v[pos], &sh->v[pos + 1], (--sh->n - pos) * sizeof(struct lab_entry *));
	stamp_version(lab->store, e->obj);
	text = text_new(e->obj);
	r = record(lab, kind, LAB_DELETED, e->key, e->text, text, err);
	(void)json_object_put(lab->store->dry);
	lab->store->dry = json_object_get(e->obj);
	if (ret)
		*ret = e->obj;
	tell(lab, kind, LAB_DELETED, e->obj, e->obj);
	entry_free(e);
	return r < 0 ? disk_failure(err) : 0;
}

static int answer_dry(struct lab_store *st, struct json_object *obj, struct json_object **ret)
{
	(void)json_object_put(st->dry);
	st->dry = obj;
	if (ret)
		*ret = obj;
	return 0;
}

/* --- reading -------------------------------------------------------------------------- */

const struct lab_entry *lab_entry(struct lab *lab, enum lab_kind_id kind, const char *ns,
				  const char *name)
{
	return find(lab, kind, ns, name, NULL);
}

struct json_object *lab_get(struct lab *lab, enum lab_kind_id kind, const char *ns,
			    const char *name)
{
	struct lab_entry *e = find(lab, kind, ns, name, NULL);

	return e ? e->obj : NULL;
}

static bool is_in_namespace(const char *key, const char *ns)
{
	size_t len = ns ? strlen(ns) : 0;

	return !ns || (strncmp(key, ns, len) == 0 && key[len] == '/');
}

/* Position of the first entry of @ns behind @after. */
static size_t start_pos(const struct shelf *sh, const char *ns, const char *after)
{
	vmn_auto_free char *prefix = ns ? vmn_xasprintf("%s/", ns) : vmn_xstrdup("");
	bool found;
	size_t pos;

	if (!after || strcmp(after, prefix) < 0)
		return shelf_find(sh, prefix, &found);
	pos = shelf_find(sh, after, &found);
	return found ? pos + 1 : pos;
}

void lab_each(struct lab *lab, enum lab_kind_id kind, const char *ns,
	      bool (*fn)(void *arg, struct json_object *obj), void *arg)
{
	const struct shelf *sh = &lab->store->shelf[kind];

	for (size_t i = start_pos(sh, ns, NULL); i < sh->n && is_in_namespace(sh->v[i]->key, ns);
	     i++) {
		if (fn(arg, sh->v[i]->obj))
			break;
	}
}

uint64_t lab_version(struct lab *lab)
{
	return lab->store->version;
}

bool lab_has_history(struct lab *lab, uint64_t version)
{
	const struct lab_store *st = lab->store;

	return version <= st->version && version >= st->known_since &&
	       st->version - version <= HISTORY;
}

const struct lab_past *lab_past(struct lab *lab, uint64_t version)
{
	return &lab->store->ring[version % HISTORY];
}

static int cmp_past(const void *a, const void *b)
{
	const struct lab_past *x = *(const struct lab_past *const *)a;
	const struct lab_past *y = *(const struct lab_past *const *)b;
	int cmp = strcmp(x->key, y->key);

	return cmp ? cmp : (x->version > y->version) - (x->version < y->version);
}

/* The first change of each key after @version, sorted by key: its .old is how things were then. */
static const struct lab_past **changes_since(struct lab *lab, enum lab_kind_id kind, const char *ns,
					     const char *after, uint64_t version, size_t *ret_n)
{
	uint64_t now = lab->store->version;
	const struct lab_past **v = vmn_xcalloc(now - version + 1, sizeof(*v));
	size_t n = 0, kept = 0;

	for (uint64_t i = version + 1; i <= now; i++) {
		const struct lab_past *p = lab_past(lab, i);

		if (p->kind == kind && is_in_namespace(p->key, ns) &&
		    (!after || strcmp(p->key, after) > 0))
			v[n++] = p;
	}
	qsort(v, n, sizeof(*v), cmp_past);
	for (size_t i = 0; i < n; i++) {
		if (!kept || strcmp(v[kept - 1]->key, v[i]->key) != 0)
			v[kept++] = v[i];
	}
	*ret_n = kept;
	return v;
}

void lab_snapshot(struct lab *lab, enum lab_kind_id kind, const char *ns, const char *after,
		  uint64_t version,
		  bool (*fn)(void *arg, const char *key, struct json_object *obj,
			     struct lab_text *text),
		  void *arg)
{
	const struct shelf *sh = &lab->store->shelf[kind];
	size_t i = start_pos(sh, ns, after), c = 0, n_changed;
	vmn_auto_free const struct lab_past **changed =
		changes_since(lab, kind, ns, after, version, &n_changed);
	bool stop = false;

	while (!stop) {
		const struct lab_entry *e =
			i < sh->n && is_in_namespace(sh->v[i]->key, ns) ? sh->v[i] : NULL;
		const struct lab_past *p = c < n_changed ? changed[c] : NULL;
		int cmp = !e ? 1 : !p ? -1 : strcmp(e->key, p->key);

		if (!e && !p)
			return;
		if (cmp < 0)
			stop = fn(arg, e->key, e->obj, e->text);
		else if (p->old)
			stop = fn(arg, p->key, NULL, p->old);
		i += cmp <= 0;
		c += cmp >= 0;
	}
}

/* --- writing -------------------------------------------------------------------------- */

int lab_create(struct lab *lab, enum lab_kind_id kind, const char *ns, struct json_object *obj,
	       unsigned flags, struct json_object **ret, struct vmn_err *err)
{
	vmn_auto_json struct json_object *own = obj;
	vmn_auto_free char *key = NULL;
	const char *name;

	if (lab_prepare_new(lab, &lab_kinds[kind], ns, obj, flags, err) < 0)
		return -(int)err->code;
	name = vmn_json_str(obj, "/metadata/name");
	if (find(lab, kind, ns, name, NULL)) {
		vmn_auto_free char *resource = lab_resource(&lab_kinds[kind]);

		(void)lab_fail_reason(err, 409, "AlreadyExists", "%s \"%s\" already exists",
				      resource, name);
		err->code = VMN_E_EXISTS;
		return -VMN_E_EXISTS;
	}
	if (flags & LAB_WRITE_DRY_RUN)
		return answer_dry(lab->store, vmn_steal(&own), ret);
	key = make_key(&lab_kinds[kind], ns, name);
	return put(lab, kind, NULL, key, vmn_steal(&own), ret, err);
}

int lab_update(struct lab *lab, enum lab_kind_id kind, const char *ns, const char *name,
	       struct json_object *obj, unsigned flags, struct json_object **ret,
	       struct vmn_err *err)
{
	vmn_auto_json struct json_object *own = obj;
	const struct lab_kind *k = &lab_kinds[kind];
	size_t pos;
	struct lab_entry *e = find(lab, kind, ns, name, &pos);

	if (!e)
		return lab_fail_not_found(err, k, name);
	if (lab_check_preconditions(k, e->obj, obj, name, err) < 0)
		return -(int)err->code;
	if (flags & LAB_WRITE_STATUS) {
		own = lab_prepare_status(e->obj, obj);
		(void)json_object_put(obj);
	}
	lab_prepare_update(k, e->obj, own, flags);
	if (json_object_equal(own, e->obj)) {
		if (ret)
			*ret = e->obj;
		return 0;
	}
	if (flags & LAB_WRITE_DRY_RUN)
		return answer_dry(lab->store, vmn_steal(&own), ret);
	if (vmn_json_str(own, "/metadata/deletionTimestamp") &&
	    vmn_json_len(vmn_json_array(own, "/metadata/finalizers")) == 0) {
		(void)json_object_put(e->obj);
		e->obj = vmn_steal(&own);
		return take_off(lab, kind, pos, ret, err);
	}
	return put(lab, kind, e, NULL, vmn_steal(&own), ret, err);
}

int lab_delete(struct lab *lab, enum lab_kind_id kind, const char *ns, const char *name,
	       unsigned flags, struct json_object **ret, struct vmn_err *err)
{
	size_t pos;
	struct lab_entry *e = find(lab, kind, ns, name, &pos);

	if (!e)
		return lab_fail_not_found(err, &lab_kinds[kind], name);
	if (flags & LAB_WRITE_DRY_RUN) {
		if (ret)
			*ret = e->obj;
		return 0;
	}
	if (vmn_json_len(vmn_json_array(e->obj, "/metadata/finalizers")) == 0)
		return take_off(lab, kind, pos, ret, err);
	if (vmn_json_str(e->obj, "/metadata/deletionTimestamp")) {
		if (ret)
			*ret = e->obj;
		return 0;
	}
	return put(lab, kind, e, NULL, lab_prepare_deletion(e->obj), ret, err);
}

/* --- life ----------------------------------------------------------------------------- */

static int load(void *arg, const char *plural, const char *key, const char *text, size_t len,
		struct vmn_err *err)
{
	struct lab *lab = arg;
	struct json_object *obj;
	struct lab_entry *e;

	for (size_t i = 0; i < LAB_KINDS; i++) {
		if (strcmp(lab_kinds[i].plural, plural) != 0)
			continue;
		if (vmn_json_parse(text, len, &obj, err) < 0)
			return vmn_err_wrap(err, "%s %s in the lab's database", plural, key);
		e = entry_new(key, obj);
		e->text = text_new(obj);
		shelf_insert(&lab->store->shelf[i], e);
		return 0;
	}
	return vmn_err_set(err, VMN_E_INVALID, "unknown resource '%s' in the lab's database",
			   plural);
}

int lab_store_open(struct lab *lab, struct vmn_err *err)
{
	struct lab_store *st = vmn_xcalloc(1, sizeof(*st));
	vmn_auto_free char *version = NULL, *path = NULL;

	lab->store = st;
	st->version = FIRST_VERSION;
	if (lab->dir) {
		path = vmn_path_join(lab->dir, "objects.db");
		if (lab_db_open(path, &st->db, err) < 0 ||
		    lab_db_each(st->db, load, lab, err) < 0) {
			lab_store_close(lab);
			return -(int)err->code;
		}
		version = lab_db_setting(st->db, "version");
		if (version)
			(void)vmn_parse_u64(version, &st->version);
	}
	st->known_since = st->version;
	return 0;
}

int lab_store_commit(struct lab *lab, struct vmn_err *err)
{
	struct lab_store *st = lab->store;
	char version[24];

	if (!st->db || !lab_db_is_dirty(st->db))
		return 0;
	snprintf(version, sizeof(version), "%llu", (unsigned long long)st->version);
	if (lab_db_set(st->db, "version", version, err) < 0)
		return -(int)err->code;
	return lab_db_commit(st->db, err);
}

void lab_store_close(struct lab *lab)
{
	struct lab_store *st = lab->store;

	if (!st)
		return;
	lab_db_close_p(&st->db);
	for (size_t k = 0; k < LAB_KINDS; k++) {
		for (size_t i = 0; i < st->shelf[k].n; i++)
			entry_free(st->shelf[k].v[i]);
		free(st->shelf[k].v);
	}
	for (size_t i = 0; i < HISTORY; i++)
		past_clear(&st->ring[i]);
	(void)json_object_put(st->dry);
	free(st);
	lab->store = NULL;
}

char *lab_store_setting(struct lab *lab, const char *name)
{
	return lab->store->db ? lab_db_setting(lab->store->db, name) : NULL;
}

int lab_store_set(struct lab *lab, const char *name, const char *value, struct vmn_err *err)
{
	return lab->store->db ? lab_db_set(lab->store->db, name, value, err) : 0;
}
