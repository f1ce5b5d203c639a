/* SPDX-License-Identifier: Apache-2.0 */
/* plan_add.c - the rules for plugging an interface */
#include "config.h"

#include <string.h>

#include "lib/data/k8s.h"
#include "lib/virt/scene.h"

/* A request that makes room for the PUT, which follows from the next plan. */
static int prepare(const struct vmn_scene *s, struct vmn_plan *p, struct json_object *patch,
		   struct vmn_err *err)
{
	if (s->w->server_dry_run) {
		json_object_put(patch);
		return vmn_plan_put(s, p, err);
	}
	p->is_preparation = true;
	return vmn_plan_patch(s, p, patch);
}

static const char *wished_binding(const struct vmn_wish *w)
{
	if (w->binding_plugin)
		return w->binding_plugin;
	if (!w->binding)
		return "bridge";
	return strcmp(w->binding, "managedTap") == 0 ? "managedtap" : w->binding;
}

static int name_taken(const struct vmn_scene *s, const struct vmn_nic *nic, struct vmn_err *err)
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
static int check_same(const struct vmn_scene *s, const struct vmn_nic *nic, struct vmn_err *err)
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

/* What a PUT cannot say and what a running VM does not follow. */
static int check_options(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	const struct vmn_wish *w = s->w;
	const char *binding = wished_binding(w);
	bool is_pluggable = strcmp(binding, "bridge") == 0 || strcmp(binding, "sriov") == 0;
	bool is_plugin = w->binding_plugin || vmn_streq(w->binding, "managedTap");

	if (!s->follows_spec && w->state)
		return vmn_scene_no_link_state(err);
	/* It would drop the field, and the VM would have an interface without any binding. */
	if (!s->follows_spec && is_plugin) {
		vmn_err_set(err, VMN_E_UNSUPPORTED, "this server knows no binding plugins");
		return vmn_err_hint(err, "they came with KubeVirt 1.1");
	}
	if (p->dialect != VMN_DIALECT_SPEC) {
		const char *what = w->mac		       ? "a MAC address"
				   : w->model		       ? "a model"
				   : strcmp(binding, "bridge") ? "a binding other than bridge"
							       : NULL;

		if (!what)
			return 0;
		vmn_err_set(err, VMN_E_UNSUPPORTED,
			    "this server's addinterface request cannot carry %s", what);
		return vmn_err_hint(err, "--via spec writes it into the VM for its next start");
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
 * makes a VM with one to four interfaces ready for four in all, and one with none for none; from
 * 1.8 an annotation tells that there are 8 ports, or 16 with more than 2 GiB of memory, shared with
 * disks.
 */
static int check_ports(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
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
		vmn_plan_warn(p, "the VM has %zu interfaces and may have no free PCI port", count);
	else if (count == 0 && s->vmi.is_live && !vmn_json_str(s->in->vmi, topology))
		vmn_plan_warn(p, "the VM has no interfaces: KubeVirt before 1.6 leaves such a one "
				 "without a PCI port to plug into");
	return 0;
}

static int check_live_add(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	if (!p->is_live)
		return 0;
	if (strcmp(wished_binding(s->w), "sriov") == 0) {
		const char *obstacle = vmn_scene_migration_obstacle(s);

		p->needs_migration = true;
		if (obstacle)
			vmn_plan_warn(p,
				      "only a migration plugs it, and the VM cannot migrate: %s; "
				      "it comes with the next start",
				      obstacle);
		return 0;
	}
	if (s->vmi.is_paused)
		vmn_plan_warn(p, "the VM is paused: its guest sees the interface when it goes on");
	return check_ports(s, p, err);
}

/* KubeVirt gives a VM that lists no interfaces a default one, until the first is listed. */
static bool lists_nothing(const struct vmn_scene *s)
{
	return s->in->vm && !vmn_json_len(vmn_spec_ifaces(s->vm.spec)) &&
	       vmn_json_bool(s->vm.spec, "/domain/devices/autoattachPodInterface", true);
}

static int check_default_nic(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
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
	vmn_plan_warn(
		p,
		"the VM listed no interfaces and got the pod network by itself; with '%s' listed it "
		"starts without the pod network",
		s->w->iface);
	return 0;
}

static int add_by_put(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	struct json_object *pending = vmn_scene_queued(s, "/addInterfaceOptions", NULL);
	bool is_there = s->in_template && !vmn_nic_is_absent(&s->want) &&
			(s->in_vmi || !s->is_live) &&
			!vmn_scene_queued(s, "/removeInterfaceOptions", NULL);
	int rc;

	if (p->dialect == VMN_DIALECT_VMI) {
		if (!s->is_live) {
			vmn_err_set(err, VMN_E_CONFLICT, "the VM is not running");
			return vmn_err_hint(err, "--persist adds the interface to the VM itself");
		}
		if (!s->in_vmi)
			return vmn_plan_put(s, p, err);
		rc = check_same(s, &s->has, err);
		return rc < 0 ? rc : vmn_plan_nothing(p, "already there");
	}
	/* Where there is nothing to ask for, it does not matter what holds the queue up. */
	rc = is_there ? 0 : vmn_scene_check_queue(s, p, err);
	if (rc < 0)
		return rc;
	if (pending) {
		struct vmn_nic nic = {
			.nad = vmn_json_str(pending, "/networkAttachmentDefinitionName"),
			.state = "",
		};

		rc = check_same(s, &nic, err);
		return rc < 0 ? rc : vmn_plan_nothing(p, "already asked for");
	}
	if (s->in_template && vmn_nic_is_absent(&s->want))
		return prepare(s, p, vmn_nicpatch_delete(&s->vm, &s->want), err);
	if (s->in_template) {
		rc = check_same(s, &s->want, err);
		if (rc < 0)
			return rc;
		/* Written by hand, an entry does not reach a running VM without the request. */
		if (s->in_vmi || !s->is_live)
			return vmn_plan_nothing(p, "already there");
	}
	if (lists_nothing(s) && s->vmi.is_live && vmn_json_len(vmn_spec_ifaces(s->vmi.spec)))
		return prepare(s, p, vmn_nicpatch_append(&s->vm, s->vmi.spec, NULL, NULL), err);
	return vmn_plan_put(s, p, err);
}

static int add_by_patch(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	vmn_auto_json struct json_object *iface = NULL, *net = NULL;
	int rc;

	vmn_nic_build(s->w, &iface, &net);
	if (s->in_template && !vmn_nic_is_absent(&s->want)) {
		rc = check_same(s, &s->want, err);
		return rc < 0 ? rc : vmn_plan_nothing(p, "already there");
	}
	if (s->in_template && s->in_vmi && p->is_live) {
		/* virt-controller has not carried the removal to the VMI: call it off. */
		bool is_same = vmn_nad_is_same(s->want.nad, s->w->nad, s->in->ns);

		return vmn_plan_patch(s, p,
				      vmn_nicpatch_update(&s->want, s->w->state ? s->w->state : "",
							  is_same ? NULL : s->w->nad));
	}
	if (s->in_template && p->is_live) {
		/* The VMI is rid of it, the template soon will be. */
		p->is_transient = true;
		return vmn_scene_leftover(s, err);
	}
	if (s->in_template)
		return vmn_plan_patch(s, p, vmn_nicpatch_replace(&s->vm, &s->want, iface, net));
	return vmn_plan_patch(
		s, p, vmn_nicpatch_append(&s->vm, s->vmi.is_live ? s->vmi.spec : NULL, iface, net));
}

int vmn_plan_add(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	int rc = check_options(s, p, err);

	if (rc < 0 || (rc = vmn_scene_check_nad(s, p, err)) < 0)
		return rc;
	p->is_live = s->is_live && (p->dialect != VMN_DIALECT_SPEC || s->follows_spec);
	p->goal = (struct vmn_goal){.kind = VMN_GOAL_PLUGGED};
	/* The name is taken as long as the running VM has it, whatever the template says. */
	if (s->in_vmi && vmn_nic_is_absent(&s->has) && p->is_live)
		return vmn_scene_leftover(s, err);
	if (s->in_vmi && !(s->in_template && !vmn_nic_is_absent(&s->want)) &&
	    (rc = check_same(s, &s->has, err)) < 0)
		return rc;
	if ((rc = check_default_nic(s, p, err)) < 0)
		return rc;
	/* A stopped VM's leftover is replaced, which only a patch can do. */
	if (p->dialect == VMN_DIALECT_VM && s->in_template && vmn_nic_is_absent(&s->want) &&
	    !s->is_live)
		p->dialect = VMN_DIALECT_SPEC;
	rc = p->dialect == VMN_DIALECT_SPEC ? add_by_patch(s, p, err) : add_by_put(s, p, err);
	if (rc < 0 || !p->method)
		return rc;
	if (s->is_live && !p->is_live)
		vmn_plan_warn(
			p,
			"the running VM does not follow: the interface comes with its next start");
	return check_live_add(s, p, err);
}
