/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint.h - how to reach a server: address, name to verify, proxy (pure) */
#ifndef VMN_KUBE_ENDPOINT_H
#define VMN_KUBE_ENDPOINT_H

#include <stdbool.h>

#include "lib/base/err.h"

struct vmn_kube_target;

/*
 * With a tls_server_name the URL given to curl carries that name, which makes it the name of SNI
 * and of certificate verification, while the connection goes to the real host (connect_to) and the
 * Host: header keeps it too.
 */
struct vmn_endpoint {
	char *base;	   /* "https://NAME:PORT/prefix" */
	char *connect_to;  /* CURLOPT_CONNECT_TO entry "NAME:PORT:HOST:PORT", or NULL */
	char *verified;	   /* the name that the certificate must have */
	char *shown;	   /* "HOST:PORT", for messages and the Host: header */
	char *server;	   /* the URL as configured, for messages */
	char *proxy;	   /* for curl, NULL: direct */
	char *proxy_shown; /* "HOST:PORT", never with a password */
	bool is_tls;
};

/** vmn_endpoint_init() - Return: 0 or -VMN_E_CONFIG */
int vmn_endpoint_init(const struct vmn_kube_target *target, struct vmn_endpoint *ret,
		      struct vmn_err *err) VMN_MUST_CHECK;
void vmn_endpoint_clear(struct vmn_endpoint *e);

#endif
