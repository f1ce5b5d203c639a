/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ra.h - router advertisements for the guest of one bridge (pure)
 *
 * DHCPv6 has no option for a router, so without these a guest has no default route, and many do
 * not even begin to ask for an address. Source: RFC 4861, RFC 8106 (names).
 */
#ifndef VMN_DHCP_RA_H
#define VMN_DHCP_RA_H

#include "lib/binding/facts.h"
#include "lib/dhcp/resolv.h"

enum {
	VMN_RA_MAX = 1232,
	VMN_RA_HOP_LIMIT = 255,	  /* of what is sent and of what may be believed */
	VMN_RA_LIFETIME_S = 9000, /* the longest there is: the bridge outlives its server */
};

struct vmn_ra {
	size_t len;
	uint8_t bytes[VMN_RA_MAX]; /* from the ICMPv6 header on, its checksum left to the kernel */
};

/**
 * vmn_ra_make() - the advertisement for the guest behind @facts, which have .ip6
 * @names: of vmn_dhcp_names()
 * @mac: the bridge's
 *
 * Flags say that address and names come by DHCPv6; the prefix is on the link but not for making
 * addresses of. DNS servers and search domains are there too, for guests that ask nobody.
 */
void vmn_ra_make(struct vmn_ra *ret, const struct vmn_binding_facts *facts,
		 const struct vmn_resolv *names, const uint8_t mac[VMN_MAC_SIZE]);

/**
 * vmn_rs_check() - whether @data is a sound router solicitation
 * @is_unspecified: it came from the address ::
 */
bool vmn_rs_check(const void *data, size_t len, int hop_limit, bool is_unspecified);

/** vmn_ra_interval_ms() - how long until the next unasked one, after @n_sent; @random: any number
 */
int64_t vmn_ra_interval_ms(unsigned n_sent, uint32_t random);

#endif
