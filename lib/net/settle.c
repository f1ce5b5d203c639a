/* SPDX-License-Identifier: Apache-2.0 */
/* what the kernel dropped or made as a side effect, put right again */
#include "config.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
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

/* --- routes --------------------------------------------------------------------------- */

/* Whether changing the touched links can have taken the route away. */
static bool is_concerned(const struct settle *s, const struct vmn_route *r)
{
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

static bool are_addrs_ready(const struct settle *s)
{
	const struct vmn_snapshot *b = s->before;

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

/* The kernel finishes an IPv6 address on a work queue. One that it never does is no failure. */
static int wait_for_addrs(struct settle *s, struct vmn_err *err)
{
	int64_t deadline_ms = vmn_deadline_in(WAIT_MS);
	int rc = look(s, err);

	while (rc == 0 && !are_addrs_ready(s) && vmn_deadline_left(deadline_ms) > 0) {
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

/* Gateways need the routes to them first: go round until nothing more can be added. */
static int settle_routes(struct settle *s, struct vmn_err *err)
{
	const struct vmn_snapshot *b = s->before;
	vmn_auto_free bool *is_done = vmn_xcalloc(b->n_routes + 1, sizeof(*is_done));
	bool has_progress = true;
	int rc = del_made_routes(s, err);

	for (size_t i = 0; i < b->n_routes; i++)
		is_done[i] = !is_concerned(s, &b->routes[i]) || comes_by_itself(&b->routes[i]) ||
			     has_route(&s->now, &b->routes[i]);
	while (rc == 0 && has_progress) {
		has_progress = false;
		for (size_t i = 0; i < b->n_routes; i++) {
			vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

			if (is_done[i])
				continue;
			is_done[i] = add_route(s, &b->routes[i], &why) == 0;
			has_progress |= is_done[i];
		}
	}
	if (rc == 0)
		rc = look(s, err); /* a refused one may have come by itself */
	for (size_t i = 0; i < b->n_routes && rc == 0; i++)
		if (!is_done[i] && !has_route(&s->now, &b->routes[i]) &&
		    (rc = add_route(s, &b->routes[i], err)) < 0)
			(void)vmn_err_wrap(err, "cannot restore a route of table %u",
					   b->routes[i].table);
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
		rc = wait_for_addrs(&s, err); /* they bring routes */
	if (rc == 0)
		rc = settle_routes(&s, err);
	if (rc == 0)
		rc = settle_neighs(&s, err);
	if (set_all_dad(&s, NULL, &late) < 0 && rc == 0)
		rc = vmn_err_move(err, &late);
	vmn_snapshot_clear(&s.now);
	return rc;
}
