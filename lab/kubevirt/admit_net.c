/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "lab/kubevirt/admit_net.h"
#include "lab/kubevirt/kubevirt.h"
#include "lib/data/k8s.h"

/* One spec under examination. */
struct exam {
	struct json_object *ifaces, *nets;
	const char *path;
	const struct lab_net_config *config;
	struct lab_causes *c;
};

/* One interface of it. */
struct subject {
	struct json_object *iface, *net; /* net may be NULL */
	const char *name;
	size_t index;
};

void lab_cause(struct lab_causes *c, const char *field, const char *fmt, ...)
{
	vmn_auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	vmn_buf_addf(&c->message, "%s%s", c->message.len ? ", " : "", text);
	vmn_buf_addf(&c->lines, "%s%s: %s", c->lines.len ? "\n" : "", field, text);
}

void lab_causes_clear(struct lab_causes *c)
{
	vmn_buf_clear(&c->message);
	vmn_buf_clear(&c->lines);
}

static char *net_field(const struct exam *x, size_t i, const char *leaf)
{
	return vmn_xasprintf("%s.networks[%zu]%s", x->path, i, leaf);
}

static char *iface_field(const struct exam *x, size_t i, const char *leaf)
{
	return vmn_xasprintf("%s.domain.devices.interfaces[%zu]%s", x->path, i, leaf);
}

static bool has(struct json_object *obj, const char *pointer)
{
	return vmn_json_get(obj, pointer) != NULL;
}

static bool is_dialect_1_9(const struct exam *x)
{
	return x->config->dialect == LAB_KUBEVIRT_1_9;
}

/* --- networks: netsource.go ----------------------------------------------------------- */

static void single_pod_network(const struct exam *x)
{
	vmn_auto_free char *networks = vmn_xasprintf("%s.networks", x->path);
	vmn_auto_free char *interfaces = vmn_xasprintf("%s.interfaces", x->path);
	size_t pods = 0, defaults = 0;

	vmn_json_each(net, x->nets) {
		pods += has(net, "/pod");
		defaults += vmn_json_bool(net, "/multus/default", false);
	}
	if (pods > 1)
		lab_cause(x->c, interfaces,
			  "more than one interface is connected to a pod network in %s",
			  interfaces);
	if (defaults > 1)
		lab_cause(x->c, networks, "Multus CNI should only have one default network");
	if (pods && defaults)
		lab_cause(x->c, networks,
			  "Pod network cannot be defined when Multus default network is defined");
}

static void network_sources(const struct exam *x)
{
	bool seen_multus = false, seen_claim = false;

	for (size_t i = 0; i < vmn_json_len(x->nets); i++) {
		struct json_object *net = json_object_array_get_idx(x->nets, i);
		vmn_auto_free char *field = net_field(x, i, "");
		size_t n = has(net, "/pod") + has(net, "/multus") + has(net, "/resourceClaim");

		if (n != 1)
			lab_cause(x->c, field,
				  n ? "should have only one network type"
				    : "should have a network type");
		seen_multus |= has(net, "/multus");
		seen_claim |= has(net, "/resourceClaim");
	}
	for (size_t i = 0; i < vmn_json_len(x->nets); i++) {
		struct json_object *net = json_object_array_get_idx(x->nets, i);
		vmn_auto_free char *field = net_field(x, i, "");

		if (has(net, "/multus") && vmn_is_empty(vmn_json_str(net, "/multus/networkName"))) {
			lab_cause(x->c, field, "CNI delegating plugin must have a networkName");
			break;
		}
	}
	if (seen_claim && is_dialect_1_9(x)) {
		vmn_auto_free char *field = vmn_xasprintf("%s.networks", x->path);

		if (!x->config->has_dra_gate)
			lab_cause(x->c, field,
				  "vmi.spec.networks contains DRA networks but "
				  "NetworkDevicesWithDRA feature gate is not enabled");
		if (seen_multus)
			lab_cause(x->c, field,
				  "mixing Multus and DRA resourceClaim networks in the "
				  "same VMI is not supported");
	}
}

/* --- state: admit.go ------------------------------------------------------------------ */

static void state_rules(const struct exam *x, const struct subject *s)
{
	const char *state = vmn_json_str_or(s->iface, "/state", "");
	vmn_auto_free char *field = iface_field(x, s->index, ".state");
	bool is_absent = !strcmp(state, "absent");
	bool is_link = is_dialect_1_9(x) && (!strcmp(state, "up") || !strcmp(state, "down"));
	bool is_sriov = has(s->iface, "/sriov");

	if (*state && !is_absent && !is_link)
		lab_cause(x->c, field, "logical %s interface state value is unsupported: %s",
			  s->name, state);
	if (is_link && is_sriov)
		lab_cause(x->c, field,
			  "\"%s\" interface's state \"%s\" is not supported for SR-IOV NICs",
			  s->name, state);
	if (is_absent && !has(s->iface, "/bridge"))
		lab_cause(x->c, field,
			  "\"%s\" interface's state \"%s\" is supported only for bridge binding",
			  s->name, state);
	if (is_absent && lab_network_is_default(s->net))
		lab_cause(x->c, field,
			  "\"%s\" interface's state \"%s\" is not supported on default networks",
			  s->name, state);
}

/* --- bindings: binding.go, discontinued.go, passt.go ---------------------------------- */

static const char *const bindings[] = {"/bridge",  "/masquerade", "/sriov",	   "/slirp",
				       "/macvtap", "/passt",	  "/passtBinding", "/binding"};

static void binding_rules(const struct exam *x, const struct subject *s)
{
	vmn_auto_free char *name = iface_field(x, s->index, ".name");
	vmn_auto_free char *self = iface_field(x, s->index, ".binding");
	vmn_auto_free char *mac = iface_field(x, s->index, ".macAddress");
	bool on_pod = has(s->net, "/pod");
	size_t n = 0;

	for (size_t i = 0; i < VMN_ARRAY_LEN(bindings); i++)
		n += has(s->iface, bindings[i]);
	/* v1.0 has no rule about their number */
	if (is_dialect_1_9(x) && n != 1)
		lab_cause(
			x->c, self,
			"logical %s interface must have exactly one binding method or binding plugin",
			s->name);
	if (has(s->iface, "/masquerade") && !on_pod)
		lab_cause(x->c, name, "Masquerade interface only implemented with pod network");
	if (has(s->iface, "/masquerade") &&
	    vmn_streq(vmn_json_str(s->iface, "/macAddress"), "02:00:00:00:00:00"))
		lab_cause(x->c, mac,
			  "The requested MAC address is reserved for the in-pod bridge. "
			  "Please choose another one.");
	if (has(s->iface, "/bridge") && on_pod && !x->config->permits_bridge_on_pod_network)
		lab_cause(x->c, name,
			  "Bridge on pod network configuration is not enabled under "
			  "kubevirt-config");
	if (has(s->iface, "/passtBinding") && !x->config->has_passt_gate)
		lab_cause(x->c, name, "PasstBinding feature gate is not enabled");
	if (has(s->iface, "/passtBinding") && !on_pod)
		lab_cause(x->c, name, "PasstBinding interface only implemented with pod network");
}

static void discontinued_rules(const struct exam *x, const struct subject *s)
{
	static const struct {
		const char *pointer, *leaf, *text;
	} rows[] = {
		{"/slirp", ".slirp", "Slirp interface support has been discontinued since v1.3"},
		{"/macvtap", ".macvtap",
		 "Macvtap network binding has been discontinued since v1.3"},
		{"/passt", ".passt", "Passt network binding has been discontinued since v1.3"},
	};

	if (!is_dialect_1_9(x))
		return;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_free char *field = iface_field(x, s->index, rows[i].leaf);

		if (has(s->iface, rows[i].pointer))
			lab_cause(x->c, field, "%s", rows[i].text);
	}
}

/* --- names and their match ------------------------------------------------------------ */

/* Is there an element of that name before index @i? */
static bool is_repeated(struct json_object *list, size_t i, const char *name)
{
	size_t first;

	return vmn_json_find(list, "name", name, &first) && first < i;
}

static void network_names(const struct exam *x)
{
	for (size_t i = 0; i < vmn_json_len(x->nets); i++) {
		const char *name =
			vmn_json_str_or(json_object_array_get_idx(x->nets, i), "/name", "");
		vmn_auto_free char *field = net_field(x, i, ".name");

		if (is_repeated(x->nets, i, name))
			lab_cause(x->c, field,
				  "Network with name \"%s\" already exists, every network "
				  "must have a unique name",
				  name);
	}
	for (size_t i = 0; i < vmn_json_len(x->nets); i++) {
		const char *name =
			vmn_json_str_or(json_object_array_get_idx(x->nets, i), "/name", "");
		vmn_auto_free char *field = net_field(x, i, ".name");

		if (!lab_iface_of(x->ifaces, name))
			lab_cause(x->c, field, "%s '%s' not found.", field, name);
	}
}

static void interface_unique(const struct exam *x, const struct subject *s)
{
	vmn_auto_free char *field = iface_field(x, s->index, ".name");

	if (is_repeated(x->ifaces, s->index, s->name))
		lab_cause(x->c, field,
			  "Only one interface can be connected to one specific network");
}

static void interface_network(const struct exam *x, const struct subject *s)
{
	vmn_auto_free char *field = iface_field(x, s->index, ".name");

	if (!s->net)
		lab_cause(x->c, field, "%s '%s' not found.", field, s->name);
}

/* --- fields: netiface.go -------------------------------------------------------------- */

static bool is_interface_name(const char *s)
{
	return *s &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] ==
		       '\0';
}

static bool is_model(const struct exam *x, const char *model)
{
	static const char *const models[] = {"e1000", "e1000e",	 "igb",	  "ne2k_pci",
					     "pcnet", "rtl8139", "virtio"};

	for (size_t i = 0; i < VMN_ARRAY_LEN(models); i++)
		if (!strcmp(model, models[i]))
			return strcmp(model, "igb") || is_dialect_1_9(x);
	return false;
}

/* 0000:81:11.1, as pkg/util/hardware ParsePciAddress has it */
static bool is_pci_address(const char *s)
{
	static const char shape[] = "xxxx:xx:xx.7";

	if (strlen(s) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; shape[i]; i++) {
		if (shape[i] == 'x'   ? !isxdigit((unsigned char)s[i])
		    : shape[i] == '7' ? s[i] < '0' || s[i] > '7'
				      : s[i] != shape[i])
			return false;
	}
	return true;
}

static void mac_rule(const struct exam *x, const struct subject *s)
{
	const char *mac = vmn_json_str_or(s->iface, "/macAddress", "");
	vmn_auto_free char *name = iface_field(x, s->index, ".name");
	vmn_auto_free char *field = iface_field(x, s->index, ".macAddress");
	/* Go's net.ParseMAC takes 8 and 20 bytes too: well-formed, but too long for a NIC */
	bool is_long = strlen(mac) == 23 || strlen(mac) == 59;

	if (!*mac || vmn_is_mac(mac))
		return;
	if (!is_long)
		lab_cause(x->c, field, "interface %s has malformed MAC address (%s).", name, mac);
	else if (is_dialect_1_9(x))
		lab_cause(x->c, field, "interface %s has too long MAC address (%s).", name, mac);
	else
		lab_cause(x->c, field, "interface %s has MAC address (%s) that is too long.", name,
			  mac);
}

/* IANA_SVC_NAME: 1 to 15 of a-z 0-9 -, a letter among them, no - at the ends or doubled */
static bool is_port_name(const char *s)
{
	size_t len = strlen(s);

	return len && len <= 15 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == len &&
	       strcspn(s, "abcdefghijklmnopqrstuvwxyz") < len && *s != '-' && s[len - 1] != '-' &&
	       !strstr(s, "--");
}

static void port_rules(const struct exam *x, const struct subject *s)
{
	struct json_object *ports = vmn_json_array(s->iface, "/ports");
	size_t n = has(s->net, "/pod") ? vmn_json_len(ports) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *name =
			vmn_json_str_or(json_object_array_get_idx(ports, i), "/name", "");
		vmn_auto_free char *leaf = vmn_xasprintf(".ports[%zu].name", i);
		vmn_auto_free char *field = iface_field(x, s->index, leaf);

		if (*name && is_repeated(ports, i, name))
			lab_cause(x->c, field, "Duplicate name of the port: %s", name);
		if (*name && !is_port_name(name))
			lab_cause(x->c, field, "Invalid name of the port: %s", name);
	}
	for (size_t i = 0; i < n; i++) {
		struct json_object *port = json_object_array_get_idx(ports, i);
		int64_t number = vmn_json_int(port, "/port", 0);
		const char *protocol = vmn_json_str_or(port, "/protocol", "");
		vmn_auto_free char *leaf = vmn_xasprintf(".ports[%zu]", i);
		vmn_auto_free char *field = iface_field(x, s->index, leaf);
		vmn_auto_free char *field_protocol = vmn_xasprintf("%s.protocol", field);

		if (!number)
			lab_cause(x->c, field, "Port field is mandatory.");
		if (number < 0 || number > 65536)
			lab_cause(x->c, field, "Port field must be in range 0 < x < 65536.");
		if (*protocol && strcmp(protocol, "TCP") && strcmp(protocol, "UDP"))
			lab_cause(x->c, field_protocol,
				  "Unknown protocol, only TCP or UDP allowed");
	}
}

static void port_range_rules(const struct exam *x, const struct subject *s)
{
	struct json_object *ranges = vmn_json_array(s->iface, "/portRanges");
	vmn_auto_free char *field = iface_field(x, s->index, ".portRanges");

	if (!vmn_json_len(ranges) || !is_dialect_1_9(x))
		return;
	if (!x->config->has_port_ranges_gate)
		lab_cause(x->c, field,
			  "portRanges is specified on interface but the PortRangesSpec "
			  "feature gate is not enabled");
	if (vmn_json_len(vmn_json_array(s->iface, "/ports")))
		lab_cause(x->c, field, "Cannot define both ports and portRanges on interface");
	if (!has(s->iface, "/masquerade"))
		lab_cause(x->c, field, "portRanges are only supported on masquerade interfaces");
	if (vmn_json_len(ranges) > 10)
		lab_cause(x->c, field, "No more than 10 portRanges are allowed");
	vmn_json_each(range, ranges)
		if (vmn_json_int(range, "/start", 0) > vmn_json_int(range, "/end", 0))
			lab_cause(x->c, field, "Start must be less than or equal to end");
}

static void dhcp_rules(const struct exam *x, const struct subject *s)
{
	struct json_object *options = vmn_json_array(s->iface, "/dhcpOptions/privateOptions");
	struct json_object *ntp = vmn_json_array(s->iface, "/dhcpOptions/ntpServers");
	bool is_duplicate = false;

	for (size_t i = 0; i < vmn_json_len(options); i++)
		for (size_t j = 0; j < i; j++)
			is_duplicate |=
				vmn_json_int(json_object_array_get_idx(options, i), "/option", 0) ==
				vmn_json_int(json_object_array_get_idx(options, j), "/option", 0);
	if (is_duplicate)
		lab_cause(x->c, x->path,
			  "Found Duplicates: you have provided duplicate DHCPPrivateOptions");
	vmn_json_each(option, options) {
		int64_t code = vmn_json_int(option, "/option", 0);

		if (code < 224 || code > 254)
			lab_cause(x->c, x->path,
				  "provided DHCPPrivateOptions are out of range, must be "
				  "in range 224 to 254");
	}
	for (size_t i = 0; i < vmn_json_len(ntp); i++) {
		const char *server = vmn_json_str_or(json_object_array_get_idx(ntp, i), "", "");
		vmn_auto_free char *leaf = vmn_xasprintf(".dhcpOptions.ntpServers[%zu]", i);
		vmn_auto_free char *field = iface_field(x, s->index, leaf);
		struct in_addr addr;

		if (inet_pton(AF_INET, server, &addr) != 1)
			lab_cause(x->c, field,
				  "NTP servers must be a list of valid IPv4 addresses.");
	}
}

static void interface_fields(const struct exam *x, const struct subject *s)
{
	const char *model = vmn_json_str_or(s->iface, "/model", "");
	const char *pci = vmn_json_str_or(s->iface, "/pciAddress", "");
	vmn_auto_free char *name = iface_field(x, s->index, ".name");
	vmn_auto_free char *model_field = iface_field(x, s->index, ".model");
	vmn_auto_free char *pci_field = iface_field(x, s->index, ".pciAddress");

	if (!is_interface_name(s->name))
		lab_cause(x->c, name,
			  "Network interface name can only contain alphabetical "
			  "characters, numbers, dashes (-) or underscores (_)");
	if (*model && !is_model(x, model))
		lab_cause(x->c, model_field, "interface %s uses model %s that is not supported.",
			  name, model);
	mac_rule(x, s);
	if (*pci && !is_pci_address(pci))
		lab_cause(x->c, pci_field, "interface %s has malformed PCI address (%s).", name,
			  pci);
	port_rules(x, s);
	port_range_rules(x, s);
	dhcp_rules(x, s);
}

static void each_interface(const struct exam *x,
			   void (*rule)(const struct exam *x, const struct subject *s))
{
	for (size_t i = 0; i < vmn_json_len(x->ifaces); i++) {
		struct subject s = {.iface = json_object_array_get_idx(x->ifaces, i), .index = i};

		s.name = vmn_json_str_or(s.iface, "/name", "");
		s.net = lab_iface_of(x->nets, s.name);
		rule(x, &s);
	}
}

void lab_admit_networks(struct json_object *spec, const char *path,
			const struct lab_net_config *config, struct lab_causes *c)
{
	const struct exam x = {
		.ifaces = vmn_json_array(spec, "/domain/devices/interfaces"),
		.nets = vmn_json_array(spec, "/networks"),
		.path = path,
		.config = config,
		.c = c,
	};

	single_pod_network(&x);
	network_sources(&x);
	each_interface(&x, state_rules);
	each_interface(&x, binding_rules);
	each_interface(&x, discontinued_rules);
	network_names(&x);
	each_interface(&x, interface_unique);
	each_interface(&x, interface_network);
	each_interface(&x, interface_fields);
}
