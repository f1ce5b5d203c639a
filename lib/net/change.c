/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/data/json.h"
#include "lib/net/change.h"
#include "lib/net/decode.h"
#include "lib/net/nft.h"
#include "lib/net/record.h"

/* --- what was before ------------------------------------------------------------------ */

struct json_object *vmn_before_json(const struct vmn_before *before)
{
	struct json_object *out = json_object_new_object();

	if (before->link.ifindex)
		vmn_json_set_take(out, "link", vmn_record_json(&vmn_link_record, &before->link));
	if (before->has_addr)
		vmn_json_set_bool(out, "hasAddr", true);
	if (before->value)
		vmn_json_set_str(out, "value", before->value);
	return out;
}

int vmn_before_parse(struct json_object *json, struct vmn_before *ret, struct vmn_err *err)
{
	struct json_object *link = vmn_json_get(json, "/link");
	const char *value = vmn_json_str(json, "/value");

	ret->has_addr = vmn_json_bool(json, "/hasAddr", false);
	ret->value = value ? vmn_xstrdup(value) : NULL;
	return link ? vmn_record_parse(&vmn_link_record, link, &ret->link, err) : 0;
}

void vmn_before_clear(struct vmn_before *before)
{
	free(before->value);
	*before = (struct vmn_before){0};
}

/* --- looking -------------------------------------------------------------------------- */

static int keep_link(void *arg, const struct nlmsghdr *h, struct vmn_err *err)
{
	int rc = vmn_decode_link(h, arg, err);

	return rc < 0 ? rc : 0;
}

/* The link @ref. Return: 0; @ret->ifindex is 0 when there is none */
static int get_link(struct vmn_changer *c, const struct vmn_step_link *ref, struct vmn_link *ret,
		    struct vmn_err *err)
{
	vmn_auto_nl_msg struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, 0);
	struct ifinfomsg ifi = {.ifi_index = ref->ifindex};
	int rc;

	*ret = (struct vmn_link){0};
	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 ||
	    (!ref->ifindex && nla_put_string(msg, IFLA_IFNAME, ref->name) < 0))
		return vmn_err_oom(err);
	rc = vmn_rtnl_get(c->rtnl, msg, keep_link, ret, err);
	if (rc < 0 && err->sys == ENODEV) {
		vmn_err_clear(err);
		*ret = (struct vmn_link){0};
		return 0;
	}
	return rc < 0 ? vmn_err_wrap(err, "cannot look at link '%s'", ref->name) : 0;
}

static int need_link(struct vmn_changer *c, struct vmn_step_link *ref, struct vmn_link *ret,
		     struct vmn_err *err)
{
	int rc = get_link(c, ref, ret, err);

	if (rc < 0)
		return rc;
	if (!ret->ifindex)
		return vmn_err_set(err, VMN_E_NOT_FOUND, "there is no link '%s'", ref->name);
	ref->ifindex = ret->ifindex;
	return 0;
}

static int look_new(struct vmn_changer *c, const struct vmn_step *step, struct vmn_before *ret,
		    struct vmn_err *err)
{
	int rc = get_link(c, &step->link, &ret->link, err);

	if (rc < 0)
		return rc;
	if (ret->link.ifindex)
		return vmn_err_set(err, VMN_E_EXISTS, "there is a link '%s' already",
				   step->link.name);
	ret->link.ifindex = c->next_ifindex++;
	if (*step->name) /* the other end of a veth has the number after it */
		c->next_ifindex++;
	memcpy(ret->link.name, step->link.name, sizeof(ret->link.name));
	return 0;
}

struct addr_search {
	const struct vmn_step *step;
	bool is_found;
};

static void forget_addr(void *arg)
{
	((struct addr_search *)arg)->is_found = false;
}

static int find_addr(void *arg, const struct nlmsghdr *h, struct vmn_err *err)
{
	struct addr_search *s = arg;
	const struct vmn_addr *want = &s->step->addr;
	struct vmn_addr addr = {0};
	int rc = vmn_decode_addr(h, &addr, err);

	if (rc == 1 && addr.ifindex == s->step->link.ifindex &&
	    vmn_ip_eq(&addr.local, &want->local) && addr.prefix_len == want->prefix_len)
		s->is_found = true;
	vmn_record_clear(&vmn_addr_record, &addr);
	return rc < 0 ? rc : 0;
}

static int look_addr(struct vmn_changer *c, const struct vmn_step *step, struct vmn_before *ret,
		     struct vmn_err *err)
{
	vmn_auto_nl_msg struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETADDR, 0);
	struct ifaddrmsg ifa = {.ifa_family = (uint8_t)step->addr.local.family,
				.ifa_index = (unsigned)step->link.ifindex};
	struct addr_search s = {.step = step};
	int rc;

	if (!msg || nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO) < 0)
		return vmn_err_oom(err);
	rc = vmn_rtnl_dump(c->rtnl, msg, forget_addr, find_addr, &s, err);
	ret->has_addr = s.is_found;
	return rc < 0 ? vmn_err_wrap(err, "cannot read addresses") : 0;
}

int vmn_change_look(struct vmn_changer *c, struct vmn_step *step, struct vmn_before *ret,
		    struct vmn_err *err)
{
	struct vmn_link other;
	int rc;

	if (step->kind == VMN_STEP_NFT)
		return 0;
	if (step->kind == VMN_STEP_SYSCTL)
		return vmn_sysctl_read(c->ns, step->key, &ret->value, err);
	if (step->kind == VMN_STEP_LINK_ADD || step->kind == VMN_STEP_TAP_ADD)
		return look_new(c, step, ret, err);
	rc = need_link(c, &step->link, &ret->link, err);
	if (rc == 0 && *step->other.name)
		rc = need_link(c, &step->other, &other, err);
	if (rc == 0 && step->kind == VMN_STEP_LINK_MAC && !step->has_mac) {
		memcpy(step->mac, other.mac, sizeof(step->mac));
		step->has_mac = true;
	}
	if (rc == 0 && step->kind == VMN_STEP_ADDR_ADD)
		rc = look_addr(c, step, ret, err);
	return rc;
}

/* --- links ---------------------------------------------------------------------------- */

/* A request about the link @ifindex; NULL: no memory. */
static struct nl_msg *link_msg(int type, int flags, struct ifinfomsg ifi)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (msg && nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0)
		vmn_nl_msg_free_p(&msg);
	return msg;
}

static int put_peer(struct nl_msg *msg, const char *name, int ifindex)
{
	struct ifinfomsg ifi = {.ifi_index = ifindex};
	struct nlattr *data, *peer;

	if (!*name)
		return 0;
	data = nla_nest_start(msg, IFLA_INFO_DATA);
	peer = data ? nla_nest_start(msg, VETH_INFO_PEER) : NULL;
	if (!peer || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(msg, IFLA_IFNAME, name) < 0)
		return -1;
	nla_nest_end(msg, peer);
	nla_nest_end(msg, data);
	return 0;
}

static int put_linkinfo(struct nl_msg *msg, const struct vmn_step *step, int ifindex)
{
	struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO);

	if (!info || nla_put_string(msg, IFLA_INFO_KIND, step->type) < 0 ||
	    put_peer(msg, step->name, ifindex + 1) < 0)
		return -1;
	nla_nest_end(msg, info);
	return 0;
}

static int add_link(struct vmn_changer *c, const struct vmn_step *step, int ifindex,
		    struct vmn_err *err)
{
	vmn_auto_nl_msg struct nl_msg *msg = link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
						      (struct ifinfomsg){.ifi_index = ifindex});

	if (!msg || nla_put_string(msg, IFLA_IFNAME, step->link.name) < 0 ||
	    (step->has_mac && nla_put(msg, IFLA_ADDRESS, VMN_MAC_SIZE, step->mac) < 0) ||
	    (step->mtu && nla_put_u32(msg, IFLA_MTU, step->mtu) < 0) ||
	    put_linkinfo(msg, step, ifindex) < 0)
		return vmn_err_oom(err);
	return vmn_rtnl_change(c->rtnl, msg, err);
}

static int set_link(struct vmn_changer *c, int ifindex, int attr, const void *data, size_t len,
		    struct vmn_err *err)
{
	vmn_auto_nl_msg struct nl_msg *msg =
		link_msg(RTM_NEWLINK, 0, (struct ifinfomsg){.ifi_index = ifindex});

	if (!msg || nla_put(msg, attr, (int)len, data) < 0)
		return vmn_err_oom(err);
	return vmn_rtnl_change(c->rtnl, msg, err);
}

static int set_u32(struct vmn_changer *c, int ifindex, int attr, uint32_t value,
		   struct vmn_err *err)
{
	return set_link(c, ifindex, attr, &value, sizeof(value), err);
}

static int set_text(struct vmn_changer *c, int ifindex, int attr, const char *text,
		    struct vmn_err *err)
{
	return set_link(c, ifindex, attr, text, strlen(text) + 1, err);
}

static int set_up(struct vmn_changer *c, int ifindex, bool is_up, struct vmn_err *err)
{
	vmn_auto_nl_msg struct nl_msg *msg =
		link_msg(RTM_NEWLINK, 0,
			 (struct ifinfomsg){.ifi_index = ifindex,
					    .ifi_flags = is_up ? IFF_UP : 0,
					    .ifi_change = IFF_UP});

	return msg ? vmn_rtnl_change(c->rtnl, msg, err) : vmn_err_oom(err);
}

static int set_addrgen(struct vmn_changer *c, int ifindex, int mode, struct vmn_err *err)
{
	vmn_auto_nl_msg struct nl_msg *msg =
		link_msg(RTM_SETLINK, 0, (struct ifinfomsg){.ifi_index = ifindex});
	struct nlattr *spec = msg ? nla_nest_start(msg, IFLA_AF_SPEC) : NULL;
	struct nlattr *v6 = spec ? nla_nest_start(msg, AF_INET6) : NULL;

	if (!v6 || nla_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, (uint8_t)mode) < 0)
		return vmn_err_oom(err);
	nla_nest_end(msg, v6);
	nla_nest_end(msg, spec);
	return vmn_rtnl_change(c->rtnl, msg, err);
}

static int set_brport(struct vmn_changer *c, int ifindex, unsigned value, unsigned mask,
		      struct vmn_err *err)
{
	static const struct {
		unsigned flag;
		int attr;
	} rows[] = {
		{VMN_BRPORT_LEARNING, IFLA_BRPORT_LEARNING},
		{VMN_BRPORT_ISOLATED, IFLA_BRPORT_ISOLATED},
		{VMN_BRPORT_HAIRPIN, IFLA_BRPORT_MODE},
		{VMN_BRPORT_FLOOD, IFLA_BRPORT_UNICAST_FLOOD},
	};
	vmn_auto_nl_msg struct nl_msg *msg = link_msg(
		RTM_SETLINK, 0, (struct ifinfomsg){.ifi_family = AF_BRIDGE, .ifi_index = ifindex});
	struct nlattr *info = msg ? nla_nest_start(msg, IFLA_PROTINFO) : NULL;

	if (!info)
		return vmn_err_oom(err);
	info->nla_type |= NLA_F_NESTED; /* the old form without it is one byte of port state */
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++)
		if (mask & rows[i].flag &&
		    nla_put_u8(msg, rows[i].attr, value & rows[i].flag ? 1 : 0) < 0)
			return vmn_err_oom(err);
	nla_nest_end(msg, info);
	return vmn_rtnl_change(c->rtnl, msg, err);
}

static int del_link(struct vmn_changer *c, int ifindex, struct vmn_err *err)
{
	vmn_auto_nl_msg struct nl_msg *msg =
		link_msg(RTM_DELLINK, 0, (struct ifinfomsg){.ifi_index = ifindex});

	return msg ? vmn_rtnl_change(c->rtnl, msg, err) : vmn_err_oom(err);
}

/* --- taps ----------------------------------------------------------------------------- */

struct tap_call {
	const struct vmn_step *step;
	unsigned ifindex;
};

/* Persistent only at the end: a crash before that leaves nothing. */
static int make_tap(void *arg, struct vmn_err *err)
{
	const struct tap_call *t = arg;
	const struct vmn_step *s = t->step;
	struct ifreq ifr = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL)};
	vmn_auto_close int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return vmn_err_sys(err, errno, "cannot open /dev/net/tun");
	memcpy(ifr.ifr_name, s->link.name, sizeof(ifr.ifr_name));
	if (s->has_vnet_hdr)
		ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_VNET_HDR);
	if (s->queues > 1)
		ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_MULTI_QUEUE);
	if (ioctl(fd, TUNSETIFINDEX, &t->ifindex) < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0)
		return vmn_err_sys(err, errno, "cannot make a tap");
	if ((s->owner >= 0 && ioctl(fd, TUNSETOWNER, (unsigned long)s->owner) < 0) ||
	    (s->group >= 0 && ioctl(fd, TUNSETGROUP, (unsigned long)s->group) < 0)) {
		(void)vmn_err_sys(err, errno, "cannot give a tap to its owner");
		return vmn_err_hint(err,
				    "--tap-owner names one that exists in this user namespace");
	}
	if (ioctl(fd, TUNSETPERSIST, 1UL) < 0)
		return vmn_err_sys(err, errno, "cannot make a tap");
	return 0;
}

static int add_tap(struct vmn_changer *c, const struct vmn_step *step, int ifindex,
		   struct vmn_err *err)
{
	struct tap_call t = {step, (unsigned)ifindex};
	int errnum = vmn_netns_ask_hook(c->ns, "tun");
	int rc = errnum ? vmn_err_sys(err, errnum, "cannot make a tap")
			: vmn_netns_run(c->ns, make_tap, &t, err);

	return rc == 0 && step->mtu ? set_u32(c, ifindex, IFLA_MTU, step->mtu, err) : rc;
}

/* --- addresses and routes ------------------------------------------------------------- */

static int put_ip(struct nl_msg *msg, int attr, const struct vmn_ip *ip)
{
	if (!ip->family)
		return 0;
	return nla_put(msg, attr, ip->family == AF_INET6 ? 16 : 4, ip->bytes);
}

static struct nl_msg *addr_msg(int type, int flags, const struct vmn_addr *a, int ifindex)
{
	struct ifaddrmsg ifa = {
		.ifa_family = (uint8_t)a->local.family,
		.ifa_prefixlen = (uint8_t)a->prefix_len,
		.ifa_scope = (uint8_t)a->scope,
		.ifa_index = (unsigned)ifindex,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (msg && (nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO) < 0 ||
		    put_ip(msg, IFA_LOCAL, &a->local) < 0 ||
		    put_ip(msg, IFA_ADDRESS, a->peer.family ? &a->peer : &a->local) < 0))
		vmn_nl_msg_free_p(&msg);
	return msg;
}

/* A label is the name of the link, or that and a suffix: what fits another link is not sent. */
static bool does_label_fit(const struct vmn_addr *a, const char *link)
{
	size_t len = strlen(link);

	return *a->label && strncmp(a->label, link, len) == 0 &&
	       (a->label[len] == '\0' || a->label[len] == ':');
}

static int add_addr(struct vmn_changer *c, const struct vmn_step *step, int ifindex,
		    struct vmn_err *err)
{
	const struct vmn_addr *a = &step->addr;
	bool has_end = a->valid_s && a->valid_s != UINT32_MAX;
	struct ifa_cacheinfo ci = {
		.ifa_valid = has_end ? a->valid_s : UINT32_MAX,
		.ifa_prefered = a->flags & IFA_F_DEPRECATED ? 0
				: has_end		    ? a->preferred_s
							    : UINT32_MAX,
	};
	vmn_auto_nl_msg struct nl_msg *msg =
		addr_msg(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, a, ifindex);

	if (!msg || put_ip(msg, IFA_BROADCAST, &a->brd) < 0 ||
	    (does_label_fit(a, step->link.name) && nla_put_string(msg, IFA_LABEL, a->label) < 0) ||
	    nla_put_u32(msg, IFA_FLAGS, a->flags & ~(uint32_t)IFA_F_TENTATIVE) < 0 ||
	    (a->metric && nla_put_u32(msg, IFA_RT_PRIORITY, a->metric) < 0) ||
	    nla_put(msg, IFA_CACHEINFO, sizeof(ci), &ci) < 0)
		return vmn_err_oom(err);
	return vmn_rtnl_change(c->rtnl, msg, err);
}

/* What is gone already is fine. */
static int del_addr(struct vmn_changer *c, const struct vmn_addr *a, int ifindex,
		    struct vmn_err *err)
{
	vmn_auto_nl_msg struct nl_msg *msg = addr_msg(RTM_DELADDR, 0, a, ifindex);
	int rc;

	if (!msg)
		return vmn_err_oom(err);
	rc = vmn_rtnl_change(c->rtnl, msg, err);
	if (rc < 0 && (err->sys == EADDRNOTAVAIL || err->sys == ENODEV)) {
		vmn_err_clear(err);
		return 0;
	}
	return rc;
}

static int change_route(struct vmn_changer *c, int type, const struct vmn_route *r, int ifindex,
			struct vmn_err *err)
{
	struct rtmsg rtm = {
		.rtm_family = (uint8_t)r->family,
		.rtm_dst_len = (uint8_t)r->dst_len,
		.rtm_tos = r->tos,
		.rtm_table = RT_TABLE_UNSPEC,
		.rtm_protocol = r->proto ? r->proto : RTPROT_BOOT,
		.rtm_scope = r->scope,
		.rtm_type = r->type ? r->type : RTN_UNICAST,
		.rtm_flags = r->n_hops ? r->hops[0].flags & RTNH_F_ONLINK : 0,
	};
	int flags = type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0;
	vmn_auto_nl_msg struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (!msg || nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, RTA_TABLE, r->table ? r->table : RT_TABLE_MAIN) < 0 ||
	    put_ip(msg, RTA_DST, &r->dst) < 0 || put_ip(msg, RTA_PREFSRC, &r->prefsrc) < 0 ||
	    (r->n_hops && put_ip(msg, RTA_GATEWAY, &r->hops[0].via) < 0) ||
	    nla_put_u32(msg, RTA_OIF, (uint32_t)ifindex) < 0 ||
	    (r->priority && nla_put_u32(msg, RTA_PRIORITY, r->priority) < 0))
		return vmn_err_oom(err);
	return vmn_rtnl_change(c->rtnl, msg, err);
}

/* --- doing ---------------------------------------------------------------------------- */

static int do_step(struct vmn_changer *c, const struct vmn_step *s, const struct vmn_before *b,
		   struct vmn_err *err)
{
	int ifindex = b->link.ifindex;

	switch (s->kind) {
	case VMN_STEP_LINK_ADD:
		return add_link(c, s, ifindex, err);
	case VMN_STEP_TAP_ADD:
		return add_tap(c, s, ifindex, err);
	case VMN_STEP_LINK_RENAME:
		return set_text(c, ifindex, IFLA_IFNAME, s->name, err);
	case VMN_STEP_LINK_MAC:
		return set_link(c, ifindex, IFLA_ADDRESS, s->mac, sizeof(s->mac), err);
	case VMN_STEP_LINK_MTU:
		return set_u32(c, ifindex, IFLA_MTU, s->value, err);
	case VMN_STEP_LINK_UP:
	case VMN_STEP_LINK_DOWN:
		return set_up(c, ifindex, s->kind == VMN_STEP_LINK_UP, err);
	case VMN_STEP_LINK_MASTER:
		return set_u32(c, ifindex, IFLA_MASTER, (uint32_t)s->other.ifindex, err);
	case VMN_STEP_LINK_ADDRGEN:
		return b->link.addrgenmode < 0 ? 0 : set_addrgen(c, ifindex, (int)s->value, err);
	case VMN_STEP_LINK_ALIAS:
		return set_text(c, ifindex, IFLA_IFALIAS, s->text, err);
	case VMN_STEP_BRPORT:
		return set_brport(c, ifindex, s->value, s->mask, err);
	case VMN_STEP_ADDR_ADD:
		return b->has_addr ? 0 : add_addr(c, s, ifindex, err);
	case VMN_STEP_ADDR_DEL:
		return del_addr(c, &s->addr, ifindex, err);
	case VMN_STEP_ROUTE_ADD:
		return change_route(c, RTM_NEWROUTE, &s->route, ifindex, err);
	case VMN_STEP_SYSCTL:
		return vmn_sysctl_write(c->ns, s->key, s->text, err);
	case VMN_STEP_NFT:
		return vmn_nft_run(c->ns, s->text, NULL, err);
	}
	return vmn_err_set(err, VMN_E_INTERNAL, "step of unknown kind %d", s->kind);
}

/* The first line is enough: an nft transaction has many. */
static void wrap(const struct vmn_step *step, const char *what, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);

	vmn_step_text(step, &text);
	(void)vmn_err_wrap(err, "cannot %s '%.*s'", what, (int)strcspn(vmn_buf_str(&text), "\n"),
			   vmn_buf_str(&text));
}

int vmn_change_do(struct vmn_changer *c, const struct vmn_step *step,
		  const struct vmn_before *before, struct vmn_err *err)
{
	int rc = do_step(c, step, before, err);

	if (rc < 0)
		wrap(step, "do", err);
	return rc;
}

/* --- taking back ---------------------------------------------------------------------- */

static int undo_new(struct vmn_changer *c, const struct vmn_step *s, const struct vmn_link *now,
		    struct vmn_err *err)
{
	const char *kind = s->kind == VMN_STEP_TAP_ADD ? "tun" : s->type;

	/* Another link under our number has been made by somebody else, after ours went. */
	if (strcmp(now->kind, kind) != 0 || strcmp(now->name, s->link.name) != 0)
		return 0;
	return del_link(c, now->ifindex, err);
}

static int undo_up(struct vmn_changer *c, const struct vmn_step *s, const struct vmn_link *now,
		   const struct vmn_link *was, struct vmn_err *err)
{
	bool is_up = now->flags & IFF_UP, was_up = was->flags & IFF_UP;

	if (is_up == was_up || is_up != (s->kind == VMN_STEP_LINK_UP))
		return 0;
	return set_up(c, now->ifindex, was_up, err);
}

/* Steps on the link @now, which was @b->link: only a value that is still ours goes back. */
static int undo_link(struct vmn_changer *c, const struct vmn_step *s, const struct vmn_before *b,
		     const struct vmn_link *now, struct vmn_err *err)
{
	const struct vmn_link *was = &b->link;

	switch (s->kind) {
	case VMN_STEP_LINK_ADD:
	case VMN_STEP_TAP_ADD:
		return undo_new(c, s, now, err);
	case VMN_STEP_LINK_RENAME:
		return strcmp(now->name, s->name) == 0
			       ? set_text(c, now->ifindex, IFLA_IFNAME, was->name, err)
			       : 0;
	case VMN_STEP_LINK_MAC:
		return memcmp(now->mac, s->mac, sizeof(s->mac)) == 0 &&
				       memcmp(was->mac, s->mac, sizeof(s->mac)) != 0
			       ? set_link(c, now->ifindex, IFLA_ADDRESS, was->mac, sizeof(was->mac),
					  err)
			       : 0;
	case VMN_STEP_LINK_MTU:
		return now->mtu == s->value && was->mtu != s->value
			       ? set_u32(c, now->ifindex, IFLA_MTU, was->mtu, err)
			       : 0;
	case VMN_STEP_LINK_UP:
	case VMN_STEP_LINK_DOWN:
		return undo_up(c, s, now, was, err);
	case VMN_STEP_LINK_MASTER:
		return now->master == s->other.ifindex && was->master != now->master
			       ? set_u32(c, now->ifindex, IFLA_MASTER, (uint32_t)was->master, err)
			       : 0;
	case VMN_STEP_LINK_ADDRGEN:
		return now->addrgenmode == (int)s->value && was->addrgenmode >= 0 &&
				       was->addrgenmode != now->addrgenmode
			       ? set_addrgen(c, now->ifindex, was->addrgenmode, err)
			       : 0;
	case VMN_STEP_LINK_ALIAS:
		return strcmp(now->alias, s->text) == 0 && strcmp(was->alias, s->text) != 0
			       ? set_text(c, now->ifindex, IFLA_IFALIAS, was->alias, err)
			       : 0;
	case VMN_STEP_BRPORT:
		return now->is_brport && ((now->brport ^ was->brport) & s->mask)
			       ? set_brport(c, now->ifindex, was->brport, s->mask, err)
			       : 0;
	case VMN_STEP_ADDR_ADD:
		return b->has_addr ? 0 : del_addr(c, &s->addr, now->ifindex, err);
	case VMN_STEP_ROUTE_ADD:
		return change_route(c, RTM_DELROUTE, &s->route, now->ifindex, err);
	case VMN_STEP_ADDR_DEL: /* vmn_change_settle() brings it back, as it was */
	case VMN_STEP_SYSCTL:
	case VMN_STEP_NFT:
		break;
	}
	return 0;
}

static int undo_sysctl(struct vmn_changer *c, const struct vmn_step *s, const struct vmn_before *b,
		       struct vmn_err *err)
{
	vmn_auto_free char *now = NULL;
	int rc = vmn_sysctl_read(c->ns, s->key, &now, err);

	if (rc == -VMN_E_NOT_FOUND) { /* of a link that is gone */
		vmn_err_clear(err);
		return 0;
	}
	if (rc < 0 || strcmp(now, s->text) != 0 || strcmp(now, b->value) == 0)
		return rc;
	return vmn_sysctl_write(c->ns, s->key, b->value, err);
}

static int undo_step(struct vmn_changer *c, const struct vmn_step *s, const struct vmn_before *b,
		     struct vmn_err *err)
{
	struct vmn_step_link ref = {.ifindex = b->link.ifindex};
	struct vmn_link now;
	int rc;

	if (s->kind == VMN_STEP_SYSCTL)
		return undo_sysctl(c, s, b, err);
	if (s->kind == VMN_STEP_NFT)
		return vmn_nft_run(c->ns, s->undo, NULL, err);
	rc = get_link(c, &ref, &now, err);
	if (rc == 0 && now.ifindex)
		rc = undo_link(c, s, b, &now, err);
	if (rc < 0 &&
	    (err->sys == ENODEV || (s->kind == VMN_STEP_ROUTE_ADD && err->sys == ESRCH))) {
		vmn_err_clear(err);
		return 0;
	}
	return rc;
}

int vmn_change_undo(struct vmn_changer *c, const struct vmn_step *step,
		    const struct vmn_before *before, struct vmn_err *err)
{
	int rc = undo_step(c, step, before, err);

	if (rc < 0)
		wrap(step, "take back", err);
	return rc;
}

/* --- is there such a kind? ------------------------------------------------------------ */

/*
 * The kernel looks for the kind before it looks at the number of queues, of which no device may
 * have that many: what is known is refused as invalid, what is not as unsupported.
 */
int vmn_link_kind_known(const struct vmn_netns *ns, const char *kind, bool *ret,
			struct vmn_err *err)
{
	struct vmn_step step = {.kind = VMN_STEP_LINK_ADD, .link = vmn_step_link_new("vmn-probe")};
	vmn_auto_nl_msg struct nl_msg *msg =
		link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (struct ifinfomsg){0});
	vmn_auto_rtnl struct vmn_rtnl *rtnl = NULL;
	int rc = vmn_rtnl_open(ns, &rtnl, err);

	if (rc < 0)
		return rc;
	memcpy(step.type, kind, strnlen(kind, sizeof(step.type) - 1));
	if (!msg || nla_put_string(msg, IFLA_IFNAME, step.link.name) < 0 ||
	    nla_put_u32(msg, IFLA_NUM_TX_QUEUES, 1U << 20) < 0 || put_linkinfo(msg, &step, 0) < 0)
		return vmn_err_oom(err);
	rc = vmn_rtnl_get(rtnl, msg, keep_link, &(struct vmn_link){0}, err);
	if (rc < 0 && err->sys != EINVAL && err->sys != EOPNOTSUPP)
		return vmn_err_wrap(err, "cannot ask for links of kind '%s'", kind);
	*ret = rc == 0 || err->sys == EINVAL;
	vmn_err_clear(err);
	return 0;
}
