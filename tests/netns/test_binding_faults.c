/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever fails, and whenever a run is killed, the namespace is as it was before, or as it shall
 * be: over the plan of each binding, for apply, undo and recover.
 *
 * Each change fails with one of the errnos, which go round, and every fourth request that only
 * reads; with VMN_TEST_THOROUGH set each request fails with each of them, which takes minutes.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>

#include "tests/netns/binding.h"

/* Duplicate address detection is on for the addresses that have it. */
static const char start[] =
	"ip link add eth0 type veth peer name far\n"
	"ip link set eth0 mtu 1400 txqueuelen 77 alias 'of a CNI'\n"
	"ip link set far up\nip link set eth0 up\n"
	"ip addr add 10.1.1.5/24 brd + dev eth0\n"
	"ip addr add 10.1.1.6/24 dev eth0 valid_lft 9000 preferred_lft 5000\n"
	"ip addr add fd00:1::5/64 dev eth0\n"
	"ip addr add fd00:2::5/128 dev eth0 nodad preferred_lft 0\n"
	"ip route add default via 10.1.1.1\n"
	"ip route add default via fd00:1::1\n"
	"ip route add 172.16.0.0/12 via 169.254.1.1 dev eth0 onlink table 100 metric 7 mtu 1300\n"
	"ip rule add from 10.1.1.5 lookup 100\n"
	"ip nexthop add id 5 via 10.1.1.1 dev eth0\nip nexthop add id 6 via 10.1.1.2 dev eth0\n"
	"ip nexthop add id 7 group 5/6\nip route add 172.32.0.0/12 nhid 7\n"
	"ip neigh add 10.1.1.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent\n"
	"sysctl -qw net.ipv4.conf.eth0.rp_filter=2\n"
	"nft 'add table ip theirs { chain c { type filter hook input priority 0; counter; }; }'\n";

static const struct wish wishes[] = {
	{"bridge", VMN_BINDING_BRIDGE, VMN_LAYOUT_CURRENT},
	{"masquerade", VMN_BINDING_MASQUERADE, VMN_LAYOUT_CURRENT},
	{"managedTap", VMN_BINDING_MANAGED_TAP, VMN_LAYOUT_CURRENT},
	{"v0.4.1", VMN_BINDING_BRIDGE, VMN_LAYOUT_V0_4_1},
	{"host", VMN_BINDING_MASQUERADE, VMN_LAYOUT_HOST},
};

static const int errnums[] = {EPERM, EEXIST, EBUSY, ENOBUFS, ENOMEM};

/* --- faults --------------------------------------------------------------------------- */

struct fault {
	int left;     /* requests until it strikes */
	int errnum;   /* what they fail with; 0: the process is killed */
	bool is_read; /* of those that change nothing, else of the others */
	bool is_lasting;
	bool has_struck;
};

static int strike(void *arg, const char *what)
{
	struct fault *f = arg;

	if ((strcmp(what, VMN_NET_READ) == 0) != f->is_read)
		return 0;
	if (f->left > 0) {
		f->left--;
		return 0;
	}
	if (f->has_struck && !f->is_lasting)
		return 0;
	f->has_struck = true;
	if (!f->errnum)
		(void)kill(getpid(), SIGKILL);
	return f->errnum;
}

enum verb { APPLY, UNDO, RECOVER };
static const char *const verb_words[] = {"apply", "undo", "recover"};

static int do_verb(struct world *w, enum verb verb, const struct wish *wish, struct vmn_err *err)
{
	size_t n_steps;

	if (verb == APPLY)
		return apply(w, wish, &n_steps, err);
	return verb == UNDO ? undo(w, err) : recover(w, err);
}

static int do_faulty(struct world *w, enum verb verb, const struct wish *wish, struct fault *f,
		     struct vmn_err *err)
{
	struct vmn_net_hook hook = {strike, f};
	int rc;

	vmn_netns_set_hook(w->ns, &hook);
	rc = do_verb(w, verb, wish, err);
	vmn_netns_set_hook(w->ns, NULL);
	return rc;
}

/* In a child that dies before its @at-th change. Return: whether it got that far */
static bool do_killed(struct world *w, enum verb verb, const struct wish *wish, int at)
{
	struct fault f = {.left = at};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		_exit(do_faulty(w, verb, wish, &f, &err) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

/* --- what has to hold ----------------------------------------------------------------- */

static size_t count_journals(const struct world *w)
{
	vmn_auto_free char *path = vmn_path_join(w->dir, vmn_netns_id(w->ns));
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	for (const struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.' && strcmp(e->d_name, "lock") != 0;
	(void)closedir(dir);
	return n;
}

static void assert_clean(struct world *w, const char *when)
{
	assert_before(w, when);
	if (count_journals(w) != 0)
		fail_msg("%s: the journal is not empty", when);
}

/* Set up wholly, and taken back then. */
static void assert_after(struct world *w, const struct wish *wish, const char *when)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	size_t n_steps;

	must(apply(w, wish, &n_steps, &err), &err);
	if (n_steps != 0)
		fail_msg("%s: %zu steps are missing", when, n_steps);
	must(undo(w, &err), &err);
	assert_clean(w, when);
}

static bool is_applied(struct world *w)
{
	vmn_auto_journal struct vmn_journal *j = journal(w);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_txns struct vmn_txns txns = {0};

	must(vmn_journal_list(j, &txns, &err), &err);
	return txns.n > 0;
}

/* After a crash or failure and recovery: one of the two, and "before" in the end. */
static void assert_either(struct world *w, const struct wish *wish, const char *when)
{
	if (is_applied(w))
		assert_after(w, wish, when);
	else
		assert_clean(w, when);
}

/* What @verb needs to find. */
static void prepare(struct world *w, enum verb verb, const struct wish *wish, int n_changes)
{
	struct fault f = {.left = n_changes - 1, .errnum = EBUSY, .is_lasting = true};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	size_t n_steps;

	if (verb == UNDO)
		must(apply(w, wish, &n_steps, &err), &err);
	if (verb == RECOVER && do_faulty(w, APPLY, wish, &f, &err) == 0)
		fail_msg("change %d of apply did not fail", n_changes - 1);
}

/* How many changes applying makes; it is taken back again. */
static int count_changes(struct world *w, const struct wish *wish)
{
	struct fault f = {.left = INT32_MAX, .errnum = EBUSY};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	must(do_faulty(w, APPLY, wish, &f, &err), &err);
	must(undo(w, &err), &err);
	assert_clean(w, wish->name);
	return INT32_MAX - f.left;
}

/* --- one request fails, or all from there on ------------------------------------------ */

static void check_fault(struct world *w, enum verb verb, const struct wish *wish,
			const struct fault *f, int rc, const struct vmn_err *why)
{
	vmn_auto_free char *when = vmn_xasprintf(
		"%s of %s, %s, %s: %s", verb_words[verb], wish->name, strerror(f->errnum),
		f->is_lasting ? "lasting" : "once", rc < 0 ? vmn_err_text(why) : "survived");
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (verb == APPLY && rc < 0 && !f->is_lasting)
		assert_clean(w, when); /* by itself */
	if (rc < 0)
		must(recover(w, &err), &err);
	assert_either(w, wish, when);
}

/* Return: whether there were as many requests */
static bool fail_at(struct world *w, enum verb verb, const struct wish *wish, struct fault f)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	int rc;

	prepare(w, verb, wish, 0);
	rc = do_faulty(w, verb, wish, &f, &err);
	if (!f.has_struck)
		must(rc, &err);
	check_fault(w, verb, wish, &f, rc, &err);
	return f.has_struck;
}

/* The kind of fault @f at every @stride-th request. */
static void sweep(enum verb verb, const struct wish *wish, struct fault f, int stride)
{
	bool is_thorough = getenv("VMN_TEST_THOROUGH");
	size_t n_rounds = is_thorough ? VMN_ARRAY_LEN(errnums) : 1;
	struct world w;

	world_up(&w, start);
	for (size_t round = 0; round < n_rounds; round++) {
		size_t e = round + (size_t)(wish - wishes);

		f.left = 0;
		f.errnum = errnums[e % VMN_ARRAY_LEN(errnums)];
		while (fail_at(&w, verb, wish, f)) {
			f.left += is_thorough ? 1 : stride;
			f.errnum = errnums[++e % VMN_ARRAY_LEN(errnums)];
		}
		/* one by one, the reads of an undo are fewer than ten */
		assert_true(f.left > (is_thorough && f.is_read ? 5 : 10));
	}
	world_down(&w);
}

/* Each part takes one binding and one verb: apply or undo. */
static void fail_change(void **state)
{
	uintptr_t part = (uintptr_t)*state;

	sweep(part % 2 ? UNDO : APPLY, &wishes[part / 2], (struct fault){0}, 1);
}

static void fail_read(void **state)
{
	uintptr_t part = (uintptr_t)*state;

	sweep(part % 2 ? UNDO : APPLY, &wishes[part / 2], (struct fault){.is_read = true}, 4);
}

static void fail_changes_from_one_on(void **state)
{
	uintptr_t part = (uintptr_t)*state;

	sweep(part % 2 ? UNDO : APPLY, &wishes[part / 2], (struct fault){.is_lasting = true}, 3);
}

static void test_each_change_fails(void **state)
{
	(void)state;
	netns_at_once(fail_change, 2 * VMN_ARRAY_LEN(wishes));
}

static void test_reads_fail(void **state)
{
	(void)state;
	netns_at_once(fail_read, 2 * VMN_ARRAY_LEN(wishes));
}

static void test_changes_fail_from_one_on(void **state)
{
	(void)state;
	netns_at_once(fail_changes_from_one_on, 2 * VMN_ARRAY_LEN(wishes));
}

/* --- killed --------------------------------------------------------------------------- */

static void kill_part(void **state)
{
	enum verb verb = (enum verb)((uintptr_t)*state % 3);
	const struct wish *wish = &wishes[(uintptr_t)*state / 3];
	bool has_died = true;
	struct world w;
	int n_changes, at = 0;

	world_up(&w, start);
	n_changes = count_changes(&w, wish);
	for (; has_died; at++) {
		vmn_auto_free char *when = vmn_xasprintf("%s of %s killed at change %d",
							 verb_words[verb], wish->name, at);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		prepare(&w, verb, wish, n_changes);
		has_died = do_killed(&w, verb, wish, at);
		must(recover(&w, &err), &err);
		assert_either(&w, wish, when);
	}
	assert_true(at > 10);
	world_down(&w);
}

static void test_killed_anywhere(void **state)
{
	(void)state;
	netns_at_once(kill_part, 3 * VMN_ARRAY_LEN(wishes));
}

/* An interface that was mended is two transactions, and undone as one. */
static void test_undo_of_several_is_killed(void **state)
{
	bool has_died = true;
	struct world w;
	int at = 0;

	(void)state;
	world_up(&w, start);
	for (; has_died; at++) {
		vmn_auto_free char *when = vmn_xasprintf("undo of two killed at change %d", at);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		size_t n_steps;

		must(apply(&w, &wishes[1], &n_steps, &err), &err);
		netns_sh(w.fd, "ip link del tap0; nft flush chain ip vmnetctl_k6t_eth0 output");
		must(apply(&w, &wishes[1], &n_steps, &err), &err);
		has_died = do_killed(&w, UNDO, &wishes[1], at);
		must(recover(&w, &err), &err);
		assert_either(&w, &wishes[1], when);
	}
	assert_true(at > 10);
	world_down(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_change_fails),
		cmocka_unit_test(test_reads_fail),
		cmocka_unit_test(test_changes_fail_from_one_on),
		cmocka_unit_test(test_killed_anywhere),
		cmocka_unit_test(test_undo_of_several_is_killed),
	};

	if (!netns_permitted() || access("/dev/net/tun", R_OK | W_OK) < 0) {
		(void)printf("1..0 # SKIP network namespaces and taps are not permitted here\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
