/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/codec4.h"

#include <string.h>

#include "lib/dhcp/bytes.h"

/* Offsets of RFC 2131 figure 1 */
enum {
	AT_SNAME = 44,
	SNAME_SIZE = 64,
	AT_FILE = 108,
	FILE_SIZE = 128,
	AT_COOKIE = 236,
	AT_OPTIONS = 240,
	HTYPE_ETHERNET = 1,
	HLEN_ETHERNET = 6,
	OVERLOAD_FILE = 1,
	OVERLOAD_SNAME = 2,
	PIECE_MAX = 255,
};

static const uint8_t cookie[4] = {99, 130, 83, 99};

/* --- decoding ------------------------------------------------------------------------ */

/* A part of the message that holds options. */
struct field {
	const uint8_t *data;
	size_t len;
};

/* The next option of a field that check_field() found sound; false at the end mark. */
static bool next_opt(const struct field *f, size_t *at, uint8_t *ret_code, const uint8_t **ret_data,
		     uint8_t *ret_len)
{
	while (f->data[*at] == VMN_OPT4_PAD)
		(*at)++;
	if (f->data[*at] == VMN_OPT4_END)
		return false;
	*ret_code = f->data[*at];
	*ret_len = f->data[*at + 1];
	*ret_data = f->data + *at + 2;
	*at += 2u + *ret_len;
	return true;
}

static bool check_field(const struct field *f)
{
	size_t at = 0;

	while (at < f->len && f->data[at] != VMN_OPT4_END) {
		if (f->data[at] == VMN_OPT4_PAD) {
			at++;
			continue;
		}
		if (f->len - at < 2 || f->len - at - 2 < f->data[at + 1])
			return false;
		at += 2u + f->data[at + 1];
	}
	return at < f->len;
}

/* The overload option counts only in the options' own field, so that fields cannot name each other.
 */
static bool find_overload(const struct field *f, unsigned *ret)
{
	const uint8_t *data;
	uint8_t code, len;

	*ret = 0;
	for (size_t at = 0; next_opt(f, &at, &code, &data, &len);) {
		if (code != VMN_OPT4_OVERLOAD)
			continue;
		if (*ret != 0 || len != 1 || data[0] < 1 || data[0] > 3)
			return false;
		*ret = data[0];
	}
	return true;
}

/* Which fields hold options, in the order that RFC 3396 section 5 puts pieces together. */
static bool find_fields(const uint8_t *data, size_t len, struct field fields[3], size_t *ret_n)
{
	unsigned overload;

	fields[0] = (struct field){data + AT_OPTIONS, len - AT_OPTIONS};
	*ret_n = 1;
	if (!check_field(&fields[0]) || !find_overload(&fields[0], &overload))
		return false;
	if (overload & OVERLOAD_FILE)
		fields[(*ret_n)++] = (struct field){data + AT_FILE, FILE_SIZE};
	if (overload & OVERLOAD_SNAME)
		fields[(*ret_n)++] = (struct field){data + AT_SNAME, SNAME_SIZE};
	for (size_t i = 1; i < *ret_n; i++)
		if (!check_field(&fields[i]) || !find_overload(&fields[i], &overload) ||
		    overload != 0) /* fields must not name each other */
			return false;
	return true;
}

/* Twice over the fields: once for the lengths, which give each option its place, once to copy. */
static void read_options(struct vmn_dhcp4 *msg, const struct field *fields, size_t n)
{
	const uint8_t *data;
	uint8_t code, len;
	uint16_t place = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t at = 0; next_opt(&fields[i], &at, &code, &data, &len);) {
			msg->opts[code].is_there = true;
			msg->opts[code].len = (uint16_t)(msg->opts[code].len + len);
		}
	}
	for (size_t c = 0; c < VMN_ARRAY_LEN(msg->opts); c++) {
		msg->opts[c].at = place;
		place = (uint16_t)(place + msg->opts[c].len);
		msg->opts[c].len = 0;
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t at = 0; next_opt(&fields[i], &at, &code, &data, &len);) {
			memcpy(msg->bytes + msg->opts[code].at + msg->opts[code].len, data, len);
			msg->opts[code].len = (uint16_t)(msg->opts[code].len + len);
		}
	}
}

static bool check_lengths(const struct vmn_dhcp4 *msg)
{
	static const struct {
		uint8_t code;
		uint8_t min, max;
	} rules[] = {
		{VMN_OPT4_REQUESTED_IP, 4, 4}, {VMN_OPT4_LEASE_TIME, 4, 4},
		{VMN_OPT4_TYPE, 1, 1},	       {VMN_OPT4_SERVER_ID, 4, 4},
		{VMN_OPT4_PARAMETERS, 1, 255}, {VMN_OPT4_MAX_SIZE, 2, 2},
		{VMN_OPT4_CLIENT_ID, 2, 255},
	};

	for (size_t i = 0; i < VMN_ARRAY_LEN(rules); i++) {
		size_t len = msg->opts[rules[i].code].len;

		if (msg->opts[rules[i].code].is_there && (len < rules[i].min || len > rules[i].max))
			return false;
	}
	return true;
}

bool vmn_dhcp4_decode(const void *data, size_t len, struct vmn_dhcp4 *ret)
{
	const uint8_t *p = data, *type;
	struct field fields[3];
	size_t n_fields, type_len;

	if (len < AT_OPTIONS || len > VMN_DHCP4_MAX)
		return false;
	if ((p[0] != VMN_BOOTREQUEST && p[0] != VMN_BOOTREPLY) || p[1] != HTYPE_ETHERNET ||
	    p[2] != HLEN_ETHERNET || memcmp(p + AT_COOKIE, cookie, sizeof(cookie)) != 0)
		return false;
	if (!find_fields(p, len, fields, &n_fields))
		return false;

	ret->h = (struct vmn_dhcp4_header){
		.op = p[0],
		.hops = p[3],
		.xid = vmn_get32(p + 4),
		.secs = vmn_get16(p + 8),
		.flags = vmn_get16(p + 10),
	};
	memcpy(ret->h.ciaddr, p + 12, 4);
	memcpy(ret->h.yiaddr, p + 16, 4);
	memcpy(ret->h.siaddr, p + 20, 4);
	memcpy(ret->h.giaddr, p + 24, 4);
	memcpy(ret->h.chaddr, p + 28, 16);
	memset(ret->opts, 0, sizeof(ret->opts));
	read_options(ret, fields, n_fields);
	if (!check_lengths(ret))
		return false;
	type = vmn_dhcp4_opt(ret, VMN_OPT4_TYPE, &type_len);
	if (!type || *type < VMN_DHCP4_DISCOVER || *type > VMN_DHCP4_INFORM)
		return false;
	ret->type = (enum vmn_dhcp4_type) * type;
	return true;
}

const uint8_t *vmn_dhcp4_opt(const struct vmn_dhcp4 *msg, uint8_t code, size_t *ret_len)
{
	*ret_len = msg->opts[code].len;
	return msg->opts[code].is_there ? msg->bytes + msg->opts[code].at : NULL;
}

size_t vmn_dhcp4_limit(const struct vmn_dhcp4 *msg, uint32_t mtu)
{
	enum { EVERYONE_TAKES = 576, ETHERNET = 1500 };
	size_t len, limit = EVERYONE_TAKES, link = mtu ? mtu : ETHERNET;
	const uint8_t *asked = vmn_dhcp4_opt(msg, VMN_OPT4_MAX_SIZE, &len);

	/* the option counts the headers too, as clients and servers have come to agree */
	if (asked && vmn_get16(asked) > limit)
		limit = vmn_get16(asked);
	if (limit > link && link > EVERYONE_TAKES)
		limit = link;
	else if (limit > link)
		limit = EVERYONE_TAKES;
	limit -= VMN_DHCP4_OVERHEAD;
	return limit < VMN_DHCP4_MAX ? limit : VMN_DHCP4_MAX;
}

/* --- encoding ------------------------------------------------------------------------ */

/* A field to put options in; one byte is kept for the end mark. */
struct room {
	uint8_t *data;
	size_t size, used;
};

/* How much of @opt, of which @done bytes are put already, goes into @r next; -1: nothing, it is
 * full. */
static int piece_size(const struct vmn_dhcp4_opt *opt, size_t done, const struct room *r)
{
	size_t left = opt->len - done, room = r->size - r->used - 1;

	if (left > PIECE_MAX)
		left = PIECE_MAX;
	if (room >= 2 + left)
		return (int)left;
	/* only what is divided anyway is divided to fit: many clients do not put pieces together */
	return opt->len > PIECE_MAX && room > 2 ? (int)room - 2 : -1;
}

/* All pieces of an option into the rooms in their order, or nothing. */
static bool put_opt(const struct vmn_dhcp4_opt *opt, struct room *rooms, size_t n_rooms)
{
	struct room before[3];
	size_t done = 0, room = 0;

	memcpy(before, rooms, n_rooms * sizeof(*rooms));
	for (;;) {
		struct room *r = &rooms[room];
		int piece = piece_size(opt, done, r);

		if (piece < 0) {
			if (++room < n_rooms)
				continue;
			memcpy(rooms, before, n_rooms * sizeof(*rooms));
			return false;
		}
		r->data[r->used++] = opt->code;
		r->data[r->used++] = (uint8_t)piece;
		if (piece > 0)
			memcpy(r->data + r->used, opt->data + done, (size_t)piece);
		r->used += (size_t)piece;
		done += (size_t)piece;
		if (done == opt->len)
			return true;
	}
}

/* Return: how many options did not fit */
static size_t put_opts(uint8_t *out, size_t limit, unsigned overload,
		       const struct vmn_dhcp4_opt *opts, size_t n, size_t *ret_len)
{
	const uint8_t overload_byte = (uint8_t)overload;
	struct room rooms[3] = {{out + AT_OPTIONS, limit - AT_OPTIONS, 0}};
	size_t n_rooms = 1, left_out = 0;

	if (overload & OVERLOAD_FILE)
		rooms[n_rooms++] = (struct room){out + AT_FILE, FILE_SIZE, 0};
	if (overload & OVERLOAD_SNAME)
		rooms[n_rooms++] = (struct room){out + AT_SNAME, SNAME_SIZE, 0};
	for (size_t i = 0; i < n; i++) {
		if (!put_opt(&opts[i], rooms, n_rooms))
			left_out++;
		if (i == 0 && overload) /* right behind the type */
			(void)put_opt(&(struct vmn_dhcp4_opt){VMN_OPT4_OVERLOAD, 1, &overload_byte},
				      rooms, 1);
	}
	for (size_t i = 0; i < n_rooms; i++)
		rooms[i].data[rooms[i].used++] = VMN_OPT4_END;
	*ret_len = AT_OPTIONS + rooms[0].used;
	return left_out;
}

size_t vmn_dhcp4_encode(const struct vmn_dhcp4_header *h, const struct vmn_dhcp4_opt *opts,
			size_t n, size_t limit, uint8_t *ret, size_t *ret_left_out)
{
	static const unsigned overloads[] = {0, OVERLOAD_FILE, OVERLOAD_FILE | OVERLOAD_SNAME};
	size_t len = 0, left_out = 0;

	for (size_t i = 0; i < VMN_ARRAY_LEN(overloads); i++) {
		memset(ret, 0, limit);
		left_out = put_opts(ret, limit, overloads[i], opts, n, &len);
		if (left_out == 0)
			break;
	}
	ret[0] = h->op;
	ret[1] = HTYPE_ETHERNET;
	ret[2] = HLEN_ETHERNET;
	ret[3] = h->hops;
	vmn_put32(ret + 4, h->xid);
	vmn_put16(ret + 8, h->secs);
	vmn_put16(ret + 10, h->flags);
	memcpy(ret + 12, h->ciaddr, 4);
	memcpy(ret + 16, h->yiaddr, 4);
	memcpy(ret + 20, h->siaddr, 4);
	memcpy(ret + 24, h->giaddr, 4);
	memcpy(ret + 28, h->chaddr, 16);
	memcpy(ret + AT_COOKIE, cookie, sizeof(cookie));
	if (ret_left_out)
		*ret_left_out = left_out;
	return len > VMN_DHCP4_MIN ? len : VMN_DHCP4_MIN;
}

const char *vmn_dhcp4_type_word(enum vmn_dhcp4_type type)
{
	static const char *const type_words[] = {
		[VMN_DHCP4_DISCOVER] = "DISCOVER", [VMN_DHCP4_OFFER] = "OFFER",
		[VMN_DHCP4_REQUEST] = "REQUEST",   [VMN_DHCP4_DECLINE] = "DECLINE",
		[VMN_DHCP4_ACK] = "ACK",	   [VMN_DHCP4_NAK] = "NAK",
		[VMN_DHCP4_RELEASE] = "RELEASE",   [VMN_DHCP4_INFORM] = "INFORM",
	};

	return type_words[type];
}
