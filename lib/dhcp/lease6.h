/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease6.h - the DHCPv6 server of one guest: a message in, a reply or nothing out (pure)
 *
 * As with lease4.h, the address is the guest's own, whatever name (DUID, IAID) it has for itself:
 * its firmware, installer and system each have another one. The first association of a message gets
 * it. Source: RFC 8415 section 18.3.
 */
#ifndef VMN_DHCP_LEASE6_H
#define VMN_DHCP_LEASE6_H

#include "lib/binding/facts.h"
#include "lib/dhcp/codec6.h"
#include "lib/dhcp/options4.h"

struct vmn_lease6 {
	struct vmn_cidr address;
	uint32_t lease_s; /* VMN_LEASE_INFINITE: forever */
	enum vmn_dhcp_compat compat;
	uint8_t server_id[10]; /* DUID-LL of the bridge */
	uint8_t dns[16 * VMN_RESOLV_DNS_MAX];
	size_t dns_len;
	uint8_t search[512];
	size_t search_len;
};

struct vmn_reply6 {
	enum vmn_dhcp6_type type;
	struct vmn_dhcp6_writer message;
};

/**
 * vmn_lease6_init() - the server of the guest behind @facts, which have .ip6
 * @names: of vmn_dhcp_names()
 * @mac: the bridge's
 */
void vmn_lease6_init(struct vmn_lease6 *ret, const struct vmn_binding_facts *facts,
		     const struct vmn_resolv *names, const uint8_t mac[VMN_MAC_SIZE],
		     uint32_t lease_s, enum vmn_dhcp_compat compat);

/**
 * vmn_lease6_step() - what to answer to a message
 * @why: set to one line for a log; static text
 *
 * Return: whether there is a reply
 */
bool vmn_lease6_step(const struct vmn_lease6 *s, const struct vmn_dhcp6 *msg,
		     struct vmn_reply6 *ret, const char **why) VMN_MUST_CHECK;

#endif
