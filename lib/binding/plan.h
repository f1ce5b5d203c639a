/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - from what is there and what is wanted to the steps that make it so (pure)
 *
 * The layout is KubeVirt's, so that its own tools, and whoever knows it, find what they expect:
 *
 *	bridge, managedTap			masquerade
 *
 *	eth0-nic -- k6t-eth0 -- tap0 -- guest	eth0 ~ nft ~ k6t-eth0 -- tap0 -- guest
 *	eth0 (dummy, down): the pod's addresses
 *
 * bridge: the pod's address belongs to the guest; a dummy of the NIC's old name keeps it for
 *whoever looks (kubelet, CNI's CHECK). masquerade: the guest has a private address; what arrives at
 *the pod is translated to it.
 *
 * Steps that would change nothing are left out: of a namespace that is set up already there is no
 *step left, and the steps that are left of one that was tampered with are what drifted.
 *
 * Source: kubevirt pkg/network/setup/netpod/netpod.go, masquerade/masquerade.go (1.1 to 1.9);
 * pkg/virt-launcher/virtwrap/network/network.go (0.4.1).
 */
#ifndef VMN_BINDING_PLAN_H
#define VMN_BINDING_PLAN_H

#include "lib/binding/discover.h"
#include "lib/net/step.h"

/* What a plan depends on besides the snapshots. */
struct vmn_netplan_env {
	const char *keeper_kind; /* of the link that keeps the pod's addresses: "dummy", or what
				    this kernel has instead */
	uint8_t seed[16];	 /* random: MAC addresses of bridges come from it */
	const char *nft;	 /* listing of our tables as they were made; NULL: nobody knows */
};

struct vmn_netplan {
	struct vmn_steps steps;
	struct vmn_facts_list facts; /* one for each interface, in the setup's order */
};

/** vmn_netplan_clear() - NULL members are fine */
void vmn_netplan_clear(struct vmn_netplan *plan);
#define vmn_auto_netplan VMN_CLEANUP(vmn_netplan_clear)

/**
 * vmn_netplan_make() - plan all interfaces of @setup
 * @origins:	for each interface the namespace as it was before that was set up, see discover.h;
 *NULL: nobody knows, neither for this one nor, instead of the array, for any
 * @ret: initialised with {0}, caller clears it
 *
 * Return: 0, -VMN_E_NOT_FOUND, -VMN_E_CONFLICT, -VMN_E_UNSUPPORTED (what the layout has not),
 * -VMN_E_INVALID (dhcpOptions)
 */
int vmn_netplan_make(const struct vmn_snapshot *const *origins, const struct vmn_snapshot *now,
		     const struct vmn_setup *setup, const struct vmn_netplan_env *env,
		     struct vmn_netplan *ret, struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_netplan_sysctls() - append the keys that planning @setup looks at, for vmn_snapshot_take()
 */
void vmn_netplan_sysctls(const struct vmn_setup *setup, struct vmn_strlist *keys);

#endif
