/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/data/k8s.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z');
}

static bool is_alnum(char c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* [a-z0-9]([-a-z0-9]*[a-z0-9])? */
static bool is_part(const char *s, size_t len)
{
	if (len < 1 || !is_lower_alnum(s[0]) || !is_lower_alnum(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_lower_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

bool vmn_is_dns1123_label(const char *s)
{
	size_t len = strlen(s);

	return len <= 63 && is_part(s, len);
}

bool vmn_is_dns1123_subdomain(const char *s)
{
	if (strlen(s) > 253)
		return false;
	for (;;) {
		size_t len = strcspn(s, ".");

		if (!is_part(s, len))
			return false;
		if (!s[len])
			return true;
		s += len + 1;
	}
}

/* ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9] */
static bool is_label_text(const char *s)
{
	size_t len = strlen(s);

	if (len < 1 || len > 63 || !is_alnum(s[0]) || !is_alnum(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && !strchr("-_.", s[i]))
			return false;
	return true;
}

bool vmn_is_label_key(const char *s)
{
	const char *slash = strchr(s, '/');
	vmn_auto_free char *prefix = slash ? vmn_xstrndup(s, (size_t)(slash - s)) : NULL;

	return is_label_text(slash ? slash + 1 : s) &&
	       (!prefix || vmn_is_dns1123_subdomain(prefix));
}

bool vmn_is_label_value(const char *s)
{
	return !*s || is_label_text(s);
}

bool vmn_is_mac(const char *s)
{
	char sep = strlen(s) == 17 ? s[2] : '\0';

	if (sep != ':' && sep != '-')
		return false;
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? s[i] != sep : !is_hex(s[i]))
			return false;
	return true;
}

bool vmn_mac_is_same(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a == '-' ? ':' : *a | 0x20) != (*b == '-' ? ':' : *b | 0x20))
			return false;
	return *a == *b;
}

/* "e3", "E-2" */
static bool exponent_parse(const char *s, int *ret)
{
	bool negative = s[1] == '-';
	int n = 0;

	s += s[1] == '-' || s[1] == '+' ? 2 : 1;
	if (!is_digit(*s))
		return false;
	for (; is_digit(*s); s++)
		if ((n = n * 10 + (*s - '0')) > 100)
			return false;
	*ret = negative ? -n : n;
	return *s == '\0';
}

/* The multiplier behind the number: 2^@ret_bits or 10^@ret_tens */
static bool suffix_parse(const char *s, int *ret_bits, int *ret_tens)
{
	static const struct {
		const char *text;
		int bits, tens;
	} suffixes[] = {
		{"", 0, 0},    {"n", 0, -9},  {"u", 0, -6},  {"m", 0, -3},
		{"k", 0, 3},   {"M", 0, 6},   {"G", 0, 9},   {"T", 0, 12},
		{"P", 0, 15},  {"E", 0, 18},  {"Ki", 10, 0}, {"Mi", 20, 0},
		{"Gi", 30, 0}, {"Ti", 40, 0}, {"Pi", 50, 0}, {"Ei", 60, 0},
	};

	*ret_bits = *ret_tens = 0;
	for (size_t i = 0; i < VMN_ARRAY_LEN(suffixes); i++) {
		if (strcmp(s, suffixes[i].text) == 0) {
			*ret_bits = suffixes[i].bits;
			*ret_tens = suffixes[i].tens;
			return true;
		}
	}
	return (s[0] == 'e' || s[0] == 'E') && exponent_parse(s, ret_tens);
}

bool vmn_quantity_parse(const char *s, int64_t *ret)
{
	const __int128 most = (__int128)1 << 120;
	bool negative = *s == '-', has_digit = false, in_fraction = false, rest = false;
	int fraction = 0, bits, tens;
	__int128 v = 0;

	if (*s == '-' || *s == '+')
		s++;
	for (; is_digit(*s) || (*s == '.' && !in_fraction); s++) {
		if (*s == '.') {
			in_fraction = true;
			continue;
		}
		has_digit = true;
		if (v > (most >> 6)) {
			if (!in_fraction)
				return false;
			rest = rest || *s != '0'; /* below any precision that matters */
			continue;
		}
		v = v * 10 + (*s - '0');
		fraction += in_fraction;
	}
	if (!has_digit || !suffix_parse(s, &bits, &tens))
		return false;
	for (; bits > 0; bits--)
		if ((v *= 2) > most)
			return false;
	for (tens -= fraction; tens > 0 && v; tens--)
		if ((v *= 10) > most)
			return false;
	for (; tens < 0 && (v || rest); tens++) {
		rest = rest || v % 10;
		v /= 10;
	}
	v += rest;
	if (v > INT64_MAX)
		return false;
	*ret = negative ? -(int64_t)v : (int64_t)v;
	return true;
}
