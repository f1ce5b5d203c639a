/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation: a watch is listing, then following. Listing goes page by page and yields a
 * resourceVersion; following is one long GET from there, whose answer is a document an event. Each
 * event and bookmark moves the version on, so that a cut is resumed where it happened. When the
 * server has forgotten that version (410, as status or as an ERROR event) it lists again, between
 * RELIST and SYNCED. Failures in a row pause longer and longer; what a new try cannot mend ends the
 * watch.
 *
 * Source: kubernetes.io/docs/reference/using-api/api-concepts, "Efficient detection of changes"
 */
#include "config.h"

#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/data/jsonstream.h"
#include "lib/kube/list.h"
#include "lib/kube/path.h"
#include "lib/kube/retry.h"
#include "lib/kube/status.h"
#include "lib/kube/trace.h"
#include "lib/kube/transfer.h"
#include "lib/kube/watch.h"

enum {
	/* The server is to end each request after 5 to 10 minutes: long ones pile up on one server
	 * of several. */
	MIN_TIMEOUT_S = 300,
	FIRST_PAUSE_MS = 200,
	MAX_PAUSE_MS = 30000,
	SHORT_MS = 1000,	 /* an answer that ends sooner counts as a failure */
	TELL_AFTER_FAILURES = 4, /* in a row; then the user should know */
	MAX_FIRST_FAILURES = 6,	 /* of a server that never answered */
};

struct vmn_watch {
	struct vmn_kube *k;
	char *path;
	char *version; /* of the last event, bookmark or list; NULL: list first */
	vmn_watch_fn event;
	vmn_watch_failed_fn failed;
	void *arg;

	struct vmn_pager pager; /* while listing */
	struct vmn_xfer *xfer;	/* while following */
	struct vmn_timer timer; /* while pausing */
	struct vmn_jsonstream *stream;
	unsigned failures; /* in a row */
	int64_t begun_ms;  /* of this request */
	bool is_stale;	   /* the server told that our version is too old */
	bool was_alive;	   /* the server has answered once */
	unsigned calls;	   /* callbacks running: freeing waits for them */
	bool is_stopped;
};

static void follow(struct vmn_watch *w);

static void watch_free(struct vmn_watch *w)
{
	vmn_jsonstream_free(w->stream);
	free(w->path);
	free(w->version);
	free(w);
}

/* Callbacks run between enter() and leave(), so that they may stop the watch. */
static void enter(struct vmn_watch *w)
{
	w->calls++;
}

/* @w may be gone afterwards. */
static void leave(struct vmn_watch *w)
{
	if (--w->calls == 0 && w->is_stopped)
		watch_free(w);
}

static void tell(struct vmn_watch *w, enum vmn_watch_type type, struct json_object *obj)
{
	if (!w->is_stopped)
		w->event(w->arg, type, obj);
}

static void set_version(struct vmn_watch *w, const char *version)
{
	if (vmn_is_empty(version) || vmn_streq(version, w->version))
		return;
	free(w->version);
	w->version = vmn_xstrdup(version);
}

static void fail_watch(struct vmn_watch *w, struct vmn_err *err)
{
	if (!w->is_stopped)
		w->failed(w->arg, err);
}

/* Whether a new try cannot change the answer. */
static bool is_final(const struct vmn_watch *w, const struct vmn_err *err)
{
	if (err->http)
		return err->http < 500 && err->http != 408 && err->http != 410 && err->http != 429;
	if (!w->was_alive && w->failures + 1 >= MAX_FIRST_FAILURES)
		return true;
	return err->code != VMN_E_UNREACHABLE && err->code != VMN_E_TIMEOUT &&
	       err->code != VMN_E_PROTOCOL && err->code != VMN_E_INVALID;
}

/* After a failure that may pass; @least_ms is what the server asks for, if it does. */
static void pause_watch(struct vmn_watch *w, int64_t least_ms, const struct vmn_err *err)
{
	int64_t pause;

	w->failures++;
	pause = vmn_backoff_ms(w->failures, FIRST_PAUSE_MS, MAX_PAUSE_MS, vmn_kube_random(w->k));
	if (least_ms > 0)
		pause += least_ms;
	vmn_logf(w->k->log, w->failures == TELL_AFTER_FAILURES ? 0 : 1,
		 "watch broke off, trying again in %lld ms: %s", (long long)pause,
		 vmn_err_text(err));
	vmn_timer_start(w->k, &w->timer, pause);
}

/* --- listing -------------------------------------------------------------------------- */

static void list_item(void *arg, struct json_object *item)
{
	struct vmn_watch *w = arg;

	enter(w);
	tell(w, VMN_WATCH_ADDED, item);
	leave(w);
}

static void list_page(struct vmn_watch *w);

static void list_done(void *arg, struct vmn_err *err)
{
	struct vmn_watch *w = arg;

	enter(w);
	if (err) {
		vmn_pager_clear(&w->pager);
		if (is_final(w, err))
			fail_watch(w, err);
		else
			pause_watch(w, -1, err);
	} else if (!w->pager.done) {
		list_page(w);
	} else {
		w->was_alive = true;
		set_version(w, w->pager.resource_version ? w->pager.resource_version : "0");
		vmn_pager_clear(&w->pager);
		tell(w, VMN_WATCH_SYNCED, NULL);
		if (!w->is_stopped)
			follow(w);
	}
	leave(w);
}

static void list_page(struct vmn_watch *w)
{
	vmn_pager_start(w->k, &w->pager, list_item, list_done, w);
}

static void list_begin(struct vmn_watch *w)
{
	free(vmn_steal(&w->version));
	w->is_stale = false;
	vmn_pager_init(&w->pager, w->path);
	tell(w, VMN_WATCH_RELIST, NULL);
	if (!w->is_stopped)
		list_page(w);
}

/* --- following ------------------------------------------------------------------------ */

static bool read_type(const char *name, enum vmn_watch_type *ret)
{
	if (vmn_streq(name, "ADDED"))
		*ret = VMN_WATCH_ADDED;
	else if (vmn_streq(name, "MODIFIED"))
		*ret = VMN_WATCH_MODIFIED;
	else if (vmn_streq(name, "DELETED"))
		*ret = VMN_WATCH_DELETED;
	else
		return false;
	return true;
}

/* An ERROR event: the server says why it ends the watch. */
static int read_error(struct vmn_watch *w, struct json_object *status, struct vmn_err *err)
{
	(void)vmn_status_obj_to_err(0, status, err);
	w->is_stale = err->http == 410;
	return -(int)err->code;
}

static int follow_event(void *arg, struct json_object *event, struct vmn_err *err)
{
	struct vmn_watch *w = arg;
	struct json_object *obj = vmn_json_get(event, "/object");
	const char *name = vmn_json_str(event, "/type");
	enum vmn_watch_type type;

	vmn_trace_object(w->k->log, '<', event);
	if (vmn_streq(name, "ERROR"))
		return read_error(w, obj, err);
	if (!json_object_is_type(obj, json_type_object))
		return vmn_err_set(err, VMN_E_PROTOCOL, "the server sent an event without object");
	w->failures = 0;
	w->was_alive = true;
	set_version(w, vmn_json_str(obj, "/metadata/resourceVersion"));
	if (read_type(name, &type))
		tell(w, type, obj);
	return w->is_stopped ? vmn_err_set(err, VMN_E_CANCELLED, "the watch was stopped") : 0;
}

static int follow_data(void *arg, const char *data, size_t len, struct vmn_err *err)
{
	struct vmn_watch *w = arg;
	int rc;

	enter(w);
	rc = vmn_jsonstream_feed(w->stream, data, len, err);
	leave(w);
	return rc;
}

/*
 * kube-apiserver sends bookmarks for what it caches, which Events are not: their watch may be
 * silent till its end. To ask again costs little, and a line that is dead does not answer that.
 * Source: github.com/kubernetes/kubernetes pull 96052, issue 120348
 */
static bool is_only_quiet(const struct vmn_answer *answer)
{
	return answer->is_silent && answer->status == 200;
}

static void follow_done(void *arg, const struct vmn_answer *answer, struct vmn_err *err)
{
	struct vmn_watch *w = arg;

	w->xfer = NULL;
	enter(w);
	w->is_stale = w->is_stale || answer->status == 410;
	if (is_only_quiet(answer))
		vmn_err_clear(err);
	else if (!err->code && vmn_now_ms() - w->begun_ms < SHORT_MS)
		(void)vmn_err_set(err, VMN_E_UNREACHABLE, "the answer ended at once");
	if (!err->code) {
		w->failures = 0;
		w->was_alive = true;
		follow(w);
	} else if (w->is_stale && w->failures == 0) {
		vmn_logf(w->k->log, 1, "watch: the server has forgotten version %s, listing again",
			 w->version);
		w->failures++;
		list_begin(w);
	} else if (is_final(w, err)) {
		fail_watch(w, err);
	} else {
		pause_watch(w, answer->retry_after_ms, err);
	}
	leave(w);
}

static void follow(struct vmn_watch *w)
{
	static const struct vmn_xfer_ops ops = {.data = follow_data, .done = follow_done};
	vmn_auto_free char *path = vmn_xstrdup(w->path), *timeout = NULL;

	timeout = vmn_xasprintf("%u", MIN_TIMEOUT_S + vmn_kube_random(w->k) % MIN_TIMEOUT_S);
	vmn_kube_path_query(&path, "watch", "true");
	vmn_kube_path_query(&path, "allowWatchBookmarks", "true");
	vmn_kube_path_query(&path, "resourceVersion", w->version);
	vmn_kube_path_query(&path, "timeoutSeconds", timeout);
	vmn_jsonstream_free(w->stream);
	w->stream = vmn_jsonstream_new(VMN_JSONSTREAM_DOCUMENTS, follow_event, w);
	w->begun_ms = vmn_now_ms();
	w->xfer = vmn_xfer_start(w->k,
				 &(struct vmn_xfer_spec){
					 .req = {.method = "GET", .path = path, .timeout_ms = -1},
					 .stall_ms = w->k->watch_stall_ms,
					 .is_watch = true,
					 .ops = &ops,
					 .arg = w,
				 });
}

/* --- beginning and end ---------------------------------------------------------------- */

static void go_on(void *arg)
{
	struct vmn_watch *w = arg;

	enter(w);
	if (w->version && !w->is_stale)
		follow(w);
	else
		list_begin(w);
	leave(w);
}

struct vmn_watch *vmn_watch_start(struct vmn_kube *k, const char *path,
				  const char *resource_version, vmn_watch_fn event,
				  vmn_watch_failed_fn failed, void *arg)
{
	struct vmn_watch *w = vmn_xcalloc(1, sizeof(*w));

	w->k = k;
	w->path = vmn_xstrdup(path);
	w->event = event;
	w->failed = failed;
	w->arg = arg;
	w->timer.fire = go_on;
	w->timer.arg = w;
	set_version(w, resource_version);
	/* From the loop, so that no event comes before the caller has the handle. */
	vmn_timer_start(k, &w->timer, 0);
	return w;
}

void vmn_watch_stop(struct vmn_watch *w)
{
	if (!w || w->is_stopped)
		return;
	w->is_stopped = true;
	vmn_timer_stop(w->k, &w->timer);
	vmn_xfer_cancel(vmn_steal(&w->xfer));
	vmn_pager_clear(&w->pager);
	if (!w->calls)
		watch_free(w);
}
