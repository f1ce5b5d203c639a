/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/kube/endpoint.h"
#include "lib/kube/kubeconfig.h"
#include "lib/kube/url.h"

static const char *default_port(const char *scheme)
{
	if (strcmp(scheme, "https") == 0)
		return "443";
	return strcmp(scheme, "http") == 0 ? "80" : "1080";
}

static char *host_port(const char *host, const struct vmn_url *u)
{
	return vmn_xasprintf(strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
			     u->port ? u->port : default_port(u->scheme));
}

/* Whether @name can stand as the host of a URL without ending it early. */
static bool is_host(const char *name)
{
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f ||
		    strchr("/?#@[]\\%", *p))
			return false;
	return *name != '\0';
}

static int init_server(const struct vmn_kube_target *t, struct vmn_endpoint *e, struct vmn_err *err)
{
	vmn_auto_url struct vmn_url u = {0};
	vmn_auto_free char *authority = NULL;
	const char *name;

	if (vmn_url_parse(t->server, &u, err) < 0) {
		err->code = VMN_E_CONFIG;
		return vmn_err_wrap(err, "cannot use the server's address");
	}
	e->is_tls = strcmp(u.scheme, "https") == 0;
	if (!e->is_tls && strcmp(u.scheme, "http") != 0)
		return vmn_err_set(err, VMN_E_CONFIG,
				   "cannot use server '%s': not a https:// address", t->server);
	name = vmn_is_empty(t->tls_server_name) ? u.host : t->tls_server_name;
	if (!is_host(name))
		return vmn_err_set(err, VMN_E_CONFIG, "'%s' is not a tls-server-name", name);
	authority = host_port(name, &u);
	e->server = vmn_xstrdup(t->server);
	e->shown = host_port(u.host, &u);
	e->verified = vmn_xstrdup(name);
	e->base = vmn_xasprintf("%s://%s%s", u.scheme, authority, u.path);
	if (strcmp(name, u.host) != 0)
		e->connect_to = vmn_xasprintf("%s:%s", authority, e->shown);
	return 0;
}

static int init_proxy(const struct vmn_kube_target *t, struct vmn_endpoint *e, struct vmn_err *err)
{
	vmn_auto_url struct vmn_url u = {0};

	if (vmn_is_empty(t->proxy_url))
		return 0;
	if (vmn_url_parse(t->proxy_url, &u, err) < 0) {
		err->code = VMN_E_CONFIG;
		return vmn_err_wrap(err, "cannot use the proxy's address");
	}
	e->proxy = vmn_xstrdup(t->proxy_url);
	e->proxy_shown = host_port(u.host, &u);
	return 0;
}

int vmn_endpoint_init(const struct vmn_kube_target *target, struct vmn_endpoint *ret,
		      struct vmn_err *err)
{
	struct vmn_endpoint e = {0};
	int rc;

	rc = init_server(target, &e, err);
	if (rc == 0)
		rc = init_proxy(target, &e, err);
	if (rc < 0) {
		vmn_endpoint_clear(&e);
		return rc;
	}
	*ret = e;
	return 0;
}

void vmn_endpoint_clear(struct vmn_endpoint *e)
{
	free(e->base);
	free(e->connect_to);
	free(e->verified);
	free(e->shown);
	free(e->server);
	vmn_free_secret(e->proxy);
	free(e->proxy_shown);
	*e = (struct vmn_endpoint){0};
}
