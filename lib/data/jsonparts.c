/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/data/jsonparts.h"

struct scan {
	const char *p, *end;
	struct vmn_buf *out;
};

/* What is wanted below the place where the scan is: rests of paths, "" for all. */
struct wanted {
	const char *paths[VMN_JSON_MAX_PARTS];
	size_t n;
};

/* The next byte that is no white space, '\0' at the end. */
static char peek(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r' || *s->p == '\n'))
		s->p++;
	return s->p < s->end ? *s->p : '\0';
}

static bool take(struct scan *s, char c)
{
	if (peek(s) != c)
		return false;
	s->p++;
	return true;
}

/* From one quote behind the other. */
static bool skip_string(struct scan *s)
{
	for (s->p++; s->p < s->end; s->p++) {
		if (*s->p == '"') {
			s->p++;
			return true;
		}
		s->p += *s->p == '\\';
	}
	return false;
}

/* From one bracket behind the one that closes it. */
static bool skip_nested(struct scan *s)
{
	size_t depth = 0;

	while (s->p < s->end) {
		char c = *s->p;

		if (c == '"') {
			if (!skip_string(s))
				return false;
			continue;
		}
		s->p++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return true;
	}
	return false;
}

static bool skip_value(struct scan *s)
{
	char c = peek(s);
	const char *start = s->p;

	if (c == '"')
		return skip_string(s);
	if (c == '{' || c == '[')
		return skip_nested(s);
	while (s->p < s->end && !strchr(",]} \t\r\n", *s->p))
		s->p++;
	return s->p > start;
}

/* All from @start to the end of the next value. */
static bool copy_from(struct scan *s, const char *start)
{
	if (!skip_value(s))
		return false;
	vmn_buf_add(s->out, start, (size_t)(s->p - start));
	return true;
}

static bool copy_value(struct scan *s)
{
	(void)peek(s);
	return copy_from(s, s->p);
}

/* Those of @from that begin with the key, without it. Return: whether the value is wanted whole */
static bool narrow(const struct wanted *from, const char *key, size_t len, struct wanted *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < from->n; i++) {
		const char *path = from->paths[i];

		if (*path != *key || strcspn(path, "/") != len || memcmp(path, key, len) != 0)
			continue;
		if (!path[len])
			return true;
		ret->paths[ret->n++] = path + len + 1;
	}
	return false;
}

static bool copy_parts(struct scan *s, const struct wanted *w);

/* A key, its colon, its value. */
static bool member(struct scan *s, const struct wanted *w, bool *is_first)
{
	const char *key;
	struct wanted inner;
	bool is_whole;
	size_t len;

	if (peek(s) != '"')
		return false;
	key = s->p;
	if (!skip_string(s))
		return false;
	len = (size_t)(s->p - key);
	if (!take(s, ':'))
		return false;
	is_whole = narrow(w, key + 1, len - 2, &inner) || memchr(key, '\\', len);
	if (!is_whole && !inner.n)
		return skip_value(s);
	if (!*is_first)
		vmn_buf_addc(s->out, ',');
	*is_first = false;
	if (is_whole)
		return copy_from(s, key);
	vmn_buf_add(s->out, key, (size_t)(s->p - key));
	return copy_parts(s, &inner);
}

static bool copy_object(struct scan *s, const struct wanted *w)
{
	bool is_first = true;

	s->p++;
	vmn_buf_addc(s->out, '{');
	if (peek(s) != '}') {
		do {
			if (!member(s, w, &is_first))
				return false;
		} while (take(s, ','));
	}
	vmn_buf_addc(s->out, '}');
	return take(s, '}');
}

/* Arrays in arrays are copied as they are: no path leads into them, and their depth has no end. */
static bool copy_array(struct scan *s, const struct wanted *w)
{
	s->p++;
	vmn_buf_addc(s->out, '[');
	if (peek(s) != ']') {
		for (;;) {
			if (peek(s) == '{' ? !copy_object(s, w) : !copy_value(s))
				return false;
			if (!take(s, ','))
				break;
			vmn_buf_addc(s->out, ',');
		}
	}
	vmn_buf_addc(s->out, ']');
	return take(s, ']');
}

static bool copy_parts(struct scan *s, const struct wanted *w)
{
	switch (peek(s)) {
	case '{':
		return copy_object(s, w);
	case '[':
		return copy_array(s, w);
	default:
		return copy_value(s);
	}
}

bool vmn_json_parts(const char *text, size_t len, const char *const *parts, struct vmn_buf *ret)
{
	struct scan s = {.p = text, .end = text + len, .out = ret};
	struct wanted w = {.n = 0};

	for (; *parts && w.n < VMN_JSON_MAX_PARTS; parts++)
		w.paths[w.n++] = *parts;
	return peek(&s) == '{' && copy_object(&s, &w) && peek(&s) == '\0' && s.p == s.end;
}
