/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/data/json.h"
#include "lib/kube/auth.h"
#include "lib/kube/transfer.h"

enum {
	DEFAULT_TIMEOUT_MS = 30000,
	DEFAULT_IN_FLIGHT = 32,
	/* Bookmarks come about once a minute; two missing ones and the line may be dead. */
	DEFAULT_WATCH_STALL_MS = 150000,
	HTTP1_CONNECTIONS = 8, /* for requests; each watch has one more */
	REQUESTS_PER_CONNECTION = 4,
	SLOW_MS = 100,
	MAX_CACHED_CONNECTIONS = 64,
	STOP_POLL_MS = 100,
	IDLE_POLL_MS = 60000,
};

#define DEFAULT_RESPONSE_BYTES ((size_t)64 << 20)

/* --- opening and closing -------------------------------------------------------------- */

static void take_options(struct vmn_kube *k, const struct vmn_kube_opts *o)
{
	k->timeout_ms = o->request_timeout_ms ? o->request_timeout_ms : DEFAULT_TIMEOUT_MS;
	k->max_response_bytes =
		o->max_response_bytes ? o->max_response_bytes : DEFAULT_RESPONSE_BYTES;
	k->watch_stall_ms = o->watch_stall_ms ? o->watch_stall_ms : DEFAULT_WATCH_STALL_MS;
	k->max_in_flight = o->max_in_flight ? o->max_in_flight : DEFAULT_IN_FLIGHT;
	k->user_agent =
		vmn_xstrdup(o->user_agent ? o->user_agent : PACKAGE_NAME "/" PACKAGE_VERSION);
	k->cache_dir = o->cache_dir ? vmn_xstrdup(o->cache_dir) : NULL;
	k->log = o->log;
}

static int open_curl(struct vmn_kube *k, struct vmn_err *err)
{
	int rc = vmn_curl_load(&k->c, err);

	if (rc < 0)
		return rc;
	k->multi = k->c->multi_init();
	if (!k->multi)
		return vmn_err_oom(err);
	(void)k->c->multi_setopt(k->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	(void)k->c->multi_setopt(k->multi, CURLMOPT_MAXCONNECTS, (long)MAX_CACHED_CONNECTIONS);
	if (k->endpoint.connect_to) {
		k->connect_to = k->c->slist_append(NULL, k->endpoint.connect_to);
		if (!k->connect_to)
			return vmn_err_oom(err);
	}
	return 0;
}

int vmn_kube_open(struct vmn_kube_target *target, const struct vmn_kube_opts *opts,
		  struct vmn_kube **ret, struct vmn_err *err)
{
	vmn_auto_kube struct vmn_kube *k = vmn_xcalloc(1, sizeof(*k));
	int rc;

	k->target = *target;
	*target = (struct vmn_kube_target){0};
	TAILQ_INIT(&k->queued);
	TAILQ_INIT(&k->active);
	TAILQ_INIT(&k->waiting);
	TAILQ_INIT(&k->timers);
	take_options(k, opts);
	if (getrandom(&k->random, sizeof(k->random), GRND_NONBLOCK) < 0)
		k->random = (uint32_t)vmn_now_ms();
	k->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (k->event_fd < 0)
		return vmn_err_sys(err, errno, "cannot make an eventfd");
	vmn_kube_auth_set_stop_fd(k->target.auth, k->event_fd);
	rc = vmn_endpoint_init(&k->target, &k->endpoint, err);
	if (rc == 0)
		rc = open_curl(k, err);
	if (rc < 0)
		return rc;
	if (k->endpoint.proxy)
		vmn_logf(k->log, 1, "server %s through proxy %s", k->endpoint.server,
			 k->endpoint.proxy_shown);
	*ret = vmn_steal(&k);
	return 0;
}

static void free_all(struct vmn_xfer_list *list)
{
	while (!TAILQ_EMPTY(list))
		vmn_xfer_free(TAILQ_FIRST(list));
}

void vmn_kube_close(struct vmn_kube *k)
{
	if (!k)
		return;
	free_all(&k->queued);
	free_all(&k->active);
	free_all(&k->waiting);
	vmn_handle_drop_idle(k);
	free(k->idle);
	if (k->multi)
		(void)k->c->multi_cleanup(k->multi);
	if (k->connect_to)
		k->c->slist_free_all(k->connect_to);
	vmn_close_p(&k->event_fd);
	vmn_endpoint_clear(&k->endpoint);
	vmn_kube_target_clear(&k->target);
	vmn_strlist_clear(&k->warned);
	vmn_discovery_free(k->discovery);
	free(k->user_agent);
	free(k->cache_dir);
	free(k);
}

void vmn_kube_close_p(struct vmn_kube **k)
{
	vmn_kube_close(*k);
	*k = NULL;
}

uint32_t vmn_kube_random(struct vmn_kube *k)
{
	/* xorshift32: jitter needs to differ between processes, no more. */
	k->random ^= k->random << 13;
	k->random ^= k->random >> 17;
	k->random ^= k->random << 5;
	if (!k->random)
		k->random = 1;
	return k->random;
}

/* --- the loop ------------------------------------------------------------------------- */

void vmn_timer_start(struct vmn_kube *k, struct vmn_timer *t, int64_t delay_ms)
{
	vmn_timer_stop(k, t);
	t->due_ms = vmn_now_ms() + delay_ms;
	TAILQ_INSERT_TAIL(&k->timers, t, link);
}

void vmn_timer_stop(struct vmn_kube *k, struct vmn_timer *t)
{
	if (t->due_ms)
		TAILQ_REMOVE(&k->timers, t, link);
	t->due_ms = 0;
}

static void fire_due(struct vmn_kube *k)
{
	struct vmn_timer *t;

	do {
		int64_t now = vmn_now_ms();

		TAILQ_FOREACH(t, &k->timers, link) {
			if (t->due_ms <= now)
				break;
		}
		if (t) {
			vmn_timer_stop(k, t);
			t->fire(t->arg);
		}
	} while (t);
}

static bool has_queue_of(const struct vmn_kube *k, unsigned n)
{
	const struct vmn_xfer *x;

	TAILQ_FOREACH(x, &k->queued, link)
		if (n-- == 0)
			break;
	return x != NULL;
}

/*
 * Over HTTP/2 requests share one connection. Until that has shown itself each one in flight needs a
 * connection of its own, and to set up TLS costs more than to wait for some answers: another is
 * opened for a longer queue only, or when the server is slow.
 */
static bool has_room(const struct vmn_kube *k)
{
	if (k->in_flight >= k->max_in_flight)
		return false;
	if (k->is_h2 || k->in_flight < k->connections)
		return true;
	if (k->connections >= HTTP1_CONNECTIONS)
		return false;
	return has_queue_of(k, k->connections * REQUESTS_PER_CONNECTION) ||
	       vmn_now_ms() - k->begun_ms >= SLOW_MS;
}

static void begin_next(struct vmn_kube *k, struct vmn_xfer *x)
{
	vmn_xfer_begin(x);
	k->begun_ms = vmn_now_ms();
	if (k->in_flight > k->connections)
		k->connections = k->in_flight;
}

static void begin_due(struct vmn_kube *k)
{
	int64_t now = TAILQ_EMPTY(&k->waiting) ? 0 : vmn_now_ms();
	struct vmn_xfer *x, *next;

	for (x = TAILQ_FIRST(&k->waiting); x; x = next) {
		next = TAILQ_NEXT(x, link);
		if (x->due_ms > now)
			continue;
		TAILQ_REMOVE(&k->waiting, x, link);
		x->state = VMN_XFER_QUEUED;
		TAILQ_INSERT_HEAD(&k->queued, x, link);
	}
	/* A watch needs no place. Beginning may call back and change the queue. */
	while ((x = TAILQ_FIRST(&k->queued)) && (x->is_watch || has_room(k)))
		begin_next(k, x);
}

static void hand_out_data(struct vmn_kube *k)
{
	struct vmn_xfer *x;

	while (k->has_data) {
		k->has_data = false;
		TAILQ_FOREACH(x, &k->active, link) {
			if (vmn_xfer_has_data(x))
				break;
		}
		if (!x)
			return;
		k->has_data = true;
		/* The list may be another one afterwards: look from its beginning again. */
		if (vmn_xfer_drain(x) && x->answer.len)
			return;
	}
}

static void end_finished(struct vmn_kube *k)
{
	CURLMsg *msg;
	int left;

	while ((msg = k->c->multi_info_read(k->multi, &left))) {
		struct vmn_xfer *x = NULL;
		CURLcode code = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		(void)k->c->easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&x);
		vmn_xfer_finish(x, code);
	}
}

static void end_stalled(struct vmn_kube *k)
{
	int64_t now = vmn_now_ms();
	struct vmn_xfer *x;

	for (bool again = true; again;) {
		again = false;
		TAILQ_FOREACH(x, &k->active, link) {
			if (!x->stall_ms || x->is_draining || now - x->heard_ms < x->stall_ms)
				continue;
			vmn_xfer_stalled(x);
			again = true;
			break;
		}
	}
}

static int time_to_next(struct vmn_kube *k, int64_t deadline_ms, bool has_stop)
{
	int64_t next = deadline_ms;
	struct vmn_timer *t;
	struct vmn_xfer *x;
	int left;

	/* When the next connection may be opened for those that wait, see has_room(). */
	if (!TAILQ_EMPTY(&k->queued) && k->in_flight < k->max_in_flight &&
	    k->connections < HTTP1_CONNECTIONS && k->begun_ms + SLOW_MS < next)
		next = k->begun_ms + SLOW_MS;
	TAILQ_FOREACH(t, &k->timers, link) {
		if (t->due_ms < next)
			next = t->due_ms;
	}
	TAILQ_FOREACH(x, &k->waiting, link) {
		if (x->due_ms < next)
			next = x->due_ms;
	}
	TAILQ_FOREACH(x, &k->active, link) {
		if (x->stall_ms && x->heard_ms + x->stall_ms < next)
			next = x->heard_ms + x->stall_ms;
	}
	left = vmn_deadline_left(next);
	if (left < 0 || left > IDLE_POLL_MS)
		left = IDLE_POLL_MS;
	return has_stop && left > STOP_POLL_MS ? STOP_POLL_MS : left;
}

static bool was_interrupted(struct vmn_kube *k)
{
	uint64_t n;

	return read(k->event_fd, &n, sizeof(n)) == (ssize_t)sizeof(n);
}

static bool is_idle(const struct vmn_kube *k)
{
	return TAILQ_EMPTY(&k->queued) && TAILQ_EMPTY(&k->active) && TAILQ_EMPTY(&k->waiting) &&
	       TAILQ_EMPTY(&k->timers);
}

int vmn_kube_loop(struct vmn_kube *k, int64_t deadline_ms, bool (*stop)(void *arg), void *arg,
		  struct vmn_err *err)
{
	struct curl_waitfd fd = {.fd = k->event_fd, .events = CURL_WAIT_POLLIN};
	int running;

	for (;;) {
		fire_due(k);
		begin_due(k);
		if (k->c->multi_perform(k->multi, &running) != CURLM_OK)
			return vmn_err_set(err, VMN_E_INTERNAL, "libcurl gave up");
		hand_out_data(k);
		end_finished(k);
		end_stalled(k);
		if ((stop && stop(arg)) || is_idle(k))
			return 0;
		/* After that: an interruption that comes with the end is for the next loop. */
		if (was_interrupted(k))
			return vmn_err_set(err, VMN_E_CANCELLED, "interrupted");
		if (vmn_deadline_left(deadline_ms) == 0)
			return vmn_err_set(err, VMN_E_TIMEOUT, "time ran out");
		/* Callbacks may have queued more: begin that before any wait. */
		if (!TAILQ_EMPTY(&k->queued) && has_room(k))
			continue;
		(void)k->c->multi_poll(k->multi, &fd, 1, time_to_next(k, deadline_ms, stop != NULL),
				       NULL);
	}
}

void vmn_kube_interrupt(struct vmn_kube *k)
{
	int saved = errno;
	uint64_t one = 1;
	ssize_t n = write(k->event_fd, &one, sizeof(one));

	(void)n; /* full means it is set already */
	errno = saved;
}

/* --- requests ------------------------------------------------------------------------- */

/* What is there to read is an object; the login page of a proxy in between is none. */
static void check_read(const struct vmn_xfer *x, struct json_object *body,
		       const struct vmn_err *parse_err, struct vmn_err *err)
{
	if (strcmp(x->method, "GET") != 0 || json_object_is_type(body, json_type_object))
		return;
	(void)vmn_err_set(err, VMN_E_PROTOCOL, "the server's answer is %s",
			  parse_err->code ? vmn_err_text(parse_err) : "not a JSON object");
}

static void call_done(void *arg, const struct vmn_answer *answer, struct vmn_err *err)
{
	struct vmn_xfer *x = arg;
	vmn_auto_err struct vmn_err parse_err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *body = NULL;
	struct vmn_kube_resp resp = {
		.status = answer->status,
		.text = answer->text,
		.warnings = answer->warnings,
	};

	if (err->code) {
		x->caller_done(x->caller_arg, NULL, err);
		return;
	}
	if (answer->len && vmn_json_parse(answer->text, answer->len, &body, &parse_err) == 0)
		resp.body = body;
	check_read(x, body, &parse_err, err);
	x->caller_done(x->caller_arg, err->code ? NULL : &resp, err);
}

void vmn_kube_start(struct vmn_kube *k, const struct vmn_kube_req *req, vmn_kube_done_fn done,
		    void *arg)
{
	static const struct vmn_xfer_ops ops = {.done = call_done};
	struct vmn_xfer *x = vmn_xfer_start(k, &(struct vmn_xfer_spec){.req = *req, .ops = &ops});

	x->arg = x;
	x->caller_done = done;
	x->caller_arg = arg;
}

static struct vmn_xfer *find_call(struct vmn_xfer_list *list, const void *arg)
{
	struct vmn_xfer *x;

	TAILQ_FOREACH(x, list, link)
		if (x->caller_done && x->caller_arg == arg)
			break;
	return x;
}

void vmn_kube_drop(struct vmn_kube *k, const void *arg)
{
	struct vmn_xfer_list *const lists[] = {&k->queued, &k->active, &k->waiting};
	struct vmn_xfer *x;

	for (size_t i = 0; i < VMN_ARRAY_LEN(lists); i++)
		while ((x = find_call(lists[i], arg)))
			vmn_xfer_cancel(x);
}

struct waited {
	bool is_done, wants_body;
	struct json_object *body;
	struct vmn_err err;
};

static void waited_done(void *arg, const struct vmn_answer *answer, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err bad = VMN_ERR_INIT;
	struct waited *w = arg;

	w->is_done = true;
	if (err->code) {
		(void)vmn_err_move(&w->err, err);
		return;
	}
	if (w->wants_body && answer->len &&
	    vmn_json_parse(answer->text, answer->len, &w->body, &bad) < 0)
		(void)vmn_err_set(&w->err, VMN_E_PROTOCOL, "the server's answer is %s",
				  vmn_err_text(&bad));
}

static bool is_waited_done(void *arg)
{
	return ((struct waited *)arg)->is_done;
}

int vmn_kube_do(struct vmn_kube *k, const struct vmn_kube_req *req, struct json_object **ret_body,
		struct vmn_err *err)
{
	static const struct vmn_xfer_ops ops = {.done = waited_done};
	struct waited w = {.wants_body = ret_body != NULL};
	vmn_auto_err struct vmn_err loop_err = VMN_ERR_INIT;
	struct vmn_xfer *x;

	x = vmn_xfer_start(k, &(struct vmn_xfer_spec){.req = *req, .ops = &ops, .arg = &w});
	(void)vmn_kube_loop(k, VMN_NEVER, is_waited_done, &w, &loop_err);
	if (!w.is_done) {
		vmn_xfer_cancel(x);
		return vmn_err_move(err, &loop_err);
	}
	if (w.err.code)
		return vmn_err_move(err, &w.err);
	if (ret_body)
		*ret_body = w.body;
	return 0;
}

int vmn_kube_get(struct vmn_kube *k, const char *path, struct json_object **ret_body,
		 struct vmn_err *err)
{
	return vmn_kube_do(k, &(struct vmn_kube_req){.method = "GET", .path = path}, ret_body, err);
}
