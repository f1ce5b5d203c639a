/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "lab/log.h"

void lab_log(const char *fmt, ...)
{
	vmn_auto_free char *line = NULL;
	struct timespec now;
	struct tm tm;
	char stamp[32];
	va_list ap;

	va_start(ap, fmt);
	line = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	for (char *p = line; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	(void)strftime(stamp, sizeof(stamp), "%H:%M:%S", &tm);
	(void)fprintf(stderr, "%s.%03ld %s\n", stamp, now.tv_nsec / 1000000, line);
}
