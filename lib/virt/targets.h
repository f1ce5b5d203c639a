/* SPDX-License-Identifier: Apache-2.0 */
/* targets.h - the VMs a command works on: named, selected by label, or found on a node */
#ifndef VMN_VIRT_TARGETS_H
#define VMN_VIRT_TARGETS_H

#include "lib/kube/client.h"

struct vmn_target {
	char *ns, *name;
	char *node;	 /* where it runs, when known */
	char *obstacle;	 /* why KubeVirt would not migrate it, when known */
	bool is_bare;	 /* a VMI without a VM */
	bool is_running; /* it has a VMI; true when not known */
};

struct vmn_targets {
	struct vmn_target *v;
	size_t n;
};

/**
 * vmn_target_name() - the name in an operand: NAME, or kubectl's TYPE/NAME for VMs and VMIs (pure)
 *
 * Return: a part of @operand, or NULL with -VMN_E_USAGE in @err
 */
const char *vmn_target_name(const char *operand, struct vmn_err *err);

/** vmn_targets_add() - the VM @ns/@name, once */
void vmn_targets_add(struct vmn_targets *t, const char *ns, const char *name);

/**
 * vmn_targets_from_vms() - append the VMs that match
 * @ns:		NULL: of all namespaces
 * @selector:	label selector on VMs; NULL: all
 */
int vmn_targets_from_vms(struct vmn_kube *k, const char *ns, const char *selector,
			 struct vmn_targets *t, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_targets_from_node() - append the VMIs that run on @node, with or without VM
 * @selector:	label selector on VMIs; NULL: all
 */
int vmn_targets_from_node(struct vmn_kube *k, const char *ns, const char *selector,
			  const char *node, struct vmn_targets *t,
			  struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_targets_drop_stopped() - take out those known not to run; Return: how many */
size_t vmn_targets_drop_stopped(struct vmn_targets *t);

void vmn_targets_clear(struct vmn_targets *t);

#endif
