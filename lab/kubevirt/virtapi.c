/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdarg.h>
#include <string.h>

#include "lab/api/meta.h"
#include "lab/kubevirt/virtapi.h"
#include "lib/data/yaml.h"

/* --- answers -------------------------------------------------------------------------- */

void lab_answer_json(struct lab_subresponse *ret, int status, struct json_object *doc)
{
	ret->status = status;
	ret->content_type = "application/json";
	ret->body = vmn_xstrdup(vmn_json_text(doc));
}

/*
 * A Status as virt-api writes it: Go's errors.NewX() as JSON, without kind and apiVersion.
 * Source: pkg/virt-api/rest/subresource.go writeError().
 */
static void answer_status(struct lab_call *c, int code, const char *reason,
			  struct json_object *details, const char *message)
{
	vmn_auto_json struct json_object *doc =
		vmn_json_build("{\"metadata\":{},\"status\":\"Failure\",\"message\":%s}", message);

	if (reason)
		vmn_json_set_str(doc, "reason", reason);
	if (details)
		vmn_json_set_take(doc, "details", details);
	vmn_json_set_int(doc, "code", code);
	lab_answer_json(c->ret, code, doc);
}

static struct json_object *details_of(const char *kind, const char *name)
{
	return vmn_json_build("{\"name\":%s,\"group\":\"kubevirt.io\",\"kind\":%s}", name, kind);
}

void lab_answer_bad_request(struct lab_call *c, const char *fmt, ...)
{
	vmn_auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	answer_status(c, 400, "BadRequest", NULL, text);
}

void lab_answer_not_found(struct lab_call *c, const char *kind)
{
	vmn_auto_free char *text =
		vmn_xasprintf("%s.kubevirt.io \"%s\" not found", kind, c->req->name);

	answer_status(c, 404, "NotFound", details_of(kind, c->req->name), text);
}

void lab_answer_conflict(struct lab_call *c, const char *kind, const char *why)
{
	vmn_auto_free char *text =
		vmn_xasprintf("Operation cannot be fulfilled on %s.kubevirt.io \"%s\": %s", kind,
			      c->req->name, why);

	answer_status(c, 409, "Conflict", details_of(kind, c->req->name), text);
}

void lab_answer_internal(struct lab_call *c, const char *why)
{
	vmn_auto_free char *text = vmn_xasprintf("Internal error occurred: %s", why);

	answer_status(c, 500, "InternalError",
		      vmn_json_build("{\"causes\":[{\"message\":%s}]}", why), text);
}

/* What a failed test of virt-api's own JSON patch becomes: another writer was faster. */
void lab_answer_test_failed(struct lab_call *c)
{
	answer_status(c, 422, "Invalid", NULL,
		      "the server rejected our request due to an error in our request");
}

void lab_answer_accepted(struct lab_call *c)
{
	c->ret->status = 202;
}

/* Faults match the path as the client wrote it, which also holds "NAMESPACE/.../VM". */
bool lab_call_fault(const struct lab_call *c, enum lab_fault_kind kind)
{
	const struct lab_subrequest *req = c->req;
	vmn_auto_free char *path =
		req->ns ? vmn_xasprintf("/apis/subresources.kubevirt.io/%s/namespaces/%s/%s/%s/%s",
					req->version, req->ns, req->resource, req->name,
					req->subresource)
			: vmn_xasprintf("/apis/subresources.kubevirt.io/%s/%s", req->version,
					req->resource);

	return lab_fault_hit(c->lab, kind, req->method, path);
}

/* --- bodies --------------------------------------------------------------------------- */

/* Go's encoding/json is strict about the types of the fields it knows. */
static int check_types(const struct lab_body *o, struct json_object *body, struct vmn_err *err)
{
	if (!json_object_is_type(body, json_type_object))
		return vmn_err_set(err, VMN_E_INVALID,
				   "json: cannot unmarshal %s into Go value of type v1.%s",
				   lab_go_type(body), o->go_name);
	for (const struct lab_body_field *f = o->fields; f->name; f++) {
		struct json_object *v;

		if (!json_object_object_get_ex(body, f->name, &v) || !v ||
		    json_object_is_type(v, f->type))
			continue;
		return vmn_err_set(
			err, VMN_E_INVALID,
			"json: cannot unmarshal %s into Go struct field %s.%s of type %s",
			lab_go_type(v), o->go_name, f->name, f->go_type);
	}
	return 0;
}

/* k8s.io/apimachinery's YAMLOrJSONDecoder: a first '{' means JSON, nothing at all is fine */
static int parse_body(const struct lab_subrequest *req, struct json_object **ret,
		      struct vmn_err *err)
{
	const char *s = req->body ? req->body : "";
	size_t len = req->body ? req->body_len : 0;
	struct json_tokener *tok;
	enum json_tokener_error rc;

	while (len && strchr(" \t\r\n", *s)) {
		s++;
		len--;
	}
	if (!len) {
		*ret = json_object_new_object();
		return 0;
	}
	if (*s != '{')
		return vmn_yaml_parse_one(s, len, ret, err);
	tok = json_tokener_new_ex(VMN_JSON_MAX_DEPTH);
	if (!tok)
		return vmn_err_oom(err);
	*ret = json_tokener_parse_ex(tok, s, (int)len);
	rc = json_tokener_get_error(tok);
	json_tokener_free(tok);
	if (rc == json_tokener_continue)
		return vmn_err_set(err, VMN_E_INVALID, "unexpected EOF");
	if (rc != json_tokener_success)
		return vmn_err_set(err, VMN_E_INVALID, "%s", json_tokener_error_desc(rc));
	return 0;
}

bool lab_call_decode(struct lab_call *c, const struct lab_body *o)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (parse_body(c->req, &c->body, &err) < 0 || check_types(o, c->body, &err) < 0) {
		lab_answer_bad_request(c, "%s, error: %s", o->error_prefix, vmn_err_text(&err));
		return false;
	}
	return true;
}

/* A dry run must be ["All"]; the API server says so to virt-api, and virt-api calls that internal.
 */
bool lab_call_dry_run(struct lab_call *c, const char *options_kind, bool *ret)
{
	struct json_object *list = vmn_json_array(c->body, "/dryRun");
	vmn_auto_buf struct vmn_buf bad = VMN_BUF_INIT(0);

	*ret = vmn_json_len(list) > 0;
	vmn_json_each(item, list)
		if (strcmp(vmn_json_str_or(item, "", ""), "All"))
			vmn_buf_addf(&bad, "%s%s", bad.len ? ", " : "", vmn_json_text(item));
	if (bad.len) {
		vmn_auto_free char *text = vmn_xasprintf(
			"%s.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: []string{%s}: "
			"supported values: \"All\"",
			options_kind, vmn_buf_str(&bad));

		lab_answer_internal(c, text);
	}
	return !bad.len;
}
