/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options4.h - what a guest is told by DHCPv4 (pure)
 *
 * KubeVirt's list of options, less what hurts: no public name server when none is known, a default
 * route next to classless routes, a route to a gateway outside the guest's prefix, and a bad search
 * domain is left out instead of ending everything. VMN_DHCP_COMPAT_KUBEVIRT keeps all that.
 */
#ifndef VMN_DHCP_OPTIONS4_H
#define VMN_DHCP_OPTIONS4_H

#include "lib/binding/facts.h"
#include "lib/dhcp/codec4.h"
#include "lib/dhcp/resolv.h"

enum vmn_dhcp_compat { VMN_DHCP_COMPAT_NONE, VMN_DHCP_COMPAT_KUBEVIRT };

enum { VMN_OPTIONS4_MAX = 80, VMN_OPTIONS4_BYTES = 8192 };

/* Options in order of importance; .opts point into .bytes. */
struct vmn_options4 {
	struct vmn_dhcp4_opt opts[VMN_OPTIONS4_MAX];
	size_t n;
	uint8_t bytes[VMN_OPTIONS4_BYTES];
	size_t used;
};

/**
 * vmn_dhcp_names() - the name servers and search domains of the guest behind @facts
 * @resolv:	of the pod; what @facts do not say comes from there
 * @ret:	zeroed by the caller, who clears it
 * @left_out:	search domains that are none; may be NULL
 *
 * Return: 0, or with VMN_DHCP_COMPAT_KUBEVIRT -VMN_E_INVALID for a search domain that is none
 */
int vmn_dhcp_names(const struct vmn_binding_facts *facts, const struct vmn_resolv *resolv,
		   enum vmn_dhcp_compat compat, struct vmn_resolv *ret,
		   struct vmn_strlist *left_out, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_options4_make() - the configuration for the guest behind @facts, which have .ip4
 * @names:	of vmn_dhcp_names()
 *
 * Type, server and times are not among them: they depend on the message.
 * Return: 0, -VMN_E_INVALID when KubeVirt would refuse, -VMN_E_RANGE when it is too much for a
 * message
 */
int vmn_options4_make(const struct vmn_binding_facts *facts, const struct vmn_resolv *names,
		      enum vmn_dhcp_compat compat, struct vmn_options4 *ret,
		      struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_options4_add() - append an option, copying @data
 * Return: false when there is no room
 */
bool vmn_options4_add(struct vmn_options4 *o, uint8_t code, const void *data,
		      size_t len) VMN_MUST_CHECK;

enum { VMN_OPT4_NAME_SIZE = 16 };

/** vmn_opt4_name() - "routers" for 3, "option-224" for what has no name here, into @buf */
const char *vmn_opt4_name(uint8_t code, char buf[VMN_OPT4_NAME_SIZE]);
/** vmn_opt4_text() - the value as a person reads it, into the empty @out */
void vmn_opt4_text(const struct vmn_dhcp4_opt *opt, struct vmn_buf *out);

#endif
