/* SPDX-License-Identifier: Apache-2.0 */
/* discovery.c - what the server has: /api, /apis, /version, /openapi, health */
#include "config.h"

#include <string.h>
#include <sys/utsname.h>

#include "lab/api/fault.h"
#include "lab/api/rest.h"
#include "lab/kubevirt/subresource.h"

/* Groups beside core, with the versions they serve; the first is the preferred one. */
static const struct {
	const char *name;
	const char *versions[2];
} groups[] = {
	{"authentication.k8s.io", {"v1", NULL}},
	{"authorization.k8s.io", {"v1", NULL}},
	{"k8s.cni.cncf.io", {"v1", NULL}},
	{"kubevirt.io", {"v1", NULL}},
	{"subresources.kubevirt.io", {"v1", "v1alpha3"}},
};

static struct json_object *group_version(const char *group, const char *version)
{
	vmn_auto_free char *both = vmn_xasprintf("%s/%s", group, version);

	return vmn_json_build("{\"groupVersion\":%s,\"version\":%s}", both, version);
}

static struct json_object *group_entry(size_t i)
{
	vmn_auto_json struct json_object *versions = json_object_new_array();

	for (size_t v = 0; v < VMN_ARRAY_LEN(groups[i].versions) && groups[i].versions[v]; v++)
		vmn_json_append_take(versions,
				     group_version(groups[i].name, groups[i].versions[v]));
	return vmn_json_build("{\"name\":%s,\"versions\":%J,\"preferredVersion\":%J}",
			      groups[i].name, versions, json_object_array_get_idx(versions, 0));
}

static struct json_object *group_list(void)
{
	vmn_auto_json struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < VMN_ARRAY_LEN(groups); i++)
		vmn_json_append_take(list, group_entry(i));
	return vmn_json_build("{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":%J}",
			      list);
}

static struct json_object *resource_entry(const struct lab_kind *k, bool is_status)
{
	vmn_auto_free char *name = vmn_xasprintf("%s%s", k->plural, is_status ? "/status" : "");
	struct json_object *r = vmn_json_build(
		is_status ? "{\"name\":%s,\"singularName\":%s,\"kind\":%s,"
			    "\"verbs\":[\"get\",\"patch\",\"update\"]}"
			  : "{\"name\":%s,\"singularName\":%s,\"kind\":%s,"
			    "\"verbs\":[\"delete\",\"deletecollection\",\"get\",\"list\",\"patch\","
			    "\"create\",\"update\",\"watch\"]}",
		name, is_status ? "" : k->singular, k->kind);
	struct json_object *names;

	vmn_json_set_bool(r, "namespaced", k->namespaced);
	if (is_status)
		return r;
	names = json_object_new_array();
	for (size_t i = 0; k->short_names[i]; i++)
		vmn_json_append_take(names, json_object_new_string(k->short_names[i]));
	vmn_json_set_take(r, "shortNames", names);
	if (k->in_all)
		vmn_json_set_take(r, "categories", vmn_json_build("[\"all\"]"));
	return r;
}

static void add_reviews(struct json_object *list, const char *group)
{
	for (size_t i = 0; i < lab_reviews_len; i++)
		if (strcmp(lab_reviews[i].group, group) == 0)
			vmn_json_append_take(
				list, vmn_json_build("{\"name\":%s,\"singularName\":\"\","
						     "\"namespaced\":false,\"kind\":%s,"
						     "\"verbs\":[\"create\"]}",
						     lab_reviews[i].plural, lab_reviews[i].kind));
}

static struct json_object *resource_list(const char *group, const char *version)
{
	vmn_auto_json struct json_object *list = json_object_new_array();
	vmn_auto_free char *gv = vmn_xasprintf("%s%s%s", group, *group ? "/" : "", version);

	for (size_t i = 0; i < LAB_KINDS; i++) {
		const struct lab_kind *k = &lab_kinds[i];

		if (strcmp(k->group, group) != 0 || strcmp(k->version, version) != 0)
			continue;
		vmn_json_append_take(list, resource_entry(k, false));
		if (k->has_status)
			vmn_json_append_take(list, resource_entry(k, true));
	}
	add_reviews(list, group);
	return vmn_json_build("{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\","
			      "\"groupVersion\":%s,\"resources\":%J}",
			      gv, list);
}

static struct json_object *api_versions(void)
{
	return vmn_json_build("{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],"
			      "\"serverAddressByClientCIDRs\":[]}");
}

static struct json_object *server_version(void)
{
	struct utsname u;
	vmn_auto_free char *platform = NULL;

	(void)uname(&u);
	platform =
		vmn_xasprintf("linux/%s", strcmp(u.machine, "x86_64") == 0 ? "amd64" : u.machine);
	return vmn_json_build("{\"major\":\"1\",\"minor\":\"31\",\"gitVersion\":%s,"
			      "\"gitCommit\":\"\",\"gitTreeState\":\"clean\",\"buildDate\":\"\","
			      "\"goVersion\":\"\",\"compiler\":\"gcc\",\"platform\":%s}",
			      LAB_KUBERNETES_VERSION "+vmnetctl-lab", platform);
}

static void add_path(struct json_object *paths, const char *group, const char *version)
{
	vmn_auto_free char *path =
		vmn_xasprintf("/apis/%s%s%s", group, version ? "/" : "", version ? version : "");

	vmn_json_append_take(paths, json_object_new_string(path));
}

/* What there is to read, for "/". */
static struct json_object *root_paths(void)
{
	static const char *const fixed[] = {"/healthz",	   "/livez",  "/openapi/v2",
					    "/openapi/v3", "/readyz", "/version"};
	vmn_auto_json struct json_object *paths =
		vmn_json_build("[\"/api\",\"/api/v1\",\"/apis\"]");

	for (size_t i = 0; i < VMN_ARRAY_LEN(groups); i++) {
		add_path(paths, groups[i].name, NULL);
		for (size_t v = 0; v < VMN_ARRAY_LEN(groups[i].versions); v++)
			if (groups[i].versions[v])
				add_path(paths, groups[i].name, groups[i].versions[v]);
	}
	for (size_t i = 0; i < VMN_ARRAY_LEN(fixed); i++)
		vmn_json_append_take(paths, json_object_new_string(fixed[i]));
	return vmn_json_build("{\"paths\":%J}", paths);
}

/* "GROUP" or "GROUP/VERSION" behind /apis/; NULL when unknown. */
static struct json_object *group_document(struct lab *lab, const char *path)
{
	size_t len = strcspn(path, "/");

	for (size_t i = 0; i < VMN_ARRAY_LEN(groups); i++) {
		struct json_object *doc;

		if (strlen(groups[i].name) != len || strncmp(groups[i].name, path, len) != 0)
			continue;
		if (!path[len] || !path[len + 1]) {
			doc = group_entry(i);
			vmn_json_set_str(doc, "kind", "APIGroup");
			vmn_json_set_str(doc, "apiVersion", "v1");
			return doc;
		}
		for (size_t v = 0; v < VMN_ARRAY_LEN(groups[i].versions); v++) {
			if (!vmn_streq(groups[i].versions[v], path + len + 1))
				continue;
			if (strcmp(groups[i].name, "subresources.kubevirt.io") == 0)
				return lab_subresource_discovery(lab, path + len + 1);
			return resource_list(groups[i].name, path + len + 1);
		}
	}
	return NULL;
}

/* The documents of an aggregated API come from its server; what its name is, kube-apiserver knows.
 */
static bool is_virt_api_away(struct lab *lab, const struct lab_request *req)
{
	return vmn_starts_with(req->path, "/apis/subresources.kubevirt.io/") &&
	       lab_fault_hit(lab, LAB_FAULT_API_DOWN, req->method, req->path);
}

bool lab_discovery(struct lab *lab, const struct lab_request *req, struct lab_response *ret)
{
	const char *p = req->path;
	struct json_object *doc = NULL;

	if (strcmp(p, "/") == 0)
		doc = root_paths();
	else if (strcmp(p, "/api") == 0 || strcmp(p, "/api/") == 0)
		doc = api_versions();
	else if (strcmp(p, "/api/v1") == 0 || strcmp(p, "/api/v1/") == 0)
		doc = resource_list("", "v1");
	else if (strcmp(p, "/apis") == 0 || strcmp(p, "/apis/") == 0)
		doc = group_list();
	else if (is_virt_api_away(lab, req))
		lab_reply_text(ret, 503, "service unavailable\n");
	else if (vmn_starts_with(p, "/apis/"))
		doc = group_document(lab, p + strlen("/apis/"));
	else if (strcmp(p, "/version") == 0 || strcmp(p, "/version/") == 0)
		doc = server_version();
	else if (strcmp(p, "/openapi/v3") == 0)
		doc = vmn_json_build("{\"paths\":{}}");
	else if (strcmp(p, "/healthz") == 0 || strcmp(p, "/livez") == 0 ||
		 strcmp(p, "/readyz") == 0)
		lab_reply_text(ret, 200, "ok");
	else if (strcmp(p, "/openapi/v2") == 0)
		lab_openapi_v2(req, ret);
	if (doc)
		lab_reply_json(ret, 200, doc);
	return ret->status != 0;
}
