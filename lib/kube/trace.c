/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "lib/data/json.h"
#include "lib/kube/trace.h"

enum { CUT_BYTES = 1024 };

/* Fields that hold secrets wherever they stand. cloud-init's data carries passwords and keys. */
static const char *const secret_fields[] = {
	"token",	  "id-token",	   "refresh-token",	"access-token",	   "password",
	"passwd",	  "clientKeyData", "client-key-data",	"secretAccessKey", "userData",
	"userDataBase64", "networkData",   "networkDataBase64", "privateKey",	   "stringData",
};

static const char *const secret_headers[] = {
	"Authorization", "Proxy-Authorization", "Cookie",
	"Set-Cookie",	 "X-Auth-Token",	"Authentication-Info",
};

static bool is_secret_field(const char *key)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(secret_fields); i++)
		if (strcasecmp(key, secret_fields[i]) == 0)
			return true;
	return false;
}

static void redact_in_place(struct json_object *obj, bool in_secret)
{
	const char *path;

	if (json_object_is_type(obj, json_type_array)) {
		vmn_json_each(item, obj)
			redact_in_place(item, in_secret);
		return;
	}
	if (!json_object_is_type(obj, json_type_object))
		return;
	/* An operation of a JSON patch names the field elsewhere. */
	path = vmn_json_str(obj, "/path");
	if (path && strrchr(path, '/') && is_secret_field(strrchr(path, '/') + 1) &&
	    vmn_json_get(obj, "/value"))
		vmn_json_set_str(obj, "value", VMN_REDACTED);
	in_secret = in_secret || vmn_streq(vmn_json_str(obj, "/kind"), "Secret") ||
		    vmn_streq(vmn_json_str(obj, "/kind"), "SecretList");
	json_object_object_foreach(obj, key, value) {
		if (is_secret_field(key) || (in_secret && strcmp(key, "data") == 0) ||
		    strstr(key, "last-applied-configuration"))
			vmn_json_set_str(obj, key, VMN_REDACTED);
		else
			redact_in_place(value, in_secret);
	}
}

struct json_object *vmn_trace_redact(struct json_object *obj)
{
	struct json_object *copy = vmn_json_copy(obj);

	redact_in_place(copy, false);
	return copy;
}

void vmn_trace_header(const struct vmn_log *log, char direction, const char *line, size_t len)
{
	size_t name = 0;

	if (!vmn_log_on(log, 7))
		return;
	while (len && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	while (name < len && line[name] != ':')
		name++;
	for (size_t i = 0; i < VMN_ARRAY_LEN(secret_headers); i++) {
		if (strlen(secret_headers[i]) == name &&
		    strncasecmp(line, secret_headers[i], name) == 0) {
			vmn_logf(log, 7, "%c %.*s: " VMN_REDACTED, direction, (int)name, line);
			return;
		}
	}
	if (len)
		vmn_logf(log, 7, "%c %.*s", direction, (int)len, line);
}

/* Whether text that is no JSON mentions what a secret is usually introduced with. */
static bool looks_secret(const char *text, size_t len)
{
	static const char *const marks[] = {"Bearer ", "Basic ", "PRIVATE KEY", "password",
					    "token"};

	for (size_t i = 0; i < VMN_ARRAY_LEN(marks); i++)
		if (memmem(text, len, marks[i], strlen(marks[i])))
			return true;
	return false;
}

static void trace_text(const struct vmn_log *log, char direction, const char *text, size_t len)
{
	size_t shown = !vmn_log_on(log, 9) && len > CUT_BYTES ? CUT_BYTES : len;

	if (shown < len)
		vmn_logf(log, 8, "%c %.*s [%zu more bytes]", direction, (int)shown, text,
			 len - shown);
	else
		vmn_logf(log, 8, "%c %.*s", direction, (int)shown, text);
}

void vmn_trace_object(const struct vmn_log *log, char direction, struct json_object *obj)
{
	vmn_auto_json struct json_object *clean = NULL;

	if (!vmn_log_on(log, 8))
		return;
	clean = vmn_trace_redact(obj);
	trace_text(log, direction, vmn_json_text(clean), strlen(vmn_json_text(clean)));
}

void vmn_trace_body(const struct vmn_log *log, char direction, const char *body, size_t len)
{
	vmn_auto_err struct vmn_err ignored = VMN_ERR_INIT;
	vmn_auto_json struct json_object *obj = NULL;

	if (!len || !vmn_log_on(log, 8))
		return;
	if (vmn_json_parse(body, len, &obj, &ignored) == 0)
		vmn_trace_object(log, direction, obj);
	else if (looks_secret(body, len))
		vmn_logf(log, 8, "%c [%zu bytes not shown]", direction, len);
	else
		trace_text(log, direction, body, len);
}
