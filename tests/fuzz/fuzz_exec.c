/* SPDX-License-Identifier: Apache-2.0 */
/* What an exec plugin replies: credentials that can be used, or an error that tells none of them */
#include "config.h"

#include "lib/base/str.h"
#include "lib/kube/exec.h"
#include "tests/fuzz/fuzz.h"

static void read_reply(const char *text, size_t size, const char *api_version)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_exec_cred struct vmn_exec_cred cred = {0};

	if (vmn_exec_reply(text, size, api_version, &cred, &err) < 0) {
		fuzz_must(vmn_err_text(&err)[0]);
		fuzz_must(!strstr(vmn_err_text(&err), "s3cret"));
		return;
	}
	fuzz_must(cred.token || cred.cert_pem);
	fuzz_must(!cred.cert_pem == !cred.key_pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_reply((const char *)data, size, "client.authentication.k8s.io/v1");
	read_reply((const char *)data, size, "client.authentication.k8s.io/v1beta1");
	return 0;
}
