/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stddef.h>

#include "lib/base/log.h"

bool vmn_log_on(const struct vmn_log *log, int level)
{
	return log && log->write && level <= log->level;
}

void vmn_logf(const struct vmn_log *log, int level, const char *fmt, ...)
{
	vmn_auto_free char *line = NULL;
	va_list ap;

	if (!vmn_log_on(log, level))
		return;
	va_start(ap, fmt);
	line = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	log->write(log->arg, level, line);
}
