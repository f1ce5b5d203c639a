/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_kube(): the environment and the global options become a client */
#include "config.h"

#include <stdlib.h>

#include "cli/kube.h"
#include "cli/signals.h"
#include "lib/base/file.h"
#include "lib/kube/client.h"
#include "lib/kube/kubeconfig.h"

/* A variable under its upper-case name, else under its lower-case one, as Go programs look it up.
 */
static const char *env_either(const char *upper, const char *lower)
{
	const char *v = getenv(upper);

	return vmn_is_empty(v) ? getenv(lower) : v;
}

void cmd_kube_sources(const struct cmd_globals *g, struct vmn_kube_sources *ret)
{
	*ret = (struct vmn_kube_sources){
		.kubeconfig_flag = g->kubeconfig,
		.kubeconfig_env = getenv("KUBECONFIG"),
		.home = getenv("HOME"),
		.service_host = getenv("KUBERNETES_SERVICE_HOST"),
		.service_port = getenv("KUBERNETES_SERVICE_PORT"),
		.pod_namespace = getenv("POD_NAMESPACE"),
		.https_proxy = env_either("HTTPS_PROXY", "https_proxy"),
		.no_proxy = env_either("NO_PROXY", "no_proxy"),
	};
}

char *cmd_cache_dir(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/') /* the specification has relative ones ignored */
		return vmn_path_join(xdg, "vmnetctl");
	return vmn_is_empty(home) ? NULL : vmn_path_join(home, ".cache/vmnetctl");
}

static void wake(void *kube)
{
	vmn_kube_interrupt(kube);
}

static void close_kube(struct cmd_ctx *ctx)
{
	cmd_signals_forget();
	vmn_kube_close_p(&ctx->kube);
	free(vmn_steal(&ctx->ns));
}

static int open_kube(struct cmd_ctx *ctx, struct vmn_err *err)
{
	const struct cmd_globals *g = ctx->globals;
	const struct vmn_kube_overrides overrides = {
		.context = g->context,
		.cluster = g->cluster,
		.user = g->user,
		.ns = g->ns,
		.server = g->server,
		.token = g->token,
		.as = g->as,
		.as_uid = g->as_uid,
		.as_groups = &g->as_group,
		.certificate_authority = g->certificate_authority,
		.client_certificate = g->client_certificate,
		.client_key = g->client_key,
		.tls_server_name = g->tls_server_name,
		.insecure_skip_tls_verify = g->insecure_skip_tls_verify,
	};
	vmn_auto_kube_config struct vmn_kube_config *cfg = NULL;
	vmn_auto_kube_target struct vmn_kube_target target = {0};
	vmn_auto_free char *cache_dir = cmd_cache_dir(), *ns = NULL;
	const struct vmn_kube_opts opts = {
		.request_timeout_ms = g->request_timeout_ms ? g->request_timeout_ms : -1,
		.cache_dir = cache_dir,
		.log = &ctx->log,
	};
	struct vmn_kube_sources sources;
	int rc;

	cmd_kube_sources(g, &sources);
	rc = vmn_kube_config_load(&sources, &cfg, err);
	if (rc < 0)
		return rc;
	rc = vmn_kube_config_resolve(cfg, &sources, &overrides, &ctx->log, &target, err);
	if (rc < 0)
		return rc;
	ns = vmn_xstrdup(target.ns);
	rc = vmn_kube_open(&target, &opts, &ctx->kube, err);
	target = (struct vmn_kube_target){0}; /* swallowed */
	if (rc < 0)
		return rc;
	ctx->ns = vmn_steal(&ns);
	ctx->kube_close = close_kube;
	cmd_signals_watch(wake, ctx->kube);
	return 0;
}

int cmd_kube(struct cmd_ctx *ctx, struct vmn_kube **ret, struct vmn_err *err)
{
	if (!ctx->kube) {
		int rc = open_kube(ctx, err);

		if (rc < 0)
			return rc;
	}
	*ret = ctx->kube;
	return 0;
}
