/* SPDX-License-Identifier: Apache-2.0 */
/* pki.h - the lab's own certificate authority, made once per lab and kept in its state directory */
#ifndef VMN_LAB_API_PKI_H
#define VMN_LAB_API_PKI_H

#include "lib/base/err.h"

/* A certificate and its key, PEM. */
struct lab_pair {
	char *cert;
	char *key; /* secret */
};

struct lab_pki {
	char *dir;
	struct lab_pair ca;
	struct lab_pair server; /* for 127.0.0.1, ::1 and localhost */
};

/** lab_pki_open() - load <@dir>/pki or make it */
int lab_pki_open(const char *dir, struct lab_pki *ret, struct vmn_err *err) VMN_MUST_CHECK;
void lab_pki_clear(struct lab_pki *pki);

/**
 * lab_pki_user() - a user's client certificate (CN @name, O each of @groups) and bearer token, made
 * at the first call
 */
int lab_pki_user(struct lab_pki *pki, const char *name, const char *const *groups,
		 struct lab_pair *ret_pair, char **ret_token, struct vmn_err *err) VMN_MUST_CHECK;
void lab_pair_clear(struct lab_pair *pair);

#endif
