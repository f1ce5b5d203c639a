/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lab/api/status.h"

/* Source: k8s.io/apimachinery pkg/apis/meta/v1, type StatusReason. */
static const struct {
	int http;
	enum vmn_code code;
	const char *reason;
} reasons[] = {
	{400, VMN_E_INVALID, "BadRequest"},
	{401, VMN_E_AUTH, "Unauthorized"},
	{403, VMN_E_FORBIDDEN, "Forbidden"},
	{404, VMN_E_NOT_FOUND, "NotFound"},
	{405, VMN_E_INVALID, "MethodNotAllowed"},
	{406, VMN_E_INVALID, "NotAcceptable"},
	{409, VMN_E_CONFLICT, "Conflict"},
	{410, VMN_E_CONFLICT, "Expired"},
	{413, VMN_E_INVALID, "RequestEntityTooLarge"},
	{415, VMN_E_INVALID, "UnsupportedMediaType"},
	{422, VMN_E_INVALID, "Invalid"},
	{429, VMN_E_SERVER, "TooManyRequests"},
	{500, VMN_E_SERVER, "InternalError"},
	{503, VMN_E_SERVER, "ServiceUnavailable"},
	{504, VMN_E_SERVER, "Timeout"},
};

static int fail(struct vmn_err *err, int http, const char *reason, const char *msg)
{
	enum vmn_code code = VMN_E_SERVER;

	for (size_t i = 0; i < VMN_ARRAY_LEN(reasons); i++) {
		if (reasons[i].http == http) {
			code = reasons[i].code;
			reason = reason ? reason : reasons[i].reason;
		}
	}
	(void)vmn_err_set(err, code, "%s", msg);
	err->http = http;
	err->reason = vmn_xstrdup(reason ? reason : "Unknown");
	return -(int)code;
}

int lab_fail(struct vmn_err *err, int http, const char *fmt, ...)
{
	vmn_auto_free char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	return fail(err, http, NULL, msg);
}

int lab_fail_reason(struct vmn_err *err, int http, const char *reason, const char *fmt, ...)
{
	vmn_auto_free char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	return fail(err, http, reason, msg);
}

char *lab_resource(const struct lab_kind *kind)
{
	return vmn_xasprintf("%s%s%s", kind->plural, *kind->group ? "." : "", kind->group);
}

int lab_fail_not_found(struct vmn_err *err, const struct lab_kind *kind, const char *name)
{
	vmn_auto_free char *resource = lab_resource(kind);

	return lab_fail(err, 404, "%s \"%s\" not found", resource, name);
}

int lab_fail_conflict(struct vmn_err *err, const struct lab_kind *kind, const char *name)
{
	vmn_auto_free char *resource = lab_resource(kind);

	return lab_fail(err, 409,
			"Operation cannot be fulfilled on %s \"%s\": the object has been modified; "
			"please apply your changes to the latest version and try again",
			resource, name);
}

int lab_fail_invalid(struct vmn_err *err, const struct lab_kind *kind, const char *name,
		     const char *field, const char *fmt, ...)
{
	vmn_auto_free char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	text = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	r = lab_fail(err, 422, "%s%s%s \"%s\" is invalid: %s: %s", kind->kind,
		     *kind->group ? "." : "", kind->group, name, field, text);
	err->causes = vmn_xasprintf("%s: %s", field, text);
	return r;
}

/* "field: message" lines to the array of causes; a line without a field is a message alone. */
static struct json_object *causes_of(const char *text)
{
	struct json_object *causes = json_object_new_array();
	vmn_auto_strlist struct vmn_strlist lines = {0};

	vmn_strlist_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct json_object *cause = json_object_new_object();
		char *sep = strstr(lines.v[i], ": ");
		bool has_field = sep && strcspn(lines.v[i], " ") >= (size_t)(sep - lines.v[i]);

		vmn_json_set_str(cause, "reason", "FieldValueInvalid");
		vmn_json_set_str(cause, "message", has_field ? sep + 2 : lines.v[i]);
		if (has_field) {
			*sep = '\0';
			vmn_json_set_str(cause, "field", lines.v[i]);
		}
		vmn_json_append_take(causes, cause);
	}
	return causes;
}

/*
 * Only some answers name the object in their details, as those of apimachinery's constructors do.
 * Of the 422s it is those whose message names it: neither a patch that does not apply nor a
 * webhook's denial.
 */
static bool names_object(const struct vmn_err *err, const struct lab_kind *kind)
{
	const char *msg = vmn_err_text(err);

	switch (err->http) {
	case 403:
	case 404:
	case 409:
		return true;
	case 422:
		return vmn_starts_with(msg, kind->plural) || vmn_starts_with(msg, kind->kind);
	default:
		return false;
	}
}

/* NAME of 'RESOURCE "NAME" ...': the path of a POST does not have it. NULL when there is none. */
static char *name_in(const char *msg)
{
	const char *quote = msg + strcspn(msg, " ");

	if (!vmn_starts_with(quote, " \""))
		return NULL;
	return vmn_xstrndup(quote + 2, strcspn(quote + 2, "\""));
}

struct json_object *lab_status(const struct vmn_err *err, const struct lab_kind *kind,
			       const char *name)
{
	struct json_object *status = vmn_json_build(
		"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
		"\"message\":%s}",
		vmn_err_text(err));
	vmn_auto_free char *told = vmn_is_empty(name) ? name_in(vmn_err_text(err)) : NULL;
	struct json_object *details = NULL;

	if (told)
		name = told;
	/* Webhooks may refuse without one. */
	if (err->reason || !err->http || err->http == 500)
		vmn_json_set_str(status, "reason", err->reason ? err->reason : "InternalError");
	if (kind && !names_object(err, kind))
		kind = NULL;
	if (kind || err->causes)
		details = json_object_new_object();
	if (kind && !vmn_is_empty(name))
		vmn_json_set_str(details, "name", name);
	if (kind && *kind->group)
		vmn_json_set_str(details, "group", kind->group);
	/* 422 names the Kind, every other answer the resource. */
	if (kind)
		vmn_json_set_str(details, "kind", err->http == 422 ? kind->kind : kind->plural);
	if (err->causes)
		vmn_json_set_take(details, "causes", causes_of(err->causes));
	if (details)
		vmn_json_set_take(status, "details", details);
	vmn_json_set_int(status, "code", err->http ? err->http : 500);
	return status;
}
