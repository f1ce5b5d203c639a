/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl.h - the inside of the controllers
 *
 * Level-triggered: a change in the store marks keys dirty, and a turn of the loop later each dirty
 * object is looked at as it is now and brought one step further. Nothing is remembered but what the
 * objects say, the indexes below (rebuilt at start) and which steps a node has under way. So a
 * restart of the lab goes on where it was.
 */
#ifndef VMN_LAB_KUBEVIRT_CTL_H
#define VMN_LAB_KUBEVIRT_CTL_H

#include "lab/api/kinds.h"
#include "lab/kubevirt/node.h"
#include "lib/virt/ifname.h"

/** lab_dirty() - have the object's controller look at it; any number of times counts as one */
void lab_dirty(struct lab *lab, enum lab_kind_id kind, const char *ns, const char *name);
/** lab_dirty_after() - the same, @ms from now */
void lab_dirty_after(struct lab *lab, int64_t ms, enum lab_kind_id kind, const char *ns,
		     const char *name);

/** lab_save() - write a changed copy (swallowed) of a controller's object; a failure is logged */
void lab_save(struct lab *lab, enum lab_kind_id kind, struct json_object *obj);

/** lab_discard() - delete a controller's object; a failure is logged */
void lab_discard(struct lab *lab, enum lab_kind_id kind, struct json_object *obj);

/*
 * A step that a node carries out for an object. Its callback gets a fresh copy of the object, to
 * change and lab_save(), unless the object is gone by then.
 */
struct lab_step;
typedef void (*lab_step_fn)(struct lab *lab, struct json_object *obj, const char *detail,
			    const char *failure, struct json_object *result);

/**
 * lab_step_begin() - note a step of @obj as under way
 * @op:     what, "attach"
 * @detail: of what, an interface's name; may be ""
 *
 * Return: the argument for lab_step_done(), or NULL when the same step is under way already
 */
struct lab_step *lab_step_begin(struct lab *lab, enum lab_kind_id kind, struct json_object *obj,
				const char *op, const char *detail, lab_step_fn fn);
/** lab_step_done() - a lab_node_done_fn: ends the step, then calls its function */
void lab_step_done(void *arg, const char *failure, struct json_object *result);

/* --- indexes -------------------------------------------------------------------------- */

/** lab_vmi_pods() - launcher pods of a VMI: an object whose keys are their names; borrowed, may be
 * NULL */
struct json_object *lab_vmi_pods(struct lab *lab, struct json_object *vmi);
/** lab_vmi_pod() - the pod in which the guest lives now, or which is to start it; borrowed or NULL
 */
struct json_object *lab_vmi_pod(struct lab *lab, struct json_object *vmi);
/** lab_vmi_migrations() - names of the VMIMs of a VMI, as lab_vmi_pods() gives pods */
struct json_object *lab_vmi_migrations(struct lab *lab, const char *ns, const char *vmi);
/** lab_active_migration() - the VMIM of that VMI that has not ended, or NULL; borrowed */
struct json_object *lab_active_migration(struct lab *lab, const char *ns, const char *vmi);
/** lab_moving() - VMIMs past Pending: keys "NAMESPACE/NAME", values the source node; borrowed */
struct json_object *lab_moving(struct lab *lab);

/** lab_node_load() - how many pods a node has that have not ended */
int64_t lab_node_load(struct lab *lab, const char *node);

/* --- one for each kind; called with what the store has, borrowed ---------------------- */
void lab_reconcile_vm(struct lab *lab, struct json_object *vm);
void lab_reconcile_vmi(struct lab *lab, struct json_object *vmi);
void lab_reconcile_pod(struct lab *lab, struct json_object *pod);
void lab_reconcile_migration(struct lab *lab, struct json_object *vmim);

/** lab_run_strategy() - "Always", "Halted", ... out of runStrategy or running */
const char *lab_run_strategy(struct json_object *vm);

/**
 * lab_launcher_pod() - the launcher pod of a VMI, not stored yet; caller drops it
 * @vmim:	the migration whose target it is, or NULL
 */
struct json_object *lab_launcher_pod(struct lab *lab, struct json_object *vmi,
				     struct json_object *vmim);

/** lab_pod_naming() - how the pod's secondary links are named, by its network-status; @pod may be
 * NULL */
enum vmn_naming lab_pod_naming(struct json_object *pod);

/** lab_seed() - nodes, namespaces, the KubeVirt object and two NADs, where they are missing */
int lab_seed(struct lab *lab, struct vmn_err *err) VMN_MUST_CHECK;

#endif
