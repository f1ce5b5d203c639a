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
 * kernel does not answer "port unreachable" and a second server is noticed.
 */
#ifndef VMN_DHCP_SERVER_H
#define VMN_DHCP_SERVER_H

#include "lib/base/log.h"
#include "lib/dhcp/lease4.h"
#include "lib/net/netns.h"

struct vmn_dhcp_server;

/** vmn_dhcp_server_new() - @ns and @log must outlive it; @log may be NULL */
struct vmn_dhcp_server *vmn_dhcp_server_new(const struct vmn_netns *ns, const struct vmn_log *log);
void vmn_dhcp_server_free_p(struct vmn_dhcp_server **s);
#define vmn_auto_dhcp_server VMN_CLEANUP(vmn_dhcp_server_free_p)

/**
 * vmn_dhcp_server_add4() - serve DHCPv4 on @bridge
 * @lease: borrowed until the server is freed
 *
 * Return: 0, -VMN_E_NOT_FOUND (no such link), -VMN_E_CONFLICT (somebody serves there already),
 * -VMN_E_PERMISSION, -VMN_E_SYSTEM
 */
int vmn_dhcp_server_add4(struct vmn_dhcp_server *s, const char *bridge,
			 const struct vmn_lease4 *lease, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_dhcp_server_run() - serve until @stop_fd is readable
 *
 * A bridge that goes away is no longer served.
 * Return: 0, -VMN_E_NOT_FOUND when the last bridge is gone, -VMN_E_SYSTEM
 */
int vmn_dhcp_server_run(struct vmn_dhcp_server *s, int stop_fd, struct vmn_err *err) VMN_MUST_CHECK;

#endif
