/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lab/kubevirt/admit.h"
#include "lab/kubevirt/admit_net.h"
#include "lab/kubevirt/ctl.h"
#include "lab/api/fault.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/api/store.h"
#include "lib/virt/vm.h"

/* Names from the webhook configurations KubeVirt generates for itself. */
#define VM_MUTATOR "virtualmachines-mutator.kubevirt.io"
#define VM_VALIDATOR "virtualmachine-validator.kubevirt.io"
#define VMI_MUTATOR "virtualmachineinstances-mutator.kubevirt.io"
#define VMI_CREATE_VALIDATOR "virtualmachineinstances-create-validator.kubevirt.io"
#define VMI_UPDATE_VALIDATOR "virtualmachineinstances-update-validator.kubevirt.io"
#define VMIM_MUTATOR "migrations-mutator.kubevirt.io"
#define VMIM_CREATE_VALIDATOR "migration-create-validator.kubevirt.io"
#define VMIM_UPDATE_VALIDATOR "migration-update-validator.kubevirt.io"
#define STATUS_VALIDATOR "kubevirt-crd-status-validator.kubevirt.io"

/* --- how a refusal looks -------------------------------------------------------------- */

/* 422 with causes: ToAdmissionResponse() in KubeVirt, ToStatusErr() in the API server. */
static int deny_invalid(const char *webhook, const char *message, const char *causes,
			struct vmn_err *err)
{
	(void)vmn_err_set(err, VMN_E_INVALID, "admission webhook \"%s\" denied the request: %s",
			  webhook, message);
	err->http = 422;
	err->reason = vmn_xstrdup("Invalid");
	err->causes = causes ? vmn_xstrdup(causes) : NULL;
	return -VMN_E_INVALID;
}

static int deny_causes(const char *webhook, const struct lab_causes *c, struct vmn_err *err)
{
	if (!c->lines.len)
		return 0;
	return deny_invalid(webhook, vmn_buf_str(&c->message), vmn_buf_str(&c->lines), err);
}

/* 400 without reason: ToAdmissionResponseError() */
static int deny_text(const char *webhook, struct vmn_err *err, const char *fmt, ...)
	VMN_PRINTF(3, 4);
static int deny_text(const char *webhook, struct vmn_err *err, const char *fmt, ...)
{
	vmn_auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	(void)vmn_err_set(err, VMN_E_INVALID, "admission webhook \"%s\" denied the request: %s",
			  webhook, text);
	err->http = 400;
	return -VMN_E_INVALID;
}

static int webhook_unreachable(const char *webhook, const char *path, struct vmn_err *err)
{
	(void)vmn_err_set(
		err, VMN_E_SERVER,
		"Internal error occurred: failed calling webhook \"%s\": failed to call webhook: "
		"Post \"https://virt-api.kubevirt.svc:443/%s?timeout=10s\": dial tcp "
		"10.96.0.10:443: connect: connection refused",
		webhook, path);
	err->http = 500;
	err->reason = vmn_xstrdup("InternalError");
	return -VMN_E_SERVER;
}

/* --- the CRDs' own schemas: only which fields must be there --------------------------- */

struct required {
	enum lab_kind_id kind;
	const char *const *parent; /* path, "*" is each element of a list */
	const char *field;
};

static const char *const at_top[] = {NULL};
static const char *const at_spec[] = {"spec", NULL};
static const char *const at_template_spec[] = {"spec", "template", "spec", NULL};
static const char *const at_vm_domain[] = {"spec", "template", "spec", "domain", NULL};
static const char *const at_vm_ifaces[] = {"spec",    "template",   "spec", "domain",
					   "devices", "interfaces", "*",    NULL};
static const char *const at_vm_nets[] = {"spec", "template", "spec", "networks", "*", NULL};
static const char *const at_vm_multus[] = {"spec", "template", "spec", "networks",
					   "*",	   "multus",   NULL};
static const char *const at_vmi_domain[] = {"spec", "domain", NULL};
static const char *const at_vmi_ifaces[] = {"spec", "domain", "devices", "interfaces", "*", NULL};
static const char *const at_vmi_nets[] = {"spec", "networks", "*", NULL};
static const char *const at_vmi_multus[] = {"spec", "networks", "*", "multus", NULL};

/* From the "required" lists of the generated CRDs, v1.0.0 and v1.9.0 alike. */
static const struct required required[] = {
	{LAB_VM, at_top, "spec"},
	{LAB_VM, at_spec, "template"},
	{LAB_VM, at_template_spec, "domain"},
	{LAB_VM, at_vm_domain, "devices"},
	{LAB_VM, at_vm_ifaces, "name"},
	{LAB_VM, at_vm_nets, "name"},
	{LAB_VM, at_vm_multus, "networkName"},
	{LAB_VMI, at_top, "spec"},
	{LAB_VMI, at_spec, "domain"},
	{LAB_VMI, at_vmi_domain, "devices"},
	{LAB_VMI, at_vmi_ifaces, "name"},
	{LAB_VMI, at_vmi_nets, "name"},
	{LAB_VMI, at_vmi_multus, "networkName"},
	{LAB_VMIM, at_top, "spec"},
	{LAB_KUBEVIRT, at_top, "spec"},
};

static void find_missing(struct json_object *at, const char *const *parent, const char *field,
			 const char *path, struct lab_causes *c)
{
	struct json_object *next;

	if (!at)
		return;
	if (!*parent) {
		vmn_auto_free char *full = vmn_xasprintf("%s%s%s", path, *path ? "." : "", field);

		if (json_object_is_type(at, json_type_object) &&
		    (!json_object_object_get_ex(at, field, &next) || !next))
			lab_cause(c, full, "Required value");
		return;
	}
	if (!strcmp(*parent, "*")) {
		for (size_t i = 0; i < vmn_json_len(at); i++) {
			vmn_auto_free char *item = vmn_xasprintf("%s[%zu]", path, i);

			find_missing(json_object_array_get_idx(at, i), parent + 1, field, item, c);
		}
		return;
	}
	if (json_object_is_type(at, json_type_object) &&
	    json_object_object_get_ex(at, *parent, &next)) {
		vmn_auto_free char *full = vmn_xasprintf("%s%s%s", path, *path ? "." : "", *parent);

		find_missing(next, parent + 1, field, full, c);
	}
}

static int check_schema(const struct lab_admission *a, struct vmn_err *err)
{
	lab_auto_causes struct lab_causes c = {0};

	for (size_t i = 0; i < VMN_ARRAY_LEN(required); i++)
		if (required[i].kind == a->kind->id)
			find_missing(a->obj, required[i].parent, required[i].field, "", &c);
	if (!c.lines.len)
		return 0;
	/* "spec.template: Required value", several as "[a: x, b: x]" */
	for (char *p = c.lines.data; (p = strchr(p, '\n')); p++)
		*p = ',';
	(void)vmn_err_set(err, VMN_E_INVALID, "%s.%s \"%s\" is invalid: %s", a->kind->kind,
			  a->kind->group, lab_obj_name(a->obj), vmn_buf_str(&c.lines));
	err->http = 422;
	err->reason = vmn_xstrdup("Invalid");
	for (char *p = c.lines.data; (p = strchr(p, ',')); p++)
		*p = '\n';
	err->causes = vmn_xstrdup(vmn_buf_str(&c.lines));
	return -VMN_E_INVALID;
}

/* --- VirtualMachine ------------------------------------------------------------------- */

static struct lab_net_config net_config(struct lab *lab)
{
	struct lab_net_config config = {
		.dialect = lab->dialect,
		.permits_bridge_on_pod_network = vmn_json_bool(
			lab_config(lab), "/network/permitBridgeInterfaceOnPodNetwork", true),
		/* Beta is on by default in v1.9 (virt-config/featuregate/feature-gates.go) */
		.has_passt_gate = lab->dialect == LAB_KUBEVIRT_1_9,
		.has_port_ranges_gate = lab_gate(lab, "PortRangesSpec"),
		.has_dra_gate = lab_gate(lab, "NetworkDevicesWithDRA"),
	};

	return config;
}

/* pkg/virt-api/webhooks/mutating-webhook/mutators/vm-mutator.go */
static void default_vm(struct json_object *vm)
{
	struct json_object *spec = vmn_json_get(vm, "/spec/template/spec"), *domain;

	if (!spec || !json_object_is_type(spec, json_type_object))
		return;
	if (!vmn_json_get(spec, "/architecture"))
		vmn_json_set_str(spec, "architecture", "amd64");
	domain = lab_child(spec, "domain", json_type_object);
	lab_child(domain, "devices", json_type_object);
	domain = lab_child(domain, "machine", json_type_object);
	if (!vmn_json_get(domain, "/type"))
		vmn_json_set_str(domain, "type", "q35");
}

static bool is_run_strategy(const char *s)
{
	static const char *const known[] = {"Halted",	      "Manual", "Always",
					    "RerunOnFailure", "Once",	"WaitAsReceiver"};

	for (size_t i = 0; i < VMN_ARRAY_LEN(known); i++)
		if (!strcmp(s, known[i]))
			return true;
	return false;
}

/* vms-admitter.go ValidateVirtualMachineSpec() */
static void vm_spec_rules(struct lab *lab, struct json_object *vm, struct lab_causes *c)
{
	const struct lab_net_config config = net_config(lab);
	const char *strategy = vmn_json_str(vm, "/spec/runStrategy");
	bool has_running = vmn_json_get(vm, "/spec/running");

	if (!vmn_json_get(vm, "/spec/template")) {
		lab_cause(c, "spec.template", "missing virtual machine template.");
		return;
	}
	lab_admit_networks(vmn_json_get(vm, "/spec/template/spec"), "spec.template.spec", &config,
			   c);
	if (has_running && strategy)
		lab_cause(
			c, "spec.running", "Running and RunStrategy are mutually exclusive%s",
			lab->dialect == LAB_KUBEVIRT_1_9
				? ". Note that Running is deprecated, please use RunStrategy instead"
				: "");
	if (!has_running && !strategy)
		lab_cause(c, "spec", "One of Running or RunStrategy must be specified");
	if (strategy && !is_run_strategy(strategy))
		lab_cause(c, "spec.runStrategy", "Invalid RunStrategy (%s)", strategy);
}

/*
 * What its CRD does not name, the API server drops without a word. Of v1.9's fields v1.0.0 lacks
 * these, as far as the lab looks at them (compared with the CRDs both versions generate).
 */
static void prune(struct json_object *obj, const char *const *newer)
{
	for (; json_object_is_type(obj, json_type_object) && *newer; newer++)
		json_object_object_del(obj, *newer);
}

static void prune_vmi_spec(const struct lab *lab, struct json_object *spec)
{
	static const char *const of_iface[] = {"binding", "passtBinding", "portRanges", NULL};
	static const char *const of_network[] = {"resourceClaim", NULL};

	if (lab->dialect == LAB_KUBEVIRT_1_9)
		return;
	vmn_json_each(iface, vmn_json_array(spec, "/domain/devices/interfaces"))
		prune(iface, of_iface);
	vmn_json_each(network, vmn_json_array(spec, "/networks"))
		prune(network, of_network);
}

int lab_admit_vm_spec(struct lab *lab, struct json_object *vm, struct vmn_err *err)
{
	lab_auto_causes struct lab_causes c = {0};

	vm_spec_rules(lab, vm, &c);
	return deny_causes(VM_VALIDATOR, &c, err);
}

static int admit_vm(struct lab *lab, struct lab_admission *a, struct vmn_err *err)
{
	int rc;

	prune_vmi_spec(lab, vmn_json_get(a->obj, LAB_PTR_TEMPLATE "/spec"));
	default_vm(a->obj);
	if (lab->dialect == LAB_KUBEVIRT_1_9 && vmn_json_get(a->obj, "/spec/running"))
		a->warning = "spec.running is deprecated, please use spec.runStrategy instead.";
	rc = check_schema(a, err);
	return rc < 0 ? rc : lab_admit_vm_spec(lab, a->obj, err);
}

/* --- VirtualMachineInstance ----------------------------------------------------------- */

/* vmi-mutator.go: a VMI without interfaces gets the pod network, by bridge unless configured
 * otherwise */
void lab_default_vmi(struct lab *lab, struct json_object *vmi)
{
	struct json_object *spec = lab_child(vmi, "spec", json_type_object);
	struct json_object *domain = lab_child(spec, "domain", json_type_object);
	struct json_object *devices = lab_child(domain, "devices", json_type_object);
	const char *binding =
		vmn_json_str_or(lab_config(lab), "/network/defaultNetworkInterface", "bridge");

	(void)lab_finalizer_add(vmi, LAB_VMI_FINALIZER);
	if (!vmn_json_get(vmi, "/status/phase"))
		lab_set_phase(vmi, "Pending");
	if (!vmn_json_bool(devices, "/autoattachPodInterface", true) ||
	    vmn_json_len(vmn_json_array(devices, "/interfaces")) ||
	    vmn_json_len(vmn_json_array(spec, "/networks")))
		return;
	vmn_json_set_take(devices, "interfaces",
			  vmn_json_build("[{\"name\":\"default\",%s:{}}]",
					 strcmp(binding, "masquerade") ? "bridge" : "masquerade"));
	vmn_json_set_take(spec, "networks", vmn_json_build("[{\"name\":\"default\",\"pod\":{}}]"));
}

static int admit_vmi_create(struct lab *lab, struct lab_admission *a, struct vmn_err *err)
{
	const struct lab_net_config config = net_config(lab);
	lab_auto_causes struct lab_causes c = {0};
	int rc;

	prune_vmi_spec(lab, vmn_json_get(a->obj, "/spec"));
	lab_default_vmi(lab, a->obj);
	rc = check_schema(a, err);
	if (rc < 0)
		return rc;
	lab_admit_networks(vmn_json_get(a->obj, "/spec"), "spec", &config, &c);
	return deny_causes(VMI_CREATE_VALIDATOR, &c, err);
}

/* vmi-update-admitter.go: nobody but KubeVirt itself changes a spec */
static int admit_vmi_update(const struct lab_admission *a, struct vmn_err *err)
{
	if (a->user->is_system ||
	    json_object_equal(vmn_json_get(a->old, "/spec"), vmn_json_get(a->obj, "/spec")))
		return 0;
	return deny_invalid(VMI_UPDATE_VALIDATOR, "update of VMI object is restricted", NULL, err);
}

/* --- VirtualMachineInstanceMigration -------------------------------------------------- */

/* v1.0.0 knows vmiName alone. */
static void prune_vmim(const struct lab *lab, struct json_object *vmim)
{
	static const char *const newer[] = {"addedNodeSelector", "priority", "receive", "sendTo",
					    NULL};

	if (lab->dialect != LAB_KUBEVIRT_1_9)
		prune(vmn_json_get(vmim, "/spec"), newer);
}

/* migration-create-admitter.go */
static int admit_vmim_create(struct lab *lab, struct lab_admission *a, struct vmn_err *err)
{
	const char *name = vmn_json_str_or(a->obj, "/spec/vmiName", "");
	struct json_object *vmi, *live, *other;
	int rc = check_schema(a, err);

	if (rc < 0)
		return rc;
	prune_vmim(lab, a->obj);
	(void)lab_map_set(a->obj, "labels", LAB_VMI_NAME_LABEL, name);
	(void)lab_finalizer_add(a->obj, LAB_MIGRATION_FINALIZER);
	if (!*name)
		return deny_invalid(VMIM_CREATE_VALIDATOR, "vmiName is missing",
				    "spec.vmiName: vmiName is missing", err);
	if (lab->dialect == LAB_KUBEVIRT_1_9 && vmn_json_get(a->obj, "/spec/priority"))
		return deny_text(VMIM_CREATE_VALIDATOR, err,
				 "Migration priority queue, only "
				 "virt-controller is allowed to set priority field");
	if (lab->dialect == LAB_KUBEVIRT_1_9 && !lab_gate(lab, "DecentralizedLiveMigration") &&
	    (vmn_json_get(a->obj, "/spec/sendTo") || vmn_json_get(a->obj, "/spec/receive")))
		return deny_text(VMIM_CREATE_VALIDATOR, err,
				 "DecentralizedLiveMigration feature gate "
				 "is not enabled in kubevirt resource");
	vmi = lab_get(lab, LAB_VMI, a->ns, name);
	if (!vmi)
		return deny_text(VMIM_CREATE_VALIDATOR, err, "the VMI \"%s/%s\" does not exist",
				 a->ns, name);
	if (lab_is_final(vmn_json_str(vmi, "/status/phase")))
		return deny_text(VMIM_CREATE_VALIDATOR, err,
				 "Cannot migrate VMI in finalized state.");
	live = vmn_condition(vmi, "LiveMigratable");
	if (vmn_streq(vmn_json_str(live, "/status"), "False"))
		return deny_text(VMIM_CREATE_VALIDATOR, err,
				 "Cannot migrate VMI, Reason: %s, Message: %s",
				 vmn_json_str_or(live, "/reason", ""),
				 vmn_json_str_or(live, "/message", ""));
	other = lab_active_migration(lab, a->ns, name);
	if (other)
		return deny_text(
			VMIM_CREATE_VALIDATOR, err,
			"in-flight migration detected. Active migration job (%s) is currently "
			"already in progress for VMI %s.",
			lab_obj_uid(other), name);
	return 0;
}

/* migration-update-admitter.go */
static int admit_vmim_update(const struct lab_admission *a, struct vmn_err *err)
{
	lab_auto_causes struct lab_causes c = {0};

	if (!json_object_equal(vmn_json_get(a->old, "/spec"), vmn_json_get(a->obj, "/spec")))
		lab_cause(&c, "spec", "update of Migration object's spec is restricted");
	return deny_causes(VMIM_UPDATE_VALIDATOR, &c, err);
}

/* --- which webhook sees what ---------------------------------------------------------- */

static int check_faults(struct lab *lab, const struct lab_admission *a, struct vmn_err *err)
{
	static const struct {
		enum lab_kind_id kind;
		const char *mutator, *path, *create, *update;
	} rows[] = {
		{LAB_VM, VM_MUTATOR, "virtualmachines-mutate", VM_VALIDATOR, VM_VALIDATOR},
		{LAB_VMI, VMI_MUTATOR, "virtualmachineinstances-mutate", VMI_CREATE_VALIDATOR,
		 VMI_UPDATE_VALIDATOR},
		{LAB_VMIM, VMIM_MUTATOR, "migration-mutate-create", VMIM_CREATE_VALIDATOR,
		 VMIM_UPDATE_VALIDATOR},
	};
	vmn_auto_free char *key =
		vmn_xasprintf("%s/%s", a->ns ? a->ns : "",
			      a->kind->id == LAB_VMIM ? vmn_json_str_or(a->obj, "/spec/vmiName", "")
						      : lab_obj_name(a->obj));
	vmn_auto_free char *path =
		vmn_xasprintf("/apis/kubevirt.io/v1/namespaces/%s/%s/%s", a->ns ? a->ns : "",
			      a->kind->plural, lab_obj_name(a->obj));
	const struct lab_fault *f;

	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		if (rows[i].kind != a->kind->id)
			continue;
		if (lab_fault_hit(lab, LAB_FAULT_API_DOWN, NULL, path))
			return a->subresource
				       ? webhook_unreachable(STATUS_VALIDATOR, "status-validate",
							     err)
				       : webhook_unreachable(rows[i].mutator, rows[i].path, err);
		f = a->kind->id != LAB_VMI && !a->subresource
			    ? lab_fault_hit(lab, LAB_FAULT_WEBHOOK, NULL, key)
			    : NULL;
		if (f)
			return deny_text(a->op == LAB_OP_CREATE ? rows[i].create : rows[i].update,
					 err, "%s", f->text ? f->text : "denied by the lab");
	}
	return 0;
}

int lab_admit(struct lab *lab, struct lab_admission *a, struct vmn_err *err)
{
	bool is_create = a->op == LAB_OP_CREATE;
	int rc;

	if (a->op == LAB_OP_DELETE)
		return 0;
	rc = check_faults(lab, a, err);
	if (rc < 0 || a->subresource)
		return rc;
	switch (a->kind->id) {
	case LAB_VM:
		return admit_vm(lab, a, err);
	case LAB_VMI:
		return is_create ? admit_vmi_create(lab, a, err) : admit_vmi_update(a, err);
	case LAB_VMIM:
		return is_create ? admit_vmim_create(lab, a, err) : admit_vmim_update(a, err);
	case LAB_KUBEVIRT:
		return check_schema(a, err);
	case LAB_NAMESPACE:
	case LAB_NODE:
	case LAB_POD:
	case LAB_EVENT:
	case LAB_SERVICE:
	case LAB_NAD:
	case LAB_KINDS:
		break;
	}
	return 0;
}
