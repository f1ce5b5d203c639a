/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.h - start a live migration, find the object it became, follow it to its end
 *
 * A job is a small state machine on the client's loop; any number may run side by side, each
 * for another VM. It never asks for a migration twice: when the answer to the one request that
 * starts it gets lost, it looks for the VirtualMachineInstanceMigration that request should have
 * made.
 *
 *   list -> PUT migrate ------------> list -> watch -> result
 *       \-> [probe ->] POST the object ------/
 *       \-> DELETE the active one (wish.cancel) /
 *
 * PUT is KubeVirt's own way and answers without a name, so the lists before and after tell which
 * object is ours (vmn_migration_pick()). The object is created directly where PUT cannot be used:
 * for a VMI without a VM, for a user who may create but not PUT, and with a node selector, because
 * only there the server shows whether it keeps the selector.
 */
#ifndef VMN_VIRT_MIGRATE_H
#define VMN_VIRT_MIGRATE_H

#include "lib/kube/client.h"

/* What is wanted. Borrowed during vmn_migrate_start(). */
struct vmn_migrate_wish {
	const char *ns;
	const char *name;		   /* of the VM, and so of its VMI */
	bool is_bare;			   /* known to be a VMI without a VM */
	struct json_object *node_selector; /* object of strings for addedNodeSelector, or NULL */
	bool force;			   /* migrate even where the server drops the selector */
	bool dry_run;			   /* let the server judge, change nothing */
	bool wait;   /* follow to Succeeded or Failed, else done once it is started */
	bool cancel; /* the other way: cancel the migration under way, as virtctl does */
};

/**
 * vmn_migrate_request() - the request a wish comes down to, for showing it
 *
 * Return: {"method", "path", "body"}; caller drops it. A job may have to take the other way (see
 * above) when the server refuses this one.
 */
struct json_object *vmn_migrate_request(const struct vmn_migrate_wish *wish);

/* The migration entered another phase; @vmim is borrowed. Only with wish.wait. */
typedef void (*vmn_migrate_phase_fn)(void *arg, struct json_object *vmim);

/*
 * The job ended; runs exactly once. @report: what vmn_migration_report() makes, borrowed; NULL when
 * nothing was started, for a dry run, and when the user may not read migrations. @err is NULL on
 *success, else filled, and cleared after the call unless moved away: -VMN_E_CONFLICT	a migration
 *is under way already, or the VM does not run
 *   -VMN_E_INVALID	the VM cannot be migrated (the reason is in the message)
 *   -VMN_E_FORBIDDEN	with the hint which ClusterRole gives the right
 *   -VMN_E_UNSUPPORTED the server would drop the node selector
 *   -VMN_E_SERVER	the migration was started and failed, or somebody cancelled it:
 *failureReason and last event are in the message and what requests fail with. With wish.cancel:
 *   -VMN_E_NOT_FOUND	no migration is under way
 *   -VMN_E_CONFLICT	it came to its end before it could be cancelled
 */
typedef void (*vmn_migrate_done_fn)(void *arg, struct json_object *report, struct vmn_err *err);

struct vmn_migrate;

/** vmn_migrate_start() - begin; everything happens in vmn_kube_loop(). @phase may be NULL */
struct vmn_migrate *vmn_migrate_start(struct vmn_kube *k, const struct vmn_migrate_wish *wish,
				      vmn_migrate_phase_fn phase, vmn_migrate_done_fn done,
				      void *arg);

/** vmn_migrate_vmim() - the migration as last seen, or NULL while there is none; borrowed */
struct json_object *vmn_migrate_vmim(const struct vmn_migrate *m);

/** vmn_migrate_is_bare() - whether it turned out to be a VMI without a VM */
bool vmn_migrate_is_bare(const struct vmn_migrate *m);

/** vmn_migrate_free() - stop following; the migration itself goes on. NULL is fine; fine from
 * callbacks too */
void vmn_migrate_free(struct vmn_migrate *m);

#endif
