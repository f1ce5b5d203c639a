/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - what is known of a bound interface, and what its guest is to be told
 *
 * `netsetup apply` finds it out and keeps it in the journal; `dhcp` and `status` read it from
 * there: vmn_binding_facts() of apply.h. The document is {"version": 1, "interfaces": [...]}.
 */
#ifndef VMN_BINDING_FACTS_H
#define VMN_BINDING_FACTS_H

#include "lib/data/ip.h"
#include "lib/data/json.h"

enum { VMN_FACTS_ROUTES_MAX = 256, VMN_FACTS_LIST_MAX = 64 };

enum vmn_binding_kind { VMN_BINDING_BRIDGE, VMN_BINDING_MASQUERADE, VMN_BINDING_MANAGED_TAP };

struct vmn_binding_route {
	struct vmn_cidr to;    /* a prefix; 0.0.0.0/0 is the default route */
	struct vmn_ip gateway; /* none: on link */
};

/* spec.domain.devices.interfaces[].dhcpOptions.privateOptions[] */
struct vmn_binding_private_option {
	uint8_t code; /* 224 to 254 */
	char *value;  /* sent as it is, without the NUL */
};

/* Addresses that are not there have family AF_UNSPEC, texts NULL. */
struct vmn_binding_facts {
	char *name;  /* of the VMI's interface and network */
	char *iface; /* the pod's interface, by the name it had before */
	enum vmn_binding_kind binding;
	char *bridge, *tap;
	bool has_mac;		   /* without, any client is served */
	uint8_t mac[VMN_MAC_SIZE]; /* of the guest */
	uint32_t mtu;		   /* bytes, 0: unknown */

	struct vmn_cidr ip4;	/* of the guest; none: no DHCPv4 */
	struct vmn_ip server4;	/* the bridge's address, option 54 */
	struct vmn_ip gateway4; /* option 3 */
	struct vmn_binding_route
		*routes4; /* beside the on-link one, option 121; default included */
	size_t n_routes4;

	struct vmn_cidr ip6;	/* of the guest; none: no DHCPv6, no router advertisements */
	struct vmn_ip gateway6; /* the bridge's address */

	char *hostname, *subdomain;
	struct vmn_ip *dns; /* both families; none: those of resolv.conf */
	size_t n_dns;
	struct vmn_strlist search; /* empty: that of resolv.conf */

	struct vmn_ip *ntp; /* IPv4 */
	size_t n_ntp;
	char *tftp_server, *boot_file;
	struct vmn_binding_private_option *private_options;
	size_t n_private_options;
};

struct vmn_facts_list {
	struct vmn_binding_facts *v;
	size_t n;
};

/** vmn_binding_word() - "bridge", "masquerade", "managedTap" */
const char *vmn_binding_word(enum vmn_binding_kind kind);
/** vmn_binding_parse() - the reverse; Return: false when unknown */
bool vmn_binding_parse(const char *word, enum vmn_binding_kind *ret) VMN_MUST_CHECK;

/**
 * vmn_facts_read() - one interface's object
 * @ret: zeroed by the caller, who clears it also after a failure
 *
 * Return: 0 or -VMN_E_INVALID, naming the field
 */
int vmn_facts_read(struct json_object *obj, struct vmn_binding_facts *ret,
		   struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_facts_json() - the reverse; Return: a new tree, caller drops it */
struct json_object *vmn_facts_json(const struct vmn_binding_facts *facts);
void vmn_facts_clear(struct vmn_binding_facts *facts);
#define vmn_auto_facts VMN_CLEANUP(vmn_facts_clear)

/** vmn_facts_list_json() - {"version":1,"interfaces":[...]}; Return: a new tree, caller drops it */
struct json_object *vmn_facts_list_json(const struct vmn_facts_list *list);
/** vmn_facts_list_add() - a zeroed entry at the end; borrowed until the next one */
struct vmn_binding_facts *vmn_facts_list_add(struct vmn_facts_list *list);
void vmn_facts_list_clear(struct vmn_facts_list *list);
#define vmn_auto_facts_list VMN_CLEANUP(vmn_facts_list_clear)

/**
 * vmn_facts_dhcp_options() - read a VMI's dhcpOptions object (NULL: nothing to do) into @ret
 * Source: kubevirt.io/api/core/v1 DHCPOptions; private options outside 224..254 are refused
 */
int vmn_facts_dhcp_options(struct json_object *options, struct vmn_binding_facts *ret,
			   struct vmn_err *err) VMN_MUST_CHECK;

#endif
