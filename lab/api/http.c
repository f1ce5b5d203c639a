/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - libmicrohttpd driven from the lab's loop
 *
 * An exchange is one request and its answer. MHD calls answer() when the headers are in, with each
 * piece of the body, and once more at the end; then the request is handled from start to end at
 * once. Streams and delayed answers suspend their connection. MHD does not look at suspended
 * connections, so the loop itself waits for their peers to hang up.
 */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lab/api/authn.h"
#include "lab/api/authz.h"
#include "lab/api/fault.h"
#include "lab/api/http.h"
#include "lab/log.h"
#include "lab/api/loop.h"
#include "lab/api/status.h"
#include "lib/base/clock.h"

enum {
	BODY_MAX = 3 << 20,    /* as kube-apiserver */
	POOL_BYTES = 64 << 10, /* request line and headers must fit */
	STREAM_BLOCK = 32 << 10,
	STREAM_MAX = 256 << 20, /* a watcher that does not read is cut here */
	CONNECTIONS_MAX = 4000,
	IDLE_S = 600,
	PARAMS_MAX = 32,
};

struct exchange {
	struct lab_http *http;
	struct MHD_Connection *conn;
	struct exchange *prev, *next;
	char *uri; /* path and query */
	const char *method;
	struct vmn_buf body;
	struct lab_request req;
	struct lab_identity as; /* impersonated */
	struct lab_response resp;
	bool is_handled, is_delayed; /* delayed: by a fault, once */
	int64_t start_ms;
	struct lab_timer *timer;
	/* streams and cut answers */
	bool is_suspended, is_ended;
	struct vmn_buf out;
	size_t out_pos;
	int hangup_fd;	   /* watched for the peer's end, -1: not */
	int64_t cut_after; /* bytes, -1: whole */
};

struct lab_wakeup {
	struct exchange *x;
};

struct lab_http {
	struct lab *lab;
	struct MHD_Daemon *daemon;
	void (*handle)(struct lab *lab, const struct lab_request *req, struct lab_response *ret);
	struct exchange *exchanges;
	char **tokens; /* one for each of lab_users */
	uint16_t port;
	bool is_stopping;
};

static const char *header(struct exchange *x, const char *name)
{
	const char *v = MHD_lookup_connection_value(x->conn, MHD_HEADER_KIND, name);

	return v ? v : "";
}

/* --- requests ------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode a part of a query; a malformed escape stands for itself. */
static char *query_decode(const char *s, size_t len)
{
	char *out = vmn_xcalloc(len + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '%' && i + 2 < len && hex_digit(s[i + 1]) >= 0 &&
		    hex_digit(s[i + 2]) >= 0) {
			out[n++] = (char)(hex_digit(s[i + 1]) << 4 | hex_digit(s[i + 2]));
			i += 2;
		} else {
			out[n++] = s[i] == '+' ? ' ' : s[i];
		}
	}
	return out;
}

static void parse_query(struct lab_request *req, const char *query)
{
	req->params = vmn_xcalloc(PARAMS_MAX, sizeof(*req->params));
	while (*query && req->params_len < PARAMS_MAX) {
		size_t len = strcspn(query, "&"), key_len = strcspn(query, "=&");

		if (len) {
			req->params[req->params_len].key = query_decode(query, key_len);
			req->params[req->params_len++].value =
				key_len < len ? query_decode(query + key_len + 1, len - key_len - 1)
					      : vmn_xstrdup("");
		}
		query += len + (query[len] == '&');
	}
}

const char *lab_param(const struct lab_request *req, const char *key)
{
	for (size_t i = 0; i < req->params_len; i++) {
		if (strcmp(req->params[i].key, key) == 0)
			return req->params[i].value;
	}
	return NULL;
}

bool lab_param_is_true(const struct lab_request *req, const char *key)
{
	const char *v = lab_param(req, key);

	return v && strcasecmp(v, "false") != 0 && strcmp(v, "0") != 0;
}

static void fill_request(struct exchange *x)
{
	char *query = strchr(x->uri, '?');
	const char *type = header(x, MHD_HTTP_HEADER_CONTENT_TYPE);

	parse_query(&x->req, query ? query + 1 : "");
	if (query)
		*query = '\0';
	x->req.method = x->method;
	x->req.path = x->uri;
	x->req.accept = header(x, MHD_HTTP_HEADER_ACCEPT);
	x->req.content_type = type;
	x->req.body = vmn_buf_str(&x->body);
	x->req.body_len = x->body.len;
}

/* --- answers -------------------------------------------------------------------------- */

static void answer_error(struct exchange *x, const struct vmn_err *err)
{
	vmn_auto_json struct json_object *status = lab_status(err, NULL, NULL);

	x->resp.status = err->http;
	x->resp.content_type = "application/json";
	vmn_buf_adds(&x->resp.body, vmn_json_text(status));
	vmn_buf_addc(&x->resp.body, '\n');
}

/* What remains of an answer after a fault: @value is the status. */
static void answer_fault(struct exchange *x, const struct lab_fault *f)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (x->resp.stream)
		x->resp.stream->close(x->resp.stream);
	lab_text_unref_p(&x->resp.text);
	vmn_buf_clear(&x->resp.body);
	free(x->resp.warning);
	x->resp = (struct lab_response){.retry_after_s = f->retry_after, .body = VMN_BUF_INIT(0)};
	(void)lab_fail(&err, (int)f->value, "%s",
		       f->text ? f->text : "the lab was told to fail this request");
	answer_error(x, &err);
}

static bool has_faults(const struct exchange *x)
{
	return !vmn_starts_with(x->req.path, "/lab/");
}

static const struct lab_fault *fault(struct exchange *x, enum lab_fault_kind kind)
{
	return has_faults(x) ? lab_fault_hit(x->http->lab, kind, x->method, x->req.path) : NULL;
}

/* Handle the complete request. Return: false to cut the connection without an answer. */
static bool handle(struct exchange *x)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	const struct lab_fault *f;

	x->is_handled = true;
	if (fault(x, LAB_FAULT_RESET_BEFORE))
		return false;
	if (!vmn_buf_ok(&x->body)) {
		(void)lab_fail(&err, 413, "Request entity too large: limit is %d", BODY_MAX);
		answer_error(x, &err);
		return true;
	}
	if (lab_authenticate(x->http->lab, x->http->tokens, x->conn, &x->as, &x->req.user, &err) <
	    0) {
		answer_error(x, &err);
		return true;
	}
	f = fault(x, LAB_FAULT_STATUS);
	if (f) {
		answer_fault(x, f);
		return true;
	}
	x->http->handle(x->http->lab, &x->req, &x->resp);
	f = fault(x, LAB_FAULT_STATUS_AFTER);
	if (f)
		answer_fault(x, f);
	f = fault(x, LAB_FAULT_RESET);
	if (f)
		x->cut_after = f->value;
	return true;
}

/* Close with a reset rather than an orderly end. */
static void cut(struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (info)
		(void)setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void suspend(struct exchange *x)
{
	x->is_suspended = true;
	MHD_suspend_connection(x->conn);
}

static void resume(struct exchange *x)
{
	if (!x->is_suspended)
		return;
	x->is_suspended = false;
	MHD_resume_connection(x->conn);
}

static void peer_hung_up(void *arg, uint32_t events)
{
	struct exchange *x = arg;

	(void)events;
	lab_loop_del_fd(x->http->lab->loop, x->hangup_fd);
	x->hangup_fd = -1;
	x->is_ended = true;
	resume(x);
}

static void watch_for_hangup(struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (x->hangup_fd >= 0 || !info)
		return;
	/* When this fails, the stream's own timeout ends it. */
	if (lab_loop_add_fd(x->http->lab->loop, info->connect_fd, EPOLLRDHUP | EPOLLET,
			    peer_hung_up, x, &err) == 0)
		x->hangup_fd = info->connect_fd;
}

void lab_stream_wake(struct lab_stream *s)
{
	if (s->wakeup)
		resume(s->wakeup->x);
}

static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct exchange *x = cls;
	size_t n;

	if (x->cut_after >= 0 && (int64_t)pos >= x->cut_after) {
		cut(x);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (x->out_pos == x->out.len) {
		vmn_buf_clear(&x->out);
		x->out_pos = 0;
		if (!x->is_ended && !x->http->is_stopping &&
		    !x->resp.stream->read(x->resp.stream, &x->out))
			x->is_ended = true;
	}
	n = x->out.len - x->out_pos;
	if (!n) {
		if (x->is_ended || x->http->is_stopping)
			return MHD_CONTENT_READER_END_OF_STREAM;
		watch_for_hangup(x);
		suspend(x);
		return 0;
	}
	if (!vmn_buf_ok(&x->out))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = n < max ? n : max;
	memcpy(buf, x->out.data + x->out_pos, n);
	x->out_pos += n;
	return (ssize_t)n;
}

/* The first bytes of a body, then a cut. */
static ssize_t read_cut(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct exchange *x = cls;
	size_t left = (size_t)x->cut_after - (size_t)pos;
	const char *data = x->resp.text ? x->resp.text->data : vmn_buf_str(&x->resp.body);

	if (!left) {
		cut(x);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	left = left < max ? left : max;
	memcpy(buf, data + pos, left);
	return (ssize_t)left;
}

static void text_free(void *cls)
{
	struct lab_text *t = cls;

	lab_text_unref_p(&t);
}

static struct MHD_Response *make_response(struct exchange *x)
{
	struct lab_response *r = &x->resp;
	size_t len = r->text ? r->text->len : r->body.len;
	char *body;

	if (r->stream) {
		r->stream->wakeup = vmn_xcalloc(1, sizeof(struct lab_wakeup));
		r->stream->wakeup->x = x;
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
							 read_stream, x, NULL);
	}
	if (x->cut_after >= 0 && (uint64_t)x->cut_after < len)
		return MHD_create_response_from_callback(len, STREAM_BLOCK, read_cut, x, NULL);
	if (r->text)
		return MHD_create_response_from_buffer_with_free_callback_cls(
			len, r->text->data, text_free, lab_text_ref(r->text));
	body = vmn_buf_steal(&r->body);
	return MHD_create_response_from_buffer_with_free_callback(len, body, free);
}

static enum MHD_Result send_answer(struct exchange *x)
{
	struct lab_response *r = &x->resp;
	struct MHD_Response *response;
	enum MHD_Result rc;
	char number[24];

	lab_log("%s %s %d %s %lldms", x->method, x->uri, r->status, x->req.user->name,
		(long long)(vmn_now_ms() - x->start_ms));
	if (x->cut_after == 0 && !r->stream) {
		cut(x);
		return MHD_NO;
	}
	response = make_response(x);
	if (!response)
		return MHD_NO;
	if (r->content_type)
		(void)MHD_add_response_header(response, "Content-Type", r->content_type);
	(void)MHD_add_response_header(response, "Cache-Control", "no-cache, private");
	if (r->allow)
		(void)MHD_add_response_header(response, "Allow", r->allow);
	if (r->warning)
		(void)MHD_add_response_header(response, "Warning", r->warning);
	if (r->retry_after_s >= 0) {
		snprintf(number, sizeof(number), "%lld", (long long)r->retry_after_s);
		(void)MHD_add_response_header(response, "Retry-After", number);
	}
	rc = MHD_queue_response(x->conn, (unsigned)r->status, response);
	MHD_destroy_response(response);
	return rc;
}

/* --- MHD's callbacks ------------------------------------------------------------------ */

static void *exchange_new(void *cls, const char *uri, struct MHD_Connection *conn)
{
	struct lab_http *http = cls;
	struct exchange *x = vmn_xcalloc(1, sizeof(*x));

	x->http = http;
	x->conn = conn;
	x->uri = vmn_xstrdup(uri);
	x->body = VMN_BUF_INIT(BODY_MAX);
	x->out = VMN_BUF_INIT(STREAM_MAX);
	x->resp.retry_after_s = -1;
	x->hangup_fd = -1;
	x->cut_after = -1;
	x->start_ms = vmn_now_ms();
	x->req.user = &lab_anonymous;
	x->next = http->exchanges;
	if (x->next)
		x->next->prev = x;
	http->exchanges = x;
	return x;
}

static void exchange_free(void *cls, struct MHD_Connection *conn, void **req_cls,
			  enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *req_cls;

	(void)cls;
	(void)conn;
	(void)why;
	if (!x)
		return;
	*req_cls = NULL;
	if (x->prev)
		x->prev->next = x->next;
	else
		x->http->exchanges = x->next;
	if (x->next)
		x->next->prev = x->prev;
	if (x->hangup_fd >= 0)
		lab_loop_del_fd(x->http->lab->loop, x->hangup_fd);
	lab_timer_cancel(x->timer);
	if (x->resp.stream) {
		free(x->resp.stream->wakeup);
		x->resp.stream->close(x->resp.stream);
	}
	lab_text_unref_p(&x->resp.text);
	vmn_buf_clear(&x->resp.body);
	vmn_buf_clear(&x->body);
	vmn_buf_clear(&x->out);
	free(x->resp.warning);
	for (size_t i = 0; i < x->req.params_len; i++) {
		free(x->req.params[i].key);
		free(x->req.params[i].value);
	}
	free(x->req.params);
	lab_identity_clear(&x->as);
	free(x->uri);
	free(x);
}

static void delay_over(void *arg)
{
	struct exchange *x = arg;

	x->timer = NULL;
	resume(x);
}

/* A latency fault holds the request back before it is handled. */
static bool delay(struct exchange *x)
{
	const struct lab_fault *f = x->is_delayed ? NULL : fault(x, LAB_FAULT_LATENCY);

	x->is_delayed = true;
	if (!f || f->value <= 0)
		return false;
	x->timer = lab_after(x->http->lab, f->value, delay_over, x);
	suspend(x);
	return true;
}

static enum MHD_Result answer(void *cls, struct MHD_Connection *conn, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_len, void **req_cls)
{
	struct exchange *x = *req_cls;

	(void)cls;
	(void)conn;
	(void)url;
	(void)version;
	if (!x->method) {
		x->method = method;
		return MHD_YES;
	}
	if (*upload_len) {
		vmn_buf_add(&x->body, upload, *upload_len);
		*upload_len = 0;
		return MHD_YES;
	}
	if (x->is_handled)
		return MHD_YES;
	if (!x->req.path)
		fill_request(x);
	if (delay(x))
		return MHD_YES;
	if (!handle(x)) {
		cut(x);
		return MHD_NO;
	}
	return send_answer(x);
}

static void connection_changed(void *cls, struct MHD_Connection *conn, void **socket_context,
			       enum MHD_ConnectionNotificationCode what)
{
	struct lab_peer *p = *socket_context;

	(void)cls;
	(void)conn;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = vmn_xcalloc(1, sizeof(struct lab_peer));
	} else if (p) {
		lab_identity_clear(&p->id);
		free(p);
		*socket_context = NULL;
	}
}

/* --- life ----------------------------------------------------------------------------- */

static int turn(void *arg)
{
	struct lab_http *http = arg;
	MHD_UNSIGNED_LONG_LONG ms;

	(void)MHD_run(http->daemon);
	if (MHD_get_timeout(http->daemon, &ms) != MHD_YES)
		return -1;
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static void mhd_ready(void *arg, uint32_t events)
{
	/* turn() does the work; this descriptor only has to wake the loop. */
	(void)arg;
	(void)events;
}

static int load_tokens(struct lab_http *http, struct lab_pki *pki, struct vmn_err *err)
{
	http->tokens = vmn_xcalloc(lab_users_len, sizeof(char *));
	for (size_t i = 0; i < lab_users_len; i++) {
		VMN_CLEANUP(lab_pair_clear) struct lab_pair pair = {0};
		const struct lab_user *u = &lab_users[i];

		if (lab_pki_user(pki, u->name, u->groups, &pair, &http->tokens[i], err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static struct MHD_Daemon *listen_on(struct lab_http *http, struct lab_pki *pki, uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons(port),
				   .sin_addr = {htonl(INADDR_LOOPBACK)}};

	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL, answer,
		http, MHD_OPTION_SOCK_ADDR, &addr, MHD_OPTION_HTTPS_MEM_CERT, pki->server.cert,
		MHD_OPTION_HTTPS_MEM_KEY, pki->server.key, MHD_OPTION_HTTPS_MEM_TRUST, pki->ca.cert,
		MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
		MHD_OPTION_URI_LOG_CALLBACK, exchange_new, http, MHD_OPTION_NOTIFY_COMPLETED,
		exchange_free, http, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, http,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_END);
}

int lab_http_start(struct lab *lab, struct lab_pki *pki, uint16_t port,
		   void (*handle_fn)(struct lab *lab, const struct lab_request *req,
				     struct lab_response *ret),
		   struct lab_http **ret, struct vmn_err *err)
{
	VMN_CLEANUP(lab_http_stop_p) struct lab_http *http = vmn_xcalloc(1, sizeof(*http));
	const union MHD_DaemonInfo *info;

	http->lab = lab;
	http->handle = handle_fn;
	if (load_tokens(http, pki, err) < 0)
		return -(int)err->code;
	http->daemon = listen_on(http, pki, port);
	/* The port of an earlier run may belong to somebody else by now. */
	if (!http->daemon && port)
		http->daemon = listen_on(http, pki, 0);
	if (!http->daemon)
		return vmn_err_set(err, VMN_E_SYSTEM, "cannot listen on 127.0.0.1");
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
	http->port = info->port;
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (lab_loop_add_fd(lab->loop, info->epoll_fd, EPOLLIN, mhd_ready, http, err) < 0)
		return -(int)err->code;
	lab_loop_each_turn(lab->loop, turn, http);
	*ret = vmn_steal(&http);
	return 0;
}

uint16_t lab_http_port(const struct lab_http *http)
{
	return http->port;
}

void lab_http_stop_p(struct lab_http **http)
{
	const union MHD_DaemonInfo *info;

	if (!*http)
		return;
	(*http)->is_stopping = true;
	if ((*http)->daemon) {
		info = MHD_get_daemon_info((*http)->daemon, MHD_DAEMON_INFO_EPOLL_FD);
		lab_loop_del_fd((*http)->lab->loop, info->epoll_fd);
		for (struct exchange *x = (*http)->exchanges; x; x = x->next)
			resume(x);
		(void)MHD_run((*http)->daemon);
		MHD_stop_daemon((*http)->daemon);
	}
	for (size_t i = 0; (*http)->tokens && i < lab_users_len; i++)
		vmn_free_secret((*http)->tokens[i]);
	free((*http)->tokens);
	free(*http);
	*http = NULL;
}
