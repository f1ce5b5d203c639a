/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/data/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/str.h"
#include "lib/data/k8s.h"

const char *vmn_ip_text(const struct vmn_ip *ip, char buf[VMN_IP_TEXT_SIZE])
{
	buf[0] = '\0';
	if (ip->family != AF_UNSPEC)
		inet_ntop(ip->family, ip->bytes, buf, VMN_IP_TEXT_SIZE);
	return buf;
}

bool vmn_ip_parse(const char *text, struct vmn_ip *ret)
{
	struct vmn_ip ip = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(ip.family, text, ip.bytes) != 1)
		return false;
	*ret = ip;
	return true;
}

bool vmn_ip_eq(const struct vmn_ip *a, const struct vmn_ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

const char *vmn_cidr_text(const struct vmn_cidr *cidr, char buf[VMN_CIDR_TEXT_SIZE])
{
	size_t len = strlen(vmn_ip_text(&cidr->ip, buf));

	if (len > 0)
		snprintf(buf + len, VMN_CIDR_TEXT_SIZE - len, "/%u", cidr->len);
	return buf;
}

bool vmn_cidr_parse(const char *text, struct vmn_cidr *ret)
{
	const char *slash = strchr(text, '/');
	char address[VMN_IP_TEXT_SIZE];
	struct vmn_cidr cidr;
	uint64_t len;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (!vmn_ip_parse(address, &cidr.ip) || !vmn_parse_u64(slash + 1, &len))
		return false;
	if (len > (cidr.ip.family == AF_INET ? 32 : 128))
		return false;
	cidr.len = (unsigned)len;
	*ret = cidr;
	return true;
}

bool vmn_cidr_has(const struct vmn_cidr *cidr, const struct vmn_ip *ip)
{
	size_t whole = cidr->len / 8;
	unsigned rest = cidr->len % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	if (ip->family == AF_UNSPEC || cidr->ip.family != ip->family)
		return false;
	if (memcmp(cidr->ip.bytes, ip->bytes, whole) != 0)
		return false;
	return rest == 0 || ((cidr->ip.bytes[whole] ^ ip->bytes[whole]) & mask) == 0;
}

static unsigned hex_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

const char *vmn_mac_text(const uint8_t mac[VMN_MAC_SIZE], char buf[VMN_MAC_TEXT_SIZE])
{
	snprintf(buf, VMN_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return buf;
}

bool vmn_mac_parse(const char *text, uint8_t ret[VMN_MAC_SIZE])
{
	if (!vmn_is_mac(text))
		return false;
	for (int i = 0; i < VMN_MAC_SIZE; i++, text += 3)
		ret[i] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
	return true;
}
