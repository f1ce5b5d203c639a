/* SPDX-License-Identifier: Apache-2.0 */
/* url.h - addresses of servers and proxies (pure) */
#ifndef VMN_KUBE_URL_H
#define VMN_KUBE_URL_H

#include <stdbool.h>

#include "lib/base/err.h"

struct vmn_url {
	char *scheme;	/* lower case */
	char *userinfo; /* "user:password", or NULL */
	char *host;	/* name or address, an IPv6 one without brackets, lower case */
	char *port;	/* decimal, or NULL */
	char *path;	/* "/prefix" without a slash at its end, or "" */
};

/**
 * vmn_url_parse() - an absolute URL; query and fragment are dropped
 * @ret:	initialised on success, vmn_url_clear() it
 *
 * Return: 0 or -VMN_E_INVALID. The message does not repeat @text, which may hold a password.
 */
int vmn_url_parse(const char *text, struct vmn_url *ret, struct vmn_err *err) VMN_MUST_CHECK;
void vmn_url_clear(struct vmn_url *u);
#define vmn_auto_url VMN_CLEANUP(vmn_url_clear)

/**
 * vmn_server_url() - what requests are put behind: "https://host:port/prefix"
 * @text:	as users write it; "host:port" alone means http, as to kubectl
 */
int vmn_server_url(const char *text, char **ret, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_proxy_url() - check a proxy's address: http, https or socks5 and a host
 * @text:	"host:port" alone means http when @is_env, as everybody reads HTTPS_PROXY
 * @ret:	for libcurl: socks5h instead of socks5, because client-go lets the proxy look names
 * up
 */
int vmn_proxy_url(const char *text, bool is_env, char **ret, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_no_proxy_has() - whether $NO_PROXY, or the habit not to use a proxy for this machine, spares
 *@server
 * @no_proxy:	comma list of "*", names with their subdomains, ".domain", addresses, CIDR
 *		blocks; all but blocks with an optional port. NULL is an empty list
 * @server:	URL with a scheme
 *
 * Source: golang.org/x/net/http/httpproxy, which kubectl uses
 */
bool vmn_no_proxy_has(const char *no_proxy, const char *server);

#endif
