/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/ra.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/dhcp/bytes.h"

enum {
	TYPE_RS = 133,
	TYPE_RA = 134,
	RS_HEADER = 8,
	RA_HEADER = 16,
	HOPS_OF_GUEST = 64,
	FLAG_MANAGED = 0x80,
	FLAG_OTHER = 0x40,
	OPT_SOURCE_MAC = 1,
	OPT_PREFIX = 3,
	OPT_MTU = 5,
	OPT_DNS = 25,
	OPT_SEARCH = 31,
	PREFIX_ON_LINK = 0x80,
	UNIT = 8, /* lengths of options count these */
};

/* A zeroed option of @len bytes, rounded up; NULL: no room */
static uint8_t *put_opt(struct vmn_ra *ra, uint8_t type, size_t len)
{
	uint8_t *p = ra->bytes + ra->len;

	len = (len + UNIT - 1) / UNIT * UNIT;
	if (sizeof(ra->bytes) - ra->len < len)
		return NULL;
	memset(p, 0, len);
	p[0] = type;
	p[1] = (uint8_t)(len / UNIT);
	ra->len += len;
	return p;
}

static void put_prefix(struct vmn_ra *ra, const struct vmn_cidr *prefix)
{
	uint8_t *p = put_opt(ra, OPT_PREFIX, 32);
	size_t whole = prefix->len / 8;

	if (!p)
		return;
	p[2] = (uint8_t)prefix->len;
	p[3] = PREFIX_ON_LINK;
	vmn_put32(p + 4, UINT32_MAX);
	vmn_put32(p + 8, UINT32_MAX);
	memcpy(p + 16, prefix->ip.bytes, whole);
	if (prefix->len % 8)
		p[16 + whole] = (uint8_t)(prefix->ip.bytes[whole] & (0xff00u >> prefix->len % 8));
}

static void put_dns(struct vmn_ra *ra, const struct vmn_resolv *names)
{
	uint8_t bytes[16 * VMN_RESOLV_DNS_MAX], *p;
	size_t len = 0;

	for (size_t i = 0; i < names->n_dns; i++) {
		if (names->dns[i].family != AF_INET6)
			continue;
		memcpy(bytes + len, names->dns[i].bytes, 16);
		len += 16;
	}
	p = len > 0 ? put_opt(ra, OPT_DNS, 8 + len) : NULL;
	if (!p)
		return;
	vmn_put32(p + 4, VMN_RA_LIFETIME_S);
	memcpy(p + 8, bytes, len);
}

static void put_search(struct vmn_ra *ra, const struct vmn_resolv *names)
{
	uint8_t bytes[512], *p;
	size_t len = 0;

	for (size_t i = 0; i < names->search.n; i++)
		len += vmn_domain_encode(names->search.v[i], bytes + len, sizeof(bytes) - len);
	p = len > 0 ? put_opt(ra, OPT_SEARCH, 8 + len) : NULL;
	if (!p)
		return;
	vmn_put32(p + 4, VMN_RA_LIFETIME_S);
	memcpy(p + 8, bytes, len);
}

void vmn_ra_make(struct vmn_ra *ret, const struct vmn_binding_facts *facts,
		 const struct vmn_resolv *names, const uint8_t mac[VMN_MAC_SIZE])
{
	uint8_t *p;

	memset(ret->bytes, 0, RA_HEADER);
	ret->len = RA_HEADER;
	ret->bytes[0] = TYPE_RA;
	ret->bytes[4] = HOPS_OF_GUEST;
	ret->bytes[5] = FLAG_MANAGED | FLAG_OTHER;
	vmn_put16(ret->bytes + 6, VMN_RA_LIFETIME_S);
	p = put_opt(ret, OPT_SOURCE_MAC, 2 + VMN_MAC_SIZE);
	memcpy(p + 2, mac, VMN_MAC_SIZE);
	if (facts->mtu >= 1280) { /* the least that IPv6 has */
		p = put_opt(ret, OPT_MTU, 8);
		vmn_put32(p + 4, facts->mtu);
	}
	put_prefix(ret, &facts->ip6);
	put_dns(ret, names);
	put_search(ret, names);
}

/* RFC 4861 section 6.1.1 */
bool vmn_rs_check(const void *data, size_t len, int hop_limit, bool is_unspecified)
{
	const uint8_t *p = data;

	if (len < RS_HEADER || hop_limit != VMN_RA_HOP_LIMIT || p[0] != TYPE_RS || p[1] != 0)
		return false;
	for (size_t at = RS_HEADER; at < len; at += (size_t)p[at + 1] * UNIT) {
		if (len - at < UNIT || p[at + 1] == 0 || len - at < (size_t)p[at + 1] * UNIT)
			return false;
		if (is_unspecified && p[at] == OPT_SOURCE_MAC)
			return false;
	}
	return true;
}

/* Section 6.2.1 and 6.2.4: from MinRtrAdvInterval to MaxRtrAdvInterval, sooner at first */
int64_t vmn_ra_interval_ms(unsigned n_sent, uint32_t random)
{
	enum { MIN_MS = 200000, MAX_MS = 600000, INITIAL_MS = 16000, N_INITIAL = 3 };

	if (n_sent < N_INITIAL)
		return INITIAL_MS;
	return MIN_MS + random % (MAX_MS - MIN_MS + 1);
}
