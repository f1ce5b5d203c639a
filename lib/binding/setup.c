/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/binding/setup.h"

struct vmn_setup_nic *vmn_setup_add(struct vmn_setup *setup, const char *network)
{
	struct vmn_setup_nic *nic;

	setup->nics = vmn_xrealloc(setup->nics, setup->n_nics + 1, sizeof(*setup->nics));
	nic = &setup->nics[setup->n_nics++];
	*nic = (struct vmn_setup_nic){.network = vmn_xstrdup(network)};
	return nic;
}

static void nic_clear(struct vmn_setup_nic *nic)
{
	free(nic->network);
	free(nic->ports);
	vmn_json_put_p(&nic->dhcp);
}

void vmn_setup_clear(struct vmn_setup *setup)
{
	for (size_t i = 0; i < setup->n_nics; i++)
		nic_clear(&setup->nics[i]);
	free(setup->nics);
	vmn_strlist_clear(&setup->notes);
	free(setup->hostname);
	free(setup->subdomain);
	*setup = (struct vmn_setup){0};
}

static const char *const layout_words[] = {
	[VMN_LAYOUT_CURRENT] = "current",
	[VMN_LAYOUT_V0_4_1] = "v0.4.1",
	[VMN_LAYOUT_HOST] = "host",
};

static const char *layout_word(enum vmn_layout layout)
{
	return layout_words[layout];
}

static bool layout_parse(const char *word, enum vmn_layout *ret)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(layout_words); i++) {
		if (strcmp(word, layout_words[i]) == 0) {
			*ret = (enum vmn_layout)i;
			return true;
		}
	}
	return false;
}

static bool port_parse(const char *text, size_t len, uint16_t *ret)
{
	vmn_auto_free char *digits = vmn_xstrndup(text, len);
	uint64_t port;

	if (!vmn_parse_u64(digits, &port) || port == 0 || port > UINT16_MAX)
		return false;
	*ret = (uint16_t)port;
	return true;
}

bool vmn_port_range_parse(const char *text, struct vmn_port_range *ret)
{
	size_t len = strcspn(text, "/"), first_len = strcspn(text, "-/");
	const char *proto = text[len] ? text + len + 1 : "tcp";

	if (strcmp(proto, "tcp") != 0 && strcmp(proto, "udp") != 0)
		return false;
	ret->proto = proto[0] == 't' ? IPPROTO_TCP : IPPROTO_UDP;
	if (!port_parse(text, first_len, &ret->first))
		return false;
	ret->last = ret->first;
	if (first_len < len && !port_parse(text + first_len + 1, len - first_len - 1, &ret->last))
		return false;
	return ret->first <= ret->last;
}

void vmn_port_add(struct vmn_setup_nic *nic, struct vmn_port_range range)
{
	nic->ports = vmn_xrealloc(nic->ports, nic->n_ports + 1, sizeof(*nic->ports));
	nic->ports[nic->n_ports++] = range;
}

bool vmn_guest_cidr_parse(int family, const char *text, struct vmn_cidr *ret)
{
	struct vmn_cidr cidr;
	unsigned bits = family == AF_INET ? 32 : 128;

	if (!vmn_cidr_parse(text, &cidr) || cidr.ip.family != family || cidr.len > bits - 2)
		return false;
	for (unsigned i = cidr.len; i < bits; i++)
		cidr.ip.bytes[i / 8] &= (uint8_t) ~(0x80U >> i % 8);
	*ret = cidr;
	return true;
}

/* --- stored --------------------------------------------------------------------------- */

static struct json_object *ports_json(const struct vmn_setup_nic *nic)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < nic->n_ports; i++) {
		const struct vmn_port_range *p = &nic->ports[i];
		vmn_auto_free char *text = vmn_xasprintf("%u-%u/%s", p->first, p->last,
							 p->proto == IPPROTO_UDP ? "udp" : "tcp");

		vmn_json_append_take(array, json_object_new_string(text));
	}
	return array;
}

static void put_cidr(struct json_object *obj, const char *key, const struct vmn_cidr *cidr)
{
	char text[VMN_CIDR_TEXT_SIZE];

	if (cidr->ip.family)
		vmn_json_set_str(obj, key, vmn_cidr_text(cidr, text));
}

struct json_object *vmn_setup_nic_json(const struct vmn_setup *setup,
				       const struct vmn_setup_nic *nic)
{
	struct json_object *obj = json_object_new_object();
	char mac[VMN_MAC_TEXT_SIZE];

	vmn_json_set_str(obj, "network", nic->network);
	vmn_json_set_str(obj, "binding", vmn_binding_word(nic->kind));
	vmn_json_set_str(obj, "layout", layout_word(setup->layout));
	vmn_json_set_bool(obj, "primary", nic->is_primary);
	if (*nic->pod_nic)
		vmn_json_set_str(obj, "podInterface", nic->pod_nic);
	if (*nic->bridge) {
		vmn_json_set_str(obj, "bridge", nic->bridge);
		vmn_json_set_str(obj, "tap", nic->tap);
	}
	vmn_json_set_int(obj, "index", nic->index);
	vmn_json_set_int(obj, "ordinal", nic->ordinal);
	if (nic->has_mac)
		vmn_json_set_str(obj, "mac", vmn_mac_text(nic->mac, mac));
	vmn_json_set_int(obj, "queues", nic->queues);
	put_cidr(obj, "cidr4", &nic->cidr4);
	put_cidr(obj, "cidr6", &nic->cidr6);
	vmn_json_set_take(obj, "ports", ports_json(nic));
	if (nic->dhcp)
		vmn_json_set_take(obj, "dhcpOptions", json_object_get(nic->dhcp));
	vmn_json_set_int(obj, "tapUid", setup->tap_uid);
	vmn_json_set_int(obj, "tapGid", setup->tap_gid);
	if (setup->hostname)
		vmn_json_set_str(obj, "hostname", setup->hostname);
	if (setup->subdomain)
		vmn_json_set_str(obj, "subdomain", setup->subdomain);
	return obj;
}

static bool read_optional_cidr(struct json_object *json, const char *path, struct vmn_cidr *ret)
{
	const char *text = vmn_json_str(json, path);

	return !text || vmn_cidr_parse(text, ret);
}

static void read_name(struct json_object *json, const char *path, char ret[VMN_IFNAME_SIZE])
{
	(void)snprintf(ret, VMN_IFNAME_SIZE, "%s", vmn_json_str_or(json, path, ""));
}

static bool read_nic(struct json_object *json, struct vmn_setup_nic *nic)
{
	const char *mac = vmn_json_str(json, "/mac");
	struct vmn_port_range range;

	nic->is_primary = vmn_json_bool(json, "/primary", false);
	read_name(json, "/podInterface", nic->pod_nic);
	read_name(json, "/bridge", nic->bridge);
	read_name(json, "/tap", nic->tap);
	nic->index = (unsigned)vmn_json_int(json, "/index", 0);
	nic->ordinal = (unsigned)vmn_json_int(json, "/ordinal", 0);
	nic->queues = (unsigned)vmn_json_int(json, "/queues", 0);
	nic->dhcp = json_object_get(vmn_json_get(json, "/dhcpOptions"));
	nic->has_mac = mac;
	vmn_json_each(port, vmn_json_array(json, "/ports")) {
		if (!vmn_port_range_parse(vmn_json_str_or(port, "", ""), &range))
			return false;
		vmn_port_add(nic, range);
	}
	return vmn_binding_parse(vmn_json_str_or(json, "/binding", ""), &nic->kind) &&
	       (!mac || vmn_mac_parse(mac, nic->mac)) &&
	       read_optional_cidr(json, "/cidr4", &nic->cidr4) &&
	       read_optional_cidr(json, "/cidr6", &nic->cidr6);
}

static void read_text(struct json_object *json, const char *path, char **ret)
{
	const char *text = vmn_json_str(json, path);

	free(*ret);
	*ret = text ? vmn_xstrdup(text) : NULL;
}

int vmn_setup_nic_read(struct json_object *json, struct vmn_setup *setup, struct vmn_err *err)
{
	struct vmn_setup_nic *nic = vmn_setup_add(setup, vmn_json_str_or(json, "/network", ""));

	if (!*nic->network || !read_nic(json, nic) ||
	    !layout_parse(vmn_json_str_or(json, "/layout", ""), &setup->layout))
		return vmn_err_set(err, VMN_E_INVALID, "not a stored interface: %s",
				   vmn_json_text(json));
	setup->tap_uid = (uint32_t)vmn_json_int(json, "/tapUid", 0);
	setup->tap_gid = (uint32_t)vmn_json_int(json, "/tapGid", 0);
	read_text(json, "/hostname", &setup->hostname);
	read_text(json, "/subdomain", &setup->subdomain);
	return 0;
}
