/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"

int64_t vmn_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t vmn_utc_now(void)
{
	return (int64_t)time(NULL);
}

int64_t vmn_deadline_in(int64_t ms)
{
	return ms < 0 ? VMN_NEVER : vmn_now_ms() + ms;
}

int vmn_deadline_left(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms == VMN_NEVER)
		return -1;
	left = deadline_ms - vmn_now_ms();
	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

char *vmn_rfc3339_format(int64_t utc, char *buf, size_t len)
{
	time_t t = (time_t)utc;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, len, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

bool vmn_rfc3339_parse(const char *s, int64_t *ret_utc)
{
	struct tm tm = {0};
	int zone = 0, zh, zm, used = 0;
	const char *p;

	p = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!p)
		return false;
	if (*p == '.') {
		size_t digits = strspn(p + 1, "0123456789");

		if (!digits)
			return false;
		p += 1 + digits;
	}
	if (*p == 'Z' && !p[1]) {
		zone = 0;
	} else if ((*p == '+' || *p == '-') && sscanf(p + 1, "%2d:%2d%n", &zh, &zm, &used) == 2 &&
		   !p[1 + used]) {
		zone = (zh * 60 + zm) * 60;
		if (*p == '-')
			zone = -zone;
	} else {
		return false;
	}
	*ret_utc = (int64_t)timegm(&tm) - zone;
	return true;
}
