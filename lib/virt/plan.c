/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/data/k8s.h"
#include "lib/kube/client.h"
#include "lib/kube/path.h"
#include "lib/virt/ifname.h"
#include "lib/virt/nicpatch.h"
#include "lib/virt/plan.h"
#include "lib/virt/vm.h"

static const struct vmn_gvr gvr_sub_vm = {"subresources.kubevirt.io", "v1", "virtualmachines"};
static const struct vmn_gvr gvr_sub_vmi = {"subresources.kubevirt.io", "v1",
					   "virtualmachineinstances"};

/* Everything the rules below look at. */
struct scene {
	const struct vmn_plan_input *in;
	const struct vmn_wish *w;
	struct vmn_vm vm;
	struct vmn_vmi vmi;
	struct vmn_nic want, has; /* in the template, in the VMI's spec */
	bool in_template, in_vmi;
	bool is_live;	   /* there is a running VM to reach */
	bool follows_spec; /* a running VM follows its template */
};

void vmn_plan_clear(struct vmn_plan *p)
{
	free(p->path);
	vmn_json_put_p(&p->body);
	vmn_strlist_clear(&p->warnings);
	*p = VMN_PLAN_INIT;
}

static void warn(struct vmn_plan *p, const char *fmt, ...) VMN_PRINTF(2, 3);

static void warn(struct vmn_plan *p, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	vmn_strlist_add(&p->warnings, text);
	free(text);
}

/* --- the wish by itself --------------------------------------------------------------- */

static bool nad_is_valid(const char *nad)
{
	const char *slash = strchr(nad, '/');
	vmn_auto_free char *ns = slash ? vmn_xstrndup(nad, (size_t)(slash - nad)) : NULL;

	return (!ns || vmn_is_dns1123_label(ns)) &&
	       vmn_is_dns1123_subdomain(slash ? slash + 1 : nad);
}

static int check_mac(const char *mac, struct vmn_err *err)
{
	if (!vmn_is_mac(mac))
		return vmn_err_set(err, VMN_E_INVALID, "'%s' is not a MAC address", mac);
	if (strchr("13579bdfBDF", mac[1]))
		return vmn_err_set(err, VMN_E_INVALID, "MAC address '%s' is a multicast address",
				   mac);
	return 0;
}

static bool is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(*words, s) == 0)
			return true;
	return false;
}

int vmn_wish_check(const struct vmn_wish *w, struct vmn_err *err)
{
	static const char *const bindings[] = {"bridge", "masquerade", "sriov", "managedTap", NULL};
	static const char *const states[] = {"up", "down", NULL};

	if (!vmn_iface_name_is_valid(w->iface)) {
		vmn_err_set(err, VMN_E_INVALID, "'%s' is not an interface name", w->iface);
		return vmn_err_hint(err, "use letters, digits, '-' and '_'");
	}
	if (w->nad && !nad_is_valid(w->nad)) {
		vmn_err_set(err, VMN_E_INVALID,
			    "'%s' is not the name of a network attachment definition", w->nad);
		return vmn_err_hint(err, "write NAME or NAMESPACE/NAME");
	}
	if (w->binding && !is_one_of(w->binding, bindings))
		return vmn_err_set(err, VMN_E_INVALID,
				   "binding '%s' is none of bridge, masquerade, sriov, managedTap",
				   w->binding);
	if (w->state && !is_one_of(w->state, states))
		return vmn_err_set(err, VMN_E_INVALID, "state '%s' is neither up nor down",
				   w->state);
	if (vmn_streq(w->binding, "masquerade")) {
		vmn_err_set(err, VMN_E_INVALID, "masquerade works on the pod network only");
		return vmn_err_hint(err, "leave out --binding, or give bridge or sriov");
	}
	if (w->binding_plugin && !vmn_is_dns1123_subdomain(w->binding_plugin))
		return vmn_err_set(err, VMN_E_INVALID, "'%s' is not the name of a binding plugin",
				   w->binding_plugin);
	if (w->mac && check_mac(w->mac, err) < 0)
		return -err->code;
	if (vmn_streq(w->binding, "sriov") && w->state)
		return vmn_err_set(err, VMN_E_INVALID,
				   "an SR-IOV interface has no link state to set");
	return 0;
}

/* --- making the request --------------------------------------------------------------- */

static int send_put(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	bool is_add = s->w->verb == VMN_PLUG_ADD;

	if (s->w->server_dry_run) {
		vmn_err_set(err, VMN_E_UNSUPPORTED, "the server's %s subresource has no dry run",
			    is_add ? "addinterface" : "removeinterface");
		return vmn_err_hint(err, "--dry-run=client prints the request");
	}
	p->method = "PUT";
	p->content_type = VMN_MIME_JSON;
	p->path =
		vmn_kube_path(p->dialect == VMN_DIALECT_VMI ? &gvr_sub_vmi : &gvr_sub_vm, s->in->ns,
			      s->in->name, is_add ? "addinterface" : "removeinterface");
	p->body = is_add ? vmn_json_build("{\"networkAttachmentDefinitionName\":%s,\"name\":%s}",
					  s->w->nad, s->w->iface)
			 : vmn_json_build("{\"name\":%s}", s->w->iface);
	return 0;
}

static int send_patch(const struct scene *s, struct vmn_plan *p, struct json_object *patch)
{
	p->dialect = VMN_DIALECT_SPEC;
	p->method = "PATCH";
	p->content_type = VMN_MIME_JSON_PATCH;
	p->path = vmn_kube_path(&vmn_gvr_vm, s->in->ns, s->in->name, NULL);
	if (s->w->server_dry_run)
		vmn_kube_path_query(&p->path, "dryRun", "All");
	p->body = patch;
	return 0;
}

static int nothing(struct vmn_plan *p, const char *note)
{
	p->note = note;
	return 0;
}

/* A request that makes room for the PUT, which follows from the next plan. */
static int prepare(const struct scene *s, struct vmn_plan *p, struct json_object *patch,
		   struct vmn_err *err)
{
	if (s->w->server_dry_run) {
		json_object_put(patch);
		return send_put(s, p, err);
	}
	p->is_preparation = true;
	return send_patch(s, p, patch);
}

/* --- rules for all verbs -------------------------------------------------------------- */

static void scene_read(const struct vmn_plan_input *in, const struct vmn_wish *w, struct scene *s)
{
	*s = (struct scene){.in = in, .w = w};
	vmn_vm_read(in->vm, &s->vm);
	vmn_vmi_read(in->vmi, &s->vmi);
	s->is_live = s->vmi.is_live || (in->is_vmi_hidden && (s->vm.has_vmi || in->is_vm_hidden));
	s->in_template = vmn_nic_find(s->vm.spec, w->iface, &s->want);
	s->in_vmi = s->vmi.is_live && vmn_nic_find(s->vmi.spec, w->iface, &s->has);
	s->follows_spec = vmn_dialects_follow_spec(in->dialects);
}

static bool is_absent(const struct vmn_nic *nic)
{
	return vmn_streq(nic->state, "absent");
}

static int check_vm(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	if (s->vm.is_deleting)
		return vmn_err_set(err, VMN_E_CONFLICT, "the VM is being deleted");
	if (s->in->vm || (s->in->is_vm_hidden && p->dialect != VMN_DIALECT_SPEC))
		return 0;
	if (s->in->is_vm_hidden) {
		vmn_err_set(err, VMN_E_FORBIDDEN, "the VM may not be read");
		return vmn_err_hint(err, "a guarded change needs the right to get virtualmachines");
	}
	if (p->dialect == VMN_DIALECT_VMI)
		return 0;
	vmn_err_set(err, VMN_E_UNSUPPORTED, "there is a VMI of this name, but no VM owns it");
	return vmn_err_hint(err, "this server changes interfaces through the VM only");
}

static int check_nad(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	vmn_auto_free char *full = s->w->nad ? vmn_nad_qualify(s->w->nad, s->in->ns) : NULL;

	if (s->in->nad == VMN_NAD_MISSING) {
		vmn_err_set(err, VMN_E_NOT_FOUND,
			    "network attachment definition '%s' does not exist", full);
		return vmn_err_hint(err, "create it, or name another one as NAMESPACE/NAME");
	}
	if (s->in->nad == VMN_NAD_UNREADABLE)
		warn(p, "cannot read network attachment definition '%s', nobody else checks it",
		     full);
	if (s->in->nad == VMN_NAD_NO_KIND)
		warn(p,
		     "the server has no network attachment definitions, so nobody checks '%s': is "
		     "Multus installed?",
		     full);
	return 0;
}

/* Our name's entry in the queue of requests that KubeVirt 1.0 keeps in the VM's status, or NULL. */
static struct json_object *queued(const struct scene *s, const char *kind, size_t *ret_index)
{
	vmn_json_each(entry, s->vm.requests) {
		struct json_object *options = vmn_json_get(entry, kind);

		if (!vmn_streq(vmn_json_str(options, "/name"), s->w->iface))
			continue;
		if (ret_index)
			*ret_index = entry_i;
		return options;
	}
	return NULL;
}

/* The entry that blocks a queue: one with a name that no VM can have, else the first. */
static size_t blocking_entry(const struct scene *s)
{
	vmn_json_each(entry, s->vm.requests) {
		const char *name = vmn_json_str(entry, "/addInterfaceOptions/name");

		if (name && !vmn_iface_name_is_valid(name))
			return entry_i;
	}
	return 0;
}

static int hint_dequeue(const struct scene *s, size_t index, struct vmn_err *err)
{
	return vmn_err_hint(err,
			    "kubectl patch vm %s -n %s --subresource=status --type=json -p "
			    "'[{\"op\":\"remove\",\"path\":\"/status/interfaceRequests/%zu\"}]'",
			    s->in->name, s->in->ns, index);
}

static int check_queue(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	bool is_add = s->w->verb == VMN_PLUG_ADD;
	size_t index = 0;

	if (s->vm.plug_error && vmn_json_len(s->vm.requests)) {
		vmn_err_set(err, VMN_E_CONFLICT,
			    "the VM's queue of interface requests is blocked: %s",
			    s->vm.plug_error);
		return hint_dequeue(s, blocking_entry(s), err);
	}
	if (!queued(s, is_add ? "/removeInterfaceOptions" : "/addInterfaceOptions", &index))
		return 0;
	/* The server would answer 202 and drop the request. */
	if (is_add && s->in->vm && !s->in_template) {
		vmn_err_set(
			err, VMN_E_CONFLICT,
			"the VM's queue holds a request to remove an interface of that name, "
			"which it does not have: the request stays until somebody takes it out");
		return hint_dequeue(s, index, err);
	}
	p->is_transient = true;
	vmn_err_set(err, VMN_E_CONFLICT, "the VM has a request to %s it under way",
		    is_add ? "remove" : "add");
	return vmn_err_hint(err, "try again when it is done");
}

/* --- add ------------------------------------------------------------------------------ */

static const char *wished_binding(const struct vmn_wish *w)
{
	if (w->binding_plugin)
		return w->binding_plugin;
	if (!w->binding)
		return "bridge";
	return strcmp(w->binding, "managedTap") == 0 ? "managedtap" : w->binding;
}

static int name_taken(const struct scene *s, const struct vmn_nic *nic, struct vmn_err *err)
{
	if (nic->is_default || !nic->nad)
		vmn_err_set(err, VMN_E_EXISTS, "the VM's default interface has that name");
	else
		vmn_err_set(err, VMN_E_EXISTS,
			    "the VM has an interface of that name on network '%s'", nic->nad);
	if (nic->nad && !nic->is_default && s->follows_spec)
		return vmn_err_hint(err,
				    "choose another name, or move the interface with "
				    "vmnetctl updateinterface %s --name %s "
				    "--network-attachment-definition-name %s",
				    s->in->name, s->w->iface, s->w->nad);
	return vmn_err_hint(err, "choose another name");
}

/* An interface of that name is there and stays: is it the wished one? */
static int check_same(const struct scene *s, const struct vmn_nic *nic, struct vmn_err *err)
{
	const char *mac = vmn_json_str(nic->iface, "/macAddress");
	const char *differs = NULL;

	if (!vmn_nad_is_same(nic->nad, s->w->nad, s->in->ns))
		return name_taken(s, nic, err);
	if ((s->w->binding || s->w->binding_plugin) &&
	    !vmn_streq(nic->binding, wished_binding(s->w)))
		differs = "another binding";
	else if (s->w->mac && (!mac || !vmn_mac_is_same(mac, s->w->mac)))
		differs = "another MAC address";
	else if (s->w->model && !vmn_streq(vmn_json_str(nic->iface, "/model"), s->w->model))
		differs = "another model";
	else if (s->w->state && strcmp(*nic->state ? nic->state : "up", s->w->state) != 0)
		differs = "another link state";
	if (!differs)
		return 0;
	vmn_err_set(err, VMN_E_EXISTS, "the VM has an interface of that name with %s", differs);
	return vmn_err_hint(err, s->w->state ? "see vmnetctl updateinterface"
					     : "remove it first, or choose another name");
}

static int leftover(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	if (s->follows_spec) {
		vmn_err_set(err, VMN_E_CONFLICT, "an interface of that name is being removed");
		return vmn_err_hint(err,
				    "wait for it with vmnetctl removeinterface %s --name %s --wait",
				    s->in->name, s->w->iface);
	}
	(void)p;
	vmn_err_set(err, VMN_E_CONFLICT,
		    "a removed interface of that name stays in the running VM, and this server "
		    "cannot plug the name again");
	return vmn_err_hint(err, "choose another name, or restart the VM");
}

/* What a PUT cannot say and what a running VM does not follow. */
static int check_options(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	const struct vmn_wish *w = s->w;
	const char *binding = wished_binding(w);
	bool is_pluggable = strcmp(binding, "bridge") == 0 || strcmp(binding, "sriov") == 0;
	bool is_plugin = w->binding_plugin || vmn_streq(w->binding, "managedTap");

	if (p->dialect != VMN_DIALECT_SPEC) {
		const char *what = w->mac		       ? "a MAC address"
				   : w->model		       ? "a model"
				   : w->state		       ? "a link state"
				   : strcmp(binding, "bridge") ? "a binding other than bridge"
							       : NULL;

		if (!what)
			return 0;
		vmn_err_set(err, VMN_E_UNSUPPORTED,
			    "this server's addinterface request cannot carry %s", what);
		return vmn_err_hint(err, "--via spec writes it into the VM for its next start");
	}
	/* It would drop the field, and the VM would have an interface without any binding. */
	if (!s->follows_spec && is_plugin) {
		vmn_err_set(err, VMN_E_UNSUPPORTED, "this server knows no binding plugins");
		return vmn_err_hint(err, "they came with KubeVirt 1.1");
	}
	if (!s->is_live || is_pluggable || !s->follows_spec)
		return 0;
	vmn_err_set(err, VMN_E_UNSUPPORTED,
		    "a running VM takes interfaces with binding bridge or sriov only, not %s",
		    binding);
	return vmn_err_hint(err, "stop the VM, add the interface, start it");
}

/*
 * Free PCI ports can only be guessed: what a VM was born with is not in the API. KubeVirt up to 1.5
 * makes a VM with one to four interfaces ready for four in all; from 1.8 an annotation tells that
 * there are 8 ports, or 16 with more than 2 GiB of memory, shared with disks.
 */
static int check_ports(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	const char *notes = "/metadata/annotations/kubevirt.io~1";
	vmn_auto_free char *root = vmn_xasprintf("%splacePCIDevicesOnRootComplex", notes);
	vmn_auto_free char *topology = vmn_xasprintf("%spci-topology-version", notes);
	const char *memory = vmn_json_str(s->vmi.spec, "/domain/memory/guest");
	size_t count = 0, ports = 4;
	int64_t bytes = 0;

	if (vmn_streq(vmn_json_str(s->in->vmi, root), "true")) {
		vmn_err_set(err, VMN_E_UNSUPPORTED,
			    "the VM has no PCI port to plug into: its devices "
			    "are placed on the root complex");
		return vmn_err_hint(err, "stop the VM, add the interface, start it");
	}
	if (vmn_json_str(s->in->vmi, topology))
		ports = memory && vmn_quantity_parse(memory, &bytes) && bytes > INT64_C(2) << 30
				? 16
				: 8;
	vmn_json_each(iface, vmn_spec_ifaces(s->vmi.spec))
		count += !vmn_streq(vmn_json_str(iface, "/state"), "absent");
	if (count >= ports)
		warn(p, "the VM has %zu interfaces and may have no free PCI port", count);
	return 0;
}

static int check_live_add(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	if (!p->is_live)
		return 0;
	if (strcmp(wished_binding(s->w), "sriov") == 0) {
		p->needs_migration = true;
		return 0;
	}
	if (s->vmi.is_paused)
		warn(p, "the VM is paused: its guest sees the interface when it goes on");
	return check_ports(s, p, err);
}

/* KubeVirt gives a VM that lists no interfaces a default one, until the first is listed. */
static bool lists_nothing(const struct scene *s)
{
	return s->in->vm && !vmn_json_len(vmn_spec_ifaces(s->vm.spec)) &&
	       vmn_json_bool(s->vm.spec, "/domain/devices/autoattachPodInterface", true);
}

static int check_default_nic(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	if (!lists_nothing(s))
		return 0;
	if (s->vmi.is_live)
		return 0;
	if (s->is_live) {
		vmn_err_set(err, VMN_E_FORBIDDEN,
			    "the VM lists no interfaces and its VMI may not be read");
		return vmn_err_hint(
			err, "get virtualmachineinstances is needed to keep the default one");
	}
	warn(p,
	     "the VM listed no interfaces and got the pod network by itself; with '%s' listed it "
	     "starts without the pod network",
	     s->w->iface);
	return 0;
}

static int add_by_put(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	struct json_object *pending = queued(s, "/addInterfaceOptions", NULL);
	int rc;

	if (p->dialect == VMN_DIALECT_VMI) {
		if (!s->is_live) {
			vmn_err_set(err, VMN_E_CONFLICT, "the VM is not running");
			return vmn_err_hint(err, "--persist adds the interface to the VM itself");
		}
		if (!s->in_vmi)
			return send_put(s, p, err);
		rc = check_same(s, &s->has, err);
		return rc < 0 ? rc : nothing(p, "already there");
	}
	rc = check_queue(s, p, err);
	if (rc < 0)
		return rc;
	if (pending) {
		struct vmn_nic nic = {
			.nad = vmn_json_str(pending, "/networkAttachmentDefinitionName"),
			.state = "",
		};

		rc = check_same(s, &nic, err);
		return rc < 0 ? rc : nothing(p, "already asked for");
	}
	if (s->in_template && is_absent(&s->want))
		return prepare(s, p, vmn_nicpatch_delete(&s->vm, &s->want), err);
	if (s->in_template) {
		rc = check_same(s, &s->want, err);
		if (rc < 0)
			return rc;
		/* Written by hand, an entry does not reach a running VM without the request. */
		if (s->in_vmi || !s->is_live)
			return nothing(p, "already there");
	}
	if (lists_nothing(s) && s->vmi.is_live && vmn_json_len(vmn_spec_ifaces(s->vmi.spec)))
		return prepare(s, p, vmn_nicpatch_append(&s->vm, s->vmi.spec, NULL, NULL), err);
	return send_put(s, p, err);
}

static int add_by_patch(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	vmn_auto_json struct json_object *iface = NULL, *net = NULL;
	int rc;

	vmn_nic_build(s->w, &iface, &net);
	if (s->in_template && !is_absent(&s->want)) {
		rc = check_same(s, &s->want, err);
		return rc < 0 ? rc : nothing(p, "already there");
	}
	if (s->in_template && p->is_live) {
		/* The VMI is rid of it, the template soon will be. */
		p->is_transient = true;
		return leftover(s, p, err);
	}
	if (s->in_template)
		return send_patch(s, p, vmn_nicpatch_replace(&s->vm, &s->want, iface, net));
	return send_patch(
		s, p, vmn_nicpatch_append(&s->vm, s->vmi.is_live ? s->vmi.spec : NULL, iface, net));
}

static int plan_add(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	int rc = check_options(s, p, err);

	if (rc < 0 || (rc = check_nad(s, p, err)) < 0)
		return rc;
	p->is_live = s->is_live && (p->dialect != VMN_DIALECT_SPEC || s->follows_spec);
	p->goal = (struct vmn_goal){.kind = VMN_GOAL_PLUGGED};
	/* The name is taken as long as the running VM has it, whatever the template says. */
	if (s->in_vmi && is_absent(&s->has) && p->is_live)
		return leftover(s, p, err);
	if (s->in_vmi && !(s->in_template && !is_absent(&s->want)) &&
	    (rc = check_same(s, &s->has, err)) < 0)
		return rc;
	if ((rc = check_default_nic(s, p, err)) < 0)
		return rc;
	/* A stopped VM's leftover is replaced, which only a patch can do. */
	if (p->dialect == VMN_DIALECT_VM && s->in_template && is_absent(&s->want) && !s->is_live)
		p->dialect = VMN_DIALECT_SPEC;
	rc = p->dialect == VMN_DIALECT_SPEC ? add_by_patch(s, p, err) : add_by_put(s, p, err);
	if (rc < 0 || !p->method)
		return rc;
	if (s->is_live && !p->is_live)
		warn(p, "the running VM does not follow: the interface comes with its next start");
	return check_live_add(s, p, err);
}

/* --- remove --------------------------------------------------------------------------- */

static int no_such_iface(const struct scene *s, const struct vmn_plan *p, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf names = VMN_BUF_INIT(512);
	struct json_object *list =
		vmn_spec_ifaces(p->dialect == VMN_DIALECT_VMI ? s->vmi.spec : s->vm.spec);

	vmn_json_each(iface, list) {
		const char *name = vmn_json_str(iface, "/name");

		if (name && !vmn_streq(vmn_json_str(iface, "/state"), "absent"))
			vmn_buf_addf(&names, "%s%s", names.len ? ", " : "", name);
	}
	vmn_err_set(err, VMN_E_NOT_FOUND, "the VM has no interface of that name");
	if (names.len)
		vmn_err_hint(err, "it has %s", vmn_buf_str(&names));
	return -VMN_E_NOT_FOUND;
}

/* Measured on KubeVirt 1.0: without its last interface the pod's annotation stays as it was. */
static void warn_of_kept_link(const struct scene *s, struct vmn_plan *p)
{
	struct vmn_hops hops;

	vmn_hops_look(NULL, s->in->vmi, NULL, s->w->iface, &hops);
	if (hops.in_vmi && hops.is_only)
		warn(p, "it is the VM's last such interface: this KubeVirt leaves its link in the "
			"pod until the VM migrates or restarts");
}

static int remove_by_put(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	bool on_vmi = p->dialect == VMN_DIALECT_VMI;
	int rc;

	if (!on_vmi && (rc = check_queue(s, p, err)) < 0)
		return rc;
	if (!on_vmi && queued(s, "/removeInterfaceOptions", NULL))
		return nothing(p, "already asked for");
	if ((on_vmi ? s->in_vmi : s->in_template) && is_absent(on_vmi ? &s->has : &s->want))
		return nothing(p, "already removed");
	if (on_vmi) {
		if (!s->in_vmi && !s->in->is_vmi_hidden)
			return no_such_iface(s, p, err);
		if (s->in_template)
			warn(p, "the VM itself keeps the interface for its next start (see "
				"--persist)");
	} else if (!s->in_template && !s->in->is_vm_hidden) {
		if (!s->in_vmi)
			return no_such_iface(s, p, err);
		/* Such a request would stay in the VM's queue for ever. */
		vmn_err_set(err, VMN_E_UNSUPPORTED, "the interface is in the running VM only");
		return vmn_err_hint(err, "it goes with the VM's next restart");
	}
	if (s->is_live)
		warn_of_kept_link(s, p);
	return send_put(s, p, err);
}

/* The template of a VM that runs, on a server where the VM follows it. */
static int remove_from_running(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	const struct vmn_nic *nic = s->in_vmi ? &s->has : &s->want;
	vmn_auto_json struct json_object *iface = NULL;

	if (s->in_template ? is_absent(&s->want) : s->in_vmi && is_absent(&s->has))
		return nothing(p, "already being removed");
	if (!s->in_template && !s->in_vmi)
		return no_such_iface(s, p, err);
	if (!vmn_streq(nic->binding, "bridge")) {
		if (!s->in_vmi && s->vmi.is_live) {
			/* The running VM never took it. */
			p->is_live = false;
			return send_patch(s, p, vmn_nicpatch_delete(&s->vm, &s->want));
		}
		vmn_err_set(err, VMN_E_UNSUPPORTED,
			    "a running VM lets go of interfaces with binding bridge only, not %s",
			    nic->binding ? nic->binding : "none");
		return vmn_err_hint(err, "stop the VM, remove the interface, start it");
	}
	if (s->in_template)
		return send_patch(s, p, vmn_nicpatch_update(&s->want, "absent", NULL));
	/* In the VMI only: the template has to name it once more to be rid of it. */
	iface = vmn_json_copy(s->has.iface);
	vmn_json_set_str(iface, "state", "absent");
	return send_patch(s, p, vmn_nicpatch_append(&s->vm, s->vmi.spec, iface, s->has.net));
}

static int check_live_remove(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	struct vmn_hops hops;

	vmn_hops_look(NULL, s->in->vmi, s->in->pod, s->w->iface, &hops);
	if (hops.is_ordinal) {
		vmn_err_set(err, VMN_E_UNSUPPORTED,
			    "the VM's pod has ordinal interface names (net1, ...), and such pods "
			    "cannot unplug");
		return vmn_err_hint(err, "stop the VM, remove the interface, start it");
	}
	if (s->vmi.is_paused)
		warn(p, "the VM is paused: its guest lets the interface go when it goes on");
	return 0;
}

static int plan_remove(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	int rc;

	if ((s->in_template && s->want.is_default) || (s->in_vmi && s->has.is_default))
		return vmn_err_set(err, VMN_E_UNSUPPORTED,
				   "it is the VM's default interface, which cannot be removed");
	/* A PUT would leave an entry with state absent in a stopped VM for ever. */
	if (!s->is_live && s->in->vm && s->w->via != VMN_VIA_SUBRESOURCE)
		p->dialect = VMN_DIALECT_SPEC;
	p->is_live = s->is_live && (p->dialect != VMN_DIALECT_SPEC || s->follows_spec);
	p->goal = (struct vmn_goal){
		.kind = VMN_GOAL_UNPLUGGED,
		.is_purged = p->dialect == VMN_DIALECT_SPEC,
		.is_pod_kept = p->dialect != VMN_DIALECT_SPEC,
	};
	rc = p->is_live ? check_live_remove(s, p, err) : 0;
	if (rc < 0)
		return rc;
	if (p->dialect != VMN_DIALECT_SPEC)
		return remove_by_put(s, p, err);
	if (p->is_live)
		return remove_from_running(s, p, err);
	if (!s->in_template)
		return no_such_iface(s, p, err);
	if (s->is_live)
		warn(p, "the running VM does not follow: it keeps the interface until it stops");
	return send_patch(s, p, vmn_nicpatch_delete(&s->vm, &s->want));
}

/* --- update --------------------------------------------------------------------------- */

static int check_state_change(const struct scene *s, struct vmn_err *err)
{
	if (vmn_streq(s->want.binding, "sriov"))
		return vmn_err_set(err, VMN_E_UNSUPPORTED,
				   "an SR-IOV interface has no link state to set");
	if (s->follows_spec)
		return 0;
	vmn_err_set(err, VMN_E_UNSUPPORTED,
		    "this server cannot set the link state of an interface");
	return vmn_err_hint(err, "KubeVirt 1.5 and later can");
}

static int check_nad_change(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	struct json_object *migratable = vmn_condition(s->in->vmi, "LiveMigratable");

	if (s->want.is_default || !s->want.nad)
		return vmn_err_set(err, VMN_E_UNSUPPORTED,
				   "it is the VM's default interface, whose network cannot change");
	if (!s->is_live || s->w->via == VMN_VIA_SPEC)
		return 0;
	if (!s->follows_spec) {
		vmn_err_set(err, VMN_E_UNSUPPORTED,
			    "this server cannot move a running VM's interface");
		return vmn_err_hint(err, "remove the interface and add one of another name, or "
					 "--via spec for the VM's next start");
	}
	if (vmn_streq(vmn_json_str(migratable, "/status"), "False")) {
		vmn_err_set(
			err, VMN_E_UNSUPPORTED,
			"only a migration moves an interface, and the VM cannot migrate: %s",
			vmn_json_str_or(migratable, "/message",
					vmn_json_str_or(migratable, "/reason", "no reason given")));
		return vmn_err_hint(err, "stop the VM first");
	}
	p->needs_migration = true;
	if (!vmn_json_str(s->in->vmi, "/metadata/annotations/kubevirt.io~1pci-topology-version"))
		warn(p, "KubeVirt before 1.8 keeps the new network for the VM's next start");
	return 0;
}

static int plan_update(const struct scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	const char *state = s->w->state, *nad = s->w->nad;
	int rc;

	if (!s->in_template || !s->want.iface || !s->want.net)
		return no_such_iface(s, p, err);
	if (is_absent(&s->want) || (s->in_vmi && is_absent(&s->has)))
		return leftover(s, p, err);
	p->is_live = s->is_live && s->follows_spec;
	p->goal = (struct vmn_goal){.kind = VMN_GOAL_UPDATED, .state = state, .nad = nad};
	if (state && (rc = check_state_change(s, err)) < 0)
		return rc;
	if (state && strcmp(*s->want.state ? s->want.state : "up", state) == 0)
		state = NULL;
	if (nad && vmn_nad_is_same(s->want.nad, nad, s->in->ns)) {
		p->goal.nad = s->want.nad;
		nad = NULL;
	}
	if (!state && !nad)
		return nothing(p, "already so");
	if (nad && ((rc = check_nad(s, p, err)) < 0 || (rc = check_nad_change(s, p, err)) < 0))
		return rc;
	if (s->is_live && !p->is_live)
		warn(p, "the running VM does not follow: its next start shows the change");
	return send_patch(s, p, vmn_nicpatch_update(&s->want, state, nad));
}

/* --- entry points --------------------------------------------------------------------- */

bool vmn_plan_needs_pod(const struct vmn_plan_input *in, const struct vmn_wish *w)
{
	struct vmn_vmi vmi;

	vmn_vmi_read(in->vmi, &vmi);
	return w->verb == VMN_PLUG_REMOVE && vmi.is_live &&
	       vmn_naming_decide(in->vmi, NULL) == VMN_NAMING_UNKNOWN;
}

int vmn_plan_make(const struct vmn_plan_input *in, const struct vmn_wish *w, struct vmn_plan *ret,
		  struct vmn_err *err)
{
	/* A VMI of its own has nothing to persist in. */
	bool is_bare = !in->vm && !in->is_vm_hidden;
	struct scene s;
	int rc;

	scene_read(in, w, &s);
	rc = vmn_dialect_choose(in->dialects, w->verb, w->via, w->persist && !is_bare,
				&ret->dialect, err);
	if (rc < 0)
		return rc;
	rc = check_vm(&s, ret, err);
	if (rc < 0)
		return rc;
	if (in->is_vm_hidden)
		warn(ret, "the VM may not be read, so the request goes out unchecked");
	switch (w->verb) {
	case VMN_PLUG_ADD:
		rc = plan_add(&s, ret, err);
		break;
	case VMN_PLUG_REMOVE:
		rc = plan_remove(&s, ret, err);
		break;
	case VMN_PLUG_UPDATE:
		rc = plan_update(&s, ret, err);
		break;
	}
	ret->is_vmi = ret->dialect == VMN_DIALECT_VMI;
	return rc;
}

bool vmn_plan_is_conflict(const struct vmn_err *err)
{
	const char *text = vmn_err_text(err);

	/* virt-api answers 409 for a VMI that does not run, too. */
	if (err->http == 409)
		return !strstr(text, "not running");
	/*
	 * A failed "test" of ours, and one of virt-api's own (KubeVirt 1.0), are told from a
	 * webhook's refusal by their text and by having no causes (measured).
	 */
	return err->http == 422 && !err->causes && strstr(text, "due to an error in our request");
}

void vmn_plan_explain(const struct vmn_plan *p, struct vmn_err *err)
{
	const char *text = vmn_err_text(err);
	bool is_put = p->dialect != VMN_DIALECT_SPEC;
	bool is_removal = p->path && vmn_ends_with(p->path, "/removeinterface");

	if (err->hint)
		return;
	if (err->http == 400 && strstr(text, "HotplugNICs"))
		vmn_err_hint(err, "add HotplugNICs to spec.configuration.developerConfiguration."
				  "featureGates of the KubeVirt object");
	else if (err->http == 403 && is_put && is_removal)
		vmn_err_hint(err,
			     "KubeVirt 1.0's roles admin and edit lack it: ask for the right to "
			     "update %s/removeinterface in subresources.kubevirt.io",
			     p->is_vmi ? "virtualmachineinstances" : "virtualmachines");
	else if (err->http == 403 && is_put)
		vmn_err_hint(err,
			     "ask for the right to update %s/addinterface in "
			     "subresources.kubevirt.io",
			     p->is_vmi ? "virtualmachineinstances" : "virtualmachines");
	else if (err->http == 403)
		vmn_err_hint(err, "ask for the right to patch virtualmachines in kubevirt.io");
	else if (err->http == 422 && strstr(text, "state value is unsupported"))
		vmn_err_hint(err, "link states need KubeVirt 1.5 or later");
	else if ((err->http == 503 && is_put) || vmn_is_webhook_away(err))
		(void)vmn_hint_virt_api(err);
}
