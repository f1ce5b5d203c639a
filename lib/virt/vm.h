/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm.h - small views of VirtualMachine and VirtualMachineInstance trees (pure)
 *
 * Views borrow from the tree they were read from. A VM keeps what its instance shall be in
 * spec.template.spec; a VMI has the same fields in spec: "spec" below is either of the two.
 */
#ifndef VMN_VIRT_VM_H
#define VMN_VIRT_VM_H

#include "lib/data/json.h"

/* One interface together with its network. */
struct vmn_nic {
	const char *name;
	struct json_object *iface, *net; /* one may be NULL when the spec is half written */
	size_t iface_index, net_index;	 /* in domain.devices.interfaces and in networks */
	const char *binding; /* "bridge", "sriov", ..., or the plugin's name; NULL: none */
	bool is_plugin;
	const char *nad;   /* multus.networkName; NULL for the pod network */
	const char *state; /* "up", "down", "absent", or "" */
	bool is_default;   /* the pod network, or Multus' stand-in for it */
};

struct vmn_vm {
	struct json_object *obj, *spec; /* spec: the template's */
	const char *ns, *name, *uid, *resource_version;
	struct json_object *requests; /* status.interfaceRequests of KubeVirt 1.0, or NULL */
	const char *plug_error;	      /* what HotPlugNetworkInterfaceError says, if it stays */
	bool is_deleting;
	bool has_vmi; /* status.created: there is a VMI, as of the last status update */
};

struct vmn_vmi {
	struct json_object *obj, *spec;
	const char *ns, *name, *uid, *phase;
	struct json_object *status_nics; /* status.interfaces, or NULL */
	bool is_deleting;
	bool is_live; /* exists and neither ended nor being deleted: changes must reach it */
	bool is_paused;
	bool is_owned; /* by a VirtualMachine */
};

/** vmn_vm_read() - @obj may be NULL: everything is empty then */
void vmn_vm_read(struct json_object *obj, struct vmn_vm *ret);
/** vmn_vmi_read() - @obj may be NULL: everything is empty then */
void vmn_vmi_read(struct json_object *obj, struct vmn_vmi *ret);

/** vmn_spec_ifaces(), vmn_spec_nets() - the two lists of a spec; NULL when it has none */
struct json_object *vmn_spec_ifaces(struct json_object *spec);
struct json_object *vmn_spec_nets(struct json_object *spec);

/** vmn_nic_find() - interface @name of @spec (may be NULL); Return: false when there is none */
bool vmn_nic_find(struct json_object *spec, const char *name, struct vmn_nic *ret);

/** vmn_condition() - the condition of @type in status.conditions, or NULL; borrowed */
struct json_object *vmn_condition(struct json_object *obj, const char *type);
/** vmn_condition_is() - whether that condition is there with @status ("True", "False") */
bool vmn_condition_is(struct json_object *obj, const char *type, const char *status);

/**
 * vmn_info_has() - whether @info_source, a list joined by ", ", has @token
 *
 * Tokens: domain, guest-agent, multus-status, in any order; @info_source may be NULL.
 */
bool vmn_info_has(const char *info_source, const char *token);

/** vmn_nad_qualify() - "NS/NAD" of "[NS/]NAD" as seen from namespace @ns; caller frees */
char *vmn_nad_qualify(const char *nad, const char *ns);
/** vmn_nad_is_same() - whether two references from @ns mean one object; NULL equals only NULL */
bool vmn_nad_is_same(const char *a, const char *b, const char *ns);

/** vmn_iface_name_is_valid() - KubeVirt's own rule: one or more of A-Z a-z 0-9 - _ */
bool vmn_iface_name_is_valid(const char *name);

/**
 * vmn_is_webhook_away() - whether kube-apiserver could not ask KubeVirt's webhook
 *
 * It does so before it stores anything, and does not store then: nothing has come of the request.
 */
bool vmn_is_webhook_away(const struct vmn_err *err);
/** vmn_hint_virt_api() - where to look when virt-api, or its webhook, is away; Return: -code */
int vmn_hint_virt_api(struct vmn_err *err);

#endif
