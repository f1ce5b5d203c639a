/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.h - set up, take back and look at the VM interfaces of a namespace
 *
 * What is in force is known from the journal (lib/net/journal.h): the transaction of each apply
 * keeps what was asked for, what was found out and the namespace as it was before.
 */
#ifndef VMN_BINDING_APPLY_H
#define VMN_BINDING_APPLY_H

#include "lib/binding/plan.h"
#include "lib/net/journal.h"

struct vmn_applied {
	struct vmn_netplan plan;
	bool *is_new; /* for each interface: false when it was set up already (drift may be mended)
		       */
};
void vmn_applied_clear(struct vmn_applied *applied);
#define vmn_auto_applied VMN_CLEANUP(vmn_applied_clear)

/**
 * vmn_binding_apply() - one transaction that sets up all interfaces of @setup
 * @j:		journal of @ns; what a crash left half done there is taken back first
 * @is_dry:	plan only
 * @ret:	initialised with {0}, caller clears it; no steps in it: nothing had to change
 *
 * Return: 0, -VMN_E_CONFLICT (set up already with other settings), and what vmn_netplan_make() and
 * vmn_journal_run() say
 */
int vmn_binding_apply(const struct vmn_netns *ns, struct vmn_journal *j,
		      const struct vmn_setup *setup, bool is_dry, struct vmn_applied *ret,
		      struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_binding_undo() - take back what set up interface @network, or everything when that is NULL
 * @undone:	gets the names of the interfaces
 * @steps:	gets the steps that are taken back, the last one first, as commands
 *
 * Return: 0, -VMN_E_NOT_FOUND, -VMN_E_CONFLICT (@network was set up together with others), or the
 * first error of taking back
 */
int vmn_binding_undo(struct vmn_journal *j, const char *network, bool is_dry,
		     struct vmn_strlist *undone, struct vmn_strlist *steps,
		     struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_binding_facts() - of all interfaces in force in the namespace of @j, for those who serve them
 * @ret: initialised with {0}
 */
int vmn_binding_facts(struct vmn_journal *j, struct vmn_facts_list *ret,
		      struct vmn_err *err) VMN_MUST_CHECK;

/* One interface as `status` shows it. */
struct vmn_bound {
	struct vmn_binding_facts facts;
	const char *by;		    /* "vmnetctl" or "kubevirt" */
	char keeper[VMN_KIND_SIZE]; /* kind of the link that keeps the pod's addresses: "dummy", or
				       "bridge" where the kernel had none; "": there is none */
	struct vmn_strlist drift;   /* commands that would make it again as it was set up */
};
struct vmn_bound_list {
	struct vmn_bound *v;
	size_t n;
};
/** vmn_bound_list_add() - a zeroed entry at the end; borrowed until the next one */
struct vmn_bound *vmn_bound_list_add(struct vmn_bound_list *list);
void vmn_bound_list_clear(struct vmn_bound_list *list);
#define vmn_auto_bound_list VMN_CLEANUP(vmn_bound_list_clear)

/** vmn_binding_status() - what is in force, set up by us or by KubeVirt; @ret initialised with {0}
 */
int vmn_binding_status(const struct vmn_netns *ns, struct vmn_journal *j,
		       struct vmn_bound_list *ret, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_recognise() - interfaces that KubeVirt set up, told by the names of their links (pure)
 * @ret: interfaces are appended, except those whose bridge is there already
 */
void vmn_recognise(const struct vmn_snapshot *s, struct vmn_bound_list *ret);

#endif
