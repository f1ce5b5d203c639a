/* SPDX-License-Identifier: Apache-2.0 */
/* seed.c - what a lab has before anybody asked for anything */
#include "config.h"

#include "lab/kubevirt/ctl.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/api/store.h"

/* Creates @obj (swallowed) unless it is there. */
static int ensure(struct lab *lab, enum lab_kind_id kind, const char *ns, struct json_object *obj,
		  struct vmn_err *err)
{
	if (lab_get(lab, kind, ns, lab_obj_name(obj))) {
		(void)json_object_put(obj);
		return 0;
	}
	return lab_create(lab, kind, ns, obj, LAB_WRITE_SYSTEM, NULL, err);
}

static struct json_object *namespace(const char *name)
{
	return vmn_json_build("{\"metadata\":{\"name\":%s}}", name);
}

static struct json_object *node(const char *name, int number)
{
	vmn_auto_free char *ip = vmn_xasprintf("192.168.66.%d", 100 + number);
	struct json_object *obj = vmn_json_build(
		"{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":%s,\"labels\":{"
		"\"kubernetes.io/hostname\":%s,\"kubernetes.io/arch\":\"amd64\",\"kubernetes.io/os\":"
		"\"linux\",\"kubevirt.io/schedulable\":\"true\"}},\"spec\":{},\"status\":{"
		"\"capacity\":{\"cpu\":\"8\",\"memory\":\"32Gi\",\"pods\":\"5000\","
		"\"devices.kubevirt.io/kvm\":\"1k\"},\"allocatable\":{\"cpu\":\"8\",\"memory\":\"32Gi\","
		"\"pods\":\"5000\",\"devices.kubevirt.io/kvm\":\"1k\"},\"addresses\":[{\"type\":"
		"\"InternalIP\",\"address\":%s},{\"type\":\"Hostname\",\"address\":%s}],"
		"\"nodeInfo\":{\"kubeletVersion\":\"v1.31.0\",\"osImage\":\"vmnetctl-lab\"}}}",
		name, name, ip, name);

	(void)lab_condition_set(obj, "Ready", "True", "KubeletReady", "the lab's node is ready");
	return obj;
}

/*
 * The configuration that lets a lab do what its dialect can: HotplugNICs has to be listed up to
 * v1.3, and automatic migrations need a workload update method.
 */
static struct json_object *kubevirt(struct lab *lab)
{
	const char *version = lab_kubevirt_version(lab);
	bool is_1_9 = lab->dialect == LAB_KUBEVIRT_1_9;
	struct json_object *obj = vmn_json_build(
		"{\"apiVersion\":\"kubevirt.io/v1\",\"kind\":\"KubeVirt\",\"metadata\":{\"name\":"
		"\"kubevirt\",\"namespace\":\"kubevirt\"},\"spec\":{\"configuration\":{"
		"\"developerConfiguration\":{\"featureGates\":[]}}},\"status\":{\"phase\":\"Deployed\","
		"\"observedKubeVirtVersion\":%s,\"targetKubeVirtVersion\":%s,\"operatorVersion\":%s}}",
		version, version, version);

	if (is_1_9)
		vmn_json_set_take(vmn_json_get(obj, "/spec"), "workloadUpdateStrategy",
				  vmn_json_build("{\"workloadUpdateMethods\":[\"LiveMigrate\"]}"));
	else
		vmn_json_append_take(
			vmn_json_array(obj,
				       "/spec/configuration/developerConfiguration/featureGates"),
			json_object_new_string("HotplugNICs"));
	(void)lab_condition_set(obj, "Available", "True", "AllComponentsReady",
				"All components are ready.");
	return obj;
}

static struct json_object *nad(const char *name)
{
	vmn_auto_free char *config =
		vmn_xasprintf("{\"cniVersion\":\"0.3.1\",\"name\":\"%s\",\"type\":\"bridge\","
			      "\"bridge\":\"br-%s\"}",
			      name, name);

	return vmn_json_build("{\"apiVersion\":\"k8s.cni.cncf.io/v1\","
			      "\"kind\":\"NetworkAttachmentDefinition\",\"metadata\":{\"name\":%s,"
			      "\"namespace\":\"default\"},\"spec\":{\"config\":%s}}",
			      name, config);
}

/* Nodes that were not there in an earlier run. */
static int seed_nodes(struct lab *lab, struct vmn_err *err)
{
	vmn_auto_free char *kept = lab_store_setting(lab, "seeded-nodes");
	vmn_auto_free char *now = vmn_xasprintf("%d", lab->nodes);
	uint64_t before = 0;

	if (kept)
		(void)vmn_parse_u64(kept, &before);
	for (int i = (int)before + 1; i <= lab->nodes; i++) {
		vmn_auto_free char *name = vmn_xasprintf("node%d", i);

		if (ensure(lab, LAB_NODE, NULL, node(name, i), err) < 0)
			return -(int)err->code;
	}
	return lab_store_set(lab, "seeded-nodes", now, err);
}

int lab_seed(struct lab *lab, struct vmn_err *err)
{
	static const char *const namespaces[] = {"default", "kube-system", "kubevirt"};
	static const char *const nads[] = {"nad1", "nad2"};
	int rc = seed_nodes(lab, err);

	/* made once: who deletes them means it */
	if (rc < 0)
		return rc;
	if (lab_get(lab, LAB_KUBEVIRT, "kubevirt", "kubevirt"))
		return 0;
	for (size_t i = 0; rc == 0 && i < VMN_ARRAY_LEN(namespaces); i++)
		rc = ensure(lab, LAB_NAMESPACE, NULL, namespace(namespaces[i]), err);
	for (size_t i = 0; rc == 0 && i < VMN_ARRAY_LEN(nads); i++)
		rc = ensure(lab, LAB_NAD, "default", nad(nads[i]), err);
	return rc < 0 ? rc : ensure(lab, LAB_KUBEVIRT, "kubevirt", kubevirt(lab), err);
}
