/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hotplug.h - how far a plug or unplug has come, and whether that is the end of it (pure)
 *
 * A plugged interface passes P1 to P6, an unplugged one U1 to U6, each observable in the API:
 *
 *   P1 the VMI's spec has it                      U1 the VMI's spec says state: absent
 *   P2 the pod's networks annotation asks for it  U2 the pod's annotations lost it
 *   P3 the pod's network-status shows it          U3 the guest let go: infoSource lost "domain"
 *   P4 VMI status has it with multus-status       U4 unplugged: the VMI's status lost it
 *   P5 plugged: infoSource has domain as well     U5 the VMI's spec lost it
 *   P6 the guest agent sees it                    U6 the VM's template lost it (from KubeVirt 1.1)
 *
 * A later step counts even where an earlier one cannot be seen (pods may not be readable).
 */
#ifndef VMN_VIRT_HOTPLUG_H
#define VMN_VIRT_HOTPLUG_H

#include "lib/data/json.h"

/* What every hop says about one interface. */
struct vmn_hops {
	bool has_vm, has_vmi, has_pod; /* which objects were given */
	bool in_template, in_vmi;      /* listed there, absent or not */
	bool absent_in_template, absent_in_vmi;
	bool in_annotation, in_network_status; /* of the pod */
	bool in_status;			       /* VMI.status.interfaces has the name */
	bool in_multus, in_domain, in_agent;   /* tokens of its infoSource */
	bool is_sriov;
	bool is_ordinal;	    /* the pod is known to use ordinal names */
	bool is_only;		    /* the VMI has no other secondary interface that stays */
	bool is_migration_required; /* condition MigrationRequired is True */
	bool is_migration_pending;  /* ... is False: in-place plugging has its chance first */
	bool is_nad_delivered;	    /* the pod's network-status is of the VMI's network */
	const char *link_state;	    /* VMI status linkState, or NULL; borrowed from the VMI */
	const char *nad;	    /* network in the VMI's spec, or NULL; borrowed from the VMI */
};

/** vmn_hops_look() - collect them for interface @name; @vm, @vmi, @pod may each be NULL */
void vmn_hops_look(struct json_object *vm, struct json_object *vmi, struct json_object *pod,
		   const char *name, struct vmn_hops *ret);

/** vmn_plug_step() - 0 to 6: the last step of P1 to P6 that was reached */
int vmn_plug_step(const struct vmn_hops *h);
/** vmn_unplug_step() - 0 to 6: the last step of U1 to U6; U6 shows only with the VM at hand */
int vmn_unplug_step(const struct vmn_hops *h);

/** vmn_plug_step_text() - what reaching @step means: "the pod was asked for it"; 0: not begun */
const char *vmn_plug_step_text(int step);
const char *vmn_unplug_step_text(int step);

/** vmn_plug_stuck_text() - the likely cause of standing where it stands; static, never NULL */
const char *vmn_plug_stuck_text(const struct vmn_hops *h);
const char *vmn_unplug_stuck_text(const struct vmn_hops *h);

/* What a waiting command waits for. */
enum vmn_goal_kind {
	VMN_GOAL_PLUGGED,   /* P5 */
	VMN_GOAL_UNPLUGGED, /* U4; U6 or U3 as the flags below say */
	VMN_GOAL_UPDATED,   /* link state and network as wished */
};

struct vmn_goal {
	enum vmn_goal_kind kind;
	bool is_purged;	   /* the server takes removed interfaces out of the template */
	bool is_pod_kept;  /* U3 is all there will be of a VMI's only interface (KubeVirt 1.0) */
	const char *state; /* wanted link state, or NULL */
	const char *nad;   /* wanted network, or NULL; as written in the spec */
};

/** vmn_goal_is_reached() - whether all hops that matter for @goal are where they should be */
bool vmn_goal_is_reached(const struct vmn_goal *goal, const struct vmn_hops *h);

/**
 * vmn_plug_failure() - whether an object says that waiting is in vain
 * @vm, @vmi: may be NULL
 * @err: filled when it does
 *
 * Return: 0 to go on, or -VMN_E_CONFLICT: the VMI ended, or virt-controller gave up
 */
int vmn_plug_failure(struct json_object *vm, struct json_object *vmi, struct vmn_err *err);

/** vmn_event_is_plug_failure() - whether a core/v1 Event reports a failed hotplug of a VMI */
bool vmn_event_is_plug_failure(struct json_object *event);

#endif
