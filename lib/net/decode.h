/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode.h - messages of rtnetlink to plain data (pure)
 *
 * Each fills a zeroed @ret, which may own memory afterwards, even on failure.
 * Return: 1, 0 when the message is none that a snapshot has, or -VMN_E_PROTOCOL
 */
#ifndef VMN_NET_DECODE_H
#define VMN_NET_DECODE_H

#include "lib/net/snapshot.h"

struct nlmsghdr;

/** vmn_decode_link() - RTM_NEWLINK */
int vmn_decode_link(const struct nlmsghdr *h, struct vmn_link *ret, struct vmn_err *err);
/** vmn_decode_addr() - RTM_NEWADDR */
int vmn_decode_addr(const struct nlmsghdr *h, struct vmn_addr *ret, struct vmn_err *err);
/** vmn_decode_nexthop() - RTM_NEWNEXTHOP */
int vmn_decode_nexthop(const struct nlmsghdr *h, struct vmn_nhobj *ret, struct vmn_err *err);
/** vmn_decode_route() - RTM_NEWROUTE */
int vmn_decode_route(const struct nlmsghdr *h, struct vmn_route *ret, struct vmn_err *err);
/** vmn_decode_neigh() - RTM_NEWNEIGH; what is neither permanent nor a proxy entry is none */
int vmn_decode_neigh(const struct nlmsghdr *h, struct vmn_neigh *ret, struct vmn_err *err);
/** vmn_decode_rule() - RTM_NEWRULE */
int vmn_decode_rule(const struct nlmsghdr *h, struct vmn_rule *ret, struct vmn_err *err);
/** vmn_decode_qdisc() - RTM_NEWQDISC */
int vmn_decode_qdisc(const struct nlmsghdr *h, struct vmn_qdisc *ret, struct vmn_err *err);

#endif
