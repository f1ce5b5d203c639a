/* SPDX-License-Identifier: Apache-2.0 */
/* version - of this program, of the API server and of KubeVirt */
#include "config.h"

#include <stdio.h>

#include "lib/data/json.h"
#include "lib/kube/client.h"
#include "lib/out/term.h"
#include "subcommands/registry.h"

struct version_opts {
	bool client;
};

static const struct cmd_opt version_opts[] = {
	{CMD_OPT_BOOL, 0, "client", .offset = offsetof(struct version_opts, client),
	 .help = "only the version of this program: no server is asked"},
	{0},
};

/* KubeVirt's version as virt-api gives it: readable without any right. */
#define KUBEVIRT_VERSION_PATH "/apis/subresources.kubevirt.io/v1/version"

static void print_text(struct json_object *doc)
{
	static const struct {
		const char *label, *path;
	} rows[] = {
		{"Client", "/clientVersion/gitVersion"},
		{"Server", "/serverVersion/gitVersion"},
		{"KubeVirt", "/kubevirtVersion/gitVersion"},
	};

	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		const char *version = vmn_json_str(doc, rows[i].path);
		vmn_auto_free char *clean = version ? vmn_clean_dup(version) : NULL;

		if (version)
			(void)printf("%s version: %s\n", rows[i].label, clean);
	}
}

static int print_versions(struct cmd_ctx *ctx, struct json_object *doc, struct vmn_err *err)
{
	if (ctx->globals->output != CMD_FORMAT_DEFAULT)
		return cmd_print_doc(ctx, doc, err);
	print_text(doc);
	return 0;
}

/* Ask the server and its KubeVirt; a cluster without KubeVirt still has a version. */
static int ask_server(struct cmd_ctx *ctx, struct json_object *doc, struct vmn_err *err)
{
	struct json_object *server = NULL, *kubevirt = NULL;
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	struct vmn_kube *kube;
	int rc = cmd_kube(ctx, &kube, err);

	if (rc < 0)
		return rc;
	rc = vmn_kube_get(kube, "/version", &server, err);
	if (rc < 0)
		return rc;
	vmn_json_set_take(doc, "serverVersion", server);
	if (vmn_kube_get(kube, KUBEVIRT_VERSION_PATH, &kubevirt, &why) == 0)
		vmn_json_set_take(doc, "kubevirtVersion", kubevirt);
	else if (why.http)
		cmd_warn(ctx, "cannot read the version of KubeVirt: %s", vmn_err_text(&why));
	else /* time ran out, or we were interrupted */
		return vmn_err_move(err, &why);
	return 0;
}

static int run_version(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		       struct vmn_err *err)
{
	const struct version_opts *o = opts;
	vmn_auto_json struct json_object *doc =
		vmn_json_build("{\"clientVersion\":{\"gitVersion\":%s}}", "v" PACKAGE_VERSION);
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	int rc = 0;

	(void)argc, (void)argv;
	if (!o->client)
		rc = ask_server(ctx, doc, &why);
	if (print_versions(ctx, doc, err) < 0)
		return -(int)err->code;
	return rc < 0 ? vmn_err_move(err, &why) : 0;
}

static const struct cmd_example examples[] = {
	{"vmnetctl version", "the versions of program, API server and KubeVirt"},
	{"vmnetctl version --client -o json", "this program's own, as JSON, without a server"},
	{0},
};

const struct cmd cmd_version = {
	.name = "version",
	.group = "About",
	.summary = "show the versions of program, API server and KubeVirt",
	.description =
		"The program's version is printed even when the server cannot be asked; the exit "
		"status then is that of the failure. A cluster without KubeVirt is no failure.",
	.flags = CMD_NEEDS_KUBE,
	.formats = CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = version_opts,
	.opts_size = sizeof(struct version_opts),
	.examples = examples,
	.run = run_version,
};
