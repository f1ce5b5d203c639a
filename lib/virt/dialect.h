/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dialect.h - the three ways KubeVirt has had of plugging an interface (pure)
 *
 * Told from discovery alone, never from a version string:
 *
 *   VMN_DIALECT_VMI   PUT virtualmachineinstances/NAME/addinterface: the running VM only. KubeVirt
 *                     up to 1.0.0-rc.0, which has the PUT of the VM as well, for a change that
 *                     survives a restart
 *   VMN_DIALECT_VM    PUT virtualmachines/NAME/addinterface: always persistent. KubeVirt 1.0
 *   VMN_DIALECT_SPEC  JSON patch of the VM's template. KubeVirt 1.1 and later, without any PUT
 */
#ifndef VMN_VIRT_DIALECT_H
#define VMN_VIRT_DIALECT_H

#include "lib/data/json.h"

enum vmn_dialect { VMN_DIALECT_VMI, VMN_DIALECT_VM, VMN_DIALECT_SPEC };

/* How the user wants it done. */
enum vmn_via { VMN_VIA_AUTO, VMN_VIA_SUBRESOURCE, VMN_VIA_SPEC };

enum vmn_plug_verb { VMN_PLUG_ADD, VMN_PLUG_REMOVE, VMN_PLUG_UPDATE };

/* Which of the subresources a server has. */
struct vmn_dialects {
	bool vmi_add, vmi_remove, vm_add, vm_remove;
};

/** vmn_dialects_read() - from the APIResourceList of subresources.kubevirt.io */
void vmn_dialects_read(struct json_object *list, struct vmn_dialects *ret);

/** vmn_dialects_follow_spec() - whether a running VM follows changes of its template */
bool vmn_dialects_follow_spec(const struct vmn_dialects *d);

/**
 * vmn_dialect_choose() - the dialect for one change
 * @persist: the change shall survive a restart of the VM
 *
 * Return: 0, or -VMN_E_UNSUPPORTED
 */
int vmn_dialect_choose(const struct vmn_dialects *d, enum vmn_plug_verb verb, enum vmn_via via,
		       bool persist, enum vmn_dialect *ret, struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_dialect_text() - "spec patch" or "subresource", for messages */
const char *vmn_dialect_text(enum vmn_dialect dialect);

#endif
