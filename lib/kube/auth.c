/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/encode.h"
#include "lib/base/file.h"
#include "lib/data/json.h"
#include "lib/kube/auth.h"
#include "lib/kube/exec.h"

enum {
	MAX_TOKEN_BYTES = 1 << 20,
	/* client-go takes a token file's text for good for a minute and renews it 10 s before */
	TOKEN_FILE_MS = 50 * 1000,
	EXPIRY_SKEW_S = 10, /* a reply this close to its end is renewed */
	/* A plugin may ask for a password or open a browser: what it could not give, or gave in
	 * vain, it is not asked for again by all the requests of a command one by one. */
	ASK_AGAIN_MS = 10 * 1000,
};

struct vmn_kube_auth {
	char *what;
	char *authorization;
	char *cert_pem, *key_pem;
	uint64_t serial, cert_serial;

	char *token_file; /* or NULL */
	int64_t reread_at_ms;

	struct json_object *exec; /* a copy of our own, or NULL */
	int64_t exec_timeout_ms;
	int stop_fd; /* or 0 */
	bool has_reply, has_expiry;
	int64_t renew_at_utc;
	struct vmn_err failure; /* of the plugin's last run, if it failed */
	int64_t failed_at_ms;
	int64_t rejected_at_ms;		      /* when a reply was last thrown away; 0: never */
	struct vmn_kube_cluster_info cluster; /* owned strings */

	const struct vmn_log *log;
};

/* --- the Authorization header --------------------------------------------------------- */

/* White space around it is dropped; what is inside must not end the header. */
static int set_bearer(struct vmn_kube_auth *a, const char *token, struct vmn_err *err)
{
	vmn_auto_secret char *header = NULL;
	size_t len;

	token += strspn(token, " \t\r\n");
	len = strlen(token);
	while (len && strchr(" \t\r\n", token[len - 1]))
		len--;
	if (!len)
		return vmn_err_set(err, VMN_E_AUTH, "the token is empty");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)token[i] < ' ' || token[i] == 0x7f)
			return vmn_err_set(err, VMN_E_AUTH, "the token holds a control character");
	header = vmn_xasprintf("Bearer %.*s", (int)len, token);
	if (vmn_streq(a->authorization, header))
		return 0;
	vmn_free_secret(a->authorization);
	a->authorization = vmn_steal(&header);
	a->serial++;
	return 0;
}

static void set_basic(struct vmn_kube_auth *a, const char *username, const char *password)
{
	vmn_auto_secret char *pair =
		vmn_xasprintf("%s:%s", username ? username : "", password ? password : "");
	vmn_auto_secret char *encoded = vmn_base64_encode(pair, strlen(pair));

	a->authorization = vmn_xasprintf("Basic %s", encoded);
}

static void set_cert(struct vmn_kube_auth *a, const char *cert_pem, const char *key_pem)
{
	if (vmn_streq(a->cert_pem, cert_pem) && vmn_streq(a->key_pem, key_pem))
		return;
	vmn_free_secret(a->cert_pem);
	vmn_free_secret(a->key_pem);
	a->cert_pem = cert_pem ? vmn_xstrdup(cert_pem) : NULL;
	a->key_pem = key_pem ? vmn_xstrdup(key_pem) : NULL;
	a->cert_serial++;
}

/* --- token files ---------------------------------------------------------------------- */

static int read_token_file(struct vmn_kube_auth *a, struct vmn_err *err)
{
	struct vmn_buf text = VMN_BUF_INIT(MAX_TOKEN_BYTES);
	int rc = vmn_file_read(a->token_file, &text, err);

	if (rc == 0)
		rc = set_bearer(a, vmn_buf_str(&text), err);
	if (text.data)
		explicit_bzero(text.data, text.size);
	vmn_buf_clear(&text);
	if (rc < 0)
		return vmn_err_wrap(err, "token file '%s' of %s", a->token_file, a->what);
	a->reread_at_ms = vmn_deadline_in(TOKEN_FILE_MS);
	return 0;
}

/* A file that cannot be read just now does not take away the token that we have. */
static int renew_token_file(struct vmn_kube_auth *a, struct vmn_err *err)
{
	if (read_token_file(a, err) == 0)
		return 0;
	if (!a->authorization)
		return -(int)err->code;
	vmn_logf(a->log, 1, "%s", vmn_err_text(err));
	vmn_err_clear(err);
	a->reread_at_ms = vmn_deadline_in(TOKEN_FILE_MS);
	return 0;
}

/* --- exec plugins --------------------------------------------------------------------- */

static void set_expiry(struct vmn_kube_auth *a, const struct vmn_exec_cred *c)
{
	int64_t left = c->expires_utc - vmn_utc_now();
	int64_t skew = left / 2 < EXPIRY_SKEW_S ? left / 2 : EXPIRY_SKEW_S;

	a->has_expiry = c->has_expiry;
	/* a reply that is over already is used once, and the next call asks again */
	a->renew_at_utc = c->expires_utc - (skew > 0 ? skew : 0);
}

static int run_plugin(struct vmn_kube_auth *a, struct vmn_err *err)
{
	vmn_auto_exec_cred struct vmn_exec_cred c = {0};
	int rc;

	vmn_logf(a->log, 1, "asking exec plugin '%s' for credentials",
		 vmn_json_str(a->exec, "/command"));
	rc = vmn_exec_run(a->exec, &a->cluster, a->exec_timeout_ms, a->stop_fd, &c, err);
	if (rc < 0)
		return vmn_err_wrap(err, "cannot get credentials of %s", a->what);
	if (c.token && (rc = set_bearer(a, c.token, err)) < 0)
		return vmn_err_wrap(err, "exec plugin '%s'", vmn_json_str(a->exec, "/command"));
	if (!c.token) {
		vmn_free_secret(a->authorization);
		a->authorization = NULL;
	}
	set_cert(a, c.cert_pem, c.key_pem);
	set_expiry(a, &c);
	a->has_reply = true;
	a->serial++;
	return 0;
}

static int ask_plugin(struct vmn_kube_auth *a, struct vmn_err *err)
{
	bool is_fresh = a->failure.code && vmn_now_ms() - a->failed_at_ms < ASK_AGAIN_MS;

	if (!is_fresh) {
		vmn_err_clear(&a->failure);
		if (run_plugin(a, &a->failure) == 0)
			return 0;
		a->failed_at_ms = vmn_now_ms();
	}
	(void)vmn_err_set(err, a->failure.code, "%s", vmn_err_text(&a->failure));
	if (a->failure.hint)
		(void)vmn_err_hint(err, "%s", a->failure.hint);
	return -(int)err->code;
}

static bool is_plugin_due(const struct vmn_kube_auth *a)
{
	return a->exec && (!a->has_reply || (a->has_expiry && vmn_utc_now() >= a->renew_at_utc));
}

static void copy_cluster(struct vmn_kube_cluster_info *to, const struct vmn_kube_cluster_info *from)
{
	*to = (struct vmn_kube_cluster_info){
		.server = from->server ? vmn_xstrdup(from->server) : NULL,
		.tls_server_name =
			from->tls_server_name ? vmn_xstrdup(from->tls_server_name) : NULL,
		.ca_pem = from->ca_pem ? vmn_xstrdup(from->ca_pem) : NULL,
		.proxy_url = from->proxy_url ? vmn_xstrdup(from->proxy_url) : NULL,
		.insecure = from->insecure,
		.disable_compression = from->disable_compression,
		.config = vmn_json_copy(from->config),
	};
}

static void clear_cluster(struct vmn_kube_cluster_info *c)
{
	free((char *)c->server);
	free((char *)c->tls_server_name);
	free((char *)c->ca_pem);
	free((char *)c->proxy_url);
	(void)json_object_put(c->config);
}

/* --- the object ----------------------------------------------------------------------- */

static int init_header(struct vmn_kube_auth *a, const struct vmn_kube_auth_spec *s,
		       struct vmn_err *err)
{
	bool has_basic = !vmn_is_empty(s->username) || !vmn_is_empty(s->password);
	bool has_token = !vmn_is_empty(s->token) || !vmn_is_empty(s->token_file);

	if (has_basic && has_token)
		return vmn_err_set(err, VMN_E_CONFIG,
				   "%s has both a token and a user name with password", a->what);
	if (has_basic)
		set_basic(a, s->username, s->password);
	if (!vmn_is_empty(s->token) && set_bearer(a, s->token, err) < 0)
		return vmn_err_wrap(err, "%s", a->what);
	if (vmn_is_empty(s->token_file))
		return 0;
	a->token_file = vmn_xstrdup(s->token_file);
	return renew_token_file(a, err);
}

int vmn_kube_auth_new(const struct vmn_kube_auth_spec *spec, struct vmn_kube_auth **ret,
		      struct vmn_err *err)
{
	struct vmn_kube_auth *a = vmn_xcalloc(1, sizeof(*a));
	int rc;

	a->what = vmn_xstrdup(spec->what ? spec->what : "the user");
	a->log = spec->log;
	rc = init_header(a, spec, err);
	if (rc == 0 && spec->cert_pem)
		set_cert(a, spec->cert_pem, spec->key_pem);
	if (rc == 0 && spec->exec && !a->authorization && !a->cert_pem) {
		rc = vmn_exec_check(spec->exec, err);
		if (rc < 0)
			rc = vmn_err_wrap(err, "%s", a->what);
		a->exec = vmn_json_copy(spec->exec);
		a->exec_timeout_ms =
			spec->exec_timeout_ms ? spec->exec_timeout_ms : VMN_EXEC_TIMEOUT_MS;
		copy_cluster(&a->cluster, &spec->cluster);
	}
	if (rc < 0) {
		vmn_kube_auth_free(a);
		return rc;
	}
	*ret = a;
	return 0;
}

void vmn_kube_auth_set_stop_fd(struct vmn_kube_auth *auth, int fd)
{
	auth->stop_fd = fd;
}

int vmn_kube_auth_get(struct vmn_kube_auth *auth, struct vmn_kube_cred *ret, struct vmn_err *err)
{
	int rc = 0;

	if (auth->token_file && vmn_now_ms() >= auth->reread_at_ms)
		rc = renew_token_file(auth, err);
	else if (is_plugin_due(auth))
		rc = ask_plugin(auth, err);
	if (rc < 0)
		return rc;
	*ret = (struct vmn_kube_cred){
		.authorization = auth->authorization,
		.cert_pem = auth->cert_pem,
		.key_pem = auth->key_pem,
		.serial = auth->serial,
		.cert_serial = auth->cert_serial,
	};
	return 0;
}

bool vmn_kube_auth_rejected(struct vmn_kube_auth *auth, uint64_t serial)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (serial != auth->serial)
		return true;
	if (auth->exec) {
		if (auth->rejected_at_ms && vmn_now_ms() - auth->rejected_at_ms < ASK_AGAIN_MS)
			return false;
		auth->rejected_at_ms = vmn_now_ms();
		auth->has_reply = false;
		return true;
	}
	if (!auth->token_file || !auth->authorization)
		return false;
	return renew_token_file(auth, &err) == 0 && serial != auth->serial;
}

void vmn_kube_auth_free(struct vmn_kube_auth *auth)
{
	if (!auth)
		return;
	free(auth->what);
	vmn_free_secret(auth->authorization);
	vmn_free_secret(auth->cert_pem);
	vmn_free_secret(auth->key_pem);
	free(auth->token_file);
	vmn_json_wipe(auth->exec);
	(void)json_object_put(auth->exec);
	clear_cluster(&auth->cluster);
	vmn_err_clear(&auth->failure);
	free(auth);
}
