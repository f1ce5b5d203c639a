/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node_emulated.c - nodes that only pretend
 *
 * They keep nothing: what a pod or guest has is what the objects say. An answer takes a few
 * milliseconds, more where a fault says so. Addresses and MACs follow from names, so that they
 * stay.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lab/api/fault.h"
#include "lab/kubevirt/kubevirt.h"
#include "lab/kubevirt/node.h"
#include "lab/api/store.h"
#include "lib/base/encode.h"
#include "lib/base/str.h"

/* How long things take, milliseconds. */
enum {
	POD_START_MS = 40,
	CNI_MS = 25,
	DEVICE_MS = 15,
	AGENT_MS = 30,
	SHUTDOWN_MS = 60,
	PREPARE_MS = 20,
	MIGRATE_MS = 60
};

/* An answer that is due. */
struct answer {
	struct answer *prev, *next;
	struct lab *lab;
	struct lab_timer *timer;
	lab_node_done_fn done;
	void *arg;
	char *failure;
	struct json_object *result;
	char *moving; /* uid of the VMI whose migration this ends, or NULL */
};

struct lab_nodes {
	struct answer answers; /* head of a ring */
};

static struct lab_nodes *agents(struct lab *lab)
{
	if (!lab->node_agents) {
		lab->node_agents = vmn_xcalloc(1, sizeof(*lab->node_agents));
		lab->node_agents->answers.next = &lab->node_agents->answers;
		lab->node_agents->answers.prev = &lab->node_agents->answers;
	}
	return lab->node_agents;
}

static void answer_free(struct answer *a)
{
	a->prev->next = a->next;
	a->next->prev = a->prev;
	(void)json_object_put(a->result);
	free(a->failure);
	free(a->moving);
	free(a);
}

static void give(void *arg)
{
	struct answer *a = arg;

	a->done(a->arg, a->failure, a->result);
	answer_free(a);
}

/* Swallows @result; @failure NULL is success. */
static struct answer *answer_in(struct lab *lab, int64_t ms, lab_node_done_fn done, void *arg,
				const char *failure, struct json_object *result)
{
	struct answer *head = &agents(lab)->answers, *a = vmn_xcalloc(1, sizeof(*a));

	*a = (struct answer){
		.prev = head, .next = head->next, .lab = lab, .done = done, .arg = arg};
	a->result = result;
	a->failure = failure ? vmn_xstrdup(failure) : NULL;
	head->next->prev = a;
	head->next = a;
	a->timer = lab_after(lab, ms, give, a);
	return a;
}

/* --- faults --------------------------------------------------------------------------- */

/* Faults name the VM, whose pod belongs to the VMI of the same name. */
static char *vm_key(struct json_object *obj)
{
	const char *vm = lab_map_get(obj, "labels", "vm.kubevirt.io/name");

	return vmn_xasprintf("%s/%s", lab_obj_ns(obj), vm ? vm : lab_obj_name(obj));
}

static const struct lab_fault *fault_for(struct lab *lab, enum lab_fault_kind kind,
					 struct json_object *obj)
{
	vmn_auto_free char *key = vm_key(obj);

	return lab_fault_hit(lab, kind, NULL, key);
}

static int64_t slowed(struct lab *lab, int64_t ms, enum lab_fault_kind kind,
		      struct json_object *obj)
{
	const struct lab_fault *f = fault_for(lab, kind, obj);

	return f ? ms + f->value : ms;
}

/* --- addresses ------------------------------------------------------------------------ */

static void digest(const char *a, const char *b, char hex[VMN_SHA256_HEX_SIZE])
{
	vmn_auto_free char *text = vmn_xasprintf("%s/%s", a, b);

	(void)vmn_sha256_hex(text, strlen(text), hex);
}

/* Locally administered and the same for the same owner and interface. */
static char *mac_of(const char *uid, const char *iface)
{
	char h[VMN_SHA256_HEX_SIZE];

	digest(uid, iface, h);
	return vmn_xasprintf("02:%.2s:%.2s:%.2s:%.2s:%.2s", h, h + 2, h + 4, h + 6, h + 8);
}

static char *pod_ip(struct json_object *pod)
{
	char h[VMN_SHA256_HEX_SIZE];
	unsigned long n;

	digest(lab_obj_uid(pod), "ip", h);
	h[8] = '\0';
	n = strtoul(h, NULL, 16);
	return vmn_xasprintf("10.%lu.%lu.%lu", 128 + n % 64, n / 64 % 256, 1 + n / 16384 % 254);
}

/* --- the CNI -------------------------------------------------------------------------- */

static struct json_object *annotation(struct json_object *pod, const char *key)
{
	struct json_object *doc = vmn_json_parse_text(lab_map_get(pod, "annotations", key));

	return doc ? doc : json_object_new_array();
}

/* Multus' answer for one selection element; NULL when its NAD does not exist. */
static struct json_object *deliver(struct lab *lab, struct json_object *pod,
				   struct json_object *element)
{
	const char *nad = vmn_json_str_or(element, "/name", "");
	const char *ns = vmn_json_str_or(element, "/namespace", "default");
	const char *iface = vmn_json_str_or(element, "/interface", "");
	vmn_auto_free char *mac = mac_of(lab_obj_uid(pod), iface);
	vmn_auto_free char *full = vmn_xasprintf("%s/%s", ns, nad);

	if (!lab_get(lab, LAB_NAD, ns, nad))
		return NULL;
	return vmn_json_build("{\"name\":%s,\"interface\":%s,\"mac\":%s,\"dns\":{}}", full, iface,
			      vmn_json_str_or(element, "/mac", mac));
}

/*
 * The network-status after a sync: what is there and still wanted stays, what is wanted is added.
 * @ret_missing: the first NAD that does not exist, or NULL; caller frees
 */
static struct json_object *synced(struct lab *lab, struct json_object *pod, char **ret_missing)
{
	vmn_auto_json struct json_object *asked = annotation(pod, LAB_NETWORKS_ANNOTATION);
	vmn_auto_json struct json_object *had = annotation(pod, LAB_STATUS_ANNOTATION);
	struct json_object *list = json_object_new_array();

	vmn_json_each(h, had)
		if (vmn_json_bool(h, "/default", false))
			vmn_json_append_take(list, vmn_json_copy(h));
	vmn_json_each(element, asked) {
		const char *iface = vmn_json_str_or(element, "/interface", "");
		struct json_object *there = vmn_json_find(had, "interface", iface, NULL);

		there = there ? vmn_json_copy(there) : deliver(lab, pod, element);
		if (there)
			vmn_json_append_take(list, there);
		else if (!*ret_missing)
			*ret_missing =
				vmn_xasprintf("%s/%s", vmn_json_str_or(element, "/namespace", ""),
					      vmn_json_str_or(element, "/name", ""));
	}
	return list;
}

static void networks_sync(struct lab *lab, struct json_object *pod, lab_node_done_fn done,
			  void *arg)
{
	int64_t ms = slowed(lab, CNI_MS, LAB_FAULT_SLOW_PLUG, pod);
	vmn_auto_json struct json_object *had = annotation(pod, LAB_STATUS_ANNOTATION),
					 *list = NULL;
	vmn_auto_free char *missing = NULL;

	list = synced(lab, pod, &missing);
	if (vmn_json_len(list) > vmn_json_len(had) && fault_for(lab, LAB_FAULT_NO_PLUG, pod)) {
		(void)answer_in(lab, ms, done, arg, NULL, vmn_steal(&had));
	} else if (missing && json_object_equal(list, had)) {
		vmn_auto_free char *text =
			vmn_xasprintf("cannot find a network-attachment-definition (%s)", missing);

		(void)answer_in(lab, ms, done, arg, text, NULL);
	} else {
		(void)answer_in(lab, ms, done, arg, NULL, vmn_steal(&list));
	}
}

/* --- pods ----------------------------------------------------------------------------- */

static void pod_start(struct lab *lab, struct json_object *pod, struct json_object *vmi,
		      lab_node_done_fn done, void *arg)
{
	bool is_target = lab_map_get(pod, "labels", LAB_MIGRATION_UID_LABEL);
	vmn_auto_free char *ip = pod_ip(pod), *missing = NULL;
	/* the guest's MAC stays the same wherever it runs */
	vmn_auto_free char *mac = mac_of(lab_obj_uid(vmi), "eth0");
	vmn_auto_json struct json_object *copy = vmn_json_copy(pod), *list = NULL;
	vmn_auto_json struct json_object *primary =
		vmn_json_build("[{\"name\":\"lab-pod-network\",\"interface\":\"eth0\",\"ips\":[%s],"
			       "\"mac\":%s,\"default\":true,\"dns\":{}}]",
			       ip, mac);
	int64_t ms =
		is_target ? slowed(lab, POD_START_MS, LAB_FAULT_MIGRATION_SLOW, pod) : POD_START_MS;

	(void)lab_map_set(copy, "annotations", LAB_STATUS_ANNOTATION, vmn_json_text(primary));
	list = synced(lab, copy, &missing);
	if (missing) {
		vmn_auto_free char *text = vmn_xasprintf(
			"Failed to create pod sandbox: cannot find a network-attachment-definition (%s)",
			missing);

		(void)answer_in(lab, ms, done, arg, text, NULL);
		return;
	}
	(void)answer_in(lab, ms, done, arg, NULL,
			vmn_json_build("{\"podIP\":%s,\"networkStatus\":%J}", ip, list));
}

static void pod_stop(struct lab *lab, struct json_object *pod)
{
	(void)lab;
	(void)pod;
}

/* --- guests --------------------------------------------------------------------------- */

static void guest_attach(struct lab *lab, struct json_object *vmi, const char *iface,
			 lab_node_done_fn done, void *arg)
{
	struct json_object *spec = lab_iface_of(vmn_json_array(vmi, LAB_PTR_INTERFACES), iface);
	vmn_auto_free char *mac = mac_of(lab_obj_uid(vmi), iface);
	int64_t ms = slowed(lab, DEVICE_MS, LAB_FAULT_SLOW_PLUG, vmi);
	const struct lab_fault *f = fault_for(lab, LAB_FAULT_PLUG_ERROR, vmi);

	if (f)
		(void)answer_in(lab, ms, done, arg,
				f->text ? f->text : "failed to setup pod network: plugging failed",
				NULL);
	else
		(void)answer_in(lab, ms, done, arg, NULL,
				vmn_json_build("{\"mac\":%s,\"queueCount\":1}",
					       vmn_json_str_or(spec, "/macAddress", mac)));
}

static void guest_detach(struct lab *lab, struct json_object *vmi, const char *iface,
			 lab_node_done_fn done, void *arg)
{
	bool is_stuck = fault_for(lab, LAB_FAULT_NO_UNPLUG, vmi);

	(void)iface;
	(void)answer_in(lab, slowed(lab, DEVICE_MS, LAB_FAULT_SLOW_PLUG, vmi), done, arg,
			is_stuck ? "the guest does not release the device" : NULL, NULL);
}

/*
 * Not at once: kubectl delete looks for the object, then watches the name until it goes. When it is
 * gone and there again by then, as that of a VM that is to run, kubectl waits for ever.
 */
static void guest_stop(struct lab *lab, struct json_object *vmi, lab_node_done_fn done, void *arg)
{
	(void)vmi;
	(void)answer_in(lab, SHUTDOWN_MS, done, arg, NULL, NULL);
}

static void guest_link(struct lab *lab, struct json_object *vmi, const char *iface, bool up,
		       lab_node_done_fn done, void *arg)
{
	(void)iface;
	(void)up;
	(void)answer_in(lab, slowed(lab, DEVICE_MS, LAB_FAULT_SLOW_PLUG, vmi), done, arg, NULL,
			NULL);
}

/* Linux guests name NICs in the order they came: eth0, eth1, ... */
static void guest_report(struct lab *lab, struct json_object *vmi, lab_node_done_fn done, void *arg)
{
	struct json_object *list = json_object_new_array();
	unsigned next = 0;

	vmn_json_each(entry, vmn_json_array(vmi, "/status/interfaces")) {
		vmn_auto_free char *name = vmn_xasprintf("eth%u", next++);

		vmn_json_append_take(
			list, vmn_json_build("{\"name\":%s,\"interfaceName\":%s}",
					     vmn_json_str_or(entry, "/name", ""),
					     vmn_json_str_or(entry, "/interfaceName", name)));
	}
	(void)answer_in(lab, slowed(lab, AGENT_MS, LAB_FAULT_SLOW_PLUG, vmi), done, arg, NULL,
			list);
}

/* --- migration ------------------------------------------------------------------------ */

static void guest_prepare(struct lab *lab, struct json_object *vmi, struct json_object *target_pod,
			  lab_node_done_fn done, void *arg)
{
	/* one port a stream: RAM (49152) and libvirt's control (0); facts of any KubeVirt since
	 * 0.59 */
	(void)answer_in(lab, slowed(lab, PREPARE_MS, LAB_FAULT_MIGRATION_SLOW, vmi), done, arg,
			NULL,
			vmn_json_build("{\"address\":%s,\"ports\":{\"37437\":49152,\"45019\":0}}",
				       vmn_json_str_or(target_pod, "/status/podIP", "")));
}

static void guest_migrate(struct lab *lab, struct json_object *vmi, struct json_object *target_pod,
			  lab_node_done_fn done, void *arg)
{
	int64_t ms = slowed(lab, MIGRATE_MS, LAB_FAULT_MIGRATION_SLOW, vmi);
	const struct lab_fault *f = fault_for(lab, LAB_FAULT_MIGRATION_FAIL, vmi);
	const char *failure = f && f->text ? f->text : "Live migration failed: the lab was told so";

	(void)target_pod;
	answer_in(lab, ms, done, arg, f ? failure : NULL, NULL)->moving =
		vmn_xstrdup(lab_obj_uid(vmi));
}

static void guest_migrate_cancel(struct lab *lab, struct json_object *vmi)
{
	struct answer *head = &agents(lab)->answers, *next;

	for (struct answer *a = head->next; a != head; a = next) {
		next = a->next;
		if (!vmn_streq(a->moving, lab_obj_uid(vmi)))
			continue;
		lab_timer_cancel(a->timer);
		a->done(a->arg, "cancelled", NULL);
		answer_free(a);
		return;
	}
}

static void shutdown_nodes(struct lab *lab)
{
	struct answer *head = &agents(lab)->answers;

	while (head->next != head) {
		lab_timer_cancel(head->next->timer);
		answer_free(head->next);
	}
	free(vmn_steal(&lab->node_agents));
}

const struct lab_node_ops lab_node_emulated = {
	.pod_start = pod_start,
	.pod_stop = pod_stop,
	.networks_sync = networks_sync,
	.guest_stop = guest_stop,
	.guest_attach = guest_attach,
	.guest_detach = guest_detach,
	.guest_link = guest_link,
	.guest_report = guest_report,
	.guest_prepare = guest_prepare,
	.guest_migrate = guest_migrate,
	.guest_migrate_cancel = guest_migrate_cancel,
	.shutdown = shutdown_nodes,
};
