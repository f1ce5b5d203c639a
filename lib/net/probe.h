/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h - what this kernel has, asked without changing anything */
#ifndef VMN_NET_PROBE_H
#define VMN_NET_PROBE_H

#include <stdbool.h>

#include "lib/net/netns.h"

/**
 * vmn_netns_has_dummy() - whether links of kind "dummy" can be made
 *
 * Asks for one with a MAC address that the driver refuses: a kernel without the driver refuses the
 * kind before it looks at the address. May load the driver's module.
 */
int vmn_netns_has_dummy(const struct vmn_netns *ns, bool *ret, struct vmn_err *err) VMN_MUST_CHECK;

#endif
