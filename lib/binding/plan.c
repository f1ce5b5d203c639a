/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/encode.h"
#include "lib/binding/host.h"
#include "lib/binding/masquerade.h"
#include "lib/binding/plan.h"
#include "lib/binding/planner.h"

void vmn_netplan_sysctls(const struct vmn_setup *setup, struct vmn_strlist *keys)
{
	vmn_strlist_add(keys, "net/ipv4/conf/all/arp_ignore");
	vmn_strlist_add(keys, "net/ipv4/ip_forward");
	vmn_strlist_add(keys, "net/ipv6/conf/all/forwarding");
	for (size_t i = 0; i < setup->n_nics; i++) {
		struct vmn_ifnames names;
		vmn_auto_free char *key = NULL;

		if (setup->nics[i].kind != VMN_BINDING_MASQUERADE ||
		    setup->layout == VMN_LAYOUT_HOST)
			continue;
		vmn_setup_names(setup, &setup->nics[i], false, &names);
		key = vmn_masquerade_sysctl(names.bridge);
		vmn_strlist_add(keys, key);
	}
}

/* --- what the steps have in common ---------------------------------------------------- */

/* Here and in planner.h, @link is the link called @name as it is now, or NULL when the plan makes
 * it. */
static struct vmn_step_link link_ref(const struct vmn_link *link, const char *name)
{
	struct vmn_step_link ref = vmn_step_link_new(name);

	if (link)
		ref.ifindex = link->ifindex;
	return ref;
}

void vmn_planner_up(struct vmn_planner *p, const struct vmn_link *link, const char *name)
{
	if (!link || !(link->flags & IFF_UP))
		vmn_steps_add(p->steps, VMN_STEP_LINK_UP)->link = link_ref(link, name);
}

/* No address from the MAC: nothing is said on the wire before the guest speaks. */
static void no_addrgen(struct vmn_planner *p, const struct vmn_link *link, const char *name)
{
	struct vmn_step *step;

	if (!p->has_ipv6 || (link && link->addrgenmode == IN6_ADDR_GEN_MODE_NONE))
		return;
	step = vmn_steps_add(p->steps, VMN_STEP_LINK_ADDRGEN);
	step->link = link_ref(link, name);
	step->value = IN6_ADDR_GEN_MODE_NONE;
}

static bool has_addr(const struct vmn_snapshot *s, int ifindex, const struct vmn_addr *addr)
{
	for (size_t i = 0; i < s->n_addrs; i++)
		if (s->addrs[i].ifindex == ifindex && s->addrs[i].prefix_len == addr->prefix_len &&
		    vmn_ip_eq(&s->addrs[i].local, &addr->local))
			return true;
	return false;
}

static void put_addr(struct vmn_planner *p, const struct vmn_link *link, const char *name,
		     const struct vmn_addr *addr)
{
	struct vmn_step *step;

	if (link && has_addr(p->now, link->ifindex, addr))
		return;
	step = vmn_steps_add(p->steps, VMN_STEP_ADDR_ADD);
	step->link = link_ref(link, name);
	step->addr = *addr;
	step->addr.ifindex = 0;
	step->addr.raw = (struct vmn_raw){0};
}

void vmn_planner_address(struct vmn_planner *p, const struct vmn_link *link, const char *name,
			 const struct vmn_cidr *cidr)
{
	struct vmn_addr addr = {
		.local = cidr->ip,
		.prefix_len = cidr->len,
		.valid_s = UINT32_MAX,
		.preferred_s = UINT32_MAX,
	};

	if (cidr->ip.family == AF_INET6) {
		addr.flags = IFA_F_NODAD; /* nobody but the guest is there */
		if (!vmn_ip_is_global(&cidr->ip))
			addr.scope = RT_SCOPE_LINK;
	}
	put_addr(p, link, name, &addr);
}

/* A port of the bridge of @f. */
static void put_master(struct vmn_planner *p, const struct vmn_link *link, const char *name,
		       const struct vmn_found *f)
{
	struct vmn_step *step;

	if (link && f->bridge && link->master == f->bridge->ifindex)
		return;
	step = vmn_steps_add(p->steps, VMN_STEP_LINK_MASTER);
	step->link = link_ref(link, name);
	step->other = link_ref(f->bridge, f->names.bridge);
}

void vmn_planner_sysctl(struct vmn_planner *p, const char *key, const char *value)
{
	const char *now = vmn_snapshot_sysctl(p->now, key);
	struct vmn_step *step;

	if (vmn_streq(now, value))
		return;
	for (size_t i = 0; i < p->steps->n; i++)
		if (p->steps->v[i].kind == VMN_STEP_SYSCTL && vmn_streq(p->steps->v[i].key, key))
			return;
	step = vmn_steps_add(p->steps, VMN_STEP_SYSCTL);
	step->key = vmn_xstrdup(key);
	step->text = vmn_xstrdup(value);
}

void vmn_planner_tap(struct vmn_planner *p, const struct vmn_setup_nic *nic,
		     const struct vmn_found *f)
{
	if (!f->tap) {
		struct vmn_step *step = vmn_steps_add(p->steps, VMN_STEP_TAP_ADD);

		step->link = vmn_step_link_new(f->names.tap);
		step->owner = p->setup->tap_uid;
		step->group = p->setup->tap_gid;
		step->queues = nic->queues;
		step->mtu = f->mtu;
	} else if (f->tap->mtu != f->mtu) {
		struct vmn_step *step = vmn_steps_add(p->steps, VMN_STEP_LINK_MTU);

		step->link = vmn_step_link(f->tap);
		step->value = f->mtu;
	}
	no_addrgen(p, f->tap, f->names.tap);
	put_master(p, f->tap, f->names.tap, f);
	vmn_planner_up(p, f->tap, f->names.tap);
}

/* A locally administered address, told by seed and name: another at each run, none twice in one. */
static void mac_from_seed(const struct vmn_netplan_env *env, const char *name,
			  uint8_t mac[VMN_MAC_SIZE])
{
	char hex[VMN_SHA256_HEX_SIZE], text[sizeof(env->seed) + VMN_IFNAME_SIZE] = {0};

	memcpy(text, env->seed, sizeof(env->seed));
	memcpy(text + sizeof(env->seed), name, strnlen(name, VMN_IFNAME_SIZE - 1));
	vmn_sha256_hex(text, sizeof(text), hex);
	for (size_t i = 0; i < VMN_MAC_SIZE; i++) {
		char pair[] = {hex[2 * i], hex[2 * i + 1], '\0'};

		mac[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 2);
}

/* --- bridge and managedTap ------------------------------------------------------------ */

/* The address that the DHCP server has on the bridge: 169.254.75.1 and the interface's index. */
static struct vmn_cidr server_address(unsigned index)
{
	unsigned last = index < 10 ? 10 + index : 100 + index;

	return (struct vmn_cidr){.ip = {AF_INET, {169, 254, 75, (uint8_t)last}}, .len = 32};
}

static void set_mac(struct vmn_planner *p, const struct vmn_link *link, const char *name,
		    const uint8_t mac[VMN_MAC_SIZE])
{
	struct vmn_step *step;

	if (memcmp(link->mac, mac, VMN_MAC_SIZE) == 0)
		return;
	step = vmn_steps_add(p->steps, VMN_STEP_LINK_MAC);
	step->link = link_ref(link, name);
	memcpy(step->mac, mac, VMN_MAC_SIZE);
	step->has_mac = true;
}

void vmn_planner_bridge(struct vmn_planner *p, const struct vmn_found *f,
			const uint8_t mac[VMN_MAC_SIZE], uint32_t mtu)
{
	struct vmn_step *step;

	if (!f->bridge) {
		step = vmn_steps_add(p->steps, VMN_STEP_LINK_ADD);
		step->link = vmn_step_link_new(f->names.bridge);
		(void)snprintf(step->type, sizeof(step->type), "bridge");
		step->has_mac = true;
		memcpy(step->mac, mac, VMN_MAC_SIZE);
		step->mtu = mtu;
	} else if (mtu && f->bridge->mtu != mtu) {
		step = vmn_steps_add(p->steps, VMN_STEP_LINK_MTU);
		step->link = vmn_step_link(f->bridge);
		step->value = mtu;
	}
	no_addrgen(p, f->bridge, f->names.bridge);
}

/* A bridge's own MAC, given and not taken from its ports, stays whatever is plugged. */
void vmn_planner_bridge_mac(const struct vmn_planner *p, const struct vmn_found *f,
			    uint8_t mac[VMN_MAC_SIZE])
{
	if (f->bridge)
		memcpy(mac, f->bridge->mac, VMN_MAC_SIZE);
	else
		mac_from_seed(p->env, f->names.bridge, mac);
}

/* In reverse order: with the first address of a subnet the kernel may drop the others. */
static void drop_addrs(struct vmn_planner *p, const struct vmn_link *nic, const char *name)
{
	for (size_t i = p->now->n_addrs; i-- > 0;) {
		struct vmn_step *step;

		if (p->now->addrs[i].ifindex != nic->ifindex)
			continue;
		step = vmn_steps_add(p->steps, VMN_STEP_ADDR_DEL);
		step->link = link_ref(nic, name);
		step->addr = p->now->addrs[i];
		step->addr.raw = (struct vmn_raw){0};
	}
}

/*
 * The NIC becomes a port. Its addresses go before it goes down, so that what the kernel would drop
 * on its own is dropped by a step of ours and comes back with it.
 */
static void enslave_nic(struct vmn_planner *p, const struct vmn_found *f,
			const uint8_t mac[VMN_MAC_SIZE])
{
	const struct vmn_link *nic = f->nic;
	bool is_moved = f->is_renamed && memcmp(nic->mac, mac, VMN_MAC_SIZE) == 0;
	struct vmn_step *step;

	drop_addrs(p, nic, nic->name);
	if (!is_moved && (nic->flags & IFF_UP))
		vmn_steps_add(p->steps, VMN_STEP_LINK_DOWN)->link = vmn_step_link(nic);
	if (!f->is_renamed && strcmp(f->names.nic, nic->name) != 0) {
		step = vmn_steps_add(p->steps, VMN_STEP_LINK_RENAME);
		step->link = vmn_step_link(nic);
		(void)snprintf(step->name, sizeof(step->name), "%s", f->names.nic);
	}
	set_mac(p, nic, f->names.nic, mac);
	no_addrgen(p, nic, f->names.nic);
	put_master(p, nic, f->names.nic, f);
	if (!is_moved || !(nic->flags & IFF_UP))
		vmn_steps_add(p->steps, VMN_STEP_LINK_UP)->link = link_ref(nic, f->names.nic);
	if (nic->is_brport && !(nic->brport & VMN_BRPORT_LEARNING))
		return;
	step = vmn_steps_add(p->steps, VMN_STEP_BRPORT);
	step->link = link_ref(nic, f->names.nic);
	step->mask = VMN_BRPORT_LEARNING;
}

/* Flags that come from the kernel's own doing are not ours to set. */
static struct vmn_addr kept_addr(const struct vmn_addr *addr)
{
	struct vmn_addr kept = *addr;

	kept.flags &= IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
	kept.label[0] = '\0';
	return kept;
}

/* A link that stays down and has the NIC's old name, MAC, MTU and addresses. */
static void add_keeper(struct vmn_planner *p, const struct vmn_found *f)
{
	struct vmn_step *step;

	if (!f->dummy) {
		step = vmn_steps_add(p->steps, VMN_STEP_LINK_ADD);
		step->link = vmn_step_link_new(f->names.pod);
		(void)snprintf(step->type, sizeof(step->type), "%s", p->env->keeper_kind);
		step->has_mac = true;
		memcpy(step->mac, f->pod_mac, VMN_MAC_SIZE);
		step->mtu = f->mtu;
	}
	/* Else the link-local address it would make of that MAC joins those we give it. */
	no_addrgen(p, f->dummy, f->names.pod);
	for (size_t i = 0; i < f->n_addrs; i++) {
		struct vmn_addr kept = kept_addr(f->addrs[i]);

		put_addr(p, f->dummy, f->names.pod, &kept);
	}
}

static void plan_bridge(struct vmn_planner *p, const struct vmn_setup_nic *nic,
			const struct vmn_found *f)
{
	struct vmn_cidr server = server_address(nic->index);
	uint8_t mac[VMN_MAC_SIZE];

	vmn_planner_bridge_mac(p, f, mac);
	vmn_planner_bridge(p, f, mac, 0);
	if (f->ip4 && nic->kind == VMN_BINDING_BRIDGE)
		vmn_planner_address(p, f->bridge, f->names.bridge, &server);
	vmn_planner_up(p, f->bridge, f->names.bridge);
	enslave_nic(p, f, mac);
	vmn_planner_tap(p, nic, f);
	add_keeper(p, f);
}

/*
 * As KubeVirt 0.4.1 did it: the NIC keeps its name and gets a MAC of its own, br1 gets a fixed
 * address after it is up, no tap, no dummy.
 */
static void plan_v0_4_1(struct vmn_planner *p, const struct vmn_found *f)
{
	static const struct vmn_cidr server = {.ip = {AF_INET, {169, 254, 75, 86}}, .len = 32};
	bool is_moved = f->bridge && f->nic->master == f->bridge->ifindex;
	uint8_t mac[VMN_MAC_SIZE];

	if (!is_moved) {
		mac_from_seed(p->env, f->names.nic, mac);
		drop_addrs(p, f->nic, f->names.nic);
		if (f->nic->flags & IFF_UP)
			vmn_steps_add(p->steps, VMN_STEP_LINK_DOWN)->link = vmn_step_link(f->nic);
		set_mac(p, f->nic, f->names.nic, mac);
		no_addrgen(p, f->nic, f->names.nic);
		vmn_steps_add(p->steps, VMN_STEP_LINK_UP)->link = vmn_step_link(f->nic);
	} else {
		drop_addrs(p, f->nic, f->names.nic);
		no_addrgen(p, f->nic, f->names.nic);
		vmn_planner_up(p, f->nic, f->names.nic);
	}
	mac_from_seed(p->env, f->names.bridge, mac);
	vmn_planner_bridge(p, f, mac, 0);
	put_master(p, f->nic, f->names.nic, f);
	vmn_planner_up(p, f->bridge, f->names.bridge);
	vmn_planner_address(p, f->bridge, f->names.bridge, &server);
}

/* --- facts ---------------------------------------------------------------------------- */

static void facts_routes(const struct vmn_found *f, struct vmn_binding_facts *facts)
{
	size_t n = f->n_routes4 < VMN_FACTS_ROUTES_MAX ? f->n_routes4 : VMN_FACTS_ROUTES_MAX;

	facts->routes4 = vmn_xcalloc(n + 1, sizeof(*facts->routes4));
	for (size_t i = 0; i < n; i++) {
		const struct vmn_route *r = f->routes4[i];
		struct vmn_binding_route *out = &facts->routes4[facts->n_routes4++];

		out->to = (struct vmn_cidr){.ip = r->dst, .len = r->dst_len};
		out->to.ip.family = AF_INET;
		if (r->hops[0].via.family == AF_INET)
			out->gateway = r->hops[0].via;
	}
}

static void facts_bridge(const struct vmn_planner *p, const struct vmn_setup_nic *nic,
			 const struct vmn_found *f, struct vmn_binding_facts *facts)
{
	static const struct vmn_ip v0_4_1 = {AF_INET, {169, 254, 75, 86}};

	facts->has_mac = true;
	memcpy(facts->mac, nic->has_mac ? nic->mac : f->pod_mac, VMN_MAC_SIZE);
	if (nic->kind == VMN_BINDING_MANAGED_TAP || !f->ip4)
		return;
	facts->ip4 = (struct vmn_cidr){.ip = f->ip4->local, .len = f->ip4->prefix_len};
	facts->server4 =
		p->setup->layout == VMN_LAYOUT_V0_4_1 ? v0_4_1 : server_address(nic->index).ip;
	facts->gateway4 = f->gateway4;
	facts_routes(f, facts);
}

static char *copy_or_null(const char *s)
{
	return vmn_is_empty(s) ? NULL : vmn_xstrdup(s);
}

static int add_facts(const struct vmn_planner *p, const struct vmn_setup_nic *nic,
		     const struct vmn_found *f, struct vmn_facts_list *list, struct vmn_err *err)
{
	struct vmn_binding_facts *facts = vmn_facts_list_add(list);

	facts->name = vmn_xstrdup(nic->network);
	facts->iface = vmn_xstrdup(f->names.pod);
	facts->binding = nic->kind;
	facts->bridge = vmn_xstrdup(f->names.bridge);
	facts->tap = copy_or_null(f->names.tap);
	facts->mtu = f->mtu;
	facts->hostname = copy_or_null(p->setup->hostname);
	facts->subdomain = copy_or_null(p->setup->subdomain);
	if (p->setup->layout == VMN_LAYOUT_HOST)
		vmn_host_facts(nic, facts);
	else if (nic->kind == VMN_BINDING_MASQUERADE)
		vmn_masquerade_facts(nic, f, facts);
	else
		facts_bridge(p, nic, f, facts);
	return vmn_facts_dhcp_options(nic->dhcp, facts, err);
}

/* --- all together --------------------------------------------------------------------- */

static int check_layout(const struct vmn_setup *setup, struct vmn_err *err)
{
	if (setup->layout != VMN_LAYOUT_V0_4_1)
		return 0;
	if (setup->n_nics == 1 && setup->nics[0].kind == VMN_BINDING_BRIDGE)
		return 0;
	return vmn_err_set(err, VMN_E_UNSUPPORTED,
			   "layout v0.4.1 has one interface with bridge binding, no more");
}

static int plan_nic(struct vmn_planner *p, const struct vmn_setup_nic *nic,
		    struct vmn_netplan *plan, bool *has_bridged_ip4, struct vmn_err *err)
{
	vmn_auto_found struct vmn_found f = {0};
	int rc;

	if (nic->index >= VMN_SETUP_NICS_MAX)
		return vmn_err_set(err, VMN_E_UNSUPPORTED, "more than %d interfaces",
				   VMN_SETUP_NICS_MAX);
	rc = vmn_discover(p->origin, p->now, p->setup, nic, &f, err);
	if (rc < 0)
		return rc;
	p->has_ipv6 = f.nic->addrgenmode >= 0;
	if (p->setup->layout == VMN_LAYOUT_HOST)
		vmn_host_plan(p, nic, &f);
	else if (nic->kind == VMN_BINDING_MASQUERADE)
		rc = vmn_masquerade_plan(p, nic, &f, err);
	else if (p->setup->layout == VMN_LAYOUT_V0_4_1)
		plan_v0_4_1(p, &f);
	else
		plan_bridge(p, nic, &f);
	if (rc == 0 && nic->kind != VMN_BINDING_MASQUERADE && f.ip4)
		*has_bridged_ip4 = true;
	return rc < 0 ? rc : add_facts(p, nic, &f, &plan->facts, err);
}

int vmn_netplan_make(const struct vmn_snapshot *const *origins, const struct vmn_snapshot *now,
		     const struct vmn_setup *setup, const struct vmn_netplan_env *env,
		     struct vmn_netplan *ret, struct vmn_err *err)
{
	struct vmn_planner p = {.now = now, .setup = setup, .env = env, .steps = &ret->steps};
	bool has_bridged_ip4 = false;
	int rc = check_layout(setup, err);

	for (size_t i = 0; rc == 0 && i < setup->n_nics; i++) {
		p.origin = origins && origins[i] ? origins[i] : now;
		rc = plan_nic(&p, &setup->nics[i], ret, &has_bridged_ip4, err);
		if (rc < 0)
			return vmn_err_wrap(err, "interface '%s'", setup->nics[i].network);
	}
	if (rc < 0)
		return rc;
	/* The guest asks whether its address is taken; the dummy that keeps it must not answer. */
	if (has_bridged_ip4 && setup->layout == VMN_LAYOUT_CURRENT)
		vmn_planner_sysctl(&p, "net/ipv4/conf/all/arp_ignore", "1");
	vmn_masquerade_finish(&p);
	return 0;
}

void vmn_netplan_clear(struct vmn_netplan *plan)
{
	vmn_steps_clear(&plan->steps);
	vmn_facts_list_clear(&plan->facts);
}
