/* SPDX-License-Identifier: Apache-2.0 */
/* review.c - what `kubectl auth can-i` and `kubectl auth whoami` ask */
#include "config.h"

#include <string.h>

#include "lab/api/authz.h"
#include "lab/api/rest.h"
#include "lab/api/status.h"

static struct json_object *access_status(struct lab *lab, const struct lab_user *user,
					 struct json_object *spec)
{
	struct json_object *attrs = vmn_json_get(spec, "/resourceAttributes");
	const char *plural = vmn_json_str_or(attrs, "/resource", "");
	const char *sub = vmn_json_str_or(attrs, "/subresource", "");
	vmn_auto_free char *resource = vmn_xasprintf("%s%s%s", plural, *sub ? "/" : "", sub);
	struct lab_access a = {
		.user = user,
		.verb = vmn_json_str_or(attrs, "/verb",
					vmn_json_str_or(spec, "/nonResourceAttributes/verb", "")),
		.group = vmn_json_str_or(attrs, "/group", ""),
		.resource = attrs ? resource : NULL,
		.ns = vmn_json_str(attrs, "/namespace"),
		.name = vmn_json_str(attrs, "/name"),
		.path = vmn_json_str_or(spec, "/nonResourceAttributes/path", ""),
	};
	struct json_object *status = json_object_new_object();

	vmn_json_set_bool(status, "allowed", lab_is_allowed(lab, &a));
	return status;
}

static struct json_object *rules_status(struct lab *lab, const struct lab_user *user,
					struct json_object *spec)
{
	struct json_object *resources, *paths, *status = json_object_new_object();

	(void)spec;
	lab_rules(lab, user, &resources, &paths);
	vmn_json_set_take(status, "resourceRules", resources);
	vmn_json_set_take(status, "nonResourceRules", paths);
	vmn_json_set_bool(status, "incomplete", false);
	return status;
}

static struct json_object *user_status(struct lab *lab, const struct lab_user *user,
				       struct json_object *spec)
{
	vmn_auto_json struct json_object *groups = json_object_new_array();

	(void)lab;
	(void)spec;
	for (const char *const *g = user->groups; *g; g++)
		vmn_json_append_take(groups, json_object_new_string(*g));
	return vmn_json_build("{\"userInfo\":{\"username\":%s,\"groups\":%J}}", user->name, groups);
}

const struct lab_review lab_reviews[] = {
	{"authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview",
	 access_status},
	{"authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview", rules_status},
	{"authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", user_status},
};
const size_t lab_reviews_len = VMN_ARRAY_LEN(lab_reviews);

bool lab_is_review_group(const char *group)
{
	for (size_t i = 0; i < lab_reviews_len; i++)
		if (strcmp(lab_reviews[i].group, group) == 0)
			return true;
	return false;
}

int lab_review(struct lab *lab, const char *group, const char *plural,
	       const struct lab_request *req, struct lab_response *ret, struct vmn_err *err)
{
	const struct lab_review *r = NULL;
	struct json_object *obj = NULL;
	vmn_auto_free char *gv = vmn_xasprintf("%s/v1", group);

	for (size_t i = 0; i < lab_reviews_len && !r; i++)
		if (strcmp(lab_reviews[i].group, group) == 0 &&
		    strcmp(lab_reviews[i].plural, plural) == 0)
			r = &lab_reviews[i];
	if (!r)
		return lab_fail(err, 404, "the server could not find the requested resource");
	if (strcmp(req->method, "POST") != 0)
		return lab_fail(err, 405,
				"the server does not allow this method on the requested resource");
	if (lab_body(req, &obj, err) < 0)
		return -(int)err->code;
	vmn_json_set_str(obj, "apiVersion", gv);
	vmn_json_set_str(obj, "kind", r->kind);
	vmn_json_set_take(obj, "status", r->status(lab, req->user, vmn_json_get(obj, "/spec")));
	lab_reply_json(ret, 201, obj);
	return 0;
}
