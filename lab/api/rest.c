/* SPDX-License-Identifier: Apache-2.0 */
/* rest.c - from a path to a verb: routes, rights, forms of the answer */
#include "config.h"

#include <string.h>

#include "lab/api/authz.h"
#include "lab/api/control.h"
#include "lab/api/rest.h"
#include "lab/api/status.h"
#include "lab/kubevirt/subresource.h"
#include "lab/log.h"

enum { SEGMENTS_MAX = 12 };

/* The path, cut and decoded. */
struct route {
	char *text; /* all segments, each ended by a NUL */
	const char *seg[SEGMENTS_MAX];
	size_t n;
};

/* A path below a group and version, as kube-apiserver's RequestInfo reads it. */
struct resource {
	const char *group, *version;
	const char *ns, *plural, *name;
	char *sub; /* "a/b", owned, or NULL */
};

/* --- answers -------------------------------------------------------------------------- */

void lab_reply_json(struct lab_response *resp, int status, struct json_object *obj_take)
{
	const char *text = vmn_json_text(obj_take);

	resp->status = status;
	resp->content_type = "application/json";
	vmn_buf_clear(&resp->body);
	vmn_buf_adds(&resp->body, text);
	vmn_buf_addc(&resp->body, '\n');
	(void)json_object_put(obj_take);
}

void lab_reply_text(struct lab_response *resp, int status, const char *text)
{
	resp->status = status;
	resp->content_type = "text/plain; charset=utf-8";
	vmn_buf_clear(&resp->body);
	vmn_buf_adds(&resp->body, text);
}

void lab_reply_object(struct lab_call *c, int status, struct json_object *obj)
{
	struct vmn_buf *b = &c->resp->body;
	vmn_auto_free char *meta = NULL;

	if (c->form != LAB_FORM_TABLE) {
		lab_reply_json(c->resp, status, json_object_get(obj));
		return;
	}
	meta = vmn_xasprintf("{\"resourceVersion\":\"%s\"}",
			     vmn_json_str_or(obj, "/metadata/resourceVersion", ""));
	c->resp->status = status;
	c->resp->content_type = "application/json";
	lab_table_begin(b, c->kind);
	lab_table_row(b, c->kind, obj, vmn_json_text(obj), lab_table_include(c->req));
	lab_table_end(b, meta);
}

static void reply_error(struct lab_response *resp, const struct vmn_err *err,
			const struct lab_kind *kind, const char *name)
{
	lab_reply_json(resp, err->http ? err->http : 500, lab_status(err, kind, name));
}

static void reply_no_route(struct lab_response *resp)
{
	lab_reply_text(resp, 404, "404 page not found\n");
}

/* --- the path ------------------------------------------------------------------------- */

static int hex_value(char c)
{
	const char *digits = "0123456789abcdef", *p = c ? strchr(digits, c | 0x20) : NULL;

	return p && (c < 'A' || c > 'Z' || c <= 'F') ? (int)(p - digits) : -1;
}

/* Cut @path at its slashes and decode the parts; false when it has too many or is malformed. */
static bool route_parse(const char *path, struct route *r)
{
	char *out = r->text = vmn_xcalloc(strlen(path) + 2, 1);

	while (*path) {
		while (*path == '/')
			path++;
		if (!*path)
			break;
		if (r->n == SEGMENTS_MAX)
			return false;
		r->seg[r->n++] = out;
		while (*path && *path != '/') {
			if (*path == '%') {
				int hi = hex_value(path[1]);
				int lo = hi < 0 ? -1 : hex_value(path[2]);

				if (lo < 0 || (hi == 0 && lo == 0))
					return false;
				*out++ = (char)(hi << 4 | lo);
				path += 3;
			} else {
				*out++ = *path++;
			}
		}
		*out++ = '\0';
	}
	return true;
}

static void route_clear(struct route *r)
{
	free(r->text);
}

static void resource_clear(struct resource *res)
{
	free(res->sub);
}

static void parse_rest(struct resource *res, const char *const *seg, size_t n)
{
	vmn_auto_buf struct vmn_buf sub = VMN_BUF_INIT(0);

	res->plural = n > 0 ? seg[0] : NULL;
	res->name = n > 1 ? seg[1] : NULL;
	for (size_t i = 2; i < n; i++)
		vmn_buf_addf(&sub, "%s%s", i > 2 ? "/" : "", seg[i]);
	res->sub = sub.len ? vmn_buf_steal(&sub) : NULL;
}

/* The parts behind group and version. */
static void parse_resource(struct resource *res, const char *const *seg, size_t n)
{
	/* .../namespaces/NS/PLURAL...; but namespaces/NS, NS/status and NS/finalize are the
	 * namespace's own. */
	if (n >= 3 && strcmp(seg[0], "namespaces") == 0 && strcmp(seg[2], "status") != 0 &&
	    strcmp(seg[2], "finalize") != 0) {
		res->ns = seg[1];
		seg += 2;
		n -= 2;
	}
	parse_rest(res, seg, n);
}

/* --- rights --------------------------------------------------------------------------- */

static const char *verb_of(const struct lab_request *req, const char *name)
{
	static const char *const verbs[][3] = {
		/* method, with a name, without */
		{"GET", "get", "list"},	      {"HEAD", "get", "list"},
		{"POST", "create", "create"}, {"PUT", "update", "update"},
		{"PATCH", "patch", "patch"},  {"DELETE", "delete", "deletecollection"},
	};

	for (size_t i = 0; i < VMN_ARRAY_LEN(verbs); i++) {
		if (strcmp(req->method, verbs[i][0]) != 0)
			continue;
		if (i == 0 && !name && lab_param_is_true(req, "watch"))
			return "watch";
		return verbs[i][name ? 1 : 2];
	}
	return "";
}

static int authorize(struct lab *lab, const struct lab_request *req, const struct resource *res,
		     struct vmn_err *err)
{
	vmn_auto_free char *resource =
		res ? vmn_xasprintf("%s%s%s", res->plural, res->sub ? "/" : "",
				    res->sub ? res->sub : "")
		    : NULL;
	struct lab_access a = {
		.user = req->user,
		.verb = res ? verb_of(req, res->name) : "get",
		.group = res ? res->group : "",
		.resource = resource,
		.ns = res ? res->ns : NULL,
		.name = res ? res->name : NULL,
		.path = req->path,
	};

	return lab_authorize(lab, &a, err);
}

/* --- forms ---------------------------------------------------------------------------- */

/*
 * What the Accept header asks for: its first media range that the server has. Ranges with other
 * "as" parameters (PartialObjectMetadata, aggregated discovery) and protobuf are passed over.
 */
static bool choose_form(const char *accept, enum lab_form *ret)
{
	vmn_auto_strlist struct vmn_strlist ranges = {0};

	*ret = LAB_FORM_JSON;
	if (!*accept)
		return true;
	vmn_strlist_split(&ranges, accept, ',');
	for (size_t i = 0; i < ranges.n; i++) {
		const char *range = ranges.v[i] + strspn(ranges.v[i], " \t");
		bool is_json = vmn_starts_with(range, "application/json") ||
			       vmn_starts_with(range, "*/*") ||
			       vmn_starts_with(range, "application/*");

		if (!is_json)
			continue;
		if (strstr(range, ";as=Table") || strstr(range, "; as=Table")) {
			*ret = LAB_FORM_TABLE;
			return true;
		}
		if (!strstr(range, "as="))
			return true;
	}
	return false;
}

/* --- resources ------------------------------------------------------------------------ */

static int call_verb(struct lab_call *c, struct vmn_err *err)
{
	const char *verb = verb_of(c->req, c->name);
	static const struct {
		const char *verb;
		int (*fn)(struct lab_call *c, struct vmn_err *err);
		bool is_for_sub; /* exists below a subresource too */
	} verbs[] = {
		{"get", lab_verb_get, true},
		{"list", lab_verb_list, false},
		{"watch", lab_verb_watch, false},
		{"create", lab_verb_create, false},
		{"update", lab_verb_update, true},
		{"patch", lab_verb_patch, true},
		{"delete", lab_verb_delete, false},
		{"deletecollection", lab_verb_delete_collection, false},
	};

	for (size_t i = 0; i < VMN_ARRAY_LEN(verbs); i++) {
		bool is_named = strcmp(verb, "create") != 0 && strcmp(verb, "list") != 0 &&
				strcmp(verb, "watch") != 0 && strcmp(verb, "deletecollection") != 0;

		if (strcmp(verb, verbs[i].verb) != 0 || (c->sub && !verbs[i].is_for_sub) ||
		    is_named != (c->name != NULL))
			continue;
		/* Writing and single objects need the namespace; lists can span all. */
		if (c->kind->namespaced && !c->ns && (c->name || strcmp(verb, "create") == 0))
			break;
		return verbs[i].fn(c, err);
	}
	return lab_fail(err, 405,
			"the server does not allow this method on the requested resource");
}

static void serve_resource(struct lab *lab, const struct lab_request *req,
			   const struct resource *res, struct lab_response *ret)
{
	const struct lab_kind *kind = lab_kind_find(res->group, res->version, res->plural);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct lab_call c = {
		.lab = lab,
		.req = req,
		.resp = ret,
		.kind = kind,
		.ns = res->ns,
		.name = res->name,
		.sub = res->sub,
	};

	if (!kind || (res->ns && !kind->namespaced) ||
	    (res->sub && (!kind->has_status || strcmp(res->sub, "status") != 0))) {
		reply_no_route(ret);
		return;
	}
	if (!choose_form(req->accept, &c.form))
		(void)lab_fail(&err, 406,
			       "only the following media types are accepted: application/json");
	else
		(void)call_verb(&c, &err);
	if (err.code)
		reply_error(ret, &err, kind, res->name);
}

/* virt-api's own routes; the aggregation layer has checked the rights. */
static void serve_subresource(struct lab *lab, const struct lab_request *req,
			      const struct resource *res, struct lab_response *ret)
{
	struct lab_subrequest sub = {
		.method = req->method,
		.version = res->version,
		.ns = res->ns,
		.resource = res->plural,
		.name = res->name,
		.subresource = res->sub,
		.accept = req->accept,
		.body = req->body,
		.body_len = req->body_len,
		.user = req->user,
	};
	struct lab_subresponse answer = {0};

	lab_subresource(lab, &sub, &answer);
	ret->status = answer.status;
	ret->content_type = answer.content_type;
	ret->allow = answer.allow;
	if (answer.body)
		vmn_buf_adds(&ret->body, answer.body);
	free(answer.body);
}

static void serve_group(struct lab *lab, const struct lab_request *req, const struct resource *res,
			struct lab_response *ret)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	/* Rights are refused before anybody looks whether the resource exists. */
	const struct lab_kind named = {.group = res->group, .plural = res->plural};

	if (authorize(lab, req, res, &err) < 0) {
		reply_error(ret, &err, &named, res->name);
		return;
	}
	if (strcmp(res->group, "subresources.kubevirt.io") == 0) {
		serve_subresource(lab, req, res, ret);
	} else if (lab_is_review_group(res->group)) {
		if (lab_review(lab, res->group, res->plural, req, ret, &err) < 0)
			reply_error(ret, &err, NULL, NULL);
	} else {
		serve_resource(lab, req, res, ret);
	}
}

static void serve(struct lab *lab, const struct lab_request *req, struct lab_response *ret)
{
	VMN_CLEANUP(route_clear) struct route r = {0};
	VMN_CLEANUP(resource_clear) struct resource res = {0};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (!route_parse(req->path, &r)) {
		reply_no_route(ret);
		return;
	}
	if (r.n > 2 && strcmp(r.seg[0], "api") == 0) {
		res.group = "";
		res.version = r.seg[1];
		parse_resource(&res, &r.seg[2], r.n - 2);
	} else if (r.n > 3 && strcmp(r.seg[0], "apis") == 0) {
		res.group = r.seg[1];
		res.version = r.seg[2];
		parse_resource(&res, &r.seg[3], r.n - 3);
	}
	if (res.plural) {
		serve_group(lab, req, &res, ret);
		return;
	}
	if (authorize(lab, req, NULL, &err) < 0)
		reply_error(ret, &err, NULL, NULL);
	else if (r.n && strcmp(r.seg[0], "lab") == 0)
		lab_control(lab, req, ret);
	else if (strcmp(req->method, "GET") != 0 || !lab_discovery(lab, req, ret))
		reply_no_route(ret);
}

void lab_rest(struct lab *lab, const struct lab_request *req, struct lab_response *ret)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	serve(lab, req, ret);
	if (lab_store_commit(lab, &err) < 0)
		lab_log("%s", vmn_err_text(&err));
}
