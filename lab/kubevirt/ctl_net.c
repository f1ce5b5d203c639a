/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lab/kubevirt/ctl_net.h"
#include "lab/kubevirt/kubevirt.h"
#include "lib/base/str.h"

static struct json_object *interfaces_of(struct json_object *spec)
{
	return vmn_json_array(spec, "/domain/devices/interfaces");
}

static struct json_object *networks_of(struct json_object *spec)
{
	return vmn_json_array(spec, "/networks");
}

/* Both lists, made when missing. */
static void add_pair_take(struct json_object *spec, struct json_object *iface,
			  struct json_object *net)
{
	struct json_object *domain = lab_child(spec, "domain", json_type_object);
	struct json_object *devices = lab_child(domain, "devices", json_type_object);

	vmn_json_append_take(lab_child(devices, "interfaces", json_type_array), iface);
	vmn_json_append_take(lab_child(spec, "networks", json_type_array), net);
}

static bool is_secondary(struct json_object *net)
{
	return vmn_json_get(net, "/multus") && !lab_network_is_default(net);
}

/* --- v1.0: requests ------------------------------------------------------------------- */

bool lab_apply_request(struct json_object *spec, struct json_object *request)
{
	const char *add = vmn_json_str(request, "/addInterfaceOptions/name");
	const char *del = vmn_json_str(request, "/removeInterfaceOptions/name");
	struct json_object *iface = lab_iface_of(interfaces_of(spec), add ? add : del);

	if (add && !iface) {
		add_pair_take(spec, vmn_json_build("{\"name\":%s,\"bridge\":{}}", add),
			      vmn_json_build("{\"name\":%s,\"multus\":{\"networkName\":%s}}", add,
					     vmn_json_str_or(request,
							     "/addInterfaceOptions/"
							     "networkAttachmentDefinitionName",
							     "")));
		return true;
	}
	return del && iface && lab_set_str(iface, "state", "absent");
}

static bool is_done(struct json_object *request, struct json_object *ifaces)
{
	const char *add = vmn_json_str(request, "/addInterfaceOptions/name");
	const char *del = vmn_json_str(request, "/removeInterfaceOptions/name");

	if (add)
		return lab_iface_of(ifaces, add);
	return lab_iface_absent(lab_iface_of(ifaces, del));
}

bool lab_trim_requests(struct json_object *requests, struct json_object *template_spec)
{
	bool changed = false;

	for (size_t i = vmn_json_len(requests); i-- > 0;) {
		if (!is_done(json_object_array_get_idx(requests, i), interfaces_of(template_spec)))
			continue;
		json_object_array_del_idx(requests, i, 1);
		changed = true;
	}
	return changed;
}

/* --- v1.9: the network synchronizer --------------------------------------------------- */

bool lab_clear_detached(struct json_object *spec, struct json_object *status_ifaces,
			struct json_object *vmi_ifaces)
{
	struct json_object *ifaces = interfaces_of(spec), *nets = networks_of(spec);
	bool changed = false;

	for (size_t i = vmn_json_len(ifaces); i-- > 0;) {
		struct json_object *iface = json_object_array_get_idx(ifaces, i);
		const char *name = vmn_json_str_or(iface, "/name", "");
		size_t net;

		if (!lab_iface_absent(iface) || lab_iface_of(status_ifaces, name) ||
		    lab_iface_of(vmi_ifaces, name))
			continue;
		if (vmn_json_find(nets, "name", name, &net))
			json_object_array_del_idx(nets, net, 1);
		json_object_array_del_idx(ifaces, i, 1);
		changed = true;
	}
	return changed;
}

static bool sync_interface(struct json_object *template_spec, struct json_object *spec,
			   struct json_object *wanted, bool has_ordinal_names)
{
	const char *name = vmn_json_str(wanted, "/name");
	struct json_object *have = lab_iface_of(interfaces_of(spec), name);
	struct json_object *net = lab_iface_of(networks_of(template_spec), name);

	if (!have) {
		bool is_pluggable =
			vmn_json_get(wanted, "/bridge") || vmn_json_get(wanted, "/sriov");

		if (!is_pluggable || lab_iface_absent(wanted) || !net)
			return false;
		add_pair_take(spec, vmn_json_copy(wanted), vmn_json_copy(net));
		return true;
	}
	if (lab_iface_absent(have) || (lab_iface_absent(wanted) && has_ordinal_names))
		return false;
	return lab_set_str(have, "state", vmn_json_str(wanted, "/state"));
}

/* A NAD that changed under an interface that stays. */
static bool sync_network(struct json_object *template_spec, struct json_object *have)
{
	struct json_object *want =
		lab_iface_of(networks_of(template_spec), vmn_json_str(have, "/name"));
	const char *nad = vmn_json_str(want, "/multus/networkName");

	if (!nad || !is_secondary(have))
		return false;
	return lab_set_str(vmn_json_get(have, "/multus"), "networkName", nad);
}

bool lab_sync_vmi_spec(struct json_object *template_spec, struct json_object *spec,
		       bool has_ordinal_names)
{
	bool changed = false;

	vmn_json_each(wanted, interfaces_of(template_spec))
		changed |= sync_interface(template_spec, spec, wanted, has_ordinal_names);
	vmn_json_each(have, networks_of(spec))
		changed |= sync_network(template_spec, have);
	return changed;
}

/* A copy without what may change live; equal copies need no restart. */
static struct json_object *normalized(struct json_object *obj)
{
	struct json_object *copy = vmn_json_copy(obj);
	struct json_object *multus = vmn_json_get(copy, "/multus");

	(void)lab_set(copy, "state", NULL);
	if (multus)
		(void)lab_set(multus, "networkName", NULL);
	return copy;
}

static bool differs(struct json_object *want, struct json_object *have)
{
	vmn_auto_json struct json_object *a = NULL, *b = NULL;

	if (json_object_equal(want, have))
		return false;
	a = normalized(want);
	b = normalized(have);
	return !json_object_equal(a, b);
}

bool lab_needs_restart(struct json_object *template_spec, struct json_object *spec)
{
	bool has_pod_net = false, wants_pod_net = false;

	vmn_json_each(have, interfaces_of(spec)) {
		struct json_object *want =
			lab_iface_of(interfaces_of(template_spec), vmn_json_str(have, "/name"));

		if (want && differs(want, have))
			return true;
	}
	vmn_json_each(have, networks_of(spec)) {
		struct json_object *want =
			lab_iface_of(networks_of(template_spec), vmn_json_str(have, "/name"));

		/* measured on v1.9.0: a secondary one may vanish, the pod's may not */
		if (want ? differs(want, have) : lab_network_is_default(have))
			return vmn_json_len(interfaces_of(template_spec)) > 0;
		has_pod_net |= vmn_json_get(have, "/pod") != NULL;
	}
	vmn_json_each(want, networks_of(template_spec))
		wants_pod_net |= vmn_json_get(want, "/pod") != NULL;
	return wants_pod_net && !has_pod_net;
}

bool lab_has_ordinal_names(struct json_object *spec, struct json_object *status_ifaces)
{
	bool has_any = false;

	vmn_json_each(net, networks_of(spec)) {
		struct json_object *status =
			lab_iface_of(status_ifaces, vmn_json_str(net, "/name"));
		const char *nic = vmn_json_str(status, "/podInterfaceName");

		if (!is_secondary(net))
			continue;
		if (nic)
			return vmn_is_ordinal_ifname(nic);
		has_any = true;
	}
	return has_any;
}

/* --- the pod's annotation ------------------------------------------------------------- */

/* {"name", "namespace", "mac"?, "interface"}; "NS/NAD" splits at its first slash */
static struct json_object *selection(struct json_object *vmi, struct json_object *iface,
				     struct json_object *net, const char *pod_nic)
{
	const char *nad = vmn_json_str_or(net, "/multus/networkName", "");
	const char *slash = strchr(nad, '/');
	const char *mac = vmn_json_str(iface, "/macAddress");
	vmn_auto_free char *ns =
		slash ? vmn_xstrndup(nad, (size_t)(slash - nad)) : vmn_xstrdup(lab_obj_ns(vmi));
	struct json_object *entry =
		vmn_json_build("{\"name\":%s,\"namespace\":%s}", slash ? slash + 1 : nad, ns);

	if (mac)
		vmn_json_set_str(entry, "mac", mac);
	vmn_json_set_str(entry, "interface", pod_nic);
	return entry;
}

struct json_object *lab_networks_annotation(struct json_object *vmi, enum vmn_naming naming,
					    bool is_new_pod)
{
	struct json_object *list = json_object_new_array();
	struct json_object *ifaces = vmn_json_array(vmi, LAB_PTR_INTERFACES);
	struct json_object *status = vmn_json_array(vmi, "/status/interfaces");
	unsigned position = 0;

	vmn_json_each(net, vmn_json_array(vmi, LAB_PTR_NETWORKS)) {
		const char *name = vmn_json_str_or(net, "/name", "");
		struct json_object *iface = lab_iface_of(ifaces, name);
		struct vmn_ifnames names;

		if (!is_secondary(net))
			continue;
		position++;
		/* a pod of the old naming never loses an interface */
		if (!iface || (lab_iface_absent(iface) && naming != VMN_NAMING_ORDINAL))
			continue;
		if (vmn_json_get(iface, "/sriov") && !is_new_pod &&
		    !lab_has_token(lab_iface_of(status, name), "multus-status"))
			continue;
		if (naming == VMN_NAMING_ORDINAL)
			vmn_ifnames_ordinal(position, &names);
		else
			vmn_ifnames_hashed(name, &names);
		vmn_json_append_take(list, selection(vmi, iface, net, names.pod));
	}
	return list;
}

bool lab_annotation_due(struct json_object *vmi, enum vmn_naming naming)
{
	struct json_object *ifaces = vmn_json_array(vmi, LAB_PTR_INTERFACES);
	struct json_object *status = vmn_json_array(vmi, "/status/interfaces");

	vmn_json_each(iface, ifaces)
		if (lab_iface_absent(iface) && naming != VMN_NAMING_ORDINAL)
			return true;
	vmn_json_each(net, vmn_json_array(vmi, LAB_PTR_NETWORKS)) {
		const char *name = vmn_json_str_or(net, "/name", "");

		if (is_secondary(net) && !lab_iface_absent(lab_iface_of(ifaces, name)) &&
		    !lab_iface_of(status, name))
			return true;
	}
	return false;
}

/* --- migration ------------------------------------------------------------------------ */

static bool has_private_disk(struct json_object *vmi)
{
	vmn_json_each(volume, vmn_json_array(vmi, "/spec/volumes"))
		if (vmn_json_get(volume, "/hostDisk") &&
		    !vmn_json_bool(volume, "/hostDisk/shared", false))
			return true;
	return false;
}

/* Sources: virt-handler/vm.go checkNetworkInterfacesForMigration()@v1.0.0,
 * network/vmispec/interface.go VerifyVMIMigratable()@v1.9.0-rc.2 */
static bool is_network_migratable(struct json_object *vmi)
{
	vmn_json_each(net, vmn_json_array(vmi, LAB_PTR_NETWORKS)) {
		struct json_object *iface = lab_iface_of(vmn_json_array(vmi, LAB_PTR_INTERFACES),
							 vmn_json_str(net, "/name"));

		if (!vmn_json_get(net, "/pod") || vmn_json_get(iface, "/masquerade") ||
		    vmn_json_get(iface, "/passtBinding"))
			continue;
		if (vmn_json_get(iface, "/bridge") &&
		    lab_map_get(vmi, "annotations", LAB_BRIDGE_MIGRATION_ANNOTATION))
			continue;
		return false;
	}
	return true;
}

struct lab_migratable lab_migratable(struct json_object *vmi, enum lab_dialect dialect)
{
	if (!is_network_migratable(vmi))
		return (struct lab_migratable){
			"InterfaceNotLiveMigratable",
			dialect == LAB_KUBEVIRT_1_9
				? "cannot migrate VMI which does not use masquerade or a migratable "
				  "plugin to connect to the pod network"
				: "cannot migrate VMI which does not use masquerade to connect to the pod "
				  "network or bridge with " LAB_BRIDGE_MIGRATION_ANNOTATION
				  " VM annotation"};
	if (has_private_disk(vmi))
		return (struct lab_migratable){"DisksNotLiveMigratable",
					       "cannot migrate VMI with non-shared HostDisk"};
	return (struct lab_migratable){NULL, NULL};
}

/* The pod's network-status names NADs as "NS/NAD", or "NAD" alone. */
static bool is_same_nad(struct json_object *vmi, const char *in_spec, const char *in_status)
{
	vmn_auto_free char *full = strchr(in_spec, '/')
					   ? vmn_xstrdup(in_spec)
					   : vmn_xasprintf("%s/%s", lab_obj_ns(vmi), in_spec);

	return !strcmp(full, in_status) || !strcmp(in_spec, in_status);
}

static enum lab_migration_need need_of(struct json_object *vmi, struct json_object *net,
				       struct json_object *network_status)
{
	const char *name = vmn_json_str_or(net, "/name", "");
	struct json_object *iface = lab_iface_of(vmn_json_array(vmi, LAB_PTR_INTERFACES), name);
	struct json_object *status = lab_iface_of(vmn_json_array(vmi, "/status/interfaces"), name);
	struct json_object *delivered;

	if (!is_secondary(net) || !iface)
		return LAB_MIGRATION_NOT_NEEDED;
	if (lab_iface_absent(iface))
		return lab_has_token(status, "multus-status") && !lab_has_token(status, "domain")
			       ? LAB_MIGRATION_PENDING
			       : LAB_MIGRATION_NOT_NEEDED;
	if (!status)
		return vmn_json_get(iface, "/sriov") ? LAB_MIGRATION_IMMEDIATE
						     : LAB_MIGRATION_PENDING;
	delivered = vmn_json_find(network_status, "interface",
				  vmn_json_str_or(status, "/podInterfaceName", ""), NULL);
	if (delivered && !is_same_nad(vmi, vmn_json_str_or(net, "/multus/networkName", ""),
				      vmn_json_str_or(delivered, "/name", "")))
		return LAB_MIGRATION_IMMEDIATE;
	return LAB_MIGRATION_NOT_NEEDED;
}

enum lab_migration_need lab_migration_need(struct json_object *vmi,
					   struct json_object *network_status)
{
	enum lab_migration_need worst = LAB_MIGRATION_NOT_NEEDED;

	vmn_json_each(net, vmn_json_array(vmi, LAB_PTR_NETWORKS)) {
		enum lab_migration_need need = need_of(vmi, net, network_status);

		if (need > worst)
			worst = need;
	}
	return worst;
}
