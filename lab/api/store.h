/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the lab's objects: in memory, kept in SQLite, with resourceVersions and history
 *
 * Every change gets the next resourceVersion, is written to SQLite, kept in a bounded history for
 * watches, and told to the listeners. Objects handed out are borrowed and must not be changed.
 * Errors have the HTTP status and reason a real API server gives (err->http, err->reason).
 */
#ifndef VMN_LAB_API_STORE_H
#define VMN_LAB_API_STORE_H

#include "lab/api/kinds.h"

enum lab_write_flag {
	LAB_WRITE_DRY_RUN = 1 << 0, /* check everything, change nothing */
	LAB_WRITE_STATUS =
		1 << 1, /* only .status (and metadata conditions) of the new object counts */
	LAB_WRITE_SYSTEM = 1 << 2, /* a controller writes: spec and status together, no webhooks */
};

/** lab_get() - borrowed object, or NULL; @ns NULL for cluster-scoped kinds */
struct json_object *lab_get(struct lab *lab, enum lab_kind_id kind, const char *ns,
			    const char *name);

/**
 * lab_create() - store a new object
 * @obj:  swallowed; name or generateName, uid, creationTimestamp, resourceVersion, generation are
 * filled
 * @ret:  the stored object, borrowed; may be NULL
 *
 * Return: 0, -VMN_E_EXISTS (409 AlreadyExists), -VMN_E_INVALID (422), -VMN_E_NOT_FOUND (namespace)
 */
int lab_create(struct lab *lab, enum lab_kind_id kind, const char *ns, struct json_object *obj,
	       unsigned flags, struct json_object **ret, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * lab_update() - replace an object; no change means no new resourceVersion
 * @obj:  swallowed; a metadata.resourceVersion in it must be the present one
 *
 * Spec changes add 1 to generation. Removing the last finalizer of an object marked for deletion
 * deletes it. Return: 0, -VMN_E_NOT_FOUND, -VMN_E_CONFLICT (409), -VMN_E_INVALID (422)
 */
int lab_update(struct lab *lab, enum lab_kind_id kind, const char *ns, const char *name,
	       struct json_object *obj, unsigned flags, struct json_object **ret,
	       struct vmn_err *err) VMN_MUST_CHECK;

/** lab_delete() - mark (when it has finalizers) or remove; dependants follow by ownerReferences */
int lab_delete(struct lab *lab, enum lab_kind_id kind, const char *ns, const char *name,
	       unsigned flags, struct json_object **ret, struct vmn_err *err) VMN_MUST_CHECK;

/** lab_each() - objects of a kind in key order (namespace/name); @ns NULL: all; @fn true: stop
 * there */
void lab_each(struct lab *lab, enum lab_kind_id kind, const char *ns,
	      bool (*fn)(void *arg, struct json_object *obj), void *arg);

enum lab_change { LAB_ADDED, LAB_MODIFIED, LAB_DELETED };

/* Told after each change. @old is NULL for LAB_ADDED; @obj is the last state for LAB_DELETED. Must
 * not write to the store: mark work dirty and let the loop run it (lab_after() with 0). */
typedef void (*lab_listener_fn)(void *arg, enum lab_kind_id kind, enum lab_change change,
				struct json_object *old, struct json_object *obj);
void lab_listen(struct lab *lab, lab_listener_fn fn, void *arg);

/* --- for the API server's half: texts, pages, history --------------------------------- */

/** lab_store_open() - load what an earlier run kept in lab->dir; no directory: memory only */
int lab_store_open(struct lab *lab, struct vmn_err *err) VMN_MUST_CHECK;
/** lab_store_commit() - the changes so far to the file; after each request and each turn */
int lab_store_commit(struct lab *lab, struct vmn_err *err) VMN_MUST_CHECK;
void lab_store_close(struct lab *lab);
/** lab_store_setting() - a value kept beside the objects, NULL when not set; caller frees */
char *lab_store_setting(struct lab *lab, const char *name);
int lab_store_set(struct lab *lab, const char *name, const char *value,
		  struct vmn_err *err) VMN_MUST_CHECK;

/* An object as it goes over the wire: made once, shared, never changed. */
struct lab_text {
	unsigned refs;
	size_t len;
	char data[]; /* compact JSON, NUL-terminated */
};

struct lab_text *lab_text_ref(struct lab_text *t); /* NULL is fine */
void lab_text_unref_p(struct lab_text **t);
#define lab_auto_text VMN_CLEANUP(lab_text_unref_p)

struct lab_entry {
	char *key; /* "NAMESPACE/NAME", or "NAME" of cluster-scoped kinds */
	struct json_object *obj;
	struct lab_text *text;
};

/** lab_entry() - borrowed until the next write, or NULL */
const struct lab_entry *lab_entry(struct lab *lab, enum lab_kind_id kind, const char *ns,
				  const char *name);

/** lab_version() - resourceVersion of the last change */
uint64_t lab_version(struct lab *lab);

/* One change of the past. */
struct lab_past {
	uint64_t version;
	enum lab_kind_id kind;
	enum lab_change change;
	char *key;
	struct lab_text *old;  /* before; NULL for LAB_ADDED */
	struct lab_text *text; /* after; for LAB_DELETED the last state with this version */
};

/** lab_has_history() - whether everything after @version is still known */
bool lab_has_history(struct lab *lab, uint64_t version);
/** lab_past() - the change that made @version; only when lab_has_history(@version - 1) */
const struct lab_past *lab_past(struct lab *lab, uint64_t version);

/**
 * lab_snapshot() - objects of a kind as they were at @version, in key order
 * @ns:    NULL: all
 * @after: start behind this key; NULL: at the first
 * @fn:    true: stop there; @obj is NULL for objects that changed since, then parse @text
 *
 * Only when lab_has_history(@version).
 */
void lab_snapshot(struct lab *lab, enum lab_kind_id kind, const char *ns, const char *after,
		  uint64_t version,
		  bool (*fn)(void *arg, const char *key, struct json_object *obj,
			     struct lab_text *text),
		  void *arg);

/** lab_event() - record a Kubernetes event about @obj, counting repeats */
void lab_event(struct lab *lab, struct json_object *obj, bool warning, const char *reason,
	       const char *fmt, ...) VMN_PRINTF(5, 6);

#endif
