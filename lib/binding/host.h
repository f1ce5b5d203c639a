/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - the planner's part for a VM without a pod: bridge, tap, private network, NAT to an
 * uplink
 *
 * What is otherwise typed by hand: a bridge with an address that is the guest's gateway, a tap on
 * it, forwarding, and masquerading of what leaves by the uplink.
 */
#ifndef VMN_BINDING_HOST_H
#define VMN_BINDING_HOST_H

#include "lib/binding/discover.h"

struct vmn_planner;

/** vmn_host_cidr_parse() - "192.168.57.1/24": an address that a gateway can have, with room for a
 * guest */
bool vmn_host_cidr_parse(const char *text, struct vmn_cidr *ret);
/** vmn_host_uplink() - the link that the default route leads to, NULL: there is none */
const struct vmn_link *vmn_host_uplink(const struct vmn_snapshot *s);

void vmn_host_plan(struct vmn_planner *p, const struct vmn_setup_nic *nic,
		   const struct vmn_found *f);
/** vmn_host_facts() - what the guest will be told */
void vmn_host_facts(const struct vmn_setup_nic *nic, struct vmn_binding_facts *facts);

#endif
