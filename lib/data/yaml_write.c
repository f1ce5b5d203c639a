/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <math.h>
#include <string.h>
#include <yaml.h>

#include "lib/data/yaml.h"
#include "lib/data/yaml_scalar.h"

static int write_bytes(void *arg, unsigned char *data, size_t len)
{
	struct vmn_buf *out = arg;

	vmn_buf_add(out, data, len);
	return vmn_buf_ok(out);
}

/* 12:30:45 was a number to base 60 in YAML 1.1: [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(.[0-9_]*)? */
static bool is_base60(const char *s)
{
	size_t groups = 0;

	s += *s == '-' || *s == '+';
	if (*s < '0' || *s > '9')
		return false;
	s += strspn(s, "0123456789_");
	for (; *s == ':'; groups++) {
		size_t n = strspn(++s, "0123456789");

		if (n < 1 || n > 2 || (n == 2 && *s > '5'))
			return false;
		s += n;
	}
	if (*s == '.')
		s += 1 + strspn(s + 1, "0123456789_");
	return groups && !*s;
}

/* Whether @s holds a line break that is not LF. YAML readers turn those into LF unless they are
 * escaped. */
static bool has_odd_break(const char *s, size_t len)
{
	return memchr(s, '\r', len) || memmem(s, len, "\xc2\x85", 2) ||
	       memmem(s, len, "\xe2\x80\xa8", 3) || memmem(s, len, "\xe2\x80\xa9", 3);
}

static yaml_scalar_style_t style_of(const char *s, size_t len)
{
	if (has_odd_break(s, len))
		return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	if (memchr(s, '\n', len))
		return YAML_LITERAL_SCALAR_STYLE;
	if (vmn_yaml_resolve(s, len).kind != VMN_YAML_STR || is_base60(s))
		return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	/* the emitter puts single quotes where a plain scalar would be cut or misread */
	return YAML_PLAIN_SCALAR_STYLE;
}

/* Length of the UTF-8 sequence at @s, 0 when it is not one. */
static size_t utf8_length(const unsigned char *s, size_t len)
{
	static const struct {
		unsigned char lead_min, lead_max, next_min, next_max;
		size_t length;
	} forms[] = {
		{0x00, 0x7f, 0, 0, 1},	     {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < VMN_ARRAY_LEN(forms); i++) {
		size_t n = forms[i].length;

		if (s[0] < forms[i].lead_min || s[0] > forms[i].lead_max || n > len)
			continue;
		if (n > 1 && (s[1] < forms[i].next_min || s[1] > forms[i].next_max))
			return 0;
		for (size_t k = 2; k < n; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return n;
	}
	return 0;
}

static void add_clean_utf8(struct vmn_buf *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = utf8_length((const unsigned char *)s + i, len - i);

		if (n)
			vmn_buf_add(b, s + i, n);
		else
			vmn_buf_adds(b, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
}

static int emit_text(yaml_emitter_t *em, const char *s, size_t len, yaml_scalar_style_t style)
{
	yaml_event_t ev;

	return yaml_scalar_event_initialize(&ev, NULL, NULL, (const yaml_char_t *)s, (int)len, 1, 1,
					    style) &&
	       yaml_emitter_emit(em, &ev);
}

static int emit_string(yaml_emitter_t *em, const char *s, size_t len)
{
	vmn_auto_buf struct vmn_buf clean = VMN_BUF_INIT(0);

	add_clean_utf8(&clean, s, len);
	return emit_text(em, vmn_buf_str(&clean), clean.len,
			 style_of(vmn_buf_str(&clean), clean.len));
}

static int emit_plain(yaml_emitter_t *em, const char *s)
{
	return emit_text(em, s, strlen(s), YAML_PLAIN_SCALAR_STYLE);
}

static int emit_double(yaml_emitter_t *em, struct json_object *obj)
{
	double v = json_object_get_double(obj);

	if (isnan(v))
		return emit_plain(em, ".nan");
	if (isinf(v))
		return emit_plain(em, v > 0 ? ".inf" : "-.inf");
	return emit_plain(em, vmn_json_text(obj));
}

static int emit_node(yaml_emitter_t *em, struct json_object *obj);

static int emit_object(yaml_emitter_t *em, struct json_object *obj)
{
	yaml_event_t ev;

	if (!yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE) ||
	    !yaml_emitter_emit(em, &ev))
		return 0;
	json_object_object_foreach(obj, key, value)
		if (!emit_string(em, key, strlen(key)) || !emit_node(em, value))
			return 0;
	return yaml_mapping_end_event_initialize(&ev) && yaml_emitter_emit(em, &ev);
}

static int emit_array(yaml_emitter_t *em, struct json_object *array)
{
	yaml_event_t ev;

	if (!yaml_sequence_start_event_initialize(&ev, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE) ||
	    !yaml_emitter_emit(em, &ev))
		return 0;
	vmn_json_each(item, array)
		if (!emit_node(em, item))
			return 0;
	return yaml_sequence_end_event_initialize(&ev) && yaml_emitter_emit(em, &ev);
}

static int emit_node(yaml_emitter_t *em, struct json_object *obj)
{
	switch (json_object_get_type(obj)) {
	case json_type_null:
		return emit_plain(em, "null");
	case json_type_string:
		return emit_string(em, json_object_get_string(obj),
				   (size_t)json_object_get_string_len(obj));
	case json_type_double:
		return emit_double(em, obj);
	case json_type_boolean:
	case json_type_int:
		return emit_plain(em, vmn_json_text(obj));
	case json_type_object:
		return emit_object(em, obj);
	case json_type_array:
		return emit_array(em, obj);
	}
	return 0;
}

void vmn_yaml_write(struct json_object *obj, struct vmn_buf *out)
{
	yaml_emitter_t em;
	yaml_event_t ev;
	bool ok;

	ok = yaml_emitter_initialize(&em);
	if (ok) {
		yaml_emitter_set_output(&em, write_bytes, out);
		yaml_emitter_set_unicode(&em, 1);
		yaml_emitter_set_width(&em, -1);
		ok = yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING) &&
		     yaml_emitter_emit(&em, &ev) &&
		     yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1) &&
		     yaml_emitter_emit(&em, &ev) && emit_node(&em, obj) &&
		     yaml_document_end_event_initialize(&ev, 1) && yaml_emitter_emit(&em, &ev) &&
		     yaml_stream_end_event_initialize(&ev) && yaml_emitter_emit(&em, &ev);
		yaml_emitter_delete(&em);
	}
	if (!ok)
		out->overflow = true;
}
