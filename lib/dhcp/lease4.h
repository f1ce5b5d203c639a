/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease4.h - the DHCPv4 server of one guest: a message in, a reply or nothing out (pure)
 *
 * Each bridge has one guest with one address that is always its own, so nothing needs to be
 * remembered from message to message, and no message can change anything. Source: RFC 2131
 * section 4.3.
 */
#ifndef VMN_DHCP_LEASE4_H
#define VMN_DHCP_LEASE4_H

#include "lib/dhcp/options4.h"

/* 999 days, KubeVirt's; the address is the guest's as long as it lives */
enum { VMN_LEASE_DEFAULT_S = 86313600 };
#define VMN_LEASE_INFINITE UINT32_MAX

struct vmn_lease4 {
	bool has_filter; /* answer only @mac */
	uint8_t mac[VMN_MAC_SIZE];
	struct vmn_cidr address;
	struct vmn_ip server;
	uint32_t mtu;
	uint32_t lease_s; /* VMN_LEASE_INFINITE: forever */
	enum vmn_dhcp_compat compat;
	struct vmn_options4 options;
};

struct vmn_reply4 {
	enum vmn_dhcp4_type type;
	uint8_t to_ip[4]; /* 255.255.255.255: to all */
	uint8_t to_mac[VMN_MAC_SIZE];
	uint16_t to_port;
	size_t left_out; /* options for which the client had no room */
	size_t len;
	uint8_t bytes[VMN_DHCP4_MAX];
};

/**
 * vmn_lease4_init() - the server of the guest behind @facts, which have .ip4 and .server4
 * @names: of vmn_dhcp_names()
 *
 * As in KubeVirt, only bridge binding looks at the client's MAC: behind a masquerading bridge there
 * is nobody but the guest, which may have interfaces of its own making. Return: as
 * vmn_options4_make()
 */
int vmn_lease4_init(struct vmn_lease4 *ret, const struct vmn_binding_facts *facts,
		    const struct vmn_resolv *names, uint32_t lease_s, enum vmn_dhcp_compat compat,
		    struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_lease4_step() - what to answer to a message
 * @from_port:	that the message came from
 * @why:	set to one line for a log: what was done or why nothing was; static text
 *
 * Return: whether there is a reply
 */
bool vmn_lease4_step(const struct vmn_lease4 *s, const struct vmn_dhcp4 *msg, uint16_t from_port,
		     struct vmn_reply4 *ret, const char **why) VMN_MUST_CHECK;

/** vmn_lease4_options() - all options of a reply of @type to a client that asks for none in
 * particular; .opts points into @ret */
void vmn_lease4_options(const struct vmn_lease4 *s, enum vmn_dhcp4_type type,
			struct vmn_options4 *ret);

#endif
