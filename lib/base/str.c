/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/str.h"

static bool buf_reserve(struct vmn_buf *b, size_t more)
{
	size_t want = b->len + more + 1;
	size_t size = b->size ? b->size : 64;
	char *data;

	if (want <= b->size)
		return true;
	while (size < want)
		size *= 2;
	if (b->cap && size - 1 > b->cap)
		size = b->cap + 1;
	data = realloc(b->data, size);
	if (!data) {
		b->overflow = true;
		return false;
	}
	b->data = data;
	b->size = size;
	return true;
}

void vmn_buf_add(struct vmn_buf *b, const void *data, size_t len)
{
	if (b->cap && len > b->cap - b->len) {
		b->overflow = true;
		len = b->cap - b->len;
	}
	if (!buf_reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void vmn_buf_adds(struct vmn_buf *b, const char *s)
{
	vmn_buf_add(b, s, strlen(s));
}

void vmn_buf_addc(struct vmn_buf *b, char c)
{
	vmn_buf_add(b, &c, 1);
}

void vmn_buf_addf(struct vmn_buf *b, const char *fmt, ...)
{
	vmn_auto_free char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	s = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	vmn_buf_adds(b, s);
}

const char *vmn_buf_str(const struct vmn_buf *b)
{
	return b->data ? b->data : "";
}

char *vmn_buf_steal(struct vmn_buf *b)
{
	char *s = b->data ? b->data : vmn_xstrdup("");

	b->data = NULL;
	b->len = b->size = 0;
	b->overflow = false;
	return s;
}

void vmn_buf_clear(struct vmn_buf *b)
{
	free(vmn_steal(&b->data));
	b->len = b->size = 0;
	b->overflow = false;
}

void vmn_strlist_add(struct vmn_strlist *l, const char *s)
{
	l->v = vmn_xrealloc(l->v, l->n + 2, sizeof(*l->v));
	l->v[l->n++] = vmn_xstrdup(s);
	l->v[l->n] = NULL;
}

bool vmn_strlist_has(const struct vmn_strlist *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

void vmn_strlist_split(struct vmn_strlist *l, const char *s, char sep)
{
	for (;;) {
		const char *end = strchrnul(s, sep);
		vmn_auto_free char *field = vmn_xstrndup(s, (size_t)(end - s));

		vmn_strlist_add(l, field);
		if (!*end)
			return;
		s = end + 1;
	}
}

static int compare_strings(const void *a, const void *b)
{
	const char *const *sa = a, *const *sb = b;

	return strcmp(*sa, *sb);
}

void vmn_strlist_sort(struct vmn_strlist *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), compare_strings);
}

void vmn_strlist_clear(struct vmn_strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(vmn_steal(&l->v));
	l->n = 0;
}

bool vmn_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool vmn_ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool vmn_streq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool vmn_parse_u64(const char *s, uint64_t *ret)
{
	unsigned long long v;
	char *end;

	if (!*s || s[strspn(s, "0123456789")] != '\0')
		return false;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno || *end)
		return false;
	*ret = v;
	return true;
}

/* Length of the unit at @s and its size in milliseconds; 0: no unit we know. */
static size_t duration_unit(const char *s, double *ret_ms)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {{"ms", 1}, {"us", 1e-3}, {"ns", 1e-6}, {"h", 3600e3}, {"m", 60e3}, {"s", 1e3}};

	for (size_t i = 0; i < VMN_ARRAY_LEN(units); i++) {
		if (vmn_starts_with(s, units[i].name)) {
			*ret_ms = units[i].ms;
			return strlen(units[i].name);
		}
	}
	return 0;
}

int vmn_parse_duration(const char *s, int64_t *ret_ms, struct vmn_err *err)
{
	const char *p = s;
	double total = 0;

	if (!*s)
		goto bad;
	while (*p) {
		size_t digits = strspn(p, "0123456789."), unit;
		double value, ms = 1e3;
		char *end;

		value = digits ? strtod(p, &end) : 0;
		if (!digits || end != p + digits)
			goto bad;
		p = end;
		unit = duration_unit(p, &ms);
		/* "10" is ten seconds; "1m30" would be a guess */
		if (!unit && (*p || total > 0))
			goto bad;
		p += unit;
		total += value * ms;
		if (total > 1e15)
			goto bad;
	}
	/* 0 often means for ever, which nobody asks for in microseconds */
	*ret_ms = total > 0 && total < 1 ? 1 : (int64_t)(total + 0.5);
	return 0;
bad:
	(void)vmn_err_set(err, VMN_E_INVALID, "'%s' is not a duration", s);
	return vmn_err_hint(err, "write it like 30s, 2m or 1m30s");
}

size_t vmn_edit_distance(const char *a, const char *b)
{
	enum { MAX = 64 };
	size_t n = strlen(a), m = strlen(b);
	size_t d[MAX + 1][MAX + 1];

	if (n >= MAX || m >= MAX)
		return MAX;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[n][m];
}
