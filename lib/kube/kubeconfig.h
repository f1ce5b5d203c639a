/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kubeconfig.h - which server to talk to, as whom: kubeconfig, flags, in-cluster
 *
 * vmn_kube_config_load() reads and merges the files as client-go does;
 * vmn_kube_config_resolve() applies context and flags and gives a struct
 * vmn_kube_target, all that lib/kube/client.c needs. Nothing here reads the
 * environment: the caller passes what matters in struct vmn_kube_sources.
 */
#ifndef VMN_KUBE_KUBECONFIG_H
#define VMN_KUBE_KUBECONFIG_H

#include <stdbool.h>

#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/str.h"

struct json_object;
struct vmn_kube_auth; /* auth.h: where the credentials come from, and when they expire */

/* Where configuration may come from. Strings are borrowed, NULL means unset. */
struct vmn_kube_sources {
	const char *kubeconfig_flag; /* --kubeconfig: this file only */
	const char *kubeconfig_env;  /* $KUBECONFIG: colon list, merged */
	const char *home;	     /* $HOME, for ~/.kube/config */
	const char *service_host;    /* $KUBERNETES_SERVICE_HOST, set inside a pod */
	const char *service_port;    /* $KUBERNETES_SERVICE_PORT */
	const char *pod_namespace;   /* $POD_NAMESPACE, which comes before the service account's */
	const char *service_dir;     /* NULL: /var/run/secrets/kubernetes.io/serviceaccount */
	const char *https_proxy; /* $HTTPS_PROXY / $https_proxy, for clusters without a proxy-url */
	const char *no_proxy;	 /* $NO_PROXY / $no_proxy */
};

/* Global options that override the files; kubectl's names and meanings. Borrowed. */
struct vmn_kube_overrides {
	const char *context, *cluster, *user, *ns;
	const char *server;
	const char *token;
	const char *username, *password;
	const char *as, *as_uid;
	const struct vmn_strlist *as_groups;	     /* may be NULL */
	const char *certificate_authority;	     /* file */
	const char *client_certificate, *client_key; /* files */
	const char *tls_server_name;
	bool insecure_skip_tls_verify;
};

/* A server and the way to it. Owned strings; PEM texts stay in memory, never on disk. */
struct vmn_kube_target {
	char *server;		  /* "https://host:port/prefix", no trailing slash */
	char *ns;		  /* namespace to use when the command names none; never NULL */
	char *context;		  /* name of the context used, or NULL (flags only, in-cluster) */
	char *ca_pem;		  /* NULL: the system's CAs */
	char *tls_server_name;	  /* SNI and the name checked in the certificate, or NULL */
	char *proxy_url;	  /* http://, https:// or socks5h://, or NULL: none */
	bool insecure;		  /* do not verify; the user was warned */
	bool disable_compression; /* do not ask for gzip */
	char *as, *as_uid;	  /* impersonation, or NULL */
	struct vmn_strlist as_groups;
	struct vmn_strlist as_extra; /* "KEY=value" for header Impersonate-Extra-KEY */
	struct vmn_kube_auth *auth;  /* owned; never NULL */
};

/* Merged kubeconfig, opaque to most; see kubeconfig.c. */
struct vmn_kube_config;

/**
 * vmn_kube_config_load() - read and merge kubeconfig files
 *
 * --kubeconfig must exist; files of $KUBECONFIG and ~/.kube/config may be missing. The first file
 * to set a value or to name an entry wins; relative paths are made absolute against the file that
 * holds them. Source: client-go tools/clientcmd/loader.go, checked against kubectl.
 *
 * Return: 0, -VMN_E_CONFIG (file, line and column in the message), -VMN_E_PERMISSION
 */
int vmn_kube_config_load(const struct vmn_kube_sources *src, struct vmn_kube_config **ret,
			 struct vmn_err *err) VMN_MUST_CHECK;
void vmn_kube_config_free_p(struct vmn_kube_config **cfg);
#define vmn_auto_kube_config VMN_CLEANUP(vmn_kube_config_free_p)

/** vmn_kube_config_contexts() - append all context names, sorted; for completion */
void vmn_kube_config_contexts(const struct vmn_kube_config *cfg, struct vmn_strlist *ret);
void vmn_kube_config_clusters(const struct vmn_kube_config *cfg, struct vmn_strlist *ret);
void vmn_kube_config_users(const struct vmn_kube_config *cfg, struct vmn_strlist *ret);

/**
 * vmn_kube_config_resolve() - the target after flags, context and in-cluster fallback
 * @log:	may be NULL; gets a level-0 warning when the server is not verified
 * @ret:	initialised on success; caller clears it with vmn_kube_target_clear()
 *
 * Return: 0, -VMN_E_CONFIG (no such context, cluster or user; no server at all; key without
 * certificate; ...), -VMN_E_INVALID, errors of reading the files named
 */
int vmn_kube_config_resolve(const struct vmn_kube_config *cfg, const struct vmn_kube_sources *src,
			    const struct vmn_kube_overrides *ov, const struct vmn_log *log,
			    struct vmn_kube_target *ret, struct vmn_err *err) VMN_MUST_CHECK;
void vmn_kube_target_clear(struct vmn_kube_target *t);
#define vmn_auto_kube_target VMN_CLEANUP(vmn_kube_target_clear)

#endif
