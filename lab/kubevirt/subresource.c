/* SPDX-License-Identifier: Apache-2.0 */
/* subresource.c - which handler answers, and the order in which go-restful finds out */
#include "config.h"

#include <string.h>

#include "lab/api/store.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/kubevirt/virtapi.h"

#define TEXT_PLAIN "text/plain; charset=utf-8"
#define IS_1_0_RC (1u << LAB_KUBEVIRT_1_0_RC)
#define IS_1_0 (1u << LAB_KUBEVIRT_1_0)
#define IS_1_9 (1u << LAB_KUBEVIRT_1_9)
#define IS_ANY (IS_1_0_RC | IS_1_0 | IS_1_9)

/* --- version, healthz, expand-spec
 * ----------------------------------------------------------------- */

static void get_version(struct lab_call *c)
{
	vmn_auto_json struct json_object *doc = vmn_json_build(
		"{\"gitVersion\":%s,\"gitCommit\":\"\",\"gitTreeState\":\"clean\","
		"\"buildDate\":\"\",\"goVersion\":\"\",\"compiler\":\"vmnetctl-lab\","
		"\"platform\":\"linux/amd64\"}",
		lab_kubevirt_version(c->lab));

	lab_answer_json(c->ret, 200, doc);
}

static void get_healthz(struct lab_call *c)
{
	vmn_auto_json struct json_object *doc =
		vmn_json_build("{\"apiserver\":{\"connectivity\":\"ok\"}}");

	lab_answer_json(c->ret, 200, doc);
}

/* The lab has no instance types that would add anything. */
static void get_expanded(struct lab_call *c)
{
	struct json_object *vm = lab_get(c->lab, LAB_VM, c->req->ns, c->req->name);

	if (vm)
		lab_answer_json(c->ret, 200, vm);
	else
		lab_answer_not_found(c, "virtualmachine");
}

/* --- routing: go-restful's order of checks -------------------------------------------- */

static const struct route {
	unsigned dialects;
	const char *resource, *subresource; /* subresource NULL: not below a namespace */
	const char *method;
	void (*handle)(struct lab_call *c);
} routes[] = {
	{IS_ANY, "virtualmachineinstances", "pause", "PUT", lab_vmi_pause},
	{IS_ANY, "virtualmachineinstances", "unpause", "PUT", lab_vmi_pause},
	{IS_1_0_RC, "virtualmachineinstances", "addinterface", "PUT", lab_vmi_interface},
	{IS_1_0_RC, "virtualmachineinstances", "removeinterface", "PUT", lab_vmi_interface},
	{IS_1_9, "virtualmachineinstances", "evacuate/cancel", "PUT", lab_evacuate_cancel},
	{IS_ANY, "virtualmachines", "expand-spec", "GET", get_expanded},
	{IS_ANY, "virtualmachines", "start", "PUT", lab_vm_start},
	{IS_ANY, "virtualmachines", "stop", "PUT", lab_vm_stop},
	{IS_ANY, "virtualmachines", "restart", "PUT", lab_vm_restart},
	{IS_ANY, "virtualmachines", "migrate", "PUT", lab_vm_migrate},
	{IS_1_0_RC | IS_1_0, "virtualmachines", "addinterface", "PUT", lab_vm_interface},
	{IS_1_0_RC | IS_1_0, "virtualmachines", "removeinterface", "PUT", lab_vm_interface},
	{IS_1_9, "virtualmachines", "evacuate/cancel", "PUT", lab_evacuate_cancel},
	{IS_ANY, "version", NULL, "GET", get_version},
	{IS_ANY, "healthz", NULL, "GET", get_healthz},
};

static const struct route *find_route(const struct lab *lab, const struct lab_subrequest *req)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(routes); i++)
		if ((routes[i].dialects & (1u << lab->dialect)) &&
		    !strcmp(routes[i].resource, req->resource ? req->resource : "") &&
		    vmn_streq(routes[i].subresource, req->subresource))
			return &routes[i];
	return NULL;
}

/* The PUT routes declare no media type they produce, so that only a wildcard matches. */
static bool is_acceptable(const struct route *r, const char *accept)
{
	vmn_auto_strlist struct vmn_strlist types = {0};

	if (vmn_is_empty(accept) || strcmp(r->method, "PUT"))
		return true;
	vmn_strlist_split(&types, accept, ',');
	for (size_t i = 0; i < types.n; i++) {
		const char *t = types.v[i] + strspn(types.v[i], " ");

		if (vmn_starts_with(t, "*/*"))
			return true;
	}
	return false;
}

/* Routing errors come from go-restful as text. */
static void answer_text(struct lab_subresponse *ret, int status, const char *text)
{
	ret->status = status;
	ret->content_type = TEXT_PLAIN;
	ret->body = vmn_xstrdup(text);
}

void lab_subresource(struct lab *lab, const struct lab_subrequest *req, struct lab_subresponse *ret)
{
	const struct route *route = find_route(lab, req);
	struct lab_call c = {.lab = lab, .req = req, .ret = ret};

	*ret = (struct lab_subresponse){0};
	if (lab_call_fault(&c, LAB_FAULT_API_DOWN)) {
		answer_text(ret, 503,
			    "error trying to reach service: dial tcp 127.0.0.1:16444: connect: "
			    "connection refused");
	} else if (!route) {
		answer_text(ret, 404, "404: Page Not Found\n");
	} else if (strcmp(route->method, req->method)) {
		answer_text(ret, 405, "405: Method Not Allowed\n");
		ret->allow = route->method;
	} else if (!is_acceptable(route, req->accept)) {
		answer_text(ret, 406, "406: Not Acceptable\n\nAvailable representations: ");
	} else {
		route->handle(&c);
		(void)json_object_put(c.body);
	}
}

struct json_object *lab_subresource_discovery(struct lab *lab, const char *version)
{
	bool is_1_9 = lab->dialect == LAB_KUBEVIRT_1_9;
	/* v1.0 describes v1alpha3 whichever version was asked for */
	const char *v = is_1_9 ? version : "v1alpha3";
	vmn_auto_free char *group_version = vmn_xasprintf("subresources.kubevirt.io/%s", v);
	struct json_object *list = json_object_new_array();
	struct json_object *doc;

	for (size_t i = 0; i < VMN_ARRAY_LEN(routes); i++) {
		vmn_auto_free char *name = NULL;

		if (!routes[i].subresource || !(routes[i].dialects & (1u << lab->dialect)))
			continue;
		name = vmn_xasprintf("%s/%s", routes[i].resource, routes[i].subresource);
		vmn_json_append_take(list, vmn_json_build("{\"name\":%s,\"singularName\":\"\","
							  "\"namespaced\":true,\"kind\":\"\","
							  "\"verbs\":null}",
							  name));
	}
	doc = vmn_json_build("{\"kind\":\"APIResourceList\",\"apiVersion\":%s,\"groupVersion\":%s,"
			     "\"resources\":%J}",
			     v, group_version, list);
	(void)json_object_put(list);
	return doc;
}
