/* SPDX-License-Identifier: Apache-2.0 */
/* DHCPv6 messages to the server of one guest: every reply is whole, from us and of its address */
#include "config.h"

#include "lib/dhcp/bytes.h"
#include "lib/dhcp/lease6.h"
#include "lib/dhcp/ra.h"
#include "tests/fuzz/fuzz.h"

static void make(struct vmn_lease6 *lease)
{
	static const uint8_t mac[VMN_MAC_SIZE] = {2};
	vmn_auto_resolv struct vmn_resolv names = {0};
	struct vmn_binding_facts facts = {.binding = VMN_BINDING_MASQUERADE};

	fuzz_must(vmn_cidr_parse("fd10:0:2::2/120", &facts.ip6));
	vmn_resolv_parse("nameserver fd00::a\nsearch a.b cluster.local\n", &names);
	vmn_lease6_init(lease, &facts, &names, mac, 3600, VMN_DHCP_COMPAT_NONE);
}

static void check_ia(const struct vmn_lease6 *s, const struct vmn_dhcp6_opt *ia)
{
	struct vmn_dhcp6_opt opt;
	size_t at = 12;

	while (vmn_dhcp6_next(ia->data, ia->len, &at, &opt)) {
		/* no address lives but the guest's own */
		if (opt.code == VMN_OPT6_IA_ADDR && vmn_get32(opt.data + 20) > 0)
			fuzz_must(memcmp(opt.data, s->address.ip.bytes, 16) == 0);
	}
	fuzz_must(at == ia->len);
}

static void check_reply(const struct vmn_lease6 *s, const struct vmn_dhcp6 *msg,
			const struct vmn_reply6 *reply)
{
	struct vmn_dhcp6_opt opt;
	const uint8_t *bytes = reply->message.bytes;
	size_t len = reply->message.len, at = 4;
	bool has_server = false;

	fuzz_must(bytes[0] == VMN_DHCP6_REPLY || bytes[0] == VMN_DHCP6_ADVERTISE);
	fuzz_must((vmn_get32(bytes) & 0xffffff) == msg->xid);
	while (vmn_dhcp6_next(bytes, len, &at, &opt)) {
		if (opt.code == VMN_OPT6_IA_NA)
			check_ia(s, &opt);
		if (opt.code == VMN_OPT6_SERVER_ID)
			has_server = memcmp(opt.data, s->server_id, sizeof(s->server_id)) == 0;
	}
	fuzz_must(at == len && has_server);
	if (msg->server_id.data)
		fuzz_must(memcmp(msg->server_id.data, s->server_id, sizeof(s->server_id)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vmn_lease6 lease, before;
	struct vmn_dhcp6 msg;
	struct vmn_reply6 reply;
	const char *why = NULL;

	(void)vmn_rs_check(data, size, VMN_RA_HOP_LIMIT, size & 1);
	if (!vmn_dhcp6_decode(data, size, &msg))
		return 0;
	memset(&lease, 0, sizeof(lease));
	make(&lease);
	memcpy(&before, &lease, sizeof(lease));
	if (vmn_lease6_step(&lease, &msg, &reply, &why))
		check_reply(&lease, &msg, &reply);
	fuzz_must(why && *why);
	fuzz_must(memcmp(&before, &lease, sizeof(lease)) == 0);
	return 0;
}
