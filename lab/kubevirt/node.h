/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h - what a node does, behind one interface
 *
 * The controllers decide; a node agent carries out: starts pods, delivers networks to them (CNI),
 * attaches devices to guests, moves guests. node_emulated.c only pretends, with delays; real
 * network namespaces and QEMU guests can take its place without the controllers noticing.
 * Every call answers later, through its callback, from the loop; callbacks run at most once.
 */
#ifndef VMN_LAB_KUBEVIRT_NODE_H
#define VMN_LAB_KUBEVIRT_NODE_H

#include "lab/lab.h"

/* @ok, or why not (an English sentence, borrowed). @result: borrowed, may be NULL. */
typedef void (*lab_node_done_fn)(void *arg, const char *failure, struct json_object *result);

struct lab_node_ops {
	/* Start a launcher pod and its guest; result: {"podIP", "networkStatus":[...]} */
	void (*pod_start)(struct lab *lab, struct json_object *pod, struct json_object *vmi,
			  lab_node_done_fn done, void *arg);
	void (*pod_stop)(struct lab *lab, struct json_object *pod);
	/* Make the pod's networks those of its annotation; result: the new network-status array */
	void (*networks_sync)(struct lab *lab, struct json_object *pod, lab_node_done_fn done,
			      void *arg);
	/* Shut the guest down */
	void (*guest_stop)(struct lab *lab, struct json_object *vmi, lab_node_done_fn done,
			   void *arg);
	/* Attach or detach one interface of the running guest; result of attach: {"mac",
	 * "queueCount"} */
	void (*guest_attach)(struct lab *lab, struct json_object *vmi, const char *iface,
			     lab_node_done_fn done, void *arg);
	void (*guest_detach)(struct lab *lab, struct json_object *vmi, const char *iface,
			     lab_node_done_fn done, void *arg);
	void (*guest_link)(struct lab *lab, struct json_object *vmi, const char *iface, bool up,
			   lab_node_done_fn done, void *arg);
	/* Make @target_pod ready to receive the guest; result: {"address", "ports"} */
	void (*guest_prepare)(struct lab *lab, struct json_object *vmi,
			      struct json_object *target_pod, lab_node_done_fn done, void *arg);
	/* Move the guest to @target_pod */
	void (*guest_migrate)(struct lab *lab, struct json_object *vmi,
			      struct json_object *target_pod, lab_node_done_fn done, void *arg);
	void (*guest_migrate_cancel)(struct lab *lab, struct json_object *vmi);
	/* What the guest agent says of the guest's interfaces; result: [{"name", "interfaceName"}]
	 */
	void (*guest_report)(struct lab *lab, struct json_object *vmi, lab_node_done_fn done,
			     void *arg);
	/* Forget all callbacks that are due */
	void (*shutdown)(struct lab *lab);
};

extern const struct lab_node_ops lab_node_emulated;

#endif
