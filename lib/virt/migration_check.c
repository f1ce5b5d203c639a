/* SPDX-License-Identifier: Apache-2.0 */
/* migration_check.c - can a VM migrate, and where to, as far as the API tells */
#include "config.h"

#include <string.h>

#include "lib/virt/migration.h"

/* A check's row at the end of @report's list; @message and @hint are shown to people. */
static void add_check(struct json_object *report, const char *id, const char *verdict,
		      const char *message, const char *hint)
{
	struct json_object *row =
		vmn_json_build("{\"id\":%s,\"verdict\":%s,\"message\":%s}", id, verdict, message);

	if (hint)
		vmn_json_set_str(row, "hint", hint);
	if (vmn_streq(verdict, "bad"))
		vmn_json_set_bool(report, "canMigrate", false);
	vmn_json_append_take(vmn_json_get(report, "/checks"), row);
}

static void check_running(struct json_object *report, const struct vmn_migration_facts *f)
{
	const char *phase = vmn_json_str_or(f->vmi, "/status/phase", "Unset");
	vmn_auto_free char *message = NULL;

	if (!f->vmi) {
		add_check(report, "running", "bad", "the VM does not run", "start it");
		return;
	}
	if (vmn_json_str(f->vmi, "/metadata/deletionTimestamp")) {
		add_check(report, "running", "bad", "the VM is being stopped", NULL);
		return;
	}
	message = vmn_xasprintf("phase %s on node '%s'", phase,
				vmn_json_str_or(f->vmi, "/status/nodeName", ""));
	add_check(report, "running", vmn_streq(phase, "Running") ? "ok" : "bad", message, NULL);
}

static void check_live_migratable(struct json_object *report, struct json_object *vmi)
{
	struct json_object *cond = vmn_json_find(vmn_json_array(vmi, "/status/conditions"), "type",
						 "LiveMigratable", NULL);
	const char *status = vmn_json_str_or(cond, "/status", "Unknown");
	const char *reason = vmn_json_str(cond, "/reason");
	vmn_auto_free char *message = NULL;

	if (vmn_streq(status, "True")) {
		add_check(report, "liveMigratable", "ok", "KubeVirt says it can migrate", NULL);
		return;
	}
	if (!vmn_streq(status, "False")) {
		add_check(report, "liveMigratable", "unknown",
			  "KubeVirt has not said whether it can migrate", NULL);
		return;
	}
	message = vmn_xasprintf("%s: %s", reason ? reason : "no reason given",
				vmn_json_str_or(cond, "/message", "no message"));
	add_check(report, "liveMigratable", "bad", message, NULL);
}

/* The interface of @spec that is bound to the pod network, or NULL */
static struct json_object *pod_interface(struct json_object *spec)
{
	vmn_json_each(network, vmn_json_array(spec, "/networks")) {
		if (vmn_json_get(network, "/pod"))
			return vmn_json_find(vmn_json_array(spec, "/domain/devices/interfaces"),
					     "name", vmn_json_str(network, "/name"), NULL);
	}
	return NULL;
}

static bool has_annotation(struct json_object *metadata)
{
	struct json_object *annotations = vmn_json_get(metadata, "/annotations");

	/* Only its presence counts: KubeVirt takes "false" for a yes as well. */
	return json_object_is_type(annotations, json_type_object) &&
	       json_object_object_get_ex(annotations, VMN_ANNOTATION_ALLOW_BRIDGE, NULL);
}

static void check_bridge(struct json_object *report, const struct vmn_migration_facts *f)
{
	bool now = has_annotation(vmn_json_get(f->vmi, "/metadata"));
	bool later = has_annotation(vmn_json_get(f->vm, "/spec/template/metadata"));

	if (now && (later || !f->vm))
		add_check(report, "podNetwork", "ok",
			  "bridge, allowed by annotation " VMN_ANNOTATION_ALLOW_BRIDGE
			  "; keeping the address is up to the CNI plugin",
			  NULL);
	else if (now)
		add_check(
			report, "podNetwork", "warning",
			"bridge, allowed by an annotation that the VM's template does not have: "
			"the next restart loses it",
			"annotate spec.template.metadata of the VM with " VMN_ANNOTATION_ALLOW_BRIDGE);
	else if (later)
		add_check(
			report, "podNetwork", "bad",
			"bridge; the template's annotation that allows it is not on the running VM",
			"restart the VM once");
	else
		add_check(
			report, "podNetwork", "bad",
			"bridge without annotation " VMN_ANNOTATION_ALLOW_BRIDGE,
			"use the masquerade binding, or annotate spec.template.metadata of the VM "
			"and restart it");
}

static void check_pod_network(struct json_object *report, const struct vmn_migration_facts *f)
{
	struct json_object *iface = pod_interface(vmn_json_get(f->vmi, "/spec"));

	if (!iface)
		add_check(report, "podNetwork", "ok", "not connected to the pod network", NULL);
	else if (vmn_json_get(iface, "/masquerade"))
		add_check(report, "podNetwork", "ok", "masquerade", NULL);
	else if (vmn_json_get(iface, "/bridge"))
		check_bridge(report, f);
	else
		add_check(report, "podNetwork", "unknown",
			  "a binding that migrates only if its plugin says so; see liveMigratable",
			  NULL);
}

static void check_no_migration(struct json_object *report, const struct vmn_migration_facts *f)
{
	const char *leaving = vmn_json_str(f->vmi, "/status/evacuationNodeName");
	struct json_object *active = vmn_migration_active(f->migrations, f->name);
	vmn_auto_free char *message = NULL;

	if (active) {
		message = vmn_xasprintf("migration '%s' is under way (%s)",
					vmn_json_str_or(active, "/metadata/name", ""),
					vmn_migration_phase(active));
		add_check(report, "noMigration", "bad", message, "wait for it, or --cancel it");
	} else if (!f->migrations) {
		add_check(report, "noMigration", "unknown", "migrations may not be read", NULL);
	} else if (!vmn_is_empty(leaving)) {
		message = vmn_xasprintf("being evacuated from node '%s': KubeVirt will migrate it",
					leaving);
		add_check(report, "noMigration", "warning", message, NULL);
	} else {
		add_check(report, "noMigration", "ok", "none under way", NULL);
	}
}

static bool labels_have(struct json_object *labels, struct json_object *selector)
{
	if (!json_object_is_type(selector, json_type_object))
		return true;
	json_object_object_foreach(selector, key, want) {
		struct json_object *have;

		if (!json_object_is_type(labels, json_type_object) ||
		    !json_object_object_get_ex(labels, key, &have) ||
		    !json_object_equal(have, want))
			return false;
	}
	return true;
}

/* Source: k8s.io/api core/v1 Toleration.ToleratesTaint */
static bool tolerates(struct json_object *tolerations, struct json_object *taint)
{
	vmn_json_each(t, tolerations) {
		const char *key = vmn_json_str_or(t, "/key", "");
		const char *effect = vmn_json_str_or(t, "/effect", "");

		if (*effect && !vmn_streq(effect, vmn_json_str(taint, "/effect")))
			continue;
		if (*key && !vmn_streq(key, vmn_json_str(taint, "/key")))
			continue;
		if (vmn_streq(vmn_json_str(t, "/operator"), "Exists"))
			return true;
		if (*key && vmn_streq(vmn_json_str_or(t, "/value", ""),
				      vmn_json_str_or(taint, "/value", "")))
			return true;
	}
	return false;
}

bool vmn_node_repels(struct json_object *node, struct json_object *vmi)
{
	vmn_json_each(taint, vmn_json_array(node, "/spec/taints")) {
		/* A cordoned node has this one too; it gets a reason of its own. */
		if (vmn_streq(vmn_json_str(taint, "/key"), "node.kubernetes.io/unschedulable") ||
		    vmn_streq(vmn_json_str(taint, "/effect"), "PreferNoSchedule"))
			continue;
		if (!tolerates(vmn_json_array(vmi, "/spec/tolerations"), taint))
			return true;
	}
	return false;
}

/* Why @node cannot be the target, or NULL */
static const char *node_obstacle(struct json_object *node, const struct vmn_migration_facts *f)
{
	struct json_object *labels = vmn_json_get(node, "/metadata/labels");
	struct json_object *ready =
		vmn_json_find(vmn_json_array(node, "/status/conditions"), "type", "Ready", NULL);

	if (vmn_streq(vmn_json_str(node, "/metadata/name"),
		      vmn_json_str(f->vmi, "/status/nodeName")))
		return "it is there";
	if (vmn_json_bool(node, "/spec/unschedulable", false))
		return "cordoned";
	if (ready && !vmn_streq(vmn_json_str(ready, "/status"), "True"))
		return "not ready";
	if (!vmn_streq(vmn_json_str(labels, "/kubevirt.io~1schedulable"), "true"))
		return "not schedulable for VMs";
	if (!labels_have(labels, vmn_json_get(f->vmi, "/spec/nodeSelector")))
		return "the VM's node selector excludes it";
	if (!labels_have(labels, f->node_selector))
		return "the wanted node selector excludes it";
	return vmn_node_repels(node, f->vmi) ? "tainted" : NULL;
}

static void check_target_nodes(struct json_object *report, const struct vmn_migration_facts *f)
{
	vmn_auto_buf struct vmn_buf good = VMN_BUF_INIT(0), bad = VMN_BUF_INIT(0);

	if (!f->nodes) {
		add_check(report, "targetNodes", "unknown", "nodes may not be read", NULL);
		return;
	}
	vmn_json_each(node, f->nodes) {
		const char *name = vmn_json_str_or(node, "/metadata/name", "");
		const char *why = node_obstacle(node, f);

		if (why)
			vmn_buf_addf(&bad, "%s%s (%s)", bad.len ? ", " : "", name, why);
		else
			vmn_buf_addf(&good, "%s%s", good.len ? ", " : "", name);
	}
	if (good.len)
		add_check(report, "targetNodes",
			  vmn_json_get(f->vmi, "/spec/affinity/nodeAffinity") ? "unknown" : "ok",
			  vmn_buf_str(&good),
			  vmn_json_get(f->vmi, "/spec/affinity/nodeAffinity")
				  ? "the VM has a node affinity, which only the scheduler judges"
				  : NULL);
	else if (bad.len)
		add_check(report, "targetNodes", "bad", vmn_buf_str(&bad),
			  "uncordon, label or add a node");
	else
		add_check(report, "targetNodes", "bad", "there are no nodes", NULL);
}

struct json_object *vmn_migration_check(const struct vmn_migration_facts *f)
{
	struct json_object *report =
		vmn_json_build("{\"namespace\":%s,\"name\":%s}", f->ns, f->name);

	if (vmn_json_str(f->vmi, "/status/nodeName"))
		vmn_json_set_str(report, "node", vmn_json_str(f->vmi, "/status/nodeName"));
	vmn_json_set_bool(report, "canMigrate", true);
	vmn_json_set_take(report, "checks", json_object_new_array());
	check_running(report, f);
	if (f->vmi) {
		check_live_migratable(report, f->vmi);
		check_pod_network(report, f);
		check_no_migration(report, f);
		check_target_nodes(report, f);
	}
	return report;
}
