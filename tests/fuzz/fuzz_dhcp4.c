/* SPDX-License-Identifier: Apache-2.0 */
/* DHCPv4 messages to the server of one guest: every reply is sound, for that guest and of its
 * address */
#include "config.h"

#include "lib/dhcp/lease4.h"
#include "lib/dhcp/udp4.h"
#include "tests/fuzz/fuzz.h"

static void make(struct vmn_lease4 *lease, enum vmn_binding_kind binding,
		 enum vmn_dhcp_compat compat)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_binding_facts facts = {
		.binding = binding, .has_mac = true, .mac = {2, 0, 0, 0, 0, 10}, .mtu = 1400};
	vmn_auto_resolv struct vmn_resolv names = {0};

	fuzz_must(vmn_cidr_parse("10.244.0.5/24", &facts.ip4));
	fuzz_must(vmn_ip_parse("169.254.75.10", &facts.server4));
	fuzz_must(vmn_ip_parse("10.244.1.1", &facts.gateway4));
	vmn_resolv_parse("nameserver 10.96.0.10\nsearch ns.svc.cluster.local cluster.local\n",
			 &names);
	fuzz_must(vmn_lease4_init(lease, &facts, &names, 3600, compat, &err) == 0);
}

static void check_reply(const struct vmn_lease4 *s, const struct vmn_dhcp4 *msg,
			const struct vmn_reply4 *reply)
{
	struct vmn_dhcp4 answer;
	size_t len;
	const uint8_t *server;
	static const uint8_t nowhere[4];

	fuzz_must(msg->h.op == VMN_BOOTREQUEST);
	fuzz_must(!s->has_filter || memcmp(msg->h.chaddr, s->mac, sizeof(s->mac)) == 0);
	fuzz_must(reply->len <= vmn_dhcp4_limit(msg, s->mtu));
	fuzz_must(vmn_dhcp4_decode(reply->bytes, reply->len, &answer));
	fuzz_must(answer.h.op == VMN_BOOTREPLY && answer.h.xid == msg->h.xid);
	fuzz_must(memcmp(answer.h.chaddr, msg->h.chaddr, 6) == 0);
	fuzz_must(memcmp(answer.h.yiaddr, nowhere, 4) == 0 ||
		  memcmp(answer.h.yiaddr, s->address.ip.bytes, 4) == 0);
	server = vmn_dhcp4_opt(&answer, VMN_OPT4_SERVER_ID, &len);
	fuzz_must(server && memcmp(server, s->server.bytes, 4) == 0);
	/* who asks another server gets no answer */
	server = vmn_dhcp4_opt(msg, VMN_OPT4_SERVER_ID, &len);
	if (server && msg->type == VMN_DHCP4_REQUEST && s->compat == VMN_DHCP_COMPAT_NONE)
		fuzz_must(memcmp(server, s->server.bytes, 4) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vmn_lease4 leases[3], before[3];
	static bool is_made;
	struct vmn_dhcp4 msg;
	struct vmn_udp4 udp;

	if (vmn_udp4_parse(data, size, true, &udp))
		fuzz_must(udp.payload >= data && udp.payload + udp.len <= data + size);
	if (!is_made) {
		make(&leases[0], VMN_BINDING_BRIDGE, VMN_DHCP_COMPAT_NONE);
		make(&leases[1], VMN_BINDING_MASQUERADE, VMN_DHCP_COMPAT_NONE);
		make(&leases[2], VMN_BINDING_BRIDGE, VMN_DHCP_COMPAT_KUBEVIRT);
		memcpy(before, leases, sizeof(before));
		is_made = true;
	}
	if (!vmn_dhcp4_decode(data, size, &msg))
		return 0;
	for (size_t i = 0; i < VMN_ARRAY_LEN(leases); i++) {
		struct vmn_reply4 reply;
		const char *why = NULL;

		if (vmn_lease4_step(&leases[i], &msg, 68, &reply, &why))
			check_reply(&leases[i], &msg, &reply);
		fuzz_must(why && *why);
	}
	fuzz_must(memcmp(before, leases, sizeof(before)) == 0);
	return 0;
}
