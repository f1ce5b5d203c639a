/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migration.h - what a VirtualMachineInstanceMigration (VMIM) says, and whether a VM can be
 * migrated (pure)
 *
 * Everything here takes API objects as trees and returns values or new trees. The job that starts
 * and follows a migration is in migrate.h.
 *
 * Phases, in order: "" (just created), Pending, [WaitingForSync, Synchronizing: between clusters
 * only,] Scheduling, Scheduled, PreparingTarget, TargetReady, Running, then Succeeded or Failed.
 */
#ifndef VMN_VIRT_MIGRATION_H
#define VMN_VIRT_MIGRATION_H

#include "lib/data/json.h"

/* The label KubeVirt puts on each migration: the name of its VMI. */
#define VMN_LABEL_VMI_NAME "kubevirt.io/vmi-name"

/* With this annotation, whatever its value, KubeVirt lets a VMI migrate whose pod network is
 * bridged. */
#define VMN_ANNOTATION_ALLOW_BRIDGE "kubevirt.io/allow-pod-bridge-network-live-migration"

/** vmn_migration_phase() - status.phase, "Unset" before there is one; borrowed */
const char *vmn_migration_phase(struct json_object *vmim);
/** vmn_migration_is_final() - Succeeded or Failed: nothing changes any more */
bool vmn_migration_is_final(struct json_object *vmim);

/** vmn_migration_active() - the first of @items for VMI @vmi that is not final, or NULL; borrowed
 */
struct json_object *vmn_migration_active(struct json_object *items, const char *vmi);

/**
 * vmn_migration_latest() - the one of @items for VMI @vmi that matters now: the active one,
 * else the youngest; NULL when there is none; borrowed
 */
struct json_object *vmn_migration_latest(struct json_object *items, const char *vmi);

/**
 * vmn_migration_pick() - which migration of VMI @vmi a PUT to its migrate subresource has made
 * @before:	uids of the VMI's migrations listed before the PUT
 * @items:	its migrations listed after
 *
 * KubeVirt admits one active migration a VMI. So whatever else is new was over when ours was
 * created, or came after ours was over: of several, those named like the subresource names them go
 * first, then the youngest. Source: virt-api's migrate handler, generateName
 * "kubevirt-migrate-vm-".
 *
 * Return: borrowed element or NULL
 */
struct json_object *vmn_migration_pick(const struct vmn_strlist *before, struct json_object *items,
				       const char *vmi);

/**
 * vmn_migration_new() - the object to create
 * @node_selector:	for spec.addedNodeSelector, or NULL
 */
struct json_object *vmn_migration_new(const char *ns, const char *name, const char *vmi,
				      struct json_object *node_selector);

/**
 * vmn_migration_kept_selector() - whether the server kept the wish in its answer to a create
 *
 * KubeVirt before 1.6 does not know spec.addedNodeSelector; its API server prunes the field without
 * a word.
 */
bool vmn_migration_kept_selector(struct json_object *vmim, struct json_object *node_selector);

/**
 * vmn_migration_state() - the migrationState that tells about @vmim, or NULL; borrowed
 * @vmi:	may be NULL
 *
 * KubeVirt 1.0 overwrites the state kept in a finished VMIM with that of later migrations of the
 * same VMI, so a state counts only when its migrationUid is that of @vmim.
 */
struct json_object *vmn_migration_state(struct json_object *vmim, struct json_object *vmi);

/**
 * vmn_migration_report() - our report about one migration, lowerCamelCase keys; caller drops it
 * @vmi:	its VMI, or NULL
 * @events:	array of core Events, of which those about @vmim are taken; or NULL. Among those of
 *the VMI KubeVirt before 1.3 tells why a migration failed.
 *
 * namespace, name, uid, vmi, phase, sourceNode, targetNode, sourcePod, targetPod, mode,
 *addedNodeSelector, creationTimestamp, startTimestamp, endTimestamp, durationSeconds (creation to
 *the end; only when final), failureReason, abortStatus, deletionTimestamp, phases[{phase,
 *timestamp, durationSeconds}], events[{timestamp, type, reason, message}] oldest first. What is not
 *known is left out.
 */
struct json_object *vmn_migration_report(struct json_object *vmim, struct json_object *vmi,
					 struct json_object *events);

/**
 * vmn_migration_failed() - the error of a migration that did not succeed
 * @report:	what vmn_migration_report() made
 *
 * Return: -VMN_E_SERVER; the message has failureReason and the last event
 */
int vmn_migration_failed(struct json_object *report, struct vmn_err *err);

/**
 * vmn_migration_refusal() - make plain what the server says when it does not start a migration
 * @ns, @name:	of the VM
 *
 * virt-api wraps the refusals of KubeVirt's own webhook into a 500; a direct create gives the same
 * text with 400. Both become the webhook's own words, with -VMN_E_CONFLICT for a migration under
 * way or a VM that ended, -VMN_E_INVALID for one that cannot be migrated, -VMN_E_NOT_FOUND for
 * none, and a hint. A 403 gets the hint which role helps.
 *
 * Return: true when @err is the server's clear "no": nothing was started
 */
bool vmn_migration_refusal(struct vmn_err *err, const char *ns, const char *name);

/* What is known about one VM before it is migrated. Borrowed. */
struct vmn_migration_facts {
	const char *ns, *name;
	struct json_object *vm;		   /* NULL: there is none, or it may not be read */
	struct json_object *vmi;	   /* NULL: does not run */
	struct json_object *migrations;	   /* array; NULL: may not be read */
	struct json_object *nodes;	   /* array; NULL: may not be read */
	struct json_object *node_selector; /* the wish, or NULL */
};

/**
 * vmn_migration_check() - can it be migrated now? caller drops the report
 *
 * namespace, name, node, canMigrate, checks[{id, verdict, message, hint}] with the ids running,
 * liveMigratable, podNetwork, noMigration, targetNodes and the verdicts ok, bad, warning, unknown.
 * canMigrate is false when one of them is bad.
 */
struct json_object *vmn_migration_check(const struct vmn_migration_facts *f);

/**
 * vmn_node_repels() - whether @node has a taint that @vmi does not tolerate (pure)
 *
 * A cordon is none: what kubectl sets together with spec.unschedulable is not looked at.
 */
bool vmn_node_repels(struct json_object *node, struct json_object *vmi);

#endif
