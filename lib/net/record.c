/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/encode.h"
#include "lib/data/json.h"
#include "lib/net/record.h"

/* --- the records ---------------------------------------------------------------------- */

/* What the carrier does to the flags of a link. */
enum { CARRIER_FLAGS = IFF_RUNNING | 1 << 16 /* IFF_LOWER_UP */ | 1 << 17 /* IFF_DORMANT */ };

#define AT(type, field) .key = #field, .offset = offsetof(struct type, field)
#define TEXT_AT(type, field)                                                                       \
	VMN_FIELD_TEXT, AT(type, field), .size = sizeof(((struct type *)NULL)->field)

const struct vmn_record vmn_link_record = {
	"link",
	(const struct vmn_field[]){
		{TEXT_AT(vmn_link, name)},
		{VMN_FIELD_INT, AT(vmn_link, ifindex)},
		{TEXT_AT(vmn_link, kind)},
		{VMN_FIELD_U32, AT(vmn_link, type)},
		{VMN_FIELD_U32, AT(vmn_link, flags), .mask = ~(uint32_t)CARRIER_FLAGS},
		{VMN_FIELD_U8, AT(vmn_link, operstate), .flags = VMN_FIELD_VOLATILE},
		{VMN_FIELD_BOOL, AT(vmn_link, has_carrier), .flags = VMN_FIELD_VOLATILE},
		{VMN_FIELD_BOOL, AT(vmn_link, has_mac)},
		{VMN_FIELD_MAC, AT(vmn_link, mac)},
		{VMN_FIELD_U32, AT(vmn_link, mtu)},
		{VMN_FIELD_U32, AT(vmn_link, txqlen)},
		{VMN_FIELD_U32, AT(vmn_link, queues)},
		{VMN_FIELD_INT, AT(vmn_link, master)},
		{VMN_FIELD_INT, AT(vmn_link, peer)},
		{VMN_FIELD_BOOL, AT(vmn_link, has_peer_nsid)},
		{VMN_FIELD_INT, AT(vmn_link, addrgenmode)},
		{TEXT_AT(vmn_link, alias)},
		{VMN_FIELD_BOOL, AT(vmn_link, is_brport)},
		{VMN_FIELD_U32, AT(vmn_link, brport)},
		{VMN_FIELD_BOOL, AT(vmn_link, is_tap)},
		{VMN_FIELD_BOOL, AT(vmn_link, is_persistent)},
		{VMN_FIELD_BOOL, AT(vmn_link, has_vnet_hdr)},
		{VMN_FIELD_BOOL, AT(vmn_link, is_multi_queue)},
		{VMN_FIELD_I64, AT(vmn_link, owner)},
		{VMN_FIELD_I64, AT(vmn_link, group)},
		{0},
	},
	sizeof(struct vmn_link),
};

const struct vmn_record vmn_addr_record = {
	"address",
	(const struct vmn_field[]){
		{VMN_FIELD_INT, AT(vmn_addr, ifindex)},
		{VMN_FIELD_IP, AT(vmn_addr, local)},
		{VMN_FIELD_IP, AT(vmn_addr, peer)},
		{VMN_FIELD_IP, AT(vmn_addr, brd)},
		{VMN_FIELD_U32, AT(vmn_addr, prefix_len)},
		{VMN_FIELD_U32, AT(vmn_addr, scope)},
		{VMN_FIELD_U32, AT(vmn_addr, flags), .mask = ~(uint32_t)IFA_F_TENTATIVE},
		{TEXT_AT(vmn_addr, label)},
		{VMN_FIELD_U32, AT(vmn_addr, metric)},
		{VMN_FIELD_U8, AT(vmn_addr, proto)},
		{VMN_FIELD_U32, AT(vmn_addr, valid_s), .flags = VMN_FIELD_VOLATILE},
		{VMN_FIELD_U32, AT(vmn_addr, preferred_s), .flags = VMN_FIELD_VOLATILE},
		{VMN_FIELD_RAW, AT(vmn_addr, raw)},
		{0},
	},
	sizeof(struct vmn_addr),
};

const struct vmn_record vmn_nexthop_record = {
	"nexthop",
	(const struct vmn_field[]){
		{VMN_FIELD_U32, AT(vmn_nhobj, id)},
		{VMN_FIELD_INT, AT(vmn_nhobj, ifindex)},
		{VMN_FIELD_BOOL, AT(vmn_nhobj, is_group)},
		{VMN_FIELD_RAW, AT(vmn_nhobj, raw)},
		{0},
	},
	sizeof(struct vmn_nhobj),
};

const struct vmn_record vmn_route_record = {
	"route",
	(const struct vmn_field[]){
		{VMN_FIELD_INT, AT(vmn_route, family)},
		{VMN_FIELD_U32, AT(vmn_route, table)},
		{VMN_FIELD_U8, AT(vmn_route, type)},
		{VMN_FIELD_U8, AT(vmn_route, proto)},
		{VMN_FIELD_U8, AT(vmn_route, scope)},
		{VMN_FIELD_U8, AT(vmn_route, tos)},
		{VMN_FIELD_IP, AT(vmn_route, dst)},
		{VMN_FIELD_U32, AT(vmn_route, dst_len)},
		{VMN_FIELD_IP, AT(vmn_route, src)},
		{VMN_FIELD_U32, AT(vmn_route, src_len)},
		{VMN_FIELD_IP, AT(vmn_route, prefsrc)},
		{VMN_FIELD_U32, AT(vmn_route, priority)},
		{VMN_FIELD_U32, AT(vmn_route, mtu)},
		{VMN_FIELD_U32, AT(vmn_route, nhid)},
		{VMN_FIELD_U32, AT(vmn_route, expires_s), .flags = VMN_FIELD_VOLATILE},
		{VMN_FIELD_HOPS, .key = "hops"},
		{VMN_FIELD_RAW, AT(vmn_route, raw)},
		{0},
	},
	sizeof(struct vmn_route),
};

static const struct vmn_record hop_record = {
	"hop",
	(const struct vmn_field[]){
		{VMN_FIELD_IP, AT(vmn_nexthop, via)},
		{VMN_FIELD_INT, AT(vmn_nexthop, ifindex)},
		{VMN_FIELD_U32, AT(vmn_nexthop, flags)},
		{VMN_FIELD_U32, AT(vmn_nexthop, weight)},
		{0},
	},
	sizeof(struct vmn_nexthop),
};

const struct vmn_record vmn_neigh_record = {
	"neighbour",
	(const struct vmn_field[]){
		{VMN_FIELD_INT, AT(vmn_neigh, ifindex)},
		{VMN_FIELD_INT, AT(vmn_neigh, family)},
		{VMN_FIELD_IP, AT(vmn_neigh, dst)},
		{VMN_FIELD_BOOL, AT(vmn_neigh, has_mac)},
		{VMN_FIELD_MAC, AT(vmn_neigh, mac)},
		{VMN_FIELD_U16, AT(vmn_neigh, state)},
		{VMN_FIELD_U8, AT(vmn_neigh, flags)},
		{VMN_FIELD_RAW, AT(vmn_neigh, raw)},
		{0},
	},
	sizeof(struct vmn_neigh),
};

const struct vmn_record vmn_rule_record = {
	"rule",
	(const struct vmn_field[]){
		{VMN_FIELD_INT, AT(vmn_rule, family)},
		{VMN_FIELD_U32, AT(vmn_rule, priority)},
		{VMN_FIELD_U32, AT(vmn_rule, table)},
		{VMN_FIELD_RAW, AT(vmn_rule, raw)},
		{0},
	},
	sizeof(struct vmn_rule),
};

const struct vmn_record vmn_qdisc_record = {
	"qdisc",
	(const struct vmn_field[]){
		{VMN_FIELD_INT, AT(vmn_qdisc, ifindex)},
		{TEXT_AT(vmn_qdisc, kind)},
		{VMN_FIELD_U32, AT(vmn_qdisc, handle)},
		{VMN_FIELD_U32, AT(vmn_qdisc, parent)},
		{VMN_FIELD_RAW, AT(vmn_qdisc, raw)},
		{0},
	},
	sizeof(struct vmn_qdisc),
};

const struct vmn_record vmn_sysctl_record = {
	"sysctl",
	(const struct vmn_field[]){
		{VMN_FIELD_STR, AT(vmn_sysctl, key)},
		{VMN_FIELD_STR, AT(vmn_sysctl, value)},
		{0},
	},
	sizeof(struct vmn_sysctl),
};

/* --- one field ------------------------------------------------------------------------ */

static const void *at(const struct vmn_field *f, const void *obj)
{
	return (const char *)obj + f->offset;
}

/* The value of an integer field. */
static int64_t number(const struct vmn_field *f, const void *p)
{
	switch (f->kind) {
	case VMN_FIELD_BOOL:
		return *(const bool *)p;
	case VMN_FIELD_INT:
		return *(const int *)p;
	case VMN_FIELD_I64:
		return *(const int64_t *)p;
	case VMN_FIELD_U8:
		return *(const uint8_t *)p;
	case VMN_FIELD_U16:
		return *(const uint16_t *)p;
	case VMN_FIELD_U32:
		return *(const uint32_t *)p;
	case VMN_FIELD_END:
	case VMN_FIELD_TEXT:
	case VMN_FIELD_STR:
	case VMN_FIELD_MAC:
	case VMN_FIELD_IP:
	case VMN_FIELD_RAW:
	case VMN_FIELD_HOPS:
		break;
	}
	return 0;
}

/* Return: false when it does not fit */
static bool set_number(const struct vmn_field *f, void *p, int64_t v)
{
	static const struct {
		int64_t min, max;
	} range[] = {
		[VMN_FIELD_BOOL] = {0, 1},
		[VMN_FIELD_INT] = {INT32_MIN, INT32_MAX},
		[VMN_FIELD_I64] = {INT64_MIN, INT64_MAX},
		[VMN_FIELD_U8] = {0, UINT8_MAX},
		[VMN_FIELD_U16] = {0, UINT16_MAX},
		[VMN_FIELD_U32] = {0, UINT32_MAX},
	};

	if (v < range[f->kind].min || v > range[f->kind].max)
		return false;
	if (f->kind == VMN_FIELD_BOOL)
		*(bool *)p = v;
	else if (f->kind == VMN_FIELD_INT)
		*(int *)p = (int)v;
	else if (f->kind == VMN_FIELD_I64)
		*(int64_t *)p = v;
	else if (f->kind == VMN_FIELD_U8)
		*(uint8_t *)p = (uint8_t)v;
	else if (f->kind == VMN_FIELD_U16)
		*(uint16_t *)p = (uint16_t)v;
	else
		*(uint32_t *)p = (uint32_t)v;
	return true;
}

static struct json_object *hops_json(const struct vmn_route *route)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < route->n_hops; i++)
		vmn_json_append_take(array, vmn_record_json(&hop_record, &route->hops[i]));
	return array;
}

static void field_json(const struct vmn_field *f, const void *obj, struct json_object *out)
{
	const void *p = at(f, obj);
	char ip[VMN_IP_TEXT_SIZE], mac[VMN_MAC_TEXT_SIZE];
	static const uint8_t no_mac[VMN_MAC_SIZE];
	int64_t v;

	switch (f->kind) {
	case VMN_FIELD_TEXT:
		if (*(const char *)p)
			vmn_json_set_str(out, f->key, p);
		break;
	case VMN_FIELD_STR:
		if (*(char *const *)p)
			vmn_json_set_str(out, f->key, *(char *const *)p);
		break;
	case VMN_FIELD_MAC:
		if (memcmp(p, no_mac, VMN_MAC_SIZE) != 0)
			vmn_json_set_str(out, f->key, vmn_mac_text(p, mac));
		break;
	case VMN_FIELD_IP:
		if (((const struct vmn_ip *)p)->family)
			vmn_json_set_str(out, f->key, vmn_ip_text(p, ip));
		break;
	case VMN_FIELD_RAW: {
		const struct vmn_raw *raw = p;
		vmn_auto_free char *text = raw->len ? vmn_base64_encode(raw->data, raw->len) : NULL;

		if (text)
			vmn_json_set_str(out, f->key, text);
		break;
	}
	case VMN_FIELD_HOPS:
		if (((const struct vmn_route *)obj)->n_hops)
			vmn_json_set_take(out, f->key, hops_json(obj));
		break;
	case VMN_FIELD_BOOL:
		if (*(const bool *)p)
			vmn_json_set_bool(out, f->key, true);
		break;
	case VMN_FIELD_INT:
	case VMN_FIELD_I64:
	case VMN_FIELD_U8:
	case VMN_FIELD_U16:
	case VMN_FIELD_U32:
		v = number(f, p);
		if (v)
			vmn_json_set_int(out, f->key, v);
		break;
	case VMN_FIELD_END:
		break;
	}
}

struct json_object *vmn_record_json(const struct vmn_record *rec, const void *obj)
{
	struct json_object *out = json_object_new_object();

	for (const struct vmn_field *f = rec->fields; f->kind; f++)
		field_json(f, obj, out);
	return out;
}

/* --- back ----------------------------------------------------------------------------- */

static bool parse_text(const struct vmn_field *f, const char *text, void *p)
{
	size_t len = strlen(text);

	if (len >= f->size)
		return false;
	memcpy(p, text, len + 1);
	return true;
}

static bool parse_raw(const char *text, struct vmn_raw *raw)
{
	char *data;

	if (!vmn_base64_decode(text, &data, &raw->len))
		return false;
	raw->data = data;
	return true;
}

static int parse_hops(struct json_object *json, struct vmn_route *route, struct vmn_err *err)
{
	size_t n = vmn_json_len(json);

	route->hops = calloc(n ? n : 1, sizeof(*route->hops));
	if (!route->hops)
		return vmn_err_oom(err);
	for (size_t i = 0; i < n; i++, route->n_hops++) {
		int rc = vmn_record_parse(&hop_record, json_object_array_get_idx(json, i),
					  &route->hops[i], err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Return: false when @value is none of the field's */
static bool parse_value(const struct vmn_field *f, struct json_object *value, void *p)
{
	const char *text =
		json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;

	switch (f->kind) {
	case VMN_FIELD_TEXT:
		return text && parse_text(f, text, p);
	case VMN_FIELD_STR:
		*(char **)p = text ? vmn_xstrdup(text) : NULL;
		return text;
	case VMN_FIELD_MAC:
		return text && vmn_mac_parse(text, p);
	case VMN_FIELD_IP:
		return text && vmn_ip_parse(text, p);
	case VMN_FIELD_RAW:
		return text && parse_raw(text, p);
	case VMN_FIELD_BOOL:
		return json_object_is_type(value, json_type_boolean) &&
		       set_number(f, p, json_object_get_boolean(value));
	case VMN_FIELD_INT:
	case VMN_FIELD_I64:
	case VMN_FIELD_U8:
	case VMN_FIELD_U16:
	case VMN_FIELD_U32:
		return json_object_is_type(value, json_type_int) &&
		       set_number(f, p, json_object_get_int64(value));
	case VMN_FIELD_HOPS:
	case VMN_FIELD_END:
		break;
	}
	return false;
}

int vmn_record_parse(const struct vmn_record *rec, struct json_object *json, void *obj,
		     struct vmn_err *err)
{
	int rc;

	if (!json_object_is_type(json, json_type_object))
		return vmn_err_set(err, VMN_E_INVALID, "%s: not an object", rec->name);
	for (const struct vmn_field *f = rec->fields; f->kind; f++) {
		struct json_object *value;

		if (!json_object_object_get_ex(json, f->key, &value))
			continue;
		if (f->kind == VMN_FIELD_HOPS) {
			rc = parse_hops(value, obj, err);
			if (rc < 0)
				return rc;
		} else if (!parse_value(f, value, (char *)obj + f->offset)) {
			return vmn_err_set(err, VMN_E_INVALID, "%s: '%s' is malformed", rec->name,
					   f->key);
		}
	}
	return 0;
}

/* --- compared, freed, copied ---------------------------------------------------------- */

static bool raw_eq(const struct vmn_raw *a, const struct vmn_raw *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

static bool hops_eq(const struct vmn_route *a, const struct vmn_route *b)
{
	if (a->n_hops != b->n_hops)
		return false;
	for (size_t i = 0; i < a->n_hops; i++)
		if (!vmn_record_eq(&hop_record, &a->hops[i], &b->hops[i]))
			return false;
	return true;
}

static bool field_eq(const struct vmn_field *f, const void *a, const void *b)
{
	const void *x = at(f, a), *y = at(f, b);

	switch (f->kind) {
	case VMN_FIELD_TEXT:
		return strcmp(x, y) == 0;
	case VMN_FIELD_STR:
		return vmn_streq(*(char *const *)x, *(char *const *)y);
	case VMN_FIELD_MAC:
		return memcmp(x, y, VMN_MAC_SIZE) == 0;
	case VMN_FIELD_IP:
		return vmn_ip_eq(x, y);
	case VMN_FIELD_RAW:
		return raw_eq(x, y);
	case VMN_FIELD_HOPS:
		return hops_eq(a, b);
	case VMN_FIELD_U32:
		return ((number(f, x) ^ number(f, y)) & (f->mask ? f->mask : UINT32_MAX)) == 0;
	case VMN_FIELD_BOOL:
	case VMN_FIELD_INT:
	case VMN_FIELD_I64:
	case VMN_FIELD_U8:
	case VMN_FIELD_U16:
	case VMN_FIELD_END:
		break;
	}
	return number(f, x) == number(f, y);
}

bool vmn_record_eq(const struct vmn_record *rec, const void *a, const void *b)
{
	for (const struct vmn_field *f = rec->fields; f->kind; f++)
		if (!(f->flags & VMN_FIELD_VOLATILE) && !field_eq(f, a, b))
			return false;
	return true;
}

void vmn_record_clear(const struct vmn_record *rec, void *obj)
{
	for (const struct vmn_field *f = rec->fields; f->kind; f++) {
		void *p = (char *)obj + f->offset;

		if (f->kind == VMN_FIELD_STR)
			free(*(char **)p);
		else if (f->kind == VMN_FIELD_RAW)
			free(((struct vmn_raw *)p)->data);
		else if (f->kind == VMN_FIELD_HOPS)
			free(((struct vmn_route *)obj)->hops);
	}
	memset(obj, 0, rec->size);
}

static void *dup_bytes(const void *data, size_t len)
{
	void *copy = len ? vmn_xcalloc(1, len) : NULL;

	if (copy)
		memcpy(copy, data, len);
	return copy;
}

void vmn_record_copy(const struct vmn_record *rec, const void *from, void *to)
{
	memcpy(to, from, rec->size);
	for (const struct vmn_field *f = rec->fields; f->kind; f++) {
		void *p = (char *)to + f->offset;
		struct vmn_route *route = to;

		if (f->kind == VMN_FIELD_STR && *(char **)p)
			*(char **)p = vmn_xstrdup(*(char **)p);
		else if (f->kind == VMN_FIELD_RAW)
			((struct vmn_raw *)p)->data =
				dup_bytes(((struct vmn_raw *)p)->data, ((struct vmn_raw *)p)->len);
		else if (f->kind == VMN_FIELD_HOPS)
			route->hops = dup_bytes(route->hops, route->n_hops * sizeof(*route->hops));
	}
}
