/* SPDX-License-Identifier: Apache-2.0 */
/* tapfd.h - open a tap of a namespace for another process */
#ifndef VMN_NET_TAPFD_H
#define VMN_NET_TAPFD_H

#include "lib/net/netns.h"

/**
 * vmn_tap_hand_over() - open the tap and send "NAME\n" with its descriptors to a listening socket
 * @queues: 0 and 1: one
 * @path: of a stream unix socket
 */
int vmn_tap_hand_over(const struct vmn_netns *ns, const char *name, unsigned queues,
		      const char *path, struct vmn_err *err) VMN_MUST_CHECK;

#endif
