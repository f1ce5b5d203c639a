/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "lab/api/authn.h"
#include "lab/api/authz.h"
#include "lab/api/status.h"

enum { GROUPS_MAX = 32 };

void lab_identity_clear(struct lab_identity *id)
{
	vmn_strlist_clear(&id->names);
	*id = (struct lab_identity){0};
}

/* Point the user at the strings, once all are there but the group that everybody is in. */
static void identity_seal(struct lab_identity *id)
{
	if (!vmn_strlist_has(&id->names, "system:authenticated"))
		vmn_strlist_add(&id->names, "system:authenticated");
	id->user.name = id->names.v[0];
	id->user.groups = (const char *const *)&id->names.v[1];
}

static void add_dn_part(struct lab_identity *id, gnutls_x509_crt_t crt, const char *oid, unsigned i,
			int *rc)
{
	char text[256];
	size_t len = sizeof(text);

	*rc = gnutls_x509_crt_get_dn_by_oid(crt, oid, i, 0, text, &len);
	if (*rc == 0)
		vmn_strlist_add(&id->names, text);
}

static int identity_from_cert(struct lab_identity *id, const gnutls_datum_t *der)
{
	gnutls_x509_crt_t crt;
	int rc = gnutls_x509_crt_init(&crt);

	if (rc)
		return rc;
	rc = gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER);
	if (rc == 0)
		add_dn_part(id, crt, GNUTLS_OID_X520_COMMON_NAME, 0, &rc);
	for (unsigned i = 0; rc == 0; i++)
		add_dn_part(id, crt, GNUTLS_OID_X520_ORGANIZATION_NAME, i, &rc);
	gnutls_x509_crt_deinit(crt);
	if (!id->names.n)
		return -1;
	identity_seal(id);
	return 0;
}

static void peer_look(struct lab_peer *p, struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_session_t tls = info ? info->tls_session : NULL;
	const gnutls_datum_t *chain;
	unsigned n = 0, status = 0;

	p->is_known = true;
	chain = tls ? gnutls_certificate_get_peers(tls, &n) : NULL;
	if (!chain || !n)
		return;
	if (gnutls_certificate_verify_peers2(tls, &status) != 0 || status != 0 ||
	    identity_from_cert(&p->id, &chain[0]) != 0)
		p->is_bad = true;
	else
		p->has_cert = true;
}

static const struct lab_user *user_by_token(char *const *tokens, const char *token)
{
	const struct lab_user *found = NULL;
	size_t len = strlen(token);

	/* All are compared, so that time tells nothing. */
	for (size_t i = 0; i < lab_users_len; i++) {
		if (strlen(tokens[i]) == len && gnutls_memcmp(tokens[i], token, len) == 0)
			found = &lab_users[i];
	}
	return found;
}

static const char *header(struct MHD_Connection *conn, const char *name)
{
	const char *v = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, name);

	return v ? v : "";
}

static enum MHD_Result add_group(void *cls, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	struct lab_identity *id = cls;

	(void)kind;
	if (strcasecmp(key, "Impersonate-Group") == 0 && value && id->names.n < GROUPS_MAX)
		vmn_strlist_add(&id->names, value);
	return MHD_YES;
}

/* Headers Impersonate-User and -Group, for those who may. */
static int impersonate(struct lab *lab, struct MHD_Connection *conn, struct lab_identity *as,
		       const struct lab_user **user, struct vmn_err *err)
{
	const char *name = header(conn, "Impersonate-User");
	struct lab_access a = {.user = *user,
			       .verb = "impersonate",
			       .group = "",
			       .resource = "users",
			       .name = name};
	const struct lab_user *known = lab_user_find(name);

	if (!*name && *header(conn, "Impersonate-Group"))
		return lab_fail(err, 500,
				"Internal error occurred: groups are impersonated, and no user");
	if (!*name)
		return 0;
	if (!lab_is_allowed(lab, &a))
		return lab_fail(err, 403,
				"users \"%s\" is forbidden: User \"%s\" cannot impersonate "
				"resource \"users\" in API group \"\" at the cluster scope",
				name, (*user)->name);
	vmn_strlist_add(&as->names, name);
	(void)MHD_get_connection_values(conn, MHD_HEADER_KIND, add_group, as);
	/* A built-in user keeps the groups that its certificate would give. */
	for (size_t i = 0; known && known->groups[i]; i++)
		vmn_strlist_add(&as->names, known->groups[i]);
	identity_seal(as);
	*user = &as->user;
	return 0;
}

int lab_authenticate(struct lab *lab, char *const *tokens, struct MHD_Connection *conn,
		     struct lab_identity *as, const struct lab_user **ret, struct vmn_err *err)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct lab_peer *peer = info->socket_context;
	const char *auth = header(conn, MHD_HTTP_HEADER_AUTHORIZATION);
	const struct lab_user *user = NULL;

	if (!peer->is_known)
		peer_look(peer, conn);
	if (peer->has_cert)
		user = &peer->id.user;
	else if (strncasecmp(auth, "Bearer ", 7) == 0)
		user = user_by_token(tokens, auth + 7);
	else if (!peer->is_bad) /* "Basic", too: nobody at all looks at it */
		user = &lab_anonymous;
	*ret = user ? user : &lab_anonymous;
	return user ? impersonate(lab, conn, as, ret, err) : lab_fail(err, 401, "Unauthorized");
}
