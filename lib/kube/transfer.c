/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/kube/auth.h"
#include "lib/kube/fail.h"
#include "lib/kube/retry.h"
#include "lib/kube/status.h"
#include "lib/kube/trace.h"
#include "lib/kube/transfer.h"
#include "lib/kube/warning.h"

enum {
	MAX_HEADER_BYTES = 256 << 10,
	MAX_ERROR_BYTES = 1 << 20,	/* of an answer that is not 2xx */
	MAX_WARNINGS = 100,		/* remembered, so that each is told once */
	STREAM_PAUSE_BYTES = 256 << 10, /* not handed out yet: let the server wait */
};

static bool is_ok(int status)
{
	return status >= 200 && status < 300;
}

/* --- curl's callbacks ----------------------------------------------------------------- */

/*
 * curl sends a request again by itself when a kept connection dies without an answer, even a PUT
 * that the server may have acted on (https://github.com/curl/curl/pull/18417). This callback comes
 * before each sending: it lets only those pass that nobody can have seen or that change nothing.
 */
static int on_before_send(void *arg, char *remote_ip, char *local_ip, int remote_port,
			  int local_port)
{
	struct vmn_xfer *x = arg;
	long sent = 0;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	if (x->sends++ == 0 || strcmp(x->method, "GET") == 0)
		return CURL_PREREQFUNC_OK;
	(void)x->k->c->easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &sent);
	return sent ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void start_answer(struct vmn_xfer *x, const char *line)
{
	const char *space = strchr(line, ' ');

	x->status = space ? (int)strtol(space, NULL, 10) : 0;
	x->retry_after_ms = -1;
	vmn_strlist_clear(&x->warnings);
	vmn_buf_clear(&x->answer);
	x->answer.cap = !is_ok(x->status) ? MAX_ERROR_BYTES
			: x->ops->data	  ? 0
					  : x->k->max_response_bytes;
}

static void note_header(struct vmn_xfer *x, const char *line)
{
	const char *value = strchr(line, ':');

	if (!value)
		return;
	value += 1 + strspn(value + 1, " \t");
	if (strncasecmp(line, "Retry-After:", 12) == 0)
		x->retry_after_ms = vmn_retry_after_ms(value, vmn_utc_now());
	else if (strncasecmp(line, "Warning:", 8) == 0 && x->warnings.n < MAX_WARNINGS)
		vmn_warning_parse(value, &x->warnings);
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	size_t len = size * n, text_len = len;
	struct vmn_xfer *x = arg;
	vmn_auto_free char *line = NULL;

	x->header_bytes += len;
	if (x->header_bytes > MAX_HEADER_BYTES) {
		x->is_too_large = true;
		return 0;
	}
	while (text_len && memchr(" \t\r\n", data[text_len - 1], 4))
		text_len--;
	vmn_trace_header(x->k->log, '<', data, text_len);
	line = vmn_xstrndup(data, text_len);
	if (vmn_starts_with(line, "HTTP/"))
		start_answer(x, line);
	else
		note_header(x, line);
	return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	size_t len = size * n;
	struct vmn_xfer *x = arg;

	x->heard_ms = vmn_now_ms();
	if (is_ok(x->status) && x->ops->data) {
		if (x->answer.len > STREAM_PAUSE_BYTES) {
			x->is_paused = true;
			return CURL_WRITEFUNC_PAUSE;
		}
		x->k->has_data = true;
	}
	vmn_buf_add(&x->answer, data, len);
	if (!vmn_buf_ok(&x->answer)) {
		x->is_too_large = true;
		return 0;
	}
	return len;
}

/* --- sending -------------------------------------------------------------------------- */

static void add_header(struct vmn_xfer *x, const char *name, const char *value)
{
	vmn_auto_secret char *line = vmn_xasprintf("%s: %s", name, value);
	struct curl_slist *more = x->k->c->slist_append(x->headers, line);

	if (!more)
		abort();
	x->headers = more;
}

/* An empty value: curl leaves out the header that it would make up. */
static void omit_header(struct vmn_xfer *x, const char *name_colon)
{
	struct curl_slist *more = x->k->c->slist_append(x->headers, name_colon);

	if (!more)
		abort();
	x->headers = more;
}

static void add_extra_header(struct vmn_xfer *x, const char *pair)
{
	const char *value = strchr(pair, '=') + 1;
	vmn_auto_free char *name =
		vmn_xasprintf("Impersonate-Extra-%.*s", (int)(value - pair - 1), pair);

	add_header(x, name, value);
}

static void free_headers(struct vmn_xfer *x)
{
	for (struct curl_slist *h = x->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	x->k->c->slist_free_all(x->headers);
	x->headers = NULL;
}

static void make_headers(struct vmn_xfer *x, const struct vmn_kube_cred *cred)
{
	const struct vmn_kube_target *t = &x->k->target;

	/* The wildcard is for KubeVirt's PUT subresources, which declare no media type: 406
	 * without. */
	add_header(x, "Accept", VMN_MIME_JSON ", */*");
	if (x->body)
		add_header(x, "Content-Type", x->content_type);
	else
		omit_header(x, "Content-Type:");
	omit_header(x, "Expect:");
	if (x->k->endpoint.connect_to)
		add_header(x, "Host", x->k->endpoint.shown);
	if (cred->authorization)
		add_header(x, "Authorization", cred->authorization);
	if (t->as)
		add_header(x, "Impersonate-User", t->as);
	for (size_t i = 0; i < t->as_groups.n; i++)
		add_header(x, "Impersonate-Group", t->as_groups.v[i]);
	if (t->as_uid)
		add_header(x, "Impersonate-Uid", t->as_uid);
	for (size_t i = 0; i < t->as_extra.n; i++)
		add_extra_header(x, t->as_extra.v[i]);
}

static void set_method(struct vmn_xfer *x)
{
	const struct vmn_curl *c = x->k->c;
	bool has_body = x->body || strcmp(x->method, "PUT") == 0 ||
			strcmp(x->method, "POST") == 0 || strcmp(x->method, "PATCH") == 0;

	if (has_body) {
		(void)c->easy_setopt(x->easy, CURLOPT_POST, 1L);
		(void)c->easy_setopt(x->easy, CURLOPT_POSTFIELDS, x->body ? x->body : "");
		(void)c->easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE,
				     (curl_off_t)(x->body ? strlen(x->body) : 0));
	} else {
		(void)c->easy_setopt(x->easy, CURLOPT_HTTPGET, 1L);
	}
	(void)c->easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, x->method);
}

static void set_request(struct vmn_xfer *x)
{
	const struct vmn_curl *c = x->k->c;
	const struct vmn_endpoint *e = &x->k->endpoint;
	vmn_auto_free char *url = vmn_xasprintf("%s%s", e->base, x->path);
	int left = vmn_deadline_left(x->deadline_ms);

	(void)c->easy_setopt(x->easy, CURLOPT_URL, url);
	set_method(x);
	(void)c->easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
	(void)c->easy_setopt(x->easy, CURLOPT_PRIVATE, x);
	(void)c->easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->errbuf);
	(void)c->easy_setopt(x->easy, CURLOPT_PREREQFUNCTION, on_before_send);
	(void)c->easy_setopt(x->easy, CURLOPT_PREREQDATA, x);
	(void)c->easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)c->easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
	(void)c->easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)c->easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
	/* To curl, 0 is no limit at all. */
	(void)c->easy_setopt(x->easy, CURLOPT_TIMEOUT_MS,
			     left < 0	? 0L
			     : left > 1 ? (long)left
					: 1L);
}

static void trace_request(struct vmn_xfer *x)
{
	const struct vmn_log *log = x->k->log;

	if (!vmn_log_on(log, 7))
		return;
	vmn_logf(log, 7, "> %s %s%s", x->method, x->k->endpoint.server, x->path);
	for (struct curl_slist *h = x->headers; h; h = h->next)
		if (!vmn_ends_with(h->data, ":"))
			vmn_trace_header(log, '>', h->data, strlen(h->data));
	if (x->body)
		vmn_trace_body(log, '>', x->body, strlen(x->body));
}

static void release(struct vmn_xfer *x)
{
	if (x->easy) {
		(void)x->k->c->multi_remove_handle(x->k->multi, x->easy);
		vmn_handle_put(x->k, vmn_steal(&x->easy), x->cert_serial);
		x->k->in_flight -= !x->is_watch;
	}
	free_headers(x);
}

static void unlink_xfer(struct vmn_xfer *x)
{
	struct vmn_kube *k = x->k;

	if (x->state == VMN_XFER_QUEUED)
		TAILQ_REMOVE(&k->queued, x, link);
	else if (x->state == VMN_XFER_ACTIVE)
		TAILQ_REMOVE(&k->active, x, link);
	else if (x->state == VMN_XFER_WAITING)
		TAILQ_REMOVE(&k->waiting, x, link);
	x->state = VMN_XFER_DONE;
}

void vmn_xfer_free(struct vmn_xfer *x)
{
	unlink_xfer(x);
	release(x);
	free(x->method);
	free(x->path);
	free(x->content_type);
	free(x->body);
	vmn_strlist_clear(&x->warnings);
	vmn_buf_clear(&x->answer);
	free(x);
}

/* The end: @err is swallowed. */
static void conclude(struct vmn_xfer *x, struct vmn_err *err)
{
	struct vmn_answer answer = {
		.status = x->status,
		.text = vmn_buf_str(&x->answer),
		.len = x->answer.len,
		.warnings = &x->warnings,
		.retry_after_ms = x->retry_after_ms,
		.is_silent = x->is_silent,
	};

	unlink_xfer(x);
	release(x);
	x->ops->done(x->arg, &answer, err);
	vmn_err_clear(err);
	vmn_xfer_free(x);
}

void vmn_xfer_begin(struct vmn_xfer *x)
{
	struct vmn_err err = VMN_ERR_INIT;
	struct vmn_kube_cred cred = {0};
	struct vmn_kube *k = x->k;

	unlink_xfer(x);
	/* As other clients do, nothing is told to a server that cannot keep it secret. */
	if (k->endpoint.is_tls && vmn_kube_auth_get(k->target.auth, &cred, &err) < 0) {
		conclude(x, &err);
		return;
	}
	/* Only now: to log in through a plugin takes a person longer than a request may. */
	if (!x->begun_ms) {
		x->begun_ms = vmn_now_ms();
		x->deadline_ms = vmn_deadline_in(x->timeout_ms);
	}
	x->easy = vmn_handle_get(k, &cred);
	if (!x->easy) {
		(void)vmn_err_oom(&err);
		conclude(x, &err);
		return;
	}
	x->cert_serial = k->cert_serial;
	x->cred_serial = cred.serial;
	x->has_cert = cred.cert_pem != NULL;
	x->tries++;
	x->sends = 0;
	x->status = 0;
	x->header_bytes = 0;
	x->errbuf[0] = '\0';
	x->sent_ms = x->heard_ms = vmn_now_ms();
	make_headers(x, &cred);
	set_request(x);
	trace_request(x);
	x->state = VMN_XFER_ACTIVE;
	TAILQ_INSERT_TAIL(&k->active, x, link);
	k->in_flight += !x->is_watch;
	if (k->c->multi_add_handle(k->multi, x->easy) != CURLM_OK) {
		(void)vmn_err_oom(&err);
		conclude(x, &err);
	}
}

/* --- the answer ----------------------------------------------------------------------- */

static void learn_version(struct vmn_xfer *x)
{
	long version = 0;

	(void)x->k->c->easy_getinfo(x->easy, CURLINFO_HTTP_VERSION, &version);
	x->k->is_h2 = version == CURL_HTTP_VERSION_2_0;
}

static void trace_answer(struct vmn_xfer *x, CURLcode code)
{
	const struct vmn_log *log = x->k->log;

	if (!vmn_log_on(log, 6))
		return;
	if (x->status)
		vmn_logf(log, 6, "%s %s%s %d in %lld ms%s", x->method, x->k->endpoint.server,
			 x->path, x->status, (long long)(vmn_now_ms() - x->sent_ms),
			 x->k->is_h2 ? " (HTTP/2)" : "");
	else
		vmn_logf(log, 6, "%s %s%s failed in %lld ms: %s", x->method, x->k->endpoint.server,
			 x->path, (long long)(vmn_now_ms() - x->sent_ms),
			 x->errbuf[0] ? x->errbuf : x->k->c->easy_strerror(code));
	vmn_trace_body(log, '<', vmn_buf_str(&x->answer), x->answer.len);
}

static void tell_warnings(struct vmn_xfer *x)
{
	struct vmn_strlist *told = &x->k->warned;

	for (size_t i = 0; i < x->warnings.n; i++) {
		if (told->n >= MAX_WARNINGS || vmn_strlist_has(told, x->warnings.v[i]))
			continue;
		vmn_strlist_add(told, x->warnings.v[i]);
		vmn_logf(x->k->log, 0, "%s", x->warnings.v[i]);
	}
}

static void read_failure(struct vmn_xfer *x, CURLcode code, struct vmn_curl_fail *f)
{
	const struct vmn_curl *c = x->k->c;
	long sys = 0, size = 0;

	*f = (struct vmn_curl_fail){
		.curl = code,
		.text = x->errbuf[0] ? x->errbuf : c->easy_strerror(code),
		.method = x->method,
		/* curl may ring a moment before the deadline. */
		.is_late = x->deadline_ms != VMN_NEVER && vmn_deadline_left(x->deadline_ms) < 20,
		.has_ca = x->k->target.ca_pem != NULL,
		.has_cert = x->has_cert,
	};
	(void)c->easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &sys);
	(void)c->easy_getinfo(x->easy, CURLINFO_SSL_VERIFYRESULT, &f->verify);
	(void)c->easy_getinfo(x->easy, CURLINFO_HTTP_CONNECTCODE, &f->proxy_http);
	(void)c->easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &size);
	f->sys = (int)sys;
	f->was_sent = size > 0;
}

static int64_t retry_delay(struct vmn_xfer *x, enum vmn_fate fate)
{
	struct vmn_retry_facts facts = {
		.method = x->method,
		.fate = fate,
		.http = x->status,
		.retry_after_ms = x->retry_after_ms,
		.tries = x->tries,
		.left_ms = vmn_deadline_left(x->deadline_ms),
		.no_retry = x->no_retry,
		.is_delivered = x->is_delivered,
		.random = vmn_kube_random(x->k),
	};

	if (fate == VMN_FATE_ANSWERED && x->status == 401 && x->k->endpoint.is_tls &&
	    !x->is_renewed && vmn_kube_auth_rejected(x->k->target.auth, x->cred_serial)) {
		x->is_renewed = true;
		vmn_logf(x->k->log, 1, "credentials rejected, trying once more with fresh ones");
		return 0;
	}
	return x->is_watch ? -1 : vmn_retry_delay(&facts);
}

static void wait_for_next_try(struct vmn_xfer *x, int64_t delay_ms)
{
	unlink_xfer(x);
	release(x);
	vmn_buf_clear(&x->answer);
	x->due_ms = vmn_now_ms() + delay_ms;
	x->state = VMN_XFER_WAITING;
	TAILQ_INSERT_TAIL(&x->k->waiting, x, link);
	vmn_logf(x->k->log, 1, "%s %s: trying again in %lld ms", x->method, x->path,
		 (long long)delay_ms);
}

static void too_large(struct vmn_xfer *x, struct vmn_err *err)
{
	size_t cap = x->header_bytes > MAX_HEADER_BYTES ? (size_t)MAX_HEADER_BYTES : x->answer.cap;

	(void)vmn_err_set(err, VMN_E_NOMEM, "%s sent an answer larger than %zu KiB",
			  x->k->endpoint.shown, cap >> 10);
}

static void answer_error(struct vmn_xfer *x, struct vmn_err *err)
{
	const char *text = vmn_buf_str(&x->answer);

	(void)vmn_status_to_err(x->status, text, x->answer.len, err);
	if (x->status == 400 && !x->k->endpoint.is_tls && strstr(text, "HTTPS server"))
		(void)vmn_err_hint(err, "the server speaks TLS: its address begins with https://");
}

void vmn_xfer_finish(struct vmn_xfer *x, CURLcode code)
{
	struct vmn_err err = VMN_ERR_INIT;
	struct vmn_curl_fail fail;
	int64_t delay;

	if (x->status)
		learn_version(x);
	if (!vmn_xfer_drain(x))
		return;
	trace_answer(x, code);
	tell_warnings(x);
	read_failure(x, code, &fail);
	if (x->is_too_large) {
		too_large(x, &err);
		conclude(x, &err);
		return;
	}
	delay = retry_delay(x, vmn_curl_fate(&fail));
	if (delay >= 0) {
		wait_for_next_try(x, delay);
		return;
	}
	if (code != CURLE_OK)
		(void)vmn_curl_fail_to_err(&fail, &x->k->endpoint, &err);
	else if (!is_ok(x->status))
		answer_error(x, &err);
	conclude(x, &err);
}

bool vmn_xfer_has_data(const struct vmn_xfer *x)
{
	return x->ops->data && x->answer.len && is_ok(x->status) && !x->is_draining;
}

bool vmn_xfer_drain(struct vmn_xfer *x)
{
	struct vmn_err err = VMN_ERR_INIT;

	if (!vmn_xfer_has_data(x))
		return true;
	x->is_draining = true;
	while (x->answer.len && !x->is_cancelled && !err.code) {
		struct vmn_buf chunk = x->answer;

		x->answer = (struct vmn_buf){.cap = chunk.cap};
		x->is_delivered = true;
		(void)x->ops->data(x->arg, chunk.data, chunk.len, &err);
		vmn_buf_clear(&chunk);
		if (x->is_paused && !x->is_cancelled && !err.code) {
			x->is_paused = false;
			(void)x->k->c->easy_pause(x->easy, CURLPAUSE_CONT);
		}
	}
	x->is_draining = false;
	if (x->is_cancelled) {
		vmn_err_clear(&err);
		vmn_xfer_free(x);
		return false;
	}
	if (err.code) {
		conclude(x, &err);
		return false;
	}
	return true;
}

void vmn_xfer_stalled(struct vmn_xfer *x)
{
	struct vmn_err err = VMN_ERR_INIT;

	x->is_silent = true;
	(void)vmn_err_set(&err, VMN_E_UNREACHABLE, "%s has been silent for %lld s",
			  x->k->endpoint.shown, (long long)(x->stall_ms / 1000));
	conclude(x, &err);
}

struct vmn_xfer *vmn_xfer_start(struct vmn_kube *k, const struct vmn_xfer_spec *spec)
{
	struct vmn_xfer *x = vmn_xcalloc(1, sizeof(*x));
	const struct vmn_kube_req *req = &spec->req;

	x->k = k;
	x->ops = spec->ops;
	x->arg = spec->arg;
	x->method = vmn_xstrdup(req->method);
	x->path = vmn_xstrdup(req->path);
	x->content_type = vmn_xstrdup(req->content_type ? req->content_type : VMN_MIME_JSON);
	x->body = req->body ? vmn_xstrdup(req->body) : NULL;
	x->timeout_ms = req->timeout_ms ? req->timeout_ms : k->timeout_ms;
	x->stall_ms = spec->stall_ms;
	x->no_retry = req->no_retry;
	x->is_watch = spec->is_watch;
	x->retry_after_ms = -1;
	if (req->delay_ms > 0) {
		x->due_ms = vmn_now_ms() + req->delay_ms;
		x->state = VMN_XFER_WAITING;
		TAILQ_INSERT_TAIL(&k->waiting, x, link);
		return x;
	}
	x->state = VMN_XFER_QUEUED;
	if (x->is_watch)
		TAILQ_INSERT_HEAD(&k->queued, x, link);
	else
		TAILQ_INSERT_TAIL(&k->queued, x, link);
	return x;
}

void vmn_xfer_cancel(struct vmn_xfer *x)
{
	if (!x)
		return;
	if (!x->is_draining) {
		vmn_xfer_free(x);
		return;
	}
	/* Its data callback is running: vmn_xfer_drain() frees it. */
	x->is_cancelled = true;
	unlink_xfer(x);
	release(x);
}
