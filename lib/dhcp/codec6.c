/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/codec6.h"

#include <string.h>

#include "lib/dhcp/bytes.h"

enum {
	HEADER = 4,
	OPT_HEADER = 4,
	INPUT_MAX = 2048,
	IA_NA_HEADER = 12,
	IA_TA_HEADER = 4,
	IA_ADDR_SIZE = 24,
	DUID_MIN = 3,
};

/* --- decoding ------------------------------------------------------------------------ */

bool vmn_dhcp6_next(const uint8_t *data, size_t len, size_t *at, struct vmn_dhcp6_opt *ret)
{
	size_t opt_len;

	if (len - *at < OPT_HEADER)
		return false;
	opt_len = vmn_get16(data + *at + 2);
	if (len - *at - OPT_HEADER < opt_len)
		return false;
	*ret = (struct vmn_dhcp6_opt){vmn_get16(data + *at), opt_len, data + *at + OPT_HEADER};
	*at += OPT_HEADER + opt_len;
	return true;
}

/* Addresses within an association; what else is there must only be whole. */
static bool check_inner(const struct vmn_dhcp6_opt *ia, size_t header)
{
	struct vmn_dhcp6_opt opt;
	size_t at = header;

	if (ia->len < header)
		return false;
	while (vmn_dhcp6_next(ia->data, ia->len, &at, &opt))
		if (opt.code == VMN_OPT6_IA_ADDR && opt.len < IA_ADDR_SIZE)
			return false;
	return at == ia->len;
}

static bool take_once(const struct vmn_dhcp6_opt *opt, struct vmn_dhcp6_opt *ret)
{
	if (ret->data)
		return false;
	*ret = *opt;
	return true;
}

static bool take(const struct vmn_dhcp6_opt *opt, struct vmn_dhcp6 *ret)
{
	switch (opt->code) {
	case VMN_OPT6_CLIENT_ID:
		return opt->len >= DUID_MIN && opt->len <= VMN_DHCP6_DUID_MAX &&
		       take_once(opt, &ret->client_id);
	case VMN_OPT6_SERVER_ID:
		return opt->len >= DUID_MIN && opt->len <= VMN_DHCP6_DUID_MAX &&
		       take_once(opt, &ret->server_id);
	case VMN_OPT6_ORO:
		return opt->len % 2 == 0 && take_once(opt, &ret->oro);
	case VMN_OPT6_RAPID_COMMIT:
		ret->has_rapid_commit = true;
		return opt->len == 0;
	case VMN_OPT6_IA_NA:
	case VMN_OPT6_IA_PD:
		ret->has_ia = true;
		return check_inner(opt, IA_NA_HEADER);
	case VMN_OPT6_IA_TA:
		ret->has_ia = true;
		return check_inner(opt, IA_TA_HEADER);
	default:
		return true;
	}
}

static bool is_clients(uint8_t type)
{
	return type == VMN_DHCP6_SOLICIT ||
	       (type >= VMN_DHCP6_REQUEST && type <= VMN_DHCP6_REBIND) ||
	       type == VMN_DHCP6_RELEASE || type == VMN_DHCP6_DECLINE ||
	       type == VMN_DHCP6_INFORMATION_REQUEST;
}

bool vmn_dhcp6_decode(const void *data, size_t len, struct vmn_dhcp6 *ret)
{
	const uint8_t *p = data;
	struct vmn_dhcp6_opt opt;
	size_t at = 0;

	if (len < HEADER || len > INPUT_MAX || !is_clients(p[0]))
		return false;
	*ret = (struct vmn_dhcp6){
		.type = (enum vmn_dhcp6_type)p[0],
		.xid = vmn_get32(p) & 0xffffff,
		.opts = p + HEADER,
		.opts_len = len - HEADER,
	};
	while (vmn_dhcp6_next(ret->opts, ret->opts_len, &at, &opt))
		if (!take(&opt, ret))
			return false;
	return at == ret->opts_len;
}

bool vmn_dhcp6_wants(const struct vmn_dhcp6 *msg, uint16_t code)
{
	for (size_t i = 0; i + 1 < msg->oro.len; i += 2)
		if (vmn_get16(msg->oro.data + i) == code)
			return true;
	return false;
}

/* --- encoding ------------------------------------------------------------------------ */

void vmn_dhcp6_begin(struct vmn_dhcp6_writer *w, enum vmn_dhcp6_type type, uint32_t xid)
{
	vmn_put32(w->bytes, (uint32_t)type << 24 | (xid & 0xffffff));
	w->len = HEADER;
}

bool vmn_dhcp6_put(struct vmn_dhcp6_writer *w, uint16_t code, const void *data, size_t len)
{
	if (sizeof(w->bytes) - w->len < OPT_HEADER + len)
		return false;
	vmn_put16(w->bytes + w->len, code);
	vmn_put16(w->bytes + w->len + 2, (uint16_t)len);
	if (len > 0)
		memcpy(w->bytes + w->len + OPT_HEADER, data, len);
	w->len += OPT_HEADER + len;
	return true;
}

const char *vmn_dhcp6_type_word(enum vmn_dhcp6_type type)
{
	static const char *const type_words[] = {
		[VMN_DHCP6_SOLICIT] = "SOLICIT",
		[VMN_DHCP6_ADVERTISE] = "ADVERTISE",
		[VMN_DHCP6_REQUEST] = "REQUEST",
		[VMN_DHCP6_CONFIRM] = "CONFIRM",
		[VMN_DHCP6_RENEW] = "RENEW",
		[VMN_DHCP6_REBIND] = "REBIND",
		[VMN_DHCP6_REPLY] = "REPLY",
		[VMN_DHCP6_RELEASE] = "RELEASE",
		[VMN_DHCP6_DECLINE] = "DECLINE",
		[VMN_DHCP6_RECONFIGURE] = "RECONFIGURE",
		[VMN_DHCP6_INFORMATION_REQUEST] = "INFORMATION-REQUEST",
	};

	return type_words[type];
}
