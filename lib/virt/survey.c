/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/kube/path.h"
#include "lib/virt/migration.h"
#include "lib/virt/survey.h"
#include "lib/virt/topology.h"

/* --- reading several things at once --------------------------------------------------- */

struct reader {
	struct vmn_kube *k;
	unsigned pending;
};

/* One GET and what came of it. */
struct part {
	struct reader *reader;
	struct json_object *body;
	struct vmn_err err; /* NOT_FOUND and FORBIDDEN are for the owner to judge */
};

static void part_clear(struct part *p)
{
	if (p->reader)
		vmn_kube_drop(p->reader->k, p);
	json_object_put(p->body);
	vmn_err_clear(&p->err);
	*p = (struct part){0};
}

static void part_came(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct part *p = arg;

	if (resp)
		p->body = json_object_get(resp->body);
	else
		(void)vmn_err_move(&p->err, err);
	p->reader->pending--;
}

static void part_start(struct reader *r, struct part *p, const char *path)
{
	const struct vmn_kube_req req = {.method = "GET", .path = path};

	p->reader = r;
	r->pending++;
	vmn_kube_start(r->k, &req, part_came, p);
}

static bool is_read(void *arg)
{
	return ((struct reader *)arg)->pending == 0;
}

static int read_all(struct reader *r, struct vmn_err *err)
{
	return r->pending ? vmn_kube_loop(r->k, VMN_NEVER, is_read, r, err) : 0;
}

/* Missing and hidden are answers; anything else means that we cannot say what is there. */
static int part_check(struct part *p, struct vmn_err *err)
{
	enum vmn_code code = p->err.code;

	if (code == VMN_OK || code == VMN_E_NOT_FOUND || code == VMN_E_FORBIDDEN)
		return 0;
	return vmn_err_move(err, &p->err);
}

static bool is_hidden(const struct part *p)
{
	return p->err.code == VMN_E_FORBIDDEN;
}

/* --- a VM or VMI ---------------------------------------------------------------------- */

/* Everything read about one VM. */
struct vm_parts {
	struct part vm, vmi, migrations, pods;
	struct part *nads; /* one each of nad_names */
	struct vmn_strlist nad_names;
};

static void vm_parts_clear(struct vm_parts *p)
{
	part_clear(&p->vm);
	part_clear(&p->vmi);
	part_clear(&p->migrations);
	part_clear(&p->pods);
	for (size_t i = 0; p->nads && i < p->nad_names.n; i++)
		part_clear(&p->nads[i]);
	free(p->nads);
	vmn_strlist_clear(&p->nad_names);
}

/* Whether the object asked for is there at all */
static int check_subject(const struct vmn_survey *in, struct vm_parts *p, struct vmn_err *err)
{
	struct part *subject = !in->is_vmi ? &p->vm : &p->vmi;

	if (subject->body || (!in->is_vmi && is_hidden(&p->vm) && p->vmi.body))
		return 0;
	if (!in->is_vmi && p->vmi.body)
		(void)vmn_err_hint(&subject->err,
				   "a VMI without a VM has that name: vmnetctl inspect vmi %s",
				   in->name);
	else if (in->is_vmi && p->vm.body)
		(void)vmn_err_hint(&subject->err,
				   "the VM is there but does not run: vmnetctl "
				   "inspect vm %s",
				   in->name);
	return vmn_err_move(err, &subject->err);
}

static int read_vm(const struct vmn_survey *in, struct reader *r, struct vm_parts *p,
		   struct vmn_err *err)
{
	const char *ns = in->ns;
	vmn_auto_free char *vm = vmn_kube_path(&vmn_gvr_vm, ns, in->name, NULL);
	vmn_auto_free char *vmi = vmn_kube_path(&vmn_gvr_vmi, ns, in->name, NULL);
	vmn_auto_free char *migrations = vmn_kube_path(&vmn_gvr_vmim, ns, NULL, NULL);
	vmn_auto_free char *label = vmn_xasprintf(VMN_LABEL_VMI_NAME "=%s", in->name);

	vmn_kube_path_query(&migrations, "labelSelector", label);
	part_start(r, &p->vm, vm);
	part_start(r, &p->vmi, vmi);
	part_start(r, &p->migrations, migrations);
	if (read_all(r, err) < 0 || part_check(&p->vm, err) < 0 || part_check(&p->vmi, err) < 0 ||
	    part_check(&p->migrations, err) < 0)
		return -(int)err->code;
	return check_subject(in, p, err);
}

char *vmn_survey_pods_path(const char *ns, const char *vmi_uid)
{
	vmn_auto_free char *label = vmn_xasprintf("kubevirt.io/created-by=%s", vmi_uid);
	char *path = vmn_kube_path(&vmn_gvr_pod, ns, NULL, NULL);

	vmn_kube_path_query(&path, "labelSelector", label);
	return path;
}

/* What VM and VMI refer to: launcher pods, and the NADs, wherever they are. */
static int read_references(const struct vmn_survey *in, struct reader *r, struct vm_parts *p,
			   struct vmn_err *err)
{
	const char *uid = vmn_json_str(p->vmi.body, "/metadata/uid");
	int rc;

	if (uid) {
		vmn_auto_free char *path = vmn_survey_pods_path(in->ns, uid);

		part_start(r, &p->pods, path);
	}
	vmn_topology_nads(p->vm.body, p->vmi.body, &p->nad_names);
	p->nads = vmn_xcalloc(p->nad_names.n, sizeof(*p->nads));
	for (size_t i = 0; i < p->nad_names.n; i++) {
		const char *slash = strchr(p->nad_names.v[i], '/');
		vmn_auto_free char *ns =
			vmn_xstrndup(p->nad_names.v[i], (size_t)(slash - p->nad_names.v[i]));
		vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_nad, ns, slash + 1, NULL);

		part_start(r, &p->nads[i], path);
	}
	rc = read_all(r, err);
	if (rc == 0)
		rc = part_check(&p->pods, err);
	for (size_t i = 0; i < p->nad_names.n && rc == 0; i++)
		rc = part_check(&p->nads[i], err);
	return rc;
}

static struct json_object *nads_found(const struct vm_parts *p)
{
	struct json_object *nads = json_object_new_object();

	for (size_t i = 0; i < p->nad_names.n; i++)
		if (!is_hidden(&p->nads[i]))
			vmn_json_set_bool(nads, p->nad_names.v[i], p->nads[i].body != NULL);
	return nads;
}

int vmn_survey_vm(const struct vmn_survey *in, char **ret_vmi_uid, struct json_object **ret,
		  struct vmn_err *err)
{
	VMN_CLEANUP(vm_parts_clear) struct vm_parts p = {0};
	struct reader r = {.k = in->k};
	vmn_auto_json struct json_object *nads = NULL;
	struct vmn_topology_facts facts;
	int rc = read_vm(in, &r, &p, err);

	if (rc == 0)
		rc = read_references(in, &r, &p, err);
	if (rc < 0)
		return rc;
	nads = nads_found(&p);
	facts = (struct vmn_topology_facts){
		.vm = p.vm.body,
		.vmi = p.vmi.body,
		.is_vm_hidden = is_hidden(&p.vm),
		.is_vmi_hidden = is_hidden(&p.vmi),
		.pods = vmn_json_array(p.pods.body, "/items"),
		.nads = nads,
		.migrations = vmn_json_array(p.migrations.body, "/items"),
	};
	*ret_vmi_uid =
		p.vmi.body ? vmn_xstrdup(vmn_json_str_or(p.vmi.body, "/metadata/uid", "")) : NULL;
	*ret = vmn_topology_report(&facts);
	return 0;
}

/* --- one migration -------------------------------------------------------------------- */

/* Events about one object */
static char *events_path(const char *ns, struct json_object *about)
{
	vmn_auto_free char *field =
		vmn_xasprintf("involvedObject.uid=%s", vmn_json_str_or(about, "/metadata/uid", ""));
	char *path = vmn_kube_path(&vmn_gvr_event, ns, NULL, NULL);

	vmn_kube_path_query(&path, "fieldSelector", field);
	return path;
}

int vmn_survey_migration(const struct vmn_survey *in, char **ret_vmi_name, struct json_object **ret,
			 struct vmn_err *err)
{
	const char *ns = in->ns;
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_vmim, ns, in->name, NULL);
	VMN_CLEANUP(part_clear) struct part vmi = {0};
	VMN_CLEANUP(part_clear) struct part events = {0};
	VMN_CLEANUP(part_clear) struct part vmi_events = {0};
	vmn_auto_json struct json_object *vmim = NULL, *both = json_object_new_array();
	vmn_auto_free char *vmi_path = NULL, *own_path = NULL, *other_path = NULL;
	struct reader r = {.k = in->k};

	if (vmn_kube_get(in->k, path, &vmim, err) < 0)
		return -(int)err->code;
	vmi_path =
		vmn_kube_path(&vmn_gvr_vmi, ns, vmn_json_str_or(vmim, "/spec/vmiName", ""), NULL);
	own_path = events_path(ns, vmim);
	part_start(&r, &vmi, vmi_path);
	part_start(&r, &events, own_path);
	if (read_all(&r, err) < 0 || part_check(&vmi, err) < 0 || part_check(&events, err) < 0)
		return -(int)err->code;
	if (vmi.body && vmn_streq(vmn_migration_phase(vmim), "Failed")) {
		other_path = events_path(ns, vmi.body);
		part_start(&r, &vmi_events, other_path);
		if (read_all(&r, err) < 0 || part_check(&vmi_events, err) < 0)
			return -(int)err->code;
	}
	vmn_json_each(own, vmn_json_array(events.body, "/items"))
		vmn_json_append_take(both, json_object_get(own));
	vmn_json_each(other, vmn_json_array(vmi_events.body, "/items"))
		vmn_json_append_take(both, json_object_get(other));
	*ret_vmi_name = vmn_xstrdup(vmn_json_str_or(vmim, "/spec/vmiName", ""));
	*ret = vmn_migration_report(vmim, vmi.body, is_hidden(&events) ? NULL : both);
	return 0;
}
