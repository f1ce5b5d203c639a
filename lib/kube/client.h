/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - requests to one Kubernetes API server
 *
 * Theory of operation: one curl multi handle, one thread, one loop. vmn_kube_start()
 * queues a request and returns; its callback runs from inside vmn_kube_loop(). On
 * HTTP/2 everything shares one connection, on HTTP/1.1 a few. vmn_kube_do() is start
 * and loop in one for code that has nothing else to do. Callbacks may start more.
 *
 * Retries happen inside, and only where they cannot do a thing twice: 429 and 503
 * with Retry-After, connection refused before the request left, 401 with renewable
 * credentials. A 409, or the 422 of a failed JSON-patch test, is the caller's: only
 * it knows how to plan again.
 */
#ifndef VMN_KUBE_CLIENT_H
#define VMN_KUBE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/str.h"

struct json_object;
struct vmn_kube;
struct vmn_kube_target;

#define VMN_MIME_JSON "application/json"
#define VMN_MIME_JSON_PATCH "application/json-patch+json"

struct vmn_kube_opts {
	/* A whole request, its retries included, from its first try on; 0: 30 s, negative: none.
	 * Not for watches, which have a stall detection of their own. */
	int64_t request_timeout_ms;
	size_t max_response_bytes; /* 0: 64 MiB; streamed lists are capped per item instead */
	unsigned max_in_flight;	   /* requests on the wire at once; 0: 32; more are queued */
	int64_t watch_stall_ms;	   /* a watch silent for this long is begun anew; 0: 150 s */
	const char *user_agent;	   /* NULL: "vmnetctl/VERSION" */
	const char *cache_dir;	   /* for the discovery cache; NULL: no cache on disk */
	const struct vmn_log *log; /* may be NULL */
};

/**
 * vmn_kube_open() - a client; connects with the first request
 * @target:	swallowed (moved) on success and on failure
 *
 * Return: 0, -VMN_E_CONFIG (bad address of server or proxy), -VMN_E_UNSUPPORTED (no usable
 * libcurl). A bad key or certificate shows at the first request, also as -VMN_E_CONFIG.
 */
int vmn_kube_open(struct vmn_kube_target *target, const struct vmn_kube_opts *opts,
		  struct vmn_kube **ret, struct vmn_err *err) VMN_MUST_CHECK;
/**
 * vmn_kube_close() - NULL is fine; requests in flight are dropped, no callback runs
 *
 * Watches must be stopped and pagers cleared before.
 */
void vmn_kube_close(struct vmn_kube *k);
void vmn_kube_close_p(struct vmn_kube **k);
#define vmn_auto_kube VMN_CLEANUP(vmn_kube_close_p)

struct vmn_kube_req {
	const char *method;	  /* "GET", "PUT", "POST", "PATCH", "DELETE" */
	const char *path;	  /* "/apis/..." with query, each part escaped: see path.h */
	const char *content_type; /* VMN_MIME_*; NULL: VMN_MIME_JSON when there is a body */
	const char *body;	  /* copied; may be NULL */
	int64_t timeout_ms;	  /* 0: the client's; negative: none */
	bool no_retry;		  /* report 429/503 at once */
	int64_t delay_ms;	  /* send it only after so long, e.g. to try again */
};

/* An answer with a 2xx status. Borrowed during the callback. */
struct vmn_kube_resp {
	int status;		  /* HTTP status */
	struct json_object *body; /* parsed body; an object after GET, else NULL when not JSON */
	const char *text;	  /* raw body, "" when empty */
	const struct vmn_strlist
		*warnings; /* texts of Warning: 299 headers; already logged at level 0 */
};

/*
 * Runs once per started request. @resp is NULL and @err filled on failure; @err is cleared after
 * the callback unless moved away. Non-2xx answers are failures: a Status body gives reason,
 * message and causes; plain text gives a message; err->http has the status. A GET that is answered
 * with anything but an object fails with VMN_E_PROTOCOL.
 */
typedef void (*vmn_kube_done_fn)(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err);

/** vmn_kube_start() - queue a request; @done runs from vmn_kube_loop(), even for failures to send
 */
void vmn_kube_start(struct vmn_kube *k, const struct vmn_kube_req *req, vmn_kube_done_fn done,
		    void *arg);

/**
 * vmn_kube_drop() - forget every request started with @arg: their callbacks do not run
 *
 * For an owner of @arg that goes away while requests are under way. What a server got already, it
 * may still do.
 */
void vmn_kube_drop(struct vmn_kube *k, const void *arg);

/**
 * vmn_kube_loop() - drive requests and watches
 * @deadline_ms: instant (clock.h) to give up at, or VMN_NEVER
 * @stop:	asked after each event and at least every 100 ms; true ends the loop; NULL: never
 *
 * Ends when nothing is in flight, when @stop says so, at the deadline, or on a pending
 * signal noticed through vmn_kube_interrupt().
 *
 * Return: 0, -VMN_E_TIMEOUT, -VMN_E_CANCELLED, -VMN_E_INTERNAL when libcurl fails as a whole
 */
int vmn_kube_loop(struct vmn_kube *k, int64_t deadline_ms, bool (*stop)(void *arg), void *arg,
		  struct vmn_err *err);

/** vmn_kube_interrupt() - make vmn_kube_loop() return -VMN_E_CANCELLED; async-signal-safe */
void vmn_kube_interrupt(struct vmn_kube *k);

/**
 * vmn_kube_do() - one request, waited for
 * @ret_body:	parsed body, caller drops it; may be NULL when not wanted; set to NULL for an empty
 * body
 *
 * Return: 0, the errors of vmn_kube_done_fn, -VMN_E_CANCELLED, -VMN_E_PROTOCOL when a body is
 * wanted and the answer is not JSON
 */
int vmn_kube_do(struct vmn_kube *k, const struct vmn_kube_req *req, struct json_object **ret_body,
		struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_kube_get() - GET @path, waited for */
int vmn_kube_get(struct vmn_kube *k, const char *path, struct json_object **ret_body,
		 struct vmn_err *err) VMN_MUST_CHECK;

#endif
