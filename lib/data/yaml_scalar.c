/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/str.h"
#include "lib/data/yaml_scalar.h"

/* Longer texts are strings to us: no number that means something is longer. */
enum { NUMBER_MAX = 64 };

static const struct {
	const char *text;
	struct vmn_yaml_scalar value;
} words[] = {
	{"", {.kind = VMN_YAML_NULL}},
	{"~", {.kind = VMN_YAML_NULL}},
	{"null", {.kind = VMN_YAML_NULL}},
	{"Null", {.kind = VMN_YAML_NULL}},
	{"NULL", {.kind = VMN_YAML_NULL}},
	{"y", {.kind = VMN_YAML_BOOL, .boolean = true}},
	{"Y", {.kind = VMN_YAML_BOOL, .boolean = true}},
	{"yes", {.kind = VMN_YAML_BOOL, .boolean = true}},
	{"Yes", {.kind = VMN_YAML_BOOL, .boolean = true}},
	{"YES", {.kind = VMN_YAML_BOOL, .boolean = true}},
	{"true", {.kind = VMN_YAML_BOOL, .boolean = true}},
	{"True", {.kind = VMN_YAML_BOOL, .boolean = true}},
	{"TRUE", {.kind = VMN_YAML_BOOL, .boolean = true}},
	{"on", {.kind = VMN_YAML_BOOL, .boolean = true}},
	{"On", {.kind = VMN_YAML_BOOL, .boolean = true}},
	{"ON", {.kind = VMN_YAML_BOOL, .boolean = true}},
	{"n", {.kind = VMN_YAML_BOOL, .boolean = false}},
	{"N", {.kind = VMN_YAML_BOOL, .boolean = false}},
	{"no", {.kind = VMN_YAML_BOOL, .boolean = false}},
	{"No", {.kind = VMN_YAML_BOOL, .boolean = false}},
	{"NO", {.kind = VMN_YAML_BOOL, .boolean = false}},
	{"false", {.kind = VMN_YAML_BOOL, .boolean = false}},
	{"False", {.kind = VMN_YAML_BOOL, .boolean = false}},
	{"FALSE", {.kind = VMN_YAML_BOOL, .boolean = false}},
	{"off", {.kind = VMN_YAML_BOOL, .boolean = false}},
	{"Off", {.kind = VMN_YAML_BOOL, .boolean = false}},
	{"OFF", {.kind = VMN_YAML_BOOL, .boolean = false}},
	{".nan", {.kind = VMN_YAML_FLOAT, .real = NAN}},
	{".NaN", {.kind = VMN_YAML_FLOAT, .real = NAN}},
	{".NAN", {.kind = VMN_YAML_FLOAT, .real = NAN}},
	{".inf", {.kind = VMN_YAML_FLOAT, .real = INFINITY}},
	{".Inf", {.kind = VMN_YAML_FLOAT, .real = INFINITY}},
	{".INF", {.kind = VMN_YAML_FLOAT, .real = INFINITY}},
	{"+.inf", {.kind = VMN_YAML_FLOAT, .real = INFINITY}},
	{"+.Inf", {.kind = VMN_YAML_FLOAT, .real = INFINITY}},
	{"+.INF", {.kind = VMN_YAML_FLOAT, .real = INFINITY}},
	{"-.inf", {.kind = VMN_YAML_FLOAT, .real = -INFINITY}},
	{"-.Inf", {.kind = VMN_YAML_FLOAT, .real = -INFINITY}},
	{"-.INF", {.kind = VMN_YAML_FLOAT, .real = -INFINITY}},
	{"<<", {.kind = VMN_YAML_MERGE}},
};

/* "2026-11-21", alone or followed by a time; what follows is not looked at closely, since
 * the answer only decides about quotes. */
static bool looks_like_time(const char *s)
{
	static const char digits[] = "0123456789";
	size_t month, day;

	if (strspn(s, digits) != 4 || s[4] != '-')
		return false;
	s += 5;
	month = strspn(s, digits);
	if (month < 1 || month > 2 || s[month] != '-')
		return false;
	s += month + 1;
	day = strspn(s, digits);
	return day >= 1 && day <= 2 && (!s[day] || strchr("Tt ", s[day]));
}

/* The base that a prefix announces, as Go's ParseInt reads it with base 0; *@p moves behind it. */
static int base_of(const char **p)
{
	const char *s = *p;

	if (s[0] != '0' || !s[1])
		return 10;
	switch (s[1]) {
	case 'x':
	case 'X':
		*p = s + 2;
		return 16;
	case 'o':
	case 'O':
		*p = s + 2;
		return 8;
	case 'b':
	case 'B':
		*p = s + 2;
		return 2;
	default:
		*p = s + 1;
		return 8;
	}
}

static bool parse_integer(const char *s, struct vmn_yaml_scalar *ret)
{
	bool negative = *s == '-';
	const char *p = s + (*s == '-' || *s == '+');
	int base = base_of(&p);
	unsigned long long v;
	char *end;

	if (!isxdigit((unsigned char)*p)) /* strtoull() would take blanks, a sign, another 0x */
		return false;
	if (base == 16 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		return false;
	errno = 0;
	v = strtoull(p, &end, base);
	if (errno || *end)
		return false;
	if (v <= INT64_MAX)
		*ret = (struct vmn_yaml_scalar){.kind = VMN_YAML_INT,
						.integer = negative ? -(int64_t)v : (int64_t)v};
	else if (negative && v == (uint64_t)INT64_MAX + 1)
		*ret = (struct vmn_yaml_scalar){.kind = VMN_YAML_INT, .integer = INT64_MIN};
	else if (!negative)
		*ret = (struct vmn_yaml_scalar){.kind = VMN_YAML_UINT, .natural = v};
	else
		return false;
	return true;
}

/* [-+]? (.digits | digits[.digits?]) ([eE][-+]?digits)? and within a double's range */
static bool parse_float(const char *s, struct vmn_yaml_scalar *ret)
{
	static const char digits[] = "0123456789";
	const char *p = s + (*s == '-' || *s == '+');
	size_t whole = strspn(p, digits), fraction = 0;
	double v;

	p += whole;
	if (*p == '.') {
		fraction = strspn(p + 1, digits);
		p += 1 + fraction;
	}
	if (!whole && !fraction)
		return false;
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '-' || p[1] == '+');
		if (!isdigit((unsigned char)*p))
			return false;
		p += strspn(p, digits);
	}
	if (*p)
		return false;
	v = strtod(s, NULL);
	if (isinf(v))
		return false;
	*ret = (struct vmn_yaml_scalar){.kind = VMN_YAML_FLOAT, .real = v};
	return true;
}

struct vmn_yaml_scalar vmn_yaml_resolve(const char *text, size_t len)
{
	struct vmn_yaml_scalar ret = {.kind = VMN_YAML_STR};
	char plain[NUMBER_MAX + 1];
	size_t n = 0;

	if (strlen(text) != len || len > NUMBER_MAX)
		return ret;
	for (size_t i = 0; i < VMN_ARRAY_LEN(words); i++)
		if (strcmp(text, words[i].text) == 0)
			return words[i].value;
	if (!strchr("+-.0123456789", text[0]))
		return ret;
	if (looks_like_time(text)) {
		ret.kind = VMN_YAML_TIME;
		return ret;
	}
	/* 1_000 is a thousand and .5_0 a half, but ._5 is a string: so they are to goyaml */
	for (size_t i = 0; i < len; i++) {
		bool between = text[i] == '_' && isdigit((unsigned char)text[i - 1]) &&
			       isdigit((unsigned char)text[i + 1]);

		if (text[i] != '_' || (text[0] == '.' && !between))
			plain[n++] = text[i];
	}
	plain[n] = '\0';
	if (!parse_integer(plain, &ret))
		(void)parse_float(plain, &ret);
	return ret;
}
