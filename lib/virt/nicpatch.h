/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nicpatch.h - JSON patches of a VM's template (pure)
 *
 * Every patch starts with "test" operations that name exactly what was read, so that the server
 * refuses it (422) when somebody was faster, and nobody's change is lost.
 */
#ifndef VMN_VIRT_NICPATCH_H
#define VMN_VIRT_NICPATCH_H

#include "lib/virt/plan.h"
#include "lib/virt/vm.h"

/** vmn_nic_build() - the two entries of a wished interface; caller drops them */
void vmn_nic_build(const struct vmn_wish *w, struct json_object **ret_iface,
		   struct json_object **ret_net);

/**
 * vmn_nicpatch_append() - add an interface and its network to the template
 * @vm:		view of the VM
 * @running:	spec of its VMI, whose interfaces are taken over where the template lists none, so
 *		that they stay the VM's; NULL when it does not run
 * @iface, @net: borrowed; both NULL to take over the running interfaces alone
 *
 * Return: the patch, caller drops it
 */
struct json_object *vmn_nicpatch_append(const struct vmn_vm *vm, struct json_object *running,
					struct json_object *iface, struct json_object *net);

/** vmn_nicpatch_replace() - put @iface and @net in place of @nic's entries in the template */
struct json_object *vmn_nicpatch_replace(const struct vmn_vm *vm, const struct vmn_nic *nic,
					 struct json_object *iface, struct json_object *net);

/** vmn_nicpatch_delete() - take @nic's entries out, unless the VM changed (it may have started) */
struct json_object *vmn_nicpatch_delete(const struct vmn_vm *vm, const struct vmn_nic *nic);

/** vmn_nicpatch_update() - set the interface's state and its network's name; NULL: leave it */
struct json_object *vmn_nicpatch_update(const struct vmn_nic *nic, const char *state,
					const char *nad);

#endif
