/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_vm.c - VirtualMachines: start and stop their VMI, carry changes of the template, report */
#include "config.h"

#include <string.h>

#include "lab/kubevirt/admit.h"
#include "lab/kubevirt/ctl.h"
#include "lab/kubevirt/ctl_net.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/api/store.h"
#include "lib/base/str.h"
#include "lib/virt/vm.h"

#define HOTPLUG_ERROR "HotPlugNetworkInterfaceError"

const char *lab_run_strategy(struct json_object *vm)
{
	const char *strategy = vmn_json_str(vm, "/spec/runStrategy");

	if (strategy)
		return strategy;
	return vmn_json_bool(vm, "/spec/running", false) ? "Always" : "Halted";
}

/* --- start and stop ------------------------------------------------------------------- */

static void start_vmi(struct lab *lab, struct json_object *vm)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *template = vmn_json_get(vm, LAB_PTR_TEMPLATE);
	struct json_object *vmi, *meta, *v;
	static const char *const carried[] = {"labels", "annotations"};

	vmi = vmn_json_build(
		"{\"apiVersion\":\"kubevirt.io/v1\",\"kind\":\"VirtualMachineInstance\","
		"\"metadata\":{\"name\":%s,\"namespace\":%s,\"finalizers\":[%s],\"ownerReferences\":["
		"{\"apiVersion\":\"kubevirt.io/v1\",\"kind\":\"VirtualMachine\",\"name\":%s,\"uid\":%s,"
		"\"controller\":true,\"blockOwnerDeletion\":true}]},\"spec\":%J,\"status\":{}}",
		lab_obj_name(vm), lab_obj_ns(vm), LAB_VM_FINALIZER, lab_obj_name(vm),
		lab_obj_uid(vm), vmn_json_get(template, "/spec"));
	meta = vmn_json_get(vmi, "/metadata");
	for (size_t i = 0; i < VMN_ARRAY_LEN(carried); i++)
		if (json_object_object_get_ex(vmn_json_get(template, "/metadata"), carried[i],
					      &v) &&
		    v)
			vmn_json_set_take(meta, carried[i], vmn_json_copy(v));
	/* `virtctl start --paused`, for this start alone */
	if (vmn_streq(vmn_json_str(vm, "/status/stateChangeRequests/0/data/paused"), "true"))
		vmn_json_set_str(vmn_json_get(vmi, "/spec"), "startStrategy", "Paused");
	lab_default_vmi(lab, vmi);
	if (lab_create(lab, LAB_VMI, lab_obj_ns(vm), vmi, LAB_WRITE_SYSTEM, NULL, &err) == 0)
		lab_event(
			lab, vm, false, "SuccessfulCreate",
			"Started the virtual machine by creating the new virtual machine instance %s",
			lab_obj_name(vm));
	else
		lab_event(lab, vm, true, "FailedCreate",
			  "Error creating virtual machine instance: %s", vmn_err_text(&err));
}

static void stop_vmi(struct lab *lab, struct json_object *vm, struct json_object *vmi)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (lab_is_deleting(vmi))
		return;
	if (lab_delete(lab, LAB_VMI, lab_obj_ns(vmi), lab_obj_name(vmi), LAB_WRITE_SYSTEM, NULL,
		       &err) == 0)
		lab_event(lab, vm, false, "SuccessfulDelete",
			  "Stopped the virtual machine by deleting the virtual machine instance %s",
			  lab_obj_name(vm));
}

/* The oldest of status.stateChangeRequests, if it still has to be acted on; done ones are dropped.
 */
static const char *next_request(struct json_object *vm, struct json_object *vmi)
{
	struct json_object *list = vmn_json_array(vm, "/status/stateChangeRequests"), *first;
	const char *action;

	while (vmn_json_len(list)) {
		first = json_object_array_get_idx(list, 0);
		action = vmn_json_str_or(first, "/action", "");
		if (!strcmp(action, "Stop") && vmi &&
		    vmn_streq(vmn_json_str(first, "/uid"), lab_obj_uid(vmi)))
			return "Stop";
		if (!strcmp(action, "Start") && !vmi)
			return "Start";
		json_object_array_del_idx(list, 0, 1);
	}
	if (list)
		(void)lab_set(lab_status_of(vm), "stateChangeRequests", NULL);
	return "";
}

static void start_or_stop(struct lab *lab, struct json_object *vm, struct json_object *vmi)
{
	const char *strategy = lab_run_strategy(vm), *request = next_request(vm, vmi);
	const char *phase = vmn_json_str_or(vmi, "/status/phase", "");
	bool is_manual = !strcmp(strategy, "Manual"), is_halted = !strcmp(strategy, "Halted");
	bool is_rerun = !strcmp(strategy, "Always") ||
			(!strcmp(strategy, "RerunOnFailure") && !strcmp(phase, "Failed"));

	if (!vmi && (!strcmp(request, "Start") || (!is_manual && !is_halted)))
		start_vmi(lab, vm);
	else if (vmi &&
		 (is_halted || !strcmp(request, "Stop") || (is_rerun && lab_is_final(phase))))
		stop_vmi(lab, vm, vmi);
}

/* --- interfaces, v1.0 ----------------------------------------------------------------- */

static void apply_to_vmi(struct lab *lab, struct json_object *vmi, struct json_object *requests)
{
	vmn_auto_json struct json_object *copy = NULL;
	struct json_object *pod;
	bool changed = false, is_ordinal;

	if (!vmi || lab_is_deleting(vmi) || lab_is_final(vmn_json_str(vmi, "/status/phase")))
		return;
	copy = lab_copy_sharing_spec(vmi);
	lab_own_spec(copy);
	pod = lab_vmi_pod(lab, vmi);
	is_ordinal = lab_pod_naming(pod) == VMN_NAMING_ORDINAL;
	vmn_json_each(r, requests)
		if (!is_ordinal || !vmn_json_get(r, "/removeInterfaceOptions"))
			changed |= lab_apply_request(vmn_json_get(copy, "/spec"), r);
	if (changed)
		lab_save(lab, LAB_VMI, vmn_steal(&copy));
}

/*
 * status.interfaceRequests, as pkg/virt-controller/watch/vm.go@v1.0.0 works them off: all go into
 * the template in one write, so that one the webhook refuses holds up all others; a request leaves
 * the list a step later, once the template shows it; one that the template can never show stays.
 */
static void handle_requests(struct lab *lab, struct json_object *vm, struct json_object *vmi)
{
	struct json_object *requests = vmn_json_array(vm, "/status/interfaceRequests");
	vmn_auto_json struct json_object *before = NULL;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *template_spec;
	bool changed = false;

	if (!vmn_json_len(requests) || !vmn_json_get(vm, LAB_PTR_TEMPLATE)) {
		(void)lab_condition_set(vm, "Failure", NULL, NULL, NULL);
		return;
	}
	before = json_object_get(vmn_json_get(vm, "/spec"));
	lab_own_spec(vm);
	template_spec = vmn_json_get(vm, LAB_PTR_TEMPLATE "/spec");
	vmn_json_each(r, requests)
		changed |= lab_apply_request(template_spec, r);
	if (changed && lab_admit_vm_spec(lab, vm, &err) < 0) {
		vmn_json_set_take(vm, "spec", vmn_steal(&before));
		(void)lab_condition_set(vm, "Failure", "True", HOTPLUG_ERROR, vmn_err_text(&err));
		return;
	}
	(void)lab_condition_set(vm, "Failure", NULL, NULL, NULL);
	apply_to_vmi(lab, vmi, requests);
	if (!changed && lab_trim_requests(requests, template_spec) && !vmn_json_len(requests))
		(void)lab_set(lab_status_of(vm), "interfaceRequests", NULL);
}

/* --- interfaces, v1.9 ----------------------------------------------------------------- */

static void sync_networks(struct lab *lab, struct json_object *vm, struct json_object *vmi)
{
	struct json_object *status = vmn_json_array(vmi, "/status/interfaces"), *template_spec;
	vmn_auto_json struct json_object *spec = NULL;
	bool changed, needs_restart;

	if (vmi && lab_is_deleting(vmi))
		return;
	lab_own_spec(vm);
	template_spec = vmn_json_get(vm, LAB_PTR_TEMPLATE "/spec");
	if (!vmi) {
		(void)lab_clear_detached(template_spec, NULL, NULL);
		(void)lab_condition_set(vm, "RestartRequired", NULL, NULL, NULL);
		return;
	}
	spec = vmn_json_copy(vmn_json_get(vmi, "/spec"));
	changed = lab_sync_vmi_spec(template_spec, spec, lab_has_ordinal_names(spec, status));
	changed |= lab_clear_detached(spec, status, NULL);
	/* The template's mark goes last: the VMI must have seen it. */
	(void)lab_clear_detached(template_spec, status,
				 vmn_json_array(spec, "/domain/devices/interfaces"));
	needs_restart = lab_needs_restart(template_spec, spec);
	if (changed) {
		struct json_object *copy = lab_copy_sharing_spec(vmi);

		vmn_json_set_take(copy, "spec", vmn_steal(&spec));
		lab_save(lab, LAB_VMI, copy);
	}
	(void)lab_condition_set(vm, "RestartRequired", needs_restart ? "True" : NULL, NULL,
				"a non-live-updatable field was changed in the template spec");
}

/* --- status --------------------------------------------------------------------------- */

static const char *printable_status(struct lab *lab, struct json_object *vm,
				    struct json_object *vmi)
{
	const char *phase = vmn_json_str_or(vmi, "/status/phase", "");
	struct json_object *pod;

	if (lab_is_deleting(vm))
		return "Terminating";
	if (!vmi || lab_is_final(phase))
		return vmi && lab_is_deleting(vmi) ? "Stopping" : "Stopped";
	if (lab_is_deleting(vmi))
		return "Stopping";
	if (vmn_condition_is(vmi, "Paused", "True"))
		return "Paused";
	if (vmn_json_get(vmi, "/status/migrationState") &&
	    !vmn_json_bool(vmi, "/status/migrationState/completed", false))
		return "Migrating";
	if (!strcmp(phase, "Running"))
		return "Running";
	pod = lab_vmi_pod(lab, vmi);
	return vmn_condition_is(pod, "PodScheduled", "False") ? "ErrorUnschedulable" : "Starting";
}

/* Conditions of the VMI show on its VM. */
static void mirror_condition(struct json_object *vm, struct json_object *vmi, const char *type)
{
	struct json_object *c = vmn_condition(vmi, type);

	(void)lab_condition_set(vm, type, vmn_json_str(c, "/status"), vmn_json_str(c, "/reason"),
				vmn_json_str(c, "/message"));
}

static void report(struct lab *lab, struct json_object *vm, struct json_object *vmi)
{
	static const char *const mirrored[] = {"Ready", "LiveMigratable", "AgentConnected",
					       "Paused", "MigrationRequired"};
	struct json_object *status = lab_status_of(vm);
	int64_t generation = vmn_json_int(vm, "/metadata/generation", 0);

	(void)lab_set(status, "created", vmi ? json_object_new_boolean(true) : NULL);
	(void)lab_set(status, "ready",
		      vmn_condition_is(vmi, "Ready", "True") ? json_object_new_boolean(true)
							     : NULL);
	(void)lab_set_str(status, "printableStatus", printable_status(lab, vm, vmi));
	if (lab->dialect == LAB_KUBEVIRT_1_9)
		(void)lab_set_str(status, "runStrategy", lab_run_strategy(vm));
	(void)lab_set(status, "desiredGeneration", json_object_new_int64(generation));
	(void)lab_set(status, "observedGeneration", json_object_new_int64(generation));
	for (size_t i = 0; i < VMN_ARRAY_LEN(mirrored); i++)
		mirror_condition(vm, vmi, mirrored[i]);
	if (!vmi)
		(void)lab_condition_set(vm, "Ready", "False", "VMINotExists", "VMI does not exist");
}

/* The VMI of the same name, if this VM made it. */
static struct json_object *own_vmi(struct lab *lab, struct json_object *vm)
{
	struct json_object *vmi = lab_get(lab, LAB_VMI, lab_obj_ns(vm), lab_obj_name(vm));
	struct json_object *refs = vmn_json_array(vmi, "/metadata/ownerReferences");

	return vmn_json_find(refs, "uid", lab_obj_uid(vm), NULL) ? vmi : NULL;
}

void lab_reconcile_vm(struct lab *lab, struct json_object *vm)
{
	vmn_auto_json struct json_object *copy = lab_copy_sharing_spec(vm);
	struct json_object *vmi = own_vmi(lab, vm);

	if (lab_is_deleting(vm)) {
		if (vmi)
			stop_vmi(lab, copy, vmi);
		else
			(void)lab_finalizer_del(copy, LAB_VM_FINALIZER);
	} else {
		(void)lab_finalizer_add(copy, LAB_VM_FINALIZER);
		start_or_stop(lab, copy, vmi);
		vmi = own_vmi(lab, vm);
		if (lab->dialect == LAB_KUBEVIRT_1_9)
			sync_networks(lab, copy, vmi);
		else
			handle_requests(lab, copy, vmi);
	}
	report(lab, copy, own_vmi(lab, vm));
	if (!json_object_equal(copy, lab_get(lab, LAB_VM, lab_obj_ns(vm), lab_obj_name(vm))))
		lab_save(lab, LAB_VM, vmn_steal(&copy));
}
