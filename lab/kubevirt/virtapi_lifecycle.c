/* SPDX-License-Identifier: Apache-2.0 */
/* virtapi_lifecycle.c - migrate, start, stop, restart, pause, unpause, evacuate/cancel */
#include "config.h"

#include <string.h>

#include "lab/kubevirt/admit.h"
#include "lab/kubevirt/ctl.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/api/store.h"
#include "lab/kubevirt/virtapi.h"
#include "lib/virt/vm.h"

/* virt-api acts with its own rights; webhooks see its service account. */
static const char *const virt_api_groups[] = {"system:serviceaccounts", "system:authenticated",
					      NULL};
static const struct lab_user virt_api = {
	.name = "system:serviceaccount:kubevirt:kubevirt-apiserver",
	.groups = virt_api_groups,
	.is_system = true,
};

/* --- migrate: pkg/virt-api/rest/lifecycle.go MigrateVMRequestHandler() ---------------- */

static const char lifecycle_prefix[] = "Can not unmarshal Request body to struct";
static const struct lab_body_field migrate_fields[] = {
	{"dryRun", json_type_array, "[]string"},
	{"addedNodeSelector", json_type_object, "map[string]string"},
	{NULL, json_type_null, NULL},
};
static const struct lab_body migrate_options = {"MigrateOptions", migrate_fields, lifecycle_prefix};

static int create_migration(struct lab_call *c, bool is_dry_run, struct vmn_err *err)
{
	struct json_object *selector = vmn_json_get(c->body, "/addedNodeSelector");
	vmn_auto_json struct json_object *vmim =
		vmn_json_build("{\"apiVersion\":\"kubevirt.io/v1\","
			       "\"kind\":\"VirtualMachineInstanceMigration\","
			       "\"metadata\":{\"generateName\":\"kubevirt-migrate-vm-\","
			       "\"namespace\":%s},\"spec\":{\"vmiName\":%s},\"status\":{}}",
			       c->req->ns, c->req->name);
	struct lab_admission a = {
		.op = LAB_OP_CREATE,
		.kind = &lab_kinds[LAB_VMIM],
		.user = &virt_api,
		.ns = c->req->ns,
		.obj = vmim,
		.dry_run = is_dry_run,
	};
	int rc;

	/* v1.0 does not know the field, so it is lost in decoding */
	if (selector && c->lab->dialect == LAB_KUBEVIRT_1_9)
		vmn_json_set_take(vmn_json_get(vmim, "/spec"), "addedNodeSelector",
				  vmn_json_copy(selector));
	rc = lab_admit(c->lab, &a, err);
	if (rc < 0)
		return rc;
	return lab_create(c->lab, LAB_VMIM, c->req->ns, vmn_steal(&vmim),
			  LAB_WRITE_SYSTEM | (is_dry_run ? LAB_WRITE_DRY_RUN : 0), NULL, err);
}

void lab_vm_migrate(struct lab_call *c)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *vmi;
	bool is_dry_run;

	if (!lab_call_decode(c, &migrate_options))
		return;
	if (!lab_get(c->lab, LAB_VM, c->req->ns, c->req->name)) {
		lab_answer_not_found(c, "virtualmachine");
		return;
	}
	vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	if (!vmi) {
		lab_answer_not_found(c, "virtualmachineinstance");
		return;
	}
	if (!vmn_streq(vmn_json_str(vmi, "/status/phase"), "Running")) {
		lab_answer_conflict(c, "virtualmachine", "VM is not running");
		return;
	}
	if (!lab_call_dry_run(c, "CreateOptions", &is_dry_run))
		return;
	if (create_migration(c, is_dry_run, &err) < 0)
		lab_answer_internal(c, vmn_err_text(&err));
	else
		lab_answer_accepted(c);
}

/* --- start, stop, restart: the same file ---------------------------------------------- */

static const struct lab_body_field start_fields[] = {
	{"dryRun", json_type_array, "[]string"},
	{"paused", json_type_boolean, "bool"},
	{"gracePeriod", json_type_int, "int64"},
	{"gracePeriodSeconds", json_type_int, "int64"},
	{NULL, json_type_null, NULL},
};
static const struct lab_body start_options = {"StartOptions", start_fields, lifecycle_prefix};
static const struct lab_body stop_options = {"StopOptions", start_fields, lifecycle_prefix};
static const struct lab_body restart_options = {"RestartOptions", start_fields, lifecycle_prefix};

static bool is_active(struct json_object *vmi)
{
	return vmi && !lab_is_final(vmn_json_str(vmi, "/status/phase"));
}

/* Changes the run strategy, in whichever of the two fields the VM uses. */
static void set_running(struct json_object *vm, bool on)
{
	struct json_object *spec = lab_child(vm, "spec", json_type_object);

	if (vmn_json_get(spec, "/runStrategy"))
		vmn_json_set_str(spec, "runStrategy", on ? "Always" : "Halted");
	else
		vmn_json_set_bool(spec, "running", on);
}

/* Messages for the VM controller. */
static struct json_object *state_changes(struct json_object *vm)
{
	return lab_child(lab_status_of(vm), "stateChangeRequests", json_type_array);
}

static void ask_stop(struct json_object *vm, const char *uid)
{
	vmn_json_append_take(state_changes(vm),
			     vmn_json_build("{\"action\":\"Stop\",\"uid\":%s}", uid));
}

static void ask_start(struct json_object *vm, bool is_paused)
{
	vmn_json_append_take(
		state_changes(vm),
		vmn_json_build(is_paused ? "{\"action\":\"Start\",\"data\":{\"paused\":\"true\"}}"
					 : "{\"action\":\"Start\"}"));
}

static void save_vm_take(struct lab_call *c, struct json_object *vm)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	bool is_dry_run;

	if (!lab_call_dry_run(c, "PatchOptions", &is_dry_run)) {
		(void)json_object_put(vm);
		return;
	}
	if (lab_update(c->lab, LAB_VM, c->req->ns, c->req->name, vm,
		       LAB_WRITE_SYSTEM | (is_dry_run ? LAB_WRITE_DRY_RUN : 0), NULL, &err) < 0)
		lab_answer_internal(c, vmn_err_text(&err));
	else
		lab_answer_accepted(c);
}

void lab_vm_start(struct lab_call *c)
{
	struct json_object *vm = lab_get(c->lab, LAB_VM, c->req->ns, c->req->name);
	struct json_object *vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	const char *strategy;
	bool is_paused;

	if (!vm) {
		lab_answer_not_found(c, "virtualmachine");
		return;
	}
	if (is_active(vmi)) {
		lab_answer_conflict(c, "virtualmachine", "VM is already running");
		return;
	}
	if (!lab_call_decode(c, &start_options))
		return;
	strategy = lab_run_strategy(vm);
	if (!strcmp(strategy, "Always") || !strcmp(strategy, "Once")) {
		vmn_auto_free char *why =
			vmn_xasprintf("%s does not support manual start requests", strategy);

		lab_answer_conflict(c, "virtualmachine", why);
		return;
	}
	vm = vmn_json_copy(vm);
	is_paused = vmn_json_bool(c->body, "/paused", false);
	if (!strcmp(strategy, "Halted")) {
		set_running(vm, true);
		if (is_paused)
			ask_start(vm, true);
	} else {
		if (vmi)
			ask_stop(vm, lab_obj_uid(vmi));
		ask_start(vm, is_paused);
	}
	save_vm_take(c, vm);
}

void lab_vm_stop(struct lab_call *c)
{
	struct json_object *vm = lab_get(c->lab, LAB_VM, c->req->ns, c->req->name);
	struct json_object *vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	const char *strategy;

	if (!lab_call_decode(c, &stop_options))
		return;
	if (!vm) {
		lab_answer_not_found(c, "virtualmachine");
		return;
	}
	strategy = lab_run_strategy(vm);
	if (!strcmp(strategy, "Always") || !strcmp(strategy, "Once")) {
		vm = vmn_json_copy(vm);
		set_running(vm, false);
		save_vm_take(c, vm);
		return;
	}
	if (!is_active(vmi)) {
		lab_answer_conflict(c, "virtualmachine", "VM is not running");
		return;
	}
	if (!strcmp(strategy, "Halted") && !vmn_json_get(c->body, "/gracePeriod")) {
		lab_answer_conflict(
			c, "virtualmachine",
			"Halted only supports manual stop requests with a shorter graceperiod");
		return;
	}
	vm = vmn_json_copy(vm);
	(void)lab_set(lab_status_of(vm), "stateChangeRequests", NULL);
	ask_stop(vm, lab_obj_uid(vmi));
	save_vm_take(c, vm);
}

void lab_vm_restart(struct lab_call *c)
{
	struct json_object *vm, *vmi;
	const char *strategy;
	int64_t grace;

	if (!lab_call_decode(c, &restart_options))
		return;
	grace = vmn_json_int(c->body, "/gracePeriodSeconds", 0);
	if (grace) {
		lab_answer_bad_request(
			c, grace > 0 ? "For force restart, only gracePeriod=0 is supported for now"
				     : "gracePeriod has to be greater or equal to 0");
		return;
	}
	vm = lab_get(c->lab, LAB_VM, c->req->ns, c->req->name);
	if (!vm) {
		lab_answer_not_found(c, "virtualmachine");
		return;
	}
	strategy = lab_run_strategy(vm);
	if (!strcmp(strategy, "Halted") || !strcmp(strategy, "Once")) {
		vmn_auto_free char *why = vmn_xasprintf(
			"RunStategy %s does not support manual restart requests", strategy);

		lab_answer_conflict(c, "virtualmachine", why);
		return;
	}
	vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	if (!vmi) {
		lab_answer_conflict(c, "virtualmachine", "VM is not running: Halted");
		return;
	}
	if (vmn_json_len(vmn_json_array(vm, "/status/stateChangeRequests"))) {
		lab_answer_internal(c, "unable to complete request: stop/start already underway");
		return;
	}
	vm = vmn_json_copy(vm);
	ask_stop(vm, lab_obj_uid(vmi));
	ask_start(vm, false);
	save_vm_take(c, vm);
}

/* --- pause, unpause: the node's guest is told at once --------------------------------- */

static const struct lab_body pause_options = {"PauseOptions", start_fields, lifecycle_prefix};

void lab_vmi_pause(struct lab_call *c)
{
	struct json_object *vmi;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	bool on = !strcmp(c->req->subresource, "pause"), is_paused, is_dry_run;

	if (!lab_call_decode(c, &pause_options) ||
	    !lab_call_dry_run(c, "PauseOptions", &is_dry_run))
		return;
	vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	if (!vmi) {
		lab_answer_not_found(c, "virtualmachineinstance");
		return;
	}
	is_paused = vmn_condition_is(vmi, "Paused", "True");
	if (!vmn_streq(vmn_json_str(vmi, "/status/phase"), "Running")) {
		lab_answer_conflict(c, "virtualmachineinstance",
				    on ? "VM is not running" : "VMI is not running");
		return;
	}
	if (on == is_paused) {
		lab_answer_conflict(c, "virtualmachineinstance",
				    on ? "VMI is already paused" : "VMI is not paused");
		return;
	}
	vmi = vmn_json_copy(vmi);
	(void)lab_condition_set(vmi, "Paused", on ? "True" : NULL, on ? "PausedByUser" : NULL,
				on ? "VMI was paused by user" : NULL);
	if (lab_update(c->lab, LAB_VMI, c->req->ns, c->req->name, vmi,
		       LAB_WRITE_SYSTEM | (is_dry_run ? LAB_WRITE_DRY_RUN : 0), NULL, &err) < 0)
		lab_answer_internal(c, vmn_err_text(&err));
	else
		c->ret->status = 200;
}

/* --- evacuate/cancel (since v1.7): pkg/virt-api/rest/evacuate_cancel.go --------------- */

static const struct lab_body evacuate_options = {"EvacuateCancelOptions", start_fields,
						 lifecycle_prefix};

void lab_evacuate_cancel(struct lab_call *c)
{
	struct json_object *vmi;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	bool is_dry_run;

	if (!lab_call_decode(c, &evacuate_options) ||
	    !lab_call_dry_run(c, "PatchOptions", &is_dry_run))
		return;
	vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	if (!vmi) {
		lab_answer_not_found(c, "virtualmachineinstance");
		return;
	}
	vmi = vmn_json_copy(vmi);
	(void)lab_set(lab_status_of(vmi), "evacuationNodeName", NULL);
	if (lab_update(c->lab, LAB_VMI, c->req->ns, c->req->name, vmi,
		       LAB_WRITE_SYSTEM | (is_dry_run ? LAB_WRITE_DRY_RUN : 0), NULL, &err) < 0)
		lab_answer_internal(c, vmn_err_text(&err));
	else
		c->ret->status = 200;
}
