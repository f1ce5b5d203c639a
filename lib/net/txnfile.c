/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/data/json.h"
#include "lib/net/txnfile.h"

enum {
	FORMAT = 1,
	FILE_MAX_BYTES = 64 << 20,
	OWNER_MAX = 64,
};

void vmn_txnfile_clear(struct vmn_txnfile *t)
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
	*t = (struct vmn_txnfile){.fd = -1};
}

bool vmn_txnfile_is_owner(const char *owner)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t len = strlen(owner);

	return len > 0 && len <= OWNER_MAX && strspn(owner, allowed) == len;
}

/* --- writing -------------------------------------------------------------------------- */

/* One line, on disk when this returns. Swallows @line. */
static int write_line(struct vmn_txnfile *t, struct json_object *line, struct vmn_err *err)
{
	vmn_auto_json struct json_object *owned = line;
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);
	int errnum = vmn_netns_ask_hook(t->ns, "journal");
	off_t end;

	vmn_buf_addf(&text, "%s\n", vmn_json_text(owned));
	end = lseek(t->fd, 0, SEEK_END);
	if (!errnum &&
	    (write(t->fd, text.data, text.len) != (ssize_t)text.len || fdatasync(t->fd) < 0))
		errnum = errno ? errno : ENOSPC;
	if (!errnum)
		return 0;
	if (end >= 0 && ftruncate(t->fd, end) < 0)
		vmn_logf(t->log, 1, "cannot cut '%s' back", t->path);
	return vmn_err_sys(err, errnum, "cannot write to the journal '%s'", t->path);
}

static struct json_object *header(const struct vmn_txnfile *t)
{
	struct json_object *out = vmn_json_build("{\"version\":%d,\"owner\":%s}", FORMAT, t->owner);

	vmn_json_set_take(out, "before", vmn_snapshot_json(&t->before));
	return out;
}

static struct json_object *step_line(const struct vmn_txnfile_step *s)
{
	struct json_object *out = json_object_new_object();

	vmn_json_set_take(out, "do", vmn_step_json(&s->step));
	vmn_json_set_take(out, "was", vmn_before_json(&s->was));
	return out;
}

static struct json_object *commit(const struct vmn_txnfile *t, struct json_object *info)
{
	struct json_object *out = json_object_new_object();

	vmn_json_set_take(out, "commit", info ? json_object_get(info) : json_object_new_object());
	if (t->nft)
		vmn_json_set_str(out, "nft", t->nft);
	return out;
}

/* The file and its name on disk. */
static int make_file(struct vmn_txnfile *t, const char *dir, struct vmn_err *err)
{
	vmn_auto_close int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	t->fd = open(t->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (t->fd < 0 || dir_fd < 0 || fsync(dir_fd) < 0)
		return vmn_err_sys(err, errno, "cannot create '%s'", t->path);
	return 0;
}

int vmn_txnfile_create(struct vmn_txnfile *t, const char *dir, struct vmn_err *err)
{
	vmn_auto_free char *name = vmn_xasprintf("%06u-%s" VMN_TXNFILE_SUFFIX, t->number, t->owner);
	int rc;

	t->path = vmn_path_join(dir, name);
	rc = make_file(t, dir, err);
	if (rc == 0)
		rc = write_line(t, header(t), err);
	/* Should it stay: without a first line it is no transaction. */
	if (rc < 0 && t->fd >= 0)
		(void)unlink(t->path);
	return rc;
}

int vmn_txnfile_add_step(struct vmn_txnfile *t, const struct vmn_txnfile_step *s,
			 struct vmn_err *err)
{
	return write_line(t, step_line(s), err);
}

int vmn_txnfile_add_undone(struct vmn_txnfile *t, size_t i, struct vmn_err *err)
{
	return write_line(t, vmn_json_build("{\"undone\":%d}", (int)i), err);
}

int vmn_txnfile_add_commit(struct vmn_txnfile *t, struct json_object *info, struct vmn_err *err)
{
	return write_line(t, commit(t, info), err);
}

int vmn_txnfile_add_undo(struct vmn_txnfile *t, struct json_object *with, struct vmn_err *err)
{
	struct json_object *line = vmn_json_build("{\"undo\":true}");

	vmn_json_set_take(line, "with", with);
	return write_line(t, line, err);
}

int vmn_txnfile_rewrite(const struct vmn_txnfile *t, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);
	vmn_auto_json struct json_object *head = header(t), *end = commit(t, t->info);

	vmn_buf_addf(&text, "%s\n", vmn_json_text(head));
	for (size_t i = 0; i < t->n; i++) {
		vmn_auto_json struct json_object *line = step_line(&t->v[i]);

		vmn_buf_addf(&text, "%s\n", vmn_json_text(line));
	}
	vmn_buf_addf(&text, "%s\n", vmn_json_text(end));
	return vmn_file_write(t->path, text.data, text.len, 0600, err);
}

int vmn_txnfile_remove(struct vmn_txnfile *t, struct vmn_err *err)
{
	int errnum = vmn_netns_ask_hook(t->ns, "journal");

	if (!errnum && unlink(t->path) < 0)
		errnum = errno;
	return errnum ? vmn_err_sys(err, errnum, "cannot remove '%s'", t->path) : 0;
}

/* --- reading -------------------------------------------------------------------------- */

static int read_step(struct vmn_txnfile *t, struct json_object *line, struct vmn_err *err)
{
	struct vmn_txnfile_step *r;
	int rc;

	t->v = vmn_xrealloc(t->v, t->n + 1, sizeof(*t->v));
	r = &t->v[t->n];
	*r = (struct vmn_txnfile_step){0};
	rc = vmn_step_parse(vmn_json_get(line, "/do"), &r->step, err);
	if (rc < 0)
		return rc;
	t->n++;
	return vmn_before_parse(vmn_json_get(line, "/was"), &r->was, err);
}

static int read_line(struct vmn_txnfile *t, struct json_object *line, struct vmn_err *err)
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
static int read_file(const char *path, struct vmn_txnfile *ret, struct vmn_err *err)
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

/* --- all of a namespace --------------------------------------------------------------- */

void vmn_txnfiles_clear(struct vmn_txnfiles *all)
{
	for (size_t i = 0; i < all->n; i++)
		vmn_txnfile_clear(&all->v[i]);
	free(all->v);
	*all = (struct vmn_txnfiles){0};
}

static int by_number(const void *a, const void *b)
{
	const struct vmn_txnfile *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* Add the file @name of @dir, if it is a transaction's. */
static int read_entry(const char *dir, const char *name, const struct vmn_txnfile *model,
		      struct vmn_txnfiles *all, struct vmn_err *err)
{
	vmn_auto_free char *path = vmn_path_join(dir, name), *number = NULL;
	struct vmn_txnfile *t;
	uint64_t n;
	int rc;

	number = vmn_xstrndup(name, strcspn(name, "-"));
	if (!vmn_ends_with(name, VMN_TXNFILE_SUFFIX) || !vmn_parse_u64(number, &n))
		return 0;
	all->v = vmn_xrealloc(all->v, all->n + 1, sizeof(*all->v));
	t = &all->v[all->n++];
	*t = *model;
	t->number = (unsigned)n;
	rc = read_file(path, t, err);
	if (rc < 0 || t->owner)
		return rc;
	(void)unlink(path);
	vmn_txnfile_clear(t);
	all->n--;
	return 0;
}

int vmn_txnfiles_read(const char *dir, const struct vmn_netns *ns, const struct vmn_log *log,
		      struct vmn_txnfiles *ret, struct vmn_err *err)
{
	const struct vmn_txnfile model = {.ns = ns, .log = log, .fd = -1};
	DIR *d = opendir(dir);
	int rc = 0;

	if (!d)
		return vmn_err_sys(err, errno, "cannot read '%s'", dir);
	for (struct dirent *e; rc == 0 && (e = readdir(d));)
		rc = read_entry(dir, e->d_name, &model, ret, err);
	(void)closedir(d);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_number);
	for (size_t i = 0; i < ret->n; i++)
		for (size_t k = i + 1; k < ret->n; k++)
			if (ret->v[k].owner && vmn_strlist_has(&ret->v[i].with, ret->v[k].owner))
				ret->v[k].is_undoing = true;
	return rc;
}
