/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/describe.h"

#include <sys/socket.h>

#include "lib/dhcp/codec6.h"
#include "lib/dhcp/lease4.h"
#include "lib/dhcp/ra.h"

/* Return: the options to fill, borrowed */
static struct json_object *add_reply(struct json_object *replies, const char *protocol,
				     const char *message)
{
	struct json_object *reply = json_object_new_object(), *options = json_object_new_array();

	vmn_json_set_str(reply, "protocol", protocol);
	vmn_json_set_str(reply, "message", message);
	vmn_json_set_take(reply, "options", options);
	vmn_json_append_take(replies, reply);
	return options;
}

static void add_option(struct json_object *options, int code, const char *name, const char *value)
{
	struct json_object *option = json_object_new_object();

	if (code >= 0)
		vmn_json_set_int(option, "code", code);
	vmn_json_set_str(option, "name", name);
	vmn_json_set_str(option, "value", value);
	vmn_json_append_take(options, option);
}

static void describe4(const struct vmn_lease4 *lease, struct json_object *replies)
{
	static const enum vmn_dhcp4_type types[] = {VMN_DHCP4_OFFER, VMN_DHCP4_ACK, VMN_DHCP4_NAK};
	size_t n = VMN_ARRAY_LEN(types) - (lease->compat == VMN_DHCP_COMPAT_KUBEVIRT);

	for (size_t i = 0; i < n; i++) {
		struct json_object *options =
			add_reply(replies, "DHCPv4", vmn_dhcp4_type_word(types[i]));
		struct vmn_options4 o;

		vmn_lease4_options(lease, types[i], &o);
		for (size_t k = 0; k < o.n; k++) {
			vmn_auto_buf struct vmn_buf value = VMN_BUF_INIT(0);
			char name[VMN_OPT4_NAME_SIZE];

			vmn_opt4_text(&o.opts[k], &value);
			add_option(options, o.opts[k].code, vmn_opt4_name(o.opts[k].code, name),
				   vmn_buf_str(&value));
		}
	}
}

static void join_dns(const struct vmn_resolv *names, struct vmn_buf *out)
{
	char ip[VMN_IP_TEXT_SIZE];

	for (size_t i = 0; i < names->n_dns; i++)
		if (names->dns[i].family == AF_INET6)
			vmn_buf_addf(out, "%s%s", out->len > 0 ? " " : "",
				     vmn_ip_text(&names->dns[i], ip));
}

static void join_search(const struct vmn_resolv *names, struct vmn_buf *out)
{
	for (size_t i = 0; i < names->search.n; i++)
		vmn_buf_addf(out, "%s%s", i > 0 ? " " : "", names->search.v[i]);
}

static void describe6(const struct vmn_binding_facts *facts, const struct vmn_resolv *names,
		      uint32_t lease_s, enum vmn_dhcp_compat compat, struct json_object *replies)
{
	vmn_auto_buf struct vmn_buf dns = VMN_BUF_INIT(0), search = VMN_BUF_INIT(0);
	vmn_auto_free char *lifetime = vmn_xasprintf("%u", lease_s);
	static const enum vmn_dhcp6_type types[] = {VMN_DHCP6_ADVERTISE, VMN_DHCP6_REPLY};
	char ip[VMN_IP_TEXT_SIZE];

	join_dns(names, &dns);
	if (compat == VMN_DHCP_COMPAT_NONE)
		join_search(names, &search);
	for (size_t i = 0; i < VMN_ARRAY_LEN(types); i++) {
		struct json_object *options =
			add_reply(replies, "DHCPv6", vmn_dhcp6_type_word(types[i]));

		add_option(options, VMN_OPT6_IA_ADDR, "iaaddr", vmn_ip_text(&facts->ip6.ip, ip));
		add_option(options, VMN_OPT6_IA_ADDR, "valid-lifetime", lifetime);
		if (dns.len > 0)
			add_option(options, VMN_OPT6_DNS, "name-servers", vmn_buf_str(&dns));
		if (search.len > 0)
			add_option(options, VMN_OPT6_SEARCH, "domain-search", vmn_buf_str(&search));
	}
}

static void describe_ra(const struct vmn_binding_facts *facts, const struct vmn_resolv *names,
			struct json_object *replies)
{
	struct json_object *options = add_reply(replies, "ICMPv6", "ROUTER-ADVERTISEMENT");
	vmn_auto_buf struct vmn_buf dns = VMN_BUF_INIT(0), search = VMN_BUF_INIT(0);
	vmn_auto_free char *lifetime = vmn_xasprintf("%d", VMN_RA_LIFETIME_S);
	vmn_auto_free char *mtu = vmn_xasprintf("%u", facts->mtu);
	struct vmn_cidr prefix = facts->ip6;
	char text[VMN_CIDR_TEXT_SIZE];

	for (unsigned bit = prefix.len; bit < 128; bit++)
		prefix.ip.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	join_dns(names, &dns);
	join_search(names, &search);
	add_option(options, -1, "flags", "managed other");
	add_option(options, -1, "router-lifetime", lifetime);
	add_option(options, -1, "prefix", vmn_cidr_text(&prefix, text));
	if (facts->mtu > 0)
		add_option(options, -1, "mtu", mtu);
	if (dns.len > 0)
		add_option(options, -1, "rdnss", vmn_buf_str(&dns));
	if (search.len > 0)
		add_option(options, -1, "dnssl", vmn_buf_str(&search));
}

int vmn_dhcp_describe(const struct vmn_binding_facts *facts, const struct vmn_resolv *names,
		      uint32_t lease_s, enum vmn_dhcp_compat compat, struct json_object **ret,
		      struct vmn_err *err)
{
	vmn_auto_json struct json_object *doc = json_object_new_object();
	struct json_object *replies = json_object_new_array();
	struct vmn_lease4 lease;

	vmn_json_set_str(doc, "bridge", facts->bridge);
	vmn_json_set_take(doc, "replies", replies);
	if (facts->ip4.ip.family != AF_UNSPEC) {
		int r = vmn_lease4_init(&lease, facts, names, lease_s, compat, err);

		if (r < 0)
			return r;
		describe4(&lease, replies);
	}
	if (facts->ip6.ip.family != AF_UNSPEC) {
		describe6(facts, names, lease_s, compat, replies);
		describe_ra(facts, names, replies);
	}
	*ret = vmn_steal(&doc);
	return 0;
}
