/* SPDX-License-Identifier: Apache-2.0 */
/* admit_net.h - what the webhooks say about interfaces and networks of a VMI spec (pure) */
#ifndef VMN_LAB_KUBEVIRT_ADMIT_NET_H
#define VMN_LAB_KUBEVIRT_ADMIT_NET_H

#include "lab/lab.h"
#include "lib/base/str.h"

/* Status.details.causes as they grow: messages joined for Status.message, and a line each. */
struct lab_causes {
	struct vmn_buf message; /* "text, text" */
	struct vmn_buf lines;	/* "field: text\n..." */
};

/** lab_cause() - add one: "field: text" */
void lab_cause(struct lab_causes *c, const char *field, const char *fmt, ...) VMN_PRINTF(3, 4);
void lab_causes_clear(struct lab_causes *c);
#define lab_auto_causes VMN_CLEANUP(lab_causes_clear)

/* What of the cluster's configuration the rules need. */
struct lab_net_config {
	enum lab_dialect dialect;
	bool permits_bridge_on_pod_network;
	bool has_passt_gate, has_port_ranges_gate, has_dra_gate;
};

/**
 * lab_admit_networks() - check spec.domain.devices.interfaces against spec.networks
 * @spec: a VirtualMachineInstanceSpec
 * @path: "spec.template.spec" for a VM, "spec" for a VMI
 *
 * Rules and texts: kubevirt
 * pkg/network/admitter/{netsource,admit,binding,discontinued,netiface,passt}.go at v1.9.0,
 * pkg/virt-api/webhooks/validating-webhook/admitters/{network,vmi-create-admitter}.go at v1.0.0.
 */
void lab_admit_networks(struct json_object *spec, const char *path,
			const struct lab_net_config *config, struct lab_causes *c);

#endif
