/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnl.h - rtnetlink requests that keep what the kernel said
 *
 * Messages and attributes are libnl's; sending and receiving is done here, because libnl folds
 * errno values together and drops extended acknowledgements. Every socket asks for extended
 * acknowledgements and strict checking, every change is acknowledged, replies are matched by
 * sequence number, and a dump that the kernel marks as interrupted is made again.
 *
 * libnl-route is not used: its objects drop attributes that they do not know, and what we restore
 * has to be what was there.
 */
#ifndef VMN_NET_RTNL_H
#define VMN_NET_RTNL_H

#include <stdint.h>

#include "lib/base/err.h"
#include "lib/net/netns.h"

struct nl_msg;
struct nlmsghdr;
struct vmn_rtnl;

/** vmn_rtnl_open() - a NETLINK_ROUTE socket inside @ns, which must outlive it */
int vmn_rtnl_open(const struct vmn_netns *ns, struct vmn_rtnl **ret,
		  struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_rtnl_open_protocol() - the same for another NETLINK_* family, such as NETLINK_NETFILTER */
int vmn_rtnl_open_protocol(const struct vmn_netns *ns, int protocol, struct vmn_rtnl **ret,
			   struct vmn_err *err) VMN_MUST_CHECK;
void vmn_rtnl_free_p(struct vmn_rtnl **rtnl);
#define vmn_auto_rtnl VMN_CLEANUP(vmn_rtnl_free_p)

/** vmn_nl_msg_free_p() - nlmsg_free() for VMN_CLEANUP */
void vmn_nl_msg_free_p(struct nl_msg **msg);
#define vmn_auto_nl_msg VMN_CLEANUP(vmn_nl_msg_free_p)

/**
 * vmn_rtnl_change() - send @msg (not swallowed) and wait for its acknowledgement
 *
 * err->sys is the kernel's errno, the text is ": " and its extended acknowledgement, else strerror.
 * Callers put before it what they wanted: vmn_err_wrap(err, "cannot set MTU of 'eth0'").
 *
 * Return: 0, -VMN_E_NETLINK, -VMN_E_PERMISSION (EPERM, with CAP_NET_ADMIN in the text),
 * -VMN_E_SYSTEM (the socket)
 */
int vmn_rtnl_change(struct vmn_rtnl *rtnl, struct nl_msg *msg, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_rtnl_dump() - call @each for every message of the answer to the dump request @msg
 * @restart:	called before a dump that was interrupted is made again: forget what came so far
 * @each:	Return: 0, or -code (with err set) to stop
 */
int vmn_rtnl_dump(struct vmn_rtnl *rtnl, struct nl_msg *msg, void (*restart)(void *arg),
		  int (*each)(void *arg, const struct nlmsghdr *h, struct vmn_err *err), void *arg,
		  struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_rtnl_get() - the same for a request that is answered by one message */
int vmn_rtnl_get(struct vmn_rtnl *rtnl, struct nl_msg *msg,
		 int (*each)(void *arg, const struct nlmsghdr *h, struct vmn_err *err), void *arg,
		 struct vmn_err *err) VMN_MUST_CHECK;

#endif
