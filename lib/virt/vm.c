/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/virt/vm.h"

/*
 * virt-controller's caches lag behind what it wrote itself. Its guarded write fails then, and the
 * VM says so until the next try a moment later.
 */
static bool is_lost_race(const char *message)
{
	return strstr(message, "due to an error in our request") ||
	       strstr(message, "the object has been modified");
}

void vmn_vm_read(struct json_object *obj, struct vmn_vm *ret)
{
	struct json_object *failure = vmn_condition(obj, "Failure");
	const char *message = vmn_json_str_or(failure, "/message", "");

	*ret = (struct vmn_vm){
		.obj = obj,
		.spec = vmn_json_get(obj, "/spec/template/spec"),
		.ns = vmn_json_str(obj, "/metadata/namespace"),
		.name = vmn_json_str(obj, "/metadata/name"),
		.uid = vmn_json_str(obj, "/metadata/uid"),
		.resource_version = vmn_json_str(obj, "/metadata/resourceVersion"),
		.requests = vmn_json_array(obj, "/status/interfaceRequests"),
		.is_deleting = vmn_json_str(obj, "/metadata/deletionTimestamp"),
		.has_vmi = vmn_json_bool(obj, "/status/created", false),
	};
	if (vmn_streq(vmn_json_str(failure, "/status"), "True") &&
	    vmn_streq(vmn_json_str(failure, "/reason"), "HotPlugNetworkInterfaceError") &&
	    !is_lost_race(message))
		ret->plug_error = message;
}

void vmn_vmi_read(struct json_object *obj, struct vmn_vmi *ret)
{
	*ret = (struct vmn_vmi){
		.obj = obj,
		.spec = vmn_json_get(obj, "/spec"),
		.ns = vmn_json_str(obj, "/metadata/namespace"),
		.name = vmn_json_str(obj, "/metadata/name"),
		.uid = vmn_json_str(obj, "/metadata/uid"),
		.phase = vmn_json_str_or(obj, "/status/phase", ""),
		.status_nics = vmn_json_array(obj, "/status/interfaces"),
		.is_deleting = vmn_json_str(obj, "/metadata/deletionTimestamp"),
		.is_paused = vmn_condition_is(obj, "Paused", "True"),
	};
	ret->is_live = obj && !ret->is_deleting && strcmp(ret->phase, "Succeeded") != 0 &&
		       strcmp(ret->phase, "Failed") != 0;
	ret->is_owned = vmn_json_find(vmn_json_array(obj, "/metadata/ownerReferences"), "kind",
				      "VirtualMachine", NULL);
}

struct json_object *vmn_spec_ifaces(struct json_object *spec)
{
	return vmn_json_array(spec, "/domain/devices/interfaces");
}

struct json_object *vmn_spec_nets(struct json_object *spec)
{
	return vmn_json_array(spec, "/networks");
}

/* Bindings are told by which key an interface has. */
static void read_binding(struct vmn_nic *nic)
{
	static const char *const core[] = {"/bridge", "/masquerade", "/sriov", "/passtBinding",
					   "/passt",  "/macvtap",    "/slirp"};

	nic->binding = vmn_json_str(nic->iface, "/binding/name");
	nic->is_plugin = nic->binding;
	for (size_t i = 0; i < VMN_ARRAY_LEN(core) && !nic->binding; i++)
		if (vmn_json_get(nic->iface, core[i]))
			nic->binding = core[i] + 1;
}

bool vmn_nic_find(struct json_object *spec, const char *name, struct vmn_nic *ret)
{
	struct vmn_nic nic = {.name = name};

	nic.iface = vmn_json_find(vmn_spec_ifaces(spec), "name", name, &nic.iface_index);
	nic.net = vmn_json_find(vmn_spec_nets(spec), "name", name, &nic.net_index);
	if (!nic.iface && !nic.net)
		return false;
	read_binding(&nic);
	nic.nad = vmn_json_str(nic.net, "/multus/networkName");
	nic.state = vmn_json_str_or(nic.iface, "/state", "");
	nic.is_default =
		vmn_json_get(nic.net, "/pod") || vmn_json_bool(nic.net, "/multus/default", false);
	*ret = nic;
	return true;
}

struct json_object *vmn_condition(struct json_object *obj, const char *type)
{
	return vmn_json_find(vmn_json_array(obj, "/status/conditions"), "type", type, NULL);
}

bool vmn_condition_is(struct json_object *obj, const char *type, const char *status)
{
	return vmn_streq(vmn_json_str(vmn_condition(obj, type), "/status"), status);
}

bool vmn_info_has(const char *info_source, const char *token)
{
	size_t len = strlen(token);

	for (const char *s = info_source; s; s = strstr(s, ", "), s = s ? s + 2 : NULL)
		if (strncmp(s, token, len) == 0 && (!s[len] || s[len] == ','))
			return true;
	return false;
}

char *vmn_nad_qualify(const char *nad, const char *ns)
{
	return strchr(nad, '/') ? vmn_xstrdup(nad) : vmn_xasprintf("%s/%s", ns, nad);
}

bool vmn_nad_is_same(const char *a, const char *b, const char *ns)
{
	vmn_auto_free char *full_a = a ? vmn_nad_qualify(a, ns) : NULL;
	vmn_auto_free char *full_b = b ? vmn_nad_qualify(b, ns) : NULL;

	return vmn_streq(full_a, full_b);
}

bool vmn_iface_name_is_valid(const char *name)
{
	return *name && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789-_") == strlen(name);
}

bool vmn_is_webhook_away(const struct vmn_err *err)
{
	return err->http == 500 && strstr(vmn_err_text(err), "failed calling webhook");
}

int vmn_hint_virt_api(struct vmn_err *err)
{
	return vmn_err_hint(err, "KubeVirt's virt-api does not answer: see the pods with label "
				 "kubevirt.io=virt-api");
}
