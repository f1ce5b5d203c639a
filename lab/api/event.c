/* SPDX-License-Identifier: Apache-2.0 */
/* event.c - Kubernetes events, repeats counted */
#include "config.h"

#include <string.h>

#include "lab/api/store.h"
#include "lib/base/clock.h"

/* FNV-1a, chained over the texts that make two events the same. */
static uint64_t hash_text(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return (h ^ 0xff) * 0x100000001b3;
}

static void count_repeat(struct lab *lab, struct json_object *event, const char *now)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	const char *ns = vmn_json_str(event, "/metadata/namespace");
	const char *name = vmn_json_str(event, "/metadata/name");
	struct json_object *next = vmn_json_copy(event);

	vmn_json_set_int(next, "count", vmn_json_int(event, "/count", 1) + 1);
	vmn_json_set_str(next, "lastTimestamp", now);
	/* Lost when it cannot be kept, as below. */
	if (lab_update(lab, LAB_EVENT, ns, name, next, LAB_WRITE_SYSTEM, NULL, &err) < 0)
		return;
}

static struct json_object *involved(struct json_object *obj)
{
	struct json_object *ref = vmn_json_build(
		"{\"kind\":%s,\"name\":%s,\"uid\":%s,\"apiVersion\":%s,\"resourceVersion\":%s}",
		vmn_json_str_or(obj, "/kind", ""), vmn_json_str_or(obj, "/metadata/name", ""),
		vmn_json_str_or(obj, "/metadata/uid", ""), vmn_json_str_or(obj, "/apiVersion", ""),
		vmn_json_str_or(obj, "/metadata/resourceVersion", ""));
	const char *ns = vmn_json_str(obj, "/metadata/namespace");

	if (ns)
		vmn_json_set_str(ref, "namespace", ns);
	return ref;
}

/* Who says such a thing on a real cluster. */
static const char *component(const char *reason)
{
	static const char *const by_reason[][2] = {
		{"Scheduled", "default-scheduler"},
		{"FailedScheduling", "default-scheduler"},
		{"FailedCreatePodSandBox", "kubelet"},
		{"FailedNetworkSync", "dynamic-networks-controller"},
		{"Started", "virt-handler"},
		{"NicHotplug", "virt-handler"},
		{"PreparingTarget", "virt-handler"},
		{"Migrating", "virt-handler"},
		{"Migrated", "virt-handler"},
	};

	for (size_t i = 0; i < VMN_ARRAY_LEN(by_reason); i++)
		if (strcmp(by_reason[i][0], reason) == 0)
			return by_reason[i][1];
	return "virtualmachine-controller";
}

void lab_event(struct lab *lab, struct json_object *obj, bool warning, const char *reason,
	       const char *fmt, ...)
{
	const char *ns = vmn_json_str_or(obj, "/metadata/namespace", "default");
	const char *type = warning ? "Warning" : "Normal";
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *message = NULL, *name = NULL;
	vmn_auto_json struct json_object *ref = NULL;
	struct json_object *event;
	uint64_t h = 0xcbf29ce484222325;
	char now[32];
	va_list ap;

	va_start(ap, fmt);
	message = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	h = hash_text(h, vmn_json_str_or(obj, "/metadata/uid", ""));
	h = hash_text(hash_text(hash_text(h, type), reason), message);
	name = vmn_xasprintf("%.200s.%016llx", vmn_json_str_or(obj, "/metadata/name", ""),
			     (unsigned long long)h);
	(void)vmn_rfc3339_format(vmn_utc_now(), now, sizeof(now));
	event = lab_get(lab, LAB_EVENT, ns, name);
	if (event) {
		count_repeat(lab, event, now);
		return;
	}
	ref = involved(obj);
	event = vmn_json_build(
		"{\"metadata\":{\"name\":%s},\"involvedObject\":%J,\"reason\":%s,\"message\":%s,"
		"\"source\":{\"component\":%s},\"firstTimestamp\":%s,\"lastTimestamp\":%s,"
		"\"count\":1,\"type\":%s,\"eventTime\":null,\"reportingComponent\":\"\","
		"\"reportingInstance\":\"\"}",
		name, ref, reason, message, component(reason), now, now, type);
	/* An event that cannot be kept is lost, as on a real cluster. */
	if (lab_create(lab, LAB_EVENT, ns, event, LAB_WRITE_SYSTEM, NULL, &err) < 0)
		return;
}
