/* SPDX-License-Identifier: Apache-2.0 */
/* meta.c - is an object's metadata what a real server takes? */
#include "config.h"

#include "lab/api/meta.h"
#include "lab/api/status.h"
#include "lib/data/k8s.h"

/* Source: k8s.io/apimachinery pkg/apis/meta/v1, type ObjectMeta. */
static const struct {
	const char *name;
	enum json_type type;
	const char *go_type;
	enum json_type entry_type; /* of a list's or map's entries */
	const char *go_entry_type; /* NULL: it has none */
} fields[] = {
	{"name", json_type_string, "string", json_type_null, NULL},
	{"generateName", json_type_string, "string", json_type_null, NULL},
	{"namespace", json_type_string, "string", json_type_null, NULL},
	{"uid", json_type_string, "types.UID", json_type_null, NULL},
	{"resourceVersion", json_type_string, "string", json_type_null, NULL},
	{"labels", json_type_object, "map[string]string", json_type_string, "string"},
	{"annotations", json_type_object, "map[string]string", json_type_string, "string"},
	{"finalizers", json_type_array, "[]string", json_type_string, "string"},
	{"ownerReferences", json_type_array, "[]v1.OwnerReference", json_type_object,
	 "v1.OwnerReference"},
};

const char *lab_go_type(struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_string:
		return "string";
	case json_type_boolean:
		return "bool";
	case json_type_array:
		return "array";
	case json_type_object:
		return "object";
	case json_type_null:
		return "null";
	case json_type_double:
	case json_type_int:
		break;
	}
	return "number";
}

/* The first entry of a map or list that is not of @type. Return: whether there is one. */
static bool find_odd(struct json_object *v, enum json_type type, struct json_object **ret)
{
	if (json_object_is_type(v, json_type_object)) {
		json_object_object_foreach(v, key, entry) {
			(void)key;
			*ret = entry;
			if (!json_object_is_type(entry, type))
				return true;
		}
		return false;
	}
	for (size_t i = 0; i < vmn_json_len(v); i++) {
		*ret = json_object_array_get_idx(v, i);
		if (!json_object_is_type(*ret, type))
			return true;
	}
	return false;
}

/* Source: k8s.io/apimachinery pkg/apis/meta/v1/validation, ValidateLabels(). */
static int check_labels(const struct lab_kind *kind, struct json_object *meta, struct vmn_err *err)
{
	static const char rest[] = "alphanumeric characters, '-', '_' or '.', and must start and "
				   "end with an alphanumeric character";
	struct json_object *labels = vmn_json_get(meta, "/labels");
	const char *name = vmn_json_str_or(meta, "/name", "");

	if (!labels)
		return 0;
	json_object_object_foreach(labels, key, value) {
		const char *text = json_object_get_string(value);

		if (!vmn_is_label_key(key))
			return lab_fail_invalid(
				err, kind, name, "metadata.labels",
				"Invalid value: \"%s\": name part must consist of %s", key, rest);
		if (!vmn_is_label_value(text))
			return lab_fail_invalid(err, kind, name, "metadata.labels",
						"Invalid value: \"%s\": a valid label must be an "
						"empty string or consist of %s",
						text, rest);
	}
	return 0;
}

int lab_check_metadata(const struct lab_kind *kind, struct json_object *obj, int http,
		       struct vmn_err *err)
{
	struct json_object *meta = vmn_json_get(obj, "/metadata"), *v, *odd;

	for (size_t i = 0; i < VMN_ARRAY_LEN(fields); i++) {
		const char *want = fields[i].go_type;

		v = NULL;
		/* As in Go, null is a field that is not there. */
		if (!json_object_object_get_ex(meta, fields[i].name, &v) || !v)
			continue;
		odd = v;
		if (json_object_is_type(v, fields[i].type)) {
			want = fields[i].go_entry_type;
			if (!want || !find_odd(v, fields[i].entry_type, &odd))
				continue;
		}
		return lab_fail(err, http,
				"%s in version \"%s\" cannot be handled as a %s: json: cannot "
				"unmarshal %s into Go struct field ObjectMeta.metadata.%s of type "
				"%s",
				kind->kind, kind->version, kind->kind, lab_go_type(odd),
				fields[i].name, want);
	}
	return check_labels(kind, meta, err);
}
