/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/virt/hotplug.h"
#include "lib/virt/ifname.h"
#include "lib/virt/vm.h"

#define NETWORKS "/metadata/annotations/k8s.v1.cni.cncf.io~1networks"
#define NETWORK_STATUS "/metadata/annotations/k8s.v1.cni.cncf.io~1network-status"

static void look_at_pod(struct json_object *vmi, struct json_object *pod, const char *name,
			struct vmn_hops *ret)
{
	vmn_auto_json struct json_object *asked = vmn_json_parse_text(vmn_json_str(pod, NETWORKS));
	vmn_auto_json struct json_object *status =
		vmn_json_parse_text(vmn_json_str(pod, NETWORK_STATUS));
	enum vmn_naming naming = vmn_naming_decide(vmi, status);
	struct json_object *delivered;
	struct vmn_ifnames links;

	ret->is_ordinal = naming == VMN_NAMING_ORDINAL;
	if (!pod)
		return;
	if (!vmn_ifnames_of(vmi, naming, name, &links))
		vmn_ifnames_hashed(name, &links);
	delivered = vmn_json_find(status, "interface", links.pod, NULL);
	ret->in_annotation = vmn_json_find(asked, "interface", links.pod, NULL);
	ret->in_network_status = delivered;
	ret->is_nad_delivered =
		ret->nad && vmn_nad_is_same(vmn_json_str(delivered, "/name"), ret->nad,
					    vmn_json_str(vmi, "/metadata/namespace"));
}

static bool has_other(struct json_object *vmi, const char *name)
{
	struct json_object *spec = vmn_json_get(vmi, "/spec");
	struct vmn_nic nic;

	vmn_json_each(iface, vmn_spec_ifaces(spec)) {
		const char *other = vmn_json_str(iface, "/name");

		if (other && strcmp(other, name) != 0 && vmn_nic_find(spec, other, &nic) &&
		    nic.nad && !nic.is_default && strcmp(nic.state, "absent") != 0)
			return true;
	}
	return false;
}

void vmn_hops_look(struct json_object *vm, struct json_object *vmi, struct json_object *pod,
		   const char *name, struct vmn_hops *ret)
{
	struct json_object *status =
		vmn_json_find(vmn_json_array(vmi, "/status/interfaces"), "name", name, NULL);
	const char *info = vmn_json_str(status, "/infoSource");
	struct vmn_nic wanted = {0}, accepted = {0};

	*ret = (struct vmn_hops){
		.has_vm = vm,
		.has_vmi = vmi,
		.has_pod = pod,
		.in_template = vmn_nic_find(vmn_json_get(vm, "/spec/template/spec"), name, &wanted),
		.in_vmi = vmn_nic_find(vmn_json_get(vmi, "/spec"), name, &accepted),
		.in_status = status,
		.in_multus = vmn_info_has(info, "multus-status"),
		.in_domain = vmn_info_has(info, "domain"),
		.in_agent = vmn_info_has(info, "guest-agent"),
		.link_state = vmn_json_str(status, "/linkState"),
	};
	ret->absent_in_template = vmn_streq(wanted.state, "absent");
	ret->absent_in_vmi = vmn_streq(accepted.state, "absent");
	ret->is_sriov = vmn_streq(accepted.binding ? accepted.binding : wanted.binding, "sriov");
	ret->is_only = vmi && !has_other(vmi, name);
	ret->nad = accepted.nad;
	/* Measured on KubeVirt 1.9: the VM shows the condition of its VMI. */
	ret->is_migration_required = vmn_condition_is(vmi, "MigrationRequired", "True") ||
				     vmn_condition_is(vm, "MigrationRequired", "True");
	ret->is_migration_pending = vmn_condition_is(vmi, "MigrationRequired", "False");
	look_at_pod(vmi, pod, name, ret);
}

int vmn_plug_step(const struct vmn_hops *h)
{
	if (h->absent_in_vmi)
		return 0;
	if (h->in_domain && h->in_multus)
		return h->in_agent ? 6 : 5;
	if (h->in_multus)
		return 4;
	if (h->in_network_status)
		return 3;
	if (h->in_annotation)
		return 2;
	return h->in_vmi ? 1 : 0;
}

int vmn_unplug_step(const struct vmn_hops *h)
{
	if (h->in_vmi && !h->absent_in_vmi)
		return 0;
	if (!h->in_status) {
		if (h->in_vmi)
			return 4;
		return h->has_vm && !h->in_template ? 6 : 5;
	}
	if (!h->in_domain)
		return 3;
	return h->has_pod && !h->in_annotation && !h->in_network_status ? 2 : 1;
}

const char *vmn_plug_step_text(int step)
{
	static const char *const texts[] = {
		"asked for",
		"the VMI has it",
		"the pod was asked for it",
		"the pod is attached",
		"the VMI's status shows the pod's link",
		"plugged",
		"the guest agent sees it",
	};

	return texts[step];
}

const char *vmn_unplug_step_text(int step)
{
	static const char *const texts[] = {
		"asked for",	       "the VMI marks it absent",
		"the pod is detached", "the guest let go of it",
		"unplugged",	       "gone from the VMI",
		"gone from the VM",
	};

	return texts[step];
}

const char *vmn_plug_stuck_text(const struct vmn_hops *h)
{
	int step = vmn_plug_step(h);

	if (step >= 1 && step <= 2) {
		if (h->is_migration_required)
			return "the cluster wants a migration and none has finished it";
		if (h->is_sriov)
			return "an SR-IOV interface needs a migration";
		/* Where the pod could not be read, step 1 looks like 2, which is the common one. */
		if (step == 1 && h->has_pod)
			return "the pod is not ready";
		return "no dynamic-networks-controller (or no thick Multus) attached the pod, or "
		       "the "
		       "network attachment definition is wrong";
	}
	switch (step) {
	case 0:
		if (h->absent_in_vmi)
			return "the VMI still has a removed interface of that name";
		if (h->has_vm && !h->in_template)
			return "virt-controller has not taken the request, or its queue is blocked";
		return "virt-controller has not carried it to the VMI: the feature gate "
		       "HotplugNICs "
		       "may be off, or the binding cannot be plugged";
	case 3:
		return "virt-controller has not read the pod's network status";
	case 4:
		return "virt-handler could not connect it, or the VM has no free PCI port";
	default:
		return "the guest runs no agent";
	}
}

const char *vmn_unplug_stuck_text(const struct vmn_hops *h)
{
	int step = vmn_unplug_step(h);

	if (step == 0 && h->is_ordinal)
		return "the pod has ordinal interface names, which cannot be unplugged";
	/* It takes a pod of which it knows no name for one with ordinal names. */
	if (step == 0 && !h->in_status && !h->in_network_status)
		return "the pod has not got the interface yet, and KubeVirt 1.6 and later take it "
		       "out only after that, or when the VM restarts";
	if (step == 0)
		return "virt-controller has not carried the removal to the VMI";
	if (h->in_domain)
		return "the guest has not released the device";
	if (h->in_multus)
		return "the pod still holds the link: without a dynamic-networks-controller only a "
		       "migration removes it";
	return "virt-controller has not cleaned up yet";
}

bool vmn_goal_is_reached(const struct vmn_goal *goal, const struct vmn_hops *h)
{
	switch (goal->kind) {
	case VMN_GOAL_PLUGGED:
		return vmn_plug_step(h) >= 5;
	case VMN_GOAL_UNPLUGGED:
		/* Measured on KubeVirt 1.0: with the last one gone the pod's annotation stays as it
		 * was, and so does multus-status. */
		if (goal->is_pod_kept && h->is_only)
			return vmn_unplug_step(h) >= 3;
		return vmn_unplug_step(h) >= (goal->is_purged ? 6 : 4);
	case VMN_GOAL_UPDATED:
		break;
	}
	if (goal->state && !vmn_streq(h->link_state, goal->state))
		return false;
	return !goal->nad || (vmn_streq(h->nad, goal->nad) && h->is_nad_delivered && h->in_domain &&
			      !h->is_migration_required && !h->is_migration_pending);
}

int vmn_plug_failure(struct json_object *vm, struct json_object *vmi, struct vmn_err *err)
{
	struct vmn_vmi instance;
	struct vmn_vm machine;

	vmn_vmi_read(vmi, &instance);
	vmn_vm_read(vm, &machine);
	if (vmi &&
	    (strcmp(instance.phase, "Failed") == 0 || strcmp(instance.phase, "Succeeded") == 0))
		return vmn_err_set(err, VMN_E_CONFLICT, "the VMI ended (phase %s)", instance.phase);
	if (machine.plug_error)
		return vmn_err_set(err, VMN_E_CONFLICT, "virt-controller refuses: %s",
				   machine.plug_error);
	return 0;
}

bool vmn_event_is_plug_failure(struct json_object *event)
{
	const char *reason = vmn_json_str_or(event, "/reason", "");

	return vmn_streq(vmn_json_str(event, "/type"), "Warning") &&
	       (strcmp(reason, "NicHotplug") == 0 || strcmp(reason, "FailedHotplugSync") == 0);
}
