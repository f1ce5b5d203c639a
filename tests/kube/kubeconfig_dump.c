/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig_dump.c - print $KUBECONFIG as merged, files embedded, for kubeconfig.bats to compare
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/encode.h"
#include "lib/base/file.h"
#include "lib/kube/kubeconfig_tree.h"

/* What `kubectl config view --flatten` does to a path. */
static int embed(struct json_object *entry, const char *field, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(1 << 20);
	vmn_auto_free char *pointer = vmn_xasprintf("/%s", field);
	vmn_auto_free char *data_field = vmn_xasprintf("%s-data", field), *data = NULL;
	const char *path = vmn_json_str(entry, pointer);

	if (vmn_is_empty(path))
		return 0;
	if (vmn_file_read(path, &text, err) < 0)
		return -(int)err->code;
	data = vmn_base64_encode(vmn_buf_str(&text), text.len);
	vmn_json_set_str(entry, data_field, data);
	json_object_object_del(entry, field);
	return 0;
}

static int flatten(struct vmn_kube_config *cfg, struct vmn_err *err)
{
	int rc = 0;

	json_object_object_foreach(cfg->clusters, cluster_name, cluster) {
		(void)cluster_name;
		if (rc == 0)
			rc = embed(cluster, "certificate-authority", err);
	}
	json_object_object_foreach(cfg->users, user_name, user) {
		(void)user_name;
		if (rc == 0)
			rc = embed(user, "client-certificate", err);
		if (rc == 0)
			rc = embed(user, "client-key", err);
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct vmn_kube_sources src = {.kubeconfig_env = getenv("KUBECONFIG"),
				       .kubeconfig_flag = argc > 1 ? argv[1] : NULL,
				       .home = getenv("HOME")};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_kube_config struct vmn_kube_config *cfg = NULL;
	vmn_auto_json struct json_object *dump = NULL;

	if (vmn_kube_config_load(&src, &cfg, &err) < 0 || flatten(cfg, &err) < 0) {
		fprintf(stderr, "%s\n", vmn_err_text(&err));
		return 1;
	}
	dump = vmn_json_build("{\"clusters\":%J,\"users\":%J,\"contexts\":%J,\"current\":%s}",
			      cfg->clusters, cfg->users, cfg->contexts,
			      cfg->current_context ? cfg->current_context : "");
	puts(vmn_json_text(dump));
	return 0;
}
