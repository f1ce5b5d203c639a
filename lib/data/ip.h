/* SPDX-License-Identifier: Apache-2.0 */
/* ip.h - addresses, prefixes and MAC addresses as values, from and to text (pure) */
#ifndef VMN_DATA_IP_H
#define VMN_DATA_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/mem.h"

enum { VMN_IP_TEXT_SIZE = 46, VMN_CIDR_TEXT_SIZE = 50, VMN_MAC_TEXT_SIZE = 18, VMN_MAC_SIZE = 6 };

struct vmn_ip {
	int family;	   /* AF_INET, AF_INET6; AF_UNSPEC: none */
	uint8_t bytes[16]; /* network order; the first 4 of IPv4, the rest zero */
};

/* An address with its prefix length, or (all host bits zero) a prefix. */
struct vmn_cidr {
	struct vmn_ip ip;
	unsigned len; /* bits */
};

/** vmn_ip_text() - "10.0.2.1", "" for none, into @buf; Return: @buf */
const char *vmn_ip_text(const struct vmn_ip *ip, char buf[VMN_IP_TEXT_SIZE]);
/** vmn_ip_parse() - either family; Return: false when @text is no address */
bool vmn_ip_parse(const char *text, struct vmn_ip *ret) VMN_MUST_CHECK;
/** vmn_ip_eq() - same family and address; two times none is equal */
bool vmn_ip_eq(const struct vmn_ip *a, const struct vmn_ip *b);

/** vmn_cidr_text() - "10.0.2.2/24", "" for none, into @buf; Return: @buf */
const char *vmn_cidr_text(const struct vmn_cidr *cidr, char buf[VMN_CIDR_TEXT_SIZE]);
/** vmn_cidr_parse() - the length is required, host bits are kept; Return: false when malformed */
bool vmn_cidr_parse(const char *text, struct vmn_cidr *ret) VMN_MUST_CHECK;
/** vmn_cidr_has() - whether @ip is in the prefix that @cidr's address lies in */
bool vmn_cidr_has(const struct vmn_cidr *cidr, const struct vmn_ip *ip);

/** vmn_mac_text() - "02:00:00:00:00:01" into @buf; Return: @buf */
const char *vmn_mac_text(const uint8_t mac[VMN_MAC_SIZE], char buf[VMN_MAC_TEXT_SIZE]);
/** vmn_mac_parse() - what vmn_is_mac() takes; Return: false when @text is no MAC */
bool vmn_mac_parse(const char *text, uint8_t ret[VMN_MAC_SIZE]) VMN_MUST_CHECK;

#endif
