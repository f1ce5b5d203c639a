/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/data/json.h"
#include "lib/net/change.h"
#include "lib/net/journal.h"
#include "lib/net/nft.h"
#include "lib/net/txnfile.h"

enum { LOCK_POLL_MS = 20 };

struct vmn_journal {
	const struct vmn_netns *ns;
	const struct vmn_log *log;
	char *dir;
	int lock_fd;
	struct vmn_rtnl *rtnl; /* opened at first use */
};

/* --- signals -------------------------------------------------------------------------- */

/* What has been begun is finished or taken back, which takes milliseconds, before a signal ends us.
 */
static sigset_t hold_signals(void)
{
	sigset_t held, before;

	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGINT);
	(void)sigaddset(&held, SIGTERM);
	(void)sigaddset(&held, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &held, &before);
	return before;
}

static void release_signals(const sigset_t *before)
{
	(void)pthread_sigmask(SIG_SETMASK, before, NULL);
}
/* unused: clang does not count the cleanup as a use */
#define auto_signals __attribute__((unused)) VMN_CLEANUP(release_signals)

/* --- opening -------------------------------------------------------------------------- */

static int take_lock(struct vmn_journal *j, int64_t deadline_ms, struct vmn_err *err)
{
	vmn_auto_free char *path = vmn_path_join(j->dir, "lock");

	j->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->lock_fd < 0)
		return vmn_err_sys(err, errno, "cannot open '%s'", path);
	/* flock(2) has no time limit; whoever holds it is done within milliseconds. */
	while (flock(j->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		struct timespec pause = {.tv_nsec = LOCK_POLL_MS * 1000000L};

		if (errno != EWOULDBLOCK && errno != EINTR)
			return vmn_err_sys(err, errno, "cannot lock '%s'", path);
		if (vmn_deadline_left(deadline_ms) == 0)
			return vmn_err_set(err, VMN_E_CONFLICT,
					   "another run is changing network namespace %s",
					   vmn_netns_id(j->ns));
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int vmn_journal_open(const struct vmn_netns *ns, const struct vmn_journal_opts *opts,
		     struct vmn_journal **ret, struct vmn_err *err)
{
	vmn_auto_journal struct vmn_journal *j = vmn_xcalloc(1, sizeof(*j));
	int rc;

	j->ns = ns;
	j->log = opts->log;
	j->lock_fd = -1;
	j->dir = vmn_xasprintf("%s/%s", opts->state_dir, vmn_netns_id(ns));
	rc = vmn_mkdir_p(j->dir, 0700, err);
	if (rc == 0)
		rc = take_lock(j, opts->deadline_ms, err);
	if (rc < 0)
		return rc;
	*ret = vmn_steal(&j);
	return 0;
}

void vmn_journal_free_p(struct vmn_journal **j)
{
	if (!*j)
		return;
	vmn_rtnl_free_p(&(*j)->rtnl);
	vmn_close_p(&(*j)->lock_fd);
	free((*j)->dir);
	free(*j);
	*j = NULL;
}

const char *vmn_journal_dir(const struct vmn_journal *j)
{
	return j->dir;
}

static int open_changer(struct vmn_journal *j, struct vmn_changer *ret, struct vmn_err *err)
{
	if (!j->rtnl && vmn_rtnl_open(j->ns, &j->rtnl, err) < 0)
		return -(int)err->code;
	*ret = (struct vmn_changer){.ns = j->ns, .rtnl = j->rtnl};
	return 0;
}

static int read_all(const struct vmn_journal *j, struct vmn_txnfiles *ret, struct vmn_err *err)
{
	return vmn_txnfiles_read(j->dir, j->ns, j->log, ret, err);
}

static bool is_in_force(const struct vmn_txnfile *t)
{
	return t->is_committed && !t->is_undoing;
}

/* --- taking back ---------------------------------------------------------------------- */

static void add_ifindex(int **v, size_t *n, int ifindex)
{
	for (size_t i = 0; i < *n; i++)
		if ((*v)[i] == ifindex)
			return;
	*v = vmn_xrealloc(*v, *n + 1, sizeof(**v));
	(*v)[(*n)++] = ifindex;
}

static int settle(struct vmn_changer *c, const struct vmn_txnfile *t, struct vmn_err *err)
{
	vmn_auto_free int *ifindexes = NULL;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].was.link.ifindex &&
		    vmn_snapshot_link_at(&t->before, t->v[i].was.link.ifindex))
			add_ifindex(&ifindexes, &n, t->v[i].was.link.ifindex);
	return n ? vmn_change_settle(c, &t->before, ifindexes, n, err) : 0;
}

/*
 * @is_marked: when one that came after it could not be taken back, it is no use to remember that
 * this one was: what the next run does about that one may need this one to be taken back after it.
 */
static int take_back_step(struct vmn_journal *j, struct vmn_changer *c, struct vmn_txnfile *t,
			  size_t i, bool is_marked, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	struct vmn_txnfile_step *r = &t->v[i];
	int rc;

	if (r->is_undone)
		return 0;
	rc = vmn_change_undo(c, &r->step, &r->was, err);
	if (rc < 0 || !is_marked)
		return rc;
	r->is_undone = true;
	/* The mark only spares the next run work: a full disk shall not stop us from going on. */
	if (vmn_txnfile_add_undone(t, i, &why) < 0)
		vmn_logf(j->log, 1, "%s", vmn_err_text(&why));
	return 0;
}

/* All steps, last first, as far as they can be; then the file goes. The first error is returned. */
static int take_back(struct vmn_journal *j, struct vmn_txnfile *t, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err late = VMN_ERR_INIT;
	struct vmn_changer c;
	int rc = open_changer(j, &c, err);

	if (rc < 0)
		return rc;
	for (size_t i = t->n; i-- > 0;) {
		vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

		if (take_back_step(j, &c, t, i, rc == 0, &why) < 0 && rc == 0)
			rc = vmn_err_move(err, &why);
	}
	if (settle(&c, t, &late) < 0 && rc == 0)
		rc = vmn_err_move(err, &late);
	if (rc < 0)
		return rc;
	return vmn_txnfile_remove(t, err);
}

/* --- running -------------------------------------------------------------------------- */

static int run_step(struct vmn_changer *c, struct vmn_txnfile *t, const struct vmn_step *step,
		    struct vmn_err *err)
{
	struct vmn_txnfile_step *r;
	int rc;

	t->v = vmn_xrealloc(t->v, t->n + 1, sizeof(*t->v));
	r = &t->v[t->n];
	*r = (struct vmn_txnfile_step){0};
	vmn_step_copy(step, &r->step);
	rc = vmn_change_look(c, &r->step, &r->was, err);
	if (rc == 0)
		rc = vmn_txnfile_add_step(t, r, err);
	if (rc < 0) { /* it is not in the journal, and nothing was done */
		vmn_step_clear(&r->step);
		vmn_before_clear(&r->was);
		return rc;
	}
	t->n++;
	return vmn_change_do(c, &r->step, &r->was, err);
}

/* What the rules look like once the kernel has them is what they are compared with later. */
static int commit(struct vmn_txnfile *t, struct json_object *info, struct vmn_err *err)
{
	bool has_nft = false;

	for (size_t i = 0; i < t->n; i++)
		has_nft |= t->v[i].step.kind == VMN_STEP_NFT;
	if (has_nft && vmn_nft_list(t->ns, &t->nft, err) < 0)
		return -(int)err->code;
	return vmn_txnfile_add_commit(t, info, err);
}

static int run_steps(struct vmn_journal *j, struct vmn_txnfile *t, const struct vmn_steps *steps,
		     struct json_object *info, struct vmn_err *err)
{
	struct vmn_changer c;
	int rc = open_changer(j, &c, err);

	for (size_t i = 0; i < t->before.n_links; i++)
		if (t->before.links[i].ifindex >= c.next_ifindex)
			c.next_ifindex = t->before.links[i].ifindex + 1;
	for (size_t i = 0; i < steps->n && rc == 0; i++)
		rc = run_step(&c, t, &steps->v[i], err);
	if (rc == 0)
		rc = commit(t, info, err);
	return rc;
}

static int roll_back(struct vmn_journal *j, struct vmn_txnfile *t, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

	if (take_back(j, t, &why) < 0)
		(void)vmn_err_hint(
			err, "not all could be taken back (%s); run `vmnetctl netsetup recover`",
			vmn_err_text(&why));
	return -(int)err->code;
}

int vmn_journal_run(struct vmn_journal *j, const struct vmn_snapshot *before, const char *owner,
		    const struct vmn_steps *steps, struct json_object *info, struct vmn_err *err)
{
	auto_signals sigset_t signals = hold_signals();
	vmn_auto_txnfiles struct vmn_txnfiles all = {0};
	vmn_auto_txnfile struct vmn_txnfile t = {.ns = j->ns, .log = j->log, .number = 1, .fd = -1};
	int rc = read_all(j, &all, err);

	if (rc < 0)
		return rc;
	if (!vmn_txnfile_is_owner(owner))
		return vmn_err_set(err, VMN_E_INTERNAL, "'%s' cannot be in a file name", owner);
	for (size_t i = 0; i < all.n; i++) {
		if (!all.v[i].is_committed || all.v[i].is_undoing)
			return vmn_err_set(err, VMN_E_CONFLICT, "'%s' is half done",
					   all.v[i].owner);
		if (strcmp(all.v[i].owner, owner) == 0)
			return vmn_err_set(err, VMN_E_EXISTS, "'%s' is set up already", owner);
		t.number = all.v[i].number + 1;
	}
	t.owner = vmn_xstrdup(owner);
	vmn_snapshot_copy(before, &t.before);
	rc = vmn_txnfile_create(&t, j->dir, err);
	if (rc < 0)
		return rc;
	rc = run_steps(j, &t, steps, info, err);
	return rc < 0 ? roll_back(j, &t, err) : 0;
}

/* --- what is in force ----------------------------------------------------------------- */

void vmn_txns_clear(struct vmn_txns *txns)
{
	for (size_t i = 0; i < txns->n; i++) {
		free(txns->v[i].owner);
		vmn_json_put_p(&txns->v[i].info);
		free(txns->v[i].nft);
		vmn_snapshot_clear(&txns->v[i].before);
		vmn_steps_clear(&txns->v[i].steps);
	}
	free(txns->v);
	*txns = (struct vmn_txns){0};
}

static void move_txn(struct vmn_txnfile *from, struct vmn_txn *to)
{
	*to = (struct vmn_txn){
		.owner = vmn_steal(&from->owner),
		.info = vmn_steal(&from->info),
		.nft = vmn_steal(&from->nft),
		.before = from->before,
	};
	from->before = (struct vmn_snapshot){0};
	for (size_t i = 0; i < from->n; i++) {
		*vmn_steps_add(&to->steps, from->v[i].step.kind) = from->v[i].step;
		from->v[i].step = (struct vmn_step){0};
	}
}

static int list(struct vmn_journal *j, bool want_in_force, struct vmn_txns *ret,
		struct vmn_err *err)
{
	vmn_auto_txnfiles struct vmn_txnfiles all = {0};
	int rc = read_all(j, &all, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < all.n; i++) {
		if (is_in_force(&all.v[i]) != want_in_force)
			continue;
		ret->v = vmn_xrealloc(ret->v, ret->n + 1, sizeof(*ret->v));
		move_txn(&all.v[i], &ret->v[ret->n++]);
	}
	return 0;
}

int vmn_journal_list(struct vmn_journal *j, struct vmn_txns *ret, struct vmn_err *err)
{
	return list(j, true, ret, err);
}

int vmn_journal_pending(struct vmn_journal *j, struct vmn_txns *ret, struct vmn_err *err)
{
	return list(j, false, ret, err);
}

/* --- undoing -------------------------------------------------------------------------- */

/*
 * A younger transaction that set the same sysctl to the same value found it set: it inherits what
 * was before us, and the value stays as long as it is needed.
 */
static int bequeath(struct vmn_txnfile_step *r, struct vmn_txnfile *heir, bool *ret_taken,
		    struct vmn_err *err)
{
	for (size_t i = 0; i < heir->n; i++) {
		struct vmn_txnfile_step *h = &heir->v[i];

		if (h->step.kind != VMN_STEP_SYSCTL || strcmp(h->step.key, r->step.key) != 0)
			continue;
		*ret_taken = true;
		free(h->was.value);
		h->was.value = vmn_xstrdup(r->was.value);
		return vmn_txnfile_rewrite(heir, err);
	}
	return 0;
}

static int bequeath_sysctls(struct vmn_txnfiles *all, size_t at, struct vmn_err *err)
{
	struct vmn_txnfile *t = &all->v[at];

	for (size_t i = 0; i < t->n; i++) {
		bool is_taken = false;
		int rc = 0;

		if (t->v[i].step.kind != VMN_STEP_SYSCTL || t->v[i].is_undone)
			continue;
		for (size_t k = at + 1; k < all->n && rc == 0 && !is_taken; k++)
			if (is_in_force(&all->v[k]))
				rc = bequeath(&t->v[i], &all->v[k], &is_taken, err);
		if (rc == 0 && is_taken)
			rc = vmn_txnfile_add_undone(t, i, err);
		if (rc < 0)
			return rc;
		t->v[i].is_undone = t->v[i].is_undone || is_taken;
	}
	return 0;
}

/* One record begins it for all: it is in the oldest, whose file goes last. */
static int begin_undo(struct vmn_txnfiles *all, const struct vmn_strlist *owners,
		      struct vmn_err *err)
{
	struct json_object *with = json_object_new_array();
	struct vmn_txnfile *oldest = NULL;

	for (size_t i = 0; i < all->n; i++) {
		if (!vmn_strlist_has(owners, all->v[i].owner))
			continue;
		if (oldest)
			vmn_json_append_take(with, json_object_new_string(all->v[i].owner));
		else
			oldest = &all->v[i];
		all->v[i].is_undoing = true;
	}
	if (oldest)
		return vmn_txnfile_add_undo(oldest, with, err);
	(void)json_object_put(with);
	return 0;
}

int vmn_journal_undo(struct vmn_journal *j, const struct vmn_strlist *owners, struct vmn_err *err)
{
	auto_signals sigset_t signals = hold_signals();
	vmn_auto_txnfiles struct vmn_txnfiles all = {0};
	int rc = read_all(j, &all, err);

	if (rc == 0)
		rc = begin_undo(&all, owners, err);
	for (size_t i = all.n; rc == 0 && i-- > 0;) {
		if (!vmn_strlist_has(owners, all.v[i].owner))
			continue;
		rc = bequeath_sysctls(&all, i, err);
		if (rc == 0)
			rc = take_back(j, &all.v[i], err);
		if (rc < 0)
			(void)vmn_err_wrap(err, "cannot undo '%s'", all.v[i].owner);
	}
	return rc;
}

/* --- recovering ----------------------------------------------------------------------- */

int vmn_journal_recover(struct vmn_journal *j, struct vmn_recovery *ret, struct vmn_err *err)
{
	auto_signals sigset_t signals = hold_signals();
	vmn_auto_txnfiles struct vmn_txnfiles all = {0};
	int rc = read_all(j, &all, err);

	(void)signals;
	*ret = (struct vmn_recovery){0};
	for (size_t i = all.n; i-- > 0 && rc == 0;) {
		struct vmn_txnfile *t = &all.v[i];

		if (is_in_force(t))
			continue;
		vmn_logf(j->log, 1, "taking back %zu steps of '%s'", t->n, t->owner);
		rc = t->is_undoing ? bequeath_sysctls(&all, i, err) : 0;
		if (rc == 0)
			rc = take_back(j, t, err);
		if (rc < 0)
			return vmn_err_wrap(err, "cannot recover '%s'", t->owner);
		ret->n_rolled_back++;
		ret->n_steps += t->n;
	}
	return rc;
}
