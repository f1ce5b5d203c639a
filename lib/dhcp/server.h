/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - one process that serves the guests behind all bridges of a network namespace
 *
 * Theory: sockets are opened inside the namespace, bound to their bridges; the caller gives up its
 * privileges, and one poll loop carries messages to the pure parts (lease4.h, lease6.h, ra.h) and
 * their replies back. Sockets for bridges that come later are handed over by a process that kept
 * its privileges and is spoken to by no guest (handover.h).
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
#include "lib/dhcp/socket4.h"
#include "lib/dhcp/socket6.h"
#include "lib/net/netns.h"

/* What one bridge is served through: IPv4, IPv6 or both, as the guest has addresses. */
struct vmn_dhcp_sockets {
	struct vmn_socket4 v4;
	struct vmn_socket6 v6;
};
#define VMN_DHCP_SOCKETS_INIT ((struct vmn_dhcp_sockets){VMN_SOCKET4_INIT, VMN_SOCKET6_INIT})

/**
 * vmn_dhcp_sockets_open() - for the guest behind @facts: DHCPv4 when it has an IPv4 address, DHCPv6
 * and router advertisements when it has an IPv6 one
 * @ret: initialised; the caller closes it, on failure too
 *
 * Return: 0, -VMN_E_NOT_FOUND (no such bridge), -VMN_E_CONFLICT (somebody serves there already),
 * -VMN_E_PERMISSION, -VMN_E_SYSTEM
 */
int vmn_dhcp_sockets_open(const struct vmn_netns *ns, const struct vmn_binding_facts *facts,
			  struct vmn_dhcp_sockets *ret, struct vmn_err *err) VMN_MUST_CHECK;
void vmn_dhcp_sockets_close(struct vmn_dhcp_sockets *sockets);
#define vmn_auto_dhcp_sockets VMN_CLEANUP(vmn_dhcp_sockets_close)

struct vmn_dhcp_server;

/** vmn_dhcp_server_new() - @log (may be NULL) must live until the end */
struct vmn_dhcp_server *vmn_dhcp_server_new(const struct vmn_log *log);
void vmn_dhcp_server_free_p(struct vmn_dhcp_server **s);

/**
 * vmn_dhcp_server_add() - serve the guest behind @facts through @sockets
 * @names:	of vmn_dhcp_names()
 * @sockets:	taken, and empty afterwards, unless it fails
 *
 * Return: 0, -VMN_E_INVALID and -VMN_E_RANGE as vmn_options4_make()
 */
int vmn_dhcp_server_add(struct vmn_dhcp_server *s, const struct vmn_binding_facts *facts,
			const struct vmn_resolv *names, uint32_t lease_s,
			enum vmn_dhcp_compat compat, struct vmn_dhcp_sockets *sockets,
			struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_dhcp_server_expect() - more bridges may come: call @fn whenever @fd is readable
 * @fd: borrowed
 * @fn: adds them; Return: false when no more will come
 */
void vmn_dhcp_server_expect(struct vmn_dhcp_server *s, int fd, bool (*fn)(void *arg), void *arg);

/**
 * vmn_dhcp_server_run() - serve until @stop_fd is readable
 *
 * A bridge that goes away is no longer served.
 * Return: 0, -VMN_E_NOT_FOUND when the last bridge is gone and none is expected, -VMN_E_SYSTEM
 */
int vmn_dhcp_server_run(struct vmn_dhcp_server *s, int stop_fd, struct vmn_err *err) VMN_MUST_CHECK;

#endif
