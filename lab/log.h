/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - the server's log: lines on its standard error, which `vmnetctl lab logs` shows */
#ifndef VMN_LAB_LOG_H
#define VMN_LAB_LOG_H

#include "lib/base/mem.h"

/** lab_log() - one line with the time before it; control characters are replaced */
void lab_log(const char *fmt, ...) VMN_PRINTF(1, 2);

#endif
