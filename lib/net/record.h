/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - structs described by tables of fields: to JSON, back again, compared */
#ifndef VMN_NET_RECORD_H
#define VMN_NET_RECORD_H

#include "lib/net/snapshot.h"

enum vmn_field_kind {
	VMN_FIELD_END = 0,
	VMN_FIELD_BOOL,
	VMN_FIELD_INT,
	VMN_FIELD_I64,
	VMN_FIELD_U8,
	VMN_FIELD_U16,
	VMN_FIELD_U32,	/* also unsigned */
	VMN_FIELD_TEXT, /* char[.size] */
	VMN_FIELD_STR,	/* char *, owned */
	VMN_FIELD_MAC,
	VMN_FIELD_IP,
	VMN_FIELD_RAW,
	VMN_FIELD_HOPS, /* of struct vmn_route: .hops and .n_hops */
};

enum vmn_field_flag {
	VMN_FIELD_VOLATILE = 1 << 0, /* does not count when records are compared */
};

struct vmn_field {
	enum vmn_field_kind kind;
	const char *key;
	size_t offset;
	size_t size;	/* of a TEXT */
	unsigned flags; /* enum vmn_field_flag */
	uint32_t mask;	/* of a U32: only these bits are compared; 0: all */
};

struct vmn_record {
	const char *name; /* "link": what a record is called in texts */
	const struct vmn_field *fields;
	size_t size; /* of the struct */
};

extern const struct vmn_record vmn_link_record, vmn_addr_record, vmn_nexthop_record,
	vmn_route_record, vmn_neigh_record, vmn_rule_record, vmn_qdisc_record, vmn_sysctl_record;

/** vmn_record_json() - @obj as an object; fields that are zero or empty are left out; caller drops
 */
struct json_object *vmn_record_json(const struct vmn_record *rec, const void *obj);
/** vmn_record_parse() - into the zeroed @obj; unknown keys are ignored; on failure @obj may be half
 * filled */
int vmn_record_parse(const struct vmn_record *rec, struct json_object *json, void *obj,
		     struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_record_eq() - the same in all that counts */
bool vmn_record_eq(const struct vmn_record *rec, const void *a, const void *b);
/** vmn_record_clear() - free what the fields own */
void vmn_record_clear(const struct vmn_record *rec, void *obj);
/** vmn_record_copy() - fill the zeroed @to with a deep copy of @from */
void vmn_record_copy(const struct vmn_record *rec, const void *from, void *to);

#endif
