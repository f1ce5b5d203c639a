/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transaction that is killed or refused at any instant leaves the namespace as it was before, or
 *as it shall be after.
 *
 *	peer0 ---- pod0 (.3, .77/32, ::3, ...)
 */
#include "config.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <signal.h>

#include "lib/base/clock.h"
#include "tests/netns/netns.h"

static const char topology[] =
	"sysctl -qw net.ipv6.conf.default.accept_dad=0 "
	"net.ipv6.conf.default.router_solicitations=0\n"
	"ip link add pod0 address 02:00:00:00:00:01 type veth peer name peer0\n"
	"ip link set peer0 up\n"
	"ip link set pod0 mtu 1400 txqueuelen 500 alias 'the pod' up\n"
	"ip address add 10.244.1.3/24 dev pod0\n"
	"ip address add 10.244.1.4/24 dev pod0 valid_lft 5000 preferred_lft 4000\n"
	"ip address add 192.0.2.77/32 dev pod0\n"
	"ip address add fd00:10::3/64 dev pod0 nodad\n"
	"ip address add fd00:11::1/128 dev pod0 preferred_lft 0 nodad\n"
	"ip route add default via 10.244.1.1\n"
	"ip route add 172.16.0.0/12 via 169.254.1.1 dev pod0 onlink metric 7 mtu 1300 table 100\n"
	"ip route add 198.51.100.0/24 src 192.0.2.77 nexthop via 10.244.1.9 dev pod0 weight 3 "
	"nexthop via 10.244.1.10 dev pod0\n"
	"ip -6 route add default via fe80::1 dev pod0 metric 99\n"
	"ip neighbour add 10.244.1.1 lladdr 02:00:00:00:00:99 dev pod0 nud permanent\n"
	"ip rule add from 192.0.2.77 lookup 100\n";

static const char *const sysctls[] = {"net/ipv4/conf/all/arp_ignore", NULL};

/* --- a plan like that of a bridge binding --------------------------------------------- */

static struct vmn_step *add(struct vmn_steps *steps, enum vmn_step_kind kind,
			    const struct vmn_link *link, const char *name)
{
	struct vmn_step *s = vmn_steps_add(steps, kind);

	s->link = link ? vmn_step_link(link) : vmn_step_link_new(name);
	if (link && name)
		(void)snprintf(s->link.name, sizeof(s->link.name), "%s", name);
	return s;
}

static void add_sysctl(struct vmn_steps *steps, const char *key, const char *value)
{
	struct vmn_step *s = vmn_steps_add(steps, VMN_STEP_SYSCTL);

	s->key = vmn_xstrdup(key);
	s->text = vmn_xstrdup(value);
}

static void add_nft(struct vmn_steps *steps)
{
	struct vmn_step *s = vmn_steps_add(steps, VMN_STEP_NFT);

	s->text = vmn_xstrdup("table ip vmnetctl {\n\tchain post {\n\t\ttype nat hook postrouting "
			      "priority 100;\n\t\tip saddr 10.0.2.2 counter masquerade\n\t}\n}\n");
	s->undo = vmn_xstrdup("add table ip vmnetctl\ndelete table ip vmnetctl\n");
}

/* Where only root may open the device, half a veth stands in. */
static void add_tap(struct vmn_steps *p)
{
	bool is_permitted = access("/dev/net/tun", R_OK | W_OK) == 0;
	struct vmn_step *step =
		add(p, is_permitted ? VMN_STEP_TAP_ADD : VMN_STEP_LINK_ADD, NULL, "tap0");

	step->mtu = 1400;
	step->owner = 0;
	if (is_permitted)
		return;
	memcpy(step->type, "veth", sizeof("veth"));
	memcpy(step->name, "tap0-peer", sizeof("tap0-peer"));
}

static void make_plan(const struct vmn_snapshot *s, struct vmn_steps *p)
{
	const struct vmn_link *pod = vmn_snapshot_link(s, "pod0");
	struct vmn_step *step;

	add(p, VMN_STEP_LINK_ADD, NULL, "k6t-pod0");
	memcpy(p->v[0].type, "bridge", sizeof("bridge"));
	add(p, VMN_STEP_LINK_ADDRGEN, NULL, "k6t-pod0")->value = IN6_ADDR_GEN_MODE_NONE;
	add(p, VMN_STEP_LINK_ADDRGEN, pod, NULL)->value = IN6_ADDR_GEN_MODE_NONE;
	add(p, VMN_STEP_LINK_DOWN, pod, NULL);
	step = add(p, VMN_STEP_LINK_RENAME, pod, NULL);
	memcpy(step->name, "pod0-nic", sizeof("pod0-nic"));
	add(p, VMN_STEP_LINK_MAC, pod, "pod0-nic")->other = vmn_step_link_new("k6t-pod0");
	add(p, VMN_STEP_LINK_MASTER, pod, "pod0-nic")->other = vmn_step_link_new("k6t-pod0");
	for (size_t i = 0; i < s->n_addrs; i++) {
		const struct vmn_addr *a = &s->addrs[i];

		if (a->ifindex != pod->ifindex)
			continue;
		step = add(p, VMN_STEP_ADDR_DEL, pod, "pod0-nic");
		step->addr = *a;
		step->addr.raw = (struct vmn_raw){0};
	}
	add(p, VMN_STEP_LINK_MTU, pod, "pod0-nic")->value = 1390;
	step = add(p, VMN_STEP_LINK_ALIAS, pod, "pod0-nic");
	step->text = vmn_xstrdup("ours");
	add(p, VMN_STEP_LINK_UP, pod, "pod0-nic");
	add(p, VMN_STEP_BRPORT, pod, "pod0-nic")->mask = VMN_BRPORT_LEARNING;
	add_tap(p);
	add(p, VMN_STEP_LINK_MASTER, NULL, "tap0")->other = vmn_step_link_new("k6t-pod0");
	add(p, VMN_STEP_LINK_UP, NULL, "tap0");
	add(p, VMN_STEP_LINK_UP, NULL, "k6t-pod0");
	/* a bridge stands in for a dummy, which not every kernel has */
	add(p, VMN_STEP_LINK_ADD, NULL, "pod0");
	memcpy(p->v[p->n - 1].type, "bridge", sizeof("bridge"));
	step = add(p, VMN_STEP_ADDR_ADD, NULL, "pod0");
	assert_true(vmn_ip_parse("10.244.1.3", &step->addr.local));
	step->addr.prefix_len = 24;
	step = add(p, VMN_STEP_ROUTE_ADD, NULL, "k6t-pod0");
	step->route.family = AF_INET;
	step->route.scope = RT_SCOPE_LINK;
	step->route.dst_len = 32;
	assert_true(vmn_ip_parse("203.0.113.1", &step->route.dst));
	add_sysctl(p, "net/ipv4/conf/all/arp_ignore", "1");
	add_nft(p);
}

/* --- the world ------------------------------------------------------------------------ */

struct world {
	int fd;
	struct vmn_netns *ns;
	struct vmn_snapshot before;
	struct vmn_steps plan;
	char *state_dir;
};

static int take(struct vmn_netns *ns, struct vmn_snapshot *ret)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (vmn_snapshot_take(ns, sysctls, ret, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	return 0;
}

static void make_world(struct world *w)
{
	char dir[] = "/tmp/vmn-journal-XXXXXX";

	*w = (struct world){.fd = netns_new()};
	w->ns = netns_open(w->fd);
	netns_sh(w->fd, topology);
	assert_non_null(mkdtemp(dir));
	w->state_dir = vmn_xstrdup(dir);
	take(w->ns, &w->before);
	make_plan(&w->before, &w->plan);
}

static void end_world(struct world *w)
{
	vmn_auto_free char *clean = vmn_xasprintf("rm -rf '%s'", w->state_dir);

	netns_sh(w->fd, clean);
	vmn_snapshot_clear(&w->before);
	vmn_steps_clear(&w->plan);
	vmn_netns_free_p(&w->ns);
	(void)close(w->fd);
	free(w->state_dir);
}

static int open_journal(struct world *w, struct vmn_journal **ret, struct vmn_err *err)
{
	struct vmn_journal_opts opts = {.state_dir = w->state_dir,
					.deadline_ms = vmn_deadline_in(20)};

	return vmn_journal_open(w->ns, &opts, ret, err);
}

static int run_plan(struct world *w, struct vmn_err *err)
{
	vmn_auto_journal struct vmn_journal *j = NULL;
	int rc = open_journal(w, &j, err);

	return rc < 0 ? rc : vmn_journal_run(j, &w->before, "pod0", &w->plan, NULL, err);
}

static int undo_one(struct vmn_journal *j, const char *owner, struct vmn_err *err)
{
	vmn_auto_strlist struct vmn_strlist owners = {0};

	vmn_strlist_add(&owners, owner);
	return vmn_journal_undo(j, &owners, err);
}

static int undo(struct world *w, struct vmn_err *err)
{
	vmn_auto_journal struct vmn_journal *j = NULL;
	int rc = open_journal(w, &j, err);

	return rc < 0 ? rc : undo_one(j, "pod0", err);
}

static size_t recover(struct world *w, size_t *ret_in_force)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_journal struct vmn_journal *j = NULL;
	vmn_auto_txns struct vmn_txns txns = {0};
	struct vmn_recovery r;

	if (open_journal(w, &j, &err) < 0 || vmn_journal_recover(j, &r, &err) < 0 ||
	    vmn_journal_list(j, &txns, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	*ret_in_force = txns.n;
	return r.n_rolled_back;
}

static void assert_same(const char *when, const struct vmn_snapshot *a,
			const struct vmn_snapshot *b)
{
	vmn_auto_buf struct vmn_buf diff = VMN_BUF_INIT(0);

	vmn_snapshot_diff(a, b, &diff);
	if (diff.len)
		fail_msg("%s:\n%s", when, vmn_buf_str(&diff));
}

static void assert_before(struct world *w, const char *when)
{
	vmn_auto_snapshot struct vmn_snapshot now = {0};

	take(w->ns, &now);
	assert_same(when, &w->before, &now);
}

/* --- hooks ---------------------------------------------------------------------------- */

struct counter {
	int left;   /* calls until it strikes */
	int errnum; /* what to fail with; 0: die */
	bool has_struck;
};

static int strike(void *arg, const char *what)
{
	struct counter *c = arg;

	if (strcmp(what, VMN_NET_READ) == 0 || (c->errnum && strcmp(what, "journal") == 0))
		return 0; /* changes of the kernel only */
	if (c->left-- != 0)
		return 0;
	c->has_struck = true;
	if (!c->errnum)
		(void)kill(getpid(), SIGKILL);
	return c->errnum;
}

/* --- tests ---------------------------------------------------------------------------- */

static void test_run_and_undo(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_snapshot struct vmn_snapshot after = {0};
	struct world w;
	size_t n;

	(void)state;
	make_world(&w);
	if (run_plan(&w, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	take(w.ns, &after);
	assert_non_null(vmn_snapshot_link(&after, "tap0"));
	assert_true(vmn_snapshot_link(&after, "pod0-nic")->is_brport);
	assert_false(vmn_snapshot_link(&after, "pod0-nic")->brport & VMN_BRPORT_LEARNING);
	assert_memory_not_equal(vmn_snapshot_link(&after, "pod0-nic")->mac,
				vmn_snapshot_link(&w.before, "pod0")->mac, VMN_MAC_SIZE);
	assert_string_equal(vmn_snapshot_sysctl(&after, sysctls[0]), "1");
	assert_non_null(strstr(after.nft, "masquerade"));
	assert_int_equal(recover(&w, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(run_plan(&w, &err), -VMN_E_EXISTS);
	vmn_err_clear(&err);
	if (undo(&w, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	assert_before(&w, "after undo");
	assert_int_equal(undo(&w, &err), 0);
	assert_before(&w, "after undoing nothing");
	end_world(&w);
}

/* Run in a child that the hook kills at its @at-th call. Return: whether it got that far */
static bool run_killed(struct world *w, int (*fn)(struct world *, struct vmn_err *), int at)
{
	struct counter c = {.left = at};
	struct vmn_net_hook hook = {strike, &c};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		vmn_netns_set_hook(w->ns, &hook);
		_exit(fn(w, &err) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return true;
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

static void test_killed_anywhere(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct world w;
	size_t n;
	int at = 0;

	(void)state;
	make_world(&w);
	for (; run_killed(&w, run_plan, at); at++) {
		vmn_auto_free char *when = vmn_xasprintf("killed at call %d", at);

		(void)recover(&w, &n);
		assert_int_equal(n, 0);
		assert_before(&w, when);
	}
	assert_true(at > 50);
	assert_int_equal(undo(&w, &err), 0);
	end_world(&w);
}

static void test_undo_killed_anywhere(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct world w;
	size_t n = 0;
	int at = 0;

	(void)state;
	make_world(&w);
	for (;; at++) {
		vmn_auto_free char *when = vmn_xasprintf("undo killed at call %d", at);

		if (n == 0 && run_plan(&w, &err) < 0)
			fail_msg("%s: %s", when, vmn_err_text(&err));
		if (!run_killed(&w, undo, at))
			break;
		(void)recover(&w, &n);
		if (n == 0)
			assert_before(&w, when);
	}
	assert_true(at > 30);
	assert_before(&w, "at the end");
	end_world(&w);
}

static void test_every_request_refused(void **state)
{
	static const int errnums[] = {EPERM, EEXIST, EBUSY, ENOBUFS, ENOMEM};
	struct world w;

	(void)state;
	make_world(&w);
	for (size_t e = 0; e < VMN_ARRAY_LEN(errnums); e++)
		for (int at = 0;; at++) {
			vmn_auto_free char *when =
				vmn_xasprintf("call %d: %s", at, strerror(errnums[e]));
			vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
			struct counter c = {.left = at, .errnum = errnums[e]};
			struct vmn_net_hook hook = {strike, &c};
			size_t n;
			int rc;

			vmn_netns_set_hook(w.ns, &hook);
			rc = run_plan(&w, &err);
			vmn_netns_set_hook(w.ns, NULL);
			assert_int_equal(rc < 0, c.has_struck);
			if (rc == 0) {
				assert_int_equal(undo(&w, &err), 0);
				break;
			}
			assert_int_equal(recover(&w, &n), 0);
			assert_int_equal(n, 0);
			assert_before(&w, when);
		}
	end_world(&w);
}

static void test_one_at_a_time(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_journal struct vmn_journal *first = NULL, *second = NULL;
	struct world w;

	(void)state;
	make_world(&w);
	assert_int_equal(open_journal(&w, &first, &err), 0);
	assert_int_equal(open_journal(&w, &second, &err), -VMN_E_CONFLICT);
	vmn_err_clear(&err);
	vmn_journal_free_p(&first);
	assert_int_equal(open_journal(&w, &second, &err), 0);
	vmn_journal_free_p(&second);
	end_world(&w);
}

/* The older of two that set one sysctl is undone first. */
static void test_shared_sysctl(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_journal struct vmn_journal *j = NULL;
	vmn_auto_steps struct vmn_steps steps = {0};
	vmn_auto_free char *value = NULL, *last = NULL;
	struct world w;

	(void)state;
	make_world(&w);
	add_sysctl(&steps, sysctls[0], "1");
	assert_int_equal(open_journal(&w, &j, &err), 0);
	assert_int_equal(vmn_journal_run(j, &w.before, "a", &steps, NULL, &err), 0);
	assert_int_equal(vmn_journal_run(j, &w.before, "b", &steps, NULL, &err), 0);
	assert_int_equal(undo_one(j, "a", &err), 0);
	assert_int_equal(vmn_sysctl_read(w.ns, sysctls[0], &value, &err), 0);
	assert_string_equal(value, "1");
	assert_int_equal(undo_one(j, "b", &err), 0);
	assert_int_equal(vmn_sysctl_read(w.ns, sysctls[0], &last, &err), 0);
	assert_string_equal(last, "0");
	vmn_journal_free_p(&j);
	end_world(&w);
}

/* Plans and snapshots survive being written down. */
static void test_json(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *json = NULL;
	vmn_auto_snapshot struct vmn_snapshot back = {0};
	struct world w;

	(void)state;
	make_world(&w);
	json = vmn_snapshot_json(&w.before);
	assert_int_equal(vmn_snapshot_parse(json, &back, &err), 0);
	assert_same("snapshot", &w.before, &back);
	for (size_t i = 0; i < w.plan.n; i++) {
		vmn_auto_json struct json_object *a = vmn_step_json(&w.plan.v[i]), *b = NULL;
		vmn_auto_buf struct vmn_buf x = VMN_BUF_INIT(0), y = VMN_BUF_INIT(0);
		struct vmn_step step;

		assert_int_equal(vmn_step_parse(a, &step, &err), 0);
		b = vmn_step_json(&step);
		assert_true(json_object_equal(a, b));
		vmn_step_text(&w.plan.v[i], &x);
		vmn_step_text(&step, &y);
		assert_string_equal(vmn_buf_str(&x), vmn_buf_str(&y));
		vmn_step_clear(&step);
	}
	end_world(&w);
}

static void test_kinds(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	bool is_known;
	struct world w;

	(void)state;
	make_world(&w);
	assert_int_equal(vmn_link_kind_known(w.ns, "bridge", &is_known, &err), 0);
	assert_true(is_known);
	assert_int_equal(vmn_link_kind_known(w.ns, "nosuch", &is_known, &err), 0);
	assert_false(is_known);
	assert_before(&w, "after asking");
	end_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_and_undo),
		cmocka_unit_test(test_killed_anywhere),
		cmocka_unit_test(test_undo_killed_anywhere),
		cmocka_unit_test(test_every_request_refused),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_shared_sysctl),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_kinds),
	};

	if (!netns_permitted()) {
		(void)puts("1..0 # SKIP network namespaces are not permitted here");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
