/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/kube/client.h"
#include "lib/kube/path.h"
#include "lib/virt/ifname.h"
#include "lib/virt/scene.h"

static const struct vmn_gvr gvr_sub_vm = {"subresources.kubevirt.io", "v1", "virtualmachines"};
static const struct vmn_gvr gvr_sub_vmi = {"subresources.kubevirt.io", "v1",
					   "virtualmachineinstances"};

void vmn_plan_clear(struct vmn_plan *p)
{
	free(p->path);
	free(p->last_migration);
	vmn_json_put_p(&p->body);
	vmn_strlist_clear(&p->warnings);
	*p = VMN_PLAN_INIT;
}

void vmn_plan_warn(struct vmn_plan *p, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	vmn_strlist_add(&p->warnings, text);
	free(text);
}

/* --- making the request --------------------------------------------------------------- */

int vmn_plan_put(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
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

int vmn_plan_patch(const struct vmn_scene *s, struct vmn_plan *p, struct json_object *patch)
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

int vmn_plan_nothing(struct vmn_plan *p, const char *note)
{
	p->note = note;
	return 0;
}

/* --- rules for all verbs -------------------------------------------------------------- */

static void scene_read(const struct vmn_plan_input *in, const struct vmn_wish *w,
		       struct vmn_scene *s)
{
	*s = (struct vmn_scene){.in = in, .w = w};
	vmn_vm_read(in->vm, &s->vm);
	vmn_vmi_read(in->vmi, &s->vmi);
	s->is_live = s->vmi.is_live || (in->is_vmi_hidden && (s->vm.has_vmi || in->is_vm_hidden));
	s->in_template = vmn_nic_find(s->vm.spec, w->iface, &s->want);
	s->in_vmi = s->vmi.is_live && vmn_nic_find(s->vmi.spec, w->iface, &s->has);
	s->follows_spec = vmn_dialects_follow_spec(in->dialects);
}

static int check_vm(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
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

int vmn_scene_check_nad(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	vmn_auto_free char *full = s->w->nad ? vmn_nad_qualify(s->w->nad, s->in->ns) : NULL;

	if (s->in->nad == VMN_NAD_MISSING) {
		vmn_err_set(err, VMN_E_NOT_FOUND,
			    "network attachment definition '%s' does not exist", full);
		return vmn_err_hint(err, "create it, or name another one as NAMESPACE/NAME");
	}
	if (s->in->nad == VMN_NAD_UNREADABLE)
		vmn_plan_warn(
			p, "cannot read network attachment definition '%s', nobody else checks it",
			full);
	if (s->in->nad == VMN_NAD_NO_KIND)
		vmn_plan_warn(
			p,
			"the server has no network attachment definitions, so nobody checks '%s': is "
			"Multus installed?",
			full);
	return 0;
}

struct json_object *vmn_scene_queued(const struct vmn_scene *s, const char *kind, size_t *ret_index)
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

/* The entry that blocks a queue: one that asks for what no webhook lets pass, else the first. */
static size_t blocking_entry(const struct vmn_scene *s)
{
	vmn_json_each(entry, s->vm.requests) {
		const char *added = vmn_json_str(entry, "/addInterfaceOptions/name");
		const char *removed = vmn_json_str(entry, "/removeInterfaceOptions/name");
		struct vmn_nic nic;

		if ((added && !vmn_iface_name_is_valid(added)) ||
		    (removed && vmn_nic_find(s->vm.spec, removed, &nic) &&
		     (nic.is_default || !vmn_streq(nic.binding, "bridge"))))
			return entry_i;
	}
	return 0;
}

static int hint_dequeue(const struct vmn_scene *s, size_t index, struct vmn_err *err)
{
	return vmn_err_hint(err,
			    "kubectl patch vm %s -n %s --subresource=status --type=json -p "
			    "'[{\"op\":\"remove\",\"path\":\"/status/interfaceRequests/%zu\"}]'",
			    s->in->name, s->in->ns, index);
}

int vmn_scene_check_queue(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err)
{
	bool is_add = s->w->verb == VMN_PLUG_ADD;
	size_t index = 0;

	if (s->vm.plug_error && vmn_json_len(s->vm.requests)) {
		vmn_err_set(err, VMN_E_CONFLICT,
			    "the VM's queue of interface requests is blocked: %s",
			    s->vm.plug_error);
		return hint_dequeue(s, blocking_entry(s), err);
	}
	if (!vmn_scene_queued(s, is_add ? "/removeInterfaceOptions" : "/addInterfaceOptions",
			      &index))
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

bool vmn_nic_is_absent(const struct vmn_nic *nic)
{
	return vmn_streq(nic->state, "absent");
}

int vmn_scene_leftover(const struct vmn_scene *s, struct vmn_err *err)
{
	if (s->follows_spec) {
		vmn_err_set(err, VMN_E_CONFLICT, "an interface of that name is being removed");
		return vmn_err_hint(err,
				    "wait for it with vmnetctl removeinterface %s --name %s --wait",
				    s->in->name, s->w->iface);
	}
	vmn_err_set(err, VMN_E_CONFLICT,
		    "a removed interface of that name stays in the running VM, and this server "
		    "cannot plug the name again");
	/* The template has it too, and the next start would bring it back. */
	if (s->in_template && vmn_nic_is_absent(&s->want))
		return vmn_err_hint(err, "choose another name, or stop the VM, remove the "
					 "interface once more, and start it");
	return vmn_err_hint(err, "choose another name, or restart the VM");
}

const char *vmn_scene_migration_obstacle(const struct vmn_scene *s)
{
	struct json_object *migratable = vmn_condition(s->in->vmi, "LiveMigratable");

	if (!vmn_streq(vmn_json_str(migratable, "/status"), "False"))
		return NULL;
	return vmn_json_str_or(migratable, "/message",
			       vmn_json_str_or(migratable, "/reason", "no reason given"));
}

int vmn_scene_no_link_state(struct vmn_err *err)
{
	vmn_err_set(err, VMN_E_UNSUPPORTED,
		    "this server cannot set the link state of an interface");
	return vmn_err_hint(err, "KubeVirt 1.5 and later can");
}

int vmn_scene_no_such_iface(const struct vmn_scene *s, const struct vmn_plan *p,
			    struct vmn_err *err)
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
	struct vmn_scene s;
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
		vmn_plan_warn(ret, "the VM may not be read, so the request goes out unchecked");
	switch (w->verb) {
	case VMN_PLUG_ADD:
		rc = vmn_plan_add(&s, ret, err);
		break;
	case VMN_PLUG_REMOVE:
		rc = vmn_plan_remove(&s, ret, err);
		break;
	case VMN_PLUG_UPDATE:
		rc = vmn_plan_update(&s, ret, err);
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
