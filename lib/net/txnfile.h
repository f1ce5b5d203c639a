/* SPDX-License-Identifier: Apache-2.0 */
/*
 * txnfile.h - the file of one transaction: what the journal writes and reads
 *
 * A file "000007-eth0.journal" holds JSON objects, one a line:
 *
 *	{"version":1,"owner":"eth0","before":SNAPSHOT}
 *	{"do":STEP,"was":BEFORE}	a step, written before it is made
 *	{"undone":N}			the Nth was taken back
 *	{"commit":INFO,"nft":LISTING}	all were made; our nft tables then, if a step was about them
 *	{"undo":true,"with":[OWNER]}	taking back this committed transaction has begun, and those
 *
 * A last line without its newline was cut off by a crash: what it announces has not been begun.
 * A line is on disk when the function that writes it returns 0; else none of it stays.
 */
#ifndef VMN_NET_TXNFILE_H
#define VMN_NET_TXNFILE_H

#include "lib/base/log.h"
#include "lib/net/change.h"

#define VMN_TXNFILE_SUFFIX ".journal"

/* A step, and what was there before it. */
struct vmn_txnfile_step {
	struct vmn_step step;
	struct vmn_before was;
	bool is_undone;
};

struct vmn_txnfile {
	const struct vmn_netns *ns; /* whose; borrowed, as the log is */
	const struct vmn_log *log;
	char *path, *owner;
	unsigned number;
	struct vmn_snapshot before;
	struct json_object *info;
	char *nft; /* NULL: no step was about rules */
	struct vmn_txnfile_step *v;
	size_t n;
	bool is_committed, is_undoing;
	struct vmn_strlist with; /* younger ones that are being undone together with it */
	int fd;			 /* open for appending, or -1 */
};

void vmn_txnfile_clear(struct vmn_txnfile *t);
#define vmn_auto_txnfile VMN_CLEANUP(vmn_txnfile_clear)

/** vmn_txnfile_is_owner() - whether @owner can be part of a file's name */
bool vmn_txnfile_is_owner(const char *owner);

/**
 * vmn_txnfile_create() - make the file in @dir and write its first line
 * @t:	with owner, number and what was before; on failure there is no file
 */
int vmn_txnfile_create(struct vmn_txnfile *t, const char *dir, struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_txnfile_add_step() - write @s, which the caller adds to @t when it is on disk */
int vmn_txnfile_add_step(struct vmn_txnfile *t, const struct vmn_txnfile_step *s,
			 struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_txnfile_add_undone() - write that the @i-th step was taken back */
int vmn_txnfile_add_undone(struct vmn_txnfile *t, size_t i, struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_txnfile_add_commit() - write that all steps were made; @info is borrowed, may be NULL */
int vmn_txnfile_add_commit(struct vmn_txnfile *t, struct json_object *info,
			   struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_txnfile_add_undo() - write that taking it back begins; @with: owners, swallowed */
int vmn_txnfile_add_undo(struct vmn_txnfile *t, struct json_object *with,
			 struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_txnfile_rewrite() - a committed one, whole, in place of its file */
int vmn_txnfile_rewrite(const struct vmn_txnfile *t, struct vmn_err *err) VMN_MUST_CHECK;
int vmn_txnfile_remove(struct vmn_txnfile *t, struct vmn_err *err) VMN_MUST_CHECK;

/* --- all of a namespace --------------------------------------------------------------- */

struct vmn_txnfiles {
	struct vmn_txnfile *v; /* oldest first */
	size_t n;
};

void vmn_txnfiles_clear(struct vmn_txnfiles *all);
#define vmn_auto_txnfiles VMN_CLEANUP(vmn_txnfiles_clear)

/**
 * vmn_txnfiles_read() - the files in @dir; one that a crash kept from having a first line is
 * removed
 * @ns:	whose they are
 * @ret: initialised with {0}
 */
int vmn_txnfiles_read(const char *dir, const struct vmn_netns *ns, const struct vmn_log *log,
		      struct vmn_txnfiles *ret, struct vmn_err *err) VMN_MUST_CHECK;

#endif
