/* SPDX-License-Identifier: Apache-2.0 */
/* str.h - growing buffers with a cap, string lists, small text helpers */
#ifndef VMN_BASE_STR_H
#define VMN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

/*
 * struct vmn_buf - growing byte buffer, always NUL-terminated once something was added
 *
 * Born with a cap: adding past it sets .overflow and drops the excess, so that a
 * peer cannot make us allocate without end. Check vmn_buf_ok() once, at the end.
 */
struct vmn_buf {
	char *data;    /* NULL while empty */
	size_t len;    /* bytes, the final NUL not counted */
	size_t size;   /* bytes allocated */
	size_t cap;    /* most bytes len may reach; 0: no limit (own output only) */
	bool overflow; /* cap was hit or memory was out; data is incomplete */
};

#define VMN_BUF_INIT(max) ((struct vmn_buf){.cap = (max)})

void vmn_buf_add(struct vmn_buf *b, const void *data, size_t len);
void vmn_buf_adds(struct vmn_buf *b, const char *s);
void vmn_buf_addc(struct vmn_buf *b, char c);
void vmn_buf_addf(struct vmn_buf *b, const char *fmt, ...) VMN_PRINTF(2, 3);
static inline bool vmn_buf_ok(const struct vmn_buf *b)
{
	return !b->overflow;
}
/** vmn_buf_str() - the text so far, "" when empty; borrowed */
const char *vmn_buf_str(const struct vmn_buf *b);
/** vmn_buf_steal() - hand the text to the caller (free(3) it), leave the buffer empty */
char *vmn_buf_steal(struct vmn_buf *b);
/** vmn_buf_clear() - free; the cap stays */
void vmn_buf_clear(struct vmn_buf *b);
#define vmn_auto_buf VMN_CLEANUP(vmn_buf_clear)

/* struct vmn_strlist - owned strings, in order */
struct vmn_strlist {
	char **v; /* NULL-terminated when n > 0, else NULL */
	size_t n;
};

void vmn_strlist_add(struct vmn_strlist *l, const char *s);
bool vmn_strlist_has(const struct vmn_strlist *l, const char *s);
/** vmn_strlist_split() - append the fields of @s between @sep; empty fields are kept */
void vmn_strlist_split(struct vmn_strlist *l, const char *s, char sep);
void vmn_strlist_sort(struct vmn_strlist *l);
void vmn_strlist_clear(struct vmn_strlist *l);
#define vmn_auto_strlist VMN_CLEANUP(vmn_strlist_clear)

bool vmn_starts_with(const char *s, const char *prefix);
bool vmn_ends_with(const char *s, const char *suffix);
/** vmn_streq() - equal, where NULL equals only NULL */
bool vmn_streq(const char *a, const char *b);
static inline bool vmn_is_empty(const char *s)
{
	return !s || !*s;
}

/** vmn_parse_u64() - all of @s as decimal, no sign, no blanks; Return: false when it is not */
bool vmn_parse_u64(const char *s, uint64_t *ret);

/**
 * vmn_parse_duration() - "10s", "1m30s", "500ms", "2h", Go's notation; a bare number is seconds
 * @ret_ms: milliseconds, >= 0
 *
 * Return: 0 or -VMN_E_INVALID
 */
int vmn_parse_duration(const char *s, int64_t *ret_ms, struct vmn_err *err);

/** vmn_edit_distance() - optimal string alignment distance, for "did you mean"; @a, @b < 64 bytes
 */
size_t vmn_edit_distance(const char *a, const char *b);

#endif
