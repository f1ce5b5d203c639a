/* SPDX-License-Identifier: Apache-2.0 */
/* Two kubeconfig files, divided by a line "#": merged, then every context resolved. No file that
 * they name is opened, no plugin run. */
#include "config.h"

#include "lib/base/mem.h"
#include "lib/kube/auth.h"
#include "lib/kube/kubeconfig_tree.h"
#include "tests/fuzz/fuzz.h"

static void forget_paths(struct json_object *entries)
{
	json_object_object_foreach(entries, name, entry) {
		(void)name;
		json_object_object_del(entry, "certificate-authority");
		json_object_object_del(entry, "client-certificate");
		json_object_object_del(entry, "client-key");
		json_object_object_del(entry, "tokenFile");
	}
}

static void check_target(struct vmn_kube_target *t)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_kube_cred cred;

	fuzz_must(!t->insecure || !t->ca_pem);
	fuzz_must(t->as || (!t->as_uid && !t->as_groups.n && !t->as_extra.n));
	for (size_t i = 0; i < t->as_extra.n; i++)
		fuzz_must(strchr(t->as_extra.v[i], '='));
	if (!vmn_starts_with(t->server, "https://")) {
		/* nothing secret over plain HTTP */
		fuzz_must(vmn_kube_auth_get(t->auth, &cred, &err) == 0);
		fuzz_must(!cred.authorization && !cred.cert_pem);
	}
}

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
	check_target(&target);
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
	forget_paths(cfg->clusters);
	forget_paths(cfg->users);
	vmn_kube_config_contexts(cfg, &contexts);
	resolve(cfg, NULL);
	for (size_t i = 0; i < contexts.n; i++)
		resolve(cfg, contexts.v[i]);
	return 0;
}
