/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/k8s.h"
#include "lib/kube/list.h"
#include "lib/kube/path.h"
#include "lib/virt/targets.h"
#include "lib/virt/vm.h"

/* KubeVirt labels every VMI with the node it runs on. */
#define LABEL_NODE_NAME "kubevirt.io/nodeName"

const char *vmn_target_name(const char *operand, struct vmn_err *err)
{
	static const char *const types[] = {
		"vm",
		"vms",
		"virtualmachine",
		"virtualmachines",
		"virtualmachine.kubevirt.io",
		"virtualmachines.kubevirt.io",
		"vmi",
		"vmis",
		"virtualmachineinstance",
		"virtualmachineinstances",
		"virtualmachineinstance.kubevirt.io",
		"virtualmachineinstances.kubevirt.io",
	};
	const char *slash = strchr(operand, '/'), *name = slash ? slash + 1 : operand;
	size_t len = slash ? (size_t)(slash - operand) : 0;
	bool is_known = !slash;

	for (size_t i = 0; i < VMN_ARRAY_LEN(types); i++)
		is_known = is_known ||
			   (strlen(types[i]) == len && strncmp(types[i], operand, len) == 0);
	if (!is_known) {
		vmn_err_set(err, VMN_E_USAGE, "'%s' is neither a VM nor a VMI", operand);
		vmn_err_hint(err, "write NAME, vm/NAME or vmi/NAME");
		return NULL;
	}
	if (!vmn_is_dns1123_subdomain(name)) {
		vmn_err_set(err, VMN_E_USAGE, "'%s' is not the name of a VM", name);
		return NULL;
	}
	return name;
}

static struct vmn_target *add(struct vmn_targets *t, const char *ns, const char *name)
{
	struct vmn_target *target;

	/* Grow at powers of two. */
	if ((t->n & (t->n - 1)) == 0)
		t->v = vmn_xrealloc(t->v, t->n ? 2 * t->n : 1, sizeof(*t->v));
	target = &t->v[t->n++];
	*target = (struct vmn_target){
		.ns = vmn_xstrdup(ns),
		.name = vmn_xstrdup(name),
		.is_running = true,
	};
	return target;
}

void vmn_targets_add(struct vmn_targets *t, const char *ns, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (vmn_streq(t->v[i].ns, ns) && vmn_streq(t->v[i].name, name))
			return;
	}
	(void)add(t, ns, name);
}

static void add_vm(void *arg, struct json_object *item)
{
	struct vmn_vm vm;

	vmn_vm_read(item, &vm);
	if (vm.ns && vm.name)
		add(arg, vm.ns, vm.name)->is_running = vm.has_vmi;
}

int vmn_targets_from_vms(struct vmn_kube *k, const char *ns, const char *selector,
			 struct vmn_targets *t, struct vmn_err *err)
{
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_vm, ns, NULL, NULL);

	if (selector)
		vmn_kube_path_query(&path, "labelSelector", selector);
	return vmn_list_all(k, path, add_vm, t, NULL, err);
}

struct node_search {
	struct vmn_targets *t;
	const char *node;
};

static char *obstacle_of(struct json_object *vmi)
{
	struct json_object *cond = vmn_condition(vmi, "LiveMigratable");

	if (!vmn_condition_is(vmi, "LiveMigratable", "False"))
		return NULL;
	return vmn_xasprintf("%s: %s", vmn_json_str_or(cond, "/reason", "not migratable"),
			     vmn_json_str_or(cond, "/message", "no message"));
}

static void add_vmi(void *arg, struct json_object *item)
{
	const struct node_search *search = arg;
	struct vmn_target *target;
	struct vmn_vmi vmi;

	vmn_vmi_read(item, &vmi);
	/* The label may lag behind the status. */
	if (!vmi.ns || !vmi.name || !vmi.is_live ||
	    !vmn_streq(vmn_json_str(item, "/status/nodeName"), search->node))
		return;
	target = add(search->t, vmi.ns, vmi.name);
	target->node = vmn_xstrdup(search->node);
	target->is_bare = !vmi.is_owned;
	target->obstacle = obstacle_of(item);
}

int vmn_targets_from_node(struct vmn_kube *k, const char *ns, const char *selector,
			  const char *node, struct vmn_targets *t, struct vmn_err *err)
{
	struct node_search search = {.t = t, .node = node};
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_vmi, ns, NULL, NULL);
	vmn_auto_free char *both = vmn_xasprintf(LABEL_NODE_NAME "=%s%s%s", node,
						 selector ? "," : "", selector ? selector : "");

	vmn_kube_path_query(&path, "labelSelector", both);
	return vmn_list_all(k, path, add_vmi, &search, NULL, err);
}

static void target_clear(struct vmn_target *target)
{
	free(target->ns);
	free(target->name);
	free(target->node);
	free(target->obstacle);
}

size_t vmn_targets_drop_stopped(struct vmn_targets *t)
{
	size_t kept = 0, stopped;

	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].is_running)
			t->v[kept++] = t->v[i];
		else
			target_clear(&t->v[i]);
	}
	stopped = t->n - kept;
	t->n = kept;
	return stopped;
}

void vmn_targets_clear(struct vmn_targets *t)
{
	for (size_t i = 0; i < t->n; i++)
		target_clear(&t->v[i]);
	free(t->v);
	*t = (struct vmn_targets){0};
}
