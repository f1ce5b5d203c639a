/* SPDX-License-Identifier: Apache-2.0 */
/* describe.h - what a guest would be told, as a document (pure) */
#ifndef VMN_DHCP_DESCRIBE_H
#define VMN_DHCP_DESCRIBE_H

#include "lib/dhcp/options4.h"

/**
 * vmn_dhcp_describe() - every kind of reply to the guest behind @facts, with all options
 * @names: of vmn_dhcp_names()
 *
 * {"bridge": ..., "replies": [{"protocol": "DHCPv4", "message": "OFFER", "options": [{"code": 1,
 * "name": "subnet-mask", "value": "255.255.255.0"}, ...]}, ...]}. What a client gets of them
 * depends on what it asks for. Router advertisements have fields for options, without codes.
 *
 * Return: a new tree, caller drops it, into @ret; errors as vmn_options4_make()
 */
int vmn_dhcp_describe(const struct vmn_binding_facts *facts, const struct vmn_resolv *names,
		      uint32_t lease_s, enum vmn_dhcp_compat compat, struct json_object **ret,
		      struct vmn_err *err) VMN_MUST_CHECK;

#endif
