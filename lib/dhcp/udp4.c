/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/udp4.h"

#include <string.h>

#include "lib/dhcp/bytes.h"

/* RFC 791 figure 4, RFC 768 */
enum {
	IP_MIN = 20,
	IP_AT_TOS = 1,
	IP_AT_LEN = 2,
	IP_AT_FRAGMENT = 6,
	IP_AT_TTL = 8,
	IP_AT_PROTO = 9,
	IP_AT_SUM = 10,
	IP_AT_FROM = 12,
	IP_AT_TO = 16,
	IP_DONT_FRAGMENT = 0x4000,
	IP_TTL = 64,
	TOS_INTERACTIVE = 0x10,
	PROTO_UDP = 17,
	UDP_HEADER = 8,
};

/* RFC 1071 */
static uint32_t sum(uint32_t start, const uint8_t *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		start += vmn_get16(p);
	if (len > 0)
		start += (uint32_t)*p << 8;
	return start;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static uint16_t udp_sum(const uint8_t *ip, const uint8_t *udp, size_t len)
{
	uint32_t s = sum(PROTO_UDP + (uint32_t)len, ip + IP_AT_FROM, 8);

	return fold(sum(s, udp, len));
}

bool vmn_udp4_parse(const void *packet, size_t len, bool is_partial, struct vmn_udp4 *ret)
{
	const uint8_t *ip = packet, *udp;
	size_t header, udp_len;

	if (len < IP_MIN || ip[0] >> 4 != 4)
		return false;
	header = (ip[0] & 15u) * 4;
	if (header < IP_MIN || header > len || vmn_get16(ip + IP_AT_LEN) > len ||
	    vmn_get16(ip + IP_AT_LEN) < header + UDP_HEADER || ip[IP_AT_PROTO] != PROTO_UDP ||
	    (vmn_get16(ip + IP_AT_FRAGMENT) & 0x3fff) != 0 || fold(sum(0, ip, header)) != 0)
		return false;
	udp = ip + header;
	udp_len = vmn_get16(udp + 4);
	if (udp_len < UDP_HEADER || udp_len > vmn_get16(ip + IP_AT_LEN) - header)
		return false;
	if (!is_partial && vmn_get16(udp + 6) != 0 && udp_sum(ip, udp, udp_len) != 0)
		return false;
	memcpy(ret->from, ip + IP_AT_FROM, 4);
	memcpy(ret->to, ip + IP_AT_TO, 4);
	ret->from_port = vmn_get16(udp);
	ret->to_port = vmn_get16(udp + 2);
	ret->payload = udp + UDP_HEADER;
	ret->len = udp_len - UDP_HEADER;
	return true;
}

size_t vmn_udp4_build(const struct vmn_udp4 *udp, uint8_t *packet)
{
	size_t udp_len = UDP_HEADER + udp->len, len = IP_MIN + udp_len;
	uint8_t *p = packet + IP_MIN;
	uint16_t check;

	memset(packet, 0, IP_MIN + UDP_HEADER);
	packet[0] = 4 << 4 | IP_MIN / 4;
	packet[IP_AT_TOS] = TOS_INTERACTIVE;
	vmn_put16(packet + IP_AT_LEN, (uint16_t)len);
	vmn_put16(packet + IP_AT_FRAGMENT, IP_DONT_FRAGMENT);
	packet[IP_AT_TTL] = IP_TTL;
	packet[IP_AT_PROTO] = PROTO_UDP;
	memcpy(packet + IP_AT_FROM, udp->from, 4);
	memcpy(packet + IP_AT_TO, udp->to, 4);
	vmn_put16(packet + IP_AT_SUM, fold(sum(0, packet, IP_MIN)));

	vmn_put16(p, udp->from_port);
	vmn_put16(p + 2, udp->to_port);
	vmn_put16(p + 4, (uint16_t)udp_len);
	check = udp_sum(packet, p, udp_len);
	vmn_put16(p + 6, check ? check : UINT16_MAX); /* 0 would mean that there is none */
	return len;
}
