/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - the HTTPS server: connections, who asks, bodies in and out; what is asked is rest.c's
 * business
 */
#ifndef VMN_LAB_API_HTTP_H
#define VMN_LAB_API_HTTP_H

#include <sys/types.h>

#include "lab/api/pki.h"
#include "lab/api/store.h"

/* One request, complete. Texts are valid until the answer is given. */
struct lab_request {
	const char *method;
	const char *path; /* as sent, before '?' */
	struct {
		char *key, *value; /* decoded */
	} * params;
	size_t params_len;
	const char *accept;	  /* "" when absent */
	const char *content_type; /* "" when absent, without parameters */
	const char *body;
	size_t body_len;
	const struct lab_user *user;
};

/** lab_param() - value of the query parameter, or NULL */
const char *lab_param(const struct lab_request *req, const char *key);
/** lab_param_is_true() - as apimachinery reads it: all but "false" and "0", a bare "watch" too */
bool lab_param_is_true(const struct lab_request *req, const char *key);

/* What produces a body bit by bit, such as a watch. */
struct lab_stream {
	/* Append what is ready to @out; Return: false when the stream has ended */
	bool (*read)(struct lab_stream *s, struct vmn_buf *out);
	void (*close)(struct lab_stream *s); /* the connection is done with it */
	struct lab_wakeup *wakeup;	     /* http.c's, for lab_stream_wake() */
};

/** lab_stream_wake() - call read() again: something is ready, or the stream has ended */
void lab_stream_wake(struct lab_stream *s);

/* The answer. The body is one of text, body and stream, or nothing. */
struct lab_response {
	int status;
	const char *content_type; /* NULL: no such header */
	const char *allow;	  /* Allow header, or NULL */
	char *warning;		  /* Warning header (owned), or NULL */
	int64_t retry_after_s;	  /* -1: no such header */
	struct lab_text *text;	  /* a reference */
	struct vmn_buf body;
	struct lab_stream *stream; /* owned until its close() */
};

struct lab_http;

/**
 * lab_http_start() - listen on 127.0.0.1
 * @port:	0: any free one
 * @handle:	answers each request
 */
int lab_http_start(struct lab *lab, struct lab_pki *pki, uint16_t port,
		   void (*handle)(struct lab *lab, const struct lab_request *req,
				  struct lab_response *ret),
		   struct lab_http **ret, struct vmn_err *err) VMN_MUST_CHECK;
uint16_t lab_http_port(const struct lab_http *http);
void lab_http_stop_p(struct lab_http **http);

#endif
