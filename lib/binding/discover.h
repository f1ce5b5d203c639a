/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discover.h - find an interface of a VM in a network namespace (pure)
 *
 * Two snapshots are looked at: the namespace as it is now, for links, and as it was before anything
 * was set up, for addresses and routes; where no such one is kept both are the same. What KubeVirt
 * or we have set up already is recognised by its names, and the addresses are read from the link
 * that keeps them.
 */
#ifndef VMN_BINDING_DISCOVER_H
#define VMN_BINDING_DISCOVER_H

#include "lib/binding/setup.h"
#include "lib/net/snapshot.h"

/* Pointers borrow from the snapshots; NULL: it is not there. */
struct vmn_found {
	struct vmn_ifnames names;
	const struct vmn_link *nic; /* the CNI's link, under either of its names */
	const struct vmn_link *bridge, *tap;
	const struct vmn_link *dummy; /* keeps the addresses once the NIC is renamed */
	bool is_renamed;	      /* the NIC is called names.nic already */

	uint8_t pod_mac[VMN_MAC_SIZE]; /* as the CNI made it */
	uint32_t mtu;
	const struct vmn_addr **addrs; /* all, in the kernel's order */
	size_t n_addrs;
	const struct vmn_addr *ip4, *ip6; /* the first global unicast one of each family */
	struct vmn_ip gateway4;		  /* of the default route, or none */
	const struct vmn_route **routes4; /* of the main table, but those of the own subnet */
	size_t n_routes4;
};

/** vmn_setup_names() - names of the links of @nic in a namespace with or without ordinal names */
void vmn_setup_names(const struct vmn_setup *setup, const struct vmn_setup_nic *nic,
		     bool is_ordinal, struct vmn_ifnames *ret);

/**
 * vmn_discover() - find @nic
 * @origin:	the namespace before it was set up; @now when nobody knows
 * @ret:	caller clears it, after a failure too
 *
 * Return: 0, -VMN_E_NOT_FOUND (no pod link), -VMN_E_CONFLICT (a link with the name of one of ours
 * is of another kind)
 */
int vmn_discover(const struct vmn_snapshot *origin, const struct vmn_snapshot *now,
		 const struct vmn_setup *setup, const struct vmn_setup_nic *nic,
		 struct vmn_found *ret, struct vmn_err *err) VMN_MUST_CHECK;
void vmn_found_clear(struct vmn_found *found);
#define vmn_auto_found VMN_CLEANUP(vmn_found_clear)

/** vmn_ip_is_global() - global unicast as Go's net.IP.IsGlobalUnicast() has it */
bool vmn_ip_is_global(const struct vmn_ip *ip);

#endif
