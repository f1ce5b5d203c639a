/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ifname.h - the names KubeVirt gives to links in a pod's network namespace (pure)
 *
 * Two schemes. Hashed (KubeVirt 1.0.0-rc.0 and later): a secondary NIC is "pod" and the first 11
 * hex digits of the SHA-256 of its network's name; 11, because 15 bytes less "-nic" are left.
 * Ordinal (before): "net" and the network's position. One pod uses one scheme, and a pod born with
 * ordinal names keeps them, also across migrations.
 *
 * Source: kubevirt pkg/network/namescheme/networknamescheme.go, pkg/network/link/names.go.
 */
#ifndef VMN_VIRT_IFNAME_H
#define VMN_VIRT_IFNAME_H

#include "lib/data/json.h"

enum { VMN_IFNAME_SIZE = 16 }; /* IFNAMSIZ */

/* All links that belong to one interface of a VM. */
struct vmn_ifnames {
	char pod[VMN_IFNAME_SIZE];    /* the CNI's link, later the dummy that holds its addresses */
	char bridge[VMN_IFNAME_SIZE]; /* in-pod bridge */
	char tap[VMN_IFNAME_SIZE];    /* QEMU's end */
	char nic[VMN_IFNAME_SIZE];    /* the CNI's link once it is renamed and a bridge port */
};

enum vmn_naming {
	VMN_NAMING_UNKNOWN, /* nothing seen yet; a new pod will be hashed */
	VMN_NAMING_HASHED,
	VMN_NAMING_ORDINAL,
};

/** vmn_ifnames_hashed() - names of the secondary network @network */
void vmn_ifnames_hashed(const char *network, struct vmn_ifnames *ret);
/** vmn_ifnames_ordinal() - names of the @position-th (from 1) secondary network */
void vmn_ifnames_ordinal(unsigned position, struct vmn_ifnames *ret);
/** vmn_ifnames_primary() - names of the pod network's interface; @pod_nic: "eth0", "ovn-udn1" */
void vmn_ifnames_primary(const char *pod_nic, struct vmn_ifnames *ret);

/** vmn_ifnames_secondary() - names of a secondary network's interface that is known to be @pod_nic
 */
void vmn_ifnames_secondary(const char *pod_nic, struct vmn_ifnames *ret);

/** vmn_is_ordinal_ifname() - "net" and digits, nothing else */
bool vmn_is_ordinal_ifname(const char *name);

/**
 * vmn_naming_decide() - which scheme a running pod uses
 * @vmi:		the VMI, may be NULL
 * @network_status:	parsed k8s.v1.cni.cncf.io/network-status of its pod, may be NULL
 *
 * The VMI's status.interfaces[].podInterfaceName (KubeVirt 1.4 and later) decides when it is
 * there, else any ordinal name in @network_status makes the pod ordinal.
 */
enum vmn_naming vmn_naming_decide(struct json_object *vmi, struct json_object *network_status);

/**
 * vmn_ifnames_of() - names of network @network of @vmi
 * @naming:	as vmn_naming_decide() says; unknown counts as hashed
 *
 * What the VMI's status itself says about the pod interface wins.
 * Return: false when the VMI's spec has no such network
 */
bool vmn_ifnames_of(struct json_object *vmi, enum vmn_naming naming, const char *network,
		    struct vmn_ifnames *ret);

#endif
