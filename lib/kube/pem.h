/* SPDX-License-Identifier: Apache-2.0 */
/* pem.h - whether a text can be a certificate or a key, before libcurl gives an obscure answer
 * (pure) */
#ifndef VMN_KUBE_PEM_H
#define VMN_KUBE_PEM_H

#include "lib/base/err.h"

/**
 * vmn_pem_check_cert() - @pem holds at least one certificate
 * @what:	names it in the message: "client-certificate-data of user 'u'"
 *
 * Return: 0 or -VMN_E_CONFIG
 */
int vmn_pem_check_cert(const char *pem, const char *what, struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_pem_check_key() - @pem holds a private key that needs no passphrase */
int vmn_pem_check_key(const char *pem, const char *what, struct vmn_err *err) VMN_MUST_CHECK;

#endif
