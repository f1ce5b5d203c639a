/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/binding/discover.h"
#include "lib/binding/host.h"

bool vmn_ip_is_global(const struct vmn_ip *ip)
{
	static const uint8_t zero[16];
	const uint8_t *b = ip->bytes;

	if (ip->family == AF_INET)
		return memcmp(b, zero, 4) != 0 && b[0] != 127 && (b[0] & 0xf0) != 224 &&
		       !(b[0] == 169 && b[1] == 254) && memcmp(b, "\xff\xff\xff\xff", 4) != 0;
	return ip->family == AF_INET6 && b[0] != 0xff && !(b[0] == 0xfe && (b[1] & 0xc0) == 0x80) &&
	       memcmp(b, zero, 15) != 0;
}

/* Whether a link is called "net1" and so on: then all secondary ones are. */
static bool is_ordinal_netns(const struct vmn_snapshot *s)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (vmn_is_ordinal_ifname(s->links[i].name))
			return true;
	return false;
}

void vmn_setup_names(const struct vmn_setup *setup, const struct vmn_setup_nic *nic,
		     bool is_ordinal, struct vmn_ifnames *ret)
{
	if (nic->is_primary)
		vmn_ifnames_primary(*nic->pod_nic ? nic->pod_nic : "eth0", ret);
	else if (*nic->pod_nic)
		vmn_ifnames_secondary(nic->pod_nic, ret);
	else if (is_ordinal && nic->ordinal > 0)
		vmn_ifnames_ordinal(nic->ordinal, ret);
	else
		vmn_ifnames_hashed(nic->network, ret);
	if (setup->layout == VMN_LAYOUT_HOST) {
		(void)snprintf(ret->bridge, sizeof(ret->bridge), "%s", nic->bridge);
		(void)snprintf(ret->tap, sizeof(ret->tap), "%s", nic->tap);
	}
	if (setup->layout != VMN_LAYOUT_V0_4_1)
		return;
	/* One bridge, whatever the NIC; the NIC keeps its name; libvirt makes the tap. */
	(void)snprintf(ret->bridge, sizeof(ret->bridge), "br1");
	(void)snprintf(ret->nic, sizeof(ret->nic), "%s", ret->pod);
	ret->tap[0] = '\0';
}

static int check_kind(const struct vmn_link *link, const char *kind, struct vmn_err *err)
{
	if (!link || strcmp(link->kind, kind) == 0)
		return 0;
	return vmn_err_set(err, VMN_E_CONFLICT, "link '%s' is there and is of kind '%s', not '%s'",
			   link->name, *link->kind ? link->kind : "none", kind);
}

static int find_links(const struct vmn_snapshot *now, const struct vmn_setup *setup,
		      const struct vmn_setup_nic *nic, struct vmn_found *f, struct vmn_err *err)
{
	const struct vmn_link *named_pod = vmn_snapshot_link(now, f->names.pod);
	int rc;

	f->nic = named_pod;
	if (nic->kind != VMN_BINDING_MASQUERADE && setup->layout == VMN_LAYOUT_CURRENT) {
		const struct vmn_link *renamed = vmn_snapshot_link(now, f->names.nic);

		f->is_renamed = renamed;
		f->nic = renamed ? renamed : named_pod;
		f->dummy = renamed ? named_pod : NULL;
	}
	if (!f->nic) {
		vmn_err_set(err, VMN_E_NOT_FOUND, "pod link '%s' is missing", f->names.pod);
		return vmn_err_hint(err, "`ip link` in the namespace lists what is there; "
					 "--pod-interface (or --uplink) names another");
	}
	if (!f->nic->has_mac)
		return vmn_err_set(err, VMN_E_UNSUPPORTED, "link '%s' is no Ethernet device",
				   f->nic->name);
	f->bridge = vmn_snapshot_link(now, f->names.bridge);
	f->tap = *f->names.tap ? vmn_snapshot_link(now, f->names.tap) : NULL;
	rc = check_kind(f->bridge, "bridge", err);
	if (rc == 0)
		rc = check_kind(f->tap, "tun", err);
	if (rc == 0 && f->tap && !f->tap->is_tap)
		rc = vmn_err_set(err, VMN_E_CONFLICT, "link '%s' is there and is no tap",
				 f->names.tap);
	return rc;
}

/* Whether the address is of a permanent kind that the guest can have. */
static const struct vmn_addr *first_global(const struct vmn_found *f, int family)
{
	for (size_t i = 0; i < f->n_addrs; i++)
		if (f->addrs[i]->local.family == family && vmn_ip_is_global(&f->addrs[i]->local))
			return f->addrs[i];
	return NULL;
}

static void find_addrs(const struct vmn_snapshot *origin, int ifindex, struct vmn_found *f)
{
	f->addrs = vmn_xcalloc(origin->n_addrs + 1, sizeof(const struct vmn_addr *));
	for (size_t i = 0; i < origin->n_addrs; i++)
		if (origin->addrs[i].ifindex == ifindex)
			f->addrs[f->n_addrs++] = &origin->addrs[i];
	f->ip4 = first_global(f, AF_INET);
	f->ip6 = first_global(f, AF_INET6);
}

/* Whether @route leads to the subnet that @addr is in. */
static bool is_own_subnet(const struct vmn_route *route, const struct vmn_addr *addr)
{
	struct vmn_cidr own = {.ip = addr->local, .len = addr->prefix_len};

	return route->dst_len == addr->prefix_len && vmn_cidr_has(&own, &route->dst);
}

static void find_routes(const struct vmn_snapshot *origin, int ifindex, struct vmn_found *f)
{
	f->routes4 = vmn_xcalloc(origin->n_routes + 1, sizeof(const struct vmn_route *));
	for (size_t i = 0; f->ip4 && i < origin->n_routes; i++) {
		const struct vmn_route *r = &origin->routes[i];

		if (r->family != AF_INET || r->table != RT_TABLE_MAIN || r->type != RTN_UNICAST ||
		    r->n_hops == 0 || r->hops[0].ifindex != ifindex)
			continue;
		if (r->dst_len > 0 && is_own_subnet(r, f->ip4))
			continue;
		f->routes4[f->n_routes4++] = r;
		if (r->dst_len == 0 && !f->gateway4.family && r->hops[0].via.family == AF_INET)
			f->gateway4 = r->hops[0].via;
	}
}

int vmn_discover(const struct vmn_snapshot *origin, const struct vmn_snapshot *now,
		 const struct vmn_setup *setup, const struct vmn_setup_nic *nic,
		 struct vmn_found *ret, struct vmn_err *err)
{
	const struct vmn_link *keeper;
	int rc;

	*ret = (struct vmn_found){0};
	vmn_setup_names(setup, nic, is_ordinal_netns(now) || is_ordinal_netns(origin), &ret->names);
	if (setup->layout == VMN_LAYOUT_HOST && !*nic->pod_nic) {
		const struct vmn_link *uplink = vmn_host_uplink(origin);

		if (!uplink) {
			vmn_err_set(err, VMN_E_NOT_FOUND, "no default route leads out of here");
			return vmn_err_hint(err, "--uplink names the link that does");
		}
		(void)snprintf(ret->names.pod, sizeof(ret->names.pod), "%s", uplink->name);
	}
	rc = find_links(now, setup, nic, ret, err);
	if (rc < 0)
		return rc;
	/* Before: the NIC itself. After, by somebody who left no snapshot: the dummy of that name.
	 */
	keeper = vmn_snapshot_link(origin, ret->names.pod);
	if (!keeper)
		keeper = ret->nic;
	memcpy(ret->pod_mac, keeper->mac, sizeof(ret->pod_mac));
	ret->mtu = keeper->mtu;
	find_addrs(origin, keeper->ifindex, ret);
	find_routes(origin, keeper->ifindex, ret);
	return 0;
}

void vmn_found_clear(struct vmn_found *found)
{
	free(found->addrs);
	free(found->routes4);
	*found = (struct vmn_found){0};
}
