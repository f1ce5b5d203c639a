/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_vmi.c - VirtualMachineInstances: virt-controller's and virt-handler's part in one
 *
 * A plug walks: spec (P1) -> pod annotation (P2) -> network-status (P3) -> status with
 * multus-status (P4)
 * -> domain (P5) -> guest-agent (P6); an unplug walks back. Each reconcile takes every interface
 * one hop further from wherever it is.
 */
#include "config.h"

#include <string.h>

#include "lab/kubevirt/ctl.h"
#include "lab/kubevirt/ctl_net.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/api/store.h"
#include "lib/base/clock.h"
#include "lib/base/str.h"
#include "lib/virt/vm.h"

/* How long the evaluator waits for a plug in place before it asks for a migration, seconds. */
enum { IN_PLACE_GRACE_S = 15, WORKLOAD_UPDATE_BACKOFF_S = 10 };

/* --- launcher pods -------------------------------------------------------------------- */

/* A JSON document kept in an annotation; caller drops it. */
static struct json_object *annotation_json(struct json_object *obj, const char *key)
{
	return vmn_json_parse_text(lab_map_get(obj, "annotations", key));
}

enum vmn_naming lab_pod_naming(struct json_object *pod)
{
	vmn_auto_json struct json_object *status = annotation_json(pod, LAB_STATUS_ANNOTATION);

	return vmn_naming_decide(NULL, status);
}

/* The first pod is born with what the lab was asked for; a target takes its source's, until v1.8's
 * PodSecondaryInterfaceNamingUpgrade, on by default in v1.9, made targets modern. */
static enum vmn_naming new_pod_naming(struct lab *lab, struct json_object *vmi, bool is_target)
{
	if (is_target && lab->dialect == LAB_KUBEVIRT_1_9)
		return VMN_NAMING_HASHED;
	if (is_target)
		return lab_pod_naming(lab_vmi_pod(lab, vmi));
	return lab_map_get(vmi, "annotations", LAB_ORDINAL_ANNOTATION) ? VMN_NAMING_ORDINAL
								       : VMN_NAMING_HASHED;
}

static void add_selector(struct json_object *selector, struct json_object *more)
{
	if (!more || !json_object_is_type(more, json_type_object))
		return;
	json_object_object_foreach(more, key, value)
		vmn_json_set_take(selector, key, vmn_json_copy(value));
}

struct json_object *lab_launcher_pod(struct lab *lab, struct json_object *vmi,
				     struct json_object *vmim)
{
	vmn_auto_json struct json_object *networks =
		lab_networks_annotation(vmi, new_pod_naming(lab, vmi, vmim), true);
	vmn_auto_free char *generate = vmn_xasprintf("virt-launcher-%s-", lab_obj_name(vmi));
	vmn_auto_free char *image =
		vmn_xasprintf("quay.io/kubevirt/virt-launcher:%s", lab_kubevirt_version(lab));
	struct json_object *pod, *selector;

	pod = vmn_json_build(
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"generateName\":%s,"
		"\"namespace\":%s,\"labels\":{\"kubevirt.io\":\"virt-launcher\",%s:%s,"
		"\"vm.kubevirt.io/name\":%s},\"annotations\":{\"kubevirt.io/domain\":%s},"
		"\"ownerReferences\":[{\"apiVersion\":\"kubevirt.io/v1\","
		"\"kind\":\"VirtualMachineInstance\",\"name\":%s,\"uid\":%s,\"controller\":true,"
		"\"blockOwnerDeletion\":true}]},\"spec\":{\"containers\":[{\"name\":\"compute\","
		"\"image\":%s}],\"nodeSelector\":{\"kubevirt.io/schedulable\":\"true\"},"
		"\"restartPolicy\":\"Never\"},\"status\":{\"phase\":\"Pending\"}}",
		generate, lab_obj_ns(vmi), LAB_CREATED_BY_LABEL, lab_obj_uid(vmi),
		lab_obj_name(vmi), lab_obj_name(vmi), lab_obj_name(vmi), lab_obj_uid(vmi), image);
	selector = vmn_json_get(pod, "/spec/nodeSelector");
	add_selector(selector, vmn_json_get(vmi, "/spec/nodeSelector"));
	if (vmn_json_len(networks))
		(void)lab_map_set(pod, "annotations", LAB_NETWORKS_ANNOTATION,
				  vmn_json_text(networks));
	if (vmim) {
		add_selector(selector, vmn_json_get(vmim, "/spec/addedNodeSelector"));
		(void)lab_map_set(pod, "labels", LAB_MIGRATION_UID_LABEL, lab_obj_uid(vmim));
		(void)lab_map_set(pod, "annotations", "kubevirt.io/migrationJobName",
				  lab_obj_name(vmim));
	}
	return pod;
}

/* --- phases --------------------------------------------------------------------------- */

static void set_ready(struct json_object *vmi, bool on)
{
	(void)lab_condition_set(vmi, "Ready", on ? "True" : "False", on ? NULL : "PodNotReady",
				on ? NULL : "virt-launcher pod has not yet been scheduled");
}

static void create_pod(struct lab *lab, struct json_object *vmi)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *pod;

	if (lab_create(lab, LAB_POD, lab_obj_ns(vmi), lab_launcher_pod(lab, vmi, NULL),
		       LAB_WRITE_SYSTEM, &pod, &err) == 0)
		lab_event(lab, vmi, false, "SuccessfulCreate", "Created virtual machine pod %s",
			  lab_obj_name(pod));
	else
		lab_event(lab, vmi, true, "FailedCreate", "Error creating pod: %s",
			  vmn_err_text(&err));
}

static void set_migratable(struct lab *lab, struct json_object *vmi)
{
	struct lab_migratable m = lab_migratable(vmi, lab->dialect);

	(void)lab_condition_set(vmi, "LiveMigratable", m.reason ? "False" : "True", m.reason,
				m.message);
	(void)lab_set_str(lab_status_of(vmi), "migrationMethod", "LiveMigration");
	(void)lab_set_str(lab_status_of(vmi), "migrationTransport", "Unix");
}

/* The pod network's interface as it is from the start; it never has multus-status. */
static struct json_object *primary_status(struct lab *lab, const char *name,
					  struct json_object *pod)
{
	vmn_auto_json struct json_object *delivered = annotation_json(pod, LAB_STATUS_ANNOTATION);
	const char *ip = vmn_json_str_or(pod, "/status/podIP", "");
	struct json_object *s = vmn_json_build(
		"{\"infoSource\":\"domain\",\"ipAddress\":%s,\"ipAddresses\":[%s],\"mac\":%s,"
		"\"name\":%s,\"queueCount\":1}",
		ip, ip,
		vmn_json_str_or(vmn_json_find(delivered, "interface", "eth0", NULL), "/mac", ""),
		name);

	if (lab->dialect == LAB_KUBEVIRT_1_9)
		vmn_json_set_str(s, "podInterfaceName", "eth0");
	return s;
}

static void enter_running(struct lab *lab, struct json_object *vmi, struct json_object *pod)
{
	struct json_object *list = json_object_new_array();

	vmn_json_each(net, vmn_json_array(vmi, LAB_PTR_NETWORKS))
		if (lab_network_is_default(net))
			vmn_json_append_take(
				list, primary_status(lab, vmn_json_str_or(net, "/name", ""), pod));
	(void)lab_set(lab_status_of(vmi), "interfaces", list);
	lab_set_phase(vmi, "Running");
	set_ready(vmi, true);
	set_migratable(lab, vmi);
	if (vmn_streq(vmn_json_str(vmi, "/spec/startStrategy"), "Paused"))
		(void)lab_condition_set(vmi, "Paused", "True", "PausedByUser",
					"VMI was paused by user");
	lab_event(lab, vmi, false, "Started", "VirtualMachineInstance started.");
}

static void enter_scheduled(struct json_object *vmi, struct json_object *pod)
{
	const char *node = vmn_json_str_or(pod, "/spec/nodeName", "");

	lab_set_phase(vmi, "Scheduled");
	(void)lab_set_str(lab_status_of(vmi), "nodeName", node);
	(void)lab_map_set(vmi, "labels", "kubevirt.io/nodeName", node);
	(void)lab_set(lab_status_of(vmi), "activePods",
		      vmn_json_build("{%s:%s}", lab_obj_uid(pod), node));
}

static void bring_up(struct lab *lab, struct json_object *vmi)
{
	struct json_object *pod = lab_vmi_pod(lab, vmi);
	const char *phase = vmn_json_str_or(vmi, "/status/phase", "");

	if (!strcmp(phase, "Scheduled")) {
		enter_running(lab, vmi, pod);
	} else if (!pod) {
		lab_set_phase(vmi, "Pending");
		set_ready(vmi, false);
		create_pod(lab, vmi);
	} else if (vmn_condition_is(pod, "Ready", "True")) {
		enter_scheduled(vmi, pod);
	} else {
		lab_set_phase(vmi, "Scheduling");
	}
}

static void guest_stopped(struct lab *lab, struct json_object *vmi, const char *detail,
			  const char *failure, struct json_object *result)
{
	vmn_auto_json struct json_object *pods = vmn_json_copy(lab_vmi_pods(lab, vmi));

	(void)detail;
	(void)failure;
	(void)result;
	if (!pods)
		return;
	json_object_object_foreach(pods, name, unused) {
		struct json_object *pod = lab_get(lab, LAB_POD, lab_obj_ns(vmi), name);

		(void)unused;
		if (!pod)
			continue;
		lab->node->pod_stop(lab, pod);
		lab_discard(lab, LAB_POD, pod);
	}
	lab_set_phase(vmi, "Succeeded");
	set_ready(vmi, false);
	lab_save(lab, LAB_VMI, json_object_get(vmi));
}

/* The guest first, then its pods, then the finalizers that kept the object. */
static void tear_down(struct lab *lab, struct json_object *vmi)
{
	struct lab_step *step;

	if (!lab_vmi_pods(lab, vmi)) {
		(void)lab_finalizer_del(vmi, LAB_VMI_FINALIZER);
		(void)lab_finalizer_del(vmi, LAB_VM_FINALIZER);
		return;
	}
	step = lab_step_begin(lab, LAB_VMI, vmi, "stop", "", guest_stopped);
	if (step)
		lab->node->guest_stop(lab, vmi, lab_step_done, step);
}

/* --- P2, P3: the pod ------------------------------------------------------------------ */

static void networks_done(struct lab *lab, struct json_object *pod, const char *detail,
			  const char *failure, struct json_object *result)
{
	(void)detail;
	if (failure)
		lab_event(lab, pod, true, "FailedNetworkSync", "%s", failure);
	else if (lab_map_set(pod, "annotations", LAB_STATUS_ANNOTATION, vmn_json_text(result)))
		lab_save(lab, LAB_POD, json_object_get(pod));
}

/* Are the same interfaces asked for and delivered, the primary one aside? */
static bool is_delivered(struct json_object *asked, struct json_object *delivered)
{
	size_t extra = 0;

	vmn_json_each(d, delivered)
		extra += !vmn_json_bool(d, "/default", false);
	if (extra != vmn_json_len(asked))
		return false;
	vmn_json_each(a, asked)
		if (!vmn_json_find(delivered, "interface", vmn_json_str_or(a, "/interface", ""),
				   NULL))
			return false;
	return true;
}

static void sync_pod(struct lab *lab, struct json_object *vmi, struct json_object *pod)
{
	vmn_auto_json struct json_object *asked = annotation_json(pod, LAB_NETWORKS_ANNOTATION);
	vmn_auto_json struct json_object *delivered = annotation_json(pod, LAB_STATUS_ANNOTATION);
	vmn_auto_json struct json_object *wanted = NULL;
	enum vmn_naming naming = lab_pod_naming(pod);
	struct lab_step *step;

	if (lab_annotation_due(vmi, naming)) {
		wanted = lab_networks_annotation(vmi, naming, false);
		/* v1.0 never writes an empty list, so the last one removed stays in the annotation
		 */
		if (!json_object_equal(wanted, asked) &&
		    (vmn_json_len(wanted) || (asked && lab->dialect == LAB_KUBEVIRT_1_9))) {
			struct json_object *copy = lab_copy_sharing_spec(pod);

			(void)lab_map_set(copy, "annotations", LAB_NETWORKS_ANNOTATION,
					  vmn_json_text(wanted));
			lab_save(lab, LAB_POD, copy);
			return; /* the pod's change brings us back */
		}
	}
	if (is_delivered(asked, delivered))
		return;
	step = lab_step_begin(lab, LAB_POD, pod, "networks", "", networks_done);
	if (step)
		lab->node->networks_sync(lab, pod, lab_step_done, step);
}

/* --- P4, U4: what the status says of the pod ------------------------------------------ */

static bool set_delivered(struct lab *lab, struct json_object *vmi, struct json_object *net,
			  struct json_object *delivered, enum vmn_naming naming)
{
	struct json_object *list = lab_child(lab_status_of(vmi), "interfaces", json_type_array);
	const char *name = vmn_json_str_or(net, "/name", "");
	struct json_object *entry = lab_iface_of(list, name), *d;
	struct vmn_ifnames names;
	bool changed = false;

	if (!vmn_ifnames_of(vmi, naming, name, &names))
		return false;
	d = vmn_json_find(delivered, "interface", names.pod, NULL);
	if (!d && !entry)
		return false;
	if (!entry) {
		entry = vmn_json_build("{\"name\":%s,\"infoSource\":\"\"}", name);
		vmn_json_append_take(list, entry);
	}
	changed |= lab_set_token(entry, "multus-status", d != NULL);
	if (d && lab->dialect == LAB_KUBEVIRT_1_9)
		changed |= lab_set_str(entry, "podInterfaceName", names.pod);
	return changed;
}

/* An entry lives as long as its pod or its guest has the interface. */
static bool drop_gone(struct json_object *vmi)
{
	struct json_object *list = vmn_json_array(vmi, "/status/interfaces");
	bool changed = false;

	for (size_t i = vmn_json_len(list); i-- > 0;) {
		struct json_object *entry = json_object_array_get_idx(list, i);

		if (lab_has_token(entry, "domain") || lab_has_token(entry, "multus-status"))
			continue;
		json_object_array_del_idx(list, i, 1);
		changed = true;
	}
	return changed;
}

static bool sync_status(struct lab *lab, struct json_object *vmi, struct json_object *pod)
{
	vmn_auto_json struct json_object *delivered = annotation_json(pod, LAB_STATUS_ANNOTATION);
	enum vmn_naming naming = lab_pod_naming(pod);
	bool changed = false;

	vmn_json_each(net, vmn_json_array(vmi, LAB_PTR_NETWORKS))
		if (!lab_network_is_default(net))
			changed |= set_delivered(lab, vmi, net, delivered, naming);
	return changed | drop_gone(vmi);
}

/* --- P5, P6, U3, link state: the guest ------------------------------------------------ */

static struct json_object *entry_of(struct json_object *vmi, const char *iface)
{
	return lab_iface_of(vmn_json_array(vmi, "/status/interfaces"), iface);
}

static void attach_done(struct lab *lab, struct json_object *vmi, const char *iface,
			const char *failure, struct json_object *result)
{
	struct json_object *entry = entry_of(vmi, iface);

	if (failure) {
		lab_event(lab, vmi, true, "NicHotplug", "%s", failure);
		return;
	}
	if (!entry)
		return;
	(void)lab_set_token(entry, "domain", true);
	(void)lab_set_str(entry, "mac", vmn_json_str_or(result, "/mac", ""));
	(void)lab_set(entry, "queueCount",
		      json_object_new_int64(vmn_json_int(result, "/queueCount", 1)));
	lab_save(lab, LAB_VMI, json_object_get(vmi));
}

static void detach_done(struct lab *lab, struct json_object *vmi, const char *iface,
			const char *failure, struct json_object *result)
{
	struct json_object *entry = entry_of(vmi, iface);

	(void)result;
	if (failure || !entry)
		return; /* a guest that does not let go says nothing */
	(void)lab_set_token(entry, "guest-agent", false);
	(void)lab_set_token(entry, "domain", false);
	(void)lab_set_str(entry, "interfaceName", NULL);
	(void)drop_gone(vmi);
	lab_save(lab, LAB_VMI, json_object_get(vmi));
}

static void link_done(struct lab *lab, struct json_object *vmi, const char *detail,
		      const char *failure, struct json_object *result)
{
	bool is_up = vmn_ends_with(detail, " up");
	vmn_auto_free char *iface = vmn_xstrndup(detail, strcspn(detail, " "));
	struct json_object *entry = entry_of(vmi, iface);

	(void)result;
	if (!failure && entry && lab_set_str(entry, "linkState", is_up ? "up" : "down"))
		lab_save(lab, LAB_VMI, json_object_get(vmi));
}

static void report_done(struct lab *lab, struct json_object *vmi, const char *detail,
			const char *failure, struct json_object *result)
{
	bool changed = false;

	(void)detail;
	if (failure)
		return;
	vmn_json_each(r, result) {
		struct json_object *entry = entry_of(vmi, vmn_json_str_or(r, "/name", ""));

		if (!entry || !lab_has_token(entry, "domain"))
			continue;
		changed |= lab_set_token(entry, "guest-agent", true);
		changed |= lab_set_str(entry, "interfaceName", vmn_json_str(r, "/interfaceName"));
	}
	changed |= lab_condition_set(vmi, "AgentConnected", "True", NULL, NULL);
	if (changed)
		lab_save(lab, LAB_VMI, json_object_get(vmi));
}

static void sync_link(struct lab *lab, struct json_object *vmi, struct json_object *iface,
		      struct json_object *entry)
{
	const char *name = vmn_json_str_or(iface, "/name", "");
	const char *want = vmn_streq(vmn_json_str(iface, "/state"), "down") ? "down" : "up";
	vmn_auto_free char *detail = vmn_xasprintf("%s %s", name, want);
	struct lab_step *step;

	if (lab->dialect != LAB_KUBEVIRT_1_9 || vmn_json_get(iface, "/sriov") ||
	    vmn_streq(vmn_json_str(entry, "/linkState"), want))
		return;
	step = lab_step_begin(lab, LAB_VMI, vmi, "link", detail, link_done);
	if (step)
		lab->node->guest_link(lab, vmi, name, !strcmp(want, "up"), lab_step_done, step);
}

static void sync_interface(struct lab *lab, struct json_object *vmi, struct json_object *iface,
			   bool is_ordinal)
{
	const char *name = vmn_json_str_or(iface, "/name", "");
	struct json_object *entry = entry_of(vmi, name);
	bool in_domain = lab_has_token(entry, "domain"), is_absent = lab_iface_absent(iface);
	struct lab_step *step;

	if (!is_absent && !in_domain && lab_has_token(entry, "multus-status")) {
		step = lab_step_begin(lab, LAB_VMI, vmi, "attach", name, attach_done);
		if (step)
			lab->node->guest_attach(lab, vmi, name, lab_step_done, step);
	} else if (is_absent && in_domain && !is_ordinal) {
		step = lab_step_begin(lab, LAB_VMI, vmi, "detach", name, detach_done);
		if (step)
			lab->node->guest_detach(lab, vmi, name, lab_step_done, step);
	} else if (!is_absent && in_domain) {
		sync_link(lab, vmi, iface, entry);
	}
}

/* Does the guest have something its agent has not told of? */
static void ask_agent(struct lab *lab, struct json_object *vmi)
{
	bool is_news = !vmn_condition_is(vmi, "AgentConnected", "True");
	struct lab_step *step;

	if (lab_map_get(vmi, "annotations", LAB_NO_AGENT_ANNOTATION))
		return;
	vmn_json_each(entry, vmn_json_array(vmi, "/status/interfaces"))
		is_news |= lab_has_token(entry, "domain") && !lab_has_token(entry, "guest-agent");
	if (!is_news)
		return;
	step = lab_step_begin(lab, LAB_VMI, vmi, "report", "", report_done);
	if (step)
		lab->node->guest_report(lab, vmi, lab_step_done, step);
}

static void sync_guest(struct lab *lab, struct json_object *vmi, struct json_object *pod)
{
	bool is_ordinal = lab_pod_naming(pod) == VMN_NAMING_ORDINAL;

	vmn_json_each(iface, vmn_json_array(vmi, LAB_PTR_INTERFACES))
		sync_interface(lab, vmi, iface, is_ordinal);
	ask_agent(lab, vmi);
}

/* --- MigrationRequired (since v1.6) and the workload updater -------------------------- */

static int64_t age_s(const char *timestamp)
{
	int64_t then;

	return vmn_rfc3339_parse(timestamp, &then) ? vmn_utc_now() - then : INT64_MAX;
}

/* pkg/virt-controller/watch/vmi/lifecycle.go@v1.9.0-rc.2 */
static bool set_migration_required(struct lab *lab, struct json_object *vmi,
				   struct json_object *pod)
{
	vmn_auto_json struct json_object *delivered = annotation_json(pod, LAB_STATUS_ANNOTATION);
	enum lab_migration_need need = lab_migration_need(vmi, delivered);
	struct json_object *c = vmn_condition(vmi, "MigrationRequired");
	bool is_old =
		vmn_condition_is(vmi, "MigrationRequired", "True") ||
		(c && age_s(vmn_json_str_or(c, "/lastTransitionTime", "")) >= IN_PLACE_GRACE_S);

	if (need == LAB_MIGRATION_NOT_NEEDED)
		return lab_condition_set(vmi, "MigrationRequired", NULL, NULL, NULL);
	if (need == LAB_MIGRATION_IMMEDIATE || is_old)
		return lab_condition_set(vmi, "MigrationRequired", "True",
					 "AutoMigrationDueToLiveUpdate", NULL);
	if (!c)
		lab_dirty_after(lab, (IN_PLACE_GRACE_S + 1) * 1000, LAB_VMI, lab_obj_ns(vmi),
				lab_obj_name(vmi));
	return lab_condition_set(vmi, "MigrationRequired", "False", "AutoMigrationPending", NULL);
}

static bool updates_by_migration(struct lab *lab)
{
	struct json_object *kv = lab_get(lab, LAB_KUBEVIRT, "kubevirt", "kubevirt");

	vmn_json_each(m, vmn_json_array(kv, "/spec/workloadUpdateStrategy/workloadUpdateMethods"))
		if (vmn_streq(vmn_json_str(m, ""), "LiveMigrate"))
			return true;
	return false;
}

/* Seconds since the youngest migration of the VMI was made. */
static int64_t last_migration_age_s(struct lab *lab, struct json_object *vmi)
{
	struct json_object *set = lab_vmi_migrations(lab, lab_obj_ns(vmi), lab_obj_name(vmi));
	int64_t youngest = INT64_MAX;

	if (!set)
		return youngest;
	json_object_object_foreach(set, name, unused) {
		struct json_object *vmim = lab_get(lab, LAB_VMIM, lab_obj_ns(vmi), name);
		int64_t age = age_s(lab_meta(vmim, "creationTimestamp"));

		(void)unused;
		youngest = age < youngest ? age : youngest;
	}
	return youngest;
}

/* pkg/virt-controller/watch/workload-updater/workload-updater.go */
static void update_workload(struct lab *lab, struct json_object *vmi)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *vmim;

	if (!vmn_condition_is(vmi, "MigrationRequired", "True") ||
	    !vmn_condition_is(vmi, "LiveMigratable", "True") || !updates_by_migration(lab) ||
	    lab_active_migration(lab, lab_obj_ns(vmi), lab_obj_name(vmi)))
		return;
	if (last_migration_age_s(lab, vmi) < WORKLOAD_UPDATE_BACKOFF_S &&
	    vmn_json_bool(vmi, "/status/migrationState/failed", false)) {
		lab_dirty_after(lab, WORKLOAD_UPDATE_BACKOFF_S * 1000, LAB_VMI, lab_obj_ns(vmi),
				lab_obj_name(vmi));
		return;
	}
	vmim = vmn_json_build("{\"apiVersion\":\"kubevirt.io/v1\","
			      "\"kind\":\"VirtualMachineInstanceMigration\",\"metadata\":{"
			      "\"generateName\":\"kubevirt-workload-update-\",\"namespace\":%s,"
			      "\"labels\":{%s:%s},\"finalizers\":[%s],\"annotations\":{"
			      "\"kubevirt.io/workloadUpdateMigration\":\"\"}},"
			      "\"spec\":{\"vmiName\":%s},\"status\":{}}",
			      lab_obj_ns(vmi), LAB_VMI_NAME_LABEL, lab_obj_name(vmi),
			      LAB_MIGRATION_FINALIZER, lab_obj_name(vmi));
	if (lab_create(lab, LAB_VMIM, lab_obj_ns(vmi), vmim, LAB_WRITE_SYSTEM, NULL, &err) < 0)
		lab_event(lab, vmi, true, "FailedMigrate", "Error creating migration: %s",
			  vmn_err_text(&err));
}

/* --- all of it ------------------------------------------------------------------------ */

static bool is_moving(struct json_object *vmi)
{
	return vmn_json_get(vmi, "/status/migrationState") &&
	       !vmn_json_bool(vmi, "/status/migrationState/completed", false);
}

static void keep_running(struct lab *lab, struct json_object *vmi)
{
	struct json_object *pod = lab_vmi_pod(lab, vmi);

	if (!pod) {
		lab_set_phase(vmi, "Failed");
		set_ready(vmi, false);
		return;
	}
	if (is_moving(vmi))
		return;
	(void)sync_status(lab, vmi, pod);
	set_migratable(lab, vmi);
	if (lab->dialect == LAB_KUBEVIRT_1_9)
		(void)set_migration_required(lab, vmi, pod);
}

/* What follows from a state that is stored already, and so will not come twice. */
static void act_running(struct lab *lab, struct json_object *vmi)
{
	struct json_object *pod = lab_vmi_pod(lab, vmi);

	if (!pod || is_moving(vmi))
		return;
	sync_guest(lab, vmi, pod);
	update_workload(lab, vmi);
	sync_pod(lab, vmi, pod);
}

void lab_reconcile_vmi(struct lab *lab, struct json_object *vmi)
{
	vmn_auto_json struct json_object *copy = lab_copy_sharing_spec(vmi);
	const char *phase = vmn_json_str_or(vmi, "/status/phase", "");

	if (lab_is_deleting(vmi))
		tear_down(lab, copy);
	else if (!strcmp(phase, "Running"))
		keep_running(lab, copy);
	else if (!lab_is_final(phase))
		bring_up(lab, copy);
	if (!json_object_equal(copy, vmi))
		lab_save(lab, LAB_VMI, vmn_steal(&copy)); /* and that change brings us back */
	else if (!strcmp(phase, "Running") && !lab_is_deleting(vmi))
		act_running(lab, vmi);
}
