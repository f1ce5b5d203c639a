/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugwait.h - wait until changes have reached their VMs
 *
 * One watch over the VMIs concerned, one over the VMs where the goal shows there, and one over
 * warning events where they may be read: never polling. What "reached" means is hotplug.h's.
 */
#ifndef VMN_VIRT_PLUGWAIT_H
#define VMN_VIRT_PLUGWAIT_H

#include "lib/kube/client.h"
#include "lib/virt/plan.h"

struct vmn_plugwait;

struct vmn_plugwait_opts {
	struct vmn_kube *k;
	const char *ns; /* NULL: VMs of all namespaces */
	const char *iface;
	int64_t timeout_ms; /* from vmn_plugwait_run() on */
	bool migrate;	    /* start the migration that a change needs */
	/* One VM's wait is over; @err NULL on success, else cleared after the call unless moved. */
	void (*done)(void *arg, void *item, struct vmn_err *err);
	/* Something moved, or time passed: @text says what is waited for. May be NULL */
	void (*progress)(void *arg, const char *text);
	void *arg;
};

/**
 * vmn_plugwait_new() - before the first change is sent, so that no event about it is missed
 * @opts: borrowed strings live as long as the wait
 */
struct vmn_plugwait *vmn_plugwait_new(const struct vmn_plugwait_opts *opts);
void vmn_plugwait_free(struct vmn_plugwait *w); /* NULL is fine */

/** vmn_plugwait_add() - @plan was carried out on VM @ns/@name; @item comes back in ->done() */
void vmn_plugwait_add(struct vmn_plugwait *w, const char *ns, const char *name,
		      const struct vmn_plan *plan, void *item);

/**
 * vmn_plugwait_run() - until each item is done; those left at the deadline get -VMN_E_TIMEOUT and
 * where they are stuck
 *
 * Return: 0, or -VMN_E_CANCELLED
 */
int vmn_plugwait_run(struct vmn_plugwait *w, struct vmn_err *err);

#endif
