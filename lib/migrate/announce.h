/* SPDX-License-Identifier: Apache-2.0 */
/*
 * announce.h - tell a network where a MAC and its addresses are now
 *
 * What QEMU does when a guest resumes on another host, for the cases in which its frames were lost
 * or filtered: bridges learn the port from the source MAC of any of these frames, neighbours the
 * MAC from ARP and neighbour advertisements.
 */
#ifndef VMN_MIGRATE_ANNOUNCE_H
#define VMN_MIGRATE_ANNOUNCE_H

#include "lib/net/snapshot.h"

enum { VMN_FRAME_SIZE = 96 };

struct vmn_frame {
	const char *kind; /* "RARP", "ARP request", "ARP reply", "NA" */
	uint8_t data[VMN_FRAME_SIZE];
	size_t len; /* bytes, from the destination MAC on */
};

/** vmn_frame_rarp() - QEMU's: broadcast, "request reverse", both hardware addresses @mac, 60 bytes
 */
void vmn_frame_rarp(const uint8_t mac[VMN_MAC_SIZE], struct vmn_frame *ret);
/**
 * vmn_frame_arp() - gratuitous ARP for the IPv4 address @ip, 60 bytes
 * Source: RFC 5227 section 3 (request), RFC 5944 section 4.6 (reply)
 */
void vmn_frame_arp(const uint8_t mac[VMN_MAC_SIZE], const struct vmn_ip *ip, bool is_reply,
		   struct vmn_frame *ret);
/** vmn_frame_na() - unsolicited neighbour advertisement to all nodes, override set; RFC 4861 7.2.6
 */
void vmn_frame_na(const uint8_t mac[VMN_MAC_SIZE], const struct vmn_ip *ip, struct vmn_frame *ret);

enum { VMN_ANNOUNCE_ROUNDS = 5 }; /* as QEMU */

/** vmn_announce_delay_ms() - from round @round (0: the first) to the next, as QEMU's announce timer
 */
int64_t vmn_announce_delay_ms(unsigned round);

struct vmn_announcement {
	int ifindex; /* the port frames leave from */
	uint8_t mac[VMN_MAC_SIZE];
	struct vmn_ip *ips;
	size_t n_ips;
};
void vmn_announcement_clear(struct vmn_announcement *a);
#define vmn_auto_announcement VMN_CLEANUP(vmn_announcement_clear)

/**
 * vmn_announce_find() - what to announce from the port @name: a MAC and its addresses
 *
 * Of a port "X-nic" that KubeVirt or we renamed, those of the link that holds the pod's addresses
 * in its place ("X" or "podX"); of any other, its own. Link-local IPv6 addresses are left out: they
 * are of the host.
 *
 * Return: 0 or -VMN_E_NOT_FOUND
 */
int vmn_announce_find(const struct vmn_snapshot *s, const char *name, struct vmn_announcement *ret,
		      struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_announce_frames() - the frames of a round; caller frees */
struct vmn_frame *vmn_announce_frames(const struct vmn_announcement *a, size_t *ret_n);

/**
 * vmn_announce_send() - send all frames, @rounds times, at QEMU's intervals
 *
 * Return: 0, -VMN_E_PERMISSION (CAP_NET_RAW), -VMN_E_SYSTEM (the port is down, or went away)
 */
int vmn_announce_send(const struct vmn_netns *ns, const struct vmn_announcement *a, unsigned rounds,
		      struct vmn_err *err) VMN_MUST_CHECK;

#endif
