/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/child.h"
#include "lib/base/clock.h"
#include "lib/base/encode.h"
#include "lib/kube/exec.h"
#include "lib/kube/pem.h"

#define GROUP "client.authentication.k8s.io"

void vmn_exec_cred_clear(struct vmn_exec_cred *c)
{
	vmn_free_secret(c->token);
	vmn_free_secret(c->cert_pem);
	vmn_free_secret(c->key_pem);
	*c = (struct vmn_exec_cred){0};
}

/* --- configuration -------------------------------------------------------------------- */

static int check_version(const char *version, struct vmn_err *err)
{
	if (vmn_is_empty(version))
		return vmn_err_set(err, VMN_E_CONFIG, "exec plugin without apiVersion");
	if (strcmp(version, GROUP "/v1") == 0 || strcmp(version, GROUP "/v1beta1") == 0)
		return 0;
	(void)vmn_err_set(err, VMN_E_CONFIG, "exec plugin with unknown apiVersion '%s'", version);
	return vmn_err_hint(err, "update the plugin and its apiVersion to " GROUP "/v1%s",
			    strcmp(version, GROUP "/v1alpha1") == 0 ? "; v1alpha1 was removed"
								    : "");
}

/* v1beta1 had no interactiveMode at first, so only v1 insists on it */
static int check_mode(struct json_object *exec, struct vmn_err *err)
{
	const char *mode = vmn_json_str_or(exec, "/interactiveMode", "");

	if (strcmp(mode, "Never") == 0 || strcmp(mode, "IfAvailable") == 0 ||
	    strcmp(mode, "Always") == 0)
		return 0;
	if (*mode)
		return vmn_err_set(err, VMN_E_CONFIG,
				   "exec plugin with unknown interactiveMode '%s'", mode);
	if (strcmp(vmn_json_str(exec, "/apiVersion"), GROUP "/v1") != 0)
		return 0;
	(void)vmn_err_set(err, VMN_E_CONFIG, "exec plugin without interactiveMode");
	return vmn_err_hint(err, "set it to Never, IfAvailable or Always; v1 requires it");
}

int vmn_exec_check(struct json_object *exec, struct vmn_err *err)
{
	int rc = check_version(vmn_json_str(exec, "/apiVersion"), err);

	if (rc == 0)
		rc = check_mode(exec, err);
	if (rc < 0)
		return rc;
	if (vmn_is_empty(vmn_json_str(exec, "/command")))
		return vmn_err_set(err, VMN_E_CONFIG, "exec plugin without command");
	vmn_json_each(item, vmn_json_array(exec, "/env")) {
		const char *name = vmn_json_str(item, "/name");

		if (vmn_is_empty(name) || strchr(name, '='))
			return vmn_err_set(err, VMN_E_CONFIG,
					   "exec plugin with a malformed name in env");
	}
	return 0;
}

/* --- what the plugin is told ---------------------------------------------------------- */

static struct json_object *cluster_json(const struct vmn_kube_cluster_info *c)
{
	struct json_object *obj = json_object_new_object();

	vmn_json_set_str(obj, "server", c->server);
	if (!vmn_is_empty(c->tls_server_name))
		vmn_json_set_str(obj, "tls-server-name", c->tls_server_name);
	if (c->insecure)
		vmn_json_set_bool(obj, "insecure-skip-tls-verify", true);
	if (!vmn_is_empty(c->ca_pem)) {
		vmn_auto_free char *data = vmn_base64_encode(c->ca_pem, strlen(c->ca_pem));

		vmn_json_set_str(obj, "certificate-authority-data", data);
	}
	if (!vmn_is_empty(c->proxy_url))
		vmn_json_set_str(obj, "proxy-url", c->proxy_url);
	if (c->disable_compression)
		vmn_json_set_bool(obj, "disable-compression", true);
	/* a plugin of v1 expects null when there is no such extension */
	vmn_json_set_take(obj, "config", json_object_get(c->config));
	return obj;
}

static char *exec_info(struct json_object *exec, const struct vmn_kube_cluster_info *cluster,
		       bool is_interactive)
{
	vmn_auto_json struct json_object *info =
		vmn_json_build("{\"kind\":\"ExecCredential\",\"apiVersion\":%s,\"spec\":{}}",
			       vmn_json_str(exec, "/apiVersion"));
	struct json_object *spec = vmn_json_get(info, "/spec");

	if (vmn_json_bool(exec, "/provideClusterInfo", false))
		vmn_json_set_take(spec, "cluster", cluster_json(cluster));
	vmn_json_set_bool(spec, "interactive", is_interactive);
	return vmn_xasprintf("KUBERNETES_EXEC_INFO=%s", vmn_json_text(info));
}

static const char **argv_of(struct json_object *exec)
{
	struct json_object *args = vmn_json_array(exec, "/args");
	const char **argv = vmn_xcalloc(vmn_json_len(args) + 2, sizeof(*argv));
	size_t n = 0;

	argv[n++] = vmn_json_str(exec, "/command");
	vmn_json_each(arg, args)
		argv[n++] = json_object_get_string(arg);
	return argv;
}

static void env_of(struct json_object *exec, const char *info, struct vmn_strlist *ret)
{
	vmn_json_each(item, vmn_json_array(exec, "/env")) {
		vmn_auto_free char *entry = vmn_xasprintf("%s=%s", vmn_json_str(item, "/name"),
							  vmn_json_str_or(item, "/value", ""));

		vmn_strlist_add(ret, entry);
	}
	vmn_strlist_add(ret, info);
}

static int decide_interactive(struct json_object *exec, bool *ret, struct vmn_err *err)
{
	const char *mode = vmn_json_str_or(exec, "/interactiveMode", "");
	bool is_terminal = isatty(STDIN_FILENO);

	if (strcmp(mode, "Always") == 0 && !is_terminal)
		return vmn_err_set(
			err, VMN_E_AUTH,
			"exec plugin '%s' wants to ask questions, but stdin is not a terminal",
			vmn_json_str(exec, "/command"));
	*ret = strcmp(mode, "Never") != 0 && is_terminal;
	return 0;
}

/* --- what it answers ------------------------------------------------------------------ */

static int check_reply_kind(struct json_object *obj, const char *api_version, struct vmn_err *err)
{
	const char *version = vmn_json_str_or(obj, "/apiVersion", "");

	if (strcmp(vmn_json_str_or(obj, "/kind", ""), "ExecCredential") != 0)
		return vmn_err_set(err, VMN_E_AUTH, "its reply is not an ExecCredential");
	if (strcmp(version, api_version) != 0)
		return vmn_err_set(err, VMN_E_AUTH,
				   "it was asked for API version %s and returned another one",
				   api_version);
	return 0;
}

static char *dup_field(struct json_object *status, const char *path)
{
	const char *s = vmn_json_str(status, path);

	return vmn_is_empty(s) ? NULL : vmn_xstrdup(s);
}

static int read_status(struct json_object *status, struct vmn_exec_cred *c, struct vmn_err *err)
{
	struct json_object *expiry = vmn_json_get(status, "/expirationTimestamp");

	if (!json_object_is_type(status, json_type_object))
		return vmn_err_set(err, VMN_E_AUTH, "its reply has no status");
	c->token = dup_field(status, "/token");
	c->cert_pem = dup_field(status, "/clientCertificateData");
	c->key_pem = dup_field(status, "/clientKeyData");
	if (!c->token && !c->cert_pem && !c->key_pem)
		return vmn_err_set(err, VMN_E_AUTH,
				   "its reply has neither a token nor a certificate with its key");
	if (!c->cert_pem != !c->key_pem)
		return vmn_err_set(err, VMN_E_AUTH,
				   "its reply has only one of certificate and key");
	if (c->cert_pem && (vmn_pem_check_cert(c->cert_pem, "the certificate in its reply", err) ||
			    vmn_pem_check_key(c->key_pem, "the key in its reply", err))) {
		err->code = VMN_E_AUTH;
		return -VMN_E_AUTH;
	}
	if (!expiry)
		return 0;
	c->has_expiry = true;
	if (!json_object_is_type(expiry, json_type_string) ||
	    !vmn_rfc3339_parse(json_object_get_string(expiry), &c->expires_utc))
		return vmn_err_set(err, VMN_E_AUTH,
				   "the expirationTimestamp in its reply is not a time");
	return 0;
}

int vmn_exec_reply(const char *text, size_t len, const char *api_version, struct vmn_exec_cred *ret,
		   struct vmn_err *err)
{
	vmn_auto_exec_cred struct vmn_exec_cred c = {0};
	vmn_auto_json struct json_object *obj = NULL;
	int rc;

	if (vmn_json_parse(text, len, &obj, err) < 0) {
		err->code = VMN_E_AUTH;
		return vmn_err_wrap(err, "its reply");
	}
	rc = check_reply_kind(obj, api_version, err);
	if (rc == 0)
		rc = read_status(vmn_json_get(obj, "/status"), &c, err);
	vmn_json_wipe(obj);
	if (rc < 0)
		return rc;
	*ret = c;
	c = (struct vmn_exec_cred){0};
	return 0;
}

/* --- running it ----------------------------------------------------------------------- */

static int cannot_run(struct json_object *exec, struct vmn_err *err)
{
	const char *hint = vmn_json_str_or(exec, "/installHint", "");
	bool is_missing = err->code == VMN_E_NOT_FOUND;

	if (err->code != VMN_E_TIMEOUT && err->code != VMN_E_CANCELLED)
		err->code = VMN_E_AUTH;
	if (*hint && is_missing)
		(void)vmn_err_hint(err, "%s", hint);
	else if (is_missing)
		(void)vmn_err_hint(err, "install the credential plugin that the kubeconfig names");
	return vmn_err_wrap(err, "exec plugin");
}

static int check_end(const struct vmn_child_result *r, struct vmn_err *err)
{
	if (r->signal)
		return vmn_err_set(err, VMN_E_AUTH, "it was ended by signal %d", r->signal);
	if (r->exit_code)
		return vmn_err_set(err, VMN_E_AUTH, "it failed with exit status %d", r->exit_code);
	return 0;
}

int vmn_exec_run(struct json_object *exec, const struct vmn_kube_cluster_info *cluster,
		 int64_t timeout_ms, int stop_fd, struct vmn_exec_cred *ret, struct vmn_err *err)
{
	vmn_auto_child_result struct vmn_child_result r =
		VMN_CHILD_RESULT_INIT(VMN_EXEC_MAX_OUTPUT);
	vmn_auto_free const char **argv = argv_of(exec);
	vmn_auto_strlist struct vmn_strlist env = {0};
	vmn_auto_free char *info = NULL;
	bool is_interactive = false;
	int rc = decide_interactive(exec, &is_interactive, err);

	if (rc < 0)
		return rc;
	info = exec_info(exec, cluster, is_interactive);
	env_of(exec, info, &env);
	struct vmn_child_opts opts = {
		.argv = argv,
		.env = (const char *const *)env.v,
		.inherit_stdin = is_interactive,
		.inherit_stderr = true,
		.deadline_ms = vmn_deadline_in(timeout_ms),
		.stop_fd = stop_fd,
	};

	if (vmn_child_run(&opts, &r, err) < 0)
		return cannot_run(exec, err);
	rc = check_end(&r, err);
	if (rc == 0)
		rc = vmn_exec_reply(vmn_buf_str(&r.out), r.out.len,
				    vmn_json_str(exec, "/apiVersion"), ret, err);
	if (rc < 0)
		return vmn_err_wrap(err, "exec plugin '%s'", argv[0]);
	return 0;
}
