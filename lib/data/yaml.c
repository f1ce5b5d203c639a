/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.c - the reader; yaml_write.c is the way back */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "lib/data/yaml.h"
#include "lib/data/yaml_scalar.h"

struct anchor {
	char *name;
	struct json_object *node; /* a reference of our own; NULL is a null */
};

struct reader {
	yaml_parser_t parser;
	const char *text;
	size_t len;
	struct anchor *anchors; /* of the present document */
	size_t anchors_n;
	size_t aliased; /* what aliases have added so far, see VMN_YAML_MAX_ALIASED */
};

static void event_clear(yaml_event_t *ev)
{
	yaml_event_delete(ev);
}
#define auto_event VMN_CLEANUP(event_clear)

static int fail_at(yaml_mark_t mark, struct vmn_err *err, const char *what)
{
	return vmn_err_set(err, VMN_E_INVALID, "not YAML at line %zu, column %zu: %s",
			   mark.line + 1, mark.column + 1, what);
}

/* libyaml counts what it could not decode in bytes only. */
static yaml_mark_t mark_of_offset(const struct reader *r, size_t offset)
{
	yaml_mark_t mark = {.index = offset};

	for (size_t i = 0; i < offset && i < r->len; i++) {
		mark.column++;
		if (r->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

static int next_event(struct reader *r, yaml_event_t *ev, struct vmn_err *err)
{
	const yaml_parser_t *p = &r->parser;

	yaml_event_delete(ev);
	if (yaml_parser_parse(&r->parser, ev))
		return 0;
	if (p->error == YAML_MEMORY_ERROR)
		return vmn_err_oom(err);
	return fail_at(p->error == YAML_READER_ERROR ? mark_of_offset(r, p->problem_offset)
						     : p->problem_mark,
		       err, p->problem ? p->problem : "malformed");
}

/* --- scalars -------------------------------------------------------------------------- */

/* The shortest text that is the same double; json-c's own would be 17 digits long. */
static struct json_object *new_double(double v)
{
	char text[32];

	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return json_object_new_double_s(v, text);
}

static struct json_object *new_number(double v)
{
	/* Go prints a whole float without a fraction, so that 1e3 fits an integer field */
	if (v == floor(v) && fabs(v) < 0x1p53)
		return json_object_new_int64((int64_t)v);
	return new_double(v);
}

/* The scalar's meaning: as it stands when it is plain, a string when it is quoted, as its tag says
 * otherwise. */
static int resolve(const yaml_event_t *ev, struct vmn_yaml_scalar *ret, struct vmn_err *err)
{
	static const struct {
		const char *tag;
		bool kinds[VMN_YAML_MERGE + 1];
	} tags[] = {
		{YAML_NULL_TAG, {[VMN_YAML_NULL] = true}},
		{YAML_BOOL_TAG, {[VMN_YAML_BOOL] = true}},
		{YAML_INT_TAG, {[VMN_YAML_INT] = true, [VMN_YAML_UINT] = true}},
		{YAML_FLOAT_TAG,
		 {[VMN_YAML_INT] = true, [VMN_YAML_UINT] = true, [VMN_YAML_FLOAT] = true}},
	};
	const char *text = (const char *)ev->data.scalar.value;
	const char *tag = (const char *)ev->data.scalar.tag;
	size_t len = ev->data.scalar.length;

	*ret = (struct vmn_yaml_scalar){.kind = VMN_YAML_STR};
	if (!tag) {
		if (ev->data.scalar.plain_implicit)
			*ret = vmn_yaml_resolve(text, len);
		return 0;
	}
	if (strcmp(tag, "tag:yaml.org,2002:binary") == 0)
		return fail_at(ev->start_mark, err, "!!binary has no place in JSON");
	for (size_t i = 0; i < VMN_ARRAY_LEN(tags); i++) {
		if (strcmp(tag, tags[i].tag) != 0)
			continue;
		*ret = vmn_yaml_resolve(text, len);
		if (!tags[i].kinds[ret->kind])
			return fail_at(ev->start_mark, err, "the value does not fit its tag");
	}
	return 0;
}

static int read_scalar(const yaml_event_t *ev, struct json_object **ret, struct vmn_err *err)
{
	const char *text = (const char *)ev->data.scalar.value;
	struct vmn_yaml_scalar v;
	int rc = resolve(ev, &v, err);

	if (rc < 0)
		return rc;
	switch (v.kind) {
	case VMN_YAML_NULL:
		*ret = NULL;
		return 0;
	case VMN_YAML_BOOL:
		*ret = json_object_new_boolean(v.boolean);
		break;
	case VMN_YAML_INT:
		*ret = json_object_new_int64(v.integer);
		break;
	case VMN_YAML_UINT:
		*ret = json_object_new_uint64(v.natural);
		break;
	case VMN_YAML_FLOAT:
		if (!isfinite(v.real))
			return fail_at(ev->start_mark, err, "JSON has no such number");
		*ret = new_number(v.real);
		break;
	case VMN_YAML_STR:
	case VMN_YAML_TIME:
	case VMN_YAML_MERGE:
		*ret = json_object_new_string_len(text, (int)ev->data.scalar.length);
		break;
	}
	return *ret ? 0 : vmn_err_oom(err);
}

/* JSON's keys are strings: numbers and booleans become their usual text. */
static int read_key(const yaml_event_t *ev, char **ret, struct vmn_err *err)
{
	vmn_auto_json struct json_object *key = NULL;
	int rc;

	if (ev->type != YAML_SCALAR_EVENT)
		return fail_at(ev->start_mark, err, "a key must be a plain value");
	if (memchr(ev->data.scalar.value, '\0', ev->data.scalar.length))
		return fail_at(ev->start_mark, err, "a key cannot hold a NUL");
	rc = read_scalar(ev, &key, err);
	if (rc < 0)
		return rc;
	if (!key)
		return fail_at(ev->start_mark, err, "a key cannot be null");
	*ret = vmn_xstrdup(json_object_get_string(key));
	return 0;
}

/* --- anchors and aliases -------------------------------------------------------------- */

/* Nodes and bytes of strings below @node; @depth is raised to the deepest level seen. */
static size_t cost_of(struct json_object *node, int level, int *depth)
{
	size_t cost = 1;

	if (level > *depth)
		*depth = level;
	if (json_object_is_type(node, json_type_string)) {
		cost += (size_t)json_object_get_string_len(node);
	} else if (json_object_is_type(node, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(node); i++)
			cost += cost_of(json_object_array_get_idx(node, i), level + 1, depth);
	} else if (json_object_is_type(node, json_type_object)) {
		json_object_object_foreach(node, key, value)
			cost += strlen(key) + cost_of(value, level + 1, depth);
	}
	return cost;
}

static void anchor_set(struct reader *r, const yaml_char_t *name, struct json_object *node)
{
	if (!name)
		return;
	r->anchors = vmn_xrealloc(r->anchors, r->anchors_n + 1, sizeof(*r->anchors));
	r->anchors[r->anchors_n++] =
		(struct anchor){vmn_xstrdup((const char *)name), json_object_get(node)};
}

static void anchors_clear(struct reader *r)
{
	for (size_t i = 0; i < r->anchors_n; i++) {
		free(r->anchors[i].name);
		(void)json_object_put(r->anchors[i].node);
	}
	free(vmn_steal(&r->anchors));
	r->anchors_n = 0;
}

static int read_alias(struct reader *r, const yaml_event_t *ev, int level, struct json_object **ret,
		      struct vmn_err *err)
{
	const char *name = (const char *)ev->data.alias.anchor;

	/* backwards: a name may be given anew */
	for (size_t i = r->anchors_n; i-- > 0;) {
		int depth = level;

		if (strcmp(r->anchors[i].name, name) != 0)
			continue;
		r->aliased += cost_of(r->anchors[i].node, level, &depth);
		if (depth > VMN_JSON_MAX_DEPTH || r->aliased > VMN_YAML_MAX_ALIASED)
			return fail_at(ev->start_mark, err, "aliases make it too large");
		*ret = vmn_json_copy(r->anchors[i].node);
		return 0;
	}
	return fail_at(ev->start_mark, err, "the alias has no anchor before it");
}

/* --- nodes ---------------------------------------------------------------------------- */

static int read_node(struct reader *r, const yaml_event_t *ev, int level, struct json_object **ret,
		     struct vmn_err *err);

static int read_next_node(struct reader *r, int level, struct json_object **ret,
			  struct vmn_err *err)
{
	auto_event yaml_event_t ev = {.type = YAML_NO_EVENT};
	int rc = next_event(r, &ev, err);

	return rc < 0 ? rc : read_node(r, &ev, level, ret, err);
}

static int read_sequence(struct reader *r, int level, struct json_object **ret, struct vmn_err *err)
{
	vmn_auto_json struct json_object *array = json_object_new_array();

	for (;;) {
		auto_event yaml_event_t ev = {.type = YAML_NO_EVENT};
		struct json_object *item = NULL;
		int rc = next_event(r, &ev, err);

		if (rc < 0)
			return rc;
		if (ev.type == YAML_SEQUENCE_END_EVENT)
			break;
		rc = read_node(r, &ev, level + 1, &item, err);
		if (rc < 0)
			return rc;
		vmn_json_append_take(array, item);
	}
	*ret = vmn_steal(&array);
	return 0;
}

static void merge_into(struct json_object *obj, struct json_object *from)
{
	json_object_object_foreach(from, key, value)
		vmn_json_set_take(obj, key, json_object_get(value));
}

/* The value of "<<": a mapping, or a list of mappings where earlier ones win. As in goyaml, it
 * replaces keys that were given before it. */
static int read_merge(struct reader *r, int level, struct json_object *obj, yaml_mark_t mark,
		      struct vmn_err *err)
{
	vmn_auto_json struct json_object *from = NULL;
	bool fits;
	int rc = read_next_node(r, level, &from, err);

	if (rc < 0)
		return rc;
	fits = json_object_is_type(from, json_type_object) ||
	       json_object_is_type(from, json_type_array);
	vmn_json_each(item, from)
		fits = fits && json_object_is_type(item, json_type_object);
	if (!fits)
		return fail_at(mark, err, "only mappings can be merged");
	if (json_object_is_type(from, json_type_object))
		merge_into(obj, from);
	for (size_t i = vmn_json_len(from); i-- > 0;)
		merge_into(obj, json_object_array_get_idx(from, i));
	return 0;
}

static bool is_merge_key(const yaml_event_t *ev)
{
	return ev->type == YAML_SCALAR_EVENT && ev->data.scalar.plain_implicit &&
	       !ev->data.scalar.tag && strcmp((const char *)ev->data.scalar.value, "<<") == 0;
}

static int read_mapping(struct reader *r, int level, struct json_object **ret, struct vmn_err *err)
{
	vmn_auto_json struct json_object *obj = json_object_new_object();

	for (;;) {
		auto_event yaml_event_t ev = {.type = YAML_NO_EVENT};
		vmn_auto_free char *key = NULL;
		struct json_object *value = NULL;
		int rc = next_event(r, &ev, err);

		if (rc < 0)
			return rc;
		if (ev.type == YAML_MAPPING_END_EVENT)
			break;
		if (is_merge_key(&ev)) {
			rc = read_merge(r, level + 1, obj, ev.start_mark, err);
			if (rc < 0)
				return rc;
			continue;
		}
		rc = read_key(&ev, &key, err);
		if (rc < 0)
			return rc;
		rc = read_next_node(r, level + 1, &value, err);
		if (rc < 0)
			return rc;
		vmn_json_set_take(obj, key, value);
	}
	*ret = vmn_steal(&obj);
	return 0;
}

static int read_node(struct reader *r, const yaml_event_t *ev, int level, struct json_object **ret,
		     struct vmn_err *err)
{
	const yaml_char_t *anchor = NULL;
	int rc;

	if (level > VMN_JSON_MAX_DEPTH)
		return fail_at(ev->start_mark, err, "nested too deeply");
	if (ev->type == YAML_ALIAS_EVENT)
		return read_alias(r, ev, level, ret, err);
	if (ev->type == YAML_SCALAR_EVENT) {
		anchor = ev->data.scalar.anchor;
		rc = read_scalar(ev, ret, err);
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		rc = read_sequence(r, level, ret, err);
	} else {
		anchor = ev->data.mapping_start.anchor;
		rc = read_mapping(r, level, ret, err);
	}
	if (rc == 0)
		anchor_set(r, anchor, *ret);
	return rc;
}

static int read_stream(struct reader *r, struct json_object *docs, struct vmn_err *err)
{
	auto_event yaml_event_t ev = {.type = YAML_NO_EVENT};

	for (;;) {
		struct json_object *doc = NULL;
		int rc = next_event(r, &ev, err);

		if (rc < 0)
			return rc;
		if (ev.type == YAML_STREAM_END_EVENT)
			return 0;
		if (ev.type == YAML_DOCUMENT_END_EVENT)
			anchors_clear(r);
		if (ev.type != YAML_DOCUMENT_START_EVENT)
			continue;
		rc = read_next_node(r, 1, &doc, err);
		if (rc < 0)
			return rc;
		if (doc)
			vmn_json_append_take(docs, doc);
	}
}

int vmn_yaml_parse(const char *text, size_t len, struct json_object **ret_docs, struct vmn_err *err)
{
	vmn_auto_json struct json_object *docs = json_object_new_array();
	struct reader r = {.text = text, .len = len};
	int rc;

	if (len > VMN_YAML_MAX_BYTES)
		return vmn_err_set(err, VMN_E_RANGE, "YAML of %zu bytes is too large", len);
	if (!docs || !yaml_parser_initialize(&r.parser))
		return vmn_err_oom(err);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	rc = read_stream(&r, docs, err);
	anchors_clear(&r);
	yaml_parser_delete(&r.parser);
	if (rc == 0)
		*ret_docs = vmn_steal(&docs);
	return rc;
}

int vmn_yaml_parse_one(const char *text, size_t len, struct json_object **ret, struct vmn_err *err)
{
	vmn_auto_json struct json_object *docs = NULL;
	struct json_object *doc;
	int rc = vmn_yaml_parse(text, len, &docs, err);

	if (rc < 0)
		return rc;
	if (vmn_json_len(docs) != 1)
		return vmn_err_set(err, VMN_E_INVALID, "%s",
				   vmn_json_len(docs) ? "more than one YAML document"
						      : "no YAML document");
	doc = json_object_array_get_idx(docs, 0);
	if (!json_object_is_type(doc, json_type_object))
		return vmn_err_set(err, VMN_E_INVALID, "the YAML document is not a mapping");
	*ret = json_object_get(doc);
	return 0;
}
