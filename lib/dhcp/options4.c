/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/options4.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/dhcp/bytes.h"

/* --- names ------------------------------------------------------------------------------ */

static int take_domain(const char *domain, enum vmn_dhcp_compat compat, struct vmn_resolv *ret,
		       struct vmn_strlist *left_out, struct vmn_err *err)
{
	if (vmn_is_search_domain(domain))
		vmn_strlist_add(&ret->search, domain);
	else if (compat == VMN_DHCP_COMPAT_KUBEVIRT)
		return vmn_err_set(err, VMN_E_INVALID, "search domain is not valid: '%s'", domain);
	else if (left_out)
		vmn_strlist_add(left_out, domain);
	return 0;
}

int vmn_dhcp_names(const struct vmn_binding_facts *facts, const struct vmn_resolv *resolv,
		   enum vmn_dhcp_compat compat, struct vmn_resolv *ret,
		   struct vmn_strlist *left_out, struct vmn_err *err)
{
	const struct vmn_ip *dns = facts->n_dns > 0 ? facts->dns : resolv->dns;
	size_t n_dns = facts->n_dns > 0 ? facts->n_dns : resolv->n_dns;
	bool is_own = facts->n_dns > 0 || facts->search.n > 0;
	const struct vmn_strlist *search = is_own ? &facts->search : &resolv->search;

	for (size_t i = 0; i < n_dns && ret->n_dns < VMN_RESOLV_DNS_MAX; i++)
		ret->dns[ret->n_dns++] = dns[i];
	for (size_t i = 0; i < search->n; i++) {
		int r = take_domain(search->v[i], compat, ret, left_out, err);

		if (r < 0)
			return r;
	}
	if (search->n == 0 && !is_own)
		vmn_strlist_add(&ret->search, "cluster.local");
	if (facts->subdomain && vmn_is_search_domain(facts->subdomain))
		vmn_resolv_add_subdomain(&ret->search, facts->subdomain);
	if (compat == VMN_DHCP_COMPAT_KUBEVIRT && ret->n_dns == 0 &&
	    vmn_ip_parse("8.8.8.8", &ret->dns[0]))
		ret->n_dns = 1;
	return 0;
}

/* --- options ---------------------------------------------------------------------------- */

bool vmn_options4_add(struct vmn_options4 *o, uint8_t code, const void *data, size_t len)
{
	if (o->n == VMN_OPTIONS4_MAX || sizeof(o->bytes) - o->used < len)
		return false;
	if (len > 0)
		memcpy(o->bytes + o->used, data, len);
	o->opts[o->n++] = (struct vmn_dhcp4_opt){code, len, o->bytes + o->used};
	o->used += len;
	return true;
}

static bool add_ips(struct vmn_options4 *o, uint8_t code, const struct vmn_ip *ips, size_t n)
{
	uint8_t bytes[4 * VMN_FACTS_LIST_MAX];
	size_t len = 0;

	for (size_t i = 0; i < n && len < sizeof(bytes); i++) {
		if (ips[i].family != AF_INET)
			continue;
		memcpy(bytes + len, ips[i].bytes, 4);
		len += 4;
	}
	return len == 0 || vmn_options4_add(o, code, bytes, len);
}

static bool add_text(struct vmn_options4 *o, uint8_t code, const char *text)
{
	return vmn_is_empty(text) || vmn_options4_add(o, code, text, strlen(text));
}

static bool add_mask(struct vmn_options4 *o, unsigned len)
{
	uint8_t mask[4];

	vmn_put32(mask, len > 0 ? UINT32_MAX << (32 - len) : 0);
	return vmn_options4_add(o, VMN_OPT4_MASK, mask, sizeof(mask));
}

/* RFC 3442: width, the octets of the prefix that count, gateway */
static size_t put_route(uint8_t *out, const struct vmn_cidr *to, const struct vmn_ip *gateway)
{
	size_t octets = (to->len + 7) / 8;

	out[0] = (uint8_t)to->len;
	memcpy(out + 1, to->ip.bytes, octets);
	memcpy(out + 1 + octets, gateway->bytes, 4);
	return 1 + octets + 4;
}

static bool is_on_link(const struct vmn_binding_facts *f, const struct vmn_ip *ip)
{
	if (vmn_cidr_has(&f->ip4, ip))
		return true;
	for (size_t i = 0; i < f->n_routes4; i++)
		if (f->routes4[i].gateway.family == AF_UNSPEC && f->routes4[i].to.len > 0 &&
		    vmn_cidr_has(&f->routes4[i].to, ip))
			return true;
	return false;
}

static size_t put_routes(uint8_t *out, const struct vmn_binding_facts *f, bool is_default)
{
	size_t len = 0;

	for (size_t i = 0; i < f->n_routes4; i++)
		if ((f->routes4[i].to.len == 0) == is_default)
			len += put_route(out + len, &f->routes4[i].to, &f->routes4[i].gateway);
	return len;
}

/*
 * The default route goes last. A client that reads these routes ignores the router option, so the
 * default route must be here too; and a gateway outside the guest's prefix (a pod with a /32, as
 * Calico makes them) is of no use without a route to it.
 */
static bool add_routes(struct vmn_options4 *o, const struct vmn_binding_facts *f, bool as_kubevirt)
{
	uint8_t bytes[9 * (VMN_FACTS_ROUTES_MAX + 2)];
	const struct vmn_ip nowhere = {.family = AF_INET};
	const struct vmn_cidr everywhere = {.ip = nowhere};
	bool is_far = f->gateway4.family != AF_UNSPEC && !is_on_link(f, &f->gateway4);
	size_t len = 0, before;

	if (as_kubevirt)
		is_far = false;
	if (f->n_routes4 == 0 && !is_far)
		return true;
	if (is_far)
		len += put_route(bytes, &(struct vmn_cidr){f->gateway4, 32}, &nowhere);
	len += put_routes(bytes + len, f, false);
	before = len;
	len += put_routes(bytes + len, f, true);
	if (len == before && !as_kubevirt && f->gateway4.family != AF_UNSPEC)
		len += put_route(bytes + len, &everywhere, &f->gateway4);
	return vmn_options4_add(o, VMN_OPT4_ROUTES, bytes, len);
}

static int add_search(struct vmn_options4 *o, const struct vmn_strlist *search, bool as_kubevirt,
		      struct vmn_err *err)
{
	uint8_t bytes[1024];
	size_t len = 0;

	for (size_t i = 0; i < search->n; i++) {
		size_t n = vmn_domain_encode(search->v[i], bytes + len, sizeof(bytes) - len);

		if (n == 0)
			break;
		len += n;
	}
	if (as_kubevirt && len > 255)
		return vmn_err_set(err, VMN_E_INVALID,
				   "search domains are %zu bytes long, more than 255", len);
	if (len > 0 && !vmn_options4_add(o, VMN_OPT4_SEARCH, bytes, len))
		return vmn_err_set(err, VMN_E_RANGE, "too many options");
	return 0;
}

static bool add_private(struct vmn_options4 *o, const struct vmn_binding_facts *f)
{
	for (size_t i = 0; i < f->n_private_options; i++)
		if (!vmn_options4_add(o, f->private_options[i].code, f->private_options[i].value,
				      strlen(f->private_options[i].value)))
			return false;
	return true;
}

int vmn_options4_make(const struct vmn_binding_facts *facts, const struct vmn_resolv *names,
		      enum vmn_dhcp_compat compat, struct vmn_options4 *ret, struct vmn_err *err)
{
	bool as_kubevirt = compat == VMN_DHCP_COMPAT_KUBEVIRT, is_ok;
	uint8_t mtu[2];

	ret->n = 0;
	ret->used = 0;
	vmn_put16(mtu, (uint16_t)(facts->mtu < UINT16_MAX ? facts->mtu : UINT16_MAX));
	is_ok = add_mask(ret, facts->ip4.len) && add_routes(ret, facts, as_kubevirt) &&
		add_ips(ret, VMN_OPT4_ROUTER, &facts->gateway4, 1) &&
		add_ips(ret, VMN_OPT4_DNS, names->dns, names->n_dns) &&
		(facts->mtu == 0 || vmn_options4_add(ret, VMN_OPT4_MTU, mtu, sizeof(mtu))) &&
		add_text(ret, VMN_OPT4_HOSTNAME, facts->hostname) &&
		add_text(ret, VMN_OPT4_DOMAIN, vmn_resolv_longest(&names->search));
	if (is_ok && add_search(ret, &names->search, as_kubevirt, err) < 0)
		return -(int)err->code;
	is_ok = is_ok && add_ips(ret, VMN_OPT4_NTP, facts->ntp, facts->n_ntp) &&
		add_text(ret, VMN_OPT4_TFTP_SERVER, facts->tftp_server) &&
		add_text(ret, VMN_OPT4_BOOT_FILE, facts->boot_file) && add_private(ret, facts);
	return is_ok ? 0 : vmn_err_set(err, VMN_E_RANGE, "too many options");
}
