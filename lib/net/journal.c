/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/data/json.h"
#include "lib/net/change.h"
#include "lib/net/journal.h"
#include "lib/net/nft.h"

/*
 * A file "000007-eth0.journal" holds JSON objects, one a line:
 *
 *	{"version":1,"owner":"eth0","before":SNAPSHOT}
 *	{"do":STEP,"was":BEFORE}	a step, written before it is made
 *	{"undone":N}			the Nth was taken back
 *	{"commit":INFO,"nft":LISTING}	all were made; our nft tables then, if a step was about them
 *	{"undo":true,"with":[OWNER]}	taking back this committed transaction has begun, and those
 *
 * A last line without its newline was cut off by a crash: what it announces has not been begun.
 */
enum {
	FORMAT = 1,
	FILE_MAX_BYTES = 64 << 20,
	LOCK_POLL_MS = 20,
	OWNER_MAX = 64,
};

#define SUFFIX VMN_JOURNAL_SUFFIX

struct vmn_journal {
	const struct vmn_netns *ns;
	const struct vmn_log *log;
	char *dir;
	int lock_fd;
	struct vmn_rtnl *rtnl; /* opened at first use */
};

/* A transaction as its file tells it. */
struct record {
	struct vmn_step step;
	struct vmn_before was;
	bool is_undone;
};

struct txn {
	char *path, *owner;
	unsigned number;
	struct vmn_snapshot before;
	struct json_object *info;
	char *nft; /* NULL: no step was about rules */
	struct record *v;
	size_t n;
	bool is_committed, is_undoing;
	struct vmn_strlist with; /* younger ones that are being undone together with it */
	int fd;			 /* open for appending, or -1 */
};

static void txn_clear(struct txn *t)
{
	for (size_t i = 0; i < t->n; i++) {
		vmn_step_clear(&t->v[i].step);
		vmn_before_clear(&t->v[i].was);
	}
	free(t->v);
	free(t->path);
	free(t->owner);
	free(t->nft);
	vmn_strlist_clear(&t->with);
	vmn_snapshot_clear(&t->before);
	vmn_json_put_p(&t->info);
	vmn_close_p(&t->fd);
	*t = (struct txn){.fd = -1};
}
#define auto_txn VMN_CLEANUP(txn_clear)

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

/* --- writing -------------------------------------------------------------------------- */

/* One line, on disk when this returns. Swallows @record. */
static int write_record(struct vmn_journal *j, struct txn *t, struct json_object *record,
			struct vmn_err *err)
{
	vmn_auto_json struct json_object *owned = record;
	vmn_auto_buf struct vmn_buf line = VMN_BUF_INIT(0);
	int errnum = vmn_netns_ask_hook(j->ns, "journal");
	off_t end;

	vmn_buf_addf(&line, "%s\n", vmn_json_text(owned));
	end = lseek(t->fd, 0, SEEK_END);
	if (!errnum &&
	    (write(t->fd, line.data, line.len) != (ssize_t)line.len || fdatasync(t->fd) < 0))
		errnum = errno ? errno : ENOSPC;
	if (!errnum)
		return 0;
	if (end >= 0 && ftruncate(t->fd, end) < 0)
		vmn_logf(j->log, 1, "cannot cut '%s' back", t->path);
	return vmn_err_sys(err, errnum, "cannot write to the journal '%s'", t->path);
}

static struct json_object *header(const struct txn *t)
{
	struct json_object *out = vmn_json_build("{\"version\":%d,\"owner\":%s}", FORMAT, t->owner);

	vmn_json_set_take(out, "before", vmn_snapshot_json(&t->before));
	return out;
}

static int write_step(struct vmn_journal *j, struct txn *t, const struct record *r,
		      struct vmn_err *err)
{
	struct json_object *out = json_object_new_object();

	vmn_json_set_take(out, "do", vmn_step_json(&r->step));
	vmn_json_set_take(out, "was", vmn_before_json(&r->was));
	return write_record(j, t, out, err);
}

static struct json_object *commit(const struct txn *t, struct json_object *info)
{
	struct json_object *out = json_object_new_object();

	vmn_json_set_take(out, "commit", info ? json_object_get(info) : json_object_new_object());
	if (t->nft)
		vmn_json_set_str(out, "nft", t->nft);
	return out;
}

/* What the rules look like once the kernel has them is what they are compared with later. */
static int write_commit(struct vmn_journal *j, struct txn *t, struct json_object *info,
			struct vmn_err *err)
{
	bool has_nft = false;

	for (size_t i = 0; i < t->n; i++)
		has_nft |= t->v[i].step.kind == VMN_STEP_NFT;
	if (has_nft && vmn_nft_list(j->ns, &t->nft, err) < 0)
		return -(int)err->code;
	return write_record(j, t, commit(t, info), err);
}

/* --- reading -------------------------------------------------------------------------- */

static int read_step(struct txn *t, struct json_object *line, struct vmn_err *err)
{
	struct record *r;
	int rc;

	t->v = vmn_xrealloc(t->v, t->n + 1, sizeof(*t->v));
	r = &t->v[t->n];
	*r = (struct record){0};
	rc = vmn_step_parse(vmn_json_get(line, "/do"), &r->step, err);
	if (rc < 0)
		return rc;
	t->n++;
	return vmn_before_parse(vmn_json_get(line, "/was"), &r->was, err);
}

static int read_line(struct txn *t, struct json_object *line, struct vmn_err *err)
{
	int64_t undone = vmn_json_int(line, "/undone", -1);
	struct json_object *info = vmn_json_get(line, "/commit");
	const char *owner = vmn_json_str(line, "/owner");

	if (vmn_json_get(line, "/do"))
		return read_step(t, line, err);
	if (undone >= 0 && (size_t)undone < t->n)
		t->v[undone].is_undone = true;
	else if (info) {
		t->is_committed = true;
		vmn_json_put_p(&t->info);
		t->info = json_object_get(info);
		free(t->nft);
		t->nft =
			vmn_json_str(line, "/nft") ? vmn_xstrdup(vmn_json_str(line, "/nft")) : NULL;
	} else if (vmn_json_bool(line, "/undo", false)) {
		t->is_undoing = true;
		vmn_json_each(with, vmn_json_array(line, "/with"))
			vmn_strlist_add(&t->with, vmn_json_str_or(with, "", ""));
	} else if (owner && vmn_json_int(line, "/version", 0) == FORMAT && !t->owner) {
		t->owner = vmn_xstrdup(owner);
		return vmn_snapshot_parse(vmn_json_get(line, "/before"), &t->before, err);
	} else
		return vmn_err_set(err, VMN_E_INVALID, "unknown record");
	return 0;
}

/* Return: 0; @ret->owner is NULL when a crash cut off the first line already */
static int read_txn(const char *path, struct txn *ret, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(FILE_MAX_BYTES);
	size_t start = 0;
	const char *end;
	int rc = vmn_file_read(path, &text, err);

	if (rc < 0)
		return rc;
	ret->path = vmn_xstrdup(path);
	while (start < text.len && (end = memchr(text.data + start, '\n', text.len - start))) {
		vmn_auto_json struct json_object *line = NULL;
		size_t len = (size_t)(end - (text.data + start));

		rc = vmn_json_parse(text.data + start, len, &line, err);
		if (rc == 0)
			rc = read_line(ret, line, err);
		if (rc < 0)
			return vmn_err_wrap(err, "journal '%s'", path);
		start += len + 1;
	}
	ret->fd = open(path, O_RDWR | O_CLOEXEC);
	if (ret->fd < 0 || (start < text.len && ftruncate(ret->fd, (off_t)start) < 0))
		return vmn_err_sys(err, errno, "cannot open '%s'", path);
	return 0;
}

/* --- all transactions ----------------------------------------------------------------- */

struct txns {
	struct txn *v; /* oldest first */
	size_t n;
};

static void txns_clear(struct txns *all)
{
	for (size_t i = 0; i < all->n; i++)
		txn_clear(&all->v[i]);
	free(all->v);
}
#define auto_txns VMN_CLEANUP(txns_clear)

static int compare_txns(const void *a, const void *b)
{
	const struct txn *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int read_entry(struct vmn_journal *j, const char *name, struct txns *all,
		      struct vmn_err *err)
{
	vmn_auto_free char *path = vmn_path_join(j->dir, name), *number = NULL;
	struct txn *t;
	uint64_t n;
	int rc;

	number = vmn_xstrndup(name, strcspn(name, "-"));
	if (!vmn_ends_with(name, SUFFIX) || !vmn_parse_u64(number, &n))
		return 0;
	all->v = vmn_xrealloc(all->v, all->n + 1, sizeof(*all->v));
	t = &all->v[all->n++];
	*t = (struct txn){.fd = -1, .number = (unsigned)n};
	rc = read_txn(path, t, err);
	if (rc < 0 || t->owner)
		return rc;
	(void)unlink(path);
	txn_clear(t);
	all->n--;
	return 0;
}

static int read_all(struct vmn_journal *j, struct txns *all, struct vmn_err *err)
{
	DIR *dir = opendir(j->dir);
	int rc = 0;

	if (!dir)
		return vmn_err_sys(err, errno, "cannot read '%s'", j->dir);
	for (struct dirent *e; rc == 0 && (e = readdir(dir));)
		rc = read_entry(j, e->d_name, all, err);
	(void)closedir(dir);
	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), compare_txns);
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = i + 1; k < all->n; k++)
			if (all->v[k].owner && vmn_strlist_has(&all->v[i].with, all->v[k].owner))
				all->v[k].is_undoing = true;
	return rc;
}

static bool is_in_force(const struct txn *t)
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

static int settle(struct vmn_changer *c, const struct txn *t, struct vmn_err *err)
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
static int take_back_step(struct vmn_journal *j, struct vmn_changer *c, struct txn *t, size_t i,
			  bool is_marked, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	struct record *r = &t->v[i];
	int rc;

	if (r->is_undone)
		return 0;
	rc = vmn_change_undo(c, &r->step, &r->was, err);
	if (rc < 0 || !is_marked)
		return rc;
	r->is_undone = true;
	/* The mark only spares the next run work: a full disk shall not stop us from going on. */
	if (write_record(j, t, vmn_json_build("{\"undone\":%d}", (int)i), &why) < 0)
		vmn_logf(j->log, 1, "%s", vmn_err_text(&why));
	return 0;
}

/* All steps, last first, as far as they can be; then the file goes. The first error is returned. */
static int take_back(struct vmn_journal *j, struct txn *t, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err late = VMN_ERR_INIT;
	struct vmn_changer c;
	int errnum, rc = open_changer(j, &c, err);

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
	errnum = vmn_netns_ask_hook(j->ns, "journal");
	if (!errnum && unlink(t->path) < 0)
		errnum = errno;
	return errnum ? vmn_err_sys(err, errnum, "cannot remove '%s'", t->path) : 0;
}

/* --- running -------------------------------------------------------------------------- */

static bool is_owner(const char *owner)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t len = strlen(owner);

	return len > 0 && len <= OWNER_MAX && strspn(owner, allowed) == len;
}

static int create_file(struct vmn_journal *j, struct txn *t, struct vmn_err *err)
{
	vmn_auto_free char *name = vmn_xasprintf("%06u-%s" SUFFIX, t->number, t->owner);
	vmn_auto_close int dir = open(j->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	t->path = vmn_path_join(j->dir, name);
	t->fd = open(t->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (t->fd < 0 || dir < 0 || fsync(dir) < 0)
		return vmn_err_sys(err, errno, "cannot create '%s'", t->path);
	return 0;
}

static int run_step(struct vmn_journal *j, struct vmn_changer *c, struct txn *t,
		    const struct vmn_step *step, struct vmn_err *err)
{
	struct record *r;
	int rc;

	t->v = vmn_xrealloc(t->v, t->n + 1, sizeof(*t->v));
	r = &t->v[t->n];
	*r = (struct record){0};
	vmn_step_copy(step, &r->step);
	rc = vmn_change_look(c, &r->step, &r->was, err);
	if (rc == 0)
		rc = write_step(j, t, r, err);
	if (rc < 0) { /* it is not in the journal, and nothing was done */
		vmn_step_clear(&r->step);
		vmn_before_clear(&r->was);
		return rc;
	}
	t->n++;
	return vmn_change_do(c, &r->step, &r->was, err);
}

static int run_steps(struct vmn_journal *j, struct txn *t, const struct vmn_steps *steps,
		     struct json_object *info, struct vmn_err *err)
{
	struct vmn_changer c;
	int rc = open_changer(j, &c, err);

	for (size_t i = 0; i < t->before.n_links; i++)
		if (t->before.links[i].ifindex >= c.next_ifindex)
			c.next_ifindex = t->before.links[i].ifindex + 1;
	if (rc == 0)
		rc = write_record(j, t, header(t), err);
	for (size_t i = 0; i < steps->n && rc == 0; i++)
		rc = run_step(j, &c, t, &steps->v[i], err);
	if (rc == 0)
		rc = write_commit(j, t, info, err);
	return rc;
}

static int roll_back(struct vmn_journal *j, struct txn *t, struct vmn_err *err)
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
	auto_txns struct txns all = {0};
	auto_txn struct txn t = {.fd = -1, .number = 1};
	int rc = read_all(j, &all, err);

	if (rc < 0)
		return rc;
	if (!is_owner(owner))
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
	rc = create_file(j, &t, err);
	if (rc == 0)
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

static void move_txn(struct txn *from, struct vmn_txn *to)
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
	auto_txns struct txns all = {0};
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

static int rewrite(struct vmn_journal *j, struct txn *t, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);
	vmn_auto_json struct json_object *head = header(t), *end = commit(t, t->info);

	(void)j;
	vmn_buf_addf(&text, "%s\n", vmn_json_text(head));
	for (size_t i = 0; i < t->n; i++) {
		vmn_auto_json struct json_object *line = json_object_new_object();

		vmn_json_set_take(line, "do", vmn_step_json(&t->v[i].step));
		vmn_json_set_take(line, "was", vmn_before_json(&t->v[i].was));
		vmn_buf_addf(&text, "%s\n", vmn_json_text(line));
	}
	vmn_buf_addf(&text, "%s\n", vmn_json_text(end));
	return vmn_file_write(t->path, text.data, text.len, 0600, err);
}

/*
 * A younger transaction that set the same sysctl to the same value found it set: it inherits what
 * was before us, and the value stays as long as it is needed.
 */
static int bequeath(struct vmn_journal *j, struct record *r, struct txn *heir, bool *ret_taken,
		    struct vmn_err *err)
{
	for (size_t i = 0; i < heir->n; i++) {
		struct record *h = &heir->v[i];

		if (h->step.kind != VMN_STEP_SYSCTL || strcmp(h->step.key, r->step.key) != 0)
			continue;
		*ret_taken = true;
		free(h->was.value);
		h->was.value = vmn_xstrdup(r->was.value);
		return rewrite(j, heir, err);
	}
	return 0;
}

static int bequeath_sysctls(struct vmn_journal *j, struct txns *all, size_t at, struct vmn_err *err)
{
	struct txn *t = &all->v[at];

	for (size_t i = 0; i < t->n; i++) {
		bool is_taken = false;
		int rc = 0;

		if (t->v[i].step.kind != VMN_STEP_SYSCTL || t->v[i].is_undone)
			continue;
		for (size_t k = at + 1; k < all->n && rc == 0 && !is_taken; k++)
			if (is_in_force(&all->v[k]))
				rc = bequeath(j, &t->v[i], &all->v[k], &is_taken, err);
		if (rc == 0 && is_taken)
			rc = write_record(j, t, vmn_json_build("{\"undone\":%d}", (int)i), err);
		if (rc < 0)
			return rc;
		t->v[i].is_undone = t->v[i].is_undone || is_taken;
	}
	return 0;
}

/* One record begins it for all: it is in the oldest, whose file goes last. */
static int begin_undo(struct vmn_journal *j, struct txns *all, const struct vmn_strlist *owners,
		      struct vmn_err *err)
{
	struct json_object *with = json_object_new_array(), *record;
	struct txn *oldest = NULL;

	for (size_t i = 0; i < all->n; i++) {
		if (!vmn_strlist_has(owners, all->v[i].owner))
			continue;
		if (oldest)
			vmn_json_append_take(with, json_object_new_string(all->v[i].owner));
		else
			oldest = &all->v[i];
		all->v[i].is_undoing = true;
	}
	record = vmn_json_build("{\"undo\":true}");
	vmn_json_set_take(record, "with", with);
	if (oldest)
		return write_record(j, oldest, record, err);
	json_object_put(record);
	return 0;
}

int vmn_journal_undo_all(struct vmn_journal *j, const struct vmn_strlist *owners,
			 struct vmn_err *err)
{
	auto_signals sigset_t signals = hold_signals();
	auto_txns struct txns all = {0};
	int rc = read_all(j, &all, err);

	if (rc == 0)
		rc = begin_undo(j, &all, owners, err);
	for (size_t i = all.n; rc == 0 && i-- > 0;) {
		if (!vmn_strlist_has(owners, all.v[i].owner))
			continue;
		rc = bequeath_sysctls(j, &all, i, err);
		if (rc == 0)
			rc = take_back(j, &all.v[i], err);
		if (rc < 0)
			(void)vmn_err_wrap(err, "cannot undo '%s'", all.v[i].owner);
	}
	return rc;
}

int vmn_journal_undo(struct vmn_journal *j, const char *owner, struct vmn_err *err)
{
	vmn_auto_strlist struct vmn_strlist one = {0};
	auto_txns struct txns all = {0};
	int rc = read_all(j, &all, err);

	for (size_t i = 0; rc == 0 && i < all.n; i++)
		if (strcmp(all.v[i].owner, owner) == 0)
			vmn_strlist_add(&one, owner);
	if (rc == 0 && one.n == 0)
		return vmn_err_set(err, VMN_E_NOT_FOUND, "'%s' is not set up", owner);
	return rc < 0 ? rc : vmn_journal_undo_all(j, &one, err);
}

/* --- recovering ----------------------------------------------------------------------- */

int vmn_journal_recover(struct vmn_journal *j, struct vmn_recovery *ret, struct vmn_err *err)
{
	auto_signals sigset_t signals = hold_signals();
	auto_txns struct txns all = {0};
	int rc = read_all(j, &all, err);

	(void)signals;
	*ret = (struct vmn_recovery){0};
	for (size_t i = all.n; i-- > 0 && rc == 0;) {
		struct txn *t = &all.v[i];

		if (is_in_force(t))
			continue;
		vmn_logf(j->log, 1, "taking back %zu steps of '%s'", t->n, t->owner);
		rc = t->is_undoing ? bequeath_sysctls(j, &all, i, err) : 0;
		if (rc == 0)
			rc = take_back(j, t, err);
		if (rc < 0)
			return vmn_err_wrap(err, "cannot recover '%s'", t->owner);
		ret->n_rolled_back++;
		ret->n_steps += t->n;
	}
	return rc;
}
