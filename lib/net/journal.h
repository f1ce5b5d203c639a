/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - run steps so that a namespace is always before or after, never between
 *
 * Theory: in the state directory each namespace has a folder, named by vmn_netns_id(). A
 * transaction is one file in it: first the snapshot of before, then for each step a record of what
 * is about to change and what it was, on disk before the kernel is asked. When all steps are done,
 * one more record says so; from then on the file is what undoing needs, however much later that is.
 * A file without that record is a crash: whoever touches the namespace next takes its steps back,
 * last first. Taking back what never happened, or was taken back already, changes nothing.
 *
 * After the inverses, what the kernel dropped as a side effect (addresses, routes, neighbours of
 * the links that were touched) is compared with the snapshot and put back, byte for byte.
 */
#ifndef VMN_NET_JOURNAL_H
#define VMN_NET_JOURNAL_H

#include "lib/base/log.h"
#include "lib/net/step.h"

struct vmn_journal;

struct vmn_journal_opts {
	const char *state_dir;	   /* "/run/vmnetctl"; made with mode 0700 when missing */
	int64_t deadline_ms;	   /* how long to wait for another run on the same namespace */
	const struct vmn_log *log; /* may be NULL */
};

/**
 * vmn_journal_open() - take the lock of @ns, which must outlive the journal
 *
 * Return: 0, -VMN_E_CONFLICT when another run kept it until the deadline, -VMN_E_PERMISSION
 */
int vmn_journal_open(const struct vmn_netns *ns, const struct vmn_journal_opts *opts,
		     struct vmn_journal **ret, struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_journal_free_p() - releases the lock */
void vmn_journal_free_p(struct vmn_journal **j);
#define vmn_auto_journal VMN_CLEANUP(vmn_journal_free_p)

/** vmn_journal_dir() - the folder of its files, see txnfile.h, for those who watch; borrowed */
const char *vmn_journal_dir(const struct vmn_journal *j);

struct vmn_recovery {
	size_t n_rolled_back; /* transactions that a crash had left half done */
	size_t n_steps;	      /* their steps */
};

/** vmn_journal_recover() - take back what a crash left half done; nothing to do is fine */
int vmn_journal_recover(struct vmn_journal *j, struct vmn_recovery *ret,
			struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_journal_run() - one transaction: all steps, or none
 * @before:	taken under the lock; written to the journal
 * @owner:	which transaction this is, for undoing: letters, digits, '-' ("eth0")
 * @info:	anything the caller wants back from vmn_journal_list(); borrowed, may be NULL
 *
 * On failure the steps are taken back and the first error is returned; what could not be taken
 * back is added to it as a hint to recover.
 *
 * Return: 0, -VMN_E_EXISTS (there is such a transaction), or the error of a step
 */
int vmn_journal_run(struct vmn_journal *j, const struct vmn_snapshot *before, const char *owner,
		    const struct vmn_steps *steps, struct json_object *info,
		    struct vmn_err *err) VMN_MUST_CHECK;

/* A transaction that is in force. */
struct vmn_txn {
	char *owner;
	struct json_object *info; /* or NULL */
	char *nft; /* listing of our tables right after it, see nft.h; NULL: it made none */
	struct vmn_snapshot before;
	struct vmn_steps steps;
};
struct vmn_txns {
	struct vmn_txn *v; /* oldest first */
	size_t n;
};
/** vmn_journal_list() - what is in force; @ret initialised with {0} */
int vmn_journal_list(struct vmn_journal *j, struct vmn_txns *ret,
		     struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_journal_pending() - what a crash left half done, with the steps that may have been made */
int vmn_journal_pending(struct vmn_journal *j, struct vmn_txns *ret,
			struct vmn_err *err) VMN_MUST_CHECK;
void vmn_txns_clear(struct vmn_txns *txns);
#define vmn_auto_txns VMN_CLEANUP(vmn_txns_clear)

/**
 * vmn_journal_undo() - take transactions back, the youngest first
 * @owners:	whose; one that is not set up is no error
 *
 * A value that somebody changed since is left alone. A sysctl that a younger transaction set too
 * keeps its value until that one is undone. After a crash recovering does the rest.
 *
 * Return: 0, or the first error; then it can be called again
 */
int vmn_journal_undo(struct vmn_journal *j, const struct vmn_strlist *owners,
		     struct vmn_err *err) VMN_MUST_CHECK;

#endif
