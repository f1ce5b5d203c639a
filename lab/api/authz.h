/* SPDX-License-Identifier: Apache-2.0 */
/* authz.h - who the lab knows and what each may do (pure but for the dialect) */
#ifndef VMN_LAB_API_AUTHZ_H
#define VMN_LAB_API_AUTHZ_H

#include "lab/lab.h"

/* The users that every lab has, with a client certificate, a token and contexts in the kubeconfig.
 */
extern const struct lab_user lab_users[];
extern const size_t lab_users_len;
extern const struct lab_user lab_anonymous;

/** lab_user_find() - built-in user by name, or NULL */
const struct lab_user *lab_user_find(const char *name);

/* What somebody wants to do: a resource, or a path when @resource is NULL. */
struct lab_access {
	const struct lab_user *user;
	const char *verb;  /* "get", "list", "watch", "create", "update", "patch", "delete", ... */
	const char *group; /* "" for core */
	const char *resource; /* "pods", "virtualmachines/addinterface" */
	const char *ns;	      /* NULL or "": cluster scope */
	const char *name;     /* NULL or "": the collection */
	const char *path;     /* "/apis" */
};

bool lab_is_allowed(const struct lab *lab, const struct lab_access *a);
/** lab_authorize() - 0, or 403 in the words of kube-apiserver */
int lab_authorize(const struct lab *lab, const struct lab_access *a,
		  struct vmn_err *err) VMN_MUST_CHECK;

/**
 * lab_rules() - a user's rights as SelfSubjectRulesReview shows them
 * @ret_resources, @ret_paths: resourceRules and nonResourceRules, caller drops them
 */
void lab_rules(const struct lab *lab, const struct lab_user *user,
	       struct json_object **ret_resources, struct json_object **ret_paths);

#endif
