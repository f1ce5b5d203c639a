/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec.h - exec credential plugins: client.authentication.k8s.io v1 and v1beta1
 *
 * Source: kubernetes.io/docs/reference/access-authn-authz/authentication, client-go credential
 * plugins
 */
#ifndef VMN_KUBE_EXEC_H
#define VMN_KUBE_EXEC_H

#include "lib/data/json.h"
#include "lib/kube/auth.h"

enum {
	VMN_EXEC_MAX_OUTPUT = 1 << 20,
	VMN_EXEC_TIMEOUT_MS = 5 * 60 * 1000, /* people log in with a browser meanwhile */
};

/* What a plugin replied. Clearing wipes it. */
struct vmn_exec_cred {
	char *token;		  /* or NULL */
	char *cert_pem, *key_pem; /* both or none */
	bool has_expiry;
	int64_t expires_utc;
};

/**
 * vmn_exec_check() - whether a kubeconfig's "exec" mapping can be used at all
 *
 * Return: 0 or -VMN_E_CONFIG: no command, unknown apiVersion or interactiveMode, ...
 */
int vmn_exec_check(struct json_object *exec, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_exec_run() - run the plugin
 * @exec:	kubeconfig's "exec" mapping, checked before, command's path absolute
 * @cluster:	told to the plugin when it asks for it (provideClusterInfo)
 * @stop_fd:	ends it when readable; 0: none
 * @ret:	initialised on success
 *
 * Its stderr is ours. Its stdin is ours when interactiveMode allows it and stdin is a terminal.
 *
 * Return: 0, -VMN_E_AUTH, -VMN_E_TIMEOUT, -VMN_E_CANCELLED; no message holds any of its output
 */
int vmn_exec_run(struct json_object *exec, const struct vmn_kube_cluster_info *cluster,
		 int64_t timeout_ms, int stop_fd, struct vmn_exec_cred *ret,
		 struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_exec_reply() - read an ExecCredential (pure)
 * @api_version:	that the plugin was asked for
 *
 * Return: 0 or -VMN_E_AUTH
 */
int vmn_exec_reply(const char *text, size_t len, const char *api_version, struct vmn_exec_cred *ret,
		   struct vmn_err *err) VMN_MUST_CHECK;

void vmn_exec_cred_clear(struct vmn_exec_cred *c);
#define vmn_auto_exec_cred VMN_CLEANUP(vmn_exec_cred_clear)

#endif
