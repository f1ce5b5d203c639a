/* SPDX-License-Identifier: Apache-2.0 */
/* planner.h - what the parts of the planner share; not for others */
#ifndef VMN_BINDING_PLANNER_H
#define VMN_BINDING_PLANNER_H

#include "lib/binding/plan.h"

struct vmn_planner {
	const struct vmn_snapshot *origin, *now;
	const struct vmn_setup *setup;
	const struct vmn_netplan_env *env;
	struct vmn_steps *steps;
	bool has_ipv6;			       /* of the interface that is being planned */
	bool has_masquerade4, has_masquerade6; /* of any so far */
};

/* Below, @link is the link called @name as it is now, or NULL when the plan makes it. */
void vmn_planner_up(struct vmn_planner *p, const struct vmn_link *link, const char *name);
/* An address of ours, permanent, without duplicate address detection. */
void vmn_planner_address(struct vmn_planner *p, const struct vmn_link *link, const char *name,
			 const struct vmn_cidr *cidr);
/* The bridge of @f with a MAC and MTU (0: the kernel's choice). */
void vmn_planner_bridge(struct vmn_planner *p, const struct vmn_found *f,
			const uint8_t mac[VMN_MAC_SIZE], uint32_t mtu);
/* What that MAC is or shall be, where none is prescribed. */
void vmn_planner_bridge_mac(const struct vmn_planner *p, const struct vmn_found *f,
			    uint8_t mac[VMN_MAC_SIZE]);
/* Once for each key. */
void vmn_planner_sysctl(struct vmn_planner *p, const char *key, const char *value);
/* The tap of @f, on its bridge and up. */
void vmn_planner_tap(struct vmn_planner *p, const struct vmn_setup_nic *nic,
		     const struct vmn_found *f);

#endif
