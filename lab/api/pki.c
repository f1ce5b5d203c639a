/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/api/pki.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

enum { VALID_S = 10 * 365 * 24 * 3600, SKEW_S = 3600, PEM_MAX = 1 << 16, TOKEN_BYTES = 24 };

/* What a certificate is for. */
struct subject {
	const char *name;	   /* CN */
	const char *const *groups; /* O; NULL: none */
	const char *purpose;	   /* extended key usage OID; NULL: a certificate authority */
	bool is_local;		   /* has the names and addresses of this machine's loopback */
};

static void crt_free_p(gnutls_x509_crt_t *crt)
{
	if (*crt)
		gnutls_x509_crt_deinit(*crt);
}

static void key_free_p(gnutls_x509_privkey_t *key)
{
	if (*key)
		gnutls_x509_privkey_deinit(*key);
}

static int tls_error(int rc, const char *what, struct vmn_err *err)
{
	return vmn_err_set(err, VMN_E_SYSTEM, "cannot %s: %s", what, gnutls_strerror(rc));
}

void lab_pair_clear(struct lab_pair *pair)
{
	free(pair->cert);
	vmn_free_secret(pair->key);
	*pair = (struct lab_pair){0};
}

static int set_subject(gnutls_x509_crt_t crt, const struct subject *s)
{
	int rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, s->name,
					       (unsigned)strlen(s->name));

	for (size_t i = 0; rc == 0 && s->groups && s->groups[i]; i++)
		rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATION_NAME, 0,
						   s->groups[i], (unsigned)strlen(s->groups[i]));
	return rc;
}

static int set_local_names(gnutls_x509_crt_t crt)
{
	static const char *const names[] = {"localhost", "kubernetes", "kubernetes.default",
					    "kubernetes.default.svc"};
	struct in_addr v4 = {htonl(INADDR_LOOPBACK)};
	struct in6_addr v6 = IN6ADDR_LOOPBACK_INIT;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < VMN_ARRAY_LEN(names); i++)
		rc = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, names[i],
							  (unsigned)strlen(names[i]),
							  GNUTLS_FSAN_APPEND);
	if (rc == 0)
		rc = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, &v4,
							  sizeof(v4), GNUTLS_FSAN_APPEND);
	if (rc == 0)
		rc = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, &v6,
							  sizeof(v6), GNUTLS_FSAN_APPEND);
	return rc;
}

static int set_usage(gnutls_x509_crt_t crt, const struct subject *s)
{
	int rc;

	if (!s->purpose) {
		rc = gnutls_x509_crt_set_basic_constraints(crt, 1, -1);
		return rc ? rc
			  : gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN |
								       GNUTLS_KEY_CRL_SIGN);
	}
	rc = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	return rc ? rc : gnutls_x509_crt_set_key_purpose_oid(crt, s->purpose, 0);
}

static int set_serial(gnutls_x509_crt_t crt)
{
	unsigned char serial[16];
	int rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40); /* positive, full length */
	return rc ? rc : gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
}

static int set_key_ids(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
	unsigned char id[64];
	size_t len = sizeof(id);
	int rc = gnutls_x509_crt_get_key_id(crt, 0, id, &len);

	if (rc == 0)
		rc = gnutls_x509_crt_set_subject_key_id(crt, id, len);
	len = sizeof(id);
	if (rc == 0)
		rc = gnutls_x509_crt_get_key_id(issuer, 0, id, &len);
	return rc ? rc : gnutls_x509_crt_set_authority_key_id(crt, id, len);
}

static char *datum_steal(gnutls_datum_t *d)
{
	char *s = vmn_xstrndup((const char *)d->data, d->size);

	gnutls_memset(d->data, 0, d->size);
	gnutls_free(d->data);
	return s;
}

static int import_pair(const struct lab_pair *pair, gnutls_x509_crt_t *crt,
		       gnutls_x509_privkey_t *key)
{
	gnutls_datum_t cert = {(void *)pair->cert, (unsigned)strlen(pair->cert)};
	gnutls_datum_t secret = {(void *)pair->key, (unsigned)strlen(pair->key)};
	int rc = gnutls_x509_crt_init(crt);

	if (rc == 0)
		rc = gnutls_x509_privkey_init(key);
	if (rc == 0)
		rc = gnutls_x509_crt_import(*crt, &cert, GNUTLS_X509_FMT_PEM);
	return rc ? rc : gnutls_x509_privkey_import(*key, &secret, GNUTLS_X509_FMT_PEM);
}

/* A new key and certificate, signed by @ca or, without one, by itself. */
static int issue(const struct subject *s, const struct lab_pair *ca, struct lab_pair *ret)
{
	VMN_CLEANUP(crt_free_p) gnutls_x509_crt_t crt = NULL, ca_crt = NULL;
	VMN_CLEANUP(key_free_p) gnutls_x509_privkey_t key = NULL, ca_key = NULL;
	gnutls_datum_t cert_pem = {0}, key_pem = {0};
	time_t now = (time_t)vmn_utc_now();
	int rc = ca ? import_pair(ca, &ca_crt, &ca_key) : 0;

	if (rc || (rc = gnutls_x509_crt_init(&crt)) || (rc = gnutls_x509_privkey_init(&key)) ||
	    (rc = gnutls_x509_privkey_generate(
		     key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0)) ||
	    (rc = gnutls_x509_crt_set_version(crt, 3)) || (rc = set_serial(crt)) ||
	    (rc = set_subject(crt, s)) || (rc = set_usage(crt, s)) ||
	    (rc = s->is_local ? set_local_names(crt) : 0) ||
	    (rc = gnutls_x509_crt_set_activation_time(crt, now - SKEW_S)) ||
	    (rc = gnutls_x509_crt_set_expiration_time(crt, now + VALID_S)) ||
	    (rc = gnutls_x509_crt_set_key(crt, key)) ||
	    (rc = set_key_ids(crt, ca ? ca_crt : crt)) ||
	    (rc = gnutls_x509_crt_sign2(crt, ca ? ca_crt : crt, ca ? ca_key : key,
					GNUTLS_DIG_SHA256, 0)) ||
	    (rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
						    GNUTLS_PKCS_PLAIN, &key_pem)))
		return rc;
	rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &cert_pem);
	ret->key = datum_steal(&key_pem);
	if (rc)
		return rc;
	ret->cert = datum_steal(&cert_pem);
	return 0;
}

/* <pki dir>/<name>.<suffix>; caller frees */
static char *file_path(const struct lab_pki *pki, const char *name, const char *suffix)
{
	return vmn_xasprintf("%s/%s.%s", pki->dir, name, suffix);
}

static int read_file(const struct lab_pki *pki, const char *name, const char *suffix, char **ret,
		     struct vmn_err *err)
{
	vmn_auto_free char *path = file_path(pki, name, suffix);
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(PEM_MAX);
	int r = vmn_file_read(path, &b, err);

	if (r == 0)
		*ret = vmn_buf_steal(&b);
	return r;
}

static int write_file(const struct lab_pki *pki, const char *name, const char *suffix,
		      const char *text, struct vmn_err *err)
{
	vmn_auto_free char *path = file_path(pki, name, suffix);

	return vmn_file_write(path, text, strlen(text), 0600, err);
}

static bool has_file(const struct lab_pki *pki, const char *name, const char *suffix)
{
	vmn_auto_free char *path = file_path(pki, name, suffix);

	return access(path, F_OK) == 0;
}

/* The pair kept as @file, issued when it is not there. The certificate is written last: it says the
 * key is. */
static int load_or_issue(const struct lab_pki *pki, const char *file, const struct subject *s,
			 const struct lab_pair *ca, struct lab_pair *ret, struct vmn_err *err)
{
	int rc;

	if (has_file(pki, file, "crt")) {
		if (read_file(pki, file, "crt", &ret->cert, err) < 0 ||
		    read_file(pki, file, "key", &ret->key, err) < 0)
			return -(int)err->code;
		return 0;
	}
	rc = issue(s, ca, ret);
	if (rc)
		return tls_error(rc, "make a certificate", err);
	if (write_file(pki, file, "key", ret->key, err) < 0 ||
	    write_file(pki, file, "crt", ret->cert, err) < 0)
		return -(int)err->code;
	return 0;
}

int lab_pki_open(const char *dir, struct lab_pki *ret, struct vmn_err *err)
{
	static const struct subject ca = {.name = "vmnetctl-lab"};
	static const struct subject server = {
		.name = "kube-apiserver", .purpose = GNUTLS_KP_TLS_WWW_SERVER, .is_local = true};
	VMN_CLEANUP(lab_pki_clear) struct lab_pki pki = {.dir = vmn_path_join(dir, "pki")};

	if (vmn_mkdir_p(pki.dir, 0700, err) < 0 ||
	    load_or_issue(&pki, "ca", &ca, NULL, &pki.ca, err) < 0 ||
	    load_or_issue(&pki, "server", &server, &pki.ca, &pki.server, err) < 0)
		return -(int)err->code;
	*ret = pki;
	pki = (struct lab_pki){0};
	return 0;
}

void lab_pki_clear(struct lab_pki *pki)
{
	free(pki->dir);
	lab_pair_clear(&pki->ca);
	lab_pair_clear(&pki->server);
	*pki = (struct lab_pki){0};
}

static int load_or_make_token(const struct lab_pki *pki, const char *file, char **ret,
			      struct vmn_err *err)
{
	unsigned char raw[TOKEN_BYTES];
	char hex[2 * TOKEN_BYTES + 1];
	size_t len = sizeof(hex);
	gnutls_datum_t d = {raw, sizeof(raw)};
	int rc;

	if (has_file(pki, file, "token"))
		return read_file(pki, file, "token", ret, err);
	rc = gnutls_rnd(GNUTLS_RND_KEY, raw, sizeof(raw));
	if (rc == 0)
		rc = gnutls_hex_encode(&d, hex, &len);
	if (rc)
		return tls_error(rc, "make a token", err);
	*ret = vmn_xstrdup(hex);
	gnutls_memset(raw, 0, sizeof(raw));
	gnutls_memset(hex, 0, sizeof(hex));
	return write_file(pki, file, "token", *ret, err);
}

int lab_pki_user(struct lab_pki *pki, const char *name, const char *const *groups,
		 struct lab_pair *ret_pair, char **ret_token, struct vmn_err *err)
{
	const struct subject s = {
		.name = name, .groups = groups, .purpose = GNUTLS_KP_TLS_WWW_CLIENT};
	vmn_auto_free char *file = vmn_xasprintf("user-%s", name);

	if (load_or_issue(pki, file, &s, &pki->ca, ret_pair, err) < 0 ||
	    load_or_make_token(pki, file, ret_token, err) < 0)
		return -(int)err->code;
	return 0;
}
