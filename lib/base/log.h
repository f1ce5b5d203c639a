/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the logging callback; the library never prints by itself
 *
 * Levels are kubectl's -v scale: 0 warnings that the user must see, 1 decisions,
 * 6 a line per request, 7 request headers, 8 bodies cut at 1 KiB, 9 whole bodies.
 * Secrets are redacted by whoever logs, before they get here.
 */
#ifndef VMN_BASE_LOG_H
#define VMN_BASE_LOG_H

#include <stdbool.h>

#include "lib/base/mem.h"

struct vmn_log {
	void (*write)(void *arg, int level,
		      const char *line); /* @line has no newline; may be NULL */
	void *arg;
	int level; /* lines above this level are not made at all */
};

/** vmn_log_on() - whether a line of @level would be written; @log may be NULL */
bool vmn_log_on(const struct vmn_log *log, int level);
void vmn_logf(const struct vmn_log *log, int level, const char *fmt, ...) VMN_PRINTF(3, 4);

#endif
