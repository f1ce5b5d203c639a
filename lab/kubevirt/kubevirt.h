/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kubevirt.h - what the KubeVirt half of the lab shares: constants and readings of its objects
 * (pure, but for the KubeVirt object that holds the cluster's configuration)
 */
#ifndef VMN_LAB_KUBEVIRT_KUBEVIRT_H
#define VMN_LAB_KUBEVIRT_KUBEVIRT_H

#include "lab/api/kinds.h"

#define LAB_NETWORKS_ANNOTATION "k8s.v1.cni.cncf.io/networks"
#define LAB_STATUS_ANNOTATION "k8s.v1.cni.cncf.io/network-status"
#define LAB_CREATED_BY_LABEL "kubevirt.io/created-by"
#define LAB_MIGRATION_UID_LABEL "kubevirt.io/migrationJobUID"
#define LAB_MIGRATION_FINALIZER "kubevirt.io/migrationJobFinalize"
#define LAB_VMI_NAME_LABEL "kubevirt.io/vmi-name"
#define LAB_TARGET_NODE_LABEL "kubevirt.io/migrationTargetNodeName"
#define LAB_VM_FINALIZER "kubevirt.io/virtualMachineControllerFinalize"
#define LAB_VMI_FINALIZER "foregroundDeleteVirtualMachine"
#define LAB_BRIDGE_MIGRATION_ANNOTATION "kubevirt.io/allow-pod-bridge-network-live-migration"
/* The lab's own knobs, on the VM template's (or the VMI's) annotations. */
#define LAB_ORDINAL_ANNOTATION "lab.vmnetctl/ordinal-names"
#define LAB_NO_AGENT_ANNOTATION "lab.vmnetctl/no-guest-agent"

#define LAB_PTR_INTERFACES "/spec/domain/devices/interfaces"
#define LAB_PTR_NETWORKS "/spec/networks"
#define LAB_PTR_TEMPLATE "/spec/template"

/** lab_kubevirt_version() - what the dialect calls itself, "v1.0.0" */
const char *lab_kubevirt_version(const struct lab *lab);

/** lab_gate() - is the feature gate in the KubeVirt object? (GA gates of the dialect: always) */
bool lab_gate(struct lab *lab, const char *gate);
/** lab_config() - spec.configuration of the KubeVirt object, borrowed; NULL when it has none */
struct json_object *lab_config(struct lab *lab);

/** lab_meta() - string of metadata, "" when absent */
const char *lab_meta(struct json_object *obj, const char *field);
#define lab_obj_name(obj) lab_meta(obj, "name")
#define lab_obj_ns(obj) lab_meta(obj, "namespace")
#define lab_obj_uid(obj) lab_meta(obj, "uid")
bool lab_is_deleting(struct json_object *obj);
/** lab_map_get() - value of @key in the map of strings at metadata/@map, or NULL */
const char *lab_map_get(struct json_object *obj, const char *map, const char *key);
/** lab_map_set() - set (NULL: remove) it; Return: whether that changed anything */
bool lab_map_set(struct json_object *obj, const char *map, const char *key, const char *value);
/** lab_list_add(), lab_list_del() - a string in the array at metadata/finalizers; Return: changed
 */
bool lab_finalizer_add(struct json_object *obj, const char *name);
bool lab_finalizer_del(struct json_object *obj, const char *name);

/** lab_copy_sharing_spec() - a copy to change, all but the spec, which it shares with @obj */
struct json_object *lab_copy_sharing_spec(struct json_object *obj);

/** lab_own_spec() - such a copy gets a spec of its own, to change that as well */
void lab_own_spec(struct json_object *copy);

/** lab_child() - object or array at @obj[@key], made when missing; borrowed */
struct json_object *lab_child(struct json_object *obj, const char *key, enum json_type type);
/** lab_status_of() - @obj.status, made when missing */
struct json_object *lab_status_of(struct json_object *obj);
/** lab_set() - set @obj[@key] to @value (swallowed; NULL: remove); Return: whether that changed it
 */
bool lab_set(struct json_object *obj, const char *key, struct json_object *value);
bool lab_set_str(struct json_object *obj, const char *key, const char *value);

/**
 * lab_condition_set() - status.conditions: set @type, keeping lastTransitionTime while the status
 * stays
 * @status: "True", "False"; NULL removes the condition
 * @reason, @message: may be NULL
 *
 * Return: whether that changed anything
 */
bool lab_condition_set(struct json_object *obj, const char *type, const char *status,
		       const char *reason, const char *message);

/** lab_set_phase() - status.phase, noted in phaseTransitionTimestamps; no change: nothing */
void lab_set_phase(struct json_object *obj, const char *phase);

/** lab_now() - "2026-11-21T10:00:00Z" in @buf of 32 bytes */
const char *lab_now(char buf[32]);

/* --- networks of a VMI spec ----------------------------------------------------------- */
struct json_object *lab_iface_of(struct json_object *interfaces, const char *name);
bool lab_iface_absent(struct json_object *iface);
/** lab_network_is_default() - the pod network, or Multus' default one */
bool lab_network_is_default(struct json_object *network);
/** lab_has_token() - is @token among infoSource's, which are joined by ", "? */
bool lab_has_token(struct json_object *iface_status, const char *token);
/** lab_set_token() - add or remove it, keeping "domain, guest-agent, multus-status" order; Return:
 * changed */
bool lab_set_token(struct json_object *iface_status, const char *token, bool on);

/** lab_is_final() - whether a phase is Succeeded or Failed */
bool lab_is_final(const char *phase);

#endif
