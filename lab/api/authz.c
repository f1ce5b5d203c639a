/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authz.c - rights, as a table
 *
 * "edit" has what KubeVirt's ClusterRole kubevirt.io:edit gives in each version, holes included:
 * in 1.0 addinterface and migrate without removeinterface; in 1.9 no migrate (it moved to
 * kubevirt.io:migrate) and migrations to read only.
 */
#include "config.h"

#include <string.h>

#include "lab/api/authz.h"
#include "lab/api/status.h"

#define GROUPS(...) ((const char *const[]){__VA_ARGS__, NULL})

const struct lab_user lab_users[] = {
	{"admin", GROUPS("system:masters", "system:authenticated"), false},
	{"edit", GROUPS("vmnetctl-lab:edit", "system:authenticated"), false},
	{"limited", GROUPS("vmnetctl-lab:limited", "system:authenticated"), false},
	{"nobody", GROUPS("system:authenticated"), false},
};
const size_t lab_users_len = VMN_ARRAY_LEN(lab_users);

const struct lab_user lab_anonymous = {"system:anonymous", GROUPS("system:unauthenticated"), false};

enum {
	RC = 1 << LAB_KUBEVIRT_1_0_RC,
	V1_0 = 1 << LAB_KUBEVIRT_1_0,
	V1_9 = 1 << LAB_KUBEVIRT_1_9,
	ALL = RC | V1_0 | V1_9,
};

/* Lists are separated by single blanks; "*" stands for everything. */
struct rule {
	const char *subject; /* a group of users; "*" is everybody */
	unsigned dialects;
	const char *verbs;
	const char *group;
	const char *resources; /* NULL: a rule about paths */
	const char *paths;     /* a trailing '*' matches the rest */
};

#define EDIT "vmnetctl-lab:edit"
#define WRITE "get delete create update patch list watch"
#define READ "get list watch"

static const struct rule rules[] = {
	{"system:masters", ALL, "*", "*", "*", NULL},
	{"system:masters", ALL, "*", NULL, NULL, "*"},
	/* Kubernetes' own bootstrap roles. */
	{"*", ALL, "get", NULL, NULL, "/healthz /livez /readyz /version /version/"},
	{"system:authenticated", ALL, "get", NULL, NULL,
	 "/api /api/* /apis /apis/* /openapi /openapi/*"},
	{"system:authenticated", ALL, "create", "authorization.k8s.io",
	 "selfsubjectaccessreviews selfsubjectrulesreviews", NULL},
	{"system:authenticated", ALL, "create", "authentication.k8s.io", "selfsubjectreviews",
	 NULL},
	/* kubevirt.io:default */
	{"system:authenticated", ALL, "get list", "subresources.kubevirt.io", "version guestfs",
	 NULL},
	{"system:unauthenticated", RC | V1_0, "get list", "subresources.kubevirt.io",
	 "version guestfs", NULL},
	{"system:authenticated", V1_9, "get list", "kubevirt.io", "kubevirts", NULL},
	/* kubevirt.io:edit */
	{EDIT, ALL, "get", "subresources.kubevirt.io",
	 "virtualmachines/expand-spec virtualmachines/portforward virtualmachineinstances/console "
	 "virtualmachineinstances/vnc virtualmachineinstances/portforward "
	 "virtualmachineinstances/guestosinfo virtualmachineinstances/filesystemlist "
	 "virtualmachineinstances/userlist",
	 NULL},
	{EDIT, ALL, "update", "subresources.kubevirt.io",
	 "virtualmachineinstances/pause virtualmachineinstances/unpause "
	 "virtualmachineinstances/addvolume "
	 "virtualmachineinstances/removevolume virtualmachineinstances/freeze "
	 "virtualmachineinstances/unfreeze virtualmachineinstances/softreboot "
	 "virtualmachines/start "
	 "virtualmachines/stop virtualmachines/restart virtualmachines/addvolume "
	 "virtualmachines/removevolume virtualmachines/memorydump expand-vm-spec",
	 NULL},
	{EDIT, RC | V1_0, "update", "subresources.kubevirt.io",
	 "virtualmachines/addinterface virtualmachines/migrate", NULL},
	{EDIT, RC, "update", "subresources.kubevirt.io", "virtualmachineinstances/addinterface",
	 NULL},
	{EDIT, V1_9, "update", "subresources.kubevirt.io",
	 "virtualmachineinstances/reset virtualmachineinstances/evacuate/cancel "
	 "virtualmachines/evacuate/cancel",
	 NULL},
	{EDIT, ALL, WRITE, "kubevirt.io", "virtualmachines virtualmachineinstances", NULL},
	{EDIT, RC | V1_0, WRITE, "kubevirt.io", "virtualmachineinstancemigrations", NULL},
	{EDIT, V1_9, READ, "kubevirt.io", "virtualmachineinstancemigrations", NULL},
	{EDIT, ALL, "get list", "kubevirt.io", "kubevirts", NULL},
	/* Of Kubernetes' edit, which that role is aggregated to, and of Multus' reader. */
	{EDIT, ALL, READ, "", "namespaces events", NULL},
	{EDIT, ALL, WRITE, "", "pods services", NULL},
	{EDIT, ALL, READ, "k8s.cni.cncf.io", "network-attachment-definitions", NULL},
	{"vmnetctl-lab:limited", ALL, "get list patch", "kubevirt.io", "virtualmachines", NULL},
};

/* Is @word among the words of @list, "*" or a word ending in '*' that it starts with? */
static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (list && *list) {
		size_t n = strcspn(list, " ");

		if (n == len && memcmp(list, word, n) == 0)
			return true;
		if (n && list[n - 1] == '*' && len >= n - 1 && memcmp(list, word, n - 1) == 0)
			return true;
		list += n + (list[n] == ' ');
	}
	return false;
}

static bool is_about(const struct lab *lab, const struct rule *r, const struct lab_user *user)
{
	if (!(r->dialects & 1U << lab->dialect))
		return false;
	if (strcmp(r->subject, "*") == 0)
		return true;
	for (size_t i = 0; user->groups[i]; i++) {
		if (strcmp(user->groups[i], r->subject) == 0)
			return true;
	}
	return false;
}

static bool is_group(const char *pattern, const char *group)
{
	return strcmp(pattern, "*") == 0 || strcmp(pattern, group) == 0;
}

bool lab_is_allowed(const struct lab *lab, const struct lab_access *a)
{
	if (a->user->is_system)
		return true;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rules); i++) {
		const struct rule *r = &rules[i];

		if (!is_about(lab, r, a->user) || !list_has(r->verbs, a->verb))
			continue;
		if (!a->resource && list_has(r->paths, a->path))
			return true;
		if (a->resource && r->resources && is_group(r->group, a->group) &&
		    list_has(r->resources, a->resource))
			return true;
	}
	return false;
}

int lab_authorize(const struct lab *lab, const struct lab_access *a, struct vmn_err *err)
{
	vmn_auto_free char *scope = NULL, *object = NULL;
	size_t plural;

	if (lab_is_allowed(lab, a))
		return 0;
	if (!a->resource)
		return lab_fail(err, 403, "forbidden: User \"%s\" cannot %s path \"%s\"",
				a->user->name, a->verb, a->path);
	scope = vmn_is_empty(a->ns) ? vmn_xstrdup("at the cluster scope")
				    : vmn_xasprintf("in the namespace \"%s\"", a->ns);
	object = vmn_is_empty(a->name) ? vmn_xstrdup("") : vmn_xasprintf(" \"%s\"", a->name);
	plural = strcspn(a->resource, "/");
	return lab_fail(err, 403,
			"%.*s%s%s%s is forbidden: User \"%s\" cannot %s resource \"%s\" in API "
			"group \"%s\" %s",
			(int)plural, a->resource, *a->group ? "." : "", a->group, object,
			a->user->name, a->verb, a->resource, a->group, scope);
}

const struct lab_user *lab_user_find(const char *name)
{
	for (size_t i = 0; i < lab_users_len; i++) {
		if (strcmp(lab_users[i].name, name) == 0)
			return &lab_users[i];
	}
	return NULL;
}

static struct json_object *words(const char *list)
{
	struct json_object *array = json_object_new_array();
	vmn_auto_strlist struct vmn_strlist l = {0};

	vmn_strlist_split(&l, list, ' ');
	for (size_t i = 0; i < l.n; i++)
		vmn_json_append_take(array, json_object_new_string(l.v[i]));
	return array;
}

void lab_rules(const struct lab *lab, const struct lab_user *user,
	       struct json_object **ret_resources, struct json_object **ret_paths)
{
	struct json_object *resources = json_object_new_array(), *paths = json_object_new_array();

	for (size_t i = 0; i < VMN_ARRAY_LEN(rules); i++) {
		const struct rule *r = &rules[i];
		struct json_object *row;

		if (!is_about(lab, r, user))
			continue;
		row = json_object_new_object();
		vmn_json_set_take(row, "verbs", words(r->verbs));
		if (r->resources) {
			vmn_json_set_take(row, "apiGroups", words(r->group));
			vmn_json_set_take(row, "resources", words(r->resources));
			vmn_json_append_take(resources, row);
		} else {
			vmn_json_set_take(row, "nonResourceURLs", words(r->paths));
			vmn_json_append_take(paths, row);
		}
	}
	*ret_resources = resources;
	*ret_paths = paths;
}
