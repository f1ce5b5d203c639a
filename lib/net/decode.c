/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/net/decode.h"

/* Flags of routes and next hops that users set; the others are states. */
enum { HOP_FLAGS = RTNH_F_ONLINK | RTNH_F_PERVASIVE };

static int malformed(const struct nlmsghdr *h, struct vmn_err *err)
{
	return vmn_err_set(err, VMN_E_PROTOCOL, "the kernel sent a malformed message of type %d",
			   h->nlmsg_type);
}

/* --- attributes ----------------------------------------------------------------------- */

/* An attribute that is missing or too short gives @def. */
static uint32_t get_u32(const struct nlattr *a, uint32_t def)
{
	return a && nla_len(a) >= 4 ? nla_get_u32(a) : def;
}

static uint8_t get_u8(const struct nlattr *a, uint8_t def)
{
	return a && nla_len(a) >= 1 ? nla_get_u8(a) : def;
}

static void get_text(const struct nlattr *a, char *buf, size_t size)
{
	size_t len = a ? strnlen(nla_data(a), (size_t)nla_len(a)) : 0;

	if (len >= size)
		len = size - 1;
	if (len)
		memcpy(buf, nla_data(a), len);
	buf[len] = '\0';
}

static void get_ip(const struct nlattr *a, int family, struct vmn_ip *ret)
{
	int len = family == AF_INET6 ? 16 : 4;

	if (!a || nla_len(a) < len)
		return;
	ret->family = family;
	memcpy(ret->bytes, nla_data(a), (size_t)len);
}

static bool get_mac(const struct nlattr *a, uint8_t ret[VMN_MAC_SIZE])
{
	if (!a || nla_len(a) != VMN_MAC_SIZE)
		return false;
	memcpy(ret, nla_data(a), VMN_MAC_SIZE);
	return true;
}

static bool parse_nested(struct nlattr *tb[], int max, const struct nlattr *a)
{
	memset(tb, 0, sizeof(tb[0]) * (size_t)(max + 1));
	return a && nla_parse(tb, max, nla_data(a), nla_len(a), NULL) >= 0;
}

/*
 * The message as it can be sent again: its header of @head bytes and the attributes, except those
 * that change by themselves.
 */
static int keep_raw(const struct nlmsghdr *h, size_t head, bool (*is_dropped)(int type),
		    struct vmn_raw *ret, struct vmn_err *err)
{
	struct nlattr *a;
	int left;

	if ((size_t)nlmsg_datalen(h) < head)
		return malformed(h, err);
	ret->data = calloc(1, (size_t)nlmsg_datalen(h));
	if (!ret->data)
		return vmn_err_oom(err);
	memcpy(ret->data, nlmsg_data(h), head);
	ret->len = NLMSG_ALIGN(head);
	nlmsg_for_each_attr(a, h, (int)head, left)
	{
		if (is_dropped(nla_type(a)))
			continue;
		memcpy((char *)ret->data + ret->len, a, a->nla_len);
		ret->len += (size_t)NLA_ALIGN(a->nla_len);
	}
	/* The last one's padding may lie beyond the message. */
	if (ret->len > (size_t)nlmsg_datalen(h))
		ret->len = (size_t)nlmsg_datalen(h);
	return 0;
}

/* --- links ---------------------------------------------------------------------------- */

static void decode_tun(const struct nlattr *data, struct vmn_link *ret)
{
	struct nlattr *tb[IFLA_TUN_MAX + 1];

	if (!parse_nested(tb, IFLA_TUN_MAX, data))
		return;
	ret->is_tap = get_u8(tb[IFLA_TUN_TYPE], 0) == IFF_TAP;
	ret->is_persistent = get_u8(tb[IFLA_TUN_PERSIST], 0);
	ret->has_vnet_hdr = get_u8(tb[IFLA_TUN_VNET_HDR], 0);
	ret->is_multi_queue = get_u8(tb[IFLA_TUN_MULTI_QUEUE], 0);
	if (tb[IFLA_TUN_OWNER])
		ret->owner = get_u32(tb[IFLA_TUN_OWNER], 0);
	if (tb[IFLA_TUN_GROUP])
		ret->group = get_u32(tb[IFLA_TUN_GROUP], 0);
}

static void decode_brport(const struct nlattr *data, struct vmn_link *ret)
{
	static const struct {
		int attr;
		unsigned flag;
	} rows[] = {
		{IFLA_BRPORT_LEARNING, VMN_BRPORT_LEARNING},
		{IFLA_BRPORT_ISOLATED, VMN_BRPORT_ISOLATED},
		{IFLA_BRPORT_MODE, VMN_BRPORT_HAIRPIN},
		{IFLA_BRPORT_UNICAST_FLOOD, VMN_BRPORT_FLOOD},
	};
	struct nlattr *tb[IFLA_BRPORT_MAX + 1];

	ret->is_brport = true;
	if (!parse_nested(tb, IFLA_BRPORT_MAX, data))
		return;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++)
		if (get_u8(tb[rows[i].attr], 0))
			ret->brport |= rows[i].flag;
}

static void decode_linkinfo(const struct nlattr *info, struct vmn_link *ret)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1];
	char slave[VMN_KIND_SIZE];

	if (!parse_nested(tb, IFLA_INFO_MAX, info))
		return;
	get_text(tb[IFLA_INFO_KIND], ret->kind, sizeof(ret->kind));
	get_text(tb[IFLA_INFO_SLAVE_KIND], slave, sizeof(slave));
	if (strcmp(ret->kind, "tun") == 0)
		decode_tun(tb[IFLA_INFO_DATA], ret);
	if (strcmp(slave, "bridge") == 0)
		decode_brport(tb[IFLA_INFO_SLAVE_DATA], ret);
}

static int decode_addrgenmode(const struct nlattr *af_spec)
{
	struct nlattr *tb[AF_INET6 + 1], *v6[IFLA_INET6_MAX + 1];

	if (!parse_nested(tb, AF_INET6, af_spec) ||
	    !parse_nested(v6, IFLA_INET6_MAX, tb[AF_INET6]) || !v6[IFLA_INET6_ADDR_GEN_MODE])
		return -1;
	return get_u8(v6[IFLA_INET6_ADDR_GEN_MODE], 0);
}

int vmn_decode_link(const struct nlmsghdr *h, struct vmn_link *ret, struct vmn_err *err)
{
	struct nlattr *tb[IFLA_MAX + 1];
	const struct ifinfomsg *ifi = nlmsg_data(h);

	if (h->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (nlmsg_parse((struct nlmsghdr *)h, sizeof(*ifi), tb, IFLA_MAX, NULL) < 0)
		return malformed(h, err);
	ret->ifindex = ifi->ifi_index;
	ret->type = ifi->ifi_type;
	ret->flags = ifi->ifi_flags;
	get_text(tb[IFLA_IFNAME], ret->name, sizeof(ret->name));
	get_text(tb[IFLA_IFALIAS], ret->alias, sizeof(ret->alias));
	ret->has_mac = get_mac(tb[IFLA_ADDRESS], ret->mac);
	ret->mtu = get_u32(tb[IFLA_MTU], 0);
	ret->txqlen = get_u32(tb[IFLA_TXQLEN], 0);
	ret->queues = get_u32(tb[IFLA_NUM_TX_QUEUES], 0);
	ret->master = (int)get_u32(tb[IFLA_MASTER], 0);
	ret->peer = (int)get_u32(tb[IFLA_LINK], 0);
	ret->has_peer_nsid = tb[IFLA_LINK_NETNSID] != NULL;
	ret->operstate = get_u8(tb[IFLA_OPERSTATE], 0);
	ret->has_carrier = get_u8(tb[IFLA_CARRIER], 0);
	ret->owner = ret->group = -1;
	decode_linkinfo(tb[IFLA_LINKINFO], ret);
	ret->addrgenmode = decode_addrgenmode(tb[IFLA_AF_SPEC]);
	return 1;
}

/* --- addresses ------------------------------------------------------------------------ */

/* Lifetimes are kept apart, since they go on. */
static bool is_addr_state(int type)
{
	return type == IFA_CACHEINFO;
}

/* That duplicate detection runs is no property of the address. */
static void settle_addr(struct vmn_raw *raw)
{
	struct ifaddrmsg *head = raw->data;
	struct nlattr *a = (struct nlattr *)((char *)raw->data + NLMSG_ALIGN(sizeof(*head)));
	int left = (int)(raw->len - NLMSG_ALIGN(sizeof(*head)));

	head->ifa_flags &= (uint8_t)~IFA_F_TENTATIVE;
	a = nla_find(a, left, IFA_FLAGS);
	if (a && nla_len(a) >= 4)
		*(uint32_t *)nla_data(a) &= ~(uint32_t)IFA_F_TENTATIVE;
}

int vmn_decode_addr(const struct nlmsghdr *h, struct vmn_addr *ret, struct vmn_err *err)
{
	struct nlattr *tb[IFA_MAX + 1];
	const struct ifaddrmsg *ifa = nlmsg_data(h);
	struct ifa_cacheinfo ci = {.ifa_valid = UINT32_MAX, .ifa_prefered = UINT32_MAX};
	int rc;

	if (h->nlmsg_type != RTM_NEWADDR)
		return 0;
	if (nlmsg_parse((struct nlmsghdr *)h, sizeof(*ifa), tb, IFA_MAX, NULL) < 0)
		return malformed(h, err);
	if (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6)
		return 0;
	ret->ifindex = (int)ifa->ifa_index;
	ret->prefix_len = ifa->ifa_prefixlen;
	ret->scope = ifa->ifa_scope;
	ret->flags = get_u32(tb[IFA_FLAGS], ifa->ifa_flags);
	/* IFA_LOCAL is missing for plain IPv6 addresses; for IPv4 ones IFA_ADDRESS is the same, or
	 * the peer. */
	get_ip(tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], ifa->ifa_family, &ret->local);
	if (tb[IFA_LOCAL])
		get_ip(tb[IFA_ADDRESS], ifa->ifa_family, &ret->peer);
	if (vmn_ip_eq(&ret->local, &ret->peer))
		ret->peer = (struct vmn_ip){0};
	get_ip(tb[IFA_BROADCAST], ifa->ifa_family, &ret->brd);
	get_text(tb[IFA_LABEL], ret->label, sizeof(ret->label));
	ret->metric = get_u32(tb[IFA_RT_PRIORITY], 0);
	ret->proto = get_u8(tb[IFA_PROTO], 0);
	if (tb[IFA_CACHEINFO] && nla_len(tb[IFA_CACHEINFO]) >= (int)sizeof(ci))
		memcpy(&ci, nla_data(tb[IFA_CACHEINFO]), sizeof(ci));
	ret->valid_s = ci.ifa_valid;
	ret->preferred_s = ci.ifa_prefered;
	rc = keep_raw(h, sizeof(*ifa), is_addr_state, &ret->raw, err);
	if (rc < 0)
		return rc;
	settle_addr(&ret->raw);
	return ret->local.family ? 1 : 0;
}

/* --- next hop objects ----------------------------------------------------------------- */

/* NHA_OP_FLAGS, NHA_GROUP_STATS and NHA_HW_STATS_USED of Linux 6.10 tell about the answer. */
static bool is_nexthop_state(int type)
{
	return type == 14 || type == 15 || type == 17;
}

int vmn_decode_nexthop(const struct nlmsghdr *h, struct vmn_nhobj *ret, struct vmn_err *err)
{
	struct nlattr *tb[NHA_MAX + 1];
	const struct nhmsg *nhm = nlmsg_data(h);
	struct nhmsg *head;
	int rc;

	if (h->nlmsg_type != RTM_NEWNEXTHOP)
		return 0;
	if (nlmsg_parse((struct nlmsghdr *)h, sizeof(*nhm), tb, NHA_MAX, NULL) < 0)
		return malformed(h, err);
	ret->id = get_u32(tb[NHA_ID], 0);
	ret->ifindex = (int)get_u32(tb[NHA_OIF], 0);
	ret->is_group = tb[NHA_GROUP];
	rc = keep_raw(h, sizeof(*nhm), is_nexthop_state, &ret->raw, err);
	if (rc < 0)
		return rc;
	head = ret->raw.data; /* the scope follows from the rest, and may not be sent */
	head->nh_scope = 0;
	head->nh_flags &= HOP_FLAGS;
	return ret->id ? 1 : 0;
}

/* --- routes --------------------------------------------------------------------------- */

static bool is_route_state(int type)
{
	return type == RTA_CACHEINFO;
}

/* With a next hop object, its own attributes are told too, but may not be sent. */
static bool is_route_state_with_nhid(int type)
{
	return is_route_state(type) || type == RTA_GATEWAY || type == RTA_VIA || type == RTA_OIF ||
	       type == RTA_MULTIPATH || type == RTA_ENCAP || type == RTA_ENCAP_TYPE;
}

static int add_hop(struct vmn_route *r, const struct vmn_nexthop *hop, struct vmn_err *err)
{
	struct vmn_nexthop *hops = realloc(r->hops, (r->n_hops + 1) * sizeof(*hops));

	if (!hops)
		return vmn_err_oom(err);
	r->hops = hops;
	r->hops[r->n_hops++] = *hop;
	return 0;
}

static void decode_via(struct nlattr *tb[], int family, struct vmn_ip *ret)
{
	const struct nlattr *a = tb[RTA_VIA];
	struct vmn_ip ip = {0};

	get_ip(tb[RTA_GATEWAY], family, ret);
	if (!a || nla_len(a) < (int)sizeof(struct rtvia))
		return;
	ip.family = ((const struct rtvia *)nla_data(a))->rtvia_family;
	if ((ip.family != AF_INET && ip.family != AF_INET6) ||
	    nla_len(a) != (int)sizeof(struct rtvia) + (ip.family == AF_INET6 ? 16 : 4))
		return;
	memcpy(ip.bytes, (const char *)nla_data(a) + sizeof(struct rtvia),
	       ip.family == AF_INET6 ? 16 : 4);
	*ret = ip;
}

/* RTNH_OK() reads the length without asking whether it is there. */
static bool is_hop(const struct rtnexthop *nh, int left)
{
	return left >= (int)sizeof(*nh) && RTNH_OK(nh, left);
}

static int decode_multipath(const struct nlattr *a, struct vmn_route *r, struct vmn_err *err)
{
	struct rtnexthop *nh = nla_data(a);
	int left = nla_len(a);

	for (; is_hop(nh, left); left -= (int)RTNH_ALIGN(nh->rtnh_len), nh = RTNH_NEXT(nh)) {
		struct vmn_nexthop hop = {
			.ifindex = nh->rtnh_ifindex,
			.flags = nh->rtnh_flags & HOP_FLAGS,
			.weight = nh->rtnh_hops + 1U,
		};
		struct nlattr *tb[RTA_MAX + 1];
		int rc;

		if (nla_parse(tb, RTA_MAX, (struct nlattr *)RTNH_DATA(nh),
			      (int)(nh->rtnh_len - sizeof(*nh)), NULL) >= 0)
			decode_via(tb, r->family, &hop.via);
		rc = add_hop(r, &hop, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int decode_hops(struct nlattr *tb[], const struct rtmsg *rtm, struct vmn_route *r,
		       struct vmn_err *err)
{
	struct vmn_nexthop hop = {
		.ifindex = (int)get_u32(tb[RTA_OIF], 0),
		.flags = rtm->rtm_flags & HOP_FLAGS,
		.weight = 1,
	};

	if (tb[RTA_MULTIPATH])
		return decode_multipath(tb[RTA_MULTIPATH], r, err);
	decode_via(tb, r->family, &hop.via);
	return hop.ifindex || hop.via.family ? add_hop(r, &hop, err) : 0;
}

static uint32_t decode_mtu(const struct nlattr *metrics)
{
	struct nlattr *tb[RTAX_MAX + 1];

	return parse_nested(tb, RTAX_MAX, metrics) ? get_u32(tb[RTAX_MTU], 0) : 0;
}

/* What the carrier and hardware do to the flags is no property of the route. */
static void settle_route(struct vmn_raw *raw)
{
	struct rtmsg *head = raw->data;
	struct nlattr *a = (struct nlattr *)((char *)raw->data + NLMSG_ALIGN(sizeof(*head)));
	struct rtnexthop *nh;
	int left = (int)(raw->len - NLMSG_ALIGN(sizeof(*head)));

	head->rtm_flags &= HOP_FLAGS;
	a = nla_find(a, left, RTA_MULTIPATH);
	if (!a)
		return;
	nh = nla_data(a);
	left = nla_len(a);
	for (; is_hop(nh, left); left -= (int)RTNH_ALIGN(nh->rtnh_len), nh = RTNH_NEXT(nh))
		nh->rtnh_flags &= HOP_FLAGS;
}

/* RTA_CACHEINFO tells the remaining time in ticks of USER_HZ; 0: it stays. */
static uint32_t decode_expires(const struct nlattr *a)
{
	struct rta_cacheinfo ci;

	if (!a || nla_len(a) < (int)sizeof(ci))
		return 0;
	memcpy(&ci, nla_data(a), sizeof(ci));
	return ci.rta_expires > 0 ? (uint32_t)ci.rta_expires / 100 : 0;
}

int vmn_decode_route(const struct nlmsghdr *h, struct vmn_route *ret, struct vmn_err *err)
{
	struct nlattr *tb[RTA_MAX + 1];
	const struct rtmsg *rtm = nlmsg_data(h);
	int rc;

	if (h->nlmsg_type != RTM_NEWROUTE)
		return 0;
	if (nlmsg_parse((struct nlmsghdr *)h, sizeof(*rtm), tb, RTA_MAX, NULL) < 0)
		return malformed(h, err);
	if ((rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6) ||
	    rtm->rtm_flags & RTM_F_CLONED)
		return 0;
	ret->family = rtm->rtm_family;
	ret->table = get_u32(tb[RTA_TABLE], rtm->rtm_table);
	ret->type = rtm->rtm_type;
	ret->proto = rtm->rtm_protocol;
	ret->scope = rtm->rtm_scope;
	ret->tos = rtm->rtm_tos;
	ret->dst_len = rtm->rtm_dst_len;
	ret->src_len = rtm->rtm_src_len;
	get_ip(tb[RTA_DST], ret->family, &ret->dst);
	get_ip(tb[RTA_SRC], ret->family, &ret->src);
	get_ip(tb[RTA_PREFSRC], ret->family, &ret->prefsrc);
	ret->priority = get_u32(tb[RTA_PRIORITY], 0);
	ret->mtu = decode_mtu(tb[RTA_METRICS]);
	ret->nhid = get_u32(tb[RTA_NH_ID], 0);
	ret->expires_s = decode_expires(tb[RTA_CACHEINFO]);
	rc = decode_hops(tb, rtm, ret, err);
	if (rc == 0)
		rc = keep_raw(h, sizeof(*rtm),
			      tb[RTA_NH_ID] ? is_route_state_with_nhid : is_route_state, &ret->raw,
			      err);
	if (rc < 0)
		return rc;
	settle_route(&ret->raw);
	return 1;
}

/* --- neighbours, rules, qdiscs -------------------------------------------------------- */

static bool is_neigh_state(int type)
{
	return type == NDA_CACHEINFO || type == NDA_PROBES;
}

int vmn_decode_neigh(const struct nlmsghdr *h, struct vmn_neigh *ret, struct vmn_err *err)
{
	struct nlattr *tb[NDA_MAX + 1];
	const struct ndmsg *ndm = nlmsg_data(h);
	int rc;

	if (h->nlmsg_type != RTM_NEWNEIGH)
		return 0;
	if (nlmsg_parse((struct nlmsghdr *)h, sizeof(*ndm), tb, NDA_MAX, NULL) < 0)
		return malformed(h, err);
	if ((ndm->ndm_family != AF_INET && ndm->ndm_family != AF_INET6) ||
	    !(ndm->ndm_state & NUD_PERMANENT || ndm->ndm_flags & NTF_PROXY))
		return 0;
	ret->ifindex = ndm->ndm_ifindex;
	ret->family = ndm->ndm_family;
	ret->state = ndm->ndm_state;
	ret->flags = ndm->ndm_flags;
	get_ip(tb[NDA_DST], ret->family, &ret->dst);
	ret->has_mac = get_mac(tb[NDA_LLADDR], ret->mac);
	rc = keep_raw(h, sizeof(*ndm), is_neigh_state, &ret->raw, err);
	return rc < 0 ? rc : 1;
}

static bool is_rule_state(int type)
{
	(void)type;
	return false;
}

int vmn_decode_rule(const struct nlmsghdr *h, struct vmn_rule *ret, struct vmn_err *err)
{
	struct nlattr *tb[FRA_MAX + 1];
	const struct fib_rule_hdr *frh = nlmsg_data(h);
	int rc;

	if (h->nlmsg_type != RTM_NEWRULE)
		return 0;
	if (nlmsg_parse((struct nlmsghdr *)h, sizeof(*frh), tb, FRA_MAX, NULL) < 0)
		return malformed(h, err);
	if (frh->family != AF_INET && frh->family != AF_INET6)
		return 0;
	ret->family = frh->family;
	ret->priority = get_u32(tb[FRA_PRIORITY], 0);
	ret->table = get_u32(tb[FRA_TABLE], frh->table);
	rc = keep_raw(h, sizeof(*frh), is_rule_state, &ret->raw, err);
	return rc < 0 ? rc : 1;
}

static bool is_qdisc_state(int type)
{
	return type == TCA_STATS || type == TCA_STATS2 || type == TCA_XSTATS;
}

int vmn_decode_qdisc(const struct nlmsghdr *h, struct vmn_qdisc *ret, struct vmn_err *err)
{
	struct nlattr *tb[TCA_MAX + 1];
	const struct tcmsg *tcm = nlmsg_data(h);
	int rc;

	if (h->nlmsg_type != RTM_NEWQDISC)
		return 0;
	if (nlmsg_parse((struct nlmsghdr *)h, sizeof(*tcm), tb, TCA_MAX, NULL) < 0)
		return malformed(h, err);
	ret->ifindex = tcm->tcm_ifindex;
	ret->handle = tcm->tcm_handle;
	ret->parent = tcm->tcm_parent;
	get_text(tb[TCA_KIND], ret->kind, sizeof(ret->kind));
	rc = keep_raw(h, sizeof(*tcm), is_qdisc_state, &ret->raw, err);
	if (rc < 0)
		return rc;
	((struct tcmsg *)ret->raw.data)->tcm_info = 0; /* a reference count */
	return 1;
}
