/* SPDX-License-Identifier: Apache-2.0 */
/* tapfd.h - open a tap of a namespace for another process */
#ifndef VMN_NET_TAPFD_H
#define VMN_NET_TAPFD_H

#include "lib/net/netns.h"

/* Queues of one tap: as many descriptors fit into a message (SCM_MAX_FD of the kernel). */
enum { VMN_TAP_HAND_OVER_MAX = 253 };

/** vmn_tap_connect() - to the stream unix socket at @path, for one tap; the caller closes @ret */
int vmn_tap_connect(const char *path, int *ret, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_tap_hand_over() - open the tap and send "NAME\n" with its descriptors
 * @queues: 0 and 1: one; at most VMN_TAP_HAND_OVER_MAX
 * @to:	    a connection to who takes it
 */
int vmn_tap_hand_over(const struct vmn_netns *ns, const char *name, unsigned queues, int to,
		      struct vmn_err *err) VMN_MUST_CHECK;

#endif
