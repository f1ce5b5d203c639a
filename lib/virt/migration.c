/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/virt/migration.h"
#include "lib/virt/vm.h"

/* How virt-api begins the names of migrations made through the migrate subresource. */
static const char put_prefix[] = "kubevirt-migrate-vm-";

const char *vmn_migration_phase(struct json_object *vmim)
{
	const char *phase = vmn_json_str(vmim, "/status/phase");

	return vmn_is_empty(phase) ? "Unset" : phase;
}

bool vmn_migration_is_final(struct json_object *vmim)
{
	const char *phase = vmn_migration_phase(vmim);

	return vmn_streq(phase, "Succeeded") || vmn_streq(phase, "Failed");
}

static bool is_of(struct json_object *vmim, const char *vmi)
{
	return vmn_streq(vmn_json_str(vmim, "/spec/vmiName"), vmi);
}

struct json_object *vmn_migration_active(struct json_object *items, const char *vmi)
{
	vmn_json_each(item, items) {
		if (is_of(item, vmi) && !vmn_migration_is_final(item))
			return item;
	}
	return NULL;
}

static int64_t created_at(struct json_object *obj)
{
	const char *text = vmn_json_str(obj, "/metadata/creationTimestamp");
	int64_t utc;

	return text && vmn_rfc3339_parse(text, &utc) ? utc : 0;
}

/* The later created; in the same second the one that still goes on. NULL is older than anything. */
static struct json_object *younger(struct json_object *a, struct json_object *b)
{
	if (!a || !b)
		return a ? a : b;
	if (created_at(a) != created_at(b))
		return created_at(a) > created_at(b) ? a : b;
	return vmn_migration_is_final(a) ? b : a;
}

struct json_object *vmn_migration_latest(struct json_object *items, const char *vmi)
{
	struct json_object *best = vmn_migration_active(items, vmi);

	if (best)
		return best;
	vmn_json_each(item, items) {
		if (is_of(item, vmi))
			best = younger(best, item);
	}
	return best;
}

struct json_object *vmn_migration_pick(const struct vmn_strlist *before, struct json_object *items,
				       const char *vmi)
{
	struct json_object *by_put = NULL, *other = NULL;

	vmn_json_each(item, items) {
		const char *uid = vmn_json_str(item, "/metadata/uid");

		if (!uid || !is_of(item, vmi) || vmn_strlist_has(before, uid))
			continue;
		if (vmn_starts_with(vmn_json_str_or(item, "/metadata/name", ""), put_prefix))
			by_put = younger(by_put, item);
		else
			other = younger(other, item);
	}
	return by_put ? by_put : other;
}

struct json_object *vmn_migration_new(const char *ns, const char *name, const char *vmi,
				      struct json_object *node_selector)
{
	struct json_object *obj = vmn_json_build(
		"{\"apiVersion\":\"kubevirt.io/v1\","
		"\"kind\":\"VirtualMachineInstanceMigration\","
		"\"metadata\":{\"namespace\":%s,\"name\":%s},\"spec\":{\"vmiName\":%s}}",
		ns, name, vmi);

	if (node_selector)
		vmn_json_set_take(vmn_json_get(obj, "/spec"), "addedNodeSelector",
				  vmn_json_copy(node_selector));
	return obj;
}

bool vmn_migration_kept_selector(struct json_object *vmim, struct json_object *node_selector)
{
	struct json_object *kept = vmn_json_get(vmim, "/spec/addedNodeSelector");

	return kept && json_object_equal(kept, node_selector);
}

struct json_object *vmn_migration_state(struct json_object *vmim, struct json_object *vmi)
{
	const char *uid = vmn_json_str(vmim, "/metadata/uid");
	struct json_object *own = vmn_json_get(vmim, "/status/migrationState");
	struct json_object *of_vmi = vmn_json_get(vmi, "/status/migrationState");

	if (!uid)
		return NULL;
	/* While it runs, the VMI's copy is the fresher one. */
	if (of_vmi && vmn_streq(vmn_json_str(of_vmi, "/migrationUid"), uid))
		return of_vmi;
	if (own && vmn_streq(vmn_json_str_or(own, "/migrationUid", uid), uid))
		return own;
	return NULL;
}

static void copy_str(struct json_object *to, const char *key, struct json_object *from,
		     const char *path)
{
	const char *text = vmn_json_str(from, path);

	if (!vmn_is_empty(text))
		vmn_json_set_str(to, key, text);
}

/* Seconds from @from to @to, both RFC 3339; false when one is missing or they run backwards. */
static bool seconds_between(const char *from, const char *to, int64_t *ret)
{
	int64_t a, b;

	if (!from || !to || !vmn_rfc3339_parse(from, &a) || !vmn_rfc3339_parse(to, &b) || b < a)
		return false;
	*ret = b - a;
	return true;
}

static struct json_object *report_phases(struct json_object *vmim)
{
	struct json_object *stamps = vmn_json_array(vmim, "/status/phaseTransitionTimestamps");
	struct json_object *phases = json_object_new_array();
	size_t n = vmn_json_len(stamps);

	for (size_t i = 0; i < n; i++) {
		struct json_object *stamp = json_object_array_get_idx(stamps, i);
		struct json_object *next =
			i + 1 < n ? json_object_array_get_idx(stamps, i + 1) : NULL;
		const char *at = vmn_json_str(stamp, "/phaseTransitionTimestamp");
		struct json_object *row = json_object_new_object();
		int64_t seconds;

		copy_str(row, "phase", stamp, "/phase");
		copy_str(row, "timestamp", stamp, "/phaseTransitionTimestamp");
		if (next &&
		    seconds_between(at, vmn_json_str(next, "/phaseTransitionTimestamp"), &seconds))
			vmn_json_set_int(row, "durationSeconds", seconds);
		vmn_json_append_take(phases, row);
	}
	return phases;
}

/* Core/v1 events carry lastTimestamp, those written through events.k8s.io may have eventTime only.
 */
static const char *event_time(struct json_object *event)
{
	const char *at = vmn_json_str(event, "/lastTimestamp");

	if (!at)
		at = vmn_json_str(event, "/series/lastObservedTime");
	if (!at)
		at = vmn_json_str(event, "/eventTime");
	return at ? at : vmn_json_str_or(event, "/metadata/creationTimestamp", "");
}

static unsigned long long version_of(struct json_object *event)
{
	return strtoull(vmn_json_str_or(event, "/metadata/resourceVersion", ""), NULL, 10);
}

/* Most events have whole seconds, in which much happens; what was written later tells them apart.
 */
static int by_time(const void *a, const void *b)
{
	struct json_object *x = *(struct json_object *const *)a;
	struct json_object *y = *(struct json_object *const *)b;
	int64_t tx = 0, ty = 0;

	(void)vmn_rfc3339_parse(event_time(x), &tx);
	(void)vmn_rfc3339_parse(event_time(y), &ty);
	if (tx != ty)
		return tx < ty ? -1 : 1;
	return (version_of(x) > version_of(y)) - (version_of(x) < version_of(y));
}

static struct json_object *report_events(struct json_object *vmim, struct json_object *events)
{
	vmn_auto_json struct json_object *ours = json_object_new_array();
	struct json_object *rows = json_object_new_array();
	const char *uid = vmn_json_str(vmim, "/metadata/uid");

	vmn_json_each(event, events) {
		if (uid && vmn_streq(vmn_json_str(event, "/involvedObject/uid"), uid))
			vmn_json_append_take(ours, json_object_get(event));
	}
	json_object_array_sort(ours, by_time);
	vmn_json_each(event, ours) {
		struct json_object *row = json_object_new_object();

		vmn_json_set_str(row, "timestamp", event_time(event));
		copy_str(row, "type", event, "/type");
		copy_str(row, "reason", event, "/reason");
		copy_str(row, "message", event, "/message");
		vmn_json_append_take(rows, row);
	}
	return rows;
}

/* When the object reached its present phase, or NULL; borrowed */
static const char *last_transition(struct json_object *vmim)
{
	struct json_object *stamps = vmn_json_array(vmim, "/status/phaseTransitionTimestamps");
	size_t n = vmn_json_len(stamps);

	return n ? vmn_json_str(json_object_array_get_idx(stamps, n - 1),
				"/phaseTransitionTimestamp")
		 : NULL;
}

/*
 * KubeVirt before 1.3 has no failureReason: only an event of the VMI says why,
 * "VirtualMachineInstance migration uid UID failed. reason:WHY" (virt-handler, reason Migrated).
 * Borrowed, or NULL.
 */
static const char *reason_in_events(struct json_object *vmim, struct json_object *events)
{
	static const char before_why[] = " failed. reason:";
	const char *uid = vmn_json_str(vmim, "/metadata/uid");

	vmn_json_each(event, events) {
		const char *message = vmn_json_str_or(event, "/message", "");
		const char *at = uid ? strstr(message, uid) : NULL;

		if (at && vmn_streq(vmn_json_str(event, "/type"), "Warning") &&
		    vmn_starts_with(at + strlen(uid), before_why))
			return at + strlen(uid) + strlen(before_why);
	}
	return NULL;
}

static void report_state(struct json_object *report, struct json_object *vmim,
			 struct json_object *vmi)
{
	struct json_object *state = vmn_migration_state(vmim, vmi);
	static const char *const keys[] = {"sourceNode",   "targetNode",    "sourcePod",
					   "targetPod",	   "mode",	    "startTimestamp",
					   "endTimestamp", "failureReason", "abortStatus"};

	for (size_t i = 0; i < VMN_ARRAY_LEN(keys); i++) {
		vmn_auto_free char *path = vmn_xasprintf("/%s", keys[i]);

		copy_str(report, keys[i], state, path);
	}
	/* Before the handoff nothing names the source, but the VMI is still there. */
	if (!vmn_json_str(report, "/sourceNode") && !vmn_migration_is_final(vmim))
		copy_str(report, "sourceNode", vmi, "/status/nodeName");
}

struct json_object *vmn_migration_report(struct json_object *vmim, struct json_object *vmi,
					 struct json_object *events)
{
	struct json_object *report = json_object_new_object();
	struct json_object *selector = vmn_json_get(vmim, "/spec/addedNodeSelector");
	int64_t seconds;

	copy_str(report, "namespace", vmim, "/metadata/namespace");
	copy_str(report, "name", vmim, "/metadata/name");
	copy_str(report, "uid", vmim, "/metadata/uid");
	copy_str(report, "vmi", vmim, "/spec/vmiName");
	vmn_json_set_str(report, "phase", vmn_migration_phase(vmim));
	report_state(report, vmim, vmi);
	if (!vmn_json_str(report, "/failureReason") && reason_in_events(vmim, events))
		vmn_json_set_str(report, "failureReason", reason_in_events(vmim, events));
	if (selector)
		vmn_json_set_take(report, "addedNodeSelector", vmn_json_copy(selector));
	copy_str(report, "creationTimestamp", vmim, "/metadata/creationTimestamp");
	copy_str(report, "deletionTimestamp", vmim, "/metadata/deletionTimestamp");
	if (vmn_migration_is_final(vmim) &&
	    seconds_between(vmn_json_str(vmim, "/metadata/creationTimestamp"),
			    last_transition(vmim), &seconds))
		vmn_json_set_int(report, "durationSeconds", seconds);
	vmn_json_set_take(report, "phases", report_phases(vmim));
	if (events)
		vmn_json_set_take(report, "events", report_events(vmim, events));
	return report;
}

/* The last warning, or else the last event at all; NULL when there is none. Borrowed. */
static struct json_object *telling_event(struct json_object *report)
{
	struct json_object *last = NULL, *warning = NULL;

	vmn_json_each(event, vmn_json_array(report, "/events")) {
		last = event;
		if (vmn_streq(vmn_json_str(event, "/type"), "Warning"))
			warning = event;
	}
	return warning ? warning : last;
}

int vmn_migration_failed(struct json_object *report, struct vmn_err *err)
{
	struct json_object *event = telling_event(report);
	const char *why = vmn_json_str(report, "/failureReason");
	const char *message = vmn_json_str(event, "/message");
	bool is_cancelled = vmn_json_str(report, "/deletionTimestamp") ||
			    vmn_json_str(report, "/abortStatus") ||
			    !vmn_streq(vmn_json_str(report, "/phase"), "Failed");
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);

	vmn_buf_addf(&text, "migration '%s' %s", vmn_json_str_or(report, "/name", ""),
		     is_cancelled ? "was cancelled" : "failed");
	if (vmn_json_str(report, "/targetNode"))
		vmn_buf_addf(&text, " on its way to node '%s'",
			     vmn_json_str(report, "/targetNode"));
	if (why)
		vmn_buf_addf(&text, ": %s", why);
	if (message && !vmn_streq(message, why))
		vmn_buf_addf(&text, "%s%s (%s)", why ? "; last event: " : ": ", message,
			     vmn_json_str_or(event, "/reason", "no reason"));
	return vmn_err_set(err, VMN_E_SERVER, "%s", vmn_buf_str(&text));
}

/* Put the webhook's own words in place of what the API server wraps around them. */
static bool unwrap_webhook(struct vmn_err *err)
{
	static const char denied[] = "denied the request: ";
	const char *hook = err->msg ? strstr(err->msg, "admission webhook \"") : NULL;
	const char *words = hook ? strstr(hook, denied) : NULL;
	char *plain;
	size_t len;

	if (!words)
		return false;
	plain = vmn_xstrdup(words + strlen(denied));
	len = strlen(plain);
	while (len > 0 && plain[len - 1] == '.')
		plain[--len] = '\0';
	free(err->msg);
	err->msg = plain;
	return true;
}

static void judge_webhook(struct vmn_err *err, const char *ns, const char *name)
{
	if (strstr(err->msg, "in-flight migration detected")) {
		err->code = VMN_E_CONFLICT;
		(void)vmn_err_hint(
			err, "wait for it to end, or stop it: vmnetctl migrate --cancel -n %s %s",
			ns, name);
	} else if (strstr(err->msg, "does not exist")) {
		err->code = VMN_E_NOT_FOUND;
	} else if (strstr(err->msg, "in finalized state")) {
		err->code = VMN_E_CONFLICT;
	} else {
		err->code = VMN_E_INVALID;
		if (strstr(err->msg, "Cannot migrate VMI"))
			(void)vmn_err_hint(err, "see why: vmnetctl migrate --check -n %s %s", ns,
					   name);
	}
}

bool vmn_migration_refusal(struct vmn_err *err, const char *ns, const char *name)
{
	if (unwrap_webhook(err)) {
		judge_webhook(err, ns, name);
		return true;
	}
	if (vmn_is_webhook_away(err)) {
		(void)vmn_hint_virt_api(err);
		return true;
	}
	if (err->http == 403) {
		(void)vmn_err_hint(
			err,
			"have ClusterRole kubevirt.io:migrate bound to this user in "
			"namespace '%s' (before KubeVirt 1.5 kubevirt.io:edit has the right)",
			ns);
		return true;
	}
	if (err->http == 409 && err->msg && strstr(err->msg, "VM is not running"))
		(void)vmn_err_hint(
			err, "only a running VM can migrate: start it, or wait until it runs");
	return err->http >= 400 && err->http < 500 && err->http != 408 && err->http != 429;
}
