/* SPDX-License-Identifier: Apache-2.0 */
/* plan_remove.c - the rules for unplugging an interface */
#include "config.h"

#include "lib/virt/ifname.h"
#include "lib/virt/scene.h"

/* Measured on KubeVirt 1.0: without its last interface the pod's annotation stays as it was. */
static void warn_of_kept_link(const struct vmn_scene *s, struct vmn_plan *p)
{
	struct vmn_hops hops;

	vmn_hops_look(NULL, s->in->vmi, NULL, s->w->iface, &hops);
	if (hops.in_vmi && hops.is_only)
		vmn_plan_warn(
			p,
			"it is the VM's last such interface: this KubeVirt leaves its link in the "
			"pod until the VM migrates or restarts");
}

static int not_bridge(const struct vmn_nic *nic, struct vmn_err *err)
{
	vmn_err_set(err, VMN_E_UNSUPPORTED,
		    "a running VM lets go of interfaces with binding bridge only, not %s",
		    nic->binding ? nic->binding : "none");
	return vmn_err_hint(err, "stop the VM, remove the interface, start it");
}

static int remove_by_put(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	bool on_vmi = p->dialect == VMN_DIALECT_VMI;
	const struct vmn_nic *nic = on_vmi ? &s->has : &s->want;
	bool is_removed = (on_vmi ? s->in_vmi : s->in_template) && vmn_nic_is_absent(nic);
	int rc;

	if (is_removed && (on_vmi || !vmn_scene_queued(s, "/addInterfaceOptions", NULL)))
		return vmn_plan_nothing(p, "already removed");
	if (!on_vmi && (rc = vmn_scene_check_queue(s, p, err)) < 0)
		return rc;
	if (!on_vmi && vmn_scene_queued(s, "/removeInterfaceOptions", NULL))
		return vmn_plan_nothing(p, "already asked for");
	if (on_vmi) {
		if (!s->in_vmi && !s->in->is_vmi_hidden)
			return vmn_scene_no_such_iface(s, p, err);
		if (s->in_template)
			vmn_plan_warn(p,
				      "the VM itself keeps the interface for its next start (see "
				      "--persist)");
	} else if (!s->in_template && !s->in->is_vm_hidden) {
		if (!s->in_vmi)
			return vmn_scene_no_such_iface(s, p, err);
		/* Such a request would stay in the VM's queue for ever. */
		vmn_err_set(err, VMN_E_UNSUPPORTED, "the interface is in the running VM only");
		return vmn_err_hint(err, "it goes with the VM's next restart");
	}
	/* The webhook refuses what virt-controller makes of it, which blocks the queue for ever. */
	if ((on_vmi ? s->in_vmi : s->in_template) && !vmn_streq(nic->binding, "bridge"))
		return not_bridge(nic, err);
	if (s->is_live)
		warn_of_kept_link(s, p);
	return vmn_plan_put(s, p, err);
}

/* The template of a VM that runs, on a server where the VM follows it. */
static int remove_from_running(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	const struct vmn_nic *nic = s->in_vmi ? &s->has : &s->want;
	vmn_auto_json struct json_object *iface = NULL;

	if (s->in_template ? vmn_nic_is_absent(&s->want) : s->in_vmi && vmn_nic_is_absent(&s->has))
		return vmn_plan_nothing(p, "already being removed");
	if (!s->in_template && !s->in_vmi)
		return vmn_scene_no_such_iface(s, p, err);
	if (!vmn_streq(nic->binding, "bridge")) {
		if (!s->in_vmi && s->vmi.is_live) {
			/* The running VM never took it. */
			p->is_live = false;
			return vmn_plan_patch(s, p, vmn_nicpatch_delete(&s->vm, &s->want));
		}
		return not_bridge(nic, err);
	}
	if (s->in_template)
		return vmn_plan_patch(s, p, vmn_nicpatch_update(&s->want, "absent", NULL));
	/* In the VMI only: the template has to name it once more to be rid of it. */
	iface = vmn_json_copy(s->has.iface);
	vmn_json_set_str(iface, "state", "absent");
	return vmn_plan_patch(s, p, vmn_nicpatch_append(&s->vm, s->vmi.spec, iface, s->has.net));
}

static int check_live_remove(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	struct vmn_hops hops;

	vmn_hops_look(NULL, s->in->vmi, s->in->pod, s->w->iface, &hops);
	if (hops.is_ordinal) {
		vmn_err_set(err, VMN_E_UNSUPPORTED,
			    "the VM's pod has ordinal interface names (net1, ...), and such pods "
			    "cannot unplug");
		return vmn_err_hint(err, "stop the VM, remove the interface, start it");
	}
	if (p->dialect == VMN_DIALECT_SPEC && s->in_vmi && !vmn_nic_is_absent(&s->has) &&
	    !hops.in_status && vmn_naming_decide(s->in->vmi, NULL) == VMN_NAMING_UNKNOWN)
		vmn_plan_warn(p, "the pod has not got the interface yet: KubeVirt 1.6 and later "
				 "take it out only after that, or when the VM restarts");
	if (s->vmi.is_paused)
		vmn_plan_warn(p,
			      "the VM is paused: its guest lets the interface go when it goes on");
	return 0;
}

int vmn_plan_remove(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
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
		return vmn_scene_no_such_iface(s, p, err);
	if (s->is_live)
		vmn_plan_warn(
			p, "the running VM does not follow: it keeps the interface until it stops");
	return vmn_plan_patch(s, p, vmn_nicpatch_delete(&s->vm, &s->want));
}
