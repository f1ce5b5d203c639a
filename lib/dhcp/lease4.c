/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/lease4.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/dhcp/bytes.h"

static const uint8_t nowhere[4];
static const uint8_t everybody[4] = {255, 255, 255, 255};
static const uint8_t every_mac[VMN_MAC_SIZE] = {255, 255, 255, 255, 255, 255};

int vmn_lease4_init(struct vmn_lease4 *ret, const struct vmn_binding_facts *facts,
		    const struct vmn_resolv *names, uint32_t lease_s, enum vmn_dhcp_compat compat,
		    struct vmn_err *err)
{
	ret->has_filter = facts->has_mac && facts->binding == VMN_BINDING_BRIDGE;
	memcpy(ret->mac, facts->mac, sizeof(ret->mac));
	ret->address = facts->ip4;
	ret->server = facts->server4;
	ret->mtu = facts->mtu;
	ret->lease_s = lease_s;
	ret->compat = compat;
	return vmn_options4_make(facts, names, compat, &ret->options, err);
}

/* --- what a reply has ------------------------------------------------------------------- */

/* Room for these is always there: VMN_OPTIONS4_MAX counts them. */
static void put_u32(struct vmn_options4 *o, uint8_t code, uint32_t value)
{
	uint8_t bytes[4];

	vmn_put32(bytes, value);
	(void)!vmn_options4_add(o, code, bytes, sizeof(bytes));
}

static void put_times(const struct vmn_lease4 *s, struct vmn_options4 *o)
{
	put_u32(o, VMN_OPT4_LEASE_TIME, s->lease_s);
	if (s->compat == VMN_DHCP_COMPAT_KUBEVIRT || s->lease_s == VMN_LEASE_INFINITE)
		return;
	/* the defaults of RFC 2131 section 4.4.5, for clients that have none */
	put_u32(o, VMN_OPT4_T1, s->lease_s / 2);
	put_u32(o, VMN_OPT4_T2, (uint32_t)((uint64_t)s->lease_s * 7 / 8));
}

static void put_head(const struct vmn_lease4 *s, enum vmn_dhcp4_type type, bool has_times,
		     struct vmn_options4 *o)
{
	const uint8_t type_byte = (uint8_t)type;

	o->n = 0;
	o->used = 0;
	(void)!vmn_options4_add(o, VMN_OPT4_TYPE, &type_byte, 1);
	(void)!vmn_options4_add(o, VMN_OPT4_SERVER_ID, s->server.bytes, 4);
	if (has_times)
		put_times(s, o);
}

static const struct vmn_dhcp4_opt *find(const struct vmn_options4 *o, uint8_t code)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->opts[i].code == code)
			return &o->opts[i];
	return NULL;
}

static void put_once(const struct vmn_lease4 *s, uint8_t code, struct vmn_options4 *o)
{
	const struct vmn_dhcp4_opt *opt = find(&s->options, code);

	if (opt && !find(o, code))
		(void)!vmn_options4_add(o, code, opt->data, opt->len);
}

static void put_all(const struct vmn_lease4 *s, struct vmn_options4 *o)
{
	for (size_t i = 0; i < s->options.n; i++)
		(void)!vmn_options4_add(o, s->options.opts[i].code, s->options.opts[i].data,
					s->options.opts[i].len);
}

/*
 * In the order asked for (RFC 2132 section 9.8), but for two rules: the mask comes before the
 * router (section 3.3) and the classless routes, which replace it, too (RFC 3442). Private options
 * were put there for this very guest; it gets them unasked, last.
 */
static void put_asked(const struct vmn_lease4 *s, const struct vmn_dhcp4 *msg,
		      struct vmn_options4 *o)
{
	size_t n;
	const uint8_t *asked = vmn_dhcp4_opt(msg, VMN_OPT4_PARAMETERS, &n);

	if (!asked || s->compat == VMN_DHCP_COMPAT_KUBEVIRT) {
		put_all(s, o);
		return;
	}
	if (memchr(asked, VMN_OPT4_MASK, n))
		put_once(s, VMN_OPT4_MASK, o);
	for (size_t i = 0; i < n; i++) {
		if (asked[i] == VMN_OPT4_ROUTER && memchr(asked, VMN_OPT4_ROUTES, n))
			put_once(s, VMN_OPT4_ROUTES, o);
		put_once(s, asked[i], o);
	}
	for (size_t i = 0; i < s->options.n; i++)
		if (s->options.opts[i].code >= VMN_OPT4_PRIVATE_FIRST)
			put_once(s, s->options.opts[i].code, o);
}

void vmn_lease4_options(const struct vmn_lease4 *s, enum vmn_dhcp4_type type,
			struct vmn_options4 *ret)
{
	put_head(s, type, type == VMN_DHCP4_OFFER || type == VMN_DHCP4_ACK, ret);
	if (type != VMN_DHCP4_NAK)
		put_all(s, ret);
}

/* --- where a reply goes ------------------------------------------------------------------ */

/* RFC 2131 section 4.1; messages of relays do not come here, so giaddr is nobody's address. */
static void set_destination(const struct vmn_dhcp4 *msg, enum vmn_dhcp4_type type,
			    const uint8_t address[4], struct vmn_reply4 *r)
{
	bool to_all = false;

	if (type != VMN_DHCP4_NAK && memcmp(msg->h.ciaddr, nowhere, 4) != 0)
		address = msg->h.ciaddr;
	else
		to_all = type == VMN_DHCP4_NAK || (msg->h.flags & VMN_DHCP4_BROADCAST);
	memcpy(r->to_ip, to_all ? everybody : address, 4);
	memcpy(r->to_mac, to_all ? every_mac : msg->h.chaddr, VMN_MAC_SIZE);
}

static void make_reply(const struct vmn_lease4 *s, const struct vmn_dhcp4 *msg,
		       enum vmn_dhcp4_type type, uint16_t from_port, struct vmn_reply4 *r)
{
	bool as_kubevirt = s->compat == VMN_DHCP_COMPAT_KUBEVIRT;
	bool is_lease = type != VMN_DHCP4_NAK && msg->type != VMN_DHCP4_INFORM;
	struct vmn_dhcp4_header h = {
		.op = VMN_BOOTREPLY,
		.xid = msg->h.xid,
		.flags = msg->h.flags & VMN_DHCP4_BROADCAST,
	};
	struct vmn_options4 options;

	memcpy(h.chaddr, msg->h.chaddr, VMN_MAC_SIZE);
	if (is_lease)
		memcpy(h.yiaddr, s->address.ip.bytes, 4);
	if (type == VMN_DHCP4_ACK)
		memcpy(h.ciaddr, msg->h.ciaddr, 4);
	if (as_kubevirt)
		memcpy(h.giaddr, msg->h.giaddr, 4);
	put_head(s, type, is_lease, &options);
	if (type != VMN_DHCP4_NAK)
		put_asked(s, msg, &options);
	r->type = type;
	r->to_port = as_kubevirt ? from_port : VMN_DHCP4_CLIENT_PORT;
	set_destination(msg, type, s->address.ip.bytes, r);
	r->len = vmn_dhcp4_encode(&h, options.opts, options.n, vmn_dhcp4_limit(msg, s->mtu),
				  r->bytes, &r->left_out);
}

/* --- what to answer ---------------------------------------------------------------------- */

static bool has_address(const struct vmn_dhcp4 *msg, uint8_t code, const uint8_t **ret)
{
	size_t len;

	*ret = vmn_dhcp4_opt(msg, code, &len);
	return *ret != NULL;
}

static enum vmn_dhcp4_type judge(bool is_ours, const char **why, const char *yes, const char *no)
{
	*why = is_ours ? yes : no;
	return is_ours ? VMN_DHCP4_ACK : VMN_DHCP4_NAK;
}

/*
 * The states of RFC 2131 section 4.3.2 by what the message has. A wrong address is refused at
 * once, for nobody else on this link could know better.
 */
static enum vmn_dhcp4_type answer_request(const struct vmn_lease4 *s, const struct vmn_dhcp4 *msg,
					  const char **why)
{
	const uint8_t *server, *requested, *ours = s->address.ip.bytes;
	bool has_server = has_address(msg, VMN_OPT4_SERVER_ID, &server);
	bool has_requested = has_address(msg, VMN_OPT4_REQUESTED_IP, &requested);
	bool has_ciaddr = memcmp(msg->h.ciaddr, nowhere, 4) != 0;

	if (s->compat == VMN_DHCP_COMPAT_KUBEVIRT)
		return judge(true, why, "acknowledged", NULL);
	if (has_server && memcmp(server, s->server.bytes, 4) != 0) {
		*why = "the client chose another server";
		return 0;
	}
	if (has_ciaddr)
		return judge(memcmp(msg->h.ciaddr, ours, 4) == 0, why, "renewed",
			     "the client renews an address that is not its own");
	if (!has_requested) {
		*why = "a request for no address";
		return 0;
	}
	return judge(memcmp(requested, ours, 4) == 0, why,
		     has_server ? "acknowledged" : "acknowledged after a reboot",
		     "the client requests an address that is not its own");
}

/* Return: 0 for no reply */
static enum vmn_dhcp4_type answer(const struct vmn_lease4 *s, const struct vmn_dhcp4 *msg,
				  const char **why)
{
	switch (msg->type) {
	case VMN_DHCP4_DISCOVER:
		*why = "offered";
		return VMN_DHCP4_OFFER;
	case VMN_DHCP4_REQUEST:
		return answer_request(s, msg, why);
	case VMN_DHCP4_INFORM:
		if (s->compat == VMN_DHCP_COMPAT_KUBEVIRT)
			break;
		if (memcmp(msg->h.ciaddr, nowhere, 4) == 0) {
			*why = "a client without address that asks for the configuration only";
			return 0;
		}
		*why = "informed";
		return VMN_DHCP4_ACK;
	case VMN_DHCP4_DECLINE:
		*why = "the client says that another host has its address";
		return 0;
	case VMN_DHCP4_RELEASE:
		*why = "released; the address stays the client's";
		return 0;
	case VMN_DHCP4_OFFER:
	case VMN_DHCP4_ACK:
	case VMN_DHCP4_NAK:
		break;
	}
	*why = "not for a server";
	return 0;
}

bool vmn_lease4_step(const struct vmn_lease4 *s, const struct vmn_dhcp4 *msg, uint16_t from_port,
		     struct vmn_reply4 *ret, const char **why)
{
	enum vmn_dhcp4_type type;

	if (msg->h.op != VMN_BOOTREQUEST) {
		*why = "a reply, not a request";
		return false;
	}
	if (s->has_filter && memcmp(msg->h.chaddr, s->mac, sizeof(s->mac)) != 0) {
		*why = "not our guest";
		return false;
	}
	if (msg->h.chaddr[0] & 1) { /* nobody's address, and a reply to it would go to many */
		*why = "a group for a client";
		return false;
	}
	type = answer(s, msg, why);
	if (type == 0)
		return false;
	make_reply(s, msg, type, from_port, ret);
	return true;
}
