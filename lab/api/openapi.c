/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.c - OpenAPI documents without schemas
 *
 * Clients then validate nothing themselves. Old ones, as kubectl 1.20, look there for one more
 * thing: whether a kind's PATCH takes the parameter dryRun. They ask for protobuf only.
 */
#include "config.h"

#include <string.h>

#include "lab/api/rest.h"

/* Source: github.com/google/gnostic openapiv2/OpenAPIv2.proto; the numbers of the fields in use. */
enum {
	DOCUMENT_SWAGGER = 1,
	DOCUMENT_PATHS = 8,
	PATHS_PATH = 2,
	NAMED_NAME = 1,
	NAMED_VALUE = 2,
	PATH_ITEM_PATCH = 8,
	OPERATION_PARAMETERS = 8,
	OPERATION_EXTENSION = 13,
	PARAMETERS_ITEM_PARAMETER = 1,
	PARAMETER_NON_BODY = 2,
	NON_BODY_QUERY = 3,
	QUERY_NAME = 4,
	ANY_YAML = 2,
};

/* A field with a length: a text or a message. */
static void add_bytes(struct vmn_buf *b, unsigned field, const char *data, size_t len)
{
	vmn_buf_addc(b, (char)(field << 3 | 2));
	for (size_t rest = len;; rest >>= 7) {
		vmn_buf_addc(b, (char)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0)));
		if (rest <= 0x7f)
			break;
	}
	vmn_buf_add(b, data, len);
}

static void add_text(struct vmn_buf *b, unsigned field, const char *text)
{
	add_bytes(b, field, text, strlen(text));
}

/* Make @b the only field of a message around it. */
static void wrap(struct vmn_buf *b, unsigned field)
{
	struct vmn_buf outer = VMN_BUF_INIT(0);

	add_bytes(&outer, field, vmn_buf_str(b), b->len);
	vmn_buf_clear(b);
	*b = outer;
}

static void add_dry_run(struct vmn_buf *operation)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	add_text(&b, QUERY_NAME, "dryRun");
	wrap(&b, NON_BODY_QUERY);
	wrap(&b, PARAMETER_NON_BODY);
	wrap(&b, PARAMETERS_ITEM_PARAMETER);
	add_bytes(operation, OPERATION_PARAMETERS, b.data, b.len);
}

static void add_kind(struct vmn_buf *operation, const struct lab_kind *k)
{
	vmn_auto_free char *yaml = vmn_xasprintf("group: \"%s\"\nkind: %s\nversion: %s\n", k->group,
						 k->kind, k->version);
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0), any = VMN_BUF_INIT(0);

	add_text(&any, ANY_YAML, yaml);
	add_text(&b, NAMED_NAME, "x-kubernetes-group-version-kind");
	add_bytes(&b, NAMED_VALUE, any.data, any.len);
	add_bytes(operation, OPERATION_EXTENSION, b.data, b.len);
}

/* A kind's objects: what can be done with one of them, as far as it is asked for. */
static void add_path(struct vmn_buf *paths, const struct lab_kind *k)
{
	vmn_auto_free char *path = vmn_xasprintf(
		"%s%s/%s/%s%s/{name}", *k->group ? "/apis/" : "/api", k->group, k->version,
		k->namespaced ? "namespaces/{namespace}/" : "", k->plural);
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0), item = VMN_BUF_INIT(0);

	add_dry_run(&item);
	add_kind(&item, k);
	wrap(&item, PATH_ITEM_PATCH);
	add_text(&b, NAMED_NAME, path);
	add_bytes(&b, NAMED_VALUE, item.data, item.len);
	add_bytes(paths, PATHS_PATH, b.data, b.len);
}

void lab_openapi_v2(const struct lab_request *req, struct lab_response *ret)
{
	vmn_auto_buf struct vmn_buf paths = VMN_BUF_INIT(0);

	if (!strstr(req->accept, "com.github.proto-openapi.spec.v2")) {
		lab_reply_json(ret, 200,
			       vmn_json_build("{\"swagger\":\"2.0\",\"info\":{\"title\":"
					      "\"Kubernetes\",\"version\":%s},\"paths\":{}}",
					      LAB_KUBERNETES_VERSION));
		return;
	}
	for (size_t i = 0; i < LAB_KINDS; i++)
		add_path(&paths, &lab_kinds[i]);
	ret->status = 200;
	/* Not what was asked for: an '@' is none of a media type's characters. */
	ret->content_type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
	add_text(&ret->body, DOCUMENT_SWAGGER, "2.0");
	add_bytes(&ret->body, DOCUMENT_PATHS, paths.data, paths.len);
}
