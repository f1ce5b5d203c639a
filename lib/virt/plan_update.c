/* SPDX-License-Identifier: Apache-2.0 */
/* plan_update.c - the rules for an interface's link state and network */
#include "config.h"

#include <string.h>

#include "lib/virt/scene.h"

static int check_state_change(const struct vmn_scene *s, struct vmn_err *err)
{
	if (vmn_streq(s->want.binding, "sriov"))
		return vmn_err_set(err, VMN_E_UNSUPPORTED,
				   "an SR-IOV interface has no link state to set");
	return s->follows_spec ? 0 : vmn_scene_no_link_state(err);
}

static int check_nad_change(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	const char *obstacle = vmn_scene_migration_obstacle(s);
	const char *last = vmn_json_str(s->in->vmi, "/status/migrationState/migrationUid");

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
	if (obstacle) {
		vmn_err_set(err, VMN_E_UNSUPPORTED,
			    "only a migration moves an interface, and the VM cannot migrate: %s",
			    obstacle);
		return vmn_err_hint(err, "stop the VM first");
	}
	p->needs_migration = true;
	p->last_migration = last ? vmn_xstrdup(last) : NULL;
	if (!vmn_json_str(s->in->vmi, "/metadata/annotations/kubevirt.io~1pci-topology-version"))
		vmn_plan_warn(p,
			      "KubeVirt before 1.8 keeps the new network for the VM's next start");
	return 0;
}

int vmn_plan_update(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	const char *state = s->w->state, *nad = s->w->nad;
	int rc;

	if (!s->in_template && s->in_vmi) {
		vmn_err_set(err, VMN_E_UNSUPPORTED,
			    "the interface is in the running VM only, not in the VM's template");
		return vmn_err_hint(err, "list it and its network in the VM's spec.template.spec, "
					 "then update it");
	}
	if (!s->in_template || !s->want.iface || !s->want.net)
		return vmn_scene_no_such_iface(s, p, err);
	if (vmn_nic_is_absent(&s->want) || (s->in_vmi && vmn_nic_is_absent(&s->has)))
		return vmn_scene_leftover(s, err);
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
		return vmn_plan_nothing(p, "already so");
	if (nad &&
	    ((rc = vmn_scene_check_nad(s, p, err)) < 0 || (rc = check_nad_change(s, p, err)) < 0))
		return rc;
	if (s->is_live && !p->is_live)
		vmn_plan_warn(p, "the running VM does not follow: its next start shows the change");
	return vmn_plan_patch(s, p, vmn_nicpatch_update(&s->want, state, nad));
}
