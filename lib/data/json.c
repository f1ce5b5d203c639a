/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/json.h"

void vmn_json_put_p(struct json_object **obj)
{
	(void)json_object_put(*obj);
	*obj = NULL;
}

/* Whether a number in the tree is none. */
static bool has_nonfinite(struct json_object *obj)
{
	if (json_object_is_type(obj, json_type_double))
		return !isfinite(json_object_get_double(obj));
	if (json_object_is_type(obj, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(obj); i++)
			if (has_nonfinite(json_object_array_get_idx(obj, i)))
				return true;
	} else if (json_object_is_type(obj, json_type_object)) {
		json_object_object_foreach(obj, key, value) {
			(void)key;
			if (has_nonfinite(value))
				return true;
		}
	}
	return false;
}

/* json-c takes NaN and Infinity even when it is strict; the words are looked for first because
 * hardly any text has them. */
static bool has_nonsense(const char *text, size_t len, struct json_object *obj)
{
	return (memmem(text, len, "NaN", 3) || memmem(text, len, "Infinity", 8)) &&
	       has_nonfinite(obj);
}

int vmn_json_parse(const char *text, size_t len, struct json_object **ret, struct vmn_err *err)
{
	struct json_tokener *tok;
	struct json_object *obj;
	enum json_tokener_error jerr;
	size_t end;

	if (len > INT32_MAX)
		return vmn_err_set(err, VMN_E_RANGE, "JSON of %zu bytes is too large", len);
	tok = json_tokener_new_ex(VMN_JSON_MAX_DEPTH);
	if (!tok)
		return vmn_err_oom(err);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 |
					    JSON_TOKENER_ALLOW_TRAILING_CHARS);
	obj = json_tokener_parse_ex(tok, text, (int)len);
	jerr = json_tokener_get_error(tok);
	/* A bare number ends only at the end of the text; tell json-c that it has come. */
	if (jerr == json_tokener_continue && len) {
		obj = json_tokener_parse_ex(tok, "", 1);
		jerr = json_tokener_get_error(tok);
		end = len;
	} else {
		end = json_tokener_get_parse_end(tok);
	}
	json_tokener_free(tok);
	if (jerr != json_tokener_success) {
		(void)json_object_put(obj);
		return vmn_err_set(err, VMN_E_INVALID, "not JSON at byte %zu: %s", end,
				   jerr == json_tokener_continue ? "unexpected end"
								 : json_tokener_error_desc(jerr));
	}
	while (end < len && strchr(" \t\r\n", text[end]) && text[end])
		end++;
	if (end < len || !obj) {
		(void)json_object_put(obj);
		return vmn_err_set(err, VMN_E_INVALID, "not JSON at byte %zu: %s", end,
				   obj ? "more after the document" : "a bare null");
	}
	if (has_nonsense(text, len, obj)) {
		(void)json_object_put(obj);
		return vmn_err_set(err, VMN_E_INVALID, "not JSON: NaN and Infinity are no numbers");
	}
	*ret = obj;
	return 0;
}

struct json_object *vmn_json_parse_text(const char *text)
{
	vmn_auto_err struct vmn_err ignored = VMN_ERR_INIT;
	struct json_object *obj = NULL;

	return text && vmn_json_parse(text, strlen(text), &obj, &ignored) == 0 ? obj : NULL;
}

struct json_object *vmn_json_get(struct json_object *obj, const char *path)
{
	char key[256];

	while (obj && *path == '/') {
		size_t n = 0;

		for (path++; *path && *path != '/'; path++) {
			char c = *path;

			if (c == '~' && (path[1] == '0' || path[1] == '1')) {
				c = path[1] == '0' ? '~' : '/';
				path++;
			}
			if (n + 1 >= sizeof(key))
				return NULL;
			key[n++] = c;
		}
		key[n] = '\0';
		if (json_object_is_type(obj, json_type_object)) {
			if (!json_object_object_get_ex(obj, key, &obj))
				return NULL;
		} else if (json_object_is_type(obj, json_type_array)) {
			uint64_t i;

			if (!vmn_parse_u64(key, &i) || i >= json_object_array_length(obj))
				return NULL;
			obj = json_object_array_get_idx(obj, i);
		} else {
			return NULL;
		}
	}
	return obj;
}

const char *vmn_json_str(struct json_object *obj, const char *path)
{
	struct json_object *v = vmn_json_get(obj, path);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

const char *vmn_json_str_or(struct json_object *obj, const char *path, const char *def)
{
	const char *s = vmn_json_str(obj, path);

	return s ? s : def;
}

int64_t vmn_json_int(struct json_object *obj, const char *path, int64_t def)
{
	struct json_object *v = vmn_json_get(obj, path);

	return json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : def;
}

bool vmn_json_bool(struct json_object *obj, const char *path, bool def)
{
	struct json_object *v = vmn_json_get(obj, path);

	return json_object_is_type(v, json_type_boolean) ? json_object_get_boolean(v) : def;
}

struct json_object *vmn_json_array(struct json_object *obj, const char *path)
{
	struct json_object *v = vmn_json_get(obj, path);

	return json_object_is_type(v, json_type_array) ? v : NULL;
}

size_t vmn_json_len(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

struct json_object *vmn_json_find(struct json_object *array, const char *key, const char *value,
				  size_t *ret_index)
{
	for (size_t i = 0; i < vmn_json_len(array); i++) {
		struct json_object *item = json_object_array_get_idx(array, i), *v;

		if (json_object_is_type(item, json_type_object) &&
		    json_object_object_get_ex(item, key, &v) &&
		    json_object_is_type(v, json_type_string) &&
		    strcmp(json_object_get_string(v), value) == 0) {
			if (ret_index)
				*ret_index = i;
			return item;
		}
	}
	return NULL;
}

void vmn_json_set_take(struct json_object *obj, const char *key, struct json_object *value)
{
	if (json_object_object_add(obj, key, value) < 0)
		abort();
}

void vmn_json_set_str(struct json_object *obj, const char *key, const char *value)
{
	vmn_json_set_take(obj, key, json_object_new_string(value));
}

void vmn_json_set_int(struct json_object *obj, const char *key, int64_t value)
{
	vmn_json_set_take(obj, key, json_object_new_int64(value));
}

void vmn_json_set_bool(struct json_object *obj, const char *key, bool value)
{
	vmn_json_set_take(obj, key, json_object_new_boolean(value));
}

void vmn_json_append_take(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value) < 0)
		abort();
}

struct json_object *vmn_json_copy(struct json_object *obj)
{
	struct json_object *copy = NULL;

	if (!obj)
		return NULL;
	if (json_object_deep_copy(obj, &copy, NULL) < 0)
		abort();
	return copy;
}

void vmn_json_wipe(struct json_object *obj)
{
	if (json_object_is_type(obj, json_type_string)) {
		/* json-c lends the text as const, but it is the tree's own, and the tree is ours */
		explicit_bzero((char *)(uintptr_t)json_object_get_string(obj),
			       (size_t)json_object_get_string_len(obj));
	} else if (json_object_is_type(obj, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(obj); i++)
			vmn_json_wipe(json_object_array_get_idx(obj, i));
	} else if (json_object_is_type(obj, json_type_object)) {
		json_object_object_foreach(obj, key, value) {
			(void)key;
			vmn_json_wipe(value);
		}
	}
}

const char *vmn_json_text(struct json_object *obj)
{
	return json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN |
							   JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void build_arg(struct vmn_buf *b, char kind, va_list *ap)
{
	struct json_object *v;

	if (kind == 'd') {
		vmn_buf_addf(b, "%d", va_arg(*ap, int));
		return;
	}
	if (kind == 'J')
		v = json_object_get(va_arg(*ap, struct json_object *));
	else if (kind == 's')
		v = json_object_new_string(va_arg(*ap, const char *));
	else
		abort();
	vmn_buf_adds(b, v ? vmn_json_text(v) : "null");
	(void)json_object_put(v);
}

struct json_object *vmn_json_build(const char *fmt, ...)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *obj;
	va_list ap;

	va_start(ap, fmt);
	for (const char *p = fmt; *p; p++) {
		if (*p == '%')
			build_arg(&b, *++p, &ap);
		else
			vmn_buf_addc(&b, *p);
	}
	va_end(ap);
	if (vmn_json_parse(vmn_buf_str(&b), b.len, &obj, &err) < 0)
		abort();
	return obj;
}
