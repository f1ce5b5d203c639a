/* SPDX-License-Identifier: Apache-2.0 */
/* patch.c - JSON patch and merge patch, with the corner cases of the library kube-apiserver uses */
#include "config.h"

#include <string.h>

#include "lib/data/patch.h"

/* Where an operation points: @parent[@key], or the whole document when @parent is NULL. */
struct place {
	struct json_object *parent; /* borrowed object or array */
	char *key;		    /* owned, unescaped */
};

static void place_clear(struct place *p)
{
	free(p->key);
	*p = (struct place){0};
}

/* Take one reference token off *@path (which stands on '/'), unescaped; caller frees. */
static char *token_next(const char **path)
{
	const char *p = *path + 1;
	size_t len = strcspn(p, "/"), n = 0;
	char *tok = vmn_xcalloc(len + 1, 1);

	for (size_t i = 0; i < len; i++) {
		char c = p[i];

		if (c == '~' && i + 1 < len && (p[i + 1] == '0' || p[i + 1] == '1'))
			c = p[++i] == '0' ? '~' : '/';
		tok[n++] = c;
	}
	*path = p + len;
	return tok;
}

/* Index of an existing element. */
static bool array_index(struct json_object *array, const char *key, size_t *ret)
{
	uint64_t i;

	if (!vmn_parse_u64(key, &i) || i >= json_object_array_length(array))
		return false;
	*ret = i;
	return true;
}

/* @parent[@key]; false when it is not there. The value may be NULL, a JSON null. */
static bool child_get(struct json_object *parent, const char *key, struct json_object **ret)
{
	size_t i;

	if (json_object_is_type(parent, json_type_object))
		return json_object_object_get_ex(parent, key, ret);
	if (!json_object_is_type(parent, json_type_array) || !array_index(parent, key, &i))
		return false;
	*ret = json_object_array_get_idx(parent, i);
	return true;
}

static int place_find(struct json_object *doc, const char *op, const char *path, struct place *ret,
		      struct vmn_err *err)
{
	const char *rest = path;

	if (*path && *path != '/')
		return vmn_err_set(err, VMN_E_INVALID, "%s: path '%s' does not start with '/'", op,
				   path);
	while (*rest) {
		char *key = token_next(&rest);
		struct json_object *parent = ret->parent ? ret->parent : doc;

		if (ret->key && !child_get(ret->parent, ret->key, &parent))
			parent = NULL;
		free(ret->key);
		ret->key = key;
		ret->parent = parent;
		if (!json_object_is_type(parent, json_type_object) &&
		    !json_object_is_type(parent, json_type_array))
			return vmn_err_set(err, VMN_E_INVALID, "%s: path '%s' does not exist", op,
					   path);
	}
	return 0;
}

static int missing(const char *op, const char *path, struct vmn_err *err)
{
	return vmn_err_set(err, VMN_E_INVALID, "%s: path '%s' does not exist", op, path);
}

/* Put @value (swallowed) at @at; @insert makes room in arrays and allows new keys. */
static int place_set(struct json_object **doc, const struct place *at, bool insert,
		     struct json_object *value)
{
	struct json_object *old;
	uint64_t end;
	size_t i;

	if (!at->parent) {
		(void)json_object_put(*doc);
		*doc = value;
		return 0;
	}
	if (json_object_is_type(at->parent, json_type_object)) {
		if (!insert && !child_get(at->parent, at->key, &old))
			goto refuse;
		vmn_json_set_take(at->parent, at->key, value);
		return 0;
	}
	if (insert &&
	    (strcmp(at->key, "-") == 0 ||
	     (vmn_parse_u64(at->key, &end) && end == json_object_array_length(at->parent)))) {
		vmn_json_append_take(at->parent, value);
		return 0;
	}
	if (!array_index(at->parent, at->key, &i))
		goto refuse;
	if (insert) {
		/* json-c cannot insert before 0.17: append, then rotate into place. */
		size_t last = json_object_array_length(at->parent);

		vmn_json_append_take(at->parent, NULL);
		for (; last > i; last--) {
			old = json_object_array_get_idx(at->parent, last - 1);
			(void)json_object_array_put_idx(at->parent, last, json_object_get(old));
		}
	}
	(void)json_object_array_put_idx(at->parent, i, value);
	return 0;
refuse:
	(void)json_object_put(value);
	return -1;
}

static int place_remove(const struct place *at)
{
	struct json_object *old;
	size_t i;

	if (!at->parent)
		return -1;
	if (json_object_is_type(at->parent, json_type_object)) {
		if (!child_get(at->parent, at->key, &old))
			return -1;
		json_object_object_del(at->parent, at->key);
		return 0;
	}
	if (!array_index(at->parent, at->key, &i))
		return -1;
	return json_object_array_del_idx(at->parent, i, 1);
}

/* The value at @at; a key that an object lacks counts as null when @null_if_absent. */
static bool place_get(struct json_object *doc, const struct place *at, bool null_if_absent,
		      struct json_object **ret)
{
	if (!at->parent) {
		*ret = doc;
		return true;
	}
	if (child_get(at->parent, at->key, ret))
		return true;
	*ret = NULL;
	return null_if_absent && json_object_is_type(at->parent, json_type_object);
}

static int apply_from(struct json_object **doc, const char *op, const char *path, const char *from,
		      struct vmn_err *err)
{
	VMN_CLEANUP(place_clear) struct place src = {0}, dst = {0};
	vmn_auto_json struct json_object *value = NULL;
	bool is_move = strcmp(op, "move") == 0;
	struct json_object *found;
	int r;

	r = place_find(*doc, op, from, &src, err);
	if (r < 0)
		return r;
	if (!place_get(*doc, &src, false, &found))
		return missing(op, from, err);
	value = vmn_json_copy(found);
	if (is_move && place_remove(&src) < 0)
		return missing(op, from, err);
	r = place_find(*doc, op, path, &dst, err);
	if (r < 0)
		return r;
	if (place_set(doc, &dst, true, vmn_steal(&value)) < 0)
		return missing(op, path, err);
	return 0;
}

static int apply_test(struct json_object *doc, const struct place *at, const char *path,
		      struct json_object *value, struct vmn_err *err)
{
	struct json_object *found;

	/* An absent key passes a test for null in kube-apiserver, unlike in RFC 6902. */
	if (!place_get(doc, at, value == NULL, &found))
		return vmn_err_set(err, VMN_E_CONFLICT, "test: path '%s' does not exist", path);
	if (!json_object_equal(found, value))
		return vmn_err_set(err, VMN_E_CONFLICT, "test: value at '%s' is another", path);
	return 0;
}

static int apply_op(struct json_object **doc, struct json_object *operation, struct vmn_err *err)
{
	VMN_CLEANUP(place_clear) struct place at = {0};
	const char *op = vmn_json_str(operation, "/op");
	const char *path = vmn_json_str(operation, "/path");
	const char *from = vmn_json_str(operation, "/from");
	struct json_object *value = NULL;
	bool has_value;
	int r;

	if (!op || !path)
		return vmn_err_set(err, VMN_E_INVALID, "operation without op or path");
	if (strcmp(op, "move") == 0 || strcmp(op, "copy") == 0) {
		if (!from)
			return vmn_err_set(err, VMN_E_INVALID, "%s without from", op);
		return apply_from(doc, op, path, from, err);
	}
	r = place_find(*doc, op, path, &at, err);
	if (strcmp(op, "remove") == 0) {
		if (r < 0)
			return r;
		return place_remove(&at) < 0 ? missing(op, path, err) : 0;
	}
	has_value = json_object_object_get_ex(operation, "value", &value);
	if (strcmp(op, "test") == 0) {
		if (r < 0) {
			vmn_err_clear(err);
			return vmn_err_set(err, VMN_E_CONFLICT, "test: path '%s' does not exist",
					   path);
		}
		return apply_test(*doc, &at, path, value, err);
	}
	if (r < 0)
		return r;
	if (strcmp(op, "add") != 0 && strcmp(op, "replace") != 0)
		return vmn_err_set(err, VMN_E_INVALID, "unknown operation '%s'", op);
	if (!has_value)
		return vmn_err_set(err, VMN_E_INVALID, "%s without value", op);
	if (place_set(doc, &at, strcmp(op, "add") == 0, vmn_json_copy(value)) < 0)
		return missing(op, path, err);
	return 0;
}

int vmn_patch_json(struct json_object *doc, struct json_object *patch, struct json_object **ret,
		   struct vmn_err *err)
{
	vmn_auto_json struct json_object *work = NULL;

	if (!json_object_is_type(patch, json_type_array))
		return vmn_err_set(err, VMN_E_INVALID, "a JSON patch is an array of operations");
	work = vmn_json_copy(doc);
	for (size_t i = 0; i < vmn_json_len(patch); i++) {
		if (apply_op(&work, json_object_array_get_idx(patch, i), err) < 0)
			return vmn_err_wrap(err, "operation %zu", i + 1);
	}
	*ret = vmn_steal(&work);
	return 0;
}

char *vmn_patch_text(struct json_object *patch)
{
	static const struct {
		const char *plain, *escaped;
	} go[] = {
		{"<", "\\u003c"},
		{">", "\\u003e"},
		{"&", "\\u0026"},
		{"\xe2\x80\xa8", "\\u2028"},
		{"\xe2\x80\xa9", "\\u2029"},
	};
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	/* None of these can stand outside of a string. */
	for (const char *s = vmn_json_text(patch); *s;) {
		size_t i = 0;

		while (i < VMN_ARRAY_LEN(go) && !vmn_starts_with(s, go[i].plain))
			i++;
		if (i < VMN_ARRAY_LEN(go)) {
			vmn_buf_adds(&b, go[i].escaped);
			s += strlen(go[i].plain);
		} else {
			vmn_buf_addc(&b, *s++);
		}
	}
	return vmn_buf_steal(&b);
}

/* Merge @patch into @target, which is changed. */
static void merge_into(struct json_object *target, struct json_object *patch)
{
	json_object_object_foreach(patch, key, value) {
		struct json_object *old = NULL;

		if (!value) {
			json_object_object_del(target, key);
			continue;
		}
		if (!json_object_is_type(value, json_type_object)) {
			vmn_json_set_take(target, key, vmn_json_copy(value));
			continue;
		}
		if (!json_object_object_get_ex(target, key, &old) ||
		    !json_object_is_type(old, json_type_object)) {
			old = json_object_new_object();
			vmn_json_set_take(target, key, old);
		}
		merge_into(old, value);
	}
}

struct json_object *vmn_patch_merge(struct json_object *doc, struct json_object *patch)
{
	struct json_object *ret;

	if (!json_object_is_type(patch, json_type_object))
		return vmn_json_copy(patch);
	ret = json_object_is_type(doc, json_type_object) ? vmn_json_copy(doc)
							 : json_object_new_object();
	merge_into(ret, patch);
	return ret;
}
