/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/kube/discovery.h"
#include "lib/virt/dialect.h"

void vmn_dialects_read(struct json_object *list, struct vmn_dialects *ret)
{
	*ret = (struct vmn_dialects){
		.vmi_add = vmn_discovery_has(list, "virtualmachineinstances/addinterface"),
		.vmi_remove = vmn_discovery_has(list, "virtualmachineinstances/removeinterface"),
		.vm_add = vmn_discovery_has(list, "virtualmachines/addinterface"),
		.vm_remove = vmn_discovery_has(list, "virtualmachines/removeinterface"),
	};
}

bool vmn_dialects_follow_spec(const struct vmn_dialects *d)
{
	return !d->vmi_add && !d->vm_add;
}

int vmn_dialect_choose(const struct vmn_dialects *d, enum vmn_plug_verb verb, enum vmn_via via,
		       bool persist, enum vmn_dialect *ret, struct vmn_err *err)
{
	bool on_vmi = verb == VMN_PLUG_ADD ? d->vmi_add : verb == VMN_PLUG_REMOVE && d->vmi_remove;
	bool on_vm = verb == VMN_PLUG_ADD ? d->vm_add : verb == VMN_PLUG_REMOVE && d->vm_remove;

	if (via != VMN_VIA_SPEC && (on_vmi || on_vm)) {
		*ret = on_vmi && (!persist || !on_vm) ? VMN_DIALECT_VMI : VMN_DIALECT_VM;
		return 0;
	}
	if (via == VMN_VIA_SUBRESOURCE) {
		vmn_err_set(err, VMN_E_UNSUPPORTED, "the server has no subresource for this");
		return vmn_err_hint(err, "leave out --via");
	}
	/* 1.0's alpha and beta could plug and not unplug. */
	if (verb == VMN_PLUG_REMOVE && via == VMN_VIA_AUTO && !vmn_dialects_follow_spec(d)) {
		vmn_err_set(err, VMN_E_UNSUPPORTED,
			    "this server can plug interfaces but not unplug them");
		return vmn_err_hint(
			err, "--via spec takes the interface out of the VM for its next start");
	}
	*ret = VMN_DIALECT_SPEC;
	return 0;
}

const char *vmn_dialect_text(enum vmn_dialect dialect)
{
	return dialect == VMN_DIALECT_SPEC ? "spec patch" : "subresource";
}
