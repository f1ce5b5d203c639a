/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/str.h"
#include "lib/kube/url.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define SCHEME_CHARS LETTERS DIGITS "+.-"
#define NAME_CHARS LETTERS DIGITS ".-_"
#define IPV6_CHARS "abcdef" DIGITS ":."

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

void vmn_url_clear(struct vmn_url *u)
{
	free(u->scheme);
	vmn_free_secret(u->userinfo);
	free(u->host);
	free(u->port);
	free(u->path);
	*u = (struct vmn_url){0};
}

static int malformed(struct vmn_err *err, const char *what)
{
	return vmn_err_set(err, VMN_E_INVALID, "not a URL: %s", what);
}

/* "host", "host:port", "[v6]:port" between @s and @end */
static int parse_host(const char *s, const char *end, struct vmn_url *u, struct vmn_err *err)
{
	const char *after = memchr(s, ':', (size_t)(end - s));
	uint64_t port;

	if (s < end && *s == '[') {
		const char *close = memchr(s, ']', (size_t)(end - s));

		if (!close)
			return malformed(err, "a bracket is open");
		u->host = vmn_xstrndup(s + 1, (size_t)(close - s - 1));
		after = close + 1;
		if (after < end && *after != ':')
			return malformed(err, "odd text after the address");
	} else {
		after = after ? after : end;
		u->host = vmn_xstrndup(s, (size_t)(after - s));
	}
	lower(u->host);
	if (!*u->host)
		return malformed(err, "it names no host");
	if (u->host[strspn(u->host, *s == '[' ? IPV6_CHARS : NAME_CHARS)])
		return malformed(err, "odd characters in the host");
	if (after >= end)
		return 0;
	u->port = vmn_xstrndup(after + 1, (size_t)(end - after - 1));
	if (!vmn_parse_u64(u->port, &port) || port < 1 || port > 65535)
		return malformed(err, "the port is not a number from 1 to 65535");
	return 0;
}

static int parse(const char *text, struct vmn_url *u, struct vmn_err *err)
{
	const char *authority = strstr(text, "://"), *end, *at;
	size_t path_len;

	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return malformed(err, "blanks and control characters must be escaped");
	if (!authority)
		return malformed(err, "it has no scheme");
	u->scheme = vmn_xstrndup(text, (size_t)(authority - text));
	lower(u->scheme);
	if (!isalpha((unsigned char)u->scheme[0]) || u->scheme[strspn(u->scheme, SCHEME_CHARS)])
		return malformed(err, "it has no scheme");
	authority += 3;
	end = authority + strcspn(authority, "/?#");
	at = memrchr(authority, '@', (size_t)(end - authority));
	if (at) {
		u->userinfo = vmn_xstrndup(authority, (size_t)(at - authority));
		authority = at + 1;
	}
	path_len = strcspn(end, "?#");
	while (path_len && end[path_len - 1] == '/')
		path_len--;
	u->path = vmn_xstrndup(end, path_len);
	return parse_host(authority, end, u, err);
}

int vmn_url_parse(const char *text, struct vmn_url *ret, struct vmn_err *err)
{
	vmn_auto_url struct vmn_url u = {0};
	int rc = parse(text, &u, err);

	if (rc < 0)
		return rc;
	*ret = u;
	u = (struct vmn_url){0};
	return 0;
}

static char *build(const struct vmn_url *u)
{
	bool is_v6 = strchr(u->host, ':');

	return vmn_xasprintf("%s://%s%s%s%s%s%s%s%s", u->scheme, u->userinfo ? u->userinfo : "",
			     u->userinfo ? "@" : "", is_v6 ? "[" : "", u->host, is_v6 ? "]" : "",
			     u->port ? ":" : "", u->port ? u->port : "", u->path);
}

int vmn_server_url(const char *text, char **ret, struct vmn_err *err)
{
	vmn_auto_url struct vmn_url u = {0};
	vmn_auto_free char *with_scheme = NULL;
	int rc;

	if (!strstr(text, "://"))
		text = with_scheme = vmn_xasprintf("http://%s", text);
	rc = vmn_url_parse(text, &u, err);
	if (rc < 0)
		return rc;
	if (strcmp(u.scheme, "https") != 0 && strcmp(u.scheme, "http") != 0)
		return vmn_err_set(err, VMN_E_INVALID, "scheme '%s' is neither https nor http",
				   u.scheme);
	if (u.userinfo)
		return vmn_err_set(err, VMN_E_INVALID,
				   "user name and password do not belong into a server's URL");
	*ret = build(&u);
	return 0;
}

int vmn_proxy_url(const char *text, bool is_env, char **ret, struct vmn_err *err)
{
	vmn_auto_url struct vmn_url u = {0};
	vmn_auto_free char *with_scheme = NULL;
	int rc;

	if (is_env && !strstr(text, "://"))
		text = with_scheme = vmn_xasprintf("http://%s", text);
	rc = vmn_url_parse(text, &u, err);
	if (rc < 0)
		return rc;
	if (strcmp(u.scheme, "socks5") == 0) {
		free(u.scheme);
		u.scheme = vmn_xstrdup("socks5h");
	} else if (strcmp(u.scheme, "http") != 0 && strcmp(u.scheme, "https") != 0 &&
		   !(is_env && strcmp(u.scheme, "socks5h") == 0)) {
		return vmn_err_set(err, VMN_E_INVALID, "scheme '%s' is not http, https or socks5",
				   u.scheme);
	}
	/* To curl a proxy without a port is at 1080. */
	if (!u.port && strcmp(u.scheme, "http") == 0)
		u.port = vmn_xstrdup("80");
	*ret = build(&u);
	return 0;
}

/* --- $NO_PROXY ------------------------------------------------------------------------ */

struct address {
	int family; /* AF_INET, AF_INET6, or 0 when it is a name */
	unsigned char bytes[16];
};

static struct address address_of(const char *host)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct address a = {0};

	if (inet_pton(AF_INET, host, a.bytes) == 1) {
		a.family = AF_INET;
	} else if (inet_pton(AF_INET6, host, a.bytes) == 1) {
		a.family = AF_INET6;
		if (memcmp(a.bytes, mapped, sizeof(mapped)) == 0) {
			a.family = AF_INET;
			memmove(a.bytes, a.bytes + sizeof(mapped), 4);
			memset(a.bytes + 4, 0, sizeof(a.bytes) - 4);
		}
	}
	return a;
}

static bool is_loopback(const char *host)
{
	static const unsigned char loopback6[16] = {[15] = 1};
	struct address a = address_of(host);

	return strcmp(host, "localhost") == 0 || (a.family == AF_INET && a.bytes[0] == 127) ||
	       (a.family == AF_INET6 && memcmp(a.bytes, loopback6, 16) == 0);
}

static bool block_has(const char *block, const char *host)
{
	const char *slash = strchr(block, '/');
	vmn_auto_free char *base = vmn_xstrndup(block, (size_t)(slash - block));
	struct address a = address_of(base), b = address_of(host);
	uint64_t bits;
	size_t whole;

	if (!a.family || a.family != b.family || !vmn_parse_u64(slash + 1, &bits) ||
	    bits > (a.family == AF_INET ? 32 : 128))
		return false;
	whole = (size_t)bits / 8;
	if (memcmp(a.bytes, b.bytes, whole) != 0)
		return false;
	return bits % 8 == 0 || ((a.bytes[whole] ^ b.bytes[whole]) >> (8 - bits % 8)) == 0;
}

/* Cut ":port" off @rule, and brackets. Return: the port or NULL */
static char *cut_port(char *rule)
{
	char *colon = strrchr(rule, ':'), *close = strchr(rule, ']');

	if (*rule == '[' && close) {
		bool has_port = close[1] == ':';

		*close = '\0';
		memmove(rule, rule + 1, strlen(rule));
		return has_port ? close + 2 : NULL;
	}
	if (!colon || colon != strchr(rule, ':')) /* none, or a bare IPv6 address */
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static bool rule_has(char *rule, const struct vmn_url *server)
{
	const char *port, *name = rule;
	size_t host_len = strlen(server->host), len;
	struct address a, b;

	if (strcmp(rule, "*") == 0)
		return true;
	if (strchr(rule, '/'))
		return block_has(rule, server->host);
	port = cut_port(rule);
	if (port && !vmn_streq(port, server->port ? server->port : "443"))
		return false;
	a = address_of(rule);
	if (a.family) {
		b = address_of(server->host);
		return a.family == b.family && memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
	}
	if (vmn_starts_with(name, "*."))
		name++;
	if (*name != '.' && strcmp(name, server->host) == 0)
		return true;
	len = strlen(name);
	return len && vmn_ends_with(server->host, name) &&
	       (*name == '.' ? host_len >= len
			     : host_len > len && server->host[host_len - len - 1] == '.');
}

bool vmn_no_proxy_has(const char *no_proxy, const char *server)
{
	vmn_auto_strlist struct vmn_strlist rules = {0};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_url struct vmn_url u = {0};

	if (vmn_url_parse(server, &u, &err) < 0)
		return false;
	if (is_loopback(u.host))
		return true;
	if (no_proxy)
		vmn_strlist_split(&rules, no_proxy, ',');
	for (size_t i = 0; i < rules.n; i++) {
		char *rule = rules.v[i] + strspn(rules.v[i], " \t");

		rule[strcspn(rule, " \t")] = '\0';
		lower(rule);
		if (*rule && rule_has(rule, &u))
			return true;
	}
	return false;
}
