/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdarg.h>
#include <string.h>

#include "lab/admit.h"
#include "lab/ctl.h"
#include "lab/ctl_net.h"
#include "lab/fault.h"
#include "lab/kubevirt.h"
#include "lab/store.h"
#include "lab/subresource.h"
#include "lib/data/yaml.h"
#include "lib/virt/vm.h"

#define TEXT_PLAIN "text/plain; charset=utf-8"
#define IS_1_0_RC (1u << LAB_KUBEVIRT_1_0_RC)
#define IS_1_0 (1u << LAB_KUBEVIRT_1_0)
#define IS_1_9 (1u << LAB_KUBEVIRT_1_9)
#define IS_ANY (IS_1_0_RC | IS_1_0 | IS_1_9)

/* virt-api acts with its own rights; webhooks see its service account. */
static const char *const virt_api_groups[] = {"system:serviceaccounts", "system:authenticated", NULL};
static const struct lab_user virt_api = {
	.name = "system:serviceaccount:kubevirt:kubevirt-apiserver",
	.groups = virt_api_groups,
	.is_system = true,
};

/* One request on its way through its handler. */
struct call {
	struct lab *lab;
	const struct lab_subrequest *req;
	struct lab_subresponse *ret;
	struct json_object *body; /* {} when it was empty */
};

/* --- answers ---------------------------------------------------------------------------------------- */

/* Routing errors come from go-restful as text. */
static void answer_text(struct lab_subresponse *ret, int status, const char *text)
{
	ret->status = status;
	ret->content_type = TEXT_PLAIN;
	ret->body = vmn_xstrdup(text);
}

static void answer_json(struct lab_subresponse *ret, int status, struct json_object *doc)
{
	ret->status = status;
	ret->content_type = "application/json";
	ret->body = vmn_xstrdup(vmn_json_text(doc));
}

/*
 * A Status as virt-api writes it: Go's errors.NewX() as JSON, without kind and apiVersion.
 * Source: pkg/virt-api/rest/subresource.go writeError().
 */
static void answer_status(struct call *c, int code, const char *reason, struct json_object *details,
			  const char *message)
{
	vmn_auto_json struct json_object *doc = vmn_json_build(
		"{\"metadata\":{},\"status\":\"Failure\",\"message\":%s}", message);

	if (reason)
		vmn_json_set_str(doc, "reason", reason);
	if (details)
		vmn_json_set_take(doc, "details", details);
	vmn_json_set_int(doc, "code", code);
	answer_json(c->ret, code, doc);
}

static struct json_object *details_of(const char *kind, const char *name)
{
	return vmn_json_build("{\"name\":%s,\"group\":\"kubevirt.io\",\"kind\":%s}", name, kind);
}

static void answer_bad_request(struct call *c, const char *fmt, ...) VMN_PRINTF(2, 3);
static void answer_bad_request(struct call *c, const char *fmt, ...)
{
	vmn_auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	answer_status(c, 400, "BadRequest", NULL, text);
}

static void answer_not_found(struct call *c, const char *kind)
{
	vmn_auto_free char *text =
		vmn_xasprintf("%s.kubevirt.io \"%s\" not found", kind, c->req->name);

	answer_status(c, 404, "NotFound", details_of(kind, c->req->name), text);
}

static void answer_conflict(struct call *c, const char *kind, const char *why)
{
	vmn_auto_free char *text = vmn_xasprintf(
		"Operation cannot be fulfilled on %s.kubevirt.io \"%s\": %s", kind, c->req->name, why);

	answer_status(c, 409, "Conflict", details_of(kind, c->req->name), text);
}

static void answer_internal(struct call *c, const char *why)
{
	vmn_auto_free char *text = vmn_xasprintf("Internal error occurred: %s", why);

	answer_status(c, 500, "InternalError", vmn_json_build("{\"causes\":[{\"message\":%s}]}", why),
		      text);
}

/* What a failed test of virt-api's own JSON patch becomes: another writer was faster. */
static void answer_patch_test_failed(struct call *c)
{
	answer_status(c, 422, "Invalid", NULL,
		      "the server rejected our request due to an error in our request");
}

/* Faults match the path as the client wrote it, which also holds "NAMESPACE/.../VM". */
static const struct lab_fault *fault_for(struct lab *lab, enum lab_fault_kind kind,
					 const struct lab_subrequest *req)
{
	vmn_auto_free char *path =
		req->ns ? vmn_xasprintf("/apis/subresources.kubevirt.io/%s/namespaces/%s/%s/%s/%s",
					req->version, req->ns, req->resource, req->name,
					req->subresource) :
			  vmn_xasprintf("/apis/subresources.kubevirt.io/%s/%s", req->version,
					req->resource);

	return lab_fault_hit(lab, kind, req->method, path);
}

static void answer_accepted(struct call *c)
{
	c->ret->status = 202;
}

/* --- bodies --------------------------------------------------------------------------------------------- */

static const char *go_kind(struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_string:
		return "string";
	case json_type_boolean:
		return "bool";
	case json_type_array:
		return "array";
	case json_type_object:
		return "object";
	case json_type_null:
	case json_type_double:
	case json_type_int:
		break;
	}
	return "number";
}

/* A field of the options struct that the handler reads; others are ignored, of whatever type. */
struct field {
	const char *name;
	enum json_type type;
	const char *go_type;
};

struct options {
	const char *go_name;
	const struct field *fields; /* ended by a NULL name */
	const char *error_prefix;
};

/* Go's encoding/json is strict about the types of the fields it knows. */
static int check_types(const struct options *o, struct json_object *body, struct vmn_err *err)
{
	if (!json_object_is_type(body, json_type_object))
		return vmn_err_set(err, VMN_E_INVALID,
				   "json: cannot unmarshal %s into Go value of type v1.%s", go_kind(body),
				   o->go_name);
	for (const struct field *f = o->fields; f->name; f++) {
		struct json_object *v;

		if (!json_object_object_get_ex(body, f->name, &v) || !v ||
		    json_object_is_type(v, f->type))
			continue;
		return vmn_err_set(err, VMN_E_INVALID,
				   "json: cannot unmarshal %s into Go struct field %s.%s of type %s",
				   go_kind(v), o->go_name, f->name, f->go_type);
	}
	return 0;
}

/* k8s.io/apimachinery's YAMLOrJSONDecoder: a first '{' means JSON, nothing at all is fine */
static int parse_body(const struct lab_subrequest *req, struct json_object **ret, struct vmn_err *err)
{
	const char *s = req->body ? req->body : "";
	size_t len = req->body ? req->body_len : 0;
	struct json_tokener *tok;
	enum json_tokener_error rc;

	while (len && strchr(" \t\r\n", *s)) {
		s++;
		len--;
	}
	if (!len) {
		*ret = json_object_new_object();
		return 0;
	}
	if (*s != '{')
		return vmn_yaml_parse_one(s, len, ret, err);
	tok = json_tokener_new_ex(VMN_JSON_MAX_DEPTH);
	if (!tok)
		return vmn_err_oom(err);
	*ret = json_tokener_parse_ex(tok, s, (int)len);
	rc = json_tokener_get_error(tok);
	json_tokener_free(tok);
	if (rc == json_tokener_continue)
		return vmn_err_set(err, VMN_E_INVALID, "unexpected EOF");
	if (rc != json_tokener_success)
		return vmn_err_set(err, VMN_E_INVALID, "%s", json_tokener_error_desc(rc));
	return 0;
}

static bool decode_body(struct call *c, const struct options *o)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (parse_body(c->req, &c->body, &err) < 0 || check_types(o, c->body, &err) < 0) {
		answer_bad_request(c, "%s, error: %s", o->error_prefix, vmn_err_text(&err));
		return false;
	}
	return true;
}

/* A dry run must be ["All"]; the API server says so to virt-api, and virt-api calls that internal. */
static bool read_dry_run(struct call *c, const char *options_kind, bool *ret)
{
	struct json_object *list = vmn_json_array(c->body, "/dryRun");
	vmn_auto_buf struct vmn_buf bad = VMN_BUF_INIT(0);

	*ret = vmn_json_len(list) > 0;
	vmn_json_each(item, list)
		if (strcmp(vmn_json_str_or(item, "", ""), "All"))
			vmn_buf_addf(&bad, "%s%s", bad.len ? ", " : "", vmn_json_text(item));
	if (bad.len) {
		vmn_auto_free char *text = vmn_xasprintf(
			"%s.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: []string{%s}: "
			"supported values: \"All\"", options_kind, vmn_buf_str(&bad));

		answer_internal(c, text);
	}
	return !bad.len;
}

/* --- addinterface, removeinterface: pkg/virt-api/rest/interfacehotplug.go@v1.0.0 ----------------------------- */

static const struct field interface_fields[] = {
	{"name", json_type_string, "string"},
	{"networkAttachmentDefinitionName", json_type_string, "string"},
	{NULL, json_type_null, NULL},
};
static const struct options add_options = {
	"AddInterfaceOptions", interface_fields, "cannot unmarshal Request body to struct"};
static const struct options remove_options = {
	"RemoveInterfaceOptions", interface_fields, "cannot unmarshal Request body to struct"};

static bool is_remove(const struct call *c)
{
	return !strcmp(c->req->subresource, "removeinterface");
}

/* Checks 1 to 6 of both handlers, in their order; @ret: the request as status.interfaceRequests has it */
static bool read_interface_request(struct call *c, struct json_object **ret)
{
	const char *name, *nad;

	if (!lab_gate(c->lab, "HotplugNICs")) {
		/* the real one says "Add" for both */
		answer_bad_request(c, "Unable to Add Interface because the \"HotplugNICs\" feature gate "
				      "is not enabled.");
		return false;
	}
	if (!decode_body(c, is_remove(c) ? &remove_options : &add_options))
		return false;
	name = vmn_json_str_or(c->body, "/name", "");
	nad = vmn_json_str_or(c->body, "/networkAttachmentDefinitionName", "");
	if (!is_remove(c) && !*nad) {
		answer_bad_request(c, "AddInterfaceOptions requires `networkAttachmentDefinitionName` "
				      "to be set");
		return false;
	}
	if (!*name) {
		answer_bad_request(c, "%s requires `name` to be set",
				   is_remove(c) ? "RemoveInterfaceOptions" : "AddInterfaceOptions");
		return false;
	}
	*ret = is_remove(c) ?
		       vmn_json_build("{\"removeInterfaceOptions\":{\"name\":%s}}", name) :
		       vmn_json_build("{\"addInterfaceOptions\":{\"networkAttachmentDefinitionName\":%s,"
				      "\"name\":%s}}", nad, name);
	return true;
}

/* The same name queued already, for the same or the opposite: accepted and dropped. */
static bool is_queued(struct json_object *requests, const char *name)
{
	vmn_json_each(r, requests)
		if (vmn_streq(vmn_json_str(r, "/addInterfaceOptions/name"), name) ||
		    vmn_streq(vmn_json_str(r, "/removeInterfaceOptions/name"), name))
			return true;
	return false;
}

static void vm_interface(struct call *c)
{
	vmn_auto_json struct json_object *request = NULL;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *vm;

	if (!read_interface_request(c, &request))
		return;
	vm = lab_get(c->lab, LAB_VM, c->req->ns, c->req->name);
	if (!vm) {
		answer_not_found(c, "virtualmachine");
		return;
	}
	if (fault_for(c->lab, LAB_FAULT_CONFLICT, c->req)) {
		answer_patch_test_failed(c);
		return;
	}
	if (!is_queued(vmn_json_array(vm, "/status/interfaceRequests"),
		       vmn_json_str(c->body, "/name"))) {
		vm = vmn_json_copy(vm);
		vmn_json_append_take(lab_child(lab_status_of(vm), "interfaceRequests", json_type_array),
				     vmn_steal(&request));
		if (lab_update(c->lab, LAB_VM, c->req->ns, c->req->name, vm, LAB_WRITE_SYSTEM, NULL,
			       &err) < 0) {
			vmn_auto_free char *text =
				vmn_xasprintf("unable to patch vm status: %s", vmn_err_text(&err));

			answer_internal(c, text);
			return;
		}
	}
	answer_accepted(c);
}

/* Before 1.0.0-rc.1 a VMI could be changed directly, and forgot it with the next start. */
static void vmi_interface(struct call *c)
{
	vmn_auto_json struct json_object *request = NULL, *copy = NULL;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *vmi;

	if (!read_interface_request(c, &request))
		return;
	vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	if (!vmi) {
		answer_not_found(c, "virtualmachineinstance");
		return;
	}
	if (!vmn_streq(vmn_json_str(vmi, "/status/phase"), "Running")) {
		answer_conflict(c, "virtualmachineinstance", "VMI is not running");
		return;
	}
	if (fault_for(c->lab, LAB_FAULT_CONFLICT, c->req)) {
		answer_patch_test_failed(c);
		return;
	}
	copy = vmn_json_copy(vmi);
	if (lab_apply_request(vmn_json_get(copy, "/spec"), request) &&
	    lab_update(c->lab, LAB_VMI, c->req->ns, c->req->name, vmn_steal(&copy), LAB_WRITE_SYSTEM,
		       NULL, &err) < 0) {
		vmn_auto_free char *text = vmn_xasprintf("unable to patch vmi: %s", vmn_err_text(&err));

		answer_internal(c, text);
		return;
	}
	answer_accepted(c);
}

/* --- migrate: pkg/virt-api/rest/lifecycle.go MigrateVMRequestHandler() --------------------------------------- */

static const char lifecycle_prefix[] = "Can not unmarshal Request body to struct";
static const struct field migrate_fields[] = {
	{"dryRun", json_type_array, "[]string"},
	{"addedNodeSelector", json_type_object, "map[string]string"},
	{NULL, json_type_null, NULL},
};
static const struct options migrate_options = {"MigrateOptions", migrate_fields, lifecycle_prefix};

static int create_migration(struct call *c, bool is_dry_run, struct vmn_err *err)
{
	struct json_object *selector = vmn_json_get(c->body, "/addedNodeSelector");
	vmn_auto_json struct json_object *vmim =
		vmn_json_build("{\"apiVersion\":\"kubevirt.io/v1\","
			       "\"kind\":\"VirtualMachineInstanceMigration\","
			       "\"metadata\":{\"generateName\":\"kubevirt-migrate-vm-\","
			       "\"namespace\":%s},\"spec\":{\"vmiName\":%s},\"status\":{}}",
			       c->req->ns, c->req->name);
	struct lab_admission a = {
		.op = LAB_OP_CREATE,
		.kind = &lab_kinds[LAB_VMIM],
		.user = &virt_api,
		.ns = c->req->ns,
		.obj = vmim,
		.dry_run = is_dry_run,
	};
	int rc;

	/* v1.0 does not know the field, so it is lost in decoding */
	if (selector && c->lab->dialect == LAB_KUBEVIRT_1_9)
		vmn_json_set_take(vmn_json_get(vmim, "/spec"), "addedNodeSelector",
				  vmn_json_copy(selector));
	rc = lab_admit(c->lab, &a, err);
	if (rc < 0)
		return rc;
	return lab_create(c->lab, LAB_VMIM, c->req->ns, vmn_steal(&vmim),
			  LAB_WRITE_SYSTEM | (is_dry_run ? LAB_WRITE_DRY_RUN : 0), NULL, err);
}

static void vm_migrate(struct call *c)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *vmi;
	bool is_dry_run;

	if (!decode_body(c, &migrate_options))
		return;
	if (!lab_get(c->lab, LAB_VM, c->req->ns, c->req->name)) {
		answer_not_found(c, "virtualmachine");
		return;
	}
	vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	if (!vmi) {
		answer_not_found(c, "virtualmachineinstance");
		return;
	}
	if (!vmn_streq(vmn_json_str(vmi, "/status/phase"), "Running")) {
		answer_conflict(c, "virtualmachine", "VM is not running");
		return;
	}
	if (!read_dry_run(c, "CreateOptions", &is_dry_run))
		return;
	if (create_migration(c, is_dry_run, &err) < 0)
		answer_internal(c, vmn_err_text(&err));
	else
		answer_accepted(c);
}

/* --- start, stop, restart: the same file ----------------------------------------------------------------------- */

static const struct field start_fields[] = {
	{"dryRun", json_type_array, "[]string"},
	{"paused", json_type_boolean, "bool"},
	{"gracePeriod", json_type_int, "int64"},
	{"gracePeriodSeconds", json_type_int, "int64"},
	{NULL, json_type_null, NULL},
};
static const struct options start_options = {"StartOptions", start_fields, lifecycle_prefix};
static const struct options stop_options = {"StopOptions", start_fields, lifecycle_prefix};
static const struct options restart_options = {"RestartOptions", start_fields, lifecycle_prefix};

static bool is_active(struct json_object *vmi)
{
	return vmi && !lab_is_final(vmn_json_str(vmi, "/status/phase"));
}

/* Changes the run strategy, in whichever of the two fields the VM uses. */
static void set_running(struct json_object *vm, bool on)
{
	struct json_object *spec = lab_child(vm, "spec", json_type_object);

	if (vmn_json_get(spec, "/runStrategy"))
		vmn_json_set_str(spec, "runStrategy", on ? "Always" : "Halted");
	else
		vmn_json_set_bool(spec, "running", on);
}

/* Leaves a message for the VM controller; @uid NULL: a start. */
static void ask_state_change(struct json_object *vm, const char *action, const char *uid)
{
	struct json_object *list =
		lab_child(lab_status_of(vm), "stateChangeRequests", json_type_array);

	vmn_json_append_take(list, uid ? vmn_json_build("{\"action\":%s,\"uid\":%s}", action, uid) :
					 vmn_json_build("{\"action\":%s}", action));
}

static void save_vm_take(struct call *c, struct json_object *vm)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	bool is_dry_run;

	if (!read_dry_run(c, "PatchOptions", &is_dry_run)) {
		(void)json_object_put(vm);
		return;
	}
	if (lab_update(c->lab, LAB_VM, c->req->ns, c->req->name, vm,
		       LAB_WRITE_SYSTEM | (is_dry_run ? LAB_WRITE_DRY_RUN : 0), NULL, &err) < 0)
		answer_internal(c, vmn_err_text(&err));
	else
		answer_accepted(c);
}

static void vm_start(struct call *c)
{
	struct json_object *vm = lab_get(c->lab, LAB_VM, c->req->ns, c->req->name);
	struct json_object *vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	const char *strategy;

	if (!vm) {
		answer_not_found(c, "virtualmachine");
		return;
	}
	if (is_active(vmi)) {
		answer_conflict(c, "virtualmachine", "VM is already running");
		return;
	}
	if (!decode_body(c, &start_options))
		return;
	strategy = lab_run_strategy(vm);
	if (!strcmp(strategy, "Always") || !strcmp(strategy, "Once")) {
		vmn_auto_free char *why =
			vmn_xasprintf("%s does not support manual start requests", strategy);

		answer_conflict(c, "virtualmachine", why);
		return;
	}
	vm = vmn_json_copy(vm);
	if (!strcmp(strategy, "Halted")) {
		set_running(vm, true);
	} else {
		if (vmi)
			ask_state_change(vm, "Stop", lab_obj_uid(vmi));
		ask_state_change(vm, "Start", NULL);
	}
	save_vm_take(c, vm);
}

static void vm_stop(struct call *c)
{
	struct json_object *vm = lab_get(c->lab, LAB_VM, c->req->ns, c->req->name);
	struct json_object *vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	const char *strategy;

	if (!decode_body(c, &stop_options))
		return;
	if (!vm) {
		answer_not_found(c, "virtualmachine");
		return;
	}
	strategy = lab_run_strategy(vm);
	if (!strcmp(strategy, "Always") || !strcmp(strategy, "Once")) {
		vm = vmn_json_copy(vm);
		set_running(vm, false);
		save_vm_take(c, vm);
		return;
	}
	if (!is_active(vmi)) {
		answer_conflict(c, "virtualmachine", "VM is not running");
		return;
	}
	if (!strcmp(strategy, "Halted") && !vmn_json_get(c->body, "/gracePeriod")) {
		answer_conflict(c, "virtualmachine",
				"Halted only supports manual stop requests with a shorter graceperiod");
		return;
	}
	vm = vmn_json_copy(vm);
	(void)lab_set(lab_status_of(vm), "stateChangeRequests", NULL);
	ask_state_change(vm, "Stop", lab_obj_uid(vmi));
	save_vm_take(c, vm);
}

static void vm_restart(struct call *c)
{
	struct json_object *vm, *vmi;
	const char *strategy;
	int64_t grace;

	if (!decode_body(c, &restart_options))
		return;
	grace = vmn_json_int(c->body, "/gracePeriodSeconds", 0);
	if (grace) {
		answer_bad_request(c, grace > 0 ?
					      "For force restart, only gracePeriod=0 is supported for now" :
					      "gracePeriod has to be greater or equal to 0");
		return;
	}
	vm = lab_get(c->lab, LAB_VM, c->req->ns, c->req->name);
	if (!vm) {
		answer_not_found(c, "virtualmachine");
		return;
	}
	strategy = lab_run_strategy(vm);
	if (!strcmp(strategy, "Halted") || !strcmp(strategy, "Once")) {
		vmn_auto_free char *why = vmn_xasprintf(
			"RunStategy %s does not support manual restart requests", strategy);

		answer_conflict(c, "virtualmachine", why);
		return;
	}
	vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	if (!vmi) {
		answer_conflict(c, "virtualmachine", "VM is not running: Halted");
		return;
	}
	if (vmn_json_len(vmn_json_array(vm, "/status/stateChangeRequests"))) {
		answer_internal(c, "unable to complete request: stop/start already underway");
		return;
	}
	vm = vmn_json_copy(vm);
	ask_state_change(vm, "Stop", lab_obj_uid(vmi));
	ask_state_change(vm, "Start", NULL);
	save_vm_take(c, vm);
}

/* --- pause, unpause: the node's guest is told at once ---------------------------------------------------------- */

static const struct options pause_options = {"PauseOptions", start_fields, lifecycle_prefix};

static void vmi_pause(struct call *c)
{
	struct json_object *vmi;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	bool on = !strcmp(c->req->subresource, "pause"), is_paused, is_dry_run;

	if (!decode_body(c, &pause_options) || !read_dry_run(c, "PauseOptions", &is_dry_run))
		return;
	vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	if (!vmi) {
		answer_not_found(c, "virtualmachineinstance");
		return;
	}
	is_paused = vmn_condition_is(vmi, "Paused", "True");
	if (!vmn_streq(vmn_json_str(vmi, "/status/phase"), "Running")) {
		answer_conflict(c, "virtualmachineinstance",
				on ? "VM is not running" : "VMI is not running");
		return;
	}
	if (on == is_paused) {
		answer_conflict(c, "virtualmachineinstance",
				on ? "VMI is already paused" : "VMI is not paused");
		return;
	}
	vmi = vmn_json_copy(vmi);
	(void)lab_condition_set(vmi, "Paused", on ? "True" : NULL, on ? "PausedByUser" : NULL,
				on ? "VMI was paused by user" : NULL);
	if (lab_update(c->lab, LAB_VMI, c->req->ns, c->req->name, vmi,
		       LAB_WRITE_SYSTEM | (is_dry_run ? LAB_WRITE_DRY_RUN : 0), NULL, &err) < 0)
		answer_internal(c, vmn_err_text(&err));
	else
		c->ret->status = 200;
}

/* --- evacuate/cancel (since v1.7): pkg/virt-api/rest/evacuate_cancel.go ------------------------------------------ */

static const struct options evacuate_options = {"EvacuateCancelOptions", start_fields, lifecycle_prefix};

static void evacuate_cancel(struct call *c)
{
	struct json_object *vmi;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	bool is_dry_run;

	if (!decode_body(c, &evacuate_options) || !read_dry_run(c, "PatchOptions", &is_dry_run))
		return;
	vmi = lab_get(c->lab, LAB_VMI, c->req->ns, c->req->name);
	if (!vmi) {
		answer_not_found(c, "virtualmachineinstance");
		return;
	}
	vmi = vmn_json_copy(vmi);
	(void)lab_set(lab_status_of(vmi), "evacuationNodeName", NULL);
	if (lab_update(c->lab, LAB_VMI, c->req->ns, c->req->name, vmi,
		       LAB_WRITE_SYSTEM | (is_dry_run ? LAB_WRITE_DRY_RUN : 0), NULL, &err) < 0)
		answer_internal(c, vmn_err_text(&err));
	else
		c->ret->status = 200;
}

/* --- version, healthz -------------------------------------------------------------------------------------------- */

static void get_version(struct call *c)
{
	vmn_auto_json struct json_object *doc =
		vmn_json_build("{\"gitVersion\":%s,\"gitCommit\":\"\",\"gitTreeState\":\"clean\","
			       "\"buildDate\":\"\",\"goVersion\":\"\",\"compiler\":\"vmnetctl-lab\","
			       "\"platform\":\"linux/amd64\"}",
			       lab_kubevirt_version(c->lab));

	answer_json(c->ret, 200, doc);
}

static void get_healthz(struct call *c)
{
	vmn_auto_json struct json_object *doc =
		vmn_json_build("{\"apiserver\":{\"connectivity\":\"ok\"}}");

	answer_json(c->ret, 200, doc);
}

/* --- routing: go-restful's order of checks ------------------------------------------------------------------------- */

static const struct route {
	unsigned dialects;
	const char *resource, *subresource; /* subresource NULL: not below a namespace */
	const char *method;
	void (*handle)(struct call *c);
} routes[] = {
	{IS_ANY, "virtualmachineinstances", "pause", "PUT", vmi_pause},
	{IS_ANY, "virtualmachineinstances", "unpause", "PUT", vmi_pause},
	{IS_1_0_RC, "virtualmachineinstances", "addinterface", "PUT", vmi_interface},
	{IS_1_0_RC, "virtualmachineinstances", "removeinterface", "PUT", vmi_interface},
	{IS_1_9, "virtualmachineinstances", "evacuate/cancel", "PUT", evacuate_cancel},
	{IS_ANY, "virtualmachines", "start", "PUT", vm_start},
	{IS_ANY, "virtualmachines", "stop", "PUT", vm_stop},
	{IS_ANY, "virtualmachines", "restart", "PUT", vm_restart},
	{IS_ANY, "virtualmachines", "migrate", "PUT", vm_migrate},
	{IS_1_0_RC | IS_1_0, "virtualmachines", "addinterface", "PUT", vm_interface},
	{IS_1_0_RC | IS_1_0, "virtualmachines", "removeinterface", "PUT", vm_interface},
	{IS_1_9, "virtualmachines", "evacuate/cancel", "PUT", evacuate_cancel},
	{IS_ANY, "version", NULL, "GET", get_version},
	{IS_ANY, "healthz", NULL, "GET", get_healthz},
};

static const struct route *find_route(const struct lab *lab, const struct lab_subrequest *req)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(routes); i++)
		if ((routes[i].dialects & (1u << lab->dialect)) &&
		    !strcmp(routes[i].resource, req->resource ? req->resource : "") &&
		    vmn_streq(routes[i].subresource, req->subresource))
			return &routes[i];
	return NULL;
}

/* The PUT routes declare no media type they produce, so that only a wildcard matches. */
static bool is_acceptable(const struct route *r, const char *accept)
{
	vmn_auto_strlist struct vmn_strlist types = {0};

	if (vmn_is_empty(accept) || strcmp(r->method, "PUT"))
		return true;
	vmn_strlist_split(&types, accept, ',');
	for (size_t i = 0; i < types.n; i++) {
		const char *t = types.v[i] + strspn(types.v[i], " ");

		if (vmn_starts_with(t, "*/*"))
			return true;
	}
	return false;
}

void lab_subresource(struct lab *lab, const struct lab_subrequest *req, struct lab_subresponse *ret)
{
	const struct route *route = find_route(lab, req);
	struct call c = {.lab = lab, .req = req, .ret = ret};

	*ret = (struct lab_subresponse){0};
	if (fault_for(lab, LAB_FAULT_API_DOWN, req)) {
		answer_text(ret, 503, "error trying to reach service: dial tcp 127.0.0.1:16444: connect: "
				      "connection refused");
	} else if (!route) {
		answer_text(ret, 404, "404: Page Not Found\n");
	} else if (strcmp(route->method, req->method)) {
		answer_text(ret, 405, "405: Method Not Allowed\n");
		ret->allow = route->method;
	} else if (!is_acceptable(route, req->accept)) {
		answer_text(ret, 406, "406: Not Acceptable\n\nAvailable representations: ");
	} else {
		route->handle(&c);
		(void)json_object_put(c.body);
	}
}

struct json_object *lab_subresource_discovery(struct lab *lab, const char *version)
{
	bool is_1_9 = lab->dialect == LAB_KUBEVIRT_1_9;
	/* v1.0 describes v1alpha3 whichever version was asked for */
	const char *v = is_1_9 ? version : "v1alpha3";
	vmn_auto_free char *group_version = vmn_xasprintf("subresources.kubevirt.io/%s", v);
	struct json_object *list = json_object_new_array();
	struct json_object *doc;

	for (size_t i = 0; i < VMN_ARRAY_LEN(routes); i++) {
		vmn_auto_free char *name = NULL;

		if (!routes[i].subresource || !(routes[i].dialects & (1u << lab->dialect)))
			continue;
		name = vmn_xasprintf("%s/%s", routes[i].resource, routes[i].subresource);
		vmn_json_append_take(list, vmn_json_build("{\"name\":%s,\"singularName\":\"\","
							  "\"namespaced\":true,\"kind\":\"\","
							  "\"verbs\":null}", name));
	}
	doc = vmn_json_build("{\"kind\":\"APIResourceList\",\"apiVersion\":%s,\"groupVersion\":%s,"
			     "\"resources\":%J}", v, group_version, list);
	(void)json_object_put(list);
	return doc;
}
