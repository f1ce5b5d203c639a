/* SPDX-License-Identifier: Apache-2.0 */
/* Options as a person reads them */
#include "config.h"

#include "lib/dhcp/options4.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "lib/dhcp/bytes.h"

enum opt_kind { OPT_HEX, OPT_ADDRESSES, OPT_TEXT, OPT_NUMBER, OPT_TYPE, OPT_DOMAINS, OPT_ROUTES };

/* Names are those of ISC dhclient, which users of dhclient.conf know. */
static const struct {
	uint8_t code;
	enum opt_kind kind;
	const char *name;
} known[] = {
	{VMN_OPT4_MASK, OPT_ADDRESSES, "subnet-mask"},
	{VMN_OPT4_ROUTER, OPT_ADDRESSES, "routers"},
	{VMN_OPT4_DNS, OPT_ADDRESSES, "domain-name-servers"},
	{VMN_OPT4_HOSTNAME, OPT_TEXT, "host-name"},
	{VMN_OPT4_DOMAIN, OPT_TEXT, "domain-name"},
	{VMN_OPT4_MTU, OPT_NUMBER, "interface-mtu"},
	{VMN_OPT4_NTP, OPT_ADDRESSES, "ntp-servers"},
	{VMN_OPT4_LEASE_TIME, OPT_NUMBER, "dhcp-lease-time"},
	{VMN_OPT4_TYPE, OPT_TYPE, "dhcp-message-type"},
	{VMN_OPT4_SERVER_ID, OPT_ADDRESSES, "dhcp-server-identifier"},
	{VMN_OPT4_MESSAGE, OPT_TEXT, "dhcp-message"},
	{VMN_OPT4_T1, OPT_NUMBER, "dhcp-renewal-time"},
	{VMN_OPT4_T2, OPT_NUMBER, "dhcp-rebinding-time"},
	{VMN_OPT4_TFTP_SERVER, OPT_TEXT, "tftp-server-name"},
	{VMN_OPT4_BOOT_FILE, OPT_TEXT, "bootfile-name"},
	{VMN_OPT4_SEARCH, OPT_DOMAINS, "domain-search"},
	{VMN_OPT4_ROUTES, OPT_ROUTES, "classless-routes"},
};

static enum opt_kind kind_of(uint8_t code)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(known); i++)
		if (known[i].code == code)
			return known[i].kind;
	return code >= VMN_OPT4_PRIVATE_FIRST ? OPT_TEXT : OPT_HEX;
}

const char *vmn_opt4_name(uint8_t code, char buf[VMN_OPT4_NAME_SIZE])
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(known); i++)
		if (known[i].code == code)
			return known[i].name;
	snprintf(buf, VMN_OPT4_NAME_SIZE, "option-%u", code);
	return buf;
}

static void add_address(struct vmn_buf *out, const uint8_t *p)
{
	vmn_buf_addf(out, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
}

static void add_hex(const struct vmn_dhcp4_opt *opt, struct vmn_buf *out)
{
	for (size_t i = 0; i < opt->len; i++)
		vmn_buf_addf(out, "%s%02x", i > 0 ? ":" : "", opt->data[i]);
}

static void add_number(const struct vmn_dhcp4_opt *opt, struct vmn_buf *out)
{
	uint32_t v = 0;

	for (size_t i = 0; i < opt->len; i++)
		v = v << 8 | opt->data[i];
	vmn_buf_addf(out, "%u", v);
}

static void add_domains(const struct vmn_dhcp4_opt *opt, struct vmn_buf *out)
{
	bool is_first = true;

	for (size_t at = 0; at < opt->len;) {
		size_t len = opt->data[at++];

		if (len == 0 || len > opt->len - at) {
			is_first = true;
			continue;
		}
		if (is_first && out->len > 0)
			vmn_buf_addc(out, ' ');
		else if (!is_first)
			vmn_buf_addc(out, '.');
		vmn_buf_add(out, opt->data + at, len);
		is_first = false;
		at += len;
	}
}

static void add_routes(const struct vmn_dhcp4_opt *opt, struct vmn_buf *out)
{
	for (size_t at = 0; at < opt->len;) {
		uint8_t to[4] = {0};
		size_t width = opt->data[at++], octets = (width + 7) / 8;

		if (width > 32 || octets + 4 > opt->len - at)
			return;
		memcpy(to, opt->data + at, octets);
		at += octets;
		if (out->len > 0)
			vmn_buf_addc(out, ' ');
		add_address(out, to);
		vmn_buf_addf(out, "/%zu,", width);
		add_address(out, opt->data + at);
		at += 4;
	}
}

void vmn_opt4_text(const struct vmn_dhcp4_opt *opt, struct vmn_buf *out)
{
	switch (kind_of(opt->code)) {
	case OPT_ADDRESSES:
		for (size_t at = 0; at + 4 <= opt->len; at += 4) {
			if (at > 0)
				vmn_buf_addc(out, ' ');
			add_address(out, opt->data + at);
		}
		return;
	case OPT_TEXT:
		vmn_buf_add(out, opt->data, opt->len);
		return;
	case OPT_NUMBER:
		add_number(opt, out);
		return;
	case OPT_TYPE:
		vmn_buf_adds(out, vmn_dhcp4_type_word((enum vmn_dhcp4_type)opt->data[0]));
		return;
	case OPT_DOMAINS:
		add_domains(opt, out);
		return;
	case OPT_ROUTES:
		add_routes(opt, out);
		return;
	case OPT_HEX:
		add_hex(opt, out);
		return;
	}
}
