/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab.h - the inside of the lab's server: one process, one thread, one event loop
 *
 *   api/http.c  ->  api/rest.c  ->  kubevirt/admit*.c (webhooks)  ->  api/store.c
 *	->  listeners: api/watch.c, kubevirt/ctl*.c (controllers)
 *
 * A request is answered from start to end without another one in between, so nothing
 * here needs a lock. Controllers never run inside a write: a change marks their key dirty, and
 * the loop runs them afterwards.
 */
#ifndef VMN_LAB_LAB_H
#define VMN_LAB_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/data/json.h"

/* Which KubeVirt the lab plays; see virtapi_interface.c, ctl_vm.c and admit.c for what differs. */
enum lab_dialect {
	LAB_KUBEVIRT_1_0_RC, /* 1.0.0-rc.0: VM and VMI addinterface/removeinterface */
	LAB_KUBEVIRT_1_0,    /* 1.0.x: the VM's only */
	LAB_KUBEVIRT_1_9,    /* patch of the VM template */
};

struct lab_store;
struct lab_faults;
struct lab_loop;
struct lab_nodes;
struct lab_node_ops;
struct lab_ctl;
struct lab_gc;
struct lab_watches;

struct lab {
	const char *name; /* of this lab, several may run side by side */
	const char *dir;  /* its state directory */
	enum lab_dialect dialect;
	int nodes; /* how many nodes it plays */
	struct lab_loop *loop;
	struct lab_store *store;
	struct lab_watches *watches;
	struct lab_gc *gc;
	struct lab_faults *faults;
	const struct lab_node_ops *node; /* what plays the nodes; NULL: lab_node_emulated */
	struct lab_nodes *node_agents;	 /* theirs */
	struct lab_ctl *ctl;
};

/* --- loop.c: timers and deferred work ------------------------------------------------- */
struct lab_timer;
/** lab_after() - run @fn once, @ms from now; Return: handle for lab_timer_cancel(), gone once it
 * ran */
struct lab_timer *lab_after(struct lab *lab, int64_t ms, void (*fn)(void *arg), void *arg);
void lab_timer_cancel(struct lab_timer *t);

/* --- who asks ------------------------------------------------------------------------- */
struct lab_user {
	const char
		*name; /* "lab-admin", "system:anonymous", "system:serviceaccount:kubevirt:..." */
	const char *const *groups; /* NULL-terminated */
	bool is_system; /* a controller of the lab itself: no rights checked, webhooks let it edit
			   VMIs */
};

#endif
