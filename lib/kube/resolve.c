/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - merged kubeconfig, flags and pod environment become one struct vmn_kube_target */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/encode.h"
#include "lib/base/file.h"
#include "lib/kube/auth.h"
#include "lib/kube/kubeconfig_tree.h"
#include "lib/kube/path.h"
#include "lib/kube/pem.h"
#include "lib/kube/url.h"

#define SERVICE_DIR "/var/run/secrets/kubernetes.io/serviceaccount"
#define EXEC_EXTENSION "client.authentication.k8s.io/exec"

enum { MAX_PEM_BYTES = 4 << 20, MAX_NAMESPACE_BYTES = 4096 };

/* What there is to resolve: borrowed trees and their names for messages. */
struct choice {
	const char *context_name;
	const char *cluster_name;
	const char *user_name;
	struct json_object *context; /* any may be NULL */
	struct json_object *cluster;
	struct json_object *user;
	bool is_in_cluster;
};

/* A string field that says something: NULL when missing, null or empty. */
static const char *field(struct json_object *entry, const char *path)
{
	const char *s = vmn_json_str(entry, path);

	return vmn_is_empty(s) ? NULL : s;
}

static const char *either(const char *flag, const char *configured)
{
	return vmn_is_empty(flag) ? configured : flag;
}

static char *dup_or_null(const char *s)
{
	return s ? vmn_xstrdup(s) : NULL;
}

/* --- which context, cluster and user -------------------------------------------------- */

static int no_such(struct json_object *entries, const char *what, const char *name,
		   struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf names = VMN_BUF_INIT(1000);

	json_object_object_foreach(entries, known, entry) {
		(void)entry;
		vmn_buf_addf(&names, "%s%s", names.len ? ", " : "", known);
	}
	(void)vmn_err_set(err, VMN_E_CONFIG, "the kubeconfig has no %s '%s'", what, name);
	if (names.len)
		(void)vmn_err_hint(err, "it has: %s", names.data);
	return -VMN_E_CONFIG;
}

static int choose_context(const struct vmn_kube_config *cfg, const struct vmn_kube_overrides *ov,
			  struct choice *c, struct vmn_err *err)
{
	c->context_name = either(ov->context, cfg->current_context);
	if (!c->context_name)
		return 0;
	if (!json_object_object_get_ex(cfg->contexts, c->context_name, &c->context))
		return no_such(cfg->contexts, "context", c->context_name, err);
	return 0;
}

static int choose_cluster(const struct vmn_kube_config *cfg, const struct vmn_kube_overrides *ov,
			  struct choice *c, struct vmn_err *err)
{
	c->cluster_name = either(ov->cluster, field(c->context, "/cluster"));
	if (!c->cluster_name)
		return 0;
	/* a context may dangle as long as flags name the server */
	if (!json_object_object_get_ex(cfg->clusters, c->cluster_name, &c->cluster) &&
	    (!vmn_is_empty(ov->cluster) || vmn_is_empty(ov->server)))
		return no_such(cfg->clusters, "cluster", c->cluster_name, err);
	return 0;
}

static int choose_user(const struct vmn_kube_config *cfg, const struct vmn_kube_overrides *ov,
		       struct choice *c, struct vmn_err *err)
{
	bool has_flags = !vmn_is_empty(ov->token) || !vmn_is_empty(ov->client_certificate) ||
			 !vmn_is_empty(ov->username);

	c->user_name = either(ov->user, field(c->context, "/user"));
	if (!c->user_name)
		return 0;
	if (!json_object_object_get_ex(cfg->users, c->user_name, &c->user) &&
	    (!vmn_is_empty(ov->user) || !has_flags))
		return no_such(cfg->users, "user", c->user_name, err);
	return 0;
}

/* --- inside a pod --------------------------------------------------------------------- */

static char *service_file(const struct vmn_kube_sources *src, const char *name)
{
	return vmn_path_join(src->service_dir ? src->service_dir : SERVICE_DIR, name);
}

static bool is_in_pod(const struct vmn_kube_sources *src)
{
	vmn_auto_free char *token = service_file(src, "token");

	return !vmn_is_empty(src->service_host) && !vmn_is_empty(src->service_port) &&
	       access(token, R_OK) == 0;
}

/* A cluster and a user as a kubeconfig would describe them. */
static void choose_pod(const struct vmn_kube_sources *src, struct choice *c,
		       struct json_object **ret_cluster, struct json_object **ret_user)
{
	vmn_auto_free char *server = NULL, *token = service_file(src, "token"),
			   *ca = service_file(src, "ca.crt");

	server = vmn_xasprintf(strchr(src->service_host, ':') ? "https://[%s]:%s" : "https://%s:%s",
			       src->service_host, src->service_port);
	*ret_cluster = vmn_json_build("{\"server\":%s}", server);
	*ret_user = vmn_json_build("{\"tokenFile\":%s}", token);
	if (access(ca, R_OK) == 0)
		vmn_json_set_str(*ret_cluster, "certificate-authority", ca);
	*c = (struct choice){
		.cluster_name = "in-cluster",
		.user_name = "service account",
		.cluster = *ret_cluster,
		.user = *ret_user,
		.is_in_cluster = true,
	};
}

/* Source: client-go tools/clientcmd/client_config.go, inClusterClientConfig.Namespace() */
static char *pod_namespace(const struct vmn_kube_sources *src)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(MAX_NAMESPACE_BYTES);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *path = service_file(src, "namespace");
	size_t len;

	if (!vmn_is_empty(src->pod_namespace))
		return vmn_xstrdup(src->pod_namespace);
	if (vmn_file_read(path, &text, &err) < 0)
		return NULL;
	len = strcspn(vmn_buf_str(&text), " \t\r\n");
	return len ? vmn_xstrndup(text.data, len) : NULL;
}

static char *choose_namespace(const struct vmn_kube_sources *src,
			      const struct vmn_kube_overrides *ov, const struct choice *c)
{
	const char *ns = either(ov->ns, field(c->context, "/namespace"));
	char *of_pod = NULL;

	if (!ns && is_in_pod(src))
		of_pod = pod_namespace(src);
	return of_pod ? of_pod : vmn_xstrdup(ns ? ns : "default");
}

/* --- PEM texts ------------------------------------------------------------------------ */

/* Where a certificate or key comes from: "NAME-data" (base64) or the file called NAME. */
struct pem_source {
	const char *name;  /* "client-key" */
	const char *owner; /* "user 'u'" */
	const char *flag;  /* file given on the command line, which replaces both */
	struct json_object *entry;
	int (*check)(const char *pem, const char *what, struct vmn_err *err);
};

static int read_pem_file(const char *path, char **ret, struct vmn_err *err)
{
	struct vmn_buf text = VMN_BUF_INIT(MAX_PEM_BYTES);
	int rc = vmn_file_read(path, &text, err);

	if (rc == 0) {
		*ret = vmn_buf_steal(&text);
		return 0;
	}
	if (text.data)
		explicit_bzero(text.data, text.size);
	vmn_buf_clear(&text);
	return rc;
}

/* *@ret stays NULL when nothing is configured. */
static int load_pem(const struct pem_source *s, char **ret, struct vmn_err *err)
{
	vmn_auto_free char *data_path = vmn_xasprintf("/%s-data", s->name);
	vmn_auto_free char *file_path = vmn_xasprintf("/%s", s->name);
	vmn_auto_free char *what = NULL;
	vmn_auto_secret char *pem = NULL;
	const char *data = vmn_is_empty(s->flag) ? field(s->entry, data_path) : NULL;
	const char *file = either(s->flag, field(s->entry, file_path));

	if (!data && !file)
		return 0;
	what = vmn_xasprintf("%s%s of %s", s->name, data ? "-data" : "", s->owner);
	if (data && !vmn_base64_decode(data, &pem, NULL))
		return vmn_err_set(err, VMN_E_CONFIG, "%s is not base64", what);
	if (!data && read_pem_file(file, &pem, err) < 0)
		return vmn_err_wrap(err, "%s", what);
	if (s->check(pem, what, err) < 0)
		return -(int)err->code;
	*ret = vmn_steal(&pem);
	return 0;
}

/* --- the server ----------------------------------------------------------------------- */

static int no_server(const struct vmn_kube_config *cfg, const struct choice *c, struct vmn_err *err)
{
	if (c->cluster_name) {
		(void)vmn_err_set(err, VMN_E_CONFIG,
				  "cluster '%s' of the kubeconfig names no server",
				  c->cluster_name);
		return vmn_err_hint(err, "add its address to the kubeconfig, or use --server");
	}
	if (c->context_name) {
		(void)vmn_err_set(err, VMN_E_CONFIG,
				  "context '%s' of the kubeconfig names no cluster",
				  c->context_name);
		return vmn_err_hint(err, "choose another one with --context, or use --cluster");
	}
	if (cfg->missing.n && !cfg->files.n)
		(void)vmn_err_set(err, VMN_E_CONFIG,
				  "no Kubernetes server is configured: '%s' does not exist",
				  cfg->missing.v[0]);
	else if (cfg->files.n)
		(void)vmn_err_set(err, VMN_E_CONFIG,
				  "no Kubernetes server is configured: '%s' has no current context",
				  cfg->files.v[0]);
	else
		(void)vmn_err_set(err, VMN_E_CONFIG, "no Kubernetes server is configured");
	if (json_object_object_length(cfg->contexts) > 0)
		return vmn_err_hint(err, "choose a context with --context");
	return vmn_err_hint(err, "set KUBECONFIG, or use --kubeconfig or --server; "
				 "'vmnetctl lab up' starts a server to try things on");
}

static int resolve_proxy(const struct vmn_kube_sources *src, const struct choice *c,
			 struct vmn_kube_target *t, struct vmn_err *err)
{
	const char *configured = field(c->cluster, "/proxy-url");
	int rc;

	if (configured) {
		rc = vmn_proxy_url(configured, false, &t->proxy_url, err);
		if (rc < 0) {
			err->code = VMN_E_CONFIG;
			return vmn_err_wrap(err, "proxy-url of cluster '%s'", c->cluster_name);
		}
		return 0;
	}
	if (vmn_is_empty(src->https_proxy) || !vmn_starts_with(t->server, "https:") ||
	    vmn_no_proxy_has(src->no_proxy, t->server))
		return 0;
	rc = vmn_proxy_url(src->https_proxy, true, &t->proxy_url, err);
	if (rc < 0) {
		err->code = VMN_E_CONFIG;
		return vmn_err_wrap(err, "HTTPS_PROXY");
	}
	return 0;
}

/* A flag that says how to trust the server replaces all that the kubeconfig says about it. */
static int resolve_trust(const struct vmn_kube_overrides *ov, const struct choice *c,
			 struct vmn_kube_target *t, struct vmn_err *err)
{
	bool has_flag = ov->insecure_skip_tls_verify || !vmn_is_empty(ov->certificate_authority);
	vmn_auto_free char *owner =
		vmn_xasprintf("cluster '%s'", c->cluster_name ? c->cluster_name : "");
	struct pem_source ca = {
		.name = "certificate-authority",
		.owner = owner,
		.flag = ov->certificate_authority,
		.entry = has_flag ? NULL : c->cluster,
		.check = vmn_pem_check_cert,
	};
	int rc = load_pem(&ca, &t->ca_pem, err);

	if (rc < 0)
		return rc;
	t->insecure = has_flag ? ov->insecure_skip_tls_verify
			       : vmn_json_bool(c->cluster, "/insecure-skip-tls-verify", false);
	if (!t->insecure || !t->ca_pem)
		return 0;
	(void)vmn_err_set(err, VMN_E_CONFIG,
			  "%s has a certificate-authority and insecure-skip-tls-verify", owner);
	return vmn_err_hint(err, "drop insecure-skip-tls-verify");
}

static int resolve_server(const struct vmn_kube_config *cfg, const struct vmn_kube_sources *src,
			  const struct vmn_kube_overrides *ov, const struct choice *c,
			  struct vmn_kube_target *t, struct vmn_err *err)
{
	const char *server = either(ov->server, field(c->cluster, "/server"));
	/* the configured name belongs to the configured server */
	const char *tls_server_name =
		vmn_is_empty(ov->server) ? field(c->cluster, "/tls-server-name") : NULL;
	int rc;

	if (!server)
		return no_server(cfg, c, err);
	rc = vmn_server_url(server, &t->server, err);
	if (rc < 0) {
		const char *at = strrchr(server, '@'); /* what is before it may be a password */

		err->code = VMN_E_CONFIG;
		return vmn_err_wrap(err, "server '%s'", at ? at + 1 : server);
	}
	t->tls_server_name = dup_or_null(either(ov->tls_server_name, tls_server_name));
	t->disable_compression = vmn_json_bool(c->cluster, "/disable-compression", false);
	rc = resolve_proxy(src, c, t, err);
	if (rc == 0 && vmn_starts_with(t->server, "https:"))
		rc = resolve_trust(ov, c, t, err);
	return rc;
}

/* --- the user ------------------------------------------------------------------------- */

static void add_extra(struct json_object *extra, struct vmn_strlist *ret)
{
	if (!extra)
		return;
	json_object_object_foreach(extra, key, values) {
		vmn_auto_free char *escaped = vmn_url_escape(key);

		vmn_json_each(value, values) {
			vmn_auto_free char *pair =
				vmn_xasprintf("%s=%s", escaped, json_object_get_string(value));

			vmn_strlist_add(ret, pair);
		}
	}
}

/* These become header fields. */
static bool is_clean(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static bool are_clean(const struct vmn_strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!is_clean(l->v[i]))
			return false;
	return true;
}

static int resolve_impersonation(const struct vmn_kube_overrides *ov, const struct choice *c,
				 struct vmn_kube_target *t, struct vmn_err *err)
{
	t->as = dup_or_null(either(ov->as, field(c->user, "/as")));
	t->as_uid = dup_or_null(either(ov->as_uid, field(c->user, "/as-uid")));
	if (ov->as_groups && ov->as_groups->n) {
		for (size_t i = 0; i < ov->as_groups->n; i++)
			vmn_strlist_add(&t->as_groups, ov->as_groups->v[i]);
	} else {
		vmn_json_each(group, vmn_json_array(c->user, "/as-groups"))
			vmn_strlist_add(&t->as_groups, json_object_get_string(group));
	}
	add_extra(vmn_json_get(c->user, "/as-user-extra"), &t->as_extra);
	if (!is_clean(t->as) || !is_clean(t->as_uid) || !are_clean(&t->as_groups) ||
	    !are_clean(&t->as_extra))
		return vmn_err_set(err, VMN_E_CONFIG,
				   "the identity to impersonate holds a control character");
	if (t->as || (!t->as_uid && !t->as_groups.n && !t->as_extra.n))
		return 0;
	(void)vmn_err_set(err, VMN_E_CONFIG,
			  "a uid, group or extra field is to be impersonated without a user");
	return vmn_err_hint(err, "name the user with --as");
}

static int load_client_cert(const struct vmn_kube_overrides *ov, const struct choice *c,
			    const char *owner, char **ret_cert, char **ret_key, struct vmn_err *err)
{
	struct pem_source cert = {.name = "client-certificate",
				  .owner = owner,
				  .flag = ov->client_certificate,
				  .entry = c->user,
				  .check = vmn_pem_check_cert};
	struct pem_source key = {.name = "client-key",
				 .owner = owner,
				 .flag = ov->client_key,
				 .entry = c->user,
				 .check = vmn_pem_check_key};
	int rc = load_pem(&cert, ret_cert, err);

	if (rc == 0)
		rc = load_pem(&key, ret_key, err);
	if (rc < 0)
		return rc;
	if (!*ret_cert != !*ret_key)
		return vmn_err_set(err, VMN_E_CONFIG, "%s has a %s but no %s", owner,
				   *ret_cert ? "client-certificate" : "client-key",
				   *ret_cert ? "client-key" : "client-certificate");
	return 0;
}

/* auth-provider plugins were compiled into old kubectls; nothing can run them now */
static int check_auth_provider(const struct choice *c, const char *owner,
			       const struct vmn_kube_auth_spec *s, struct vmn_err *err)
{
	struct json_object *provider = vmn_json_get(c->user, "/auth-provider");

	if (!provider || s->token || s->token_file || s->username || s->cert_pem)
		return 0;
	if (s->exec)
		return vmn_err_set(err, VMN_E_CONFIG,
				   "%s has both an auth-provider and an exec plugin", owner);
	(void)vmn_err_set(err, VMN_E_CONFIG, "%s needs auth-provider '%s', which no longer exists",
			  owner, vmn_json_str_or(provider, "/name", ""));
	return vmn_err_hint(err, "have the kubeconfig made anew with an exec credential plugin");
}

static struct json_object *exec_extension(struct json_object *cluster)
{
	struct json_object *list = vmn_json_array(cluster, "/extensions");

	return vmn_json_get(vmn_json_find(list, "name", EXEC_EXTENSION, NULL), "/extension");
}

/* Flags win over the kubeconfig, and a token or password given as a flag is the only one then. */
static void fill_spec(const struct vmn_kube_overrides *ov, const struct choice *c,
		      struct vmn_kube_auth_spec *s)
{
	if (!vmn_is_empty(ov->token)) {
		s->token = ov->token;
	} else if (!vmn_is_empty(ov->username) || !vmn_is_empty(ov->password)) {
		s->username = ov->username;
		s->password = ov->password;
	} else {
		s->token = field(c->user, "/token");
		s->token_file = field(c->user, "/tokenFile");
		s->username = field(c->user, "/username");
		s->password = field(c->user, "/password");
	}
	s->exec = vmn_json_get(c->user, "/exec");
}

static int resolve_auth(const struct vmn_kube_overrides *ov, const struct choice *c,
			const struct vmn_log *log, struct vmn_kube_target *t, struct vmn_err *err)
{
	vmn_auto_free char *owner = vmn_xasprintf(c->is_in_cluster ? "the %s" : "user '%s'",
						  c->user_name ? c->user_name : "");
	vmn_auto_secret char *cert_pem = NULL, *key_pem = NULL;
	struct vmn_kube_auth_spec s = {
		.what = owner,
		.cluster = {.server = t->server,
			    .tls_server_name = t->tls_server_name,
			    .ca_pem = t->ca_pem,
			    .proxy_url = field(c->cluster, "/proxy-url"),
			    .insecure = t->insecure,
			    .disable_compression = t->disable_compression,
			    .config = exec_extension(c->cluster)},
		.log = log,
	};
	int rc;

	/* as kubectl: nothing secret goes over a line that anybody can read */
	if (!vmn_starts_with(t->server, "https:"))
		return vmn_kube_auth_new(&s, &t->auth, err);
	fill_spec(ov, c, &s);
	rc = load_client_cert(ov, c, owner, &cert_pem, &key_pem, err);
	if (rc < 0)
		return rc;
	s.cert_pem = cert_pem;
	s.key_pem = key_pem;
	rc = check_auth_provider(c, owner, &s, err);
	if (rc == 0)
		rc = vmn_kube_auth_new(&s, &t->auth, err);
	return rc;
}

/* --- all of it ------------------------------------------------------------------------ */

static void warn(const struct vmn_kube_target *t, const struct vmn_log *log)
{
	if (t->insecure)
		vmn_logf(log, 0,
			 "the certificate of %s is not verified: others can read and change what "
			 "is sent",
			 t->server);
}

/* In a pod the service account is used when neither files nor flags choose a cluster. */
static bool wants_pod(const struct vmn_kube_sources *src, const struct vmn_kube_overrides *ov,
		      const struct choice *c)
{
	return !c->context_name && !c->cluster_name && vmn_is_empty(ov->server) && is_in_pod(src);
}

int vmn_kube_config_resolve(const struct vmn_kube_config *cfg, const struct vmn_kube_sources *src,
			    const struct vmn_kube_overrides *ov, const struct vmn_log *log,
			    struct vmn_kube_target *ret, struct vmn_err *err)
{
	vmn_auto_json struct json_object *pod_cluster = NULL, *pod_user = NULL;
	vmn_auto_kube_target struct vmn_kube_target t = {0};
	struct choice c = {0};
	int rc = choose_context(cfg, ov, &c, err);

	if (rc == 0)
		rc = choose_cluster(cfg, ov, &c, err);
	if (rc == 0)
		rc = choose_user(cfg, ov, &c, err);
	if (rc < 0)
		return rc;
	if (wants_pod(src, ov, &c))
		choose_pod(src, &c, &pod_cluster, &pod_user);
	t.context = dup_or_null(c.context_name);
	t.ns = choose_namespace(src, ov, &c);
	rc = resolve_server(cfg, src, ov, &c, &t, err);
	if (rc == 0)
		rc = resolve_impersonation(ov, &c, &t, err);
	if (rc == 0)
		rc = resolve_auth(ov, &c, log, &t, err);
	if (rc < 0)
		return rc;
	warn(&t, log);
	*ret = t;
	t = (struct vmn_kube_target){0};
	return 0;
}

void vmn_kube_target_clear(struct vmn_kube_target *t)
{
	free(t->server);
	free(t->ns);
	free(t->context);
	free(t->ca_pem);
	free(t->tls_server_name);
	vmn_free_secret(t->proxy_url);
	free(t->as);
	free(t->as_uid);
	vmn_strlist_clear(&t->as_groups);
	vmn_strlist_clear(&t->as_extra);
	vmn_kube_auth_free(t->auth);
	*t = (struct vmn_kube_target){0};
}
