/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>

#include "lib/data/json.h"
#include "lib/data/yaml.h"
#include "lib/out/doc.h"
#include "lib/out/term.h"

static int write_buf(const struct vmn_buf *b, FILE *f, struct vmn_err *err)
{
	if (!vmn_buf_ok(b))
		return vmn_err_oom(err);
	if (fwrite(vmn_buf_str(b), 1, b->len, f) != b->len)
		return vmn_err_sys(err, errno, "cannot write the document");
	return 0;
}

static void add_scalar(struct vmn_buf *b, struct json_object *v)
{
	vmn_clean_json(b, v ? vmn_json_text(v) : "null");
}

static void add_break(struct vmn_buf *b, int depth)
{
	vmn_buf_addc(b, '\n');
	for (int i = 0; i < depth; i++)
		vmn_buf_adds(b, "    ");
}

/* Depth is bounded by the parser that made the tree (VMN_JSON_MAX_DEPTH). */
static void add_indented(struct vmn_buf *b, struct json_object *v, int depth)
{
	bool is_first = true;

	if (json_object_is_type(v, json_type_object) && json_object_object_length(v) > 0) {
		vmn_buf_addc(b, '{');
		json_object_object_foreach(v, key, value) {
			vmn_auto_json struct json_object *name = json_object_new_string(key);

			vmn_buf_adds(b, is_first ? "" : ",");
			add_break(b, depth + 1);
			add_scalar(b, name);
			vmn_buf_adds(b, ": ");
			add_indented(b, value, depth + 1);
			is_first = false;
		}
		add_break(b, depth);
		vmn_buf_addc(b, '}');
	} else if (json_object_is_type(v, json_type_array) && vmn_json_len(v) > 0) {
		vmn_buf_addc(b, '[');
		for (size_t i = 0; i < vmn_json_len(v); i++) {
			vmn_buf_adds(b, i ? "," : "");
			add_break(b, depth + 1);
			add_indented(b, json_object_array_get_idx(v, i), depth + 1);
		}
		add_break(b, depth);
		vmn_buf_addc(b, ']');
	} else {
		add_scalar(b, v);
	}
}

int vmn_doc_json(struct json_object *obj, bool one_line, FILE *f, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	if (one_line)
		add_scalar(&b, obj);
	else
		add_indented(&b, obj, 0);
	vmn_buf_addc(&b, '\n');
	return write_buf(&b, f, err);
}

int vmn_doc_yaml(struct json_object *obj, FILE *f, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	vmn_yaml_write(obj, &b);
	return write_buf(&b, f, err);
}
