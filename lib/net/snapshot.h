/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h - the whole picture of a network namespace, as plain data
 *
 * What plans are made from and what undoing goes back to. Objects that the kernel can take away as
 * a side effect (addresses, routes, neighbours, rules) keep the message they were dumped as, so
 * that sending it again restores every attribute, known to us or not.
 *
 * Sorted as the kernel dumps: links by ifindex, routes of a table in the order they are used in.
 */
#ifndef VMN_NET_SNAPSHOT_H
#define VMN_NET_SNAPSHOT_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/str.h"
#include "lib/data/ip.h"
#include "lib/net/netns.h"

struct json_object;

enum { VMN_KIND_SIZE = 16, VMN_ALIAS_SIZE = 256 };

/* A message of the kernel without its netlink header: family header and attributes. */
struct vmn_raw {
	void *data;
	size_t len;
};

enum vmn_brport_flag { /* bridge port flags that we know */
		       VMN_BRPORT_LEARNING = 1 << 0,
		       VMN_BRPORT_ISOLATED = 1 << 1,
		       VMN_BRPORT_HAIRPIN = 1 << 2,
		       VMN_BRPORT_FLOOD = 1 << 3,
};

struct vmn_link {
	int ifindex;
	char name[IFNAMSIZ];
	char kind[VMN_KIND_SIZE]; /* "veth", "bridge", "tun"...; "" for hardware and loopback */
	unsigned type;		  /* ARPHRD_* */
	unsigned flags;		  /* IFF_* */
	uint8_t operstate;	  /* IF_OPER_* */
	bool has_carrier;
	bool has_mac; /* false: no address, or not 6 bytes */
	uint8_t mac[VMN_MAC_SIZE];
	uint32_t mtu;
	uint32_t txqlen;
	uint32_t queues;    /* transmit queues */
	int master;	    /* ifindex of the bridge, bond...; 0: none */
	int peer;	    /* IFLA_LINK: ifindex of the other end or lower device, 0: none */
	bool has_peer_nsid; /* and that one is in another namespace */
	int addrgenmode;    /* IN6_ADDR_GEN_MODE_*; -1: no IPv6 on it */
	char alias[VMN_ALIAS_SIZE];
	/* of a bridge port */
	bool is_brport;
	unsigned brport; /* enum vmn_brport_flag */
	/* of kind "tun" */
	bool is_tap;
	bool is_persistent, has_vnet_hdr, is_multi_queue;
	int64_t owner, group; /* -1: anybody */
};

struct vmn_addr {
	int ifindex;
	struct vmn_ip local;	       /* what `ip address` shows first */
	struct vmn_ip peer;	       /* of a point-to-point address, else none */
	struct vmn_ip brd;	       /* broadcast, or none */
	unsigned prefix_len;	       /* of @peer when there is one */
	unsigned scope;		       /* RT_SCOPE_* */
	uint32_t flags;		       /* IFA_F_* */
	char label[IFNAMSIZ];	       /* IPv4; "" when it is none */
	uint32_t metric;	       /* of its prefix route; 0: the default */
	uint8_t proto;		       /* IFAPROT_*; 0: not told */
	uint32_t valid_s, preferred_s; /* UINT32_MAX: forever; as of the snapshot's time */
	struct vmn_raw raw;	       /* ifaddrmsg...; empty in one that we made */
};

struct vmn_nexthop {
	struct vmn_ip via; /* may be of the other family (RTA_VIA); none: on the link */
	int ifindex;	   /* 0: none */
	unsigned flags;	   /* RTNH_F_* */
	unsigned weight;   /* 1 and up */
};

/* An object of `ip nexthop`: one hop, or a group of them. */
struct vmn_nhobj {
	uint32_t id;
	int ifindex; /* 0: a group, or a blackhole */
	bool is_group;
	struct vmn_raw raw; /* nhmsg... */
};

struct vmn_route {
	int family;
	uint32_t table; /* RT_TABLE_* */
	uint8_t type;	/* RTN_* */
	uint8_t proto;	/* RTPROT_* */
	uint8_t scope;	/* RT_SCOPE_* */
	uint8_t tos;
	struct vmn_ip dst; /* none with dst_len 0: default */
	unsigned dst_len;
	struct vmn_ip src; /* IPv6 source routing; none with src_len 0 */
	unsigned src_len;
	struct vmn_ip prefsrc;
	uint32_t priority;	  /* "metric" of ip-route(8) */
	uint32_t mtu;		  /* RTAX_MTU, 0: none */
	uint32_t nhid;		  /* of the next hop object that it uses; 0: none */
	uint32_t expires_s;	  /* 0: never; as of the snapshot's time */
	struct vmn_nexthop *hops; /* one, or those of RTA_MULTIPATH */
	size_t n_hops;
	struct vmn_raw raw; /* rtmsg... */
};

/* A permanent neighbour, proxy entry, or a rule of any family. */
struct vmn_neigh {
	int ifindex;
	int family; /* AF_INET, AF_INET6 */
	struct vmn_ip dst;
	bool has_mac;
	uint8_t mac[VMN_MAC_SIZE];
	uint16_t state;	    /* NUD_* */
	uint8_t flags;	    /* NTF_* */
	struct vmn_raw raw; /* ndmsg... */
};

struct vmn_rule {
	int family;
	uint32_t priority;
	uint32_t table;
	struct vmn_raw raw; /* fib_rule_hdr... */
};

struct vmn_qdisc {
	int ifindex;
	char kind[VMN_KIND_SIZE];
	uint32_t handle, parent;
	struct vmn_raw raw; /* tcmsg... without statistics */
};

struct vmn_sysctl {
	char *key;   /* "net/ipv4/conf/all/arp_ignore" */
	char *value; /* NULL: this kernel or namespace has none */
};

struct vmn_snapshot {
	int64_t at_s; /* CLOCK_BOOTTIME, for lifetimes */
	struct vmn_link *links;
	size_t n_links;
	struct vmn_addr *addrs;
	size_t n_addrs;
	struct vmn_nhobj *nexthops;
	size_t n_nexthops;
	struct vmn_route *routes; /* all tables; no cached clones */
	size_t n_routes;
	struct vmn_neigh *neighs; /* permanent and proxy ones only */
	size_t n_neighs;
	struct vmn_rule *rules;
	size_t n_rules;
	struct vmn_qdisc *qdiscs;
	size_t n_qdiscs;
	struct vmn_sysctl *sysctls; /* those asked for, and per link disable_ipv6 and accept_dad */
	size_t n_sysctls;
	char *nft; /* listing of our tables, see nft.h; NULL: there is none */
};

/**
 * vmn_snapshot_take() - look at everything
 * @sysctls:	further keys to read, NULL-terminated; may be NULL
 * @ret:	initialised with {0}; caller clears
 */
int vmn_snapshot_take(const struct vmn_netns *ns, const char *const *sysctls,
		      struct vmn_snapshot *ret, struct vmn_err *err) VMN_MUST_CHECK;
void vmn_snapshot_clear(struct vmn_snapshot *s);
#define vmn_auto_snapshot VMN_CLEANUP(vmn_snapshot_clear)

/** vmn_snapshot_copy() - deep, into a @to that is {0} */
void vmn_snapshot_copy(const struct vmn_snapshot *from, struct vmn_snapshot *to);

/** vmn_snapshot_json() - all of it; caller drops; readable, and vmn_snapshot_parse() takes it back
 */
struct json_object *vmn_snapshot_json(const struct vmn_snapshot *s);
/** vmn_snapshot_parse() - @ret initialised with {0}; Return: 0 or -VMN_E_INVALID */
int vmn_snapshot_parse(struct json_object *json, struct vmn_snapshot *ret,
		       struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_snapshot_diff() - what makes @b different from @a, for a person: one "- x" or "+ y" a line
 *
 * Lifetimes may have gone on by the time between the two; counters and the state of the carrier do
 * not count.
 */
void vmn_snapshot_diff(const struct vmn_snapshot *a, const struct vmn_snapshot *b,
		       struct vmn_buf *out);

/** vmn_snapshot_link() - by name; NULL: there is none */
const struct vmn_link *vmn_snapshot_link(const struct vmn_snapshot *s, const char *name);
/** vmn_snapshot_link_at() - by ifindex; NULL: there is none */
const struct vmn_link *vmn_snapshot_link_at(const struct vmn_snapshot *s, int ifindex);
/** vmn_snapshot_sysctl() - its value, or NULL */
const char *vmn_snapshot_sysctl(const struct vmn_snapshot *s, const char *key);

#endif
