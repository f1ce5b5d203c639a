/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - one request from queue to answer; the inside of the client
 *
 * For client.c, list.c, watch.c and discovery.c only. A transfer is QUEUED until a
 * place on the wire is free, ACTIVE in curl, or WAITING for the time of its next try.
 * Body bytes are kept by curl's callback and handed out by the loop, outside of curl,
 * so that whoever gets them may start and cancel transfers.
 */
#ifndef VMN_KUBE_TRANSFER_H
#define VMN_KUBE_TRANSFER_H

#include <sys/queue.h>

#include "lib/kube/client.h"
#include "lib/kube/kubeconfig.h"
#include "lib/kube/curl.h"
#include "lib/kube/endpoint.h"

/* What came back. Borrowed during the call; status is 0 when no answer came at all. */
struct vmn_answer {
	int status;
	const char *text; /* "" when empty or streamed */
	size_t len;
	const struct vmn_strlist *warnings;
	int64_t retry_after_ms; /* as the server asks; -1: it does not */
	bool is_silent;		/* broken off after stall_ms without a word */
};

struct vmn_xfer_ops {
	/* Bytes of a 2xx answer as they come; not 0 with @err filled ends the transfer. NULL: they
	 * are collected for @done. */
	int (*data)(void *arg, const char *data, size_t len, struct vmn_err *err);
	/* Once; the transfer is gone afterwards. @err is filled on failure, and cleared by the
	 * caller unless moved away. */
	void (*done)(void *arg, const struct vmn_answer *answer, struct vmn_err *err);
};

struct vmn_xfer_spec {
	struct vmn_kube_req req; /* texts are copied; timeout_ms: 0 the client's, negative none */
	int64_t stall_ms;	 /* an answer silent for this long is broken off; 0: never */
	bool is_watch;		 /* takes no place in flight; nothing but a 401 is retried */
	const struct vmn_xfer_ops *ops;
	void *arg;
};

enum vmn_xfer_state { VMN_XFER_QUEUED, VMN_XFER_ACTIVE, VMN_XFER_WAITING, VMN_XFER_DONE };

struct vmn_xfer {
	TAILQ_ENTRY(vmn_xfer) link; /* in the list of its state */
	enum vmn_xfer_state state;
	struct vmn_kube *k;
	const struct vmn_xfer_ops *ops;
	void *arg;
	vmn_kube_done_fn caller_done; /* of vmn_kube_start() */
	void *caller_arg;

	char *method, *path, *content_type, *body;
	int64_t timeout_ms, stall_ms;
	bool no_retry, is_watch;

	CURL *easy; /* while ACTIVE */
	struct curl_slist *headers;
	uint64_t cert_serial; /* of the client certificate @easy carries */
	uint64_t cred_serial; /* of the credentials it was sent with */
	bool has_cert;
	char errbuf[CURL_ERROR_SIZE];

	int64_t begun_ms;    /* first try; 0: not yet */
	int64_t sent_ms;     /* this try */
	int64_t deadline_ms; /* of all tries */
	int64_t due_ms;	     /* while WAITING */
	int64_t heard_ms;    /* last byte of the answer */
	unsigned tries;
	unsigned sends; /* times curl was about to send, in this try */
	bool is_renewed;
	bool is_delivered, is_draining, is_cancelled, is_paused, is_too_large, is_silent;

	int status;
	int64_t retry_after_ms;
	size_t header_bytes;
	struct vmn_strlist warnings;
	struct vmn_buf answer;
};

TAILQ_HEAD(vmn_xfer_list, vmn_xfer);

/* Something to do later; lives in its owner, who zeroes it first and stops it before it goes away.
 */
struct vmn_timer {
	TAILQ_ENTRY(vmn_timer) link;
	int64_t due_ms; /* 0: not running */
	void (*fire)(void *arg);
	void *arg;
};

TAILQ_HEAD(vmn_timer_list, vmn_timer);

struct vmn_discovery;

struct vmn_kube {
	const struct vmn_curl *c;
	struct vmn_kube_target target;
	struct vmn_endpoint endpoint;
	struct curl_slist *connect_to; /* of the endpoint, as curl wants it */
	CURLM *multi;
	struct vmn_xfer_list queued, active, waiting;
	struct vmn_timer_list timers;
	unsigned in_flight;   /* active ones but watches */
	unsigned connections; /* most ever in flight: as many can be used again */
	int64_t begun_ms;     /* when a request was sent last */
	bool is_h2;	      /* an answer came over HTTP/2 */
	bool has_data;	      /* an active stream has bytes to hand out */
	int event_fd;	      /* vmn_kube_interrupt() */

	CURL **idle; /* handles with all options of this client set */
	size_t n_idle;
	uint64_t cert_serial; /* of the idle handles */

	int64_t timeout_ms;
	size_t max_response_bytes;
	unsigned max_in_flight;
	int64_t watch_stall_ms;
	char *user_agent;
	char *cache_dir;
	const struct vmn_log *log;
	struct vmn_strlist warned; /* texts of warnings already logged */
	uint32_t random;
	struct vmn_discovery *discovery;
};

/** vmn_xfer_start() - queue a request; Return: valid until @done ran or it was cancelled */
struct vmn_xfer *vmn_xfer_start(struct vmn_kube *k, const struct vmn_xfer_spec *spec);

/** vmn_xfer_cancel() - forget about it, @done will not run; NULL is fine; not from its own @done */
void vmn_xfer_cancel(struct vmn_xfer *x);

/** vmn_timer_start() - run @t->fire once from vmn_kube_loop(), in @delay_ms; restarts a running one
 */
void vmn_timer_start(struct vmn_kube *k, struct vmn_timer *t, int64_t delay_ms);
/** vmn_timer_stop() - harmless when it is not running */
void vmn_timer_stop(struct vmn_kube *k, struct vmn_timer *t);

/** vmn_kube_random() - a number for jitter; not for secrets */
uint32_t vmn_kube_random(struct vmn_kube *k);

/* --- between client.c and transfer.c -------------------------------------------------- */

/** vmn_xfer_begin() - take a transfer out of the queue and put it on the wire */
void vmn_xfer_begin(struct vmn_xfer *x);
/** vmn_xfer_finish() - curl is done with it: try again later, or end it */
void vmn_xfer_finish(struct vmn_xfer *x, CURLcode code);
/** vmn_xfer_has_data() - whether there are bytes for ops->data */
bool vmn_xfer_has_data(const struct vmn_xfer *x);
/** vmn_xfer_drain() - hand collected bytes to ops->data; Return: false when @x is gone */
bool vmn_xfer_drain(struct vmn_xfer *x);
/** vmn_xfer_stalled() - end a stream that has been silent for too long */
void vmn_xfer_stalled(struct vmn_xfer *x);
void vmn_xfer_free(struct vmn_xfer *x);

struct vmn_kube_cred;
/** vmn_handle_get() - a curl handle with the client's options and this certificate; NULL: no memory
 */
CURL *vmn_handle_get(struct vmn_kube *k, const struct vmn_kube_cred *cred);
/** vmn_handle_put() - keep it for the next request */
void vmn_handle_put(struct vmn_kube *k, CURL *easy, uint64_t cert_serial);
void vmn_handle_drop_idle(struct vmn_kube *k);

/** vmn_discovery_free() - for vmn_kube_close(); NULL is fine */
void vmn_discovery_free(struct vmn_discovery *d);

#endif
