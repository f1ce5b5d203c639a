/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What apply makes, undo takes back: over a family of start states, made by combining what a CNI
 * plugin may leave in a pod, with each binding in turn; and when a run is killed at any change of
 * the kernel.
 */
#include "config.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>

#include "lib/base/clock.h"
#include "lib/binding/apply.h"
#include "tests/netns/netns.h"

/* Parts of a start state; one of each list is taken. eth0 is the pod's link. */
static const char *const links[] = {
	"ip link add eth0 type veth peer name far\n",
	"ip link add low type veth peer name far\nip link set low mtu 9000 up\n"
	"ip link add link low name eth0 type macvlan mode bridge\n",
	"ip link add low type veth peer name far\nip link set low mtu 9000 up\n"
	"ip link add link low name eth0 type macvtap mode bridge\n",
	"ip link add eth0 type veth peer name far\nip link set eth0 txqueuelen 77 alias 'of a "
	"CNI'\n",
};
static const char *const mtus[] = {"", "ip link set eth0 mtu 1400\n", "ip link set eth0 mtu 9000\n",
				   "ip link set eth0 mtu 576\n"};
static const char *const addrs4[] = {
	"ip addr add 10.1.1.5/24 brd + dev eth0\nip route add default via 10.1.1.1\n",
	"ip addr add 10.1.1.5/32 dev eth0\nip route add 169.254.1.1 dev eth0 scope link\n"
	"ip route add default via 169.254.1.1 dev eth0 onlink\n",
	"ip addr add 10.1.1.5/24 dev eth0\nip addr add 10.1.1.6/24 dev eth0\n"
	"ip addr add 10.9.1.5/16 dev eth0 valid_lft 9000 preferred_lft 0\n",
	"",
	"ip addr add 10.1.1.5 peer 10.1.1.1/32 dev eth0\nip route add default via 10.1.1.1\n",
};
static const char *const addrs6[] = {
	"",
	"ip addr add fd00:1::5/64 dev eth0 nodad\nip route add default via fd00:1::1\n",
	"ip addr add fd00:1::5/128 dev eth0 nodad\nip route add fe80::9 dev eth0\n"
	"ip route add default via fe80::9 dev eth0 metric 99\n",
	"ip addr add fd00:1::5/64 dev eth0 nodad preferred_lft 0\n"
	"ip addr add fd00:1::6/64 dev eth0 nodad valid_lft 7000 preferred_lft 5000\n",
	"sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1\n",
};
static const char *const extras[] = {
	"",
	"ip route add 172.16.0.0/12 dev eth0 table 100 metric 7 mtu 1300\n"
	"ip rule add from 10.1.1.5 lookup 100\n",
	"ip neigh add 10.1.1.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent\n",
	"ip route add 192.0.2.0/24 dev eth0 metric 5\nip route add 192.0.2.0/24 dev eth0 metric 6\n"
	"sysctl -qw net.ipv4.conf.eth0.rp_filter=2\n",
};

enum { N_STATES = 240 };

static bool has_v4(size_t i)
{
	return addrs4[i % VMN_ARRAY_LEN(addrs4)][0];
}

static bool is_macvtap(size_t i)
{
	return strstr(links[i % VMN_ARRAY_LEN(links)], "macvtap");
}

/* The parts go round at different speeds, so that all pairs meet. */
static void make_state(int fd, size_t i)
{
	const char *mtu = mtus[i / 4 % VMN_ARRAY_LEN(mtus)];
	bool is_small = strstr(mtu, " 576");
	vmn_auto_free char *script = vmn_xasprintf(
		"sysctl -qw net.ipv6.conf.default.accept_dad=0 "
		"net.ipv6.conf.default.router_solicitations=0\n"
		"%sip link set far up\n%sip link set eth0 up\n%s%s%s",
		links[i % VMN_ARRAY_LEN(links)], mtu, addrs4[i % VMN_ARRAY_LEN(addrs4)],
		is_small ? "" : addrs6[i / 3 % VMN_ARRAY_LEN(addrs6)],
		has_v4(i) ? extras[i / 7 % VMN_ARRAY_LEN(extras)] : "");

	netns_sh(fd, script);
}

struct world {
	int fd;
	struct vmn_netns *ns;
	char dir[64];
	struct vmn_snapshot before;
};

static const char *const keys[] = {"net/ipv4/conf/all/arp_ignore", "net/ipv4/ip_forward",
				   "net/ipv6/conf/all/forwarding", NULL};

static void must(int rc, const struct vmn_err *err)
{
	if (rc < 0)
		fail_msg("%s (%s)", vmn_err_text(err), err->hint ? err->hint : "");
}

static void look(const struct world *w, struct vmn_snapshot *ret)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	must(vmn_snapshot_take(w->ns, keys, ret, &err), &err);
}

/* Has the kernel done what an address makes it do later: detect duplicates, route to it? */
static bool is_addr_ready(const struct vmn_snapshot *s, const struct vmn_addr *a)
{
	if (a->local.family != AF_INET6)
		return true;
	for (size_t i = 0; i < s->n_routes; i++)
		if (s->routes[i].type == RTN_LOCAL && vmn_ip_eq(&s->routes[i].dst, &a->local))
			return !(a->flags & IFA_F_TENTATIVE);
	return false;
}

/* Does a link that is up still lack the link-local address it will have? */
static bool is_link_ready(const struct vmn_snapshot *s, const struct vmn_link *l)
{
	vmn_auto_free char *key = vmn_xasprintf("net/ipv6/conf/%s/disable_ipv6", l->name);

	if (!(l->flags & IFF_UP) || l->addrgenmode != IN6_ADDR_GEN_MODE_EUI64 ||
	    vmn_streq(vmn_snapshot_sysctl(s, key), "1"))
		return true;
	for (size_t i = 0; i < s->n_addrs; i++)
		if (s->addrs[i].ifindex == l->ifindex && s->addrs[i].scope == RT_SCOPE_LINK)
			return true;
	return false;
}

static bool is_ready(const struct vmn_snapshot *s)
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
static void look_when_ready(const struct world *w, struct vmn_snapshot *ret)
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

static void world_up(struct world *w, size_t i)
{
	*w = (struct world){.fd = netns_new(), .dir = "/tmp/vmnetctl-test.XXXXXX"};
	assert_non_null(mkdtemp(w->dir));
	make_state(w->fd, i);
	w->ns = netns_open(w->fd);
	look_when_ready(w, &w->before);
}

static void world_down(struct world *w)
{
	vmn_auto_free char *script = vmn_xasprintf("rm -r %s", w->dir);

	netns_sh(w->fd, script);
	vmn_snapshot_clear(&w->before);
	vmn_netns_free_p(&w->ns);
	(void)close(w->fd);
}

static struct vmn_journal *journal(struct world *w)
{
	struct vmn_journal_opts opts = {.state_dir = w->dir, .deadline_ms = vmn_deadline_in(5000)};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_journal *j = NULL;

	must(vmn_journal_open(w->ns, &opts, &j, &err), &err);
	return j;
}

static int apply(struct world *w, enum vmn_binding_kind kind, enum vmn_layout layout,
		 size_t *ret_steps, struct vmn_err *err)
{
	vmn_auto_journal struct vmn_journal *j = journal(w);
	vmn_auto_applied struct vmn_applied applied = {0};
	vmn_auto_setup struct vmn_setup setup = {.layout = layout};
	struct vmn_setup_nic *nic = vmn_setup_add(&setup, "default");
	int rc;

	nic->kind = kind;
	nic->is_primary = true;
	rc = vmn_binding_apply(w->ns, j, &setup, false, &applied, err);
	*ret_steps = applied.plan.steps.n;
	return rc;
}

static int undo(struct world *w, struct vmn_err *err)
{
	vmn_auto_journal struct vmn_journal *j = journal(w);
	vmn_auto_strlist struct vmn_strlist undone = {0}, steps = {0};

	return vmn_binding_undo(j, NULL, false, &undone, &steps, err);
}

static void assert_as_before(const struct world *w, size_t state, const char *when)
{
	vmn_auto_snapshot struct vmn_snapshot now = {0};
	vmn_auto_buf struct vmn_buf diff = VMN_BUF_INIT(0);

	look(w, &now);
	vmn_snapshot_diff(&w->before, &now, &diff);
	if (diff.len)
		fail_msg("state %zu, %s:\n%s", state, when, vmn_buf_str(&diff));
}

static void test_undo_gives_back_every_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_STATES; i++) {
		struct world w;
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		enum vmn_layout layout = i % 11 == 10 ? VMN_LAYOUT_V0_4_1 : VMN_LAYOUT_CURRENT;
		enum vmn_binding_kind kind = layout == VMN_LAYOUT_V0_4_1 ? VMN_BINDING_BRIDGE
					     : has_v4(i) ? (enum vmn_binding_kind)(i / 2 % 3)
							 : VMN_BINDING_BRIDGE;
		size_t n_steps;

		world_up(&w, i);
		if (is_macvtap(i) && kind != VMN_BINDING_MASQUERADE) {
			/* The kernel makes none a port of a bridge. */
			assert_true(apply(&w, kind, layout, &n_steps, &err) < 0);
			assert_as_before(&w, i, "refused");
			world_down(&w);
			continue;
		}
		if (apply(&w, kind, layout, &n_steps, &err) < 0)
			fail_msg("state %zu: %s", i, vmn_err_text(&err));
		assert_true(n_steps > 5);
		must(apply(&w, kind, layout, &n_steps, &err), &err);
		if (n_steps != 0)
			fail_msg("state %zu: a second apply has %zu steps", i, n_steps);
		must(undo(&w, &err), &err);
		assert_as_before(&w, i, vmn_binding_word(kind));
		world_down(&w);
	}
}

/* --- killed --------------------------------------------------------------------------- */

struct countdown {
	int left;
};

static int strike(void *arg, const char *what)
{
	struct countdown *c = arg;

	(void)what;
	if (c->left-- == 0)
		(void)kill(getpid(), SIGKILL);
	return 0;
}

/* Apply in a child that dies before its @at-th change. Return: whether it got that far */
static bool apply_killed(struct world *w, enum vmn_binding_kind kind, int at)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct countdown c = {at};
		struct vmn_net_hook hook = {strike, &c};
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		size_t n_steps;

		vmn_netns_set_hook(w->ns, &hook);
		_exit(apply(w, kind, VMN_LAYOUT_CURRENT, &n_steps, &err) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

static void recover(struct world *w)
{
	vmn_auto_journal struct vmn_journal *j = journal(w);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_recovery done;

	must(vmn_journal_recover(j, &done, &err), &err);
}

static void test_killed_at_any_change(void **state)
{
	static const enum vmn_binding_kind kinds[] = {VMN_BINDING_BRIDGE, VMN_BINDING_MASQUERADE};

	(void)state;
	for (size_t k = 0; k < VMN_ARRAY_LEN(kinds); k++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct world w;
		int at = 0;

		world_up(&w, 5);
		for (; apply_killed(&w, kinds[k], at); at++) {
			recover(&w);
			assert_as_before(&w, 5, "killed");
		}
		assert_true(at > 10);
		must(undo(&w, &err), &err);
		assert_as_before(&w, 5, "undone");
		world_down(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_undo_gives_back_every_state),
		cmocka_unit_test(test_killed_at_any_change),
	};

	if (!netns_permitted() || access("/dev/net/tun", R_OK | W_OK) < 0) {
		(void)printf("1..0 # SKIP network namespaces and taps are not permitted here\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
