/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/binding/masquerade.h"
#include "lib/binding/planner.h"

/* Addresses of one family on the private network. */
struct side {
	bool is_used;
	const char *family; /* nft's word: "ip", "ip6" */
	struct vmn_cidr gateway, guest;
};

static struct side side_of(const struct vmn_cidr *wanted, int family, const struct vmn_addr *pod)
{
	static const struct vmn_cidr def4 = {.ip = {AF_INET, {10, 0, 2, 0}}, .len = 24};
	static const struct vmn_cidr def6 = {.ip = {AF_INET6, {0xfd, 0x10, 0, 0, 0, 2}},
					     .len = 120};
	struct side side = {
		.is_used = pod,
		.family = family == AF_INET ? "ip" : "ip6",
	};
	size_t last = family == AF_INET ? 3 : 15;

	side.gateway = wanted->ip.family ? *wanted : family == AF_INET ? def4 : def6;
	side.guest = side.gateway;
	side.gateway.ip.bytes[last] |= 1;
	side.guest.ip.bytes[last] |= 2;
	return side;
}

/* The link-local address that the bridge's MAC gives, 02:00:00:00:00:00. */
static const struct vmn_cidr bridge_link_local = {
	.ip = {AF_INET6, {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0, 0}}, .len = 64};
static const uint8_t bridge_mac[VMN_MAC_SIZE] = {2, 0, 0, 0, 0, 0};

/* --- nft ------------------------------------------------------------------------------ */

char *vmn_nft_table(const char *bridge)
{
	char *name = vmn_xasprintf("vmnetctl_%s", bridge);

	for (char *c = name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *c))
			*c = '_';
	return name;
}

char *vmn_nft_section(const char *listing, const char *family, const char *name)
{
	vmn_auto_free char *head = vmn_xasprintf("table %s %s {", family, name);
	const char *start = listing ? strstr(listing, head) : NULL;
	const char *end = start ? strstr(start, "\n}\n") : NULL;

	return end ? vmn_xstrndup(start, (size_t)(end - start) + strlen("\n}\n")) : NULL;
}

/* "{ 80, 8000-8010 }" of the ports of @proto; "" when it has none. */
static void add_port_set(const struct vmn_setup_nic *nic, uint8_t proto, struct vmn_buf *out)
{
	const char *sep = "{ ";

	for (size_t i = 0; i < nic->n_ports; i++) {
		const struct vmn_port_range *range = &nic->ports[i];

		if (range->proto != proto)
			continue;
		vmn_buf_addf(out, "%s%u", sep, range->first);
		if (range->last > range->first)
			vmn_buf_addf(out, "-%u", range->last);
		sep = ", ";
	}
	vmn_buf_adds(out, *sep == ',' ? " }" : "");
}

/* One rule for everything, or one for each protocol that has ports: "MATCH tcp dport ... VERDICT".
 */
static void add_rules(const struct vmn_setup_nic *nic, const char *match, const char *verdict,
		      struct vmn_buf *out)
{
	static const struct {
		uint8_t proto;
		const char *name;
	} protos[] = {{IPPROTO_TCP, "tcp"}, {IPPROTO_UDP, "udp"}};

	if (nic->n_ports == 0)
		vmn_buf_addf(out, "\t\t%s%scounter %s\n", match, *match ? " " : "", verdict);
	for (size_t i = 0; i < VMN_ARRAY_LEN(protos); i++) {
		vmn_auto_buf struct vmn_buf ports = VMN_BUF_INIT(0);

		add_port_set(nic, protos[i].proto, &ports);
		if (ports.len > 0)
			vmn_buf_addf(out, "\t\t%s%s%s dport %s counter %s\n", match,
				     *match ? " " : "", protos[i].name, vmn_buf_str(&ports),
				     verdict);
	}
}

static void add_table(const struct side *side, const char *table, const struct vmn_setup_nic *nic,
		      const struct vmn_found *f, struct vmn_buf *out)
{
	char guest[VMN_IP_TEXT_SIZE], gateway[VMN_IP_TEXT_SIZE];
	const char *ip = side->family, *loopback = strcmp(ip, "ip") == 0 ? "127.0.0.1" : "::1";
	vmn_auto_free char *to_guest =
		vmn_xasprintf("dnat to %s", vmn_ip_text(&side->guest.ip, guest));
	vmn_auto_free char *from_gateway =
		vmn_xasprintf("snat to %s", vmn_ip_text(&side->gateway.ip, gateway));
	vmn_auto_free char *to_loopback = vmn_xasprintf("%s daddr %s", ip, loopback);
	vmn_auto_free char *from_loopback = vmn_xasprintf("%s saddr %s", ip, loopback);

	vmn_buf_addf(out,
		     "table %s %s {\n"
		     "\tchain preinbound {\n",
		     ip, table);
	add_rules(nic, "", to_guest, out);
	vmn_buf_adds(out, "\t}\n\n\tchain postinbound {\n");
	add_rules(nic, from_loopback, from_gateway, out);
	vmn_buf_addf(out,
		     "\t}\n\n"
		     "\tchain prerouting {\n"
		     "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
		     "\t\tiifname \"%s\" counter jump preinbound\n"
		     "\t}\n\n"
		     "\tchain output {\n"
		     "\t\ttype nat hook output priority -100; policy accept;\n",
		     f->names.pod);
	add_rules(nic, to_loopback, to_guest, out);
	vmn_buf_addf(out,
		     "\t}\n\n"
		     "\tchain postrouting {\n"
		     "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
		     "\t\t%s saddr %s counter masquerade\n"
		     "\t\toifname \"%s\" counter jump postinbound\n"
		     "\t}\n"
		     "}\n",
		     ip, guest, f->names.bridge);
}

/* Deleting what is not there is an error, so it is made first: then taking back twice is harmless.
 */
static void add_deletion(const char *family, const char *table, struct vmn_buf *out)
{
	vmn_buf_addf(out, "add table %s %s\ndelete table %s %s\n", family, table, family, table);
}

/* The table as it shall be goes to @make, what brings back the present one to @undo. */
static void plan_table(const struct vmn_planner *p, const char *family, const char *table,
		       const char *text, struct vmn_buf *make, struct vmn_buf *undo)
{
	vmn_auto_free char *now = vmn_nft_section(p->now->nft, family, table);
	vmn_auto_free char *made = vmn_nft_section(p->env->nft, family, table);

	if (!*text || (now && (!made || strcmp(now, made) == 0)))
		return;
	if (now)
		add_deletion(family, table, make);
	vmn_buf_adds(make, text);
	add_deletion(family, table, undo);
	vmn_buf_adds(undo, now ? now : "");
}

void vmn_planner_nft(struct vmn_planner *p, const char *table, const char *text_ip,
		     const char *text_ip6)
{
	vmn_auto_buf struct vmn_buf make = VMN_BUF_INIT(0), undo = VMN_BUF_INIT(0);
	struct vmn_step *step;

	plan_table(p, "ip", table, text_ip, &make, &undo);
	plan_table(p, "ip6", table, text_ip6, &make, &undo);
	if (make.len == 0)
		return;
	step = vmn_steps_add(p->steps, VMN_STEP_NFT);
	step->text = vmn_buf_steal(&make);
	step->undo = vmn_buf_steal(&undo);
}

/* --- links ---------------------------------------------------------------------------- */

char *vmn_masquerade_sysctl(const char *bridge)
{
	return vmn_xasprintf("net/ipv4/conf/%s/route_localnet", bridge);
}

int vmn_masquerade_plan(struct vmn_planner *p, const struct vmn_setup_nic *nic,
			const struct vmn_found *f, struct vmn_err *err)
{
	struct side v4 = side_of(&nic->cidr4, AF_INET, f->ip4);
	struct side v6 = side_of(&nic->cidr6, AF_INET6, f->ip6);
	vmn_auto_buf struct vmn_buf ip = VMN_BUF_INIT(0), ip6 = VMN_BUF_INIT(0);
	vmn_auto_free char *table = vmn_nft_table(f->names.bridge);
	vmn_auto_free char *localnet = vmn_masquerade_sysctl(f->names.bridge);

	if (!v4.is_used && !v6.is_used)
		return vmn_err_set(err, VMN_E_CONFLICT, "link '%s' has no global address",
				   f->names.pod);
	vmn_planner_bridge(p, f, bridge_mac, f->mtu);
	if (v4.is_used)
		vmn_planner_address(p, f->bridge, f->names.bridge, &v4.gateway);
	if (v6.is_used) {
		vmn_planner_address(p, f->bridge, f->names.bridge, &bridge_link_local);
		vmn_planner_address(p, f->bridge, f->names.bridge, &v6.gateway);
	}
	vmn_planner_up(p, f->bridge, f->names.bridge);
	if (v4.is_used)
		vmn_planner_sysctl(p, localnet, "1");
	vmn_planner_tap(p, nic, f);
	p->has_masquerade4 |= v4.is_used;
	p->has_masquerade6 |= v6.is_used;
	if (v4.is_used)
		add_table(&v4, table, nic, f, &ip);
	if (v6.is_used)
		add_table(&v6, table, nic, f, &ip6);
	vmn_planner_nft(p, table, vmn_buf_str(&ip), vmn_buf_str(&ip6));
	return 0;
}

void vmn_masquerade_finish(struct vmn_planner *p)
{
	if (p->has_masquerade4)
		vmn_planner_sysctl(p, "net/ipv4/ip_forward", "1");
	if (p->has_masquerade6)
		vmn_planner_sysctl(p, "net/ipv6/conf/all/forwarding", "1");
}

void vmn_masquerade_facts(const struct vmn_setup_nic *nic, const struct vmn_found *f,
			  struct vmn_binding_facts *facts)
{
	struct side v4 = side_of(&nic->cidr4, AF_INET, f->ip4);
	struct side v6 = side_of(&nic->cidr6, AF_INET6, f->ip6);

	facts->has_mac = nic->has_mac;
	memcpy(facts->mac, nic->mac, VMN_MAC_SIZE);
	if (v4.is_used) {
		facts->ip4 = v4.guest;
		facts->server4 = facts->gateway4 = v4.gateway.ip;
	}
	if (v6.is_used) {
		facts->ip6 = v6.guest;
		facts->gateway6 = v6.gateway.ip;
	}
}
