/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - credentials of one kubeconfig user, fetched when needed, renewed when they expire
 *
 * One of: nothing, client certificate, token, token file (re-read when it rotates),
 * basic, exec plugin. Secrets live in memory only and are wiped when freed; a plugin's reply
 * is kept for the run and no longer, because plugins have caches of their own, and
 * a second one on disk would be one more place to steal a token from.
 */
#ifndef VMN_KUBE_AUTH_H
#define VMN_KUBE_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/log.h"

struct json_object;
struct vmn_kube_auth;

/* What a request needs now. Borrowed from the auth object until its next call. */
struct vmn_kube_cred {
	const char *authorization; /* whole header value, "Bearer ..." or "Basic ...", or NULL */
	const char *cert_pem;	   /* client certificate chain, or NULL */
	const char *key_pem;	   /* its private key, or NULL */
	uint64_t serial;	   /* changes with every renewal, see vmn_kube_auth_rejected() */
	uint64_t cert_serial; /* changes when certificate or key change: connections must be new */
};

/* Facts about the cluster that an exec plugin may ask for (provideClusterInfo). Borrowed. */
struct vmn_kube_cluster_info {
	const char *server, *tls_server_name, *ca_pem, *proxy_url;
	bool insecure, disable_compression;
	struct json_object
		*config; /* the cluster's extension client.authentication.k8s.io/exec, or NULL */
};

/* What a kubeconfig user, flags or a service account say. Borrowed, NULL means unset. */
struct vmn_kube_auth_spec {
	const char *what;	/* "user 'admin'", for messages; NULL: "the user" */
	const char *token;	/* used while token_file cannot be read */
	const char *token_file; /* absolute */
	const char *username, *password;
	const char *cert_pem, *key_pem; /* both or none */
	struct json_object
		*exec; /* kubeconfig's "exec" mapping; only asked when nothing else is set */
	int64_t exec_timeout_ms;	      /* 0: VMN_EXEC_TIMEOUT_MS */
	struct vmn_kube_cluster_info cluster; /* for the plugin */
	const struct vmn_log *log;	      /* may be NULL; must outlive the auth object */
};

/**
 * vmn_kube_auth_new() - check the credentials and read the token file; a plugin runs later
 *
 * Precedence is client-go's: token file over token, a token or password or certificate over
 * the plugin; token and certificate are both presented; token and password exclude each other.
 *
 * Return: 0, -VMN_E_CONFIG, errors of reading the token file
 */
int vmn_kube_auth_new(const struct vmn_kube_auth_spec *spec, struct vmn_kube_auth **ret,
		      struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_kube_auth_set_stop_fd() - a plugin that runs is ended when @fd is readable */
void vmn_kube_auth_set_stop_fd(struct vmn_kube_auth *auth, int fd);

/**
 * vmn_kube_auth_get() - credentials good for a request sent now
 *
 * Cheap when nothing expired. Runs an exec plugin when there is no reply yet or it has
 * expired, re-reads a token file about once a minute. A plugin that failed is asked again after
 * some seconds only; until then its failure is the answer.
 *
 * Return: 0, -VMN_E_AUTH (plugin failed; its stderr went to the user, its stdout never
 * does), -VMN_E_CONFIG, -VMN_E_TIMEOUT
 */
int vmn_kube_auth_get(struct vmn_kube_auth *auth, struct vmn_kube_cred *ret,
		      struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_kube_auth_rejected() - the server answered 401 to credentials of @serial
 *
 * Of many requests under way with the same credentials the first one has them renewed. What a
 * plugin gave instead and was rejected at once is not renewed again.
 *
 * Return: true when there are or may be others now (exec plugin, token file): retry once
 */
bool vmn_kube_auth_rejected(struct vmn_kube_auth *auth, uint64_t serial);

void vmn_kube_auth_free(struct vmn_kube_auth *auth);

#endif
