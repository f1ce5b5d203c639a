/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup.h - what a user wants set up in a VM's network namespace
 *
 * A struct vmn_setup comes from a manifest (manifest.h) or from the options of one interface; the
 * planner (plan.h) turns it and a snapshot of the namespace into steps.
 */
#ifndef VMN_BINDING_SETUP_H
#define VMN_BINDING_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/binding/facts.h"
#include "lib/virt/ifname.h"

enum {
	VMN_QUEUES_MAX = 256,	  /* of a tap; KubeVirt's own cap, and the kernel's */
	VMN_SETUP_NICS_MAX = 100, /* the bridge's address has no room for more */
};

/* How the links are laid out and called. */
enum vmn_layout {
	VMN_LAYOUT_CURRENT, /* KubeVirt 1.1 and later */
	VMN_LAYOUT_V0_4_1,  /* one bridge br1, no dummy, no tap: libvirt makes that */
	VMN_LAYOUT_HOST,    /* no pod: a bridge with an address, NAT to an uplink, see host.h */
};

struct vmn_port_range {
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t first, last;
};

/* One interface of the VM. */
struct vmn_setup_nic {
	char *network; /* logical name; names of links are derived from it */
	enum vmn_binding_kind kind;
	bool is_primary;	       /* on the pod network, or on Multus' stand-in for it */
	char pod_nic[VMN_IFNAME_SIZE]; /* the CNI's link when it is known, else "" */
	char bridge[VMN_IFNAME_SIZE], tap[VMN_IFNAME_SIZE]; /* of VMN_LAYOUT_HOST, whose pod_nic is
							       the uplink */
	unsigned index;	  /* in the VM's list of interfaces, from 0 */
	unsigned ordinal; /* among the secondary networks, from 1; 0 when primary */
	bool has_mac;
	uint8_t mac[VMN_MAC_SIZE];    /* of the guest; else the pod link's is used */
	unsigned queues;	      /* of the tap; 0 and 1: a single one */
	struct vmn_cidr cidr4, cidr6; /* masquerade: the guest's networks; none: KubeVirt's */
	struct vmn_port_range *ports; /* masquerade: forwarded to the guest; none: all are */
	size_t n_ports;
	struct json_object *dhcp; /* dhcpOptions as KubeVirt has them, or NULL */
};

struct vmn_setup {
	struct vmn_setup_nic *nics; /* in the order of the VM's list */
	size_t n_nics;
	struct vmn_strlist notes; /* interfaces that need nothing here, and why: one text each */
	enum vmn_layout layout;
	uint32_t tap_uid, tap_gid;  /* who may open the taps */
	char *hostname, *subdomain; /* as the guest will be told; NULL: not known */
};

/** vmn_setup_add() - append an empty interface called @network; Return: it, borrowed until the next
 * one */
struct vmn_setup_nic *vmn_setup_add(struct vmn_setup *setup, const char *network);
void vmn_setup_clear(struct vmn_setup *setup);
#define vmn_auto_setup VMN_CLEANUP(vmn_setup_clear)

/**
 * vmn_port_range_parse() - "80", "80/tcp", "53/udp", "8000-8010/tcp"; TCP when nothing is said
 * Return: false when malformed, when a port is 0 or above 65535, or when the range runs backwards
 */
bool vmn_port_range_parse(const char *text, struct vmn_port_range *ret);
/** vmn_port_add() - append @range to the ports of @nic */
void vmn_port_add(struct vmn_setup_nic *nic, struct vmn_port_range range);

/**
 * vmn_guest_cidr_parse() - "10.0.2.0/24" of @family, with room for a gateway and a guest
 * @ret: host bits cleared
 */
bool vmn_guest_cidr_parse(int family, const char *text, struct vmn_cidr *ret);

/**
 * vmn_setup_nic_json() - all that was asked for one interface, to be stored and compared
 *
 * Return: a new tree, caller drops it; vmn_setup_nic_read() takes it back
 */
struct json_object *vmn_setup_nic_json(const struct vmn_setup *setup,
				       const struct vmn_setup_nic *nic);
/** vmn_setup_nic_read() - append the interface, set what is common; Return: 0 or -VMN_E_INVALID */
int vmn_setup_nic_read(struct json_object *json, struct vmn_setup *setup,
		       struct vmn_err *err) VMN_MUST_CHECK;

#endif
