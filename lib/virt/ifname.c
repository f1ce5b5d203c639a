/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/encode.h"
#include "lib/virt/ifname.h"

/* A name from parts, cut to what the kernel can hold. */
static void name_set(char dst[VMN_IFNAME_SIZE], const char *prefix, const char *middle,
		     const char *suffix)
{
	size_t len = 0;
	const char *parts[] = {prefix, middle, suffix};

	for (size_t i = 0; i < VMN_ARRAY_LEN(parts); i++)
		for (const char *c = parts[i]; *c && len < VMN_IFNAME_SIZE - 1; c++)
			dst[len++] = *c;
	dst[len] = '\0';
}

/* KubeVirt derives the other three from the pod NIC's name. */
void vmn_ifnames_secondary(const char *pod_nic, struct vmn_ifnames *ret)
{
	const char *stem = vmn_starts_with(pod_nic, "pod") ? pod_nic + 3 : pod_nic;

	name_set(ret->pod, pod_nic, "", "");
	name_set(ret->bridge, "k6t-", stem, "");
	name_set(ret->tap, "tap", strlen(pod_nic) > 3 ? pod_nic + 3 : "", "");
	name_set(ret->nic, stem, "-nic", "");
}

void vmn_ifnames_hashed(const char *network, struct vmn_ifnames *ret)
{
	char hex[VMN_SHA256_HEX_SIZE], pod[VMN_IFNAME_SIZE];

	vmn_sha256_hex(network, strlen(network), hex);
	hex[11] = '\0';
	name_set(pod, "pod", hex, "");
	vmn_ifnames_secondary(pod, ret);
}

void vmn_ifnames_ordinal(unsigned position, struct vmn_ifnames *ret)
{
	char pod[VMN_IFNAME_SIZE];

	snprintf(pod, sizeof(pod), "net%u", position);
	vmn_ifnames_secondary(pod, ret);
}

void vmn_ifnames_primary(const char *pod_nic, struct vmn_ifnames *ret)
{
	vmn_ifnames_secondary(pod_nic, ret);
	name_set(ret->tap, "tap0", "", "");
}

bool vmn_is_ordinal_ifname(const char *name)
{
	return vmn_starts_with(name, "net") && name[3] &&
	       strspn(name + 3, "0123456789") == strlen(name + 3);
}

/* The NIC that VMI.status.interfaces[] names for @network; NULL when it does not */
static const char *reported_nic(struct json_object *vmi, const char *network)
{
	return vmn_json_str(
		vmn_json_find(vmn_json_array(vmi, "/status/interfaces"), "name", network, NULL),
		"/podInterfaceName");
}

enum vmn_naming vmn_naming_decide(struct json_object *vmi, struct json_object *network_status)
{
	bool is_secondary_seen = false;

	vmn_json_each(net, vmn_json_array(vmi, "/spec/networks")) {
		const char *name = vmn_json_str(net, "/name"), *nic;

		if (!name || !vmn_json_get(net, "/multus") ||
		    vmn_json_bool(net, "/multus/default", false))
			continue;
		nic = reported_nic(vmi, name);
		if (nic && *nic)
			return vmn_is_ordinal_ifname(nic) ? VMN_NAMING_ORDINAL : VMN_NAMING_HASHED;
	}
	vmn_json_each(entry, network_status) {
		const char *nic = vmn_json_str(entry, "/interface");

		if (nic && vmn_is_ordinal_ifname(nic))
			return VMN_NAMING_ORDINAL;
		is_secondary_seen = is_secondary_seen || (nic && vmn_starts_with(nic, "pod"));
	}
	return is_secondary_seen ? VMN_NAMING_HASHED : VMN_NAMING_UNKNOWN;
}

bool vmn_ifnames_of(struct json_object *vmi, enum vmn_naming naming, const char *network,
		    struct vmn_ifnames *ret)
{
	const char *nic = reported_nic(vmi, network);
	unsigned position = 0;

	vmn_json_each(net, vmn_json_array(vmi, "/spec/networks")) {
		bool is_secondary = vmn_json_get(net, "/multus") &&
				    !vmn_json_bool(net, "/multus/default", false);

		position += is_secondary;
		if (!vmn_streq(vmn_json_str(net, "/name"), network))
			continue;
		if (!is_secondary)
			vmn_ifnames_primary(vmn_is_empty(nic) ? "eth0" : nic, ret);
		else if (!vmn_is_empty(nic))
			vmn_ifnames_secondary(nic, ret);
		else if (naming == VMN_NAMING_ORDINAL)
			vmn_ifnames_ordinal(position, ret);
		else
			vmn_ifnames_hashed(network, ret);
		return true;
	}
	return false;
}
