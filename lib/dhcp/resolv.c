/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/resolv.h"

#include <ctype.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* The next field before the end of the line, moving @s behind it; false when there is none. */
static bool next_field(const char **s, char *ret, size_t size)
{
	size_t len = 0;

	while (is_blank(**s))
		(*s)++;
	while (**s && **s != '\n' && !is_blank(**s)) {
		if (len + 1 < size)
			ret[len] = **s;
		len++;
		(*s)++;
	}
	ret[len < size ? len : 0] = '\0'; /* too long to be anything */
	return len > 0;
}

static void read_nameserver(const char *s, struct vmn_resolv *r)
{
	char address[VMN_IP_TEXT_SIZE + 1], rest[2];

	if (!next_field(&s, address, sizeof(address)) || next_field(&s, rest, sizeof(rest)))
		return;
	if (r->n_dns < VMN_RESOLV_DNS_MAX && vmn_ip_parse(address, &r->dns[r->n_dns]))
		r->n_dns++;
}

static void read_search(const char *s, struct vmn_resolv *r)
{
	char domain[256];

	while (next_field(&s, domain, sizeof(domain)) && r->search.n < VMN_RESOLV_SEARCH_MAX) {
		for (char *c = domain; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (*domain)
			vmn_strlist_add(&r->search, domain);
	}
}

void vmn_resolv_parse(const char *text, struct vmn_resolv *ret)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		char word[16];

		line += *line == '\n';
		if (!next_field(&line, word, sizeof(word)))
			continue;
		if (strcmp(word, "nameserver") == 0)
			read_nameserver(line, ret);
		else if (strcmp(word, "search") == 0)
			read_search(line, ret);
	}
}

void vmn_resolv_clear(struct vmn_resolv *r)
{
	vmn_strlist_clear(&r->search);
	r->n_dns = 0;
}

void vmn_resolv_add_subdomain(struct vmn_strlist *search, const char *subdomain)
{
	vmn_auto_strlist struct vmn_strlist old = *search;
	vmn_auto_free char *first = NULL;
	const char *longest = NULL;
	size_t len = strlen(subdomain);

	for (size_t i = 0; i < old.n; i++)
		if (strstr(old.v[i], ".svc.") && (!longest || strlen(old.v[i]) > strlen(longest)))
			longest = old.v[i];
	if (!longest || (strncmp(longest, subdomain, len) == 0 && longest[len] == '.')) {
		old = (struct vmn_strlist){0}; /* stays the caller's */
		return;
	}
	first = vmn_xasprintf("%s.%s", subdomain, longest);
	*search = (struct vmn_strlist){0};
	vmn_strlist_add(search, first);
	for (size_t i = 0; i < old.n; i++)
		vmn_strlist_add(search, old.v[i]);
}

const char *vmn_resolv_longest(const struct vmn_strlist *search)
{
	const char *longest = NULL;

	for (size_t i = 0; i < search->n; i++)
		if (!longest || strlen(search->v[i]) > strlen(longest))
			longest = search->v[i];
	return longest;
}

static bool is_label_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* [_a-z0-9]([_a-z0-9-]{0,61}[a-z0-9])?; a single "_" is one by this rule */
static bool is_label(const char *s, size_t len)
{
	if (len < 1 || len > 63 || (!is_label_byte(s[0]) && s[0] != '_'))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_label_byte(s[i]) && s[i] != '_' && s[i] != '-')
			return false;
	return len == 1 || is_label_byte(s[len - 1]);
}

bool vmn_is_search_domain(const char *s)
{
	if (strlen(s) > 253)
		return false;
	for (;; s++) {
		size_t len = strcspn(s, ".");

		if (!is_label(s, len))
			return false;
		s += len;
		if (!*s)
			return true;
	}
}

size_t vmn_domain_encode(const char *domain, uint8_t *out, size_t size)
{
	size_t need = strlen(domain) + 2; /* a length for each dot, one more, and the root */

	if (need > size || need > 255)
		return 0;
	for (;; domain++) {
		size_t len = strcspn(domain, ".");

		*out++ = (uint8_t)len;
		memcpy(out, domain, len);
		out += len;
		domain += len;
		if (!*domain)
			break;
	}
	*out = 0;
	return need;
}
