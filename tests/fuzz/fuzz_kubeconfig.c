/* SPDX-License-Identifier: Apache-2.0 */
/* Two kubeconfig files, divided by a line "#": merged, then every context resolved */
#include "config.h"

#include "lib/base/mem.h"
#include "lib/kube/kubeconfig_tree.h"
#include "tests/fuzz/fuzz.h"

static void resolve(const struct vmn_kube_config *cfg, const char *context)
{
	static const struct vmn_kube_sources src = {.service_dir = "/nonexistent"};
	const struct vmn_kube_overrides ov = {.context = context};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_kube_target struct vmn_kube_target target = {0};

	if (vmn_kube_config_resolve(cfg, &src, &ov, NULL, &target, &err) < 0) {
		fuzz_must(vmn_err_text(&err)[0]);
		return;
	}
	fuzz_must(target.server && target.ns && target.auth);
	fuzz_must(!vmn_ends_with(target.server, "/"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char divider[] = "\n#\n";
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_kube_config struct vmn_kube_config *cfg = vmn_kube_config_new();
	vmn_auto_strlist struct vmn_strlist contexts = {0};
	const char *text = (const char *)data;
	const char *second = size ? memmem(text, size, divider, strlen(divider)) : NULL;
	size_t len = second ? (size_t)(second - text) : size;

	if (vmn_kube_config_add(cfg, text, len, "/first", &err) < 0 ||
	    (second && vmn_kube_config_add(cfg, second, size - len, "/second", &err) < 0)) {
		fuzz_must(vmn_err_text(&err)[0]);
		return 0;
	}
	vmn_kube_config_contexts(cfg, &contexts);
	resolve(cfg, NULL);
	for (size_t i = 0; i < contexts.n; i++)
		resolve(cfg, contexts.v[i]);
	return 0;
}
