/* SPDX-License-Identifier: Apache-2.0 */
/* resolv.h - name servers and search domains as KubeVirt finds them for a guest (pure) */
#ifndef VMN_DHCP_RESOLV_H
#define VMN_DHCP_RESOLV_H

#include "lib/base/str.h"
#include "lib/data/ip.h"

enum { VMN_RESOLV_DNS_MAX = 16, VMN_RESOLV_SEARCH_MAX = 64 };

struct vmn_resolv {
	struct vmn_ip dns[VMN_RESOLV_DNS_MAX]; /* both families, in order */
	size_t n_dns;
	struct vmn_strlist search; /* lower case, in order */
};

/**
 * vmn_resolv_parse() - the text of a resolv.conf
 * @ret: zeroed by the caller, who clears it
 *
 * A nameserver line has exactly one address; what else it may be is passed over. All search lines
 * count, not just the last one. Source: KubeVirt pkg/network/dns/resolveconf.go.
 */
void vmn_resolv_parse(const char *text, struct vmn_resolv *ret);
void vmn_resolv_clear(struct vmn_resolv *r);
#define vmn_auto_resolv VMN_CLEANUP(vmn_resolv_clear)

/**
 * vmn_resolv_add_subdomain() - put "SUBDOMAIN.NAMESPACE.svc.CLUSTER" first in @search
 *
 * It is made from the longest domain with ".svc." in it; nothing is done when there is none or it
 * starts with the subdomain already. The guest can then name its neighbours in a headless service.
 */
void vmn_resolv_add_subdomain(struct vmn_strlist *search, const char *subdomain);

/** vmn_resolv_longest() - the longest of @search, the first of equals; NULL: there is none */
const char *vmn_resolv_longest(const struct vmn_strlist *search);

/** vmn_is_search_domain() - lower-case labels of a-z 0-9 - _, up to 253 bytes */
bool vmn_is_search_domain(const char *s);

/** vmn_domain_encode() - write @domain to @out as RFC 1035 labels, never compressed; Return: bytes,
 * 0: no room */
size_t vmn_domain_encode(const char *domain, uint8_t *out, size_t size);

#endif
