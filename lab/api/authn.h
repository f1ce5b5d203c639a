/* SPDX-License-Identifier: Apache-2.0 */
/* authn.h - who asks: client certificates, bearer tokens, impersonation */
#ifndef VMN_LAB_API_AUTHN_H
#define VMN_LAB_API_AUTHN_H

#include <microhttpd.h>

#include "lab/lab.h"

/* A user as a certificate or impersonation headers name it. */
struct lab_identity {
	struct lab_user user;
	struct vmn_strlist names; /* the name, then the groups */
};

/* What is remembered of a connection. */
struct lab_peer {
	bool is_known; /* the certificate was looked at */
	bool is_bad;   /* there is one, and it is not ours */
	bool has_cert;
	struct lab_identity id;
};

void lab_identity_clear(struct lab_identity *id);

/**
 * lab_authenticate() - the user of a request
 * @tokens:	one for each of lab_users
 * @conn:	its socket context is a struct lab_peer, filled at the first request
 * @as:		keeps the user that was impersonated; outlives @ret
 * @ret:	set on failure too, then to the user that failed or to lab_anonymous
 *
 * Return: 0, or 401 and 403 as an API server gives them
 */
int lab_authenticate(struct lab *lab, char *const *tokens, struct MHD_Connection *conn,
		     struct lab_identity *as, const struct lab_user **ret, struct vmn_err *err);

#endif
