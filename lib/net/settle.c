/* SPDX-License-Identifier: Apache-2.0 */
/* what the kernel dropped or made as a side effect, put right again */
#include "config.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/net/change.h"
#include "lib/net/record.h"

enum { WAIT_MS = 3000 }; /* a work queue of the kernel on a busy machine */

struct settle {
	struct vmn_changer *c;
	const struct vmn_snapshot *before;
	struct vmn_snapshot now;
	const int *ifindexes;
	size_t n;
};

static int look(struct settle *s, struct vmn_err *err)
{
	vmn_snapshot_clear(&s->now);
	return vmn_snapshot_take(s->c->ns, NULL, &s->now, err);
}

static bool is_touched(const struct settle *s, int ifindex)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->ifindexes[i] == ifindex)
			return vmn_snapshot_link_at(&s->now, ifindex) != NULL;
	return false;
}

static struct nl_msg *raw_msg(int type, int flags, const struct vmn_raw *raw)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + raw->len + 256);

	if (!msg || !nlmsg_put(msg, 0, 0, type, 0, flags) ||
	    nlmsg_append(msg, raw->data, raw->len, NLMSG_ALIGNTO) < 0)
		vmn_nl_msg_free_p(&msg);
	return msg;
}

/* Send; @fine1 and @fine2 are errnos that are no failure. */
static int send_raw(struct settle *s, struct nl_msg *msg, int fine1, int fine2, struct vmn_err *err)
{
	int rc = vmn_rtnl_change(s->c->rtnl, msg, err);

	if (rc < 0 && (err->sys == fine1 || err->sys == fine2)) {
		vmn_err_clear(err);
		return 0;
	}
	return rc;
}

/* --- addresses ------------------------------------------------------------------------ */

/* What is left of @s seconds; at least 1: the kernel refuses an address that is over. */
static uint32_t left_of(const struct settle *st, uint32_t s)
{
	int64_t gone = st->now.at_s - st->before->at_s;

	if (s == UINT32_MAX || s == 0)
		return s;
	return s > gone ? (uint32_t)(s - gone) : 1;
}

static int add_addr(struct settle *s, const struct vmn_addr *a, struct vmn_err *err)
{
	struct ifa_cacheinfo ci = {
		.ifa_valid = left_of(s, a->valid_s),
		.ifa_prefered = left_of(s, a->preferred_s),
	};
	vmn_auto_nl_msg struct nl_msg *msg =
		raw_msg(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &a->raw);
	char ip[VMN_IP_TEXT_SIZE];

	if (!msg || nla_put(msg, IFA_CACHEINFO, sizeof(ci), &ci) < 0)
		return vmn_err_oom(err);
	if (vmn_rtnl_change(s->c->rtnl, msg, err) < 0)
		return vmn_err_wrap(err, "cannot restore address %s", vmn_ip_text(&a->local, ip));
	return 0;
}

static int del_addr(struct settle *s, const struct vmn_addr *a, struct vmn_err *err)
{
	vmn_auto_nl_msg struct nl_msg *msg = raw_msg(RTM_DELADDR, 0, &a->raw);
	char ip[VMN_IP_TEXT_SIZE];

	if (!msg)
		return vmn_err_oom(err);
	if (send_raw(s, msg, EADDRNOTAVAIL, ENODEV, err) < 0)
		return vmn_err_wrap(err, "cannot delete address %s", vmn_ip_text(&a->local, ip));
	return 0;
}

static const struct vmn_addr *find_addr(const struct vmn_snapshot *in, const struct vmn_addr *a)
{
	for (size_t i = 0; i < in->n_addrs; i++) {
		const struct vmn_addr *b = &in->addrs[i];

		if (a->ifindex == b->ifindex && a->prefix_len == b->prefix_len &&
		    vmn_ip_eq(&a->local, &b->local) && vmn_ip_eq(&a->peer, &b->peer))
			return b;
	}
	return NULL;
}

/* The kernel gives a link an address of its own when it comes up. */
static bool is_automatic(const struct vmn_addr *a)
{
	return a->local.family == AF_INET6 && a->local.bytes[0] == 0xfe &&
	       (a->local.bytes[1] & 0xc0) == 0x80;
}

/* Tentative, and was not: duplicate detection began again. */
static bool is_in_dad(const struct vmn_addr *was, const struct vmn_addr *now)
{
	return now->flags & ~was->flags & IFA_F_TENTATIVE;
}

static int restore_addr(struct settle *s, const struct vmn_addr *a, struct vmn_err *err)
{
	const struct vmn_addr *now = find_addr(&s->now, a);
	int rc;

	if (now && vmn_record_eq(&vmn_addr_record, a, now) && !is_in_dad(a, now))
		return 0;
	if (now && (rc = del_addr(s, now, err)) < 0)
		return rc;
	return add_addr(s, a, err);
}

/*
 * Duplicate detection was passed once: again, it would leave the address unusable for a while, and
 * routes that prefer it could not be restored. @value NULL: as it was.
 */
static int set_dad(struct settle *s, int ifindex, const char *value, struct vmn_err *err)
{
	const struct vmn_link *link = vmn_snapshot_link_at(&s->now, ifindex);
	vmn_auto_free char *key = vmn_xasprintf("net/ipv6/conf/%s/accept_dad", link->name);
	const char *now = vmn_snapshot_sysctl(&s->now, key), *was;
	const struct vmn_link *old = vmn_snapshot_link_at(s->before, ifindex);
	vmn_auto_free char *old_key =
		vmn_xasprintf("net/ipv6/conf/%s/accept_dad", old ? old->name : link->name);

	was = vmn_snapshot_sysctl(s->before, old_key);
	if (!now || !was || strcmp(was, "0") == 0)
		return 0;
	return vmn_sysctl_write(s->c->ns, key, value ? value : was, err);
}

static bool has_v6(const struct settle *s, int ifindex)
{
	for (size_t i = 0; i < s->before->n_addrs; i++)
		if (s->before->addrs[i].ifindex == ifindex &&
		    s->before->addrs[i].local.family == AF_INET6)
			return true;
	return false;
}

static int settle_addrs_of(struct settle *s, int ifindex, struct vmn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->now.n_addrs && rc == 0; i++)
		if (s->now.addrs[i].ifindex == ifindex && is_automatic(&s->now.addrs[i]) &&
		    !find_addr(s->before, &s->now.addrs[i]))
			rc = del_addr(s, &s->now.addrs[i], err);
	/* The kernel appends an IPv4 address to its list, and puts an IPv6 one in front. */
	for (size_t i = 0; i < s->before->n_addrs && rc == 0; i++)
		if (s->before->addrs[i].ifindex == ifindex &&
		    s->before->addrs[i].local.family == AF_INET)
			rc = restore_addr(s, &s->before->addrs[i], err);
	for (size_t i = s->before->n_addrs; i-- > 0 && rc == 0;)
		if (s->before->addrs[i].ifindex == ifindex &&
		    s->before->addrs[i].local.family == AF_INET6)
			rc = restore_addr(s, &s->before->addrs[i], err);
	return rc;
}

static int set_all_dad(struct settle *s, const char *value, struct vmn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->n; i++) {
		vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

		if (is_touched(s, s->ifindexes[i]) && has_v6(s, s->ifindexes[i]) &&
		    set_dad(s, s->ifindexes[i], value, &why) < 0 && rc == 0)
			rc = vmn_err_move(err, &why);
	}
	return rc;
}

static int settle_addrs(struct settle *s, struct vmn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->n && rc == 0; i++)
		if (is_touched(s, s->ifindexes[i]))
			rc = settle_addrs_of(s, s->ifindexes[i], err);
	return rc;
}

/* --- next hop objects ----------------------------------------------------------------- */

static const struct vmn_nhobj *find_nexthop(const struct vmn_snapshot *in, uint32_t id)
{
	for (size_t i = 0; i < in->n_nexthops; i++)
		if (in->nexthops[i].id == id)
			return &in->nexthops[i];
	return NULL;
}

/* Whether changing the touched links can have taken it, or a member of it, away. */
static bool is_nexthop_concerned(const struct settle *s, const struct vmn_nhobj *nh)
{
	const struct nlattr *group;
	size_t head = NLMSG_ALIGN(sizeof(struct nhmsg));

	if (!nh->is_group)
		return is_touched(s, nh->ifindex);
	group = nla_find((struct nlattr *)((char *)nh->raw.data + head), (int)(nh->raw.len - head),
			 NHA_GROUP);
	for (int at = 0; group && at + (int)sizeof(struct nexthop_grp) <= nla_len(group);
	     at += (int)sizeof(struct nexthop_grp)) {
		struct nexthop_grp member;
		const struct vmn_nhobj *hop;

		memcpy(&member, (const char *)nla_data(group) + at, sizeof(member));
		hop = find_nexthop(s->before, member.id);
		if (hop && is_touched(s, hop->ifindex))
			return true;
	}
	return false;
}

/* A group that is there has lost members; a hop under that number would be somebody else's. */
static bool is_nexthop_settled(const struct settle *s, const struct vmn_nhobj *nh)
{
	const struct vmn_nhobj *now = find_nexthop(&s->now, nh->id);

	return !is_nexthop_concerned(s, nh) ||
	       (now && (!now->is_group || vmn_record_eq(&vmn_nexthop_record, nh, now)));
}

static int add_nexthop(struct settle *s, const struct vmn_nhobj *nh, struct vmn_err *err)
{
	vmn_auto_nl_msg struct nl_msg *msg =
		raw_msg(RTM_NEWNEXTHOP, NLM_F_CREATE | (nh->is_group ? NLM_F_REPLACE : NLM_F_EXCL),
			&nh->raw);

	if (!msg)
		return vmn_err_oom(err);
	if (vmn_rtnl_change(s->c->rtnl, msg, err) < 0)
		return vmn_err_wrap(err, "cannot restore nexthop %u", nh->id);
	return 0;
}

/* --- routes --------------------------------------------------------------------------- */

/* Whether changing the touched links can have taken the route away. */
static bool is_concerned(const struct settle *s, const struct vmn_route *r)
{
	const struct vmn_nhobj *nh = r->nhid ? find_nexthop(s->before, r->nhid) : NULL;

	if (nh && is_nexthop_concerned(s, nh))
		return true;
	for (size_t i = 0; i < r->n_hops; i++)
		if (is_touched(s, r->hops[i].ifindex))
			return true;
	for (size_t i = 0; i < s->before->n_addrs; i++)
		if (r->prefsrc.family && vmn_ip_eq(&s->before->addrs[i].local, &r->prefsrc) &&
		    is_touched(s, s->before->addrs[i].ifindex))
			return true;
	return false;
}

static bool has_route(const struct vmn_snapshot *in, const struct vmn_route *r)
{
	for (size_t i = 0; i < in->n_routes; i++)
		if (vmn_record_eq(&vmn_route_record, r, &in->routes[i]))
			return true;
	return false;
}

static int add_route(struct settle *s, const struct vmn_route *r, struct vmn_err *err)
{
	/* Several routes of IPv4 may differ in their next hop only: each goes behind those before.
	 */
	int flags = NLM_F_CREATE | (r->family == AF_INET ? NLM_F_APPEND : 0);
	vmn_auto_nl_msg struct nl_msg *msg = raw_msg(RTM_NEWROUTE, flags, &r->raw);

	if (!msg || (r->expires_s && nla_put_u32(msg, RTA_EXPIRES, left_of(s, r->expires_s)) < 0))
		return vmn_err_oom(err);
	return vmn_rtnl_change(s->c->rtnl, msg, err);
}

/*
 * IPv6's own routes to local addresses cannot be made by hand, for a metric of 0 is not accepted.
 * They come with their address, once the kernel's work queue gets to it.
 */
static bool comes_by_itself(const struct vmn_route *r)
{
	return r->family == AF_INET6 && r->proto == RTPROT_KERNEL && r->priority == 0 &&
	       (r->type == RTN_LOCAL || r->type == RTN_ANYCAST);
}

/* A next hop object is only accepted on a link with a carrier, which may come after it is up. */
static bool needs_carrier(const struct settle *s, const struct vmn_nhobj *nh)
{
	const struct vmn_link *link = vmn_snapshot_link_at(&s->now, nh->ifindex);

	return is_touched(s, nh->ifindex) && link->flags & IFF_UP && !link->has_carrier;
}

static bool is_ready(const struct settle *s)
{
	const struct vmn_snapshot *b = s->before;

	for (size_t i = 0; i < b->n_nexthops; i++)
		if (needs_carrier(s, &b->nexthops[i]))
			return false;
	for (size_t i = 0; i < b->n_addrs; i++) {
		const struct vmn_addr *now = find_addr(&s->now, &b->addrs[i]);

		if (is_touched(s, b->addrs[i].ifindex) && now && is_in_dad(&b->addrs[i], now))
			return false;
	}
	for (size_t i = 0; i < b->n_routes; i++)
		if (comes_by_itself(&b->routes[i]) && is_concerned(s, &b->routes[i]) &&
		    !has_route(&s->now, &b->routes[i]))
			return false;
	return true;
}

/* The kernel finishes an IPv6 address on a work queue. What does not get ready is no failure. */
static int wait_until_ready(struct settle *s, struct vmn_err *err)
{
	int64_t deadline_ms = vmn_deadline_in(WAIT_MS);
	int rc = look(s, err);

	while (rc == 0 && !is_ready(s) && vmn_deadline_left(deadline_ms) > 0) {
		struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};

		(void)nanosleep(&pause, NULL);
		rc = look(s, err);
	}
	return rc;
}

static int del_made_routes(struct settle *s, struct vmn_err *err)
{
	for (size_t i = 0; i < s->now.n_routes; i++) {
		const struct vmn_route *r = &s->now.routes[i];
		vmn_auto_nl_msg struct nl_msg *msg = NULL;

		if (r->proto != RTPROT_KERNEL || !is_concerned(s, r) || has_route(s->before, r))
			continue;
		msg = raw_msg(RTM_DELROUTE, 0, &r->raw);
		if (!msg)
			return vmn_err_oom(err);
		if (send_raw(s, msg, ESRCH, ENOENT, err) < 0)
			return vmn_err_wrap(err, "cannot delete a route");
	}
	return 0;
}

/* What is to be added: next hop objects of the snapshot before, then its routes. */
struct todo {
	bool *is_done;
	size_t n_nexthops, n;
};

static int add_item(struct settle *s, const struct todo *todo, size_t i, struct vmn_err *err)
{
	const struct vmn_route *r;

	if (i < todo->n_nexthops)
		return add_nexthop(s, &s->before->nexthops[i], err);
	r = &s->before->routes[i - todo->n_nexthops];
	if (add_route(s, r, err) < 0)
		return vmn_err_wrap(err, "cannot restore a route of table %u", r->table);
	return 0;
}

static bool is_settled(const struct settle *s, const struct todo *todo, size_t i)
{
	const struct vmn_route *r;

	if (i < todo->n_nexthops)
		return is_nexthop_settled(s, &s->before->nexthops[i]);
	r = &s->before->routes[i - todo->n_nexthops];
	return !is_concerned(s, r) || comes_by_itself(r) || has_route(&s->now, r);
}

/*
 * Gateways need the routes to them first, groups of next hops their members, and routes those: go
 * round until nothing more can be added.
 */
static void add_in_rounds(struct settle *s, struct todo *todo)
{
	bool has_progress = true;

	while (has_progress) {
		has_progress = false;
		for (size_t i = 0; i < todo->n; i++) {
			vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

			if (todo->is_done[i])
				continue;
			todo->is_done[i] = add_item(s, todo, i, &why) == 0;
			has_progress |= todo->is_done[i];
		}
	}
}

static int settle_routes(struct settle *s, struct vmn_err *err)
{
	size_t n = s->before->n_nexthops + s->before->n_routes;
	vmn_auto_free bool *is_done = vmn_xcalloc(n + 1, sizeof(*is_done));
	struct todo todo = {is_done, s->before->n_nexthops, n};
	int rc = del_made_routes(s, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		is_done[i] = is_settled(s, &todo, i);
	add_in_rounds(s, &todo);
	rc = look(s, err); /* a refused one may have come by itself */
	for (size_t i = 0; i < n && rc == 0; i++)
		if (!is_done[i] && !is_settled(s, &todo, i))
			rc = add_item(s, &todo, i, err);
	return rc;
}

/* --- neighbours ----------------------------------------------------------------------- */

static bool has_neigh(const struct vmn_snapshot *in, const struct vmn_neigh *n)
{
	for (size_t i = 0; i < in->n_neighs; i++)
		if (vmn_record_eq(&vmn_neigh_record, n, &in->neighs[i]))
			return true;
	return false;
}

static int settle_neighs(struct settle *s, struct vmn_err *err)
{
	for (size_t i = 0; i < s->before->n_neighs; i++) {
		const struct vmn_neigh *n = &s->before->neighs[i];
		vmn_auto_nl_msg struct nl_msg *msg = NULL;

		if (!is_touched(s, n->ifindex) || has_neigh(&s->now, n))
			continue;
		msg = raw_msg(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &n->raw);
		if (!msg)
			return vmn_err_oom(err);
		if (vmn_rtnl_change(s->c->rtnl, msg, err) < 0)
			return vmn_err_wrap(err, "cannot restore a neighbour");
	}
	return 0;
}

/* --- qdiscs --------------------------------------------------------------------------- */

enum { OUR_QDISC = 0x7e1f << 16 }; /* a handle that nobody has by chance */

static const struct vmn_qdisc *root_qdisc(const struct vmn_snapshot *in, int ifindex)
{
	for (size_t i = 0; i < in->n_qdiscs; i++)
		if (in->qdiscs[i].ifindex == ifindex && in->qdiscs[i].parent == TC_H_ROOT)
			return &in->qdiscs[i];
	return NULL;
}

static int change_qdisc(struct settle *s, int type, int ifindex, struct vmn_err *err)
{
	struct tcmsg tcm = {
		.tcm_ifindex = ifindex, .tcm_parent = TC_H_ROOT, .tcm_handle = OUR_QDISC};
	int flags = type == RTM_NEWQDISC ? NLM_F_CREATE | NLM_F_REPLACE : 0;
	vmn_auto_nl_msg struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (!msg || nlmsg_append(msg, &tcm, sizeof(tcm), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(msg, TCA_KIND, "pfifo") < 0)
		return vmn_err_oom(err);
	if (vmn_rtnl_change(s->c->rtnl, msg, err) < 0)
		return vmn_err_wrap(err, "cannot restore the qdisc of a link that is down");
	return 0;
}

/*
 * Qdiscs outlive all that we do to a link. But one that was never up has none, and gets the default
 * one when it comes up: only deleting one of another handle leaves it without again.
 */
static int settle_qdiscs(struct settle *s, struct vmn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->n && rc == 0; i++) {
		const struct vmn_link *link = vmn_snapshot_link_at(&s->now, s->ifindexes[i]);
		const struct vmn_qdisc *now = root_qdisc(&s->now, s->ifindexes[i]);

		if (!link || link->flags & IFF_UP || !now ||
		    root_qdisc(s->before, s->ifindexes[i]) ||
		    (now->handle != 0 && now->handle != OUR_QDISC))
			continue;
		rc = change_qdisc(s, RTM_NEWQDISC, link->ifindex, err);
		if (rc == 0)
			rc = change_qdisc(s, RTM_DELQDISC, link->ifindex, err);
	}
	return rc;
}

/* --- all ------------------------------------------------------------------------------ */

int vmn_change_settle(struct vmn_changer *c, const struct vmn_snapshot *before,
		      const int *ifindexes, size_t n, struct vmn_err *err)
{
	struct settle s = {.c = c, .before = before, .ifindexes = ifindexes, .n = n};
	vmn_auto_err struct vmn_err late = VMN_ERR_INIT;
	int rc = look(&s, err);

	if (rc == 0)
		rc = set_all_dad(&s, "0", err);
	if (rc == 0)
		rc = settle_addrs(&s, err);
	if (rc == 0)
		rc = wait_until_ready(&s, err); /* they bring routes */
	if (rc == 0)
		rc = settle_routes(&s, err);
	if (rc == 0)
		rc = settle_neighs(&s, err);
	if (rc == 0)
		rc = settle_qdiscs(&s, err);
	if (set_all_dad(&s, NULL, &late) < 0 && rc == 0)
		rc = vmn_err_move(err, &late);
	vmn_snapshot_clear(&s.now);
	return rc;
}
