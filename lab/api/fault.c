/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lab/kubevirt/controller.h"
#include "lab/api/fault.h"
#include "lib/base/str.h"

struct entry {
	struct entry *next;
	struct lab_fault fault;
	bool is_spent; /* struck for the last time; kept until the next question, as its answer is
			  borrowed */
};

struct lab_faults {
	struct entry *first;
};

static const char *const names[LAB_FAULTS] = {
	[LAB_FAULT_LATENCY] = "latency",
	[LAB_FAULT_RESET] = "reset",
	[LAB_FAULT_RESET_BEFORE] = "reset-before",
	[LAB_FAULT_STATUS] = "status",
	[LAB_FAULT_STATUS_AFTER] = "status-after",
	[LAB_FAULT_WATCH_CUT] = "watch-cut",
	[LAB_FAULT_WATCH_GONE] = "watch-gone",
	[LAB_FAULT_CONFLICT] = "conflict",
	[LAB_FAULT_SLOW_PLUG] = "slow-plug",
	[LAB_FAULT_NO_PLUG] = "no-plug",
	[LAB_FAULT_PLUG_ERROR] = "plug-error",
	[LAB_FAULT_NO_UNPLUG] = "no-unplug",
	[LAB_FAULT_MIGRATION_FAIL] = "migration-fail",
	[LAB_FAULT_MIGRATION_SLOW] = "migration-slow",
	[LAB_FAULT_WEBHOOK] = "webhook",
	[LAB_FAULT_API_DOWN] = "api-down",
};

const char *lab_fault_name(enum lab_fault_kind kind)
{
	return names[kind];
}

bool lab_fault_kind(const char *name, enum lab_fault_kind *ret)
{
	for (int i = 0; i < LAB_FAULTS; i++) {
		if (!vmn_streq(name, names[i]))
			continue;
		*ret = (enum lab_fault_kind)i;
		return true;
	}
	return false;
}

static void entry_free(struct entry *e)
{
	free(e->fault.method);
	free(e->fault.match);
	free(e->fault.text);
	free(e);
}

/* Takes out the entries of @kind, all when it is NULL, or only the spent ones. */
static void drop(struct lab_faults *faults, const enum lab_fault_kind *kind, bool only_spent)
{
	struct entry **at = &faults->first;

	while (*at) {
		struct entry *e = *at;

		if (only_spent ? !e->is_spent : kind && e->fault.kind != *kind) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		entry_free(e);
	}
}

static bool matches(const struct lab_fault *f, enum lab_fault_kind kind, const char *method,
		    const char *what)
{
	return f->kind == kind && (!f->method || !method || !strcmp(f->method, method)) &&
	       (!f->match || (what && strstr(what, f->match)));
}

const struct lab_fault *lab_fault_hit(struct lab *lab, enum lab_fault_kind kind, const char *method,
				      const char *what)
{
	if (!lab->faults)
		return NULL;
	drop(lab->faults, NULL, true);
	for (struct entry *e = lab->faults->first; e; e = e->next) {
		if (!matches(&e->fault, kind, method, what))
			continue;
		e->is_spent = e->fault.left == 1;
		e->fault.left -= e->fault.left > 0;
		return &e->fault;
	}
	return NULL;
}

static char *text_at(struct json_object *spec, const char *path)
{
	const char *s = vmn_json_str(spec, path);

	return vmn_is_empty(s) ? NULL : vmn_xstrdup(s);
}

/* What would strike and change nothing is a mistake. */
static int check_value(enum lab_fault_kind kind, int64_t value, struct vmn_err *err)
{
	bool is_status = kind == LAB_FAULT_STATUS || kind == LAB_FAULT_STATUS_AFTER;
	bool is_time = kind == LAB_FAULT_LATENCY || kind == LAB_FAULT_SLOW_PLUG ||
		       kind == LAB_FAULT_MIGRATION_SLOW;

	if (is_status && (value < 300 || value > 599))
		return vmn_err_set(err, VMN_E_INVALID, "fault '%s' needs a value from 300 to 599",
				   names[kind]);
	if (is_time && value <= 0)
		return vmn_err_set(err, VMN_E_INVALID,
				   "fault '%s' needs a value above 0: milliseconds", names[kind]);
	if (value < 0)
		return vmn_err_set(err, VMN_E_INVALID, "the value of a fault cannot be negative");
	return 0;
}

int lab_fault_add(struct lab *lab, struct json_object *spec, struct vmn_err *err)
{
	const char *name = vmn_json_str_or(spec, "/kind", "");
	int64_t count = vmn_json_int(spec, "/count", 0);
	enum lab_fault_kind kind;
	struct entry *e, **at;

	if (!lab_fault_kind(name, &kind))
		return vmn_err_set(err, VMN_E_INVALID, "there is no fault '%s'", name);
	if (count < 0)
		return vmn_err_set(err, VMN_E_INVALID, "the count of a fault cannot be negative");
	if (check_value(kind, vmn_json_int(spec, "/value", 0), err) < 0)
		return -(int)err->code;
	if (!lab->faults)
		lab->faults = vmn_xcalloc(1, sizeof(*lab->faults));
	e = vmn_xcalloc(1, sizeof(*e));
	e->fault = (struct lab_fault){
		.kind = kind,
		.method = text_at(spec, "/method"),
		.match = text_at(spec, "/match"),
		.text = text_at(spec, "/text"),
		.value = vmn_json_int(spec, "/value", 0),
		.retry_after = vmn_json_int(spec, "/retryAfter", -1),
		.left = (uint64_t)count,
	};
	for (at = &lab->faults->first; *at; at = &(*at)->next)
		;
	*at = e;
	lab_controllers_kick(lab);
	return 0;
}

struct json_object *lab_faults_list(struct lab *lab)
{
	struct json_object *list = json_object_new_array();

	for (struct entry *e = lab->faults ? lab->faults->first : NULL; e; e = e->next) {
		const struct lab_fault *f = &e->fault;
		struct json_object *o;

		if (e->is_spent)
			continue;
		o = vmn_json_build("{\"kind\":%s}", names[f->kind]);
		if (f->method)
			vmn_json_set_str(o, "method", f->method);
		if (f->match)
			vmn_json_set_str(o, "match", f->match);
		if (f->text)
			vmn_json_set_str(o, "text", f->text);
		if (f->value)
			vmn_json_set_int(o, "value", f->value);
		if (f->retry_after >= 0)
			vmn_json_set_int(o, "retryAfter", f->retry_after);
		if (f->left)
			vmn_json_set_int(o, "count", (int64_t)f->left);
		vmn_json_append_take(list, o);
	}
	return list;
}

void lab_faults_clear(struct lab *lab, const enum lab_fault_kind *kind)
{
	if (!lab->faults)
		return;
	drop(lab->faults, kind, false);
	lab_controllers_kick(lab);
}

void lab_faults_free(struct lab *lab)
{
	if (!lab->faults)
		return;
	drop(lab->faults, NULL, false);
	free(lab->faults);
	lab->faults = NULL;
}
