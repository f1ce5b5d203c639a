/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - two clocks: monotonic milliseconds for deadlines, UTC seconds for timestamps
 *
 * A deadline is an instant of the monotonic clock in milliseconds; VMN_NEVER is none.
 */
#ifndef VMN_BASE_CLOCK_H
#define VMN_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMN_NEVER INT64_MAX

/** vmn_now_ms() - CLOCK_MONOTONIC in milliseconds */
int64_t vmn_now_ms(void);
/** vmn_utc_now() - seconds since the epoch */
int64_t vmn_utc_now(void);
/** vmn_deadline_in() - the instant @ms from now; negative: VMN_NEVER */
int64_t vmn_deadline_in(int64_t ms);
/** vmn_deadline_left() - milliseconds until @deadline_ms, 0 when past, -1 for VMN_NEVER (as
 * poll(2)) */
int vmn_deadline_left(int64_t deadline_ms);
/** vmn_rfc3339_format() - "2026-11-21T10:00:00Z" of @utc seconds into @buf of at least 32 bytes */
char *vmn_rfc3339_format(int64_t utc, char *buf, size_t len);
/** vmn_rfc3339_parse() - with optional fraction and zone offset; Return: false when malformed */
bool vmn_rfc3339_parse(const char *s, int64_t *ret_utc);

#endif
