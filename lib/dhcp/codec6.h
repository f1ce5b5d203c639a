/* SPDX-License-Identifier: Apache-2.0 */
/* codec6.h - DHCPv6 messages to bytes and back (pure). Source: RFC 8415 */
#ifndef VMN_DHCP_CODEC6_H
#define VMN_DHCP_CODEC6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/mem.h"

enum {
	VMN_DHCP6_MAX = 1232, /* bytes that a message may have on any link, RFC 8200 section 5 */
	VMN_DHCP6_SERVER_PORT = 547,
	VMN_DHCP6_CLIENT_PORT = 546,
	VMN_DHCP6_DUID_MAX = 130,
};

enum vmn_dhcp6_type {
	VMN_DHCP6_SOLICIT = 1,
	VMN_DHCP6_ADVERTISE,
	VMN_DHCP6_REQUEST,
	VMN_DHCP6_CONFIRM,
	VMN_DHCP6_RENEW,
	VMN_DHCP6_REBIND,
	VMN_DHCP6_REPLY,
	VMN_DHCP6_RELEASE,
	VMN_DHCP6_DECLINE,
	VMN_DHCP6_RECONFIGURE,
	VMN_DHCP6_INFORMATION_REQUEST,
};

enum vmn_dhcp6_code {
	VMN_OPT6_CLIENT_ID = 1,
	VMN_OPT6_SERVER_ID = 2,
	VMN_OPT6_IA_NA = 3,
	VMN_OPT6_IA_TA = 4,
	VMN_OPT6_IA_ADDR = 5,
	VMN_OPT6_ORO = 6,
	VMN_OPT6_STATUS = 13,
	VMN_OPT6_RAPID_COMMIT = 14,
	VMN_OPT6_DNS = 23,
	VMN_OPT6_SEARCH = 24,
	VMN_OPT6_IA_PD = 25,
};

enum vmn_dhcp6_status {
	VMN_DHCP6_SUCCESS = 0,
	VMN_DHCP6_NO_ADDRS = 2,
	VMN_DHCP6_NOT_ON_LINK = 4,
	VMN_DHCP6_NO_PREFIX = 6,
};

struct vmn_dhcp6_opt {
	uint16_t code;
	size_t len;
	const uint8_t *data; /* borrowed; NULL: it is not there */
};

/* A message that came; everything in it is borrowed from its bytes. */
struct vmn_dhcp6 {
	enum vmn_dhcp6_type type;
	uint32_t xid; /* 24 bits */
	const uint8_t *opts;
	size_t opts_len;
	struct vmn_dhcp6_opt client_id, server_id, oro;
	bool has_rapid_commit;
	bool has_ia; /* of any kind */
};

/**
 * vmn_dhcp6_decode() - read the payload of a UDP datagram of a client
 *
 * Refused: what is too short or long, messages of servers and relays, an option that leaves its
 * message or the option around it, an option of the codes above of a wrong length, and a second one
 * of those that @ret has one place for.
 */
bool vmn_dhcp6_decode(const void *data, size_t len, struct vmn_dhcp6 *ret) VMN_MUST_CHECK;

/** vmn_dhcp6_next() - the option at *@at of @data, moving on; Return: false at the end, or when it
 * is cut */
bool vmn_dhcp6_next(const uint8_t *data, size_t len, size_t *at,
		    struct vmn_dhcp6_opt *ret) VMN_MUST_CHECK;

/** vmn_dhcp6_wants() - whether the option request option has @code */
bool vmn_dhcp6_wants(const struct vmn_dhcp6 *msg, uint16_t code);

/* A message being made. What does not fit is left out as a whole option. */
struct vmn_dhcp6_writer {
	uint8_t bytes[VMN_DHCP6_MAX];
	size_t len;
};

void vmn_dhcp6_begin(struct vmn_dhcp6_writer *w, enum vmn_dhcp6_type type, uint32_t xid);
/** vmn_dhcp6_put() - an option; Return: false when there is no room */
bool vmn_dhcp6_put(struct vmn_dhcp6_writer *w, uint16_t code, const void *data, size_t len);

/** vmn_dhcp6_type_word() - "SOLICIT" and so on */
const char *vmn_dhcp6_type_word(enum vmn_dhcp6_type type);

#endif
