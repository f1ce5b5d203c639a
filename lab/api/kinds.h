/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.h - the resources the lab serves, as data: discovery, routes, Tables and store read it */
#ifndef VMN_LAB_API_KINDS_H
#define VMN_LAB_API_KINDS_H

#include "lab/lab.h"

enum lab_kind_id {
	LAB_NAMESPACE,
	LAB_NODE,
	LAB_POD,
	LAB_EVENT,
	LAB_SERVICE, /* none; `kubectl cluster-info` asks for them */
	LAB_VM,
	LAB_VMI,
	LAB_VMIM,
	LAB_KUBEVIRT,
	LAB_NAD,
	LAB_KINDS /* how many */
};

/* A column of the Table that `kubectl get` prints. */
struct lab_column {
	const char *name;			/* "Age" */
	const char *type;			/* "string", "date", "integer" */
	int priority;				/* 0 always, 1 with -o wide */
	const char *path;			/* JSON pointer, or NULL when cell() computes it */
	char *(*cell)(struct json_object *obj); /* caller frees; NULL: an empty cell */
};

struct lab_kind {
	enum lab_kind_id id;
	const char *group, *version; /* group "" is core */
	const char *kind, *plural, *singular;
	const char *const *short_names; /* NULL-terminated */
	bool namespaced;
	bool has_status;		  /* /status is a subresource */
	bool in_all;			  /* of the category "all" */
	const struct lab_column *columns; /* ended by a NULL name */
	const char *const *fields; /* JSON pointers a field selector may use beside metadata's */
};

extern const struct lab_kind lab_kinds[LAB_KINDS];
const struct lab_kind *lab_kind_find(const char *group, const char *version, const char *plural);
/** lab_api_version() - "kubevirt.io/v1", "v1"; caller frees */
char *lab_api_version(const struct lab_kind *kind);
/** lab_kind_by_name() - by group and Kind, as objects name themselves */
const struct lab_kind *lab_kind_by_name(const char *group, const char *kind);

#endif
