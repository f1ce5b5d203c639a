/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/kube/pem.h"

int vmn_pem_check_cert(const char *pem, const char *what, struct vmn_err *err)
{
	if (strstr(pem, "-----BEGIN CERTIFICATE-----"))
		return 0;
	return vmn_err_set(err, VMN_E_CONFIG, "%s holds no certificate in PEM form", what);
}

int vmn_pem_check_key(const char *pem, const char *what, struct vmn_err *err)
{
	if (!strstr(pem, "PRIVATE KEY-----"))
		return vmn_err_set(err, VMN_E_CONFIG, "%s holds no private key in PEM form", what);
	if (strstr(pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----") ||
	    strstr(pem, "Proc-Type: 4,ENCRYPTED")) {
		(void)vmn_err_set(err, VMN_E_CONFIG, "%s is protected by a passphrase", what);
		return vmn_err_hint(err,
				    "store it without one: openssl pkey -in KEY -out KEY.plain");
	}
	return 0;
}
