/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/lease6.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/dhcp/bytes.h"
#include "lib/dhcp/lease4.h"

enum { IA_NA_HEADER = 12, IA_TA_HEADER = 4, IA_ADDR_SIZE = 24, DUID_LL = 3, HW_ETHERNET = 1 };

void vmn_lease6_init(struct vmn_lease6 *ret, const struct vmn_binding_facts *facts,
		     const struct vmn_resolv *names, const uint8_t mac[VMN_MAC_SIZE],
		     uint32_t lease_s, enum vmn_dhcp_compat compat)
{
	*ret = (struct vmn_lease6){.address = facts->ip6, .lease_s = lease_s, .compat = compat};
	vmn_put16(ret->server_id, DUID_LL);
	vmn_put16(ret->server_id + 2, HW_ETHERNET);
	memcpy(ret->server_id + 4, mac, VMN_MAC_SIZE);
	for (size_t i = 0; i < names->n_dns; i++) {
		if (names->dns[i].family != AF_INET6)
			continue;
		memcpy(ret->dns + ret->dns_len, names->dns[i].bytes, 16);
		ret->dns_len += 16;
	}
	for (size_t i = 0; i < names->search.n && compat == VMN_DHCP_COMPAT_NONE; i++)
		ret->search_len +=
			vmn_domain_encode(names->search.v[i], ret->search + ret->search_len,
					  sizeof(ret->search) - ret->search_len);
}

/* --- what a reply has ------------------------------------------------------------------- */

/* An association being made, with what is in it. */
struct ia {
	uint8_t bytes[512];
	size_t len;
};

static void ia_put_address(struct ia *ia, const uint8_t address[16], uint32_t lifetime_s)
{
	uint8_t *p = ia->bytes + ia->len;

	if (sizeof(ia->bytes) - ia->len < 4 + IA_ADDR_SIZE)
		return;
	vmn_put16(p, VMN_OPT6_IA_ADDR);
	vmn_put16(p + 2, IA_ADDR_SIZE);
	memcpy(p + 4, address, 16);
	vmn_put32(p + 20, lifetime_s);
	vmn_put32(p + 24, lifetime_s);
	ia->len += 4 + IA_ADDR_SIZE;
}

static void ia_put_status(struct ia *ia, enum vmn_dhcp6_status status)
{
	vmn_put16(ia->bytes + ia->len, VMN_OPT6_STATUS);
	vmn_put16(ia->bytes + ia->len + 2, 2);
	vmn_put16(ia->bytes + ia->len + 4, (uint16_t)status);
	ia->len += 6;
}

/* Section 14.2: half and four fifths, so that a client asks in time */
static uint32_t part_of(uint32_t lease_s, uint32_t tenths)
{
	return lease_s == VMN_LEASE_INFINITE ? lease_s
					     : (uint32_t)((uint64_t)lease_s * tenths / 10);
}

/* Addresses that the client thinks it has and that are not its own live no longer. */
static void put_ours(const struct vmn_lease6 *s, const struct vmn_dhcp6_opt *asked, struct ia *ia)
{
	struct vmn_dhcp6_opt opt;
	size_t at = IA_NA_HEADER;

	vmn_put32(ia->bytes + 4, part_of(s->lease_s, 5));
	vmn_put32(ia->bytes + 8, part_of(s->lease_s, 8));
	ia_put_address(ia, s->address.ip.bytes, s->lease_s);
	while (vmn_dhcp6_next(asked->data, asked->len, &at, &opt))
		if (opt.code == VMN_OPT6_IA_ADDR && memcmp(opt.data, s->address.ip.bytes, 16) != 0)
			ia_put_address(ia, opt.data, 0);
}

static void put_ias(const struct vmn_lease6 *s, const struct vmn_dhcp6 *msg,
		    struct vmn_dhcp6_writer *w)
{
	struct vmn_dhcp6_opt opt;
	bool is_given = false;

	for (size_t at = 0; vmn_dhcp6_next(msg->opts, msg->opts_len, &at, &opt);) {
		struct ia ia = {.len = opt.code == VMN_OPT6_IA_TA ? IA_TA_HEADER : IA_NA_HEADER};

		if (opt.code != VMN_OPT6_IA_NA && opt.code != VMN_OPT6_IA_TA &&
		    opt.code != VMN_OPT6_IA_PD)
			continue;
		memcpy(ia.bytes, opt.data, 4); /* IAID */
		if (opt.code == VMN_OPT6_IA_NA && !is_given) {
			put_ours(s, &opt, &ia);
			is_given = true;
		} else {
			ia_put_status(&ia, opt.code == VMN_OPT6_IA_PD ? VMN_DHCP6_NO_PREFIX
								      : VMN_DHCP6_NO_ADDRS);
		}
		(void)vmn_dhcp6_put(w, opt.code, ia.bytes, ia.len);
	}
}

static void put_names(const struct vmn_lease6 *s, const struct vmn_dhcp6 *msg,
		      struct vmn_dhcp6_writer *w)
{
	bool wants_all = !msg->oro.data || s->compat == VMN_DHCP_COMPAT_KUBEVIRT;

	if (s->dns_len > 0 && (wants_all || vmn_dhcp6_wants(msg, VMN_OPT6_DNS)))
		(void)vmn_dhcp6_put(w, VMN_OPT6_DNS, s->dns, s->dns_len);
	if (s->search_len > 0 && (wants_all || vmn_dhcp6_wants(msg, VMN_OPT6_SEARCH)))
		(void)vmn_dhcp6_put(w, VMN_OPT6_SEARCH, s->search, s->search_len);
}

static void begin(const struct vmn_lease6 *s, const struct vmn_dhcp6 *msg, enum vmn_dhcp6_type type,
		  struct vmn_reply6 *r)
{
	r->type = type;
	vmn_dhcp6_begin(&r->message, type, msg->xid);
	if (msg->client_id.data)
		(void)vmn_dhcp6_put(&r->message, VMN_OPT6_CLIENT_ID, msg->client_id.data,
				    msg->client_id.len);
	(void)vmn_dhcp6_put(&r->message, VMN_OPT6_SERVER_ID, s->server_id, sizeof(s->server_id));
}

static void put_status(struct vmn_reply6 *r, enum vmn_dhcp6_status status)
{
	uint8_t bytes[2];

	vmn_put16(bytes, (uint16_t)status);
	(void)vmn_dhcp6_put(&r->message, VMN_OPT6_STATUS, bytes, sizeof(bytes));
}

/* --- what to answer ---------------------------------------------------------------------- */

/* Section 16: who must name a server, who must not */
static bool is_valid(const struct vmn_lease6 *s, const struct vmn_dhcp6 *msg, const char **why)
{
	bool is_to_us = msg->server_id.len == sizeof(s->server_id) && msg->server_id.data &&
			memcmp(msg->server_id.data, s->server_id, sizeof(s->server_id)) == 0;
	bool must_name = msg->type == VMN_DHCP6_REQUEST || msg->type == VMN_DHCP6_RENEW ||
			 msg->type == VMN_DHCP6_RELEASE || msg->type == VMN_DHCP6_DECLINE;

	if (!msg->client_id.data && msg->type != VMN_DHCP6_INFORMATION_REQUEST)
		*why = "a client without name";
	else if (must_name && !msg->server_id.data)
		*why = "a message to no server";
	else if (msg->server_id.data && !must_name && msg->type != VMN_DHCP6_INFORMATION_REQUEST)
		*why = "a message to all that names a server";
	else if (msg->server_id.data && !is_to_us)
		*why = "the client chose another server";
	else if (msg->type == VMN_DHCP6_INFORMATION_REQUEST && msg->has_ia)
		*why = "a request for information that asks for addresses";
	else
		return true;
	return false;
}

/* Return: false when the client names no address at all */
static bool is_on_link(const struct vmn_lease6 *s, const struct vmn_dhcp6 *msg, bool *ret)
{
	struct vmn_dhcp6_opt ia, opt;
	bool has_address = false;

	*ret = true;
	for (size_t at = 0; vmn_dhcp6_next(msg->opts, msg->opts_len, &at, &ia);) {
		size_t inner = IA_NA_HEADER;

		if (ia.code != VMN_OPT6_IA_NA)
			continue;
		while (vmn_dhcp6_next(ia.data, ia.len, &inner, &opt)) {
			struct vmn_ip ip = {.family = AF_INET6};

			if (opt.code != VMN_OPT6_IA_ADDR)
				continue;
			memcpy(ip.bytes, opt.data, 16);
			*ret = *ret && vmn_cidr_has(&s->address, &ip);
			has_address = true;
		}
	}
	return has_address;
}

static void give(const struct vmn_lease6 *s, const struct vmn_dhcp6 *msg, enum vmn_dhcp6_type type,
		 struct vmn_reply6 *r)
{
	begin(s, msg, type, r);
	if (type == VMN_DHCP6_REPLY && msg->type == VMN_DHCP6_SOLICIT)
		(void)vmn_dhcp6_put(&r->message, VMN_OPT6_RAPID_COMMIT, NULL, 0);
	put_ias(s, msg, &r->message);
	put_names(s, msg, &r->message);
}

static bool confirm(const struct vmn_lease6 *s, const struct vmn_dhcp6 *msg, struct vmn_reply6 *r,
		    const char **why)
{
	bool is_ok;

	if (!is_on_link(s, msg, &is_ok)) {
		*why = "nothing to confirm";
		return false;
	}
	*why = is_ok ? "confirmed" : "the client has an address of another link";
	begin(s, msg, VMN_DHCP6_REPLY, r);
	put_status(r, is_ok ? VMN_DHCP6_SUCCESS : VMN_DHCP6_NOT_ON_LINK);
	return true;
}

bool vmn_lease6_step(const struct vmn_lease6 *s, const struct vmn_dhcp6 *msg,
		     struct vmn_reply6 *ret, const char **why)
{
	if (!is_valid(s, msg, why))
		return false;
	switch (msg->type) {
	case VMN_DHCP6_SOLICIT:
		*why = msg->has_rapid_commit ? "acknowledged at once" : "offered";
		give(s, msg, msg->has_rapid_commit ? VMN_DHCP6_REPLY : VMN_DHCP6_ADVERTISE, ret);
		return true;
	case VMN_DHCP6_REQUEST:
	case VMN_DHCP6_RENEW:
	case VMN_DHCP6_REBIND:
		*why = msg->type == VMN_DHCP6_REQUEST ? "acknowledged" : "renewed";
		give(s, msg, VMN_DHCP6_REPLY, ret);
		return true;
	case VMN_DHCP6_CONFIRM:
		return confirm(s, msg, ret, why);
	case VMN_DHCP6_RELEASE:
	case VMN_DHCP6_DECLINE:
		*why = msg->type == VMN_DHCP6_RELEASE
			       ? "released; the address stays the client's"
			       : "the client says that another host has its address";
		begin(s, msg, VMN_DHCP6_REPLY, ret);
		put_status(ret, VMN_DHCP6_SUCCESS);
		return true;
	case VMN_DHCP6_INFORMATION_REQUEST:
		*why = "informed";
		begin(s, msg, VMN_DHCP6_REPLY, ret);
		put_names(s, msg, &ret->message);
		return true;
	case VMN_DHCP6_ADVERTISE:
	case VMN_DHCP6_REPLY:
	case VMN_DHCP6_RECONFIGURE:
		break;
	}
	*why = "not for a server";
	return false;
}
