/* SPDX-License-Identifier: Apache-2.0 */
/* retry.h - when a request may be sent again, and after how long (pure) */
#ifndef VMN_KUBE_RETRY_H
#define VMN_KUBE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* How far a request got that has no HTTP answer. */
enum vmn_fate {
	VMN_FATE_ANSWERED, /* it has one */
	VMN_FATE_UNSENT,   /* no byte of it left: nobody can have acted on it */
	VMN_FATE_BROKEN,   /* the connection broke; the server may have acted on it */
	VMN_FATE_LOST,	   /* trying again cannot help: TLS, name, deadline, size */
};

struct vmn_retry_facts {
	const char *method;
	enum vmn_fate fate;
	int http;		/* status when ANSWERED */
	int64_t retry_after_ms; /* of the Retry-After header; -1: none */
	unsigned tries;		/* made so far, at least 1 */
	int64_t left_ms;	/* until the request's deadline; -1: none */
	bool no_retry;		/* 429 and 503 are the caller's */
	bool is_delivered; /* parts of the answer went to the caller: a second answer would repeat
			      them */
	uint32_t random;   /* any number: spreads clients that failed together */
};

/** vmn_retry_delay() - milliseconds to wait before sending again, or -1: do not */
int64_t vmn_retry_delay(const struct vmn_retry_facts *f);

/**
 * vmn_backoff_ms() - growing pause, for the @n-th failure in a row (from 1), half of it random
 * @first_ms: upper end of the first pause; doubled each time up to @most_ms
 */
int64_t vmn_backoff_ms(unsigned n, int64_t first_ms, int64_t most_ms, uint32_t random);

/**
 * vmn_retry_after_ms() - value of a Retry-After header, seconds or an HTTP date (RFC 9110 10.2.3)
 *
 * Return: milliseconds from @utc_now, or -1 when malformed
 */
int64_t vmn_retry_after_ms(const char *value, int64_t utc_now);

#endif
