/* SPDX-License-Identifier: Apache-2.0 */
/*
 * step.h - the changes we make to a namespace: a closed list, each with parameters and an inverse
 *
 * A plan is an array of steps, made by pure code from a snapshot. Steps are data: they can be
 * printed, stored in the journal and taken back by another process after a crash. What a value was
 * before is not part of the step: the journal reads it from the kernel just before the step runs.
 *
 * A link that is there already is meant by ifindex, since names move; one that an earlier step of
 * the plan makes, by name with ifindex 0.
 */
#ifndef VMN_NET_STEP_H
#define VMN_NET_STEP_H

#include "lib/net/snapshot.h"

enum vmn_step_kind {
	VMN_STEP_LINK_ADD = 1, /* .link.name, .type; optional .mac, .mtu */
	VMN_STEP_TAP_ADD,      /* .link.name, .tap; persistent */
	VMN_STEP_LINK_RENAME,  /* .link, .name */
	VMN_STEP_LINK_MAC,     /* .link, .mac; or .other: the MAC that link has then */
	VMN_STEP_LINK_MTU,     /* .link, .value */
	VMN_STEP_LINK_UP,      /* .link */
	VMN_STEP_LINK_DOWN, /* .link; its routes and IPv6 addresses go, undoing brings them back */
	VMN_STEP_LINK_MASTER,  /* .link, .other; .other empty: no master */
	VMN_STEP_LINK_ADDRGEN, /* .link, .value: IN6_ADDR_GEN_MODE_*; nothing where IPv6 is missing
				*/
	VMN_STEP_LINK_ALIAS,   /* .link, .text */
	VMN_STEP_BRPORT,       /* .link, .value: flags to have; .mask: which of them to set */
	VMN_STEP_ADDR_ADD,     /* .link, .addr; one that is there already is fine */
	VMN_STEP_ADDR_DEL,     /* .link, .addr; its routes go, undoing brings them back */
	VMN_STEP_ROUTE_ADD, /* .link, .route with one hop or none; its hops[].ifindex is not used */
	VMN_STEP_SYSCTL,    /* .key, .text */
	VMN_STEP_NFT, /* .text: one nft transaction; .undo: one that takes it back, and may run
			 twice */
};

struct vmn_step_link {
	char name[IFNAMSIZ]; /* what it is called when the step runs */
	int ifindex;	     /* 0: it is made by this plan, find it by name */
};

struct vmn_step {
	enum vmn_step_kind kind;
	struct vmn_step_link link, other;
	char name[IFNAMSIZ];	  /* LINK_RENAME: the new one */
	char type[VMN_KIND_SIZE]; /* LINK_ADD: "bridge", "dummy", "veth" (its peer is called .name)
				   */
	bool has_mac;
	uint8_t mac[VMN_MAC_SIZE];
	uint32_t mtu; /* LINK_ADD, TAP_ADD: 0: the kernel's choice */
	uint32_t value, mask;
	int64_t owner, group; /* TAP_ADD; -1: anybody */
	uint32_t queues;      /* TAP_ADD; above 1: a multi-queue device */
	bool has_vnet_hdr;    /* TAP_ADD: IFF_VNET_HDR */
	struct vmn_addr addr;
	struct vmn_route route;
	char *key;  /* SYSCTL: "net/ipv4/conf/all/arp_ignore" */
	char *text; /* see the kinds */
	char *undo;
};

struct vmn_steps {
	struct vmn_step *v;
	size_t n;
};

/** vmn_steps_add() - a new step at the end, for the caller to fill; valid until the next call */
struct vmn_step *vmn_steps_add(struct vmn_steps *steps, enum vmn_step_kind kind);
void vmn_steps_clear(struct vmn_steps *steps);
#define vmn_auto_steps VMN_CLEANUP(vmn_steps_clear)

/** vmn_step_link() - a reference to @link under its present name */
struct vmn_step_link vmn_step_link(const struct vmn_link *link);
/** vmn_step_link_new() - a reference to a link that the plan makes */
struct vmn_step_link vmn_step_link_new(const char *name);

/** vmn_link_kind_known() - whether this kernel can make links of @kind ("dummy"); changes nothing
 */
int vmn_link_kind_known(const struct vmn_netns *ns, const char *kind, bool *ret,
			struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_step_text() - append the step as a line for ip(8), bridge(8), sysctl(8) or nft(8), no newline
 *
 * "ip link add k6t-eth0 type bridge"; an nft transaction is "nft -f - <<END" and its lines.
 */
void vmn_step_text(const struct vmn_step *step, struct vmn_buf *out);
/** vmn_step_json() - caller drops */
struct json_object *vmn_step_json(const struct vmn_step *step);
/** vmn_step_parse() - into @ret, which the caller clears with vmn_step_clear() */
int vmn_step_parse(struct json_object *json, struct vmn_step *ret,
		   struct vmn_err *err) VMN_MUST_CHECK;
void vmn_step_clear(struct vmn_step *step);
/** vmn_step_copy() - deep, over whatever @to holds */
void vmn_step_copy(const struct vmn_step *from, struct vmn_step *to);

#endif
