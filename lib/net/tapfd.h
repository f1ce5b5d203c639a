/* SPDX-License-Identifier: Apache-2.0 */
/* tapfd.h - open a tap of a namespace, and hand it to another process */
#ifndef VMN_NET_TAPFD_H
#define VMN_NET_TAPFD_H

#include "lib/net/netns.h"

enum { VMN_TAP_QUEUES_MAX = 256, VMN_SCM_MAX_FDS = 253 };

/**
 * vmn_tap_open() - attach @n queues of the tap @name in @ns
 * @n: 1 for a tap with a single queue; more for one made for several
 * @ret: @n descriptors, CLOEXEC, opened with IFF_NO_PI and IFF_VNET_HDR; the caller closes them
 */
int vmn_tap_open(const struct vmn_netns *ns, const char *name, unsigned n, int *ret,
		 struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_tap_hand_over() - open the tap and send "NAME\n" with its descriptors to a listening socket
 * @queues: 0 and 1: one
 * @path: of a stream unix socket
 */
int vmn_tap_hand_over(const struct vmn_netns *ns, const char *name, unsigned queues,
		      const char *path, struct vmn_err *err) VMN_MUST_CHECK;

#endif
