/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/data/k8s.h"
#include "lib/virt/hotplug.h"
#include "lib/virt/ifname.h"
#include "lib/virt/migration.h"
#include "lib/virt/topology.h"
#include "lib/virt/vm.h"

#define ANNOTATION_NETWORKS "/metadata/annotations/k8s.v1.cni.cncf.io~1networks"
#define ANNOTATION_NETWORK_STATUS "/metadata/annotations/k8s.v1.cni.cncf.io~1network-status"
#define NAD_OPTION "/networkAttachmentDefinitionName"

/* All that is joined, with what is worked out once for all interfaces. */
struct join {
	const struct vmn_topology_facts *f;
	const char *ns;
	struct json_object *pod;	       /* the active launcher pod, or NULL */
	struct json_object *asked, *delivered; /* its two annotations, parsed; owned */
	enum vmn_naming naming;
};

/* One interface as the objects have it; absent parts are zero. */
struct seen {
	const char *name;
	bool in_template, in_vmi;
	struct vmn_nic wanted, accepted;
	struct json_object *status;
	struct vmn_ifnames links;
	struct vmn_hops hops;
	bool is_primary; /* the pod network, or its stand-in */
	bool is_leaving; /* an unplug is under way */
};

/* --- small helpers -------------------------------------------------------------------- */

static void set_str(struct json_object *obj, const char *key, const char *value)
{
	if (!vmn_is_empty(value))
		vmn_json_set_str(obj, key, value);
}

static const char *mac_of(const struct vmn_nic *nic)
{
	return vmn_json_str(nic->iface, "/macAddress");
}

/* One that nobody asked for differs from none. */
static bool mac_differs(const char *wanted, const char *found)
{
	return !vmn_is_empty(wanted) && !vmn_is_empty(found) && !vmn_mac_is_same(wanted, found);
}

/* --- pods ----------------------------------------------------------------------------- */

struct json_object *vmn_launcher_pod(struct json_object *pods, struct json_object *vmi)
{
	const char *uid = vmn_json_str(vmi, "/metadata/uid");
	const char *node = vmn_json_str(vmi, "/status/nodeName");
	struct json_object *found = NULL;

	vmn_json_each(pod, pods) {
		const char *phase = vmn_json_str_or(pod, "/status/phase", "");

		if (!uid ||
		    !vmn_streq(vmn_json_str(pod, "/metadata/labels/kubevirt.io~1created-by"), uid))
			continue;
		/* During a migration there are two; the guest is on the VMI's node. */
		if (!vmn_is_empty(node) && !vmn_streq(vmn_json_str(pod, "/spec/nodeName"), node))
			continue;
		if (strcmp(phase, "Running") == 0)
			return pod;
		if (strcmp(phase, "Succeeded") != 0 && strcmp(phase, "Failed") != 0)
			found = pod;
	}
	return found;
}

static struct json_object *report_pods(const struct join *j)
{
	struct json_object *rows = json_object_new_array();

	vmn_json_each(pod, j->f->pods) {
		struct json_object *row = json_object_new_object();

		set_str(row, "name", vmn_json_str(pod, "/metadata/name"));
		set_str(row, "node", vmn_json_str(pod, "/spec/nodeName"));
		set_str(row, "phase", vmn_json_str(pod, "/status/phase"));
		vmn_json_set_bool(row, "isActive", pod == j->pod);
		vmn_json_append_take(rows, row);
	}
	return rows;
}

/* --- names ---------------------------------------------------------------------------- */

static struct json_object *names_object(const struct vmn_ifnames *n)
{
	return vmn_json_build("{\"pod\":%s,\"bridge\":%s,\"tap\":%s,\"nic\":%s}", n->pod, n->bridge,
			      n->tap, n->nic);
}

/* Position of a secondary network among its kind, from 1; 0 when @spec has no such one */
static unsigned ordinal_position(struct json_object *spec, const char *name)
{
	unsigned position = 0;

	vmn_json_each(net, vmn_spec_nets(spec)) {
		if (!vmn_json_get(net, "/multus") || vmn_json_bool(net, "/multus/default", false))
			continue;
		position++;
		if (vmn_streq(vmn_json_str(net, "/name"), name))
			return position;
	}
	return 0;
}

static void report_names(const struct join *j, const struct seen *s, struct json_object *row)
{
	unsigned position = ordinal_position(vmn_json_get(j->f->vmi, "/spec"), s->name);
	struct vmn_ifnames other;

	vmn_json_set_take(row, "podInterfaceNames", names_object(&s->links));
	if (s->is_primary || !position)
		return;
	if (vmn_is_ordinal_ifname(s->links.pod))
		vmn_ifnames_hashed(s->name, &other);
	else
		vmn_ifnames_ordinal(position, &other);
	vmn_json_set_take(row, "otherPodInterfaceNames", names_object(&other));
}

/* --- hops ----------------------------------------------------------------------------- */

static void add_hop(struct json_object *row, const char *hop, const char *status,
		    const char *message)
{
	vmn_json_append_take(
		vmn_json_get(row, "/hops"),
		vmn_json_build("{\"hop\":%s,\"status\":%s,\"message\":%s}", hop, status, message));
}

/* "bridge to default/nad1, mac 02:..., state down"; caller frees */
static char *describe_nic(const struct join *j, const struct vmn_nic *nic)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);
	vmn_auto_free char *nad = nic->nad ? vmn_nad_qualify(nic->nad, j->ns) : NULL;

	vmn_buf_adds(&b, nic->binding ? nic->binding : "no binding");
	if (nic->net)
		vmn_buf_addf(&b, " to %s", nad ? nad : "the pod network");
	else
		vmn_buf_adds(&b, ", no network of that name");
	if (!vmn_is_empty(mac_of(nic)))
		vmn_buf_addf(&b, ", mac %s", mac_of(nic));
	if (!vmn_is_empty(nic->state))
		vmn_buf_addf(&b, ", state %s", nic->state);
	return vmn_xstrdup(vmn_buf_str(&b));
}

/* A VM that lists no interfaces gets one on the pod network from KubeVirt, in its VMI only. */
static bool is_implied(const struct join *j, const struct seen *s)
{
	return j->f->vm && s->is_primary &&
	       !vmn_json_len(vmn_spec_ifaces(vmn_json_get(j->f->vm, "/spec/template/spec")));
}

static void hop_template(const struct join *j, const struct seen *s, struct json_object *row)
{
	vmn_auto_free char *text = NULL;

	if (j->f->is_vm_hidden) {
		add_hop(row, "template", "unknown", "the VM may not be read");
	} else if (!j->f->vm) {
		add_hop(row, "template", "notApplicable", "there is no VM");
	} else if (is_implied(j, s)) {
		add_hop(row, "template", "ok", "it lists none, and KubeVirt adds the pod network");
	} else if (!s->in_template) {
		add_hop(row, "template", s->is_leaving ? "ok" : "missing",
			s->is_leaving ? "gone" : "not in the VM's template");
	} else {
		text = describe_nic(j, &s->wanted);
		add_hop(row, "template", s->is_leaving ? "leftover" : "ok", text);
	}
}

/*
 * KubeVirt 1.0 queues requests in the VM's status, and one that its webhook refuses blocks those
 * behind it. Return: the VM's options to "add" or "remove" the interface, borrowed; NULL: none
 */
static struct json_object *pending_request(struct json_object *vm, const char *name,
					   const char **ret_verb)
{
	static const char *const paths[][2] = {{"/addInterfaceOptions", "add"},
					       {"/removeInterfaceOptions", "remove"}};

	vmn_json_each(request, vmn_json_array(vm, "/status/interfaceRequests")) {
		for (size_t i = 0; i < VMN_ARRAY_LEN(paths); i++) {
			struct json_object *options = vmn_json_get(request, paths[i][0]);

			if (!vmn_streq(vmn_json_str(options, "/name"), name))
				continue;
			*ret_verb = paths[i][1];
			return options;
		}
	}
	return NULL;
}

/* The network of an interface: as wanted, as the VMI has it, or as asked for. */
static const char *nad_of(const struct join *j, const struct seen *s)
{
	const char *verb;

	if (s->in_template || s->in_vmi)
		return s->wanted.nad ? s->wanted.nad : s->accepted.nad;
	return vmn_json_str(pending_request(j->f->vm, s->name, &verb), NAD_OPTION);
}

static void hop_nad(const struct join *j, const struct seen *s, struct json_object *row)
{
	const char *nad = nad_of(j, s);
	vmn_auto_free char *full = nad ? vmn_nad_qualify(nad, j->ns) : NULL;
	vmn_auto_free char *text = NULL;
	struct json_object *there = NULL;

	if (!full) {
		add_hop(row, "nad", "notApplicable", "the pod network needs none");
		return;
	}
	if (j->f->nads)
		(void)json_object_object_get_ex(j->f->nads, full, &there);
	if (!there)
		text = vmn_xasprintf("%s may not be read", full);
	else
		text = vmn_xasprintf("%s%s", full,
				     json_object_get_boolean(there) ? "" : " does not exist");
	add_hop(row, "nad",
		!there				 ? "unknown"
		: json_object_get_boolean(there) ? "ok"
						 : "missing",
		text);
}

/* What the VMI's interface has otherwise than the template; caller frees; NULL: nothing */
static char *nic_difference(const struct join *j, const struct seen *s)
{
	const struct vmn_nic *want = &s->wanted, *have = &s->accepted;

	if (!vmn_streq(want->binding, have->binding))
		return vmn_xasprintf("binding %s, wanted %s",
				     have->binding ? have->binding : "none",
				     want->binding ? want->binding : "none");
	if (!vmn_nad_is_same(want->nad, have->nad, j->ns))
		return vmn_xasprintf("network %s, wanted %s", have->nad ? have->nad : "pod",
				     want->nad ? want->nad : "pod");
	if (mac_differs(mac_of(want), mac_of(have)))
		return vmn_xasprintf("mac %s, wanted %s", mac_of(have), mac_of(want));
	if (!vmn_streq(want->state, have->state))
		return vmn_xasprintf("state '%s', wanted '%s'", have->state, want->state);
	return NULL;
}

static void hop_vmi_spec(const struct join *j, const struct seen *s, struct json_object *row)
{
	vmn_auto_free char *text = s->in_vmi ? describe_nic(j, &s->accepted) : NULL;
	vmn_auto_free char *difference = NULL;

	if (j->f->is_vmi_hidden) {
		add_hop(row, "vmiSpec", "unknown", "the VMI may not be read");
	} else if (!j->f->vmi) {
		add_hop(row, "vmiSpec", "notApplicable", "the VM does not run");
	} else if (!s->in_vmi) {
		add_hop(row, "vmiSpec", s->is_leaving ? "ok" : "missing",
			s->is_leaving ? "gone" : "virt-controller has not taken it over");
	} else if (s->is_leaving) {
		add_hop(row, "vmiSpec", "leftover", text);
	} else if (j->f->vm && !s->in_template && !is_implied(j, s)) {
		add_hop(row, "vmiSpec", "leftover",
			"not in the template: it stays until a restart");
	} else {
		difference = s->in_template ? nic_difference(j, s) : NULL;
		add_hop(row, "vmiSpec", difference ? "different" : "ok",
			difference ? difference : text);
	}
}

/* Reasons that apply to both annotations of the pod; Return: true when the hop is told */
static bool hop_pod_told(const struct join *j, const struct seen *s, const char *hop,
			 struct json_object *row)
{
	if (j->f->is_vmi_hidden || (j->f->vmi && !j->f->pods))
		add_hop(row, hop, "unknown", "the pod may not be read");
	else if (!j->f->vmi)
		add_hop(row, hop, "notApplicable", "the VM does not run");
	else if (!j->pod)
		add_hop(row, hop, s->is_leaving ? "ok" : "missing", "no launcher pod runs");
	else
		return false;
	return true;
}

/* An entry of one of the two annotations against what the VMI says. */
static void hop_entry(const struct join *j, const struct seen *s, const char *hop,
		      struct json_object *entry, const char *nad, struct json_object *row)
{
	const char *mac = vmn_json_str(entry, "/mac");
	vmn_auto_free char *text = NULL;

	if (s->is_leaving) {
		add_hop(row, hop, entry ? "leftover" : "ok", entry ? s->links.pod : "gone");
		return;
	}
	if (!entry) {
		text = vmn_xasprintf("no entry for %s", s->links.pod);
		add_hop(row, hop, "missing", text);
		return;
	}
	if (s->accepted.nad && !vmn_nad_is_same(nad, s->accepted.nad, j->ns)) {
		text = vmn_xasprintf("%s is %s", s->links.pod, nad ? nad : "another network");
		add_hop(row, hop, "different", text);
		return;
	}
	/* Nobody asks the pod network for the guest's MAC address: its pod link has one of its own.
	 */
	if (!s->is_primary && mac_differs(mac_of(&s->accepted), mac)) {
		text = vmn_xasprintf("%s has mac %s", s->links.pod, mac);
		add_hop(row, hop, "different", text);
		return;
	}
	text = vmn_xasprintf("%s%s%s", s->links.pod, mac ? ", mac " : "", mac ? mac : "");
	add_hop(row, hop, "ok", text);
}

static void hop_pod_annotation(const struct join *j, const struct seen *s, struct json_object *row)
{
	struct json_object *entry = vmn_json_find(j->asked, "interface", s->links.pod, NULL);
	const char *ns = vmn_json_str_or(entry, "/namespace", j->ns);
	vmn_auto_free char *nad = vmn_xasprintf("%s/%s", ns, vmn_json_str_or(entry, "/name", ""));

	if (s->is_primary)
		add_hop(row, "podAnnotation", "notApplicable", "the pod network is not asked for");
	else if (!hop_pod_told(j, s, "podAnnotation", row))
		hop_entry(j, s, "podAnnotation", entry, nad, row);
}

static void hop_network_status(const struct join *j, const struct seen *s, struct json_object *row)
{
	struct json_object *entry = vmn_json_find(j->delivered, "interface", s->links.pod, NULL);

	if (hop_pod_told(j, s, "networkStatus", row))
		return;
	if (s->is_primary && !j->delivered)
		add_hop(row, "networkStatus", "notApplicable",
			"the pod has no network-status: no Multus");
	else
		hop_entry(j, s, "networkStatus", entry, vmn_json_str(entry, "/name"), row);
}

/* What is wrong with the status entry; caller frees; NULL: nothing */
static char *status_difference(const struct seen *s)
{
	const char *mac = vmn_json_str(s->status, "/mac");
	const char *info = vmn_json_str_or(s->status, "/infoSource", "");
	const char *state = s->accepted.state;

	if (!s->hops.in_domain)
		return vmn_xasprintf("not in the guest (infoSource '%s')", info);
	if (!s->is_primary && !s->hops.in_multus)
		return vmn_xasprintf("the pod's link is not seen (infoSource '%s')", info);
	if (mac_differs(mac_of(&s->accepted), mac))
		return vmn_xasprintf("mac %s, wanted %s", mac, mac_of(&s->accepted));
	if (s->hops.link_state && (vmn_streq(state, "up") || vmn_streq(state, "down")) &&
	    !vmn_streq(state, s->hops.link_state))
		return vmn_xasprintf("link is %s, wanted %s", s->hops.link_state, state);
	return NULL;
}

static void hop_vmi_status(const struct join *j, const struct seen *s, struct json_object *row)
{
	vmn_auto_free char *difference = s->status ? status_difference(s) : NULL;
	const char *info = vmn_json_str_or(s->status, "/infoSource", "no infoSource");

	if (j->f->is_vmi_hidden)
		add_hop(row, "vmiStatus", "unknown", "the VMI may not be read");
	else if (!j->f->vmi)
		add_hop(row, "vmiStatus", "notApplicable", "the VM does not run");
	else if (s->is_leaving)
		add_hop(row, "vmiStatus", s->status ? "leftover" : "ok", s->status ? info : "gone");
	else if (!s->status)
		add_hop(row, "vmiStatus", "missing", "the VMI's status does not have it");
	else
		add_hop(row, "vmiStatus", difference ? "different" : "ok",
			difference ? difference : info);
}

const char *vmn_topology_hop(struct json_object *interface, const char *hop)
{
	return vmn_json_str(vmn_json_find(vmn_json_array(interface, "/hops"), "hop", hop, NULL),
			    "/status");
}

/* --- one interface -------------------------------------------------------------------- */

static void look(const struct join *j, const char *name, struct seen *s)
{
	const struct vmn_topology_facts *f = j->f;

	*s = (struct seen){.name = name};
	s->in_template = vmn_nic_find(vmn_json_get(f->vm, "/spec/template/spec"), name, &s->wanted);
	s->in_vmi = vmn_nic_find(vmn_json_get(f->vmi, "/spec"), name, &s->accepted);
	s->status = vmn_json_find(vmn_json_array(f->vmi, "/status/interfaces"), "name", name, NULL);
	s->is_primary = s->in_vmi ? s->accepted.is_default : s->wanted.is_default;
	/* KubeVirt 1.0 leaves a removed interface in both specs, absent for ever. */
	s->is_leaving = vmn_streq(s->wanted.state, "absent") ||
			(vmn_streq(s->accepted.state, "absent") && !s->in_template) ||
			(!s->in_template && !s->in_vmi && s->status);
	vmn_hops_look(f->vm, f->vmi, j->pod, name, &s->hops);
	if (!vmn_ifnames_of(f->vmi, j->naming, name, &s->links)) {
		if (s->is_primary)
			vmn_ifnames_primary("eth0", &s->links);
		else
			vmn_ifnames_hashed(name, &s->links);
	}
}

static void report_step(const struct join *j, const struct seen *s, struct json_object *row)
{
	int step = s->is_leaving ? vmn_unplug_step(&s->hops) : vmn_plug_step(&s->hops);
	int done = s->is_leaving ? 4 : 5;
	vmn_auto_free char *text = vmn_xasprintf("%c%d", s->is_leaving ? 'U' : 'P', step);

	if (!j->f->vmi || s->is_primary)
		return;
	vmn_json_set_str(row, "operation", s->is_leaving ? "unplug" : "plug");
	vmn_json_set_str(row, "step", text);
	vmn_json_set_str(row, "stepText",
			 s->is_leaving ? vmn_unplug_step_text(step) : vmn_plug_step_text(step));
	if (step < done)
		vmn_json_set_str(row, "stuckText",
				 s->is_leaving ? vmn_unplug_stuck_text(&s->hops)
					       : vmn_plug_stuck_text(&s->hops));
}

static void report_guest_side(struct json_object *status, struct json_object *row)
{
	struct json_object *ips = vmn_json_array(status, "/ipAddresses");
	const char *ip = vmn_json_str(status, "/ipAddress");

	set_str(row, "macAddress", vmn_json_str(status, "/mac"));
	if (vmn_json_len(ips))
		vmn_json_set_take(row, "ipAddresses", vmn_json_copy(ips));
	else if (!vmn_is_empty(ip))
		vmn_json_set_take(row, "ipAddresses", vmn_json_build("[%s]", ip));
	set_str(row, "linkState", vmn_json_str(status, "/linkState"));
	set_str(row, "guestInterfaceName", vmn_json_str(status, "/interfaceName"));
}

static struct json_object *report_interface(const struct join *j, const char *name)
{
	struct json_object *row = json_object_new_object();
	const char *nad, *request = NULL;
	const struct vmn_nic *nic;
	struct seen s;

	look(j, name, &s);
	nic = s.in_template ? &s.wanted : &s.accepted;
	(void)pending_request(j->f->vm, name, &request);
	vmn_json_set_str(row, "name", name);
	set_str(row, "binding", nic->binding);
	nad = nic->nad ? nic->nad : nic->net ? NULL : nad_of(j, &s);
	if (nad) {
		vmn_auto_free char *full = vmn_nad_qualify(nad, j->ns);

		vmn_json_set_str(row, "network", full);
	} else if (nic->net) {
		vmn_json_set_str(row, "network", "pod");
	}
	set_str(row, "pendingRequest", request);
	report_step(j, &s, row);
	report_guest_side(s.status, row);
	if (!vmn_json_str(row, "/macAddress"))
		set_str(row, "macAddress", mac_of(nic));
	report_names(j, &s, row);
	vmn_json_set_take(row, "hops", json_object_new_array());
	hop_template(j, &s, row);
	hop_nad(j, &s, row);
	hop_vmi_spec(j, &s, row);
	hop_pod_annotation(j, &s, row);
	hop_network_status(j, &s, row);
	hop_vmi_status(j, &s, row);
	return row;
}

/* --- the whole ------------------------------------------------------------------------ */

static void add_names(struct json_object *list, const char *path, struct vmn_strlist *names)
{
	vmn_json_each(item, list) {
		const char *name = vmn_json_str(item, path);

		if (!vmn_is_empty(name) && !vmn_strlist_has(names, name))
			vmn_strlist_add(names, name);
	}
}

static struct json_object *report_interfaces(const struct join *j)
{
	struct json_object *rows = json_object_new_array();
	vmn_auto_strlist struct vmn_strlist names = {0};

	struct json_object *requests = vmn_json_array(j->f->vm, "/status/interfaceRequests");

	add_names(vmn_spec_ifaces(vmn_json_get(j->f->vm, "/spec/template/spec")), "/name", &names);
	add_names(vmn_spec_ifaces(vmn_json_get(j->f->vmi, "/spec")), "/name", &names);
	add_names(vmn_json_array(j->f->vmi, "/status/interfaces"), "/name", &names);
	add_names(requests, "/addInterfaceOptions/name", &names);
	for (size_t i = 0; i < names.n; i++)
		vmn_json_append_take(rows, report_interface(j, names.v[i]));
	/* What the guest made itself has no name in the API. */
	vmn_json_each(status, vmn_json_array(j->f->vmi, "/status/interfaces")) {
		struct json_object *row;

		if (!vmn_is_empty(vmn_json_str(status, "/name")))
			continue;
		row = json_object_new_object();
		report_guest_side(status, row);
		vmn_json_append_take(rows, row);
	}
	return rows;
}

static void add_nad(const char *nad, const char *ns, struct vmn_strlist *ret)
{
	vmn_auto_free char *full = nad ? vmn_nad_qualify(nad, ns) : NULL;

	if (full && !vmn_strlist_has(ret, full))
		vmn_strlist_add(ret, full);
}

static void add_nads(struct json_object *spec, const char *ns, struct vmn_strlist *ret)
{
	vmn_json_each(net, vmn_spec_nets(spec))
		add_nad(vmn_json_str(net, "/multus/networkName"), ns, ret);
}

void vmn_topology_nads(struct json_object *vm, struct json_object *vmi, struct vmn_strlist *ret)
{
	const char *ns = vmn_json_str_or(vm ? vm : vmi, "/metadata/namespace", "");

	add_nads(vmn_json_get(vm, "/spec/template/spec"), ns, ret);
	add_nads(vmn_json_get(vmi, "/spec"), ns, ret);
	vmn_json_each(request, vmn_json_array(vm, "/status/interfaceRequests"))
		add_nad(vmn_json_str(request, "/addInterfaceOptions" NAD_OPTION), ns, ret);
}

static const char *naming_text(enum vmn_naming naming)
{
	if (naming == VMN_NAMING_UNKNOWN)
		return "unknown";
	return naming == VMN_NAMING_ORDINAL ? "ordinal" : "hashed";
}

static void report_live_migratable(struct json_object *vmi, struct json_object *report)
{
	struct json_object *cond = vmn_condition(vmi, "LiveMigratable");
	struct json_object *row;

	if (!cond)
		return;
	row = json_object_new_object();
	set_str(row, "status", vmn_json_str(cond, "/status"));
	set_str(row, "reason", vmn_json_str(cond, "/reason"));
	set_str(row, "message", vmn_json_str(cond, "/message"));
	vmn_json_set_take(report, "liveMigratable", row);
}

static void report_head(const struct vmn_topology_facts *f, struct json_object *report)
{
	struct vmn_vm vm;
	struct json_object *any = f->vm ? f->vm : f->vmi;
	const char *status = vmn_json_str(f->vm, "/status/printableStatus");

	vmn_json_set_str(report, "kind", f->vm ? "VirtualMachine" : "VirtualMachineInstance");
	set_str(report, "namespace", vmn_json_str(any, "/metadata/namespace"));
	set_str(report, "name", vmn_json_str(any, "/metadata/name"));
	set_str(report, "status", status ? status : vmn_json_str(f->vmi, "/status/phase"));
	set_str(report, "phase", vmn_json_str(f->vmi, "/status/phase"));
	set_str(report, "node", vmn_json_str(f->vmi, "/status/nodeName"));
	vmn_vm_read(f->vm, &vm);
	set_str(report, "plugError", vm.plug_error);
}

struct json_object *vmn_topology_report(const struct vmn_topology_facts *f)
{
	struct json_object *report = json_object_new_object();
	struct json_object *pod = vmn_launcher_pod(f->pods, f->vmi);
	vmn_auto_json struct json_object *asked =
		vmn_json_parse_text(vmn_json_str(pod, ANNOTATION_NETWORKS));
	vmn_auto_json struct json_object *delivered =
		vmn_json_parse_text(vmn_json_str(pod, ANNOTATION_NETWORK_STATUS));
	const struct join j = {
		.f = f,
		.ns = vmn_json_str_or(f->vm ? f->vm : f->vmi, "/metadata/namespace", ""),
		.pod = pod,
		.asked = asked,
		.delivered = delivered,
		.naming = vmn_naming_decide(f->vmi, delivered),
	};
	struct json_object *migration;

	report_head(f, report);
	if (f->vmi) {
		vmn_json_set_str(report, "podNaming", naming_text(j.naming));
		if (f->pods)
			vmn_json_set_take(report, "pods", report_pods(&j));
		report_live_migratable(f->vmi, report);
	}
	vmn_json_set_take(report, "interfaces", report_interfaces(&j));
	migration = vmn_migration_latest(f->migrations, vmn_json_str(report, "/name"));
	if (migration)
		vmn_json_set_take(report, "migration",
				  vmn_migration_report(migration, f->vmi, NULL));
	return report;
}
