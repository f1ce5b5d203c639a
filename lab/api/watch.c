/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - WATCH: the past from history, then each change as it comes
 *
 * All open watches hang in one list; the store's listener offers each change to each of them.
 * Events wait in the watch's buffer until its connection takes them.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "lab/api/fault.h"
#include "lab/api/loop.h"
#include "lab/api/rest.h"
#include "lab/api/status.h"
#include "lab/api/watch.h"

enum {
	BOOKMARK_MS = 60 * 1000, /* as often as kube-apiserver sends them */
	DEFAULT_TIMEOUT_MS = 30 * 60 * 1000,
	BACKLOG_MAX = 64 << 20,
};

struct watch {
	struct lab_stream stream; /* first: http.c's view of it */
	struct watch *prev, *next;
	struct lab *lab;
	const struct lab_kind *kind;
	char *ns;
	struct lab_filter *filter;
	enum lab_form form;
	enum lab_include include;
	bool has_bookmarks, is_ended;
	struct vmn_buf events;
	struct lab_timer *timeout, *bookmark;
	int64_t cut_after; /* events, -1: never */
};

struct lab_watches {
	struct watch *first;
};

static void end(struct watch *w)
{
	w->is_ended = true;
	lab_stream_wake(&w->stream);
}

/* Append one event; @object is JSON text. */
static void add_event(struct watch *w, const char *type, const char *object, size_t len)
{
	if (w->is_ended)
		return;
	vmn_buf_addf(&w->events, "{\"type\":\"%s\",\"object\":", type);
	vmn_buf_add(&w->events, object, len);
	vmn_buf_adds(&w->events, "}\n");
	if (!vmn_buf_ok(&w->events) || (w->cut_after > 0 && --w->cut_after == 0))
		w->is_ended = true;
	lab_stream_wake(&w->stream);
}

static void add_object(struct watch *w, const char *type, struct json_object *obj, const char *text,
		       size_t len)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);
	vmn_auto_free char *meta = NULL;

	if (w->form != LAB_FORM_TABLE) {
		add_event(w, type, text, len);
		return;
	}
	lab_table_begin(&b, w->kind);
	lab_table_row(&b, w->kind, obj, text, w->include);
	meta = vmn_xasprintf("{\"resourceVersion\":\"%s\"}",
			     vmn_json_str_or(obj, "/metadata/resourceVersion", ""));
	lab_table_end(&b, meta);
	add_event(w, type, b.data, b.len);
}

static void add_error(struct watch *w, struct vmn_err *err)
{
	vmn_auto_json struct json_object *status = lab_status(err, NULL, NULL);
	const char *text = vmn_json_text(status);

	add_event(w, "ERROR", text, strlen(text));
	end(w);
}

static bool is_visible(const struct watch *w, enum lab_kind_id kind, struct json_object *obj)
{
	return kind == w->kind->id &&
	       (!w->ns || vmn_streq(w->ns, vmn_json_str(obj, "/metadata/namespace")));
}

/*
 * Offer one change. A change that moves an object into or out of the selection is an ADDED or a
 * DELETED one; then the client sees the object as it last matched, with the version of the change.
 */
static void offer(struct watch *w, enum lab_change change, struct json_object *old,
		  struct json_object *obj, const char *text, size_t len)
{
	bool was = old && change != LAB_ADDED && lab_filter_matches(w->filter, old);
	bool is = change != LAB_DELETED && lab_filter_matches(w->filter, obj);
	vmn_auto_json struct json_object *last = NULL;

	if (is) {
		add_object(w, was ? "MODIFIED" : "ADDED", obj, text, len);
	} else if (was && change == LAB_DELETED) {
		add_object(w, "DELETED", obj, text, len);
	} else if (was) {
		last = vmn_json_copy(old);
		vmn_json_set_str(vmn_json_get(last, "/metadata"), "resourceVersion",
				 vmn_json_str_or(obj, "/metadata/resourceVersion", ""));
		text = vmn_json_text(last);
		add_object(w, "DELETED", last, text, strlen(text));
	}
}

static void store_changed(void *arg, enum lab_kind_id kind, enum lab_change change,
			  struct json_object *old, struct json_object *obj)
{
	struct lab *lab = arg;
	const struct lab_text *text = lab_past(lab, lab_version(lab))->text;

	for (struct watch *w = lab->watches->first; w; w = w->next) {
		if (is_visible(w, kind, obj))
			offer(w, change, old, obj, text->data, text->len);
	}
}

/* --- starting ------------------------------------------------------------------------- */

static bool add_initial(void *arg, const char *key, struct json_object *obj, struct lab_text *text)
{
	struct watch *w = arg;

	(void)key;
	if (lab_filter_matches(w->filter, obj))
		add_object(w, "ADDED", obj, text->data, text->len);
	return false;
}

static struct json_object *parse_ours(const struct lab_text *t)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *obj = NULL;

	if (t && vmn_json_parse(t->data, t->len, &obj, &err) < 0)
		abort();
	return obj;
}

static void replay(struct watch *w, uint64_t since)
{
	for (uint64_t v = since + 1; v <= lab_version(w->lab); v++) {
		const struct lab_past *p = lab_past(w->lab, v);
		vmn_auto_json struct json_object *old = NULL, *obj = NULL;

		if (p->kind != w->kind->id)
			continue;
		obj = parse_ours(p->text);
		if (!is_visible(w, p->kind, obj))
			continue;
		old = parse_ours(p->old);
		offer(w, p->change, old, obj, p->text->data, p->text->len);
	}
}

static int start(struct watch *w, const char *version_text, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err gone = VMN_ERR_INIT;
	uint64_t now = lab_version(w->lab), version;

	if (vmn_is_empty(version_text) || strcmp(version_text, "0") == 0) {
		lab_snapshot(w->lab, w->kind->id, w->ns, NULL, now, add_initial, w);
		return 0;
	}
	if (!vmn_parse_u64(version_text, &version))
		return lab_fail(err, 400, "invalid resourceVersion '%s'", version_text);
	/* A version of the future: nothing to replay, changes follow when they come. */
	if (version >= now)
		return 0;
	if (!lab_has_history(w->lab, version)) {
		(void)lab_fail(&gone, 410, "too old resource version: %" PRIu64 " (%" PRIu64 ")",
			       version, now);
		add_error(w, &gone);
		return 0;
	}
	replay(w, version);
	return 0;
}

/* --- life ----------------------------------------------------------------------------- */

static bool stream_read(struct lab_stream *s, struct vmn_buf *out)
{
	struct watch *w = (struct watch *)s;

	vmn_buf_add(out, w->events.data, w->events.len);
	vmn_buf_clear(&w->events);
	return !w->is_ended;
}

static void stream_close(struct lab_stream *s)
{
	struct watch *w = (struct watch *)s;

	if (w->prev)
		w->prev->next = w->next;
	else if (w->lab->watches->first == w)
		w->lab->watches->first = w->next;
	if (w->next)
		w->next->prev = w->prev;
	lab_timer_cancel(w->timeout);
	lab_timer_cancel(w->bookmark);
	lab_filter_free_p(&w->filter);
	vmn_buf_clear(&w->events);
	free(w->ns);
	free(w);
}

static void add_bookmark(struct watch *w)
{
	vmn_auto_free char *meta =
		vmn_xasprintf("{\"resourceVersion\":\"%" PRIu64 "\"}", lab_version(w->lab));
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	if (w->form == LAB_FORM_TABLE) {
		lab_table_begin(&b, w->kind);
		lab_table_end(&b, meta);
	} else {
		vmn_buf_addf(&b, "{\"kind\":\"%s\",\"apiVersion\":\"%s%s%s\",\"metadata\":%s}",
			     w->kind->kind, w->kind->group, *w->kind->group ? "/" : "",
			     w->kind->version, meta);
	}
	add_event(w, "BOOKMARK", b.data, b.len);
}

static void bookmark_due(void *arg)
{
	struct watch *w = arg;

	add_bookmark(w);
	w->bookmark = lab_after(w->lab, BOOKMARK_MS, bookmark_due, w);
}

static void timeout_due(void *arg)
{
	struct watch *w = arg;

	w->timeout = NULL;
	if (w->has_bookmarks)
		add_bookmark(w);
	end(w);
}

static int check_options(const struct lab_call *c, uint64_t *ret_timeout_ms, struct vmn_err *err)
{
	const char *timeout = lab_param(c->req, "timeoutSeconds");
	uint64_t s = 0;

	if (lab_check_list_options(c->req, true, err) < 0)
		return -(int)err->code;
	if (timeout && (!vmn_parse_u64(timeout, &s) || s > INT32_MAX))
		return lab_fail(err, 400, "invalid timeoutSeconds '%s'", timeout);
	*ret_timeout_ms = s ? s * 1000 : DEFAULT_TIMEOUT_MS;
	return 0;
}

static struct watch *watch_new(struct lab_call *c, uint64_t timeout_ms)
{
	struct watch *w = vmn_xcalloc(1, sizeof(*w));
	struct lab_watches *all = c->lab->watches;

	w->stream = (struct lab_stream){.read = stream_read, .close = stream_close};
	w->lab = c->lab;
	w->kind = c->kind;
	w->ns = c->ns ? vmn_xstrdup(c->ns) : NULL;
	w->form = c->form;
	w->include = lab_table_include(c->req);
	w->events = VMN_BUF_INIT(BACKLOG_MAX);
	w->cut_after = -1;
	/* kube-apiserver does not cache Events, and sends bookmarks from its cache only. */
	w->has_bookmarks =
		c->kind->id != LAB_EVENT && lab_param_is_true(c->req, "allowWatchBookmarks");
	w->timeout = lab_after(c->lab, (int64_t)timeout_ms, timeout_due, w);
	if (w->has_bookmarks)
		w->bookmark = lab_after(c->lab, BOOKMARK_MS, bookmark_due, w);
	w->next = all->first;
	if (w->next)
		w->next->prev = w;
	all->first = w;
	return w;
}

static void apply_faults(struct watch *w, const struct lab_call *c)
{
	vmn_auto_err struct vmn_err gone = VMN_ERR_INIT;
	const struct lab_fault *f =
		lab_fault_hit(c->lab, LAB_FAULT_WATCH_GONE, c->req->method, c->req->path);

	if (f) {
		(void)lab_fail(&gone, 410, "too old resource version: 1 (%" PRIu64 ")",
			       lab_version(c->lab));
		add_error(w, &gone);
		return;
	}
	f = lab_fault_hit(c->lab, LAB_FAULT_WATCH_CUT, c->req->method, c->req->path);
	if (!f)
		return;
	w->cut_after = f->value;
	w->is_ended = f->value <= 0;
}

int lab_verb_watch(struct lab_call *c, struct vmn_err *err)
{
	lab_auto_filter struct lab_filter *filter = NULL;
	uint64_t timeout_ms = 0;
	struct watch *w;

	if (check_options(c, &timeout_ms, err) < 0 ||
	    lab_filter_new(c->req, c->kind, &filter, err) < 0)
		return -(int)err->code;
	w = watch_new(c, timeout_ms);
	w->filter = vmn_steal(&filter);
	apply_faults(w, c);
	if (start(w, lab_param(c->req, "resourceVersion"), err) < 0) {
		stream_close(&w->stream);
		return -(int)err->code;
	}
	c->resp->status = 200;
	c->resp->content_type = "application/json";
	c->resp->stream = &w->stream;
	return 0;
}

void lab_watches_start(struct lab *lab)
{
	lab->watches = vmn_xcalloc(1, sizeof(*lab->watches));
	lab_listen(lab, store_changed, lab);
}

void lab_watches_stop(struct lab *lab)
{
	free(lab->watches);
	lab->watches = NULL;
}
