/* SPDX-License-Identifier: Apache-2.0 */
/* addresses as text */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "lib/net/snapshot.h"

const char *vmn_ip_text(const struct vmn_ip *ip, char buf[VMN_IP_TEXT_SIZE])
{
	if (!ip->family || !inet_ntop(ip->family, ip->bytes, buf, VMN_IP_TEXT_SIZE))
		buf[0] = '\0';
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
	size_t len = a->family == AF_INET6 ? 16 : a->family == AF_INET ? 4 : 0;

	return a->family == b->family && memcmp(a->bytes, b->bytes, len) == 0;
}

const char *vmn_mac_text(const uint8_t mac[VMN_MAC_SIZE], char buf[VMN_MAC_TEXT_SIZE])
{
	(void)snprintf(buf, VMN_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		       mac[2], mac[3], mac[4], mac[5]);
	return buf;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool vmn_mac_parse(const char *text, uint8_t ret[VMN_MAC_SIZE])
{
	uint8_t mac[VMN_MAC_SIZE];
	char sep = text[0] && text[1] ? text[2] : '\0';

	if ((sep != ':' && sep != '-') || strlen(text) != VMN_MAC_TEXT_SIZE - 1)
		return false;
	for (size_t i = 0; i < VMN_MAC_SIZE; i++) {
		int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i + 1 < VMN_MAC_SIZE && text[3 * i + 2] != sep))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret, mac, VMN_MAC_SIZE);
	return true;
}
