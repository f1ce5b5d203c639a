/* SPDX-License-Identifier: Apache-2.0 */
/* review.c - authorization.k8s.io: what `kubectl auth can-i` asks */
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

static struct json_object *rules_status(struct lab *lab, const struct lab_user *user)
{
	struct json_object *resources, *paths, *status = json_object_new_object();

	lab_rules(lab, user, &resources, &paths);
	vmn_json_set_take(status, "resourceRules", resources);
	vmn_json_set_take(status, "nonResourceRules", paths);
	vmn_json_set_bool(status, "incomplete", false);
	return status;
}

int lab_review(struct lab *lab, const char *plural, const struct lab_request *req,
	       struct lab_response *ret, struct vmn_err *err)
{
	bool is_access = strcmp(plural, "selfsubjectaccessreviews") == 0;
	struct json_object *obj = NULL;

	if (!is_access && strcmp(plural, "selfsubjectrulesreviews") != 0)
		return lab_fail(err, 404, "the server could not find the requested resource");
	if (strcmp(req->method, "POST") != 0)
		return lab_fail(err, 405,
				"the server does not allow this method on the requested resource");
	if (lab_body(req, &obj, err) < 0)
		return -(int)err->code;
	vmn_json_set_str(obj, "apiVersion", "authorization.k8s.io/v1");
	vmn_json_set_str(obj, "kind",
			 is_access ? "SelfSubjectAccessReview" : "SelfSubjectRulesReview");
	vmn_json_set_take(obj, "status",
			  is_access ? access_status(lab, req->user, vmn_json_get(obj, "/spec"))
				    : rules_status(lab, req->user));
	lab_reply_json(ret, 201, obj);
	return 0;
}
