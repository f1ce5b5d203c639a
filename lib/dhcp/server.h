/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - one process that serves the guests behind all bridges of a network namespace
 *
 * Theory: everything is opened first (sockets inside the namespace, bound to their bridges); then
 * the caller may give up its privileges, and one poll loop carries messages to the pure parts
 * (lease4.h, lease6.h, ra.h) and their replies back.
 *
 * IPv4 goes through packet sockets: a client without address can only be reached by its MAC, and
 * the kernel drops what comes from the guest's address where that address is still one of the
 * namespace's own (bridge binding). A UDP socket that reads nothing holds the port, so that the
 * kernel does not answer "port unreachable" and a second server is noticed. IPv6 clients always
 * have a link-local address, so there the kernel's own sockets do.
 */
#ifndef VMN_DHCP_SERVER_H
#define VMN_DHCP_SERVER_H

#include "lib/base/log.h"
#include "lib/dhcp/lease4.h"
#include "lib/dhcp/lease6.h"
#include "lib/dhcp/ra.h"
#include "lib/net/netns.h"

struct vmn_dhcp_server;

/** vmn_dhcp_server_new() - @ns must live until all bridges are added, @log (may be NULL) until the
 * end */
struct vmn_dhcp_server *vmn_dhcp_server_new(const struct vmn_netns *ns, const struct vmn_log *log);
void vmn_dhcp_server_free_p(struct vmn_dhcp_server **s);
#define vmn_auto_dhcp_server VMN_CLEANUP(vmn_dhcp_server_free_p)

/**
 * vmn_dhcp_server_add() - serve the guest behind @facts: DHCPv4 when it has an IPv4 address, DHCPv6
 * and router advertisements when it has an IPv6 one
 * @names:	of vmn_dhcp_names()
 *
 * Return: 0, -VMN_E_NOT_FOUND (no such bridge), -VMN_E_CONFLICT (somebody serves there already),
 * -VMN_E_INVALID and -VMN_E_RANGE as vmn_options4_make(), -VMN_E_PERMISSION, -VMN_E_SYSTEM
 */
int vmn_dhcp_server_add(struct vmn_dhcp_server *s, const struct vmn_binding_facts *facts,
			const struct vmn_resolv *names, uint32_t lease_s,
			enum vmn_dhcp_compat compat, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_dhcp_server_run() - serve until @stop_fd is readable
 *
 * A bridge that goes away is no longer served.
 * Return: 0, -VMN_E_NOT_FOUND when the last bridge is gone, -VMN_E_SYSTEM
 */
int vmn_dhcp_server_run(struct vmn_dhcp_server *s, int stop_fd, struct vmn_err *err) VMN_MUST_CHECK;

#endif
