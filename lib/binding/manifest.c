/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/binding/manifest.h"
#include "lib/data/k8s.h"
#include "lib/data/yaml.h"
#include "lib/virt/vm.h"

/* What of the manifest is being read. */
struct reader {
	const char *prefix; /* path of the spec: "spec" or "spec.template.spec" */
	struct json_object *obj, *spec;
	const struct vmn_strlist *tap_plugins;
	struct vmn_setup *out;
};

/* Fail with the path of a field of the interface. */
static int wrong(const struct reader *r, const struct vmn_nic *nic, const char *field,
		 const char *why, struct vmn_err *err)
{
	return vmn_err_set(err, VMN_E_INVALID, "%s.domain.devices.interfaces[%zu]%s: %s", r->prefix,
			   nic->iface_index, field, why);
}

static int read_mac(const struct reader *r, const struct vmn_nic *nic, struct vmn_setup_nic *out,
		    struct vmn_err *err)
{
	const char *text = vmn_json_str_or(nic->iface, "/macAddress", "");

	if (!*text)
		return 0;
	if (!vmn_mac_parse(text, out->mac))
		return wrong(r, nic, ".macAddress", "not a MAC address", err);
	if (out->mac[0] & 1)
		return wrong(r, nic, ".macAddress", "a multicast address", err);
	out->has_mac = true;
	return 0;
}

static bool port_add(struct vmn_setup_nic *out, const char *proto, int64_t first, int64_t last)
{
	bool is_udp = strcasecmp(proto, "UDP") == 0;

	if (first < 1 || last > UINT16_MAX || first > last ||
	    (!is_udp && *proto && strcasecmp(proto, "TCP") != 0))
		return false;
	vmn_port_add(out, (struct vmn_port_range){.proto = is_udp ? IPPROTO_UDP : IPPROTO_TCP,
						  .first = (uint16_t)first,
						  .last = (uint16_t)last});
	return true;
}

static int read_ports(const struct reader *r, const struct vmn_nic *nic, struct vmn_setup_nic *out,
		      struct vmn_err *err)
{
	static const char why[] = "ports from 1 to 65535 of TCP or UDP are needed";

	vmn_json_each(port, vmn_json_array(nic->iface, "/ports")) {
		int64_t n = vmn_json_int(port, "/port", 0);

		if (!port_add(out, vmn_json_str_or(port, "/protocol", ""), n, n))
			return wrong(r, nic, ".ports", why, err);
	}
	vmn_json_each(range, vmn_json_array(nic->iface, "/portRanges"))
		if (!port_add(out, vmn_json_str_or(range, "/protocol", ""),
			      vmn_json_int(range, "/start", 0), vmn_json_int(range, "/end", 0)))
			return wrong(r, nic, ".portRanges", why, err);
	return 0;
}

static int read_guest_cidr(const struct reader *r, const struct vmn_nic *nic, const char *field,
			   int family, struct vmn_cidr *ret, struct vmn_err *err)
{
	char path[64];
	const char *text;

	(void)snprintf(path, sizeof(path), "/pod/%s", field);
	text = vmn_json_str_or(nic->net, path, "");
	if (!*text || vmn_guest_cidr_parse(family, text, ret))
		return 0;
	return vmn_err_set(err, VMN_E_INVALID,
			   "%s.networks[%zu].pod.%s: not a network with room for a gateway and a "
			   "guest: '%s'",
			   r->prefix, nic->net_index, field, text);
}

static int read_dhcp(const struct reader *r, const struct vmn_nic *nic, struct vmn_setup_nic *out,
		     struct vmn_err *err)
{
	vmn_auto_facts struct vmn_binding_facts facts = {0};

	out->dhcp = json_object_get(vmn_json_get(nic->iface, "/dhcpOptions"));
	if (vmn_facts_dhcp_options(out->dhcp, &facts, err) < 0)
		return vmn_err_wrap(err, "%s.domain.devices.interfaces[%zu].dhcpOptions", r->prefix,
				    nic->iface_index);
	return 0;
}

/* Sockets, cores and threads, else whole CPUs of the resources; as KubeVirt counts queues. */
static unsigned vcpus(struct json_object *spec)
{
	struct json_object *cpu = vmn_json_get(spec, "/domain/cpu");
	const char *quantity = vmn_json_str(spec, "/domain/resources/requests/cpu");
	int64_t n = 1;

	if (!quantity)
		quantity = vmn_json_str(spec, "/domain/resources/limits/cpu");
	if (vmn_json_get(cpu, "/cores") || vmn_json_get(cpu, "/sockets") ||
	    vmn_json_get(cpu, "/threads"))
		n = vmn_json_int(cpu, "/cores", 1) * vmn_json_int(cpu, "/sockets", 1) *
		    vmn_json_int(cpu, "/threads", 1);
	else if (quantity)
		(void)vmn_quantity_parse(quantity, &n);
	else
		n = vmn_json_int(spec, "/domain/resources/requests/cpu",
				 vmn_json_int(spec, "/domain/resources/limits/cpu", 1));
	return n < 1 ? 1 : n > VMN_QUEUES_MAX ? VMN_QUEUES_MAX : (unsigned)n;
}

static unsigned queues(const struct reader *r, const struct vmn_nic *nic)
{
	const char *model = vmn_json_str_or(nic->iface, "/model", "virtio");

	if (!vmn_json_bool(r->spec, "/domain/devices/networkInterfaceMultiqueue", false) ||
	    (*model && strcmp(model, "virtio") != 0))
		return 0;
	return vcpus(r->spec);
}

/* Why nothing is set up for the interface in the namespace, or NULL when something is. */
static const char *pass_over(const struct reader *r, const struct vmn_nic *nic)
{
	if (strcmp(nic->state, "absent") == 0)
		return "its state is absent";
	if (nic->is_plugin)
		return strcasecmp(nic->binding, "managedTap") == 0 ||
				       vmn_strlist_has(r->tap_plugins, nic->binding)
			       ? NULL
			       : "its binding plugin needs nothing here";
	if (vmn_streq(nic->binding, "sriov"))
		return "SR-IOV needs nothing here";
	if (vmn_streq(nic->binding, "passtBinding") || vmn_streq(nic->binding, "passt"))
		return "passt needs nothing here";
	return NULL;
}

static int read_kind(const struct reader *r, const struct vmn_nic *nic, struct vmn_setup_nic *out,
		     struct vmn_err *err)
{
	if (nic->is_plugin)
		out->kind = VMN_BINDING_MANAGED_TAP;
	else if (!nic->binding)
		return wrong(r, nic, "", "no binding that we know", err);
	else if (!vmn_binding_parse(nic->binding, &out->kind))
		return vmn_err_set(
			err, VMN_E_UNSUPPORTED,
			"%s.domain.devices.interfaces[%zu].%s: this binding is not supported",
			r->prefix, nic->iface_index, nic->binding);
	if (out->kind == VMN_BINDING_MASQUERADE && !vmn_json_get(nic->net, "/pod"))
		return wrong(r, nic, ".masquerade", "only for the pod network", err);
	return 0;
}

/* Of secondary networks, the position of @name counted from 1. */
static unsigned ordinal_of(const struct reader *r, const char *name)
{
	unsigned n = 0;

	vmn_json_each(net, vmn_spec_nets(r->spec)) {
		n += vmn_json_get(net, "/multus") && !vmn_json_bool(net, "/multus/default", false);
		if (vmn_streq(vmn_json_str(net, "/name"), name))
			return n;
	}
	return 0;
}

static int read_pod_nic(const struct reader *r, const struct vmn_nic *nic,
			struct vmn_setup_nic *out, struct vmn_err *err)
{
	struct json_object *known = vmn_json_find(vmn_json_array(r->obj, "/status/interfaces"),
						  "name", nic->name, NULL);
	const char *name = vmn_json_str_or(known, "/podInterfaceName", "");

	if (strlen(name) >= sizeof(out->pod_nic))
		return vmn_err_set(err, VMN_E_INVALID,
				   "status.interfaces: podInterfaceName '%s' is too long", name);
	(void)snprintf(out->pod_nic, sizeof(out->pod_nic), "%s", name);
	return 0;
}

static int read_nic(const struct reader *r, const struct vmn_nic *nic, struct vmn_err *err)
{
	struct vmn_setup_nic *out = vmn_setup_add(r->out, nic->name);
	int rc;

	out->is_primary = nic->is_default;
	out->index = (unsigned)nic->iface_index;
	out->ordinal = nic->is_default ? 0 : ordinal_of(r, nic->name);
	out->queues = queues(r, nic);
	if ((rc = read_kind(r, nic, out, err)) < 0 || (rc = read_pod_nic(r, nic, out, err)) < 0 ||
	    (rc = read_mac(r, nic, out, err)) < 0 || (rc = read_ports(r, nic, out, err)) < 0 ||
	    (rc = read_dhcp(r, nic, out, err)) < 0)
		return rc;
	if (out->kind != VMN_BINDING_MASQUERADE)
		return 0;
	rc = read_guest_cidr(r, nic, "vmNetworkCIDR", AF_INET, &out->cidr4, err);
	return rc < 0 ? rc
		      : read_guest_cidr(r, nic, "vmIPv6NetworkCIDR", AF_INET6, &out->cidr6, err);
}

static bool is_there(const struct vmn_setup *setup, const char *network)
{
	for (size_t i = 0; i < setup->n_nics; i++)
		if (strcmp(setup->nics[i].network, network) == 0)
			return true;
	return false;
}

static int read_spec(const struct reader *r, struct vmn_err *err)
{
	vmn_json_each(iface, vmn_spec_ifaces(r->spec)) {
		const char *name = vmn_json_str_or(iface, "/name", ""), *why;
		struct vmn_nic nic = {.iface_index = iface_i};
		int rc;

		if (iface_i >= VMN_SETUP_NICS_MAX)
			return wrong(r, &nic, "", "too many interfaces", err);
		if (!*name)
			return wrong(r, &nic, ".name", "is missing", err);
		if (is_there(r->out, name) || !vmn_nic_find(r->spec, name, &nic))
			return wrong(r, &nic, ".name", "is there twice", err);
		if (!nic.net)
			return vmn_err_set(
				err, VMN_E_INVALID,
				"%s.domain.devices.interfaces[%zu].name: no network is called "
				"'%s'",
				r->prefix, nic.iface_index, name);
		why = pass_over(r, &nic);
		if (why) {
			vmn_auto_free char *note =
				vmn_xasprintf("interface '%s' is passed over: %s", name, why);

			vmn_strlist_add(&r->out->notes, note);
			continue;
		}
		rc = read_nic(r, &nic, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_object(struct json_object *obj, const struct vmn_strlist *tap_plugins,
		       struct vmn_setup *ret, struct vmn_err *err)
{
	bool is_vm = strcmp(vmn_json_str_or(obj, "/kind", ""), "VirtualMachine") == 0;
	struct reader r = {
		.prefix = is_vm ? "spec.template.spec" : "spec",
		.obj = obj,
		.spec = vmn_json_get(obj, is_vm ? "/spec/template/spec" : "/spec"),
		.tap_plugins = tap_plugins,
		.out = ret,
	};
	const char *hostname = vmn_json_str(r.spec, "/hostname");
	const char *subdomain = vmn_json_str(r.spec, "/subdomain");

	if (!r.spec)
		return vmn_err_set(err, VMN_E_INVALID, "%s is missing", r.prefix);
	if (vmn_is_empty(hostname))
		hostname = vmn_json_str(obj, "/metadata/name");
	ret->hostname = hostname ? vmn_xstrdup(hostname) : NULL;
	ret->subdomain = vmn_is_empty(subdomain) ? NULL : vmn_xstrdup(subdomain);
	return read_spec(&r, err);
}

/* The VM or VMI among documents and items of lists; more than one is refused. */
static int find_object(struct json_object *docs, struct json_object **ret, struct vmn_err *err)
{
	vmn_json_each(doc, docs) {
		const char *kind = vmn_json_str_or(doc, "/kind", "");
		struct json_object *items = vmn_json_array(doc, "/items");
		int rc = items ? find_object(items, ret, err) : 0;

		if (rc < 0)
			return rc;
		if (strcmp(kind, "VirtualMachine") != 0 &&
		    strcmp(kind, "VirtualMachineInstance") != 0)
			continue;
		if (*ret)
			return vmn_err_set(
				err, VMN_E_INVALID,
				"more than one VirtualMachine or VirtualMachineInstance");
		*ret = doc;
	}
	return 0;
}

int vmn_manifest_read(const char *text, size_t len, const struct vmn_strlist *tap_plugins,
		      struct vmn_setup *ret, struct vmn_err *err)
{
	vmn_auto_json struct json_object *docs = NULL;
	struct json_object *obj = NULL;
	int rc = vmn_yaml_parse(text, len, &docs, err);

	if (rc == 0)
		rc = find_object(docs, &obj, err);
	if (rc < 0)
		return rc;
	if (!obj)
		return vmn_err_set(err, VMN_E_INVALID,
				   "no VirtualMachine or VirtualMachineInstance in it");
	return read_object(obj, tap_plugins, ret, err);
}
