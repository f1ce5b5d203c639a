/* SPDX-License-Identifier: Apache-2.0 */
/* virtapi_interface.c - addinterface, removeinterface */
#include "config.h"

#include <string.h>

#include "lab/kubevirt/ctl.h"
#include "lab/kubevirt/ctl_net.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/api/store.h"
#include "lab/kubevirt/virtapi.h"

/* --- addinterface, removeinterface: pkg/virt-api/rest/interfacehotplug.go@v1.0.0 ------ */

static const struct lab_body_field interface_fields[] = {
	{"name", json_type_string, "string"},
	{"networkAttachmentDefinitionName", json_type_string, "string"},
	{NULL, json_type_null, NULL},
};
static const struct lab_body add_options = {"AddInterfaceOptions", interface_fields,
					    "cannot unmarshal Request body to struct"};
static const struct lab_body remove_options = {"RemoveInterfaceOptions", interface_fields,
					       "cannot unmarshal Request body to struct"};

static bool is_remove(const struct lab_call *c)
{
	return !strcmp(c->req->subresource, "removeinterface");
}

/* Checks 1 to 6 of both handlers, in their order; @ret: the request as status.interfaceRequests has
 * it */
static bool read_interface_request(struct lab_call *c, struct json_object **ret)
{
	const char *name, *nad;

	if (!lab_gate(c->lab, "HotplugNICs")) {
		/* the real one says "Add" for both */
		lab_answer_bad_request(
			c, "Unable to Add Interface because the \"HotplugNICs\" feature gate "
			   "is not enabled.");
		return false;
	}
	if (!lab_call_decode(c, is_remove(c) ? &remove_options : &add_options))
		return false;
	name = vmn_json_str_or(c->body, "/name", "");
	nad = vmn_json_str_or(c->body, "/networkAttachmentDefinitionName", "");
	if (!is_remove(c) && !*nad) {
		lab_answer_bad_request(
			c, "AddInterfaceOptions requires `networkAttachmentDefinitionName` "
			   "to be set");
		return false;
	}
	if (!*name) {
		lab_answer_bad_request(c, "%s requires `name` to be set",
				       is_remove(c) ? "RemoveInterfaceOptions"
						    : "AddInterfaceOptions");
		return false;
	}
	*ret = is_remove(c)
		       ? vmn_json_build("{\"removeInterfaceOptions\":{\"name\":%s}}", name)
		       : vmn_json_build(
				 "{\"addInterfaceOptions\":{\"networkAttachmentDefinitionName\":%s,"
				 "\"name\":%s}}",
				 nad, name);
	return true;
}

/* The same name queued already, for the same or the opposite: accepted and dropped. */
static bool is_queued(struct json_object *requests, const char *name)
{
	vmn_json_each(r, requests)
		if (vmn_streq(vmn_json_str(r, "/addInterfaceOptions/name"), name) ||
		    vmn_streq(vmn_json_str(r, "/removeInterfaceOptions/name"), name))
			return true;
	return false;
}

void lab_vm_interface(struct lab_call *c)
{
	vmn_auto_json struct json_object *request = NULL;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *vm;

	if (!read_interface_request(c, &request))
		return;
	vm = lab_get(c->lab, LAB_VM, c->req->ns, c->req->name);
	if (!vm) {
		lab_answer_not_found(c, "virtualmachine");
		return;
	}
	if (lab_call_fault(c, LAB_FAULT_CONFLICT)) {
		lab_answer_test_failed(c);
		return;
	}
	if (!is_queued(vmn_json_array(vm, "/status/interfaceRequests"),
		       vmn_json_str(c->body, "/name"))) {
		vm = lab_copy_sharing_spec(vm);
		vmn_json_append_take(
			lab_child(lab_status_of(vm), "interfaceRequests", json_type_array),
			vmn_steal(&request));
		if (lab_update(c->lab, LAB_VM, c->req->ns, c->req->name, vm, LAB_WRITE_SYSTEM, NULL,
			       &err) < 0) {
			vmn_auto_free char *text =
				vmn_xasprintf("unable to patch vm status: %s", vmn_err_text(&err));

			lab_answer_internal(c, text);
			return;
		}
	}
	lab_answer_accepted(c);
}

/* Before 1.0.0-rc.1 a VMI could be changed directly, and forgot it with the next start. */
void lab_vmi_interface(struct lab_call *c)
{
	vmn_auto_json struct json_object *request = NULL, *copy = NULL;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *vmi;

	if (!read_interface_request(c, &request))
		return;
	vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	if (!vmi) {
		lab_answer_not_found(c, "virtualmachineinstance");
		return;
	}
	if (!vmn_streq(vmn_json_str(vmi, "/status/phase"), "Running")) {
		lab_answer_conflict(c, "virtualmachineinstance", "VMI is not running");
		return;
	}
	if (lab_call_fault(c, LAB_FAULT_CONFLICT)) {
		lab_answer_test_failed(c);
		return;
	}
	copy = vmn_json_copy(vmi);
	if (lab_apply_request(vmn_json_get(copy, "/spec"), request) &&
	    lab_update(c->lab, LAB_VMI, c->req->ns, c->req->name, vmn_steal(&copy),
		       LAB_WRITE_SYSTEM, NULL, &err) < 0) {
		vmn_auto_free char *text =
			vmn_xasprintf("unable to patch vmi: %s", vmn_err_text(&err));

		lab_answer_internal(c, text);
		return;
	}
	lab_answer_accepted(c);
}
