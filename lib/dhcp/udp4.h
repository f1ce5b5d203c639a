/* SPDX-License-Identifier: Apache-2.0 */
/* udp4.h - a UDP datagram with its IPv4 header, as a packet socket has it (pure) */
#ifndef VMN_DHCP_UDP4_H
#define VMN_DHCP_UDP4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/mem.h"

enum { VMN_UDP4_HEADERS = 28 };

struct vmn_udp4 {
	uint8_t from[4], to[4];
	uint16_t from_port, to_port;
	const uint8_t *payload; /* borrowed from the packet */
	size_t len;
};

/**
 * vmn_udp4_parse() - @packet from its IPv4 header on; bytes behind the datagram are padding
 * @is_partial:	the sender left the UDP checksum to hardware that was never passed
 *
 * Return: false for anything but a whole, sound UDP datagram; fragments are none
 */
bool vmn_udp4_parse(const void *packet, size_t len, bool is_partial,
		    struct vmn_udp4 *ret) VMN_MUST_CHECK;

/**
 * vmn_udp4_build() - both headers and their checksums around a payload
 * @udp: all but .payload, which is in @packet behind room for VMN_UDP4_HEADERS already
 * Return: length of the packet
 */
size_t vmn_udp4_build(const struct vmn_udp4 *udp, uint8_t *packet);

#endif
