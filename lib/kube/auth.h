/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - credentials of one kubeconfig user, fetched when needed, renewed when they expire
 *
 * One of: nothing, client certificate, token, token file (re-read when it rotates),
 * basic, exec plugin. Secrets live in memory only and are wiped when freed.
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
	uint64_t cert_serial;	   /* changes when certificate or key change: connections must be new */
};

/* Facts about the cluster that an exec plugin may ask for (provideClusterInfo). Borrowed. */
struct vmn_kube_cluster_info {
	const char *server, *tls_server_name, *ca_pem, *proxy_url;
	bool insecure;
	struct json_object *config; /* the cluster's extension client.authentication.k8s.io/exec, or NULL */
};

/**
 * vmn_kube_auth_get() - credentials good for a request sent now
 *
 * Cheap when nothing expired. Runs an exec plugin or re-reads a token file when due.
 *
 * Return: 0, -VMN_E_AUTH (plugin failed; its stderr went to the user, its stdout never
 * does), -VMN_E_CONFIG, -VMN_E_TIMEOUT
 */
int vmn_kube_auth_get(struct vmn_kube_auth *auth, struct vmn_kube_cred *ret,
		      struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_kube_auth_rejected() - the server answered 401 to the last credentials
 *
 * Return: true when fetching them again may help (exec plugin, token file): retry once
 */
bool vmn_kube_auth_rejected(struct vmn_kube_auth *auth);

void vmn_kube_auth_free(struct vmn_kube_auth *auth);

#endif
