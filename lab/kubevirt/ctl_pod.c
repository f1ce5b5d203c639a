/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_pod.c - pods: the scheduler's and the kubelet's part */
#include "config.h"

#include <string.h>

#include "lab/kubevirt/ctl.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/api/store.h"
#include "lib/virt/migration.h"
#include "lib/virt/vm.h"

/* --- scheduling ----------------------------------------------------------------------- */

struct choice {
	struct lab *lab;
	struct json_object *selector;
	struct json_object *vmi; /* whose pod it is, or NULL */
	const char *avoid;	 /* the node a migration leaves, or NULL */
	const char *best;
	int64_t best_load;
	int nodes;
};

static bool fits(const struct choice *c, struct json_object *node)
{
	if (vmn_streq(c->avoid, lab_obj_name(node)) ||
	    vmn_json_bool(node, "/spec/unschedulable", false) ||
	    !vmn_condition_is(node, "Ready", "True") || vmn_node_repels(node, c->vmi))
		return false;
	json_object_object_foreach(c->selector, key, value)
		if (!vmn_streq(lab_map_get(node, "labels", key), vmn_json_str(value, "")))
			return false;
	return true;
}

static bool consider(void *arg, struct json_object *node)
{
	struct choice *c = arg;
	int64_t load = lab_node_load(c->lab, lab_obj_name(node));

	c->nodes++;
	if (fits(c, node) && (!c->best || load < c->best_load)) {
		c->best = lab_obj_name(node);
		c->best_load = load;
	}
	return false;
}

static struct json_object *owner_vmi(struct lab *lab, struct json_object *pod)
{
	struct json_object *refs = vmn_json_array(pod, "/metadata/ownerReferences");
	struct json_object *ref = vmn_json_find(refs, "kind", "VirtualMachineInstance", NULL);

	return ref ? lab_get(lab, LAB_VMI, lab_obj_ns(pod), vmn_json_str_or(ref, "/name", ""))
		   : NULL;
}

static void schedule(struct lab *lab, struct json_object *pod)
{
	vmn_auto_json struct json_object *none = json_object_new_object();
	struct json_object *selector = vmn_json_get(pod, "/spec/nodeSelector");
	struct choice c = {
		.lab = lab,
		.selector = selector ? selector : none,
		.vmi = owner_vmi(lab, pod),
	};

	/* a migration's target keeps away from its source: pod anti-affinity by the created-by
	 * label */
	if (lab_map_get(pod, "labels", LAB_MIGRATION_UID_LABEL))
		c.avoid = vmn_json_str(c.vmi, "/status/nodeName");
	lab_each(lab, LAB_NODE, NULL, consider, &c);
	if (c.best) {
		vmn_json_set_str(vmn_json_get(pod, "/spec"), "nodeName", c.best);
		(void)lab_condition_set(pod, "PodScheduled", "True", NULL, NULL);
		lab_event(lab, pod, false, "Scheduled", "Successfully assigned %s/%s to %s",
			  lab_obj_ns(pod), lab_obj_name(pod), c.best);
	} else {
		vmn_auto_free char *text = vmn_xasprintf(
			"0/%d nodes are available: %d node(s) didn't match Pod's node affinity/selector.",
			c.nodes, c.nodes);

		if (lab_condition_set(pod, "PodScheduled", "False", "Unschedulable", text))
			lab_event(lab, pod, true, "FailedScheduling", "%s", text);
	}
}

/* --- starting ------------------------------------------------------------------------- */

static void start_done(struct lab *lab, struct json_object *pod, const char *detail,
		       const char *failure, struct json_object *result)
{
	struct json_object *status = lab_status_of(pod);
	char now[32];

	(void)detail;
	if (failure) {
		lab_event(lab, pod, true, "FailedCreatePodSandBox", "%s", failure);
		return;
	}
	vmn_json_set_str(status, "phase", "Running");
	vmn_json_set_str(status, "startTime", lab_now(now));
	vmn_json_set_str(status, "podIP", vmn_json_str_or(result, "/podIP", ""));
	vmn_json_set_take(status, "podIPs",
			  vmn_json_build("[{\"ip\":%s}]", vmn_json_str_or(result, "/podIP", "")));
	vmn_json_set_take(status, "containerStatuses",
			  vmn_json_build("[{\"name\":\"compute\",\"ready\":true,\"started\":true,"
					 "\"restartCount\":0,\"image\":%s,\"state\":{\"running\":{"
					 "\"startedAt\":%s}}}]",
					 vmn_json_str_or(pod, "/spec/containers/0/image", ""),
					 now));
	(void)lab_condition_set(pod, "ContainersReady", "True", NULL, NULL);
	(void)lab_condition_set(pod, "Ready", "True", NULL, NULL);
	(void)lab_map_set(pod, "annotations", LAB_STATUS_ANNOTATION,
			  vmn_json_text(vmn_json_get(result, "/networkStatus")));
	lab_save(lab, LAB_POD, json_object_get(pod));
}

static void start(struct lab *lab, struct json_object *pod)
{
	struct json_object *vmi = owner_vmi(lab, pod);
	struct lab_step *step;

	if (!vmi)
		return;
	step = lab_step_begin(lab, LAB_POD, pod, "start", "", start_done);
	if (step)
		lab->node->pod_start(lab, pod, vmi, lab_step_done, step);
}

void lab_reconcile_pod(struct lab *lab, struct json_object *pod)
{
	if (lab_is_deleting(pod) || !vmn_streq(vmn_json_str(pod, "/status/phase"), "Pending"))
		return;
	if (!vmn_json_str(pod, "/spec/nodeName")) {
		vmn_auto_json struct json_object *copy = vmn_json_copy(pod);

		schedule(lab, copy);
		if (!json_object_equal(copy, pod))
			lab_save(lab, LAB_POD, vmn_steal(&copy));
	} else {
		start(lab, pod);
	}
}
