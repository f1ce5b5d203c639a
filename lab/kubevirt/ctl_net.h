/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_net.h - how interfaces walk from a VM's template to its VMI and pod (pure)
 *
 * "spec" is a VirtualMachineInstanceSpec: a VMI's, or that of a VM's template.
 */
#ifndef VMN_LAB_KUBEVIRT_CTL_NET_H
#define VMN_LAB_KUBEVIRT_CTL_NET_H

#include "lab/lab.h"
#include "lib/virt/ifname.h"

/**
 * lab_apply_request() - carry out one entry of status.interfaceRequests on a spec
 *
 * Adding a name that is there, absent or not, does nothing; so does removing one that is not.
 * Source: pkg/virt-api/rest/interfacehotplug.go Apply*InterfaceRequestOnVMISpec()@v1.0.0
 * Return: whether @spec changed
 */
bool lab_apply_request(struct json_object *spec, struct json_object *request);

/** lab_trim_requests() - drop from @requests what @template_spec shows as done; Return: changed */
bool lab_trim_requests(struct json_object *requests, struct json_object *template_spec);

/**
 * lab_clear_detached() - drop absent interfaces that the VMI has no more, with their networks
 * @status_ifaces: the VMI's status.interfaces; NULL: none
 * @vmi_ifaces: for a template, the interfaces of the VMI's spec; NULL: none
 *
 * Source: pkg/network/controllers/vm.go clearDetachedIfacesFromVMI(), ...FromVM()
 */
bool lab_clear_detached(struct json_object *spec, struct json_object *status_ifaces,
			struct json_object *vmi_ifaces);

/**
 * lab_sync_vmi_spec() - carry a template's changes to the running VMI as v1.9 does
 *
 * New bridge and SR-IOV interfaces, states, and the NAD of a network; everything else is silently
 * left.
 * @has_ordinal_names: "absent" is not carried
 * Source: pkg/network/controllers/vm.go@v1.9.0-rc.2
 * Return: whether @spec changed
 */
bool lab_sync_vmi_spec(struct json_object *template_spec, struct json_object *spec,
		       bool has_ordinal_names);

/**
 * lab_needs_restart() - does the template differ from the VMI in what only a restart can apply?
 * Source: pkg/network/vmliveupdate/restart.go@v1.9.0-rc.2
 */
bool lab_needs_restart(struct json_object *template_spec, struct json_object *spec);

/** lab_has_ordinal_names() - as the VM controller judges: unknown counts as ordinal */
bool lab_has_ordinal_names(struct json_object *spec, struct json_object *status_ifaces);

/**
 * lab_networks_annotation() - value of k8s.v1.cni.cncf.io/networks
 * @is_new_pod:	a pod not yet made gets SR-IOV interfaces too
 *
 * Return: the array, caller drops it
 */
struct json_object *lab_networks_annotation(struct json_object *vmi, enum vmn_naming naming,
					    bool is_new_pod);

/**
 * lab_annotation_due() - must a running pod's annotation be looked at?
 *
 * Only while something absent or not yet reported is in the spec.
 * Source: pkg/virt-controller/watch/network.go calculateDynamicInterfaces()@v1.0.0
 */
bool lab_annotation_due(struct json_object *vmi, enum vmn_naming naming);

/* What the condition LiveMigratable says; both NULL when it is True. */
struct lab_migratable {
	const char *reason, *message;
};

/** lab_migratable() - may the VMI migrate? Only its pod network and disks are looked at */
struct lab_migratable lab_migratable(struct json_object *vmi, enum lab_dialect dialect);

enum lab_migration_need {
	LAB_MIGRATION_NOT_NEEDED,
	LAB_MIGRATION_PENDING, /* perhaps it is plugged in place soon */
	LAB_MIGRATION_IMMEDIATE,
};

/**
 * lab_migration_need() - does only a migration finish what the spec asks for?
 * @network_status: of the pod, parsed
 *
 * Source: pkg/network/migration/evaluator.go@v1.9.0-rc.2
 */
enum lab_migration_need lab_migration_need(struct json_object *vmi,
					   struct json_object *network_status);

#endif
