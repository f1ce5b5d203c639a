/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What apply makes, undo takes back: over a family of start states, made by combining what a CNI
 * plugin may leave in a pod, with each binding in turn.
 */
#include "config.h"

#include <errno.h>

#include "tests/netns/binding.h"

/* Parts of a start state; one of each list is taken. eth0 is the pod's link. */
static const char *const links[] = {
	"ip link add eth0 type veth peer name far\n",
	"ip link add low type veth peer name far\nip link set low mtu 9000 up\n"
	"ip link add link low name eth0 type macvlan mode bridge\n",
	"ip link add low type veth peer name far\nip link set low mtu 9000 up\n"
	"ip link add link low name eth0 type macvtap mode bridge\n",
	"ip link add eth0 type veth peer name far\nip link set eth0 txqueuelen 77 alias 'of a "
	"CNI'\n",
	"ip link add port type veth peer name far\nip link set port mtu 9000 up\n"
	"ip link add eth0 type bridge\nip link set port master eth0\n",
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
	"ip addr add fd00:1::5/64 dev eth0 nodad\nip route add default via fd00:1::1\n"
	"ip route add 172.96.0.0/12 via inet6 fe80::1 dev eth0\n",
	"ip addr add fd00:1::5/128 dev eth0 nodad\nip route add fe80::9 dev eth0\n"
	"ip route add default via fe80::9 dev eth0 metric 99\n",
	"ip addr add fd00:1::5/64 dev eth0 nodad preferred_lft 0\n"
	"ip addr add fd00:1::6/64 dev eth0 nodad valid_lft 7000 preferred_lft 5000\n"
	"ip nexthop add id 105 via fd00:1::1 dev eth0\nip nexthop add id 106 via fe80::9 dev eth0\n"
	"ip nexthop add id 107 group 105/106\nip route add fd00:5::/64 nhid 105\n"
	"ip route add fd00:6::/64 nhid 107\nip route add fd00:7::/64 via fd00:1::1 expires 4000 mtu 1290 "
	"pref high\nip route add fd00:8::/64 nexthop via fd00:1::1 weight 3 nexthop via fe80::9 dev "
	"eth0\n",
	"sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1\n",
	"sysctl -qw net.ipv6.conf.all.disable_ipv6=1\n",
};
static const char *const extras[] = {
	"",
	"ip route add 172.16.0.0/12 dev eth0 table 100 metric 7 mtu 1300\n"
	"ip rule add from 10.1.1.5 lookup 100\n",
	"ip neigh add 10.1.1.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent\n",
	"ip route add 192.0.2.0/24 dev eth0 metric 5\nip route add 192.0.2.0/24 dev eth0 metric 6\n"
	"sysctl -qw net.ipv4.conf.eth0.rp_filter=2\n",
	"ip nexthop add id 5 via 10.1.1.1 dev eth0 onlink\nip nexthop add id 6 via 10.1.1.2 dev eth0 "
	"onlink\nip nexthop add id 7 group 5,3/6\nip nexthop add id 8 blackhole\n"
	"ip nexthop add id 9 dev eth0\nip route add 172.16.0.0/12 nhid 5\n"
	"ip route add 172.32.0.0/12 nhid 7 metric 3\nip route add 172.48.0.0/12 nhid 9\n",
	"ip link add ext type veth peer name ext2\nip link set ext2 up\nip link set ext up\n"
	"ip addr add 10.3.1.1/24 dev ext\nip nexthop add id 5 via 10.1.1.1 dev eth0 onlink\n"
	"ip nexthop add id 6 via 10.3.1.2 dev ext\nip nexthop add id 7 group 5/6\n"
	"ip route add 172.16.0.0/12 nhid 7\nip route add 172.32.0.0/12 nexthop via 10.1.1.1 dev eth0 "
	"onlink weight 3 nexthop via 10.3.1.2 dev ext\n",
	"ip route add 172.16.0.0/12 via 10.1.1.1 dev eth0 onlink src 10.1.1.5 realm 3/4 mtu lock 1300 "
	"advmss 1200 window 9000 rtt 100ms rttvar 20ms rto_min 250ms initcwnd 12 initrwnd 14 cwnd 11 "
	"ssthresh 20 hoplimit 33 reordering 5 features ecn quickack 1 fastopen_no_cookie 1 congctl "
	"cubic\nip route add 172.48.0.0/12 tos 8 via 10.1.1.1 dev eth0 onlink proto static\n"
	"ip route add 172.64.0.0/12 encap ip id 100 dst 10.1.1.1 dev eth0 || :\n",
	"tc qdisc add dev eth0 root handle 1: htb default 10\ntc class add dev eth0 parent 1: classid "
	"1:10 htb rate 5mbit\ntc qdisc add dev eth0 parent 1:10 handle 10: tbf rate 1mbit burst 10k "
	"latency 50ms\ntc qdisc add dev eth0 clsact\n",
	"tc qdisc add dev eth0 root pfifo limit 42\ntc qdisc add dev eth0 ingress\n"
	"tc filter add dev eth0 ingress protocol ip u32 match u32 0 0 action mirred egress redirect "
	"dev far\n",
	"nft -f - <<'END'\n"
	"table ip nat {\nchain postrouting {\ntype nat hook postrouting priority srcnat;\n"
	"oifname \"eth0\" counter masquerade\n}\nchain KUBE-MARK { meta mark set 0x4000; }\n}\n"
	"table inet filter {\nset s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }\n"
	"chain input {\ntype filter hook input priority 0; policy drop;\nip saddr @s accept\n"
	"ct state established,related accept\n}\n}\ntable ip6 empty {\n}\n"
	"table netdev n { chain i { type filter hook ingress device \"eth0\" priority 0; "
	"counter; }; }\nEND\n",
};

/* Whole start states: pod links that are not up and running. */
static const char *const idle[] = {
	"ip link add eth0 type veth peer name far\nip addr add 10.1.1.5/24 dev eth0\n",
	"ip link add eth0 type veth peer name far\nsysctl -qw net.ipv6.conf.far.disable_ipv6=1\n"
	"ip link set far up\nip addr add 10.1.1.5/24 dev eth0\n"
	"ip addr add fd00:1::5/64 dev eth0 nodad\n",
	"ip link add eth0 type veth peer name far\nip link set eth0 up\n"
	"ip addr add 10.1.1.5/24 dev eth0\nip route add default via 10.1.1.1\n"
	"ip route add 172.16.0.0/12 via 10.1.1.9 dev eth0 metric 8\n",
};

enum { N_STATES = 240, N_PARTS = 12 };

static bool has_v4(size_t i)
{
	return addrs4[i % VMN_ARRAY_LEN(addrs4)][0];
}

/* The kernel makes neither a port of a bridge. */
static bool is_no_port(size_t i)
{
	const char *link = links[i % VMN_ARRAY_LEN(links)];

	return strstr(link, "macvtap") || strstr(link, "type bridge");
}

/* The parts go round at different speeds, so that all pairs meet. */
static char *state_script(size_t i)
{
	const char *mtu = mtus[i / 4 % VMN_ARRAY_LEN(mtus)];
	bool is_small = strstr(mtu, " 576");

	return vmn_xasprintf(
		"sysctl -qw net.ipv6.conf.default.accept_dad=0 "
		"net.ipv6.conf.default.router_solicitations=0\n"
		"ip link set lo up\n%sip link set far up\n%sip link set eth0 up\n"
		"for i in $(seq 1000); do ip link show eth0 up | grep -q LOWER_UP && break; done\n"
		"%s%s%s",
		links[i % VMN_ARRAY_LEN(links)], mtu, addrs4[i % VMN_ARRAY_LEN(addrs4)],
		is_small ? "" : addrs6[i / 3 % VMN_ARRAY_LEN(addrs6)],
		has_v4(i) ? extras[i / 7 % VMN_ARRAY_LEN(extras)] : "");
}

static struct wish wish_of(size_t i)
{
	struct wish wish = {.layout = i % 11 == 10 ? VMN_LAYOUT_V0_4_1 : VMN_LAYOUT_CURRENT};

	if (wish.layout == VMN_LAYOUT_CURRENT && has_v4(i))
		wish.kind = (enum vmn_binding_kind)(i / 2 % 3);
	return wish;
}

/*
 * What the tools show goes to the file @name, without what goes on by itself, the state of the
 * carrier and the order of what has none.
 */
static void dump(const struct world *w, const char *name)
{
	vmn_auto_free char *script = vmn_xasprintf(
		"{ ip -d addr | grep -v valid_lft | sed -E 's/NO-CARRIER,|,LOWER_UP|,M-DOWN//;"
		"s/ state [A-Z]+//; s/_timer +[0-9.]+//g'\n"
		"ip -d -4 route show table all | sed 's/ linkdown//g'\n"
		"ip -d -6 route show table all | sed -E 's/ expires [0-9]+sec//; s/ linkdown//g' | "
		"sort\nip -d nexthop | sed 's/ linkdown//g' | sort\n"
		"ip rule\nip -6 rule\nip neigh show nud permanent\n"
		"tc qdisc\ntc class show dev eth0\ntc filter show dev eth0 ingress\n"
		"nft -s list ruleset\n"
		"cd /proc/sys/net\ngrep -r . ipv4/conf ipv6/conf ipv4/ip_forward 2>/dev/null | "
		"grep -v mc_forwarding | sort\n} >%s/%s",
		w->dir, name);

	netns_sh(w->fd, script);
}

static void assert_back(struct world *w, const char *when)
{
	vmn_auto_free char *script =
		vmn_xasprintf("# %s\ncd %s\ndiff before now >&2", when, w->dir);

	assert_before(w, when);
	if (!w->is_dumped)
		return;
	dump(w, "now");
	netns_sh(w->fd, script);
}

static void check_there_and_back(struct world *w, const struct wish *wish, const char *when)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	size_t n_steps;

	if (apply(w, wish, &n_steps, &err) < 0)
		fail_msg("%s: %s", when, vmn_err_text(&err));
	assert_true(n_steps > 5);
	must(apply(w, wish, &n_steps, &err), &err);
	if (n_steps != 0)
		fail_msg("%s: a second apply has %zu steps", when, n_steps);
	must(undo(w, &err), &err);
	assert_back(w, when);
}

static void check_state(size_t i)
{
	vmn_auto_free char *script = state_script(i), *when = vmn_xasprintf("state %zu", i);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct wish wish = wish_of(i);
	struct world w;
	size_t n_steps;

	world_up(&w, script);
	w.is_dumped = i % 3 == 0; /* the tools take longer than apply and undo */
	if (w.is_dumped)
		dump(&w, "before");
	if (is_no_port(i) && wish.kind != VMN_BINDING_MASQUERADE) {
		assert_true(apply(&w, &wish, &n_steps, &err) < 0);
		assert_back(&w, when);
	} else {
		check_there_and_back(&w, &wish, when);
	}
	world_down(&w);
}

/* Most of the time goes by until the kernel has made its IPv6 addresses: many wait at once. */
static void check_part(void **state)
{
	for (size_t i = (uintptr_t)*state; i < N_STATES; i += N_PARTS)
		check_state(i);
}

static void test_undo_gives_back_every_state(void **state)
{
	(void)state;
	netns_at_once(check_part, N_PARTS);
}

static void check_idle(void **state)
{
	static const struct wish wishes[] = {
		{"bridge", VMN_BINDING_BRIDGE, VMN_LAYOUT_CURRENT},
		{"masquerade", VMN_BINDING_MASQUERADE, VMN_LAYOUT_CURRENT},
		{"v0.4.1", VMN_BINDING_BRIDGE, VMN_LAYOUT_V0_4_1},
	};
	size_t i = (uintptr_t)*state;

	for (size_t k = 0; k < VMN_ARRAY_LEN(wishes); k++) {
		vmn_auto_free char *when = vmn_xasprintf("idle %zu, %s", i, wishes[k].name);
		struct world w;

		world_up(&w, idle[i]);
		w.is_dumped = true;
		dump(&w, "before");
		check_there_and_back(&w, &wishes[k], when);
		world_down(&w);
	}
}

static void test_undo_gives_back_links_that_do_not_run(void **state)
{
	(void)state;
	netns_at_once(check_idle, VMN_ARRAY_LEN(idle));
}

/* What the kernel says when it is asked for a kind of link that it knows, or does not. */
static int answer(void *arg, const char *what)
{
	int *errnum = arg, now = *errnum;

	assert_string_equal(what, *errnum ? VMN_NET_READ : what);
	*errnum = 0;
	return now;
}

static const char *planned_keeper(struct world *w, int errnum)
{
	struct vmn_net_hook hook = {answer, &errnum};
	const struct wish bridge = {"bridge", VMN_BINDING_BRIDGE, VMN_LAYOUT_CURRENT};
	vmn_auto_journal struct vmn_journal *j = journal(w);
	vmn_auto_applied struct vmn_applied applied = {0};
	vmn_auto_setup struct vmn_setup setup = {0};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	make_setup(&bridge, &setup);
	vmn_netns_set_hook(w->ns, &hook);
	must(vmn_binding_apply(w->ns, j, &setup, true, &applied, &err), &err);
	vmn_netns_set_hook(w->ns, NULL);
	for (size_t i = 0; i < applied.plan.steps.n; i++) {
		const struct vmn_step *step = &applied.plan.steps.v[i];

		if (step->kind == VMN_STEP_LINK_ADD && strcmp(step->link.name, "eth0") == 0)
			return strcmp(step->type, "dummy") == 0 ? "dummy" : "other";
	}
	return "none";
}

static void test_a_dummy_where_the_kernel_has_them(void **state)
{
	struct world w;

	(void)state;
	world_up(&w, idle[0]);
	assert_string_equal(planned_keeper(&w, EINVAL), "dummy");
	assert_string_equal(planned_keeper(&w, EOPNOTSUPP), "other");
	world_down(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_undo_gives_back_every_state),
		cmocka_unit_test(test_undo_gives_back_links_that_do_not_run),
		cmocka_unit_test(test_a_dummy_where_the_kernel_has_them),
	};

	if (!netns_permitted() || access("/dev/net/tun", R_OK | W_OK) < 0) {
		(void)printf("1..0 # SKIP network namespaces and taps are not permitted here\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
