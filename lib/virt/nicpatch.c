/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/virt/nicpatch.h"

#define SPEC "/spec/template/spec"
#define DEVICES SPEC "/domain/devices"
#define IFACES DEVICES "/interfaces"
#define NETS SPEC "/networks"

/* Append an operation; @value is borrowed, NULL for "remove". */
static void op(struct json_object *patch, const char *what, struct json_object *value,
	       const char *fmt, ...) VMN_PRINTF(4, 5);

static void op(struct json_object *patch, const char *what, struct json_object *value,
	       const char *fmt, ...)
{
	struct json_object *entry;
	va_list ap;
	char *path;

	va_start(ap, fmt);
	path = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	entry = vmn_json_build("{\"op\":%s,\"path\":%s}", what, path);
	free(path);
	if (value)
		vmn_json_set_take(entry, "value", json_object_get(value));
	vmn_json_append_take(patch, entry);
}

static void op_str(struct json_object *patch, const char *what, const char *value, const char *path)
{
	/* No server sends a VM without a version; should one, let the test fail, not the guard. */
	vmn_auto_json struct json_object *text = json_object_new_string(value ? value : "");

	op(patch, what, text, "%s", path);
}

void vmn_nic_build(const struct vmn_wish *w, struct json_object **ret_iface,
		   struct json_object **ret_net)
{
	const char *plugin = w->binding_plugin, *binding = w->binding ? w->binding : "bridge";
	struct json_object *iface = vmn_json_build("{\"name\":%s}", w->iface);

	/* Not a core binding: KubeVirt's user guide registers the plugin under this name. */
	if (strcmp(binding, "managedTap") == 0)
		plugin = "managedtap";
	if (plugin)
		vmn_json_set_take(iface, "binding", vmn_json_build("{\"name\":%s}", plugin));
	else
		vmn_json_set_take(iface, binding, json_object_new_object());
	if (w->mac) {
		vmn_auto_free char *mac = vmn_xstrdup(w->mac);

		/* libvirt takes colons only. */
		for (char *c = mac; *c; c++)
			*c = *c == '-' ? ':' : *c;
		vmn_json_set_str(iface, "macAddress", mac);
	}
	if (w->model)
		vmn_json_set_str(iface, "model", w->model);
	if (w->state)
		vmn_json_set_str(iface, "state", w->state);
	*ret_iface = iface;
	*ret_net =
		vmn_json_build("{\"name\":%s,\"multus\":{\"networkName\":%s}}", w->iface, w->nad);
}

/* @list's entries, less those of interfaces that @running is getting rid of */
static struct json_object *living(struct json_object *list, struct json_object *running)
{
	struct json_object *ret = json_object_new_array();
	struct vmn_nic nic;

	vmn_json_each(entry, list) {
		const char *name = vmn_json_str(entry, "/name");

		if (name && vmn_nic_find(running, name, &nic) && strcmp(nic.state, "absent") != 0)
			vmn_json_append_take(ret, json_object_get(entry));
	}
	return ret;
}

/* Write one of the two lists whole: what runs now, then @entry. */
static struct json_object *list_with(struct json_object *list, struct json_object *running,
				     struct json_object *entry)
{
	struct json_object *ret = living(list, running);

	if (entry)
		vmn_json_append_take(ret, json_object_get(entry));
	return ret;
}

struct json_object *vmn_nicpatch_append(const struct vmn_vm *vm, struct json_object *running,
					struct json_object *iface, struct json_object *net)
{
	struct json_object *patch = json_object_new_array();
	struct json_object *ifaces = vmn_spec_ifaces(vm->spec), *nets = vmn_spec_nets(vm->spec);

	if (vmn_json_len(ifaces) && vmn_json_len(nets)) {
		op(patch, "test", ifaces, IFACES);
		op(patch, "test", nets, NETS);
		op(patch, "add", iface, IFACES "/-");
		op(patch, "add", net, NETS "/-");
		return patch;
	}
	/* A missing list cannot be tested for everywhere; the version stands for it. */
	op_str(patch, "test", vm->resource_version, "/metadata/resourceVersion");
	if (!vmn_json_get(vm->spec, "/domain/devices")) {
		vmn_auto_json struct json_object *empty = json_object_new_object();

		op(patch, "add", empty, DEVICES);
	}
	if (vmn_json_len(ifaces)) {
		if (iface)
			op(patch, "add", iface, IFACES "/-");
	} else {
		vmn_auto_json struct json_object *all =
			list_with(vmn_spec_ifaces(running), running, iface);

		op(patch, "add", all, IFACES);
	}
	if (vmn_json_len(nets)) {
		if (net)
			op(patch, "add", net, NETS "/-");
	} else {
		vmn_auto_json struct json_object *all =
			list_with(vmn_spec_nets(running), running, net);

		op(patch, "add", all, NETS);
	}
	return patch;
}

struct json_object *vmn_nicpatch_replace(const struct vmn_vm *vm, const struct vmn_nic *nic,
					 struct json_object *iface, struct json_object *net)
{
	struct json_object *patch = json_object_new_array();

	op_str(patch, "test", vm->resource_version, "/metadata/resourceVersion");
	if (nic->iface)
		op(patch, "replace", iface, IFACES "/%zu", nic->iface_index);
	else
		op(patch, "add", iface, IFACES "/-");
	if (nic->net)
		op(patch, "replace", net, NETS "/%zu", nic->net_index);
	else
		op(patch, "add", net, NETS "/-");
	return patch;
}

struct json_object *vmn_nicpatch_delete(const struct vmn_vm *vm, const struct vmn_nic *nic)
{
	struct json_object *patch = json_object_new_array();

	op_str(patch, "test", vm->resource_version, "/metadata/resourceVersion");
	if (nic->iface) {
		op(patch, "test", nic->iface, IFACES "/%zu", nic->iface_index);
		op(patch, "remove", NULL, IFACES "/%zu", nic->iface_index);
	}
	if (nic->net) {
		op(patch, "test", nic->net, NETS "/%zu", nic->net_index);
		op(patch, "remove", NULL, NETS "/%zu", nic->net_index);
	}
	return patch;
}

struct json_object *vmn_nicpatch_update(const struct vmn_nic *nic, const char *state,
					const char *nad)
{
	struct json_object *patch = json_object_new_array();

	if (state) {
		vmn_auto_json struct json_object *value = json_object_new_string(state);

		op(patch, "test", nic->iface, IFACES "/%zu", nic->iface_index);
		op(patch, "add", value, IFACES "/%zu/state", nic->iface_index);
	}
	if (nad) {
		vmn_auto_json struct json_object *value = json_object_new_string(nad);

		op(patch, "test", nic->net, NETS "/%zu", nic->net_index);
		op(patch, "replace", value, NETS "/%zu/multus/networkName", nic->net_index);
	}
	return patch;
}
