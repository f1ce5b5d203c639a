/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/str.h"
#include "lib/migrate/announce.h"

enum {
	MIN_FRAME = 60, /* without the checksum that hardware adds */
	ARP_REQUEST = 1,
	ARP_REPLY = 2,
	RARP_REQUEST = 3,
	ICMP6_NA = 136,
	NA_OVERRIDE = 0x20,
	/* qapi/net.json, AnnounceParameters */
	INITIAL_MS = 50,
	STEP_MS = 100,
	MAX_MS = 550,
};

static const uint8_t broadcast[VMN_MAC_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t none[VMN_MAC_SIZE];

/* --- frames --------------------------------------------------------------------------- */

static void put(struct vmn_frame *f, const void *data, size_t len)
{
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

static void put_u16(struct vmn_frame *f, unsigned value)
{
	const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};

	put(f, bytes, sizeof(bytes));
}

static void put_u8(struct vmn_frame *f, unsigned value)
{
	const uint8_t byte = (uint8_t)value;

	put(f, &byte, 1);
}

static void start(struct vmn_frame *f, const char *kind, const uint8_t *to, const uint8_t *from,
		  unsigned ethertype)
{
	*f = (struct vmn_frame){.kind = kind};
	put(f, to, VMN_MAC_SIZE);
	put(f, from, VMN_MAC_SIZE);
	put_u16(f, ethertype);
}

/* RFC 826 for Ethernet and IPv4, padded with zeros. */
static void put_arp(struct vmn_frame *f, unsigned op, const uint8_t *sha, const uint8_t *spa,
		    const uint8_t *tha, const uint8_t *tpa)
{
	put_u16(f, 1);
	put_u16(f, ETH_P_IP);
	put_u8(f, VMN_MAC_SIZE);
	put_u8(f, 4);
	put_u16(f, op);
	put(f, sha, VMN_MAC_SIZE);
	put(f, spa, 4);
	put(f, tha, VMN_MAC_SIZE);
	put(f, tpa, 4);
	f->len = MIN_FRAME;
}

void vmn_frame_rarp(const uint8_t mac[VMN_MAC_SIZE], struct vmn_frame *ret)
{
	start(ret, "RARP", broadcast, mac, ETH_P_RARP);
	put_arp(ret, RARP_REQUEST, mac, none, mac, none);
}

void vmn_frame_arp(const uint8_t mac[VMN_MAC_SIZE], const struct vmn_ip *ip, bool is_reply,
		   struct vmn_frame *ret)
{
	start(ret, is_reply ? "ARP reply" : "ARP request", broadcast, mac, ETH_P_ARP);
	put_arp(ret, is_reply ? ARP_REPLY : ARP_REQUEST, mac, ip->bytes, is_reply ? mac : none,
		ip->bytes);
}

/* One's complement sum of 16-bit words; @len is even. RFC 1071 */
static uint32_t sum(const uint8_t *data, size_t len, uint32_t start_at)
{
	for (size_t i = 0; i < len; i += 2)
		start_at += (uint32_t)data[i] << 8 | data[i + 1];
	return start_at;
}

static unsigned fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s & 0xffff;
}

void vmn_frame_na(const uint8_t mac[VMN_MAC_SIZE], const struct vmn_ip *ip, struct vmn_frame *ret)
{
	static const uint8_t all_nodes_mac[] = {0x33, 0x33, 0, 0, 0, 1};
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
	enum { NA_LEN = 32, ADDRESSES_AT = 14 + 8, NA_AT = 14 + 40 };
	unsigned check;

	start(ret, "NA", all_nodes_mac, mac, ETH_P_IPV6);
	put_u16(ret, 0x6000); /* version 6, no traffic class, no flow */
	put_u16(ret, 0);
	put_u16(ret, NA_LEN);
	put_u8(ret, IPPROTO_ICMPV6);
	put_u8(ret, 255);
	put(ret, ip->bytes, 16);
	put(ret, all_nodes, 16);
	put_u8(ret, ICMP6_NA);
	put_u8(ret, 0);
	put_u16(ret, 0); /* checksum, below */
	put_u8(ret, NA_OVERRIDE);
	put(ret, none, 3);
	put(ret, ip->bytes, 16);
	put_u8(ret, 2); /* option: target link-layer address, one unit of 8 bytes */
	put_u8(ret, 1);
	put(ret, mac, VMN_MAC_SIZE);
	/* RFC 8200 8.1: both addresses, length and protocol stand before the message. */
	check = fold(sum(ret->data + ADDRESSES_AT, 32 + NA_LEN, NA_LEN + IPPROTO_ICMPV6));
	ret->data[NA_AT + 2] = (uint8_t)(check >> 8);
	ret->data[NA_AT + 3] = (uint8_t)check;
}

/* --- what and when -------------------------------------------------------------------- */

int64_t vmn_announce_delay_ms(unsigned round)
{
	int64_t ms = INITIAL_MS + (int64_t)round * STEP_MS;

	return ms < MAX_MS ? ms : MAX_MS;
}

void vmn_announcement_clear(struct vmn_announcement *a)
{
	free(a->ips);
	*a = (struct vmn_announcement){0};
}

/* The link that holds the pod's addresses for the renamed port @name, or NULL. */
static const struct vmn_link *find_holder(const struct vmn_snapshot *s, const char *name)
{
	static const char suffix[] = "-nic";
	size_t len = strlen(name) - (vmn_ends_with(name, suffix) ? strlen(suffix) : 0);
	vmn_auto_free char *stem = vmn_xstrndup(name, len), *pod = vmn_xasprintf("pod%s", stem);
	const struct vmn_link *link = vmn_snapshot_link(s, stem);

	return link ? link : vmn_snapshot_link(s, pod);
}

static bool is_link_local(const struct vmn_ip *ip)
{
	return ip->family == AF_INET6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

int vmn_announce_find(const struct vmn_snapshot *s, const char *name, struct vmn_announcement *ret,
		      struct vmn_err *err)
{
	const struct vmn_link *port = vmn_snapshot_link(s, name), *holder;

	if (!port)
		return vmn_err_set(err, VMN_E_NOT_FOUND, "there is no link '%s'", name);
	holder = find_holder(s, name);
	if (!holder)
		holder = port;
	*ret = (struct vmn_announcement){.ifindex = port->ifindex};
	memcpy(ret->mac, holder->mac, sizeof(ret->mac));
	ret->ips = vmn_xcalloc(s->n_addrs + 1, sizeof(*ret->ips));
	for (size_t i = 0; i < s->n_addrs; i++)
		if (s->addrs[i].ifindex == holder->ifindex && !is_link_local(&s->addrs[i].local))
			ret->ips[ret->n_ips++] = s->addrs[i].local;
	return 0;
}

struct vmn_frame *vmn_announce_frames(const struct vmn_announcement *a, size_t *ret_n)
{
	struct vmn_frame *frames = vmn_xcalloc(1 + 2 * a->n_ips, sizeof(*frames));
	size_t n = 0;

	vmn_frame_rarp(a->mac, &frames[n++]);
	for (size_t i = 0; i < a->n_ips; i++) {
		if (a->ips[i].family == AF_INET6) {
			vmn_frame_na(a->mac, &a->ips[i], &frames[n++]);
			continue;
		}
		vmn_frame_arp(a->mac, &a->ips[i], false, &frames[n++]);
		vmn_frame_arp(a->mac, &a->ips[i], true, &frames[n++]);
	}
	*ret_n = n;
	return frames;
}

/* --- sending -------------------------------------------------------------------------- */

static int send_round(int fd, int ifindex, const struct vmn_frame *frames, size_t n,
		      struct vmn_err *err)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};

	for (size_t i = 0; i < n; i++)
		if (sendto(fd, frames[i].data, frames[i].len, 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0)
			return vmn_err_sys(err, errno, "cannot send the %s frame", frames[i].kind);
	return 0;
}

static void sleep_until(int64_t at_ms)
{
	struct timespec at = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		continue;
}

int vmn_announce_send(const struct vmn_netns *ns, const struct vmn_announcement *a, unsigned rounds,
		      struct vmn_err *err)
{
	size_t n;
	vmn_auto_free struct vmn_frame *frames = vmn_announce_frames(a, &n);
	vmn_auto_close int fd = -1;
	int64_t at_ms = vmn_now_ms();
	/* Protocol 0: nothing is received. */
	int rc = vmn_netns_socket(ns, AF_PACKET, SOCK_RAW, 0, &fd, err);

	if (rc == -VMN_E_PERMISSION && err->sys == EPERM && !err->hint)
		return vmn_err_hint(err, "sending frames takes CAP_NET_RAW over the namespace");
	for (unsigned round = 0; round < rounds && rc == 0; round++) {
		sleep_until(at_ms);
		rc = send_round(fd, a->ifindex, frames, n, err);
		at_ms += vmn_announce_delay_ms(round);
	}
	return rc;
}
