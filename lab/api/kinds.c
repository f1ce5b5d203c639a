/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c - resources and their columns: KubeVirt's as its CRDs print them, core ones as
 * kube-apiserver does */
#include "config.h"

#include <string.h>

#include "lab/api/kinds.h"
#include "lib/base/clock.h"

/* --- cells ---------------------------------------------------------------------------- */

/* An age as people read it: seconds below two minutes, and so on with at most two units.
 * Source: k8s.io/apimachinery pkg/util/duration, HumanDuration. */
static char *human_duration(int64_t s)
{
	int64_t minutes = s / 60, hours = s / 3600, days = hours / 24, years = days / 365;

	if (s < 0)
		return vmn_xstrdup("0s");
	if (s < 120)
		return vmn_xasprintf("%llds", (long long)s);
	if (minutes < 10)
		return s % 60 ? vmn_xasprintf("%lldm%llds", (long long)minutes, (long long)(s % 60))
			      : vmn_xasprintf("%lldm", (long long)minutes);
	if (minutes < 180)
		return vmn_xasprintf("%lldm", (long long)minutes);
	if (hours < 8)
		return minutes % 60 ? vmn_xasprintf("%lldh%lldm", (long long)hours,
						    (long long)(minutes % 60))
				    : vmn_xasprintf("%lldh", (long long)hours);
	if (hours < 48)
		return vmn_xasprintf("%lldh", (long long)hours);
	if (days < 8)
		return hours % 24 ? vmn_xasprintf("%lldd%lldh", (long long)days,
						  (long long)(hours % 24))
				  : vmn_xasprintf("%lldd", (long long)days);
	if (years < 2)
		return vmn_xasprintf("%lldd", (long long)days);
	if (years < 8 && days % 365)
		return vmn_xasprintf("%lldy%lldd", (long long)years, (long long)(days % 365));
	return vmn_xasprintf("%lldy", (long long)years);
}

static char *age_of(struct json_object *obj, const char *path)
{
	const char *stamp = vmn_json_str(obj, path);
	int64_t then;

	if (!stamp || !vmn_rfc3339_parse(stamp, &then))
		return vmn_xstrdup("<unknown>");
	return human_duration(vmn_utc_now() - then);
}

static char *cell_age(struct json_object *obj)
{
	return age_of(obj, "/metadata/creationTimestamp");
}

static char *cell_last_seen(struct json_object *obj)
{
	return age_of(obj, "/lastTimestamp");
}

static char *cell_first_seen(struct json_object *obj)
{
	return age_of(obj, "/firstTimestamp");
}

static char *condition(struct json_object *obj, const char *type)
{
	struct json_object *c =
		vmn_json_find(vmn_json_array(obj, "/status/conditions"), "type", type, NULL);
	const char *status = vmn_json_str(c, "/status");

	return status ? vmn_xstrdup(status) : NULL;
}

static char *cell_ready(struct json_object *obj)
{
	return condition(obj, "Ready");
}

static char *cell_migratable(struct json_object *obj)
{
	return condition(obj, "LiveMigratable");
}

static char *cell_paused(struct json_object *obj)
{
	return condition(obj, "Paused");
}

static char *cell_node_status(struct json_object *obj)
{
	vmn_auto_free char *ready = condition(obj, "Ready");
	const char *text = vmn_streq(ready, "True") ? "Ready" : ready ? "NotReady" : "Unknown";

	return vmn_xasprintf(
		"%s%s", text,
		vmn_json_bool(obj, "/spec/unschedulable", false) ? ",SchedulingDisabled" : "");
}

static char *cell_node_roles(struct json_object *obj)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	struct json_object *labels = vmn_json_get(obj, "/metadata/labels");
	vmn_auto_strlist struct vmn_strlist roles = {0};
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	if (json_object_is_type(labels, json_type_object)) {
		json_object_object_foreach(labels, key, value) {
			(void)value;
			if (vmn_starts_with(key, prefix) && key[sizeof(prefix) - 1])
				vmn_strlist_add(&roles, key + sizeof(prefix) - 1);
		}
	}
	vmn_strlist_sort(&roles);
	for (size_t i = 0; i < roles.n; i++)
		vmn_buf_addf(&b, "%s%s", i ? "," : "", roles.v[i]);
	return vmn_xstrdup(b.len ? b.data : "<none>");
}

static char *node_address(struct json_object *obj, const char *type)
{
	struct json_object *a =
		vmn_json_find(vmn_json_array(obj, "/status/addresses"), "type", type, NULL);

	return vmn_xstrdup(vmn_json_str_or(a, "/address", "<none>"));
}

static char *cell_node_internal_ip(struct json_object *obj)
{
	return node_address(obj, "InternalIP");
}

static char *cell_node_external_ip(struct json_object *obj)
{
	return node_address(obj, "ExternalIP");
}

static char *cell_pod_ready(struct json_object *obj)
{
	struct json_object *statuses = vmn_json_array(obj, "/status/containerStatuses");
	size_t ready = 0;

	for (size_t i = 0; i < vmn_json_len(statuses); i++)
		ready += vmn_json_bool(json_object_array_get_idx(statuses, i), "/ready", false);
	return vmn_xasprintf("%zu/%zu", ready,
			     vmn_json_len(vmn_json_array(obj, "/spec/containers")));
}

static char *cell_pod_status(struct json_object *obj)
{
	const char *phase = vmn_json_str_or(obj, "/status/phase", "Unknown");

	if (vmn_json_str(obj, "/metadata/deletionTimestamp"))
		return vmn_xstrdup("Terminating");
	if (strcmp(phase, "Succeeded") == 0)
		return vmn_xstrdup("Completed");
	return vmn_xstrdup(vmn_json_str_or(obj, "/status/reason", phase));
}

static char *cell_pod_restarts(struct json_object *obj)
{
	struct json_object *statuses = vmn_json_array(obj, "/status/containerStatuses");
	int64_t n = 0;

	for (size_t i = 0; i < vmn_json_len(statuses); i++)
		n += vmn_json_int(json_object_array_get_idx(statuses, i), "/restartCount", 0);
	return vmn_xasprintf("%lld", (long long)n);
}

static char *text_or_none(struct json_object *obj, const char *path)
{
	return vmn_xstrdup(vmn_json_str_or(obj, path, "<none>"));
}

static char *cell_pod_ip(struct json_object *obj)
{
	return text_or_none(obj, "/status/podIP");
}

static char *cell_pod_node(struct json_object *obj)
{
	return text_or_none(obj, "/spec/nodeName");
}

static char *cell_pod_nominated(struct json_object *obj)
{
	return text_or_none(obj, "/status/nominatedNodeName");
}

/* No pod of a lab has any. */
static char *cell_none(struct json_object *obj)
{
	(void)obj;
	return vmn_xstrdup("<none>");
}

/* "80/TCP,443:31443/TCP" */
static char *cell_service_ports(struct json_object *obj)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	vmn_json_each(port, vmn_json_array(obj, "/spec/ports")) {
		int64_t node_port = vmn_json_int(port, "/nodePort", 0);

		vmn_buf_addf(&b, "%s%lld", b.len ? "," : "",
			     (long long)vmn_json_int(port, "/port", 0));
		if (node_port)
			vmn_buf_addf(&b, ":%lld", (long long)node_port);
		vmn_buf_addf(&b, "/%s", vmn_json_str_or(port, "/protocol", "TCP"));
	}
	return vmn_xstrdup(b.len ? b.data : "<none>");
}

static char *cell_service_ip(struct json_object *obj)
{
	return text_or_none(obj, "/spec/clusterIP");
}

static char *cell_event_object(struct json_object *obj)
{
	const char *kind = vmn_json_str_or(obj, "/involvedObject/kind", "");
	char *cell = vmn_xasprintf("%s/%s", kind, vmn_json_str_or(obj, "/involvedObject/name", ""));

	for (size_t i = 0; kind[i]; i++)
		cell[i] |= (char)(kind[i] >= 'A' && kind[i] <= 'Z' ? 0x20 : 0);
	return cell;
}

static char *cell_event_count(struct json_object *obj)
{
	return vmn_xasprintf("%lld", (long long)vmn_json_int(obj, "/count", 1));
}

/* --- columns -------------------------------------------------------------------------- */

#define NAME                                                                                       \
	{                                                                                          \
		"Name", "string", 0, "/metadata/name", NULL                                        \
	}
#define TEXT(name, path)                                                                           \
	{                                                                                          \
		name, "string", 0, path, NULL                                                      \
	}
#define WIDE(name, path)                                                                           \
	{                                                                                          \
		name, "string", 1, path, NULL                                                      \
	}
#define CELL(name, fn)                                                                             \
	{                                                                                          \
		name, "string", 0, NULL, fn                                                        \
	}
#define WIDE_CELL(name, fn)                                                                        \
	{                                                                                          \
		name, "string", 1, NULL, fn                                                        \
	}
#define AGE                                                                                        \
	{                                                                                          \
		"Age", "date", 0, NULL, cell_age                                                   \
	}
#define END                                                                                        \
	{                                                                                          \
		NULL, NULL, 0, NULL, NULL                                                          \
	}

static const struct lab_column namespace_columns[] = {NAME, TEXT("Status", "/status/phase"), AGE,
						      END};
static const struct lab_column node_columns[] = {
	NAME,
	CELL("Status", cell_node_status),
	CELL("Roles", cell_node_roles),
	AGE,
	TEXT("Version", "/status/nodeInfo/kubeletVersion"),
	WIDE_CELL("Internal-IP", cell_node_internal_ip),
	WIDE_CELL("External-IP", cell_node_external_ip),
	WIDE("OS-Image", "/status/nodeInfo/osImage"),
	WIDE("Kernel-Version", "/status/nodeInfo/kernelVersion"),
	WIDE("Container-Runtime", "/status/nodeInfo/containerRuntimeVersion"),
	END};
static const struct lab_column pod_columns[] = {NAME,
						CELL("Ready", cell_pod_ready),
						CELL("Status", cell_pod_status),
						CELL("Restarts", cell_pod_restarts),
						AGE,
						WIDE_CELL("IP", cell_pod_ip),
						WIDE_CELL("Node", cell_pod_node),
						WIDE_CELL("Nominated Node", cell_pod_nominated),
						WIDE_CELL("Readiness Gates", cell_none),
						END};
static const struct lab_column event_columns[] = {CELL("Last Seen", cell_last_seen),
						  TEXT("Type", "/type"),
						  TEXT("Reason", "/reason"),
						  CELL("Object", cell_event_object),
						  WIDE("Subobject", "/involvedObject/fieldPath"),
						  WIDE("Source", "/source/component"),
						  TEXT("Message", "/message"),
						  WIDE_CELL("First Seen", cell_first_seen),
						  WIDE_CELL("Count", cell_event_count),
						  WIDE("Name", "/metadata/name"),
						  END};
static const struct lab_column service_columns[] = {NAME,
						    TEXT("Type", "/spec/type"),
						    CELL("Cluster-IP", cell_service_ip),
						    CELL("External-IP", cell_none),
						    CELL("Port(s)", cell_service_ports),
						    AGE,
						    END};
static const struct lab_column vm_columns[] = {NAME, AGE, TEXT("Status", "/status/printableStatus"),
					       CELL("Ready", cell_ready), END};
static const struct lab_column vmi_columns[] = {NAME,
						AGE,
						TEXT("Phase", "/status/phase"),
						TEXT("IP", "/status/interfaces/0/ipAddress"),
						TEXT("NodeName", "/status/nodeName"),
						CELL("Ready", cell_ready),
						WIDE_CELL("Live-Migratable", cell_migratable),
						WIDE_CELL("Paused", cell_paused),
						END};
static const struct lab_column vmim_columns[] = {NAME, TEXT("Phase", "/status/phase"),
						 TEXT("VMI", "/spec/vmiName"), END};
static const struct lab_column kubevirt_columns[] = {NAME, AGE, TEXT("Phase", "/status/phase"),
						     END};
static const struct lab_column nad_columns[] = {NAME, AGE, END};

static const char *const no_fields[] = {NULL};
static const char *const namespace_fields[] = {"/status/phase", NULL};
static const char *const node_fields[] = {"/spec/unschedulable", NULL};
static const char *const pod_fields[] = {"/spec/nodeName",
					 "/spec/restartPolicy",
					 "/spec/schedulerName",
					 "/spec/serviceAccountName",
					 "/status/phase",
					 "/status/podIP",
					 "/status/nominatedNodeName",
					 NULL};
static const char *const event_fields[] = {"/involvedObject/kind",
					   "/involvedObject/namespace",
					   "/involvedObject/name",
					   "/involvedObject/uid",
					   "/involvedObject/apiVersion",
					   "/involvedObject/resourceVersion",
					   "/involvedObject/fieldPath",
					   "/reason",
					   "/reportingComponent",

					   "/type",
					   NULL};

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

const struct lab_kind lab_kinds[LAB_KINDS] = {
	[LAB_NAMESPACE] = {LAB_NAMESPACE, "", "v1", "Namespace", "namespaces", "namespace",
			   NAMES("ns"), false, true, false, namespace_columns, namespace_fields},
	[LAB_NODE] = {LAB_NODE, "", "v1", "Node", "nodes", "node", NAMES("no"), false, true, false,
		      node_columns, node_fields},
	[LAB_POD] = {LAB_POD, "", "v1", "Pod", "pods", "pod", NAMES("po"), true, true, true,
		     pod_columns, pod_fields},
	[LAB_EVENT] = {LAB_EVENT, "", "v1", "Event", "events", "event", NAMES("ev"), true, false,
		       false, event_columns, event_fields},
	[LAB_SERVICE] = {LAB_SERVICE, "", "v1", "Service", "services", "service", NAMES("svc"),
			 true, true, true, service_columns, no_fields},
	[LAB_VM] = {LAB_VM, "kubevirt.io", "v1", "VirtualMachine", "virtualmachines",
		    "virtualmachine", NAMES("vm", "vms"), true, true, true, vm_columns, no_fields},
	[LAB_VMI] = {LAB_VMI, "kubevirt.io", "v1", "VirtualMachineInstance",
		     "virtualmachineinstances", "virtualmachineinstance", NAMES("vmi", "vmis"),
		     true, false, true, vmi_columns, no_fields},
	[LAB_VMIM] = {LAB_VMIM, "kubevirt.io", "v1", "VirtualMachineInstanceMigration",
		      "virtualmachineinstancemigrations", "virtualmachineinstancemigration",
		      NAMES("vmim", "vmims"), true, true, true, vmim_columns, no_fields},
	[LAB_KUBEVIRT] = {LAB_KUBEVIRT, "kubevirt.io", "v1", "KubeVirt", "kubevirts", "kubevirt",
			  NAMES("kv", "kvs"), true, true, true, kubevirt_columns, no_fields},
	[LAB_NAD] = {LAB_NAD, "k8s.cni.cncf.io", "v1", "NetworkAttachmentDefinition",
		     "network-attachment-definitions", "network-attachment-definition",
		     NAMES("nad", "net-attach-def"), true, false, false, nad_columns, no_fields},
};

const struct lab_kind *lab_kind_find(const char *group, const char *version, const char *plural)
{
	for (size_t i = 0; i < LAB_KINDS; i++) {
		const struct lab_kind *k = &lab_kinds[i];

		if (strcmp(k->group, group) == 0 && strcmp(k->version, version) == 0 &&
		    strcmp(k->plural, plural) == 0)
			return k;
	}
	return NULL;
}

char *lab_api_version(const struct lab_kind *kind)
{
	return vmn_xasprintf("%s%s%s", kind->group, *kind->group ? "/" : "", kind->version);
}

const struct lab_kind *lab_kind_by_name(const char *group, const char *kind)
{
	for (size_t i = 0; i < LAB_KINDS; i++) {
		const struct lab_kind *k = &lab_kinds[i];

		if (strcmp(k->group, group) == 0 && strcmp(k->kind, kind) == 0)
			return k;
	}
	return NULL;
}
