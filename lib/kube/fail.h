/* SPDX-License-Identifier: Apache-2.0 */
/* fail.h - what went wrong on the way to a server, in words and hints (pure) */
#ifndef VMN_KUBE_FAIL_H
#define VMN_KUBE_FAIL_H

#include <stdbool.h>

#include "lib/base/err.h"
#include "lib/kube/curl.h"
#include "lib/kube/endpoint.h"
#include "lib/kube/retry.h"

/* What curl left behind when a transfer failed. */
struct vmn_curl_fail {
	CURLcode curl;
	int sys;	  /* errno of the failed connect, or 0 */
	long verify;	  /* X509_V_ERR_* of the certificate check, 0: fine */
	long proxy_http;  /* the proxy's answer to CONNECT, or 0 */
	const char *text; /* curl's own words, "" when it has none */
	const char *method;
	bool was_sent; /* some of the request left */
	bool is_late;  /* the request's deadline has passed */
	bool has_ca;   /* the kubeconfig names a CA, the system's are not used */
	bool has_cert; /* a client certificate is used */
};

/** vmn_curl_fate() - how far the request got */
enum vmn_fate vmn_curl_fate(const struct vmn_curl_fail *f);

/** vmn_curl_fail_to_err() - Return: -code */
int vmn_curl_fail_to_err(const struct vmn_curl_fail *f, const struct vmn_endpoint *e,
			 struct vmn_err *err);

#endif
