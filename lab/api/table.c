/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - meta.k8s.io/v1 Table, which `kubectl get` prints */
#include "config.h"

#include <string.h>

#include "lab/api/rest.h"

enum lab_include lab_table_include(const struct lab_request *req)
{
	const char *v = lab_param(req, "includeObject");

	if (vmn_streq(v, "Object"))
		return LAB_INCLUDE_OBJECT;
	return vmn_streq(v, "None") ? LAB_INCLUDE_NONE : LAB_INCLUDE_METADATA;
}

void lab_table_begin(struct vmn_buf *b, const struct lab_kind *kind)
{
	vmn_buf_adds(
		b, "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"columnDefinitions\":[");
	for (const struct lab_column *col = kind->columns; col->name; col++)
		vmn_buf_addf(b,
			     "%s{\"name\":\"%s\",\"type\":\"%s\",\"format\":\"%s\","
			     "\"description\":\"\",\"priority\":%d}",
			     col == kind->columns ? "" : ",", col->name, col->type,
			     strcmp(col->name, "Name") == 0 ? "name" : "", col->priority);
	vmn_buf_adds(b, "],\"rows\":[");
}

static void add_cell(struct vmn_buf *b, const struct lab_column *col, struct json_object *obj)
{
	vmn_auto_free char *text = col->cell ? col->cell(obj) : NULL;
	vmn_auto_json struct json_object *made = text ? json_object_new_string(text) : NULL;
	struct json_object *v = col->path ? vmn_json_get(obj, col->path) : made;

	vmn_buf_adds(b, v ? vmn_json_text(v) : "null");
}

void lab_table_row(struct vmn_buf *b, const struct lab_kind *kind, struct json_object *obj,
		   const char *text, enum lab_include include)
{
	vmn_buf_adds(b, b->len && b->data[b->len - 1] == '}' ? ",{\"cells\":[" : "{\"cells\":[");
	for (const struct lab_column *col = kind->columns; col->name; col++) {
		if (col != kind->columns)
			vmn_buf_addc(b, ',');
		add_cell(b, col, obj);
	}
	vmn_buf_adds(b, "]");
	if (include == LAB_INCLUDE_OBJECT)
		vmn_buf_addf(b, ",\"object\":%s", text);
	else if (include == LAB_INCLUDE_METADATA)
		vmn_buf_addf(b,
			     ",\"object\":{\"kind\":\"PartialObjectMetadata\","
			     "\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":%s}",
			     vmn_json_text(vmn_json_get(obj, "/metadata")));
	vmn_buf_addc(b, '}');
}

void lab_table_end(struct vmn_buf *b, const char *list_meta)
{
	vmn_buf_addf(b, "],\"metadata\":%s}", list_meta);
}
