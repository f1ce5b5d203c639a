/* SPDX-License-Identifier: Apache-2.0 */
/* handle.c - curl handles with everything set that is the same for all requests of a client */
#include "config.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/kube/auth.h"
#include "lib/kube/transfer.h"

enum {
	KEEPALIVE_IDLE_S = 30,
	KEEPALIVE_INTERVAL_S = 15,
	CONNECT_TIMEOUT_MS = 15000,
};

/* curl's own would be inherited by credential plugins. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)arg;
	(void)purpose;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static void set_blob(const struct vmn_curl *c, CURL *easy, CURLoption option, const char *pem)
{
	struct curl_blob blob = {(void *)(uintptr_t)pem, strlen(pem), CURL_BLOB_COPY};

	(void)c->easy_setopt(easy, option, &blob);
}

static void set_tls(struct vmn_kube *k, CURL *easy, const struct vmn_kube_cred *cred)
{
	const struct vmn_curl *c = k->c;

	if (k->target.insecure) {
		(void)c->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)c->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
		/* as for kubectl, that includes a proxy on the way */
		(void)c->easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 0L);
		(void)c->easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 0L);
	} else if (k->target.ca_pem) {
		/* This CA and no other: curl would go on trusting the system's beside it. */
		(void)c->easy_setopt(easy, CURLOPT_CAINFO, NULL);
		(void)c->easy_setopt(easy, CURLOPT_CAPATH, NULL);
		set_blob(c, easy, CURLOPT_CAINFO_BLOB, k->target.ca_pem);
	}
	/* A TLS proxy may be the cluster's own or one with a public certificate. */
	if (k->target.ca_pem && k->endpoint.proxy)
		set_blob(c, easy, CURLOPT_PROXY_CAINFO_BLOB, k->target.ca_pem);
	if (cred->cert_pem && cred->key_pem) {
		(void)c->easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
		(void)c->easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
		set_blob(c, easy, CURLOPT_SSLCERT_BLOB, cred->cert_pem);
		set_blob(c, easy, CURLOPT_SSLKEY_BLOB, cred->key_pem);
	}
}

static void set_connection(struct vmn_kube *k, CURL *easy)
{
	const struct vmn_curl *c = k->c;

	/* Set even when there is none: curl would look into the environment. */
	(void)c->easy_setopt(easy, CURLOPT_PROXY, k->endpoint.proxy ? k->endpoint.proxy : "");
	(void)c->easy_setopt(easy, CURLOPT_NOPROXY, "");
	(void)c->easy_setopt(easy, CURLOPT_CONNECT_TO, k->connect_to);
	(void)c->easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	(void)c->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	(void)c->easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	(void)c->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	(void)c->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	(void)c->easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)c->easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
	(void)c->easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
	(void)c->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)c->easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	(void)c->easy_setopt(easy, CURLOPT_USERAGENT, k->user_agent);
	if (!k->target.disable_compression)
		(void)c->easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
}

CURL *vmn_handle_get(struct vmn_kube *k, const struct vmn_kube_cred *cred)
{
	CURL *easy;

	if (cred->cert_serial != k->cert_serial) {
		vmn_handle_drop_idle(k);
		k->cert_serial = cred->cert_serial;
	}
	if (k->n_idle)
		return k->idle[--k->n_idle];
	easy = k->c->easy_init();
	if (!easy)
		return NULL;
	set_connection(k, easy);
	set_tls(k, easy, cred);
	return easy;
}

void vmn_handle_put(struct vmn_kube *k, CURL *easy, uint64_t cert_serial)
{
	if (cert_serial != k->cert_serial || k->n_idle == k->max_in_flight) {
		k->c->easy_cleanup(easy);
		return;
	}
	if (!k->idle)
		k->idle = vmn_xcalloc(k->max_in_flight, sizeof(CURL *));
	k->idle[k->n_idle++] = easy;
}

void vmn_handle_drop_idle(struct vmn_kube *k)
{
	while (k->n_idle)
		k->c->easy_cleanup(k->idle[--k->n_idle]);
}
