/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec4.h - DHCP messages to bytes and back (pure)
 *
 * Source: RFC 2131 (messages), RFC 2132 (options), RFC 3396 (options in several pieces).
 * Only Ethernet clients: anything else is refused.
 */
#ifndef VMN_DHCP_CODEC4_H
#define VMN_DHCP_CODEC4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/mem.h"

enum {
	VMN_DHCP4_MAX = 2048,	 /* bytes of a message, both ways */
	VMN_DHCP4_MIN = 300,	 /* BOOTP's size, which some clients insist on */
	VMN_DHCP4_LIMIT = 548,	 /* what every client takes: 576 less the headers of IP and UDP */
	VMN_DHCP4_OVERHEAD = 28, /* those headers */
	VMN_DHCP4_SERVER_PORT = 67,
	VMN_DHCP4_CLIENT_PORT = 68,
};

enum { VMN_BOOTREQUEST = 1, VMN_BOOTREPLY = 2, VMN_DHCP4_BROADCAST = 0x8000 };

enum vmn_dhcp4_type {
	VMN_DHCP4_DISCOVER = 1,
	VMN_DHCP4_OFFER,
	VMN_DHCP4_REQUEST,
	VMN_DHCP4_DECLINE,
	VMN_DHCP4_ACK,
	VMN_DHCP4_NAK,
	VMN_DHCP4_RELEASE,
	VMN_DHCP4_INFORM,
};

enum vmn_dhcp4_code {
	VMN_OPT4_PAD = 0,
	VMN_OPT4_MASK = 1,
	VMN_OPT4_ROUTER = 3,
	VMN_OPT4_DNS = 6,
	VMN_OPT4_HOSTNAME = 12,
	VMN_OPT4_DOMAIN = 15,
	VMN_OPT4_MTU = 26,
	VMN_OPT4_NTP = 42,
	VMN_OPT4_REQUESTED_IP = 50,
	VMN_OPT4_LEASE_TIME = 51,
	VMN_OPT4_OVERLOAD = 52,
	VMN_OPT4_TYPE = 53,
	VMN_OPT4_SERVER_ID = 54,
	VMN_OPT4_PARAMETERS = 55,
	VMN_OPT4_MESSAGE = 56,
	VMN_OPT4_MAX_SIZE = 57,
	VMN_OPT4_T1 = 58,
	VMN_OPT4_T2 = 59,
	VMN_OPT4_CLIENT_ID = 61,
	VMN_OPT4_TFTP_SERVER = 66,
	VMN_OPT4_BOOT_FILE = 67,
	VMN_OPT4_RELAY_INFO = 82,
	VMN_OPT4_SEARCH = 119,
	VMN_OPT4_ROUTES = 121,
	VMN_OPT4_PRIVATE_FIRST = 224,
	VMN_OPT4_PRIVATE_LAST = 254,
	VMN_OPT4_END = 255,
};

/* What is before the options. Addresses in network order, numbers in ours. */
struct vmn_dhcp4_header {
	uint8_t op; /* VMN_BOOTREQUEST or VMN_BOOTREPLY */
	uint8_t hops;
	uint32_t xid;
	uint16_t secs, flags;
	uint8_t ciaddr[4], yiaddr[4], siaddr[4], giaddr[4];
	uint8_t chaddr[16]; /* Ethernet: the first 6 */
};

/* A message that came. Pieces of an option are put together. */
struct vmn_dhcp4 {
	struct vmn_dhcp4_header h;
	enum vmn_dhcp4_type type;
	struct {
		bool is_there;
		uint16_t at, len;
	} opts[256];
	uint8_t bytes[VMN_DHCP4_MAX];
};

/* An option to send; the encoder divides what is longer than 255 bytes. */
struct vmn_dhcp4_opt {
	uint8_t code;
	size_t len;
	const uint8_t *data; /* borrowed */
};

/**
 * vmn_dhcp4_decode() - read @data, which is the payload of a UDP datagram
 *
 * Refused: what is too short or long, not for Ethernet, without the magic cookie, without a valid
 * message type, with an option that leaves its field, a field without end mark, or an option of
 * the codes above of a wrong length.
 * Return: false when refused; @ret is then undefined
 */
bool vmn_dhcp4_decode(const void *data, size_t len, struct vmn_dhcp4 *ret) VMN_MUST_CHECK;

/** vmn_dhcp4_opt() - the bytes of option @code, or NULL when it is not there; borrowed */
const uint8_t *vmn_dhcp4_opt(const struct vmn_dhcp4 *msg, uint8_t code, size_t *ret_len);

/** vmn_dhcp4_limit() - how long a reply to @msg may be on a link of @mtu (0: unknown) */
size_t vmn_dhcp4_limit(const struct vmn_dhcp4 *msg, uint32_t mtu);

/**
 * vmn_dhcp4_encode() - write a message of at most @limit bytes
 * @opts:	in order of importance; the first ones fit always: type, server, times
 * @ret:	of VMN_DHCP4_MAX bytes
 * @ret_left_out: how many options did not fit; may be NULL
 *
 * The fields for the names of server and file take options only when the options' own field is
 * too small for all.
 * Return: the length, padded to VMN_DHCP4_MIN
 */
size_t vmn_dhcp4_encode(const struct vmn_dhcp4_header *h, const struct vmn_dhcp4_opt *opts,
			size_t n, size_t limit, uint8_t *ret, size_t *ret_left_out);

/** vmn_dhcp4_type_word() - "DISCOVER" and so on */
const char *vmn_dhcp4_type_word(enum vmn_dhcp4_type type);

#endif
