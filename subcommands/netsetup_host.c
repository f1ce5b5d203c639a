/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup host - the network of a VM without Kubernetes */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/binding/apply.h"
#include "lib/binding/host.h"
#include "subcommands/netsetup_apply.h"

struct host_opts {
	struct netsetup_apply_opts common;
	struct vmn_strlist addresses;
	const char *bridge, *tap, *uplink, *mac;
};

#define OPT(field) .offset = offsetof(struct host_opts, field)

static const struct cmd_opt host_options[] = {
	NETSETUP_APPLY_OPTIONS(struct host_opts, "one"),
	{CMD_OPT_STR, 0, "bridge", OPT(bridge), .arg = "NAME", .def = "vmbr0",
	 .help = "the bridge to make"},
	{CMD_OPT_STR, 0, "tap", OPT(tap), .arg = "NAME", .def = "vmtap0",
	 .help = "the tap to make"},
	{CMD_OPT_LIST, 0, "address", OPT(addresses), .arg = "CIDR", .flags = CMD_OPT_COMMA,
	 .help = "the bridge's address, the guest's gateway; one of each family may be given; "
		 "default: "
		 "192.168.57.1/24"},
	{CMD_OPT_STR, 0, "uplink", OPT(uplink), .arg = "NIC",
	 .help = "the link that the guest reaches the world by; default: that of the default "
		 "route"},
	{CMD_OPT_STR, 0, "mac-address", OPT(mac), .arg = "MAC",
	 .help = "serve DHCP to this guest only; default: to any"},
	{0},
};

static int read_address(const char *text, struct vmn_setup_nic *nic, struct vmn_err *err)
{
	struct vmn_cidr cidr, *place;

	if (!vmn_host_cidr_parse(text, &cidr)) {
		vmn_err_set(err, VMN_E_USAGE, "'%s' is no address of a gateway", text);
		return vmn_err_hint(err, "an example: 192.168.57.1/24");
	}
	place = cidr.ip.family == AF_INET ? &nic->cidr4 : &nic->cidr6;
	if (place->ip.family)
		return vmn_err_set(err, VMN_E_USAGE, "two addresses of one family: '%s'", text);
	*place = cidr;
	return 0;
}

static int set_name(char ret[VMN_IFNAME_SIZE], const char *name, struct vmn_err *err)
{
	if (!*name || strlen(name) >= VMN_IFNAME_SIZE)
		return vmn_err_set(err, VMN_E_USAGE, "'%s' cannot be the name of a link", name);
	(void)snprintf(ret, VMN_IFNAME_SIZE, "%s", name);
	return 0;
}

static int read_setup(const struct host_opts *o, struct vmn_setup *setup, struct vmn_err *err)
{
	struct vmn_setup_nic *nic = vmn_setup_add(setup, o->bridge);
	int rc = set_name(nic->bridge, o->bridge, err);

	setup->layout = VMN_LAYOUT_HOST;
	nic->kind = VMN_BINDING_MASQUERADE;
	nic->is_primary = true;
	if (rc == 0)
		rc = set_name(nic->tap, o->tap, err);
	if (rc == 0 && o->uplink)
		rc = set_name(nic->pod_nic, o->uplink, err);
	for (size_t i = 0; rc == 0 && i < o->addresses.n; i++)
		rc = read_address(o->addresses.v[i], nic, err);
	if (rc == 0 && o->addresses.n == 0)
		rc = read_address("192.168.57.1/24", nic, err);
	nic->has_mac = o->mac;
	if (rc == 0 && o->mac && (!vmn_mac_parse(o->mac, nic->mac) || nic->mac[0] & 1))
		rc = vmn_err_set(err, VMN_E_USAGE, "'%s' is no MAC address for a guest", o->mac);
	return rc;
}

static int run_host(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		    struct vmn_err *err)
{
	const struct host_opts *o = opts;
	vmn_auto_setup struct vmn_setup setup = {0};
	int rc = read_setup(o, &setup, err);

	(void)argc, (void)argv;
	return rc < 0 ? rc : netsetup_apply_setup(ctx, &o->common, &setup, err);
}

static const struct cmd_example examples[] = {
	{"vmnetctl netsetup host --dry-run", "what a VM on this machine needs to reach the world"},
	{"vmnetctl netsetup host --netns lab --bridge br7 --tap tap7 --address 10.7.0.1/24 "
	 "--address fd07::1/64",
	 "in a namespace, with a network of both families"},
	{0},
};

const struct cmd cmd_netsetup_host = {
	.name = "host",
	.group = "Interfaces",
	.summary = "set up a bridge, a tap and NAT for a VM without Kubernetes",
	.description = "Makes a bridge with an address, a tap on it for QEMU, switches forwarding "
		       "on, and translates "
		       "the addresses of what the guest sends by the uplink; `netsetup dhcp` "
		       "serves the guest its "
		       "address, the first free one of the network. `undo` takes all of it back.",
	.flags = CMD_MUTATES,
	.formats = CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = host_options,
	.opts_size = sizeof(struct host_opts),
	.examples = examples,
	.run = run_host,
};
