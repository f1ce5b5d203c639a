/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology.h - what the API knows about the networks of one VM, joined into one report (pure)
 *
 * An interface of a VM exists in several objects at once, and only when all agree it works:
 *
 *   template        VM    spec.template.spec            what is wanted
 *   nad             NAD                                 what it refers to
 *   vmiSpec         VMI   spec                          what was accepted
 *   podAnnotation   pod   k8s.v1.cni.cncf.io/networks   what was asked of the CNI
 *   networkStatus   pod   .../network-status            what the CNI delivered
 *   vmiStatus       VMI   status.interfaces             what the guest has
 *
 * Each such hop gets a status: ok; missing; different (it is there, but not as the hop before
 * says); leftover (it should be gone); unknown (we may not look); notApplicable.
 */
#ifndef VMN_VIRT_TOPOLOGY_H
#define VMN_VIRT_TOPOLOGY_H

#include "lib/data/json.h"

/* What was read. Borrowed. */
struct vmn_topology_facts {
	struct json_object *vm, *vmi;	  /* NULL: there is none, or it may not be read */
	bool is_vm_hidden, is_vmi_hidden; /* ... namely the latter */
	struct json_object *pods; /* array: launcher pods of the VMI; NULL: may not be read */
	struct json_object
		*nads; /* object "NS/NAD": true, or false when there is none; others unknown */
	struct json_object *migrations; /* array; NULL: may not be read */
};

/** vmn_launcher_pod() - the one of @pods that runs @vmi's guest now, or NULL; borrowed */
struct json_object *vmn_launcher_pod(struct json_object *pods, struct json_object *vmi);

/** vmn_topology_nads() - append "NS/NAD" of all networks that VM and VMI (may be NULL) refer to,
 * each once */
void vmn_topology_nads(struct json_object *vm, struct json_object *vmi, struct vmn_strlist *ret);

/**
 * vmn_topology_report() - the joined report, lowerCamelCase keys; caller drops it
 *
 * kind, namespace, name, status, phase, node, plugError (why virt-controller stopped), podNaming
 * (hashed, ordinal, unknown), pods[{name, node, phase, isActive}], liveMigratable{status, reason,
 * message}, interfaces[], migration (vmn_migration_report()). What is not known is left out.
 *
 * interfaces[]: name, binding, network (NAD), pendingRequest (add, remove: KubeVirt 1.0's queue),
 * operation (plug, unplug), step (P0 to P6, U0 to U6), stepText, stuckText, macAddress,
 * ipAddresses, linkState, guestInterfaceName, podInterfaceNames{pod, bridge, tap, nic},
 * otherPodInterfaceNames (of the other naming scheme), hops[{hop, status, message}]. Interfaces
 * that only the guest agent reports have guestInterfaceName and addresses only.
 */
struct json_object *vmn_topology_report(const struct vmn_topology_facts *f);

/** vmn_topology_hop() - the status of hop @hop of a report's interface, or NULL; borrowed */
const char *vmn_topology_hop(struct json_object *interface, const char *hop);

#endif
