/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>
#include <time.h>

#include "lib/base/str.h"
#include "lib/kube/retry.h"

enum {
	MAX_TRIES_REFUSED =
		6, /* about 3 s of pauses: a server that restarts, not one that is gone */
	MAX_TRIES_BROKEN = 3,
	MAX_TRIES_BUSY = 10, /* as client-go */
	FIRST_PAUSE_MS = 100,
	MAX_PAUSE_MS = 2000,
	BUSY_PAUSE_MS = 1000, /* a 429 without Retry-After */
};

int64_t vmn_backoff_ms(unsigned n, int64_t first_ms, int64_t most_ms, uint32_t random)
{
	int64_t top = first_ms;

	while (n-- > 1 && top < most_ms)
		top *= 2;
	if (top > most_ms)
		top = most_ms;
	return top / 2 + (int64_t)(random % (uint64_t)(top / 2 + 1));
}

static int64_t answered_delay(const struct vmn_retry_facts *f)
{
	int64_t wait = f->retry_after_ms;

	/* A 429 was never acted on, with or without a date; a bare 503 may be for long. */
	if (f->http == 429 && wait < 0)
		wait = BUSY_PAUSE_MS;
	if (f->no_retry || (f->http != 429 && f->http != 503) || wait < 0 ||
	    f->tries >= MAX_TRIES_BUSY)
		return -1;
	return wait + (int64_t)(f->random % (uint64_t)(wait / 8 + 50));
}

static int64_t failed_delay(const struct vmn_retry_facts *f)
{
	unsigned most = 0;

	if (f->fate == VMN_FATE_UNSENT)
		most = MAX_TRIES_REFUSED;
	else if (f->fate == VMN_FATE_BROKEN && strcmp(f->method, "GET") == 0)
		most = MAX_TRIES_BROKEN;
	if (f->tries >= most)
		return -1;
	return vmn_backoff_ms(f->tries, FIRST_PAUSE_MS, MAX_PAUSE_MS, f->random);
}

int64_t vmn_retry_delay(const struct vmn_retry_facts *f)
{
	int64_t wait;

	if (f->is_delivered)
		return -1;
	wait = f->fate == VMN_FATE_ANSWERED ? answered_delay(f) : failed_delay(f);
	if (wait >= 0 && f->left_ms >= 0 && wait >= f->left_ms)
		return -1;
	return wait;
}

int64_t vmn_retry_after_ms(const char *value, int64_t utc_now)
{
	struct tm tm = {0};
	const char *end;
	uint64_t seconds;
	int64_t when;

	if (vmn_parse_u64(value, &seconds))
		return seconds > INT32_MAX ? -1 : (int64_t)seconds * 1000;
	end = strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (!end || *end)
		return -1;
	when = (int64_t)timegm(&tm);
	return when > utc_now ? (when - utc_now) * 1000 : 0;
}
