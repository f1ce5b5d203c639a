/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/data/json.h"
#include "lib/kube/status.h"

enum {
	MAX_STATUS_BYTES = 1 << 20,
	MAX_TEXT_BYTES = 500, /* of a plain-text answer that goes into a message */
	MAX_CAUSES = 64,
};

/* What an HTTP status means when the body does not say. Reasons are those of
 * k8s.io/apimachinery meta/v1 StatusReason. */
static const struct {
	int http;
	const char *reason;
	enum vmn_code code;
	const char *text;
} http_rows[] = {
	{400, "BadRequest", VMN_E_INVALID, "the server does not understand the request"},
	{401, "Unauthorized", VMN_E_AUTH, "the server does not accept these credentials"},
	{403, "Forbidden", VMN_E_FORBIDDEN, "the server does not allow this"},
	{404, "NotFound", VMN_E_NOT_FOUND, "the server has no such resource"},
	{405, "MethodNotAllowed", VMN_E_UNSUPPORTED, "the resource does not take this method"},
	{406, "NotAcceptable", VMN_E_UNSUPPORTED, "the server cannot answer in a format we read"},
	{409, "Conflict", VMN_E_CONFLICT, "the object was changed by somebody else"},
	{410, "Gone", VMN_E_CONFLICT, "the server no longer has that version"},
	{413, "RequestEntityTooLarge", VMN_E_RANGE, "the request is too large for the server"},
	{415, "UnsupportedMediaType", VMN_E_UNSUPPORTED,
	 "the server does not take this kind of body"},
	{422, "Invalid", VMN_E_INVALID, "the server finds the object invalid"},
	{429, "TooManyRequests", VMN_E_SERVER, "the server has too much to do, try again later"},
	{500, "InternalError", VMN_E_SERVER, "the server failed"},
	{501, NULL, VMN_E_UNSUPPORTED, "the server cannot do this"},
	{502, "BadGateway", VMN_E_SERVER, "a gateway got no good answer from the server"},
	{503, "ServiceUnavailable", VMN_E_SERVER, "the server cannot answer now"},
	{504, "Timeout", VMN_E_SERVER, "the server did not finish in time"},
};

/* Reasons that say more than their HTTP status. */
static const struct {
	const char *reason;
	enum vmn_code code;
} reason_rows[] = {
	{"AlreadyExists", VMN_E_EXISTS},
	{"Expired", VMN_E_CONFLICT},
};

/* Status.reason of errors that never saw a server, for vmn_err_to_status(). */
static const char *const local_reasons[] = {
	[VMN_E_USAGE] = "BadRequest",
	[VMN_E_CONFIG] = "InvalidConfiguration",
	[VMN_E_AUTH] = "Unauthorized",
	[VMN_E_FORBIDDEN] = "Forbidden",
	[VMN_E_NOT_FOUND] = "NotFound",
	[VMN_E_CONFLICT] = "Conflict",
	[VMN_E_EXISTS] = "AlreadyExists",
	[VMN_E_INVALID] = "Invalid",
	[VMN_E_RANGE] = "Invalid",
	[VMN_E_UNREACHABLE] = "Unreachable",
	[VMN_E_TIMEOUT] = "Timeout",
	[VMN_E_PERMISSION] = "Forbidden",
	[VMN_E_PROTOCOL] = "UnexpectedServerResponse",
	[VMN_E_PARTIAL] = "PartialFailure",
	[VMN_E_CANCELLED] = "Cancelled",
	[VMN_E_UNSUPPORTED] = "Unsupported",
	[VMN_E_VERDICT] = "Verdict",
	[VMN_E_SERVER] = "InternalError",
};

static const char *reason_of_http(int http)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(http_rows); i++)
		if (http_rows[i].http == http)
			return http_rows[i].reason;
	return NULL;
}

static const char *text_of_http(int http)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(http_rows); i++)
		if (http_rows[i].http == http)
			return http_rows[i].text;
	if (http >= 300 && http < 400)
		return "the server points to another address, which is not followed";
	return http >= 500 ? "the server failed" : "the server refused the request";
}

static enum vmn_code code_of(int http, const char *reason)
{
	for (size_t i = 0; reason && i < VMN_ARRAY_LEN(reason_rows); i++)
		if (strcmp(reason_rows[i].reason, reason) == 0)
			return reason_rows[i].code;
	for (size_t i = 0; i < VMN_ARRAY_LEN(http_rows); i++)
		if (http_rows[i].http == http)
			return http_rows[i].code;
	if (http >= 500)
		return VMN_E_SERVER;
	return http >= 400 ? VMN_E_INVALID : VMN_E_PROTOCOL;
}

static int fill(int http, const char *reason, const char *text, struct vmn_err *err)
{
	enum vmn_code code = code_of(http, reason);

	if (vmn_is_empty(reason))
		(void)vmn_err_set(err, code, "Error from server: %s", text);
	else
		(void)vmn_err_set(err, code, "Error from server (%s): %s", reason, text);
	err->http = http;
	if (!vmn_is_empty(reason))
		err->reason = vmn_xstrdup(reason);
	if (code == VMN_E_AUTH)
		(void)vmn_err_hint(err,
				   "check the user of this context: its credentials are missing, "
				   "wrong or expired");
	return -(int)code;
}

static char *causes_text(struct json_object *status)
{
	struct json_object *causes = vmn_json_array(status, "/details/causes");
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(65536);
	size_t n = 0;

	vmn_json_each(cause, causes) {
		const char *field = vmn_json_str(cause, "/field");
		const char *message = vmn_json_str(cause, "/message");

		if (!message || n++ == MAX_CAUSES)
			continue;
		if (b.len)
			vmn_buf_addc(&b, '\n');
		if (!vmn_is_empty(field))
			vmn_buf_addf(&b, "%s: ", field);
		/* One line a cause, whatever a webhook wrote. */
		for (; *message; message++)
			vmn_buf_addc(&b, *message == '\n' ? ' ' : *message);
	}
	return b.len ? vmn_buf_steal(&b) : NULL;
}

int vmn_status_obj_to_err(int http, struct json_object *status, struct vmn_err *err)
{
	const char *message = vmn_json_str(status, "/message");
	const char *reason = vmn_json_str(status, "/reason");

	if (!http)
		http = (int)vmn_json_int(status, "/code", 500);
	if (vmn_is_empty(reason))
		reason = reason_of_http(http);
	(void)fill(http, reason, vmn_is_empty(message) ? text_of_http(http) : message, err);
	err->causes = causes_text(status);
	return -(int)err->code;
}

static bool is_binary(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' && !memchr("\t\r\n", s[i], 3))
			return true;
	return false;
}

/* The first words of a plain-text or HTML answer as one line; "" when it has none to show. */
static void plain_text(const char *body, size_t len, struct vmn_buf *out)
{
	const char *title = memmem(body, len, "<title>", 7);
	bool is_html = memchr(body, '<', len < 64 ? len : 64) != NULL;
	bool space = false;

	if (title) {
		const char *end;

		len -= (size_t)(title + 7 - body);
		body = title + 7;
		end = memchr(body, '<', len);
		len = end ? (size_t)(end - body) : len;
	} else if (is_html || is_binary(body, len < MAX_TEXT_BYTES ? len : MAX_TEXT_BYTES)) {
		return;
	}
	for (size_t i = 0; i < len && vmn_buf_ok(out); i++) {
		if (memchr(" \t\r\n", body[i], 4)) {
			space = out->len > 0;
			continue;
		}
		if (space)
			vmn_buf_addc(out, ' ');
		space = false;
		vmn_buf_addc(out, body[i] & 0x80 ? '?' : body[i]);
	}
}

/* virt-api leaves kind and apiVersion out of the Status objects it writes itself. */
static bool is_status(struct json_object *obj)
{
	const char *kind = vmn_json_str(obj, "/kind");

	return kind ? vmn_streq(kind, "Status")
		    : vmn_streq(vmn_json_str(obj, "/status"), "Failure");
}

int vmn_status_to_err(int http, const char *body, size_t len, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(MAX_TEXT_BYTES);
	vmn_auto_err struct vmn_err ignored = VMN_ERR_INIT;
	vmn_auto_json struct json_object *status = NULL;

	if (len && len <= MAX_STATUS_BYTES && vmn_json_parse(body, len, &status, &ignored) == 0 &&
	    is_status(status))
		return vmn_status_obj_to_err(http, status, err);
	/* What a redirect says in its body is for browsers. */
	if (!status && http >= 400)
		plain_text(body, len, &text);
	(void)fill(http, reason_of_http(http), text.len ? vmn_buf_str(&text) : text_of_http(http),
		   err);
	if (http >= 300 && http < 400)
		(void)vmn_err_hint(err,
				   "the server in the kubeconfig must be the API server itself");
	return -(int)err->code;
}

static struct json_object *causes_array(const char *causes)
{
	vmn_auto_strlist struct vmn_strlist lines = {0};
	struct json_object *array = json_object_new_array();

	vmn_strlist_split(&lines, causes, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *colon = strstr(lines.v[i], ": ");
		vmn_auto_free char *field =
			vmn_xstrndup(lines.v[i], colon ? (size_t)(colon - lines.v[i]) : 0);
		struct json_object *cause = json_object_new_object();

		vmn_json_set_str(cause, "message", colon ? colon + 2 : lines.v[i]);
		if (colon)
			vmn_json_set_str(cause, "field", field);
		vmn_json_append_take(array, cause);
	}
	return array;
}

struct json_object *vmn_err_to_status(const struct vmn_err *err)
{
	struct json_object *status = vmn_json_build("{\"kind\":\"Status\",\"apiVersion\":\"v1\","
						    "\"metadata\":{},\"status\":\"Failure\"}");
	struct json_object *details = json_object_new_object();
	const char *reason = err->reason;

	if (!reason && (size_t)err->code < VMN_ARRAY_LEN(local_reasons))
		reason = local_reasons[err->code];
	vmn_json_set_str(status, "message", vmn_err_text(err));
	vmn_json_set_str(status, "reason", reason ? reason : "Unknown");
	if (err->causes)
		vmn_json_set_take(details, "causes", causes_array(err->causes));
	if (err->hint)
		vmn_json_set_str(details, "hint", err->hint);
	if (json_object_object_length(details))
		vmn_json_set_take(status, "details", json_object_get(details));
	(void)json_object_put(details);
	if (err->http)
		vmn_json_set_int(status, "code", err->http);
	return status;
}
