/* SPDX-License-Identifier: Apache-2.0 */
/* verbs.c - get, create, update, patch, delete */
#include "config.h"

#include <string.h>

#include "lab/kubevirt/admit.h"
#include "lab/api/fault.h"
#include "lab/api/gc.h"
#include "lab/api/meta.h"
#include "lab/api/rest.h"
#include "lab/api/status.h"
#include "lib/data/patch.h"
#include "lib/data/yaml.h"

enum { PATCH_OPS_MAX = 10000 };

/* A media type without parameters, lower case is assumed. */
static bool is_type(const char *content_type, const char *type)
{
	size_t len = strlen(type);

	return strncasecmp(content_type, type, len) == 0 &&
	       (!content_type[len] || strchr("; ", content_type[len]));
}

int lab_body(const struct lab_request *req, struct json_object **ret, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	vmn_auto_json struct json_object *obj = NULL;
	int r;

	if (is_type(req->content_type, "application/yaml"))
		r = vmn_yaml_parse_one(req->body, req->body_len, &obj, &why);
	else if (!*req->content_type || is_type(req->content_type, "application/json"))
		r = vmn_json_parse(req->body, req->body_len, &obj, &why);
	else
		return lab_fail(err, 415,
				"the body of the request was in an unknown format - accepted media "
				"types include: application/json, application/yaml");
	if (r < 0)
		return lab_fail(err, 400, "error decoding the request: %s", vmn_err_text(&why));
	if (!json_object_is_type(obj, json_type_object))
		return lab_fail(err, 400, "error decoding the request: not an object");
	*ret = vmn_steal(&obj);
	return 0;
}

/* --- what is common to writes --------------------------------------------------------- */

static bool is_dry_run_text(const char *s)
{
	return vmn_streq(s, "All");
}

/* dryRun of the query and of DeleteOptions. */
static int write_flags(const struct lab_call *c, struct json_object *options, unsigned *ret,
		       struct vmn_err *err)
{
	const char *param = lab_param(c->req, "dryRun");
	const char *option = vmn_json_str(options, "/dryRun/0");

	*ret = c->sub ? LAB_WRITE_STATUS : 0;
	if (is_dry_run_text(param) || is_dry_run_text(option))
		*ret |= LAB_WRITE_DRY_RUN;
	else if (!vmn_is_empty(param) || option)
		return lab_fail(err, 422,
				"%s is invalid: dryRun: Unsupported value: \"%s\": supported "
				"values: \"All\"",
				"Options.meta.k8s.io \"\"", param ? param : option);
	return 0;
}

static int conflict_fault(const struct lab_call *c, bool is_json_patch, struct vmn_err *err)
{
	if (!lab_fault_hit(c->lab, LAB_FAULT_CONFLICT, c->req->method, c->req->path))
		return 0;
	if (is_json_patch)
		return lab_fail(err, 422,
				"the server rejected our request due to an error in our request");
	return lab_fail_conflict(err, c->kind, c->name ? c->name : "");
}

static int check_type(const struct lab_call *c, struct json_object *obj, struct vmn_err *err)
{
	const struct lab_kind *k = c->kind;
	const char *kind = vmn_json_str_or(obj, "/kind", "");
	const char *version = vmn_json_str_or(obj, "/apiVersion", "");
	vmn_auto_free char *want = lab_api_version(k);

	if (!*kind && *k->group)
		return lab_fail(err, 400, "Object 'Kind' is missing in the request's body");
	if (*kind && strcmp(kind, k->kind) != 0)
		return lab_fail(err, 400,
				"%s in version \"%s\" cannot be handled as a %s: no kind \"%s\" is "
				"registered for this path",
				kind, version, k->kind, kind);
	if (*version && strcmp(version, want) != 0)
		return lab_fail(err, 400,
				"the API version in the data (%s) does not match the expected API "
				"version (%s)",
				version, want);
	return 0;
}

/* The body's own name and namespace must not contradict the path. */
static int check_names(const struct lab_call *c, struct json_object *obj, struct vmn_err *err)
{
	const char *name = vmn_json_str_or(obj, "/metadata/name", "");
	const char *ns = vmn_json_str_or(obj, "/metadata/namespace", "");

	if (c->name && !*name)
		return lab_fail(err, 400,
				"the name of the object (%s based on URL) was undeterminable: name "
				"must be provided",
				c->name);
	if (c->name && strcmp(name, c->name) != 0)
		return lab_fail(err, 400,
				"the name of the object (%s) does not match the name on the URL "
				"(%s)",
				name, c->name);
	if (c->ns && *ns && strcmp(ns, c->ns) != 0)
		return lab_fail(err, 400,
				"the namespace of the provided object does not match the namespace "
				"sent on the request");
	return 0;
}

static int admit(const struct lab_call *c, enum lab_operation op, struct json_object *old,
		 struct json_object *obj, unsigned flags, struct vmn_err *err)
{
	struct lab_admission a = {
		.op = op,
		.kind = c->kind,
		.user = c->req->user,
		.ns = c->ns,
		.subresource = c->sub,
		.old = old,
		.obj = obj,
		.dry_run = flags & LAB_WRITE_DRY_RUN,
	};

	if (lab_admit(c->lab, &a, err) < 0)
		return -(int)err->code;
	if (a.warning && !c->resp->warning)
		c->resp->warning = vmn_xasprintf("299 - \"%s\"", a.warning);
	return 0;
}

/* --- verbs ---------------------------------------------------------------------------- */

int lab_verb_get(struct lab_call *c, struct vmn_err *err)
{
	const struct lab_entry *e = lab_entry(c->lab, c->kind->id, c->ns, c->name);

	if (!e)
		return lab_fail_not_found(err, c->kind, c->name);
	if (c->form == LAB_FORM_TABLE) {
		lab_reply_object(c, 200, e->obj);
		return 0;
	}
	c->resp->status = 200;
	c->resp->content_type = "application/json";
	c->resp->text = lab_text_ref(e->text);
	return 0;
}

int lab_verb_create(struct lab_call *c, struct vmn_err *err)
{
	vmn_auto_json struct json_object *obj = NULL;
	struct json_object *stored, *meta;
	unsigned flags;

	if (lab_body(c->req, &obj, err) < 0 || check_type(c, obj, err) < 0 ||
	    lab_check_metadata(c->kind, obj, 400, err) < 0 || check_names(c, obj, err) < 0 ||
	    write_flags(c, NULL, &flags, err) < 0)
		return -(int)err->code;
	meta = vmn_json_get(obj, "/metadata");
	if (!json_object_is_type(meta, json_type_object))
		return lab_fail_invalid(err, c->kind, "", "metadata.name",
					"Required value: name or generateName is required");
	if (!vmn_is_empty(vmn_json_str(meta, "/resourceVersion")))
		return lab_fail(err, 500,
				"resourceVersion should not be set on objects to be created");
	if (c->ns)
		vmn_json_set_str(meta, "namespace", c->ns);
	if (conflict_fault(c, false, err) < 0 ||
	    admit(c, LAB_OP_CREATE, NULL, obj, flags, err) < 0 ||
	    lab_create(c->lab, c->kind->id, c->ns, vmn_steal(&obj), flags, &stored, err) < 0)
		return -(int)err->code;
	lab_reply_object(c, 201, stored);
	return 0;
}

/* Admit and store @obj (swallowed) in the place of @old. */
static int replace(struct lab_call *c, struct json_object *old, struct json_object *obj_take,
		   unsigned flags, struct vmn_err *err)
{
	vmn_auto_json struct json_object *obj = obj_take;
	struct json_object *stored;

	if (admit(c, LAB_OP_UPDATE, old, obj, flags, err) < 0 ||
	    lab_update(c->lab, c->kind->id, c->ns, c->name, vmn_steal(&obj), flags, &stored, err) <
		    0)
		return -(int)err->code;
	lab_reply_object(c, 200, stored);
	return 0;
}

int lab_verb_update(struct lab_call *c, struct vmn_err *err)
{
	vmn_auto_json struct json_object *obj = NULL;
	struct json_object *old = lab_get(c->lab, c->kind->id, c->ns, c->name);
	unsigned flags;

	if (lab_body(c->req, &obj, err) < 0 || check_type(c, obj, err) < 0 ||
	    lab_check_metadata(c->kind, obj, 400, err) < 0 || check_names(c, obj, err) < 0 ||
	    write_flags(c, NULL, &flags, err) < 0)
		return -(int)err->code;
	if (!old)
		return lab_fail_not_found(err, c->kind, c->name);
	/* Custom resources are never overwritten blindly. */
	if (*c->kind->group && vmn_is_empty(vmn_json_str(obj, "/metadata/resourceVersion"))) {
		vmn_auto_free char *resource = lab_resource(c->kind);

		(void)lab_fail(
			err, 422,
			"%s \"%s\" is invalid: metadata.resourceVersion: Invalid value: 0x0: "
			"must be specified for an update",
			resource, c->name);
		err->causes = vmn_xstrdup("metadata.resourceVersion: Invalid value: 0x0: must be "
					  "specified for an update");
		return -(int)err->code;
	}
	if (conflict_fault(c, false, err) < 0)
		return -(int)err->code;
	return replace(c, old, vmn_steal(&obj), flags, err);
}

static int parse_patch(const struct lab_call *c, struct json_object **ret, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

	if (vmn_json_parse(c->req->body, c->req->body_len, ret, &why) < 0)
		return lab_fail(err, 400, "error decoding patch: %s", vmn_err_text(&why));
	return 0;
}

static int json_patch(const struct lab_call *c, struct json_object *old, struct json_object **ret,
		      struct vmn_err *err)
{
	vmn_auto_json struct json_object *patch = NULL;
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

	if (parse_patch(c, &patch, err) < 0 || conflict_fault(c, true, err) < 0)
		return -(int)err->code;
	if (!json_object_is_type(patch, json_type_array))
		return lab_fail(err, 400,
				"error decoding patch: json: cannot unmarshal object into Go value "
				"of type jsonpatch.Patch");
	if (vmn_json_len(patch) > PATCH_OPS_MAX)
		return lab_fail(err, 413,
				"The allowed maximum operations in a JSON patch is %d, got %zu",
				PATCH_OPS_MAX, vmn_json_len(patch));
	/* Whatever fails inside, a test or a missing path, is this one answer. */
	if (vmn_patch_json(old, patch, ret, &why) < 0)
		return lab_fail(err, 422,
				"the server rejected our request due to an error in our request");
	return 0;
}

static int merge_patch(const struct lab_call *c, struct json_object *old, struct json_object **ret,
		       struct vmn_err *err)
{
	vmn_auto_json struct json_object *patch = NULL;

	if (parse_patch(c, &patch, err) < 0 || conflict_fault(c, false, err) < 0)
		return -(int)err->code;
	if (!json_object_is_type(patch, json_type_object))
		return lab_fail(err, 400, "error decoding patch: not an object");
	*ret = vmn_patch_merge(old, patch);
	return 0;
}

int lab_verb_patch(struct lab_call *c, struct vmn_err *err)
{
	struct json_object *old = lab_get(c->lab, c->kind->id, c->ns, c->name);
	vmn_auto_json struct json_object *obj = NULL;
	const char *type = c->req->content_type;
	unsigned flags;
	int r;

	if (write_flags(c, NULL, &flags, err) < 0)
		return -(int)err->code;
	if (is_type(type, "application/json-patch+json"))
		r = old ? json_patch(c, old, &obj, err) : 0;
	else if (is_type(type, "application/merge-patch+json") ||
		 (!*c->kind->group && is_type(type, "application/strategic-merge-patch+json")))
		/* kubectl's strategic patches of core kinds replace maps and scalars: a merge does
		 * it. */
		r = old ? merge_patch(c, old, &obj, err) : 0;
	else
		return lab_fail(err, 415,
				"the body of the request was in an unknown format - accepted media "
				"types include: application/json-patch+json, "
				"application/merge-patch+json");
	if (r < 0)
		return r;
	if (!old)
		return lab_fail_not_found(err, c->kind, c->name);
	if (!json_object_is_type(obj, json_type_object) ||
	    !json_object_is_type(vmn_json_get(obj, "/metadata"), json_type_object))
		return lab_fail(err, 422,
				"the server rejected our request due to an error in our request");
	if (check_type(c, obj, err) < 0 || lab_check_metadata(c->kind, obj, 422, err) < 0 ||
	    check_names(c, obj, err) < 0)
		return -(int)err->code;
	return replace(c, old, vmn_steal(&obj), flags, err);
}

/* --- delete --------------------------------------------------------------------------- */

static int delete_options(const struct lab_call *c, struct json_object **ret, struct vmn_err *err)
{
	if (!c->req->body_len) {
		*ret = json_object_new_object();
		return 0;
	}
	return lab_body(c->req, ret, err);
}

static int check_delete(const struct lab_call *c, struct json_object *obj,
			struct json_object *options, struct vmn_err *err)
{
	static const struct {
		const char *option, *field, *name, *hint;
	} checks[] = {
		{"/preconditions/uid", "/metadata/uid", "UID", "deleted and then recreated"},
		{"/preconditions/resourceVersion", "/metadata/resourceVersion", "ResourceVersion",
		 "modified"},
	};
	vmn_auto_free char *resource = lab_resource(c->kind);

	for (size_t i = 0; i < VMN_ARRAY_LEN(checks); i++) {
		const char *want = vmn_json_str(options, checks[i].option);
		const char *is = vmn_json_str_or(obj, checks[i].field, "");

		if (want && strcmp(want, is) != 0)
			return lab_fail(
				err, 409,
				"Operation cannot be fulfilled on %s \"%s\": the %s in the "
				"precondition (%s) does not match the %s in record (%s). The "
				"object might have been %s",
				resource, c->name, checks[i].name, want, checks[i].name, is,
				checks[i].hint);
	}
	return 0;
}

/* Kubernetes' NamespaceLifecycle plugin; it asks before anybody looks whether they exist. */
static int check_immortal(const struct lab_call *c, struct vmn_err *err)
{
	static const char *const immortal[] = {"default", "kube-system", "kube-public"};

	for (size_t i = 0; c->kind->id == LAB_NAMESPACE && i < VMN_ARRAY_LEN(immortal); i++) {
		if (strcmp(c->name, immortal[i]) == 0)
			return lab_fail(err, 403,
					"namespaces \"%s\" is forbidden: this namespace may not be "
					"deleted",
					c->name);
	}
	return 0;
}

static const char *propagation(const struct lab_call *c, struct json_object *options)
{
	const char *param = lab_param(c->req, "propagationPolicy");

	if (vmn_json_bool(options, "/orphanDependents", false))
		return "Orphan";
	return vmn_json_str_or(options, "/propagationPolicy", param ? param : "Background");
}

/* Hold @obj back until what depends on it is gone. */
static int add_finalizer(struct lab_call *c, struct json_object *obj, const char *finalizer,
			 struct vmn_err *err)
{
	struct json_object *copy = vmn_json_copy(obj), *list;

	list = vmn_json_array(copy, "/metadata/finalizers");
	if (!list) {
		list = json_object_new_array();
		vmn_json_set_take(vmn_json_get(copy, "/metadata"), "finalizers", list);
	}
	vmn_json_append_take(list, json_object_new_string(finalizer));
	if (c->kind->id == LAB_NAMESPACE)
		vmn_json_set_take(copy, "status", vmn_json_build("{\"phase\":\"Terminating\"}"));
	return lab_update(c->lab, c->kind->id, c->ns, c->name, copy, LAB_WRITE_SYSTEM, NULL, err);
}

/* What is gone is told as a Status, what waits for its finalizers as the object. */
static void reply_deleted(struct lab_call *c, struct json_object *obj, unsigned flags)
{
	vmn_auto_json struct json_object *details = NULL;

	if (!(flags & LAB_WRITE_DRY_RUN) && vmn_json_str(obj, "/metadata/deletionTimestamp") &&
	    lab_get(c->lab, c->kind->id, c->ns, c->name)) {
		lab_reply_object(c, 200, obj);
		return;
	}
	details = vmn_json_build("{\"name\":%s,\"kind\":%s,\"uid\":%s}", c->name, c->kind->plural,
				 vmn_json_str_or(obj, "/metadata/uid", ""));
	if (*c->kind->group)
		vmn_json_set_str(details, "group", c->kind->group);
	lab_reply_json(c->resp, 200,
		       vmn_json_build("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
				      "\"status\":\"Success\",\"details\":%J}",
				      details));
}

int lab_verb_delete(struct lab_call *c, struct vmn_err *err)
{
	vmn_auto_json struct json_object *options = NULL;
	struct json_object *obj = lab_get(c->lab, c->kind->id, c->ns, c->name), *last;
	const char *policy, *hold = NULL;
	unsigned flags;

	if (delete_options(c, &options, err) < 0 || write_flags(c, options, &flags, err) < 0 ||
	    check_immortal(c, err) < 0)
		return -(int)err->code;
	if (!obj)
		return lab_fail_not_found(err, c->kind, c->name);
	if (check_delete(c, obj, options, err) < 0 ||
	    admit(c, LAB_OP_DELETE, obj, NULL, flags, err) < 0)
		return -(int)err->code;
	policy = propagation(c, options);
	if (c->kind->id == LAB_NAMESPACE)
		hold = LAB_NAMESPACE_FINALIZER;
	else if (strcmp(policy, "Foreground") == 0)
		hold = LAB_FOREGROUND_FINALIZER;
	if (!(flags & LAB_WRITE_DRY_RUN) && !vmn_json_str(obj, "/metadata/deletionTimestamp")) {
		if (strcmp(policy, "Orphan") == 0)
			lab_gc_orphan(c->lab, vmn_json_str_or(obj, "/metadata/uid", ""));
		if (hold && add_finalizer(c, obj, hold, err) < 0)
			return -(int)err->code;
	}
	if (lab_delete(c->lab, c->kind->id, c->ns, c->name, flags, &last, err) < 0)
		return -(int)err->code;
	reply_deleted(c, last, flags);
	return 0;
}

struct victims {
	struct lab_filter *filter;
	struct json_object *list; /* array of the objects */
};

static bool add_victim(void *arg, struct json_object *obj)
{
	struct victims *v = arg;

	if (lab_filter_matches(v->filter, obj))
		vmn_json_append_take(v->list, json_object_get(obj));
	return false;
}

int lab_verb_delete_collection(struct lab_call *c, struct vmn_err *err)
{
	lab_auto_filter struct lab_filter *filter = NULL;
	vmn_auto_json struct json_object *list = json_object_new_array();
	vmn_auto_free char *kind = NULL, *version = NULL;
	struct victims v = {.list = list};

	if (lab_filter_new(c->req, c->kind, &filter, err) < 0)
		return -(int)err->code;
	v.filter = filter;
	lab_each(c->lab, c->kind->id, c->ns, add_victim, &v);
	for (size_t i = 0; i < vmn_json_len(list); i++) {
		struct json_object *obj = json_object_array_get_idx(list, i);
		struct lab_response ignored = {.retry_after_s = -1};
		struct lab_call one = *c;
		int r;

		one.ns = vmn_json_str(obj, "/metadata/namespace");
		one.name = vmn_json_str(obj, "/metadata/name");
		one.resp = &ignored;
		r = lab_verb_delete(&one, err);
		vmn_buf_clear(&ignored.body);
		free(ignored.warning);
		if (r < 0)
			return r;
	}
	kind = vmn_xasprintf("%sList", c->kind->kind);
	version = lab_api_version(c->kind);
	lab_reply_json(c->resp, 200,
		       vmn_json_build("{\"kind\":%s,\"apiVersion\":%s,\"metadata\":{},"
				      "\"items\":%J}",
				      kind, version, list));
	return 0;
}
