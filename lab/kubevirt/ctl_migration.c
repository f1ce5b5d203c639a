/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_migration.c - VirtualMachineInstanceMigrations
 *
 * Each reconcile does what the present phase asks for, or moves on to the next phase. What both
 * nodes say goes through VMI.status.migrationState, as in KubeVirt. Source:
 * pkg/virt-controller/watch/migration/migration.go processMigrationPhase()@v1.9.0-rc.2,
 * pkg/virt-controller/watch/migration.go@v1.0.0.
 */
#include "config.h"

#include <string.h>

#include "lab/kubevirt/ctl.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/api/store.h"
#include "lib/base/str.h"
#include "lib/virt/vm.h"

/* KubeVirt's defaults for spec.configuration.migrations. */
enum { PARALLEL_PER_CLUSTER = 5, PARALLEL_PER_NODE = 2 };

/* A migration and what it is about. */
struct move {
	struct lab *lab;
	struct json_object *vmim; /* a copy, to be changed */
	struct json_object *vmi;  /* borrowed, or NULL */
	struct json_object *pod;  /* the target, borrowed, or NULL */
	struct json_object
		*state; /* VMI.status.migrationState when it is about this migration, or NULL */
	const char *phase;
};

static const char *vmi_name(struct json_object *vmim)
{
	return vmn_json_str_or(vmim, "/spec/vmiName", "");
}

/* --- writing -------------------------------------------------------------------------- */

static void set_phase(struct move *m, const char *phase)
{
	lab_set_phase(m->vmim, phase);
}

static void fail(struct move *m, const char *reason, const char *text)
{
	set_phase(m, "Failed");
	lab_event(m->lab, m->vmim, true, reason, "%s", text);
	if (!m->pod)
		return;
	m->lab->node->pod_stop(m->lab, m->pod);
	lab_discard(m->lab, LAB_POD, m->pod);
}

/* A change of VMI.status.migrationState: take a copy of the VMI, change, save. */
static struct json_object *edit_state(struct move *m, struct json_object **ret_vmi)
{
	*ret_vmi = vmn_json_copy(m->vmi);
	return lab_child(lab_status_of(*ret_vmi), "migrationState", json_type_object);
}

/* Ends the state of a migration that does not succeed. */
static void end_state(struct lab *lab, struct json_object *state, const char *why)
{
	char now[32];

	vmn_json_set_bool(state, "completed", true);
	vmn_json_set_bool(state, "failed", true);
	vmn_json_set_str(state, "endTimestamp", lab_now(now));
	/* the field is there since v1.3 */
	if (lab->dialect == LAB_KUBEVIRT_1_9)
		vmn_json_set_str(state, "failureReason", why);
}

/* --- Pending: a slot and a target pod ------------------------------------------------- */

static bool has_slot(struct move *m)
{
	struct json_object *moving = lab_moving(m->lab), *config = lab_config(m->lab);
	const char *node = vmn_json_str_or(m->vmi, "/status/nodeName", "");
	int64_t all = 0, here = 0;

	json_object_object_foreach(moving, key, source) {
		(void)key;
		all++;
		here += vmn_streq(vmn_json_str(source, ""), node);
	}
	return all < vmn_json_int(config, "/migrations/parallelMigrationsPerCluster",
				  PARALLEL_PER_CLUSTER) &&
	       here < vmn_json_int(config, "/migrations/parallelOutboundMigrationsPerNode",
				   PARALLEL_PER_NODE);
}

static void start_target(struct move *m)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (m->pod) {
		set_phase(m, "Scheduling");
		return;
	}
	if (!has_slot(m))
		return; /* the end of another migration brings us back */
	if (lab_create(m->lab, LAB_POD, lab_obj_ns(m->vmim),
		       lab_launcher_pod(m->lab, m->vmi, m->vmim), LAB_WRITE_SYSTEM, &m->pod,
		       &err) < 0) {
		lab_event(m->lab, m->vmim, true, "FailedCreate", "Error creating pod: %s",
			  vmn_err_text(&err));
		return;
	}
	lab_event(m->lab, m->vmim, false, "SuccessfulCreate", "Created migration target pod %s",
		  lab_obj_name(m->pod));
	set_phase(m, "Scheduling");
}

/* --- Scheduling: the pod becomes ready ------------------------------------------------ */

static void await_target(struct move *m)
{
	if (!m->pod || lab_is_deleting(m->pod)) {
		fail(m, "FailedMigration", "target pod was removed during active migration");
	} else if (vmn_condition_is(m->pod, "Ready", "True")) {
		set_phase(m, "Scheduled");
	} else if (vmn_condition_is(m->pod, "PodScheduled", "False")) {
		lab_event(m->lab, m->vmim, true, "migrationTargetPodUnschedulable",
			  "Migration target pod for VMI [%s/%s] is currently unschedulable.",
			  lab_obj_ns(m->vmim), vmi_name(m->vmim));
	}
}

/* --- Scheduled: hand over to the nodes ------------------------------------------------ */

static void hand_over(struct move *m)
{
	const char *source = vmn_json_str_or(m->vmi, "/status/nodeName", "");
	const char *target = vmn_json_str_or(m->pod, "/spec/nodeName", "");
	struct json_object *source_pod = lab_vmi_pod(m->lab, m->vmi), *vmi, *state;

	if (!m->state) {
		(void)edit_state(m, &vmi);
		state = vmn_json_build("{\"migrationUid\":%s,\"sourceNode\":%s,\"targetNode\":%s,"
				       "\"targetPod\":%s}",
				       lab_obj_uid(m->vmim), source, target, lab_obj_name(m->pod));
		if (m->lab->dialect == LAB_KUBEVIRT_1_9) {
			vmn_json_set_str(state, "sourcePod", lab_obj_name(source_pod));
			vmn_json_set_str(state, "migrationNetworkType", "Pod");
			vmn_json_set_take(
				state, "sourceState",
				vmn_json_build("{\"node\":%s,\"pod\":%s,\"migrationUID\":%s,"
					       "\"virtualMachineInstanceUID\":%s}",
					       source, lab_obj_name(source_pod),
					       lab_obj_uid(m->vmim), lab_obj_uid(m->vmi)));
			vmn_json_set_take(
				state, "targetState",
				vmn_json_build("{\"node\":%s,\"pod\":%s,\"migrationUID\":%s,"
					       "\"virtualMachineInstanceUID\":%s}",
					       target, lab_obj_name(m->pod), lab_obj_uid(m->vmim),
					       lab_obj_uid(m->vmi)));
		}
		vmn_json_set_take(lab_status_of(vmi), "migrationState", state);
		(void)lab_map_set(vmi, "labels", LAB_TARGET_NODE_LABEL, target);
		vmn_json_set_str(vmn_json_get(vmi, "/status/activePods"), lab_obj_uid(m->pod),
				 target);
		lab_save(m->lab, LAB_VMI, vmi);
	}
	lab_event(m->lab, m->vmim, false, "SuccessfulHandOver",
		  "Migration target pod is ready for preparation by virt-handler.");
	set_phase(m, "PreparingTarget");
}

/* --- PreparingTarget: the target's virt-handler --------------------------------------- */

static void prepare_done(struct lab *lab, struct json_object *vmi, const char *uid,
			 const char *failure, struct json_object *result)
{
	struct json_object *state = vmn_json_get(vmi, "/status/migrationState"), *target;
	const char *address = vmn_json_str_or(result, "/address", "");

	if (!vmn_streq(vmn_json_str(state, "/migrationUid"), uid) ||
	    vmn_json_bool(state, "/completed", false))
		return;
	if (failure) {
		end_state(lab, state, failure);
	} else {
		lab_event(lab, vmi, false, "PreparingTarget",
			  "VirtualMachineInstance Migration Target Prepared.");
		vmn_json_set_str(state, "targetNodeAddress", address);
		vmn_json_set_take(state, "targetDirectMigrationNodePorts",
				  vmn_json_copy(vmn_json_get(result, "/ports")));
		target = vmn_json_get(state, "/targetState");
		if (target) {
			vmn_json_set_str(target, "nodeAddress", address);
			vmn_json_set_take(target, "directMigrationNodePorts",
					  vmn_json_copy(vmn_json_get(result, "/ports")));
		}
		lab_event(lab, vmi, false, "PreparingTarget", "Migration Target is listening at %s",
			  address);
	}
	lab_save(lab, LAB_VMI, json_object_get(vmi));
}

static void prepare_target(struct move *m)
{
	struct lab_step *step;

	if (vmn_json_str(m->state, "/targetNodeAddress")) {
		set_phase(m, "TargetReady");
		return;
	}
	step = lab_step_begin(m->lab, LAB_VMI, m->vmi, "prepare", lab_obj_uid(m->vmim),
			      prepare_done);
	if (step)
		m->lab->node->guest_prepare(m->lab, m->vmi, m->pod, lab_step_done, step);
}

/* --- TargetReady, Running: the source's virt-handler moves the guest ------------------ */

static void end_container(struct json_object *status, const char *now)
{
	const char *started = vmn_json_str_or(status, "/state/running/startedAt", now);

	vmn_json_set_bool(status, "ready", false);
	vmn_json_set_bool(status, "started", false);
	vmn_json_set_take(status, "state",
			  vmn_json_build("{\"terminated\":{\"exitCode\":0,\"reason\":\"Completed\","
					 "\"startedAt\":%s,\"finishedAt\":%s}}",
					 started, now));
}

/* The guest is on the target now; its source pod ends as a completed one. */
static void switch_over(struct lab *lab, struct json_object *vmi, struct json_object *state)
{
	const char *target = vmn_json_str_or(state, "/targetNode", "");
	struct json_object *source_pod = lab_vmi_pod(lab, vmi), *pod, *domain;
	char now[32];

	pod = lab_get(lab, LAB_POD, lab_obj_ns(vmi), vmn_json_str_or(state, "/targetPod", ""));
	vmn_json_set_bool(state, "completed", true);
	vmn_json_set_str(state, "endTimestamp", lab_now(now));
	vmn_json_set_bool(state, "targetNodeDomainDetected", true);
	vmn_json_set_str(state, "targetNodeDomainReadyTimestamp", now);
	domain = vmn_json_get(state, "/targetState");
	if (domain) {
		vmn_json_set_bool(domain, "domainDetected", true);
		vmn_json_set_str(domain, "domainReadyTimestamp", now);
	}
	(void)lab_set_str(lab_status_of(vmi), "nodeName", target);
	(void)lab_set_str(lab_status_of(vmi), "evacuationNodeName", NULL);
	(void)lab_map_set(vmi, "labels", "kubevirt.io/nodeName", target);
	(void)lab_set(lab_status_of(vmi), "activePods",
		      vmn_json_build("{%s:%s}", lab_obj_uid(pod), target));
	lab_event(lab, vmi, false, "Migrated", "The VirtualMachineInstance migrated to node %s.",
		  target);
	if (source_pod) {
		struct json_object *copy = vmn_json_copy(source_pod);

		lab->node->pod_stop(lab, source_pod);
		vmn_json_set_str(lab_status_of(copy), "phase", "Succeeded");
		(void)lab_condition_set(copy, "ContainersReady", "False", "PodCompleted", NULL);
		(void)lab_condition_set(copy, "Ready", "False", "PodCompleted", NULL);
		vmn_json_each(c, vmn_json_array(copy, "/status/containerStatuses"))
			end_container(c, now);
		lab_save(lab, LAB_POD, copy);
	}
}

/* The pod network's address is the new pod's. */
static void take_new_address(struct lab *lab, struct json_object *vmi, struct json_object *state)
{
	struct json_object *pod =
		lab_get(lab, LAB_POD, lab_obj_ns(vmi), vmn_json_str_or(state, "/targetPod", ""));
	const char *ip = vmn_json_str_or(pod, "/status/podIP", "");

	vmn_json_each(net, vmn_json_array(vmi, LAB_PTR_NETWORKS)) {
		struct json_object *entry = lab_iface_of(vmn_json_array(vmi, "/status/interfaces"),
							 vmn_json_str_or(net, "/name", ""));

		if (!entry || !vmn_json_get(net, "/pod"))
			continue;
		vmn_json_set_str(entry, "ipAddress", ip);
		vmn_json_set_take(entry, "ipAddresses", vmn_json_build("[%s]", ip));
	}
}

static void migrate_done(struct lab *lab, struct json_object *vmi, const char *uid,
			 const char *failure, struct json_object *result)
{
	struct json_object *state = vmn_json_get(vmi, "/status/migrationState");

	(void)result;
	if (!vmn_streq(vmn_json_str(state, "/migrationUid"), uid) ||
	    vmn_json_bool(state, "/completed", false))
		return; /* cancelled meanwhile */
	if (failure) {
		end_state(lab, state, failure);
		lab_event(lab, vmi, true, "Migrated",
			  "VirtualMachineInstance migration uid %s failed. reason:%s", uid,
			  failure);
	} else {
		take_new_address(lab, vmi, state);
		switch_over(lab, vmi, state);
	}
	lab_save(lab, LAB_VMI, json_object_get(vmi));
}

static void start_moving(struct move *m)
{
	struct json_object *vmi, *state;
	char now[32];

	if (vmn_json_str(m->state, "/startTimestamp")) {
		set_phase(m, "Running");
		return;
	}
	state = edit_state(m, &vmi);
	vmn_json_set_str(state, "startTimestamp", lab_now(now));
	vmn_json_set_str(state, "mode", "PreCopy");
	lab_event(m->lab, vmi, false, "Migrating", "VirtualMachineInstance is migrating.");
	lab_save(m->lab, LAB_VMI, vmi);
}

static void move_guest(struct move *m)
{
	struct lab_step *step;

	step = lab_step_begin(m->lab, LAB_VMI, m->vmi, "migrate", lab_obj_uid(m->vmim),
			      migrate_done);
	if (step)
		m->lab->node->guest_migrate(m->lab, m->vmi, m->pod, lab_step_done, step);
}

/* --- the end -------------------------------------------------------------------------- */

static void conclude(struct move *m)
{
	if (vmn_json_str(m->state, "/abortStatus"))
		fail(m, "SuccessfulAbortMigration",
		     "Migration Source node successfully aborted migration");
	else if (vmn_json_bool(m->state, "/failed", false))
		fail(m, "FailedMigration", "source node reported migration failed");
	else if (vmn_condition_is(m->vmi, "MigrationRequired", "True"))
		return; /* the new pod's networks are not in the VMI's status yet */
	else {
		set_phase(m, "Succeeded");
		lab_event(m->lab, m->vmim, false, "SuccessfulMigration",
			  "Source node reported migration succeeded");
	}
}

/* The VMIM is being deleted before its end. */
static void cancel(struct move *m)
{
	struct json_object *vmi, *state;

	if (!m->state) {
		fail(m, "FailedMigration", "Migration failed due to being canceled");
		return;
	}
	state = edit_state(m, &vmi);
	vmn_json_set_bool(state, "abortRequested", true);
	vmn_json_set_str(state, "abortStatus", "Succeeded");
	end_state(m->lab, state, "Live migration has been aborted");
	lab_save(m->lab, LAB_VMI, vmi);
	m->lab->node->guest_migrate_cancel(m->lab, m->vmi);
}

/* Of all pods of the VMI the one made for this migration. */
static struct json_object *target_pod(struct lab *lab, struct json_object *vmi,
				      struct json_object *vmim)
{
	struct json_object *set = lab_vmi_pods(lab, vmi);

	if (!set)
		return NULL;
	json_object_object_foreach(set, name, unused) {
		struct json_object *pod = lab_get(lab, LAB_POD, lab_obj_ns(vmim), name);

		(void)unused;
		if (vmn_streq(lab_map_get(pod, "labels", LAB_MIGRATION_UID_LABEL),
			      lab_obj_uid(vmim)))
			return pod;
	}
	return NULL;
}

static void step_on(struct move *m)
{
	static const struct {
		const char *phase;
		void (*act)(struct move *m);
		bool is_handed_over;
	} rows[] = {
		{"Pending", start_target, false},    {"Scheduling", await_target, false},
		{"Scheduled", hand_over, false},     {"PreparingTarget", prepare_target, true},
		{"TargetReady", start_moving, true}, {"Running", move_guest, true},
	};

	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].phase, m->phase))
			continue;
		if (rows[i].is_handed_over && !m->state)
			fail(m, "FailedMigration",
			     "VMI's migration state was taken over by another "
			     "migration job during active migration.");
		else if (rows[i].is_handed_over && (!m->pod || lab_is_deleting(m->pod)))
			fail(m, "FailedMigration",
			     "target pod was removed during active migration");
		else
			rows[i].act(m);
		return;
	}
	set_phase(m, "Pending");
}

/* What the VMIM keeps of the VMI's state. v1.0 copies it into old, finished migrations too. */
static void copy_state(struct move *m)
{
	struct json_object *state = m->lab->dialect == LAB_KUBEVIRT_1_9
					    ? m->state
					    : vmn_json_get(m->vmi, "/status/migrationState");

	if (state)
		(void)lab_set(lab_status_of(m->vmim), "migrationState", vmn_json_copy(state));
}

void lab_reconcile_migration(struct lab *lab, struct json_object *vmim)
{
	vmn_auto_json struct json_object *copy = vmn_json_copy(vmim);
	/* held, because saving the VMI drops what the store lent */
	vmn_auto_json struct json_object *vmi =
		json_object_get(lab_get(lab, LAB_VMI, lab_obj_ns(vmim), vmi_name(vmim)));
	struct move m = {.lab = lab, .vmim = copy, .vmi = vmi};
	bool is_final;

	m.phase = vmn_json_str_or(vmim, "/status/phase", "");
	is_final = lab_is_final(m.phase);
	m.pod = m.vmi ? target_pod(lab, m.vmi, vmim) : NULL;
	m.state = vmn_json_get(m.vmi, "/status/migrationState");
	if (!vmn_streq(vmn_json_str(m.state, "/migrationUid"), lab_obj_uid(vmim)))
		m.state = NULL;
	copy_state(&m);
	if (is_final)
		(void)lab_finalizer_del(copy, LAB_MIGRATION_FINALIZER);
	else if (!m.vmi || lab_is_deleting(m.vmi) ||
		 lab_is_final(vmn_json_str(m.vmi, "/status/phase")))
		fail(&m, "FailedMigration", "VMI is not eligible for migration, because it ended.");
	else if (vmn_json_bool(m.state, "/completed", false))
		conclude(&m);
	else if (lab_is_deleting(vmim))
		cancel(&m);
	else
		step_on(&m);
	if (!json_object_equal(copy, lab_get(lab, LAB_VMIM, lab_obj_ns(copy), lab_obj_name(copy))))
		lab_save(lab, LAB_VMIM, vmn_steal(&copy));
}
