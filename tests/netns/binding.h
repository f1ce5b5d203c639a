/* SPDX-License-Identifier: Apache-2.0 */
/* binding.h - a namespace in which a VM's interface is set up and taken back, and how it was */
#ifndef VMN_TESTS_BINDING_H
#define VMN_TESTS_BINDING_H

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>

#include "lib/base/clock.h"
#include "lib/binding/apply.h"
#include "tests/netns/netns.h"

struct world {
	int fd;
	struct vmn_netns *ns;
	char dir[64];
	struct vmn_snapshot before;
	bool is_dumped; /* what the tools show is in a file of @dir */
};

static const char *const keys[] = {"net/ipv4/conf/all/arp_ignore", "net/ipv4/ip_forward",
				   "net/ipv6/conf/all/forwarding", NULL};

static inline void must(int rc, const struct vmn_err *err)
{
	if (rc < 0)
		fail_msg("%s (%s)", vmn_err_text(err), err->hint ? err->hint : "");
}

static inline void look(const struct world *w, struct vmn_snapshot *ret)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	must(vmn_snapshot_take(w->ns, keys, ret, &err), &err);
}

/* Has the kernel done what an address makes it do later: detect duplicates, route to it? */
static inline bool is_addr_ready(const struct vmn_snapshot *s, const struct vmn_addr *a)
{
	if (a->local.family != AF_INET6)
		return true;
	for (size_t i = 0; i < s->n_routes; i++)
		if (s->routes[i].type == RTN_LOCAL && vmn_ip_eq(&s->routes[i].dst, &a->local))
			return !(a->flags & IFA_F_TENTATIVE);
	return false;
}

/* Does a link that is up still lack the link-local address it will have? */
static inline bool is_link_ready(const struct vmn_snapshot *s, const struct vmn_link *l)
{
	vmn_auto_free char *key = vmn_xasprintf("net/ipv6/conf/%s/disable_ipv6", l->name);

	/* without a carrier there is none */
	if (!(l->flags & IFF_UP) || !l->has_carrier || l->flags & IFF_LOOPBACK ||
	    l->addrgenmode != IN6_ADDR_GEN_MODE_EUI64 ||
	    vmn_streq(vmn_snapshot_sysctl(s, key), "1"))
		return true;
	for (size_t i = 0; i < s->n_addrs; i++)
		if (s->addrs[i].ifindex == l->ifindex && s->addrs[i].scope == RT_SCOPE_LINK)
			return true;
	return false;
}

static inline bool is_ready(const struct vmn_snapshot *s)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (!is_link_ready(s, &s->links[i]))
			return false;
	for (size_t i = 0; i < s->n_addrs; i++)
		if (!is_addr_ready(s, &s->addrs[i]))
			return false;
	return true;
}

/* A snapshot of what stays as it is: the kernel configures IPv6 behind the back of `ip`. */
static inline void look_when_ready(const struct world *w, struct vmn_snapshot *ret)
{
	int64_t deadline_ms = vmn_deadline_in(20000);

	look(w, ret);
	while (!is_ready(ret)) {
		vmn_auto_buf struct vmn_buf all = VMN_BUF_INIT(0);
		struct vmn_snapshot none = {0};

		if (vmn_deadline_left(deadline_ms) == 0) {
			vmn_snapshot_diff(&none, ret, &all);
			fail_msg("never ready:\n%s", vmn_buf_str(&all));
		}
		(void)poll(NULL, 0, 5); /* the kernel's workqueues send no event for all of it */
		vmn_snapshot_clear(ret);
		look(w, ret);
	}
}

static inline void world_up(struct world *w, const char *script)
{
	*w = (struct world){.fd = netns_new(), .dir = "/tmp/vmnetctl-test.XXXXXX"};
	assert_non_null(mkdtemp(w->dir));
	netns_sh(w->fd, script);
	w->ns = netns_open(w->fd);
	look_when_ready(w, &w->before);
}

static inline void world_down(struct world *w)
{
	vmn_auto_free char *script = vmn_xasprintf("rm -r %s", w->dir);

	netns_sh(w->fd, script);
	vmn_snapshot_clear(&w->before);
	vmn_netns_free_p(&w->ns);
	(void)close(w->fd);
}

static inline struct vmn_journal *journal(struct world *w)
{
	struct vmn_journal_opts opts = {.state_dir = w->dir, .deadline_ms = vmn_deadline_in(5000)};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_journal *j = NULL;

	must(vmn_journal_open(w->ns, &opts, &j, &err), &err);
	return j;
}

/* What is set up; of the layout "host" a bridge with an address of each family. */
struct wish {
	const char *name;
	enum vmn_binding_kind kind;
	enum vmn_layout layout;
};

static inline void make_setup(const struct wish *wish, struct vmn_setup *setup)
{
	bool is_host = wish->layout == VMN_LAYOUT_HOST;
	struct vmn_setup_nic *nic = vmn_setup_add(setup, is_host ? "br7" : "default");

	setup->layout = wish->layout;
	nic->kind = wish->kind;
	nic->is_primary = true;
	if (!is_host)
		return;
	(void)snprintf(nic->bridge, sizeof(nic->bridge), "br7");
	(void)snprintf(nic->tap, sizeof(nic->tap), "tap7");
	assert_true(vmn_cidr_parse("192.168.57.1/24", &nic->cidr4));
	assert_true(vmn_cidr_parse("fd07::1/64", &nic->cidr6));
}

static inline int apply(struct world *w, const struct wish *wish, size_t *ret_steps,
			struct vmn_err *err)
{
	vmn_auto_journal struct vmn_journal *j = journal(w);
	vmn_auto_applied struct vmn_applied applied = {0};
	vmn_auto_setup struct vmn_setup setup = {0};
	int rc;

	make_setup(wish, &setup);
	rc = vmn_binding_apply(w->ns, j, &setup, false, &applied, err);
	*ret_steps = applied.plan.steps.n;
	return rc;
}

static inline int undo(struct world *w, struct vmn_err *err)
{
	vmn_auto_journal struct vmn_journal *j = journal(w);
	vmn_auto_strlist struct vmn_strlist undone = {0}, steps = {0};

	return vmn_binding_undo(j, NULL, false, &undone, &steps, err);
}

static inline int recover(struct world *w, struct vmn_err *err)
{
	vmn_auto_journal struct vmn_journal *j = journal(w);
	struct vmn_recovery done;

	return vmn_journal_recover(j, &done, err);
}

static inline void assert_same(const struct vmn_snapshot *want, const struct vmn_snapshot *now,
			       const char *when)
{
	vmn_auto_buf struct vmn_buf diff = VMN_BUF_INIT(0);

	vmn_snapshot_diff(want, now, &diff);
	if (diff.len)
		fail_msg("%s:\n%s", when, vmn_buf_str(&diff));
}

/* Lifetimes are restored to the second: what the next comparison allows begins here. */
static inline void assert_before(struct world *w, const char *when)
{
	struct vmn_snapshot now = {0};

	look(w, &now);
	assert_same(&w->before, &now, when);
	vmn_snapshot_clear(&w->before);
	w->before = now;
}

#endif
