/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "lib/binding/host.h"
#include "lib/binding/masquerade.h"
#include "lib/binding/planner.h"

static unsigned address_bits(const struct vmn_cidr *cidr)
{
	return cidr->ip.family == AF_INET ? 32 : 128;
}

/* The address @n places after the first one of the network of @cidr; @n is 0 to 3. */
static struct vmn_cidr nth_address(const struct vmn_cidr *cidr, unsigned n)
{
	struct vmn_cidr addr = *cidr;
	unsigned bits = address_bits(cidr);

	for (unsigned i = cidr->len; i < bits; i++)
		addr.ip.bytes[i / 8] &= (uint8_t) ~(0x80U >> i % 8);
	addr.ip.bytes[bits / 8 - 1] |= (uint8_t)n;
	return addr;
}

static bool is_broadcast(const struct vmn_cidr *cidr)
{
	for (unsigned i = cidr->len; i < address_bits(cidr); i++)
		if (!(cidr->ip.bytes[i / 8] & 0x80U >> i % 8))
			return false;
	return cidr->ip.family == AF_INET;
}

bool vmn_host_cidr_parse(const char *text, struct vmn_cidr *ret)
{
	struct vmn_cidr cidr, network;

	if (!vmn_cidr_parse(text, &cidr) || cidr.len > address_bits(&cidr) - 2)
		return false;
	network = nth_address(&cidr, 0);
	if (vmn_ip_eq(&cidr.ip, &network.ip) || is_broadcast(&cidr) || !vmn_ip_is_global(&cidr.ip))
		return false;
	*ret = cidr;
	return true;
}

/* The first address of the network of @gateway that is not its own. */
static struct vmn_cidr first_guest(const struct vmn_cidr *gateway)
{
	struct vmn_cidr first = nth_address(gateway, 1);

	return vmn_ip_eq(&first.ip, &gateway->ip) ? nth_address(gateway, 2) : first;
}

const struct vmn_link *vmn_host_uplink(const struct vmn_snapshot *s)
{
	const struct vmn_route *best = NULL;

	for (size_t i = 0; i < s->n_routes; i++) {
		const struct vmn_route *r = &s->routes[i];

		if (r->dst_len == 0 && r->type == RTN_UNICAST && r->table == RT_TABLE_MAIN &&
		    r->n_hops > 0 && r->hops[0].ifindex &&
		    (!best || (r->family == best->family ? r->priority < best->priority
							 : r->family == AF_INET)))
			best = r;
	}
	return best ? vmn_snapshot_link_at(s, best->hops[0].ifindex) : NULL;
}

/* fe80:: and the interface identifier of RFC 4291 that @mac gives: router advertisements need one.
 */
static struct vmn_cidr link_local(const uint8_t mac[VMN_MAC_SIZE])
{
	return (struct vmn_cidr){
		.ip = {AF_INET6,
		       {0xfe, 0x80, 0, 0, 0, 0, 0, 0, (uint8_t)(mac[0] ^ 2), mac[1], mac[2], 0xff,
			0xfe, mac[3], mac[4], mac[5]}},
		.len = 64,
	};
}

static void add_table(const struct vmn_cidr *gateway, const char *uplink, const char *table,
		      struct vmn_buf *out)
{
	const char *ip = gateway->ip.family == AF_INET ? "ip" : "ip6";
	struct vmn_cidr network = nth_address(gateway, 0);
	char text[VMN_CIDR_TEXT_SIZE];

	if (!gateway->ip.family)
		return;
	vmn_buf_addf(out,
		     "table %s %s {\n"
		     "\tchain postrouting {\n"
		     "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
		     "\t\t%s saddr %s oifname \"%s\" counter masquerade\n"
		     "\t}\n"
		     "}\n",
		     ip, table, ip, vmn_cidr_text(&network, text), uplink);
}

void vmn_host_plan(struct vmn_planner *p, const struct vmn_setup_nic *nic,
		   const struct vmn_found *f)
{
	vmn_auto_buf struct vmn_buf ip = VMN_BUF_INIT(0), ip6 = VMN_BUF_INIT(0);
	vmn_auto_free char *table = vmn_nft_table(f->names.bridge);
	uint8_t mac[VMN_MAC_SIZE];

	vmn_planner_bridge_mac(p, f, mac);
	vmn_planner_bridge(p, f, mac, f->mtu);
	if (nic->cidr4.ip.family)
		vmn_planner_address(p, f->bridge, f->names.bridge, &nic->cidr4);
	if (nic->cidr6.ip.family) {
		struct vmn_cidr local = link_local(mac);

		vmn_planner_address(p, f->bridge, f->names.bridge, &local);
		vmn_planner_address(p, f->bridge, f->names.bridge, &nic->cidr6);
	}
	vmn_planner_up(p, f->bridge, f->names.bridge);
	vmn_planner_tap(p, nic, f);
	p->has_masquerade4 |= nic->cidr4.ip.family == AF_INET;
	p->has_masquerade6 |= nic->cidr6.ip.family == AF_INET6;
	add_table(&nic->cidr4, f->names.pod, table, &ip);
	add_table(&nic->cidr6, f->names.pod, table, &ip6);
	vmn_planner_nft(p, table, vmn_buf_str(&ip), vmn_buf_str(&ip6));
}

void vmn_host_facts(const struct vmn_setup_nic *nic, struct vmn_binding_facts *facts)
{
	facts->has_mac = nic->has_mac;
	memcpy(facts->mac, nic->mac, VMN_MAC_SIZE);
	if (nic->cidr4.ip.family) {
		facts->ip4 = first_guest(&nic->cidr4);
		facts->server4 = facts->gateway4 = nic->cidr4.ip;
	}
	if (nic->cidr6.ip.family) {
		facts->ip6 = first_guest(&nic->cidr6);
		facts->gateway6 = nic->cidr6.ip;
	}
}
