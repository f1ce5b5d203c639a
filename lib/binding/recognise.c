/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/binding/apply.h"

static bool is_known(const struct vmn_bound_list *list, const char *bridge)
{
	for (size_t i = 0; i < list->n; i++)
		if (vmn_streq(list->v[i].facts.bridge, bridge))
			return true;
	return false;
}

/* The first port of @bridge that is a tap (or is none); NULL: there is no such port */
static const struct vmn_link *find_port(const struct vmn_snapshot *s, const struct vmn_link *bridge,
					bool is_tap)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (s->links[i].master == bridge->ifindex && s->links[i].is_tap == is_tap)
			return &s->links[i];
	return NULL;
}

static const struct vmn_addr *find_addr(const struct vmn_snapshot *s, int ifindex, int family,
					bool is_global)
{
	for (size_t i = 0; i < s->n_addrs; i++)
		if (s->addrs[i].ifindex == ifindex && s->addrs[i].local.family == family &&
		    vmn_ip_is_global(&s->addrs[i].local) == is_global)
			return &s->addrs[i];
	return NULL;
}

/* The CNI's link that the names of @bridge were derived from: "k6t-eth0", or of a hash. */
static const struct vmn_link *pod_link(const struct vmn_snapshot *s, const struct vmn_link *bridge)
{
	const char *stem = bridge->name + strlen("k6t-");
	const struct vmn_link *link = vmn_snapshot_link(s, stem);
	char hashed[IFNAMSIZ];

	(void)snprintf(hashed, sizeof(hashed), "pod%.12s", stem);
	return link ? link : vmn_snapshot_link(s, hashed);
}

static void recognise(const struct vmn_snapshot *s, const struct vmn_link *bridge,
		      struct vmn_bound_list *ret)
{
	const struct vmn_link *pod = pod_link(s, bridge), *tap = find_port(s, bridge, true);
	const struct vmn_link *nic = find_port(s, bridge, false);
	const struct vmn_addr *server = find_addr(s, bridge->ifindex, AF_INET, false);
	const struct vmn_addr *guest = pod ? find_addr(s, pod->ifindex, AF_INET, true) : NULL;
	struct vmn_bound *bound;

	if (!pod)
		return;
	bound = vmn_bound_list_add(ret);
	bound->by = "kubevirt";
	bound->facts.name = vmn_xstrdup(pod->name);
	bound->facts.iface = vmn_xstrdup(pod->name);
	bound->facts.bridge = vmn_xstrdup(bridge->name);
	bound->facts.tap = tap ? vmn_xstrdup(tap->name) : NULL;
	bound->facts.mtu = pod->mtu;
	bound->facts.binding = !nic	? VMN_BINDING_MASQUERADE
			       : server ? VMN_BINDING_BRIDGE
					: VMN_BINDING_MANAGED_TAP;
	if (bound->facts.binding != VMN_BINDING_BRIDGE)
		return;
	bound->facts.has_mac = pod->has_mac;
	memcpy(bound->facts.mac, pod->mac, VMN_MAC_SIZE);
	bound->facts.server4 = server->local;
	if (guest)
		bound->facts.ip4 = (struct vmn_cidr){.ip = guest->local, .len = guest->prefix_len};
}

void vmn_recognise(const struct vmn_snapshot *s, struct vmn_bound_list *ret)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (strcmp(s->links[i].kind, "bridge") == 0 &&
		    vmn_starts_with(s->links[i].name, "k6t-") && !is_known(ret, s->links[i].name))
			recognise(s, &s->links[i], ret);
}
