/* SPDX-License-Identifier: Apache-2.0 */
/* socket4.h - the sockets that DHCPv4 is served through, see server.h */
#ifndef VMN_DHCP_SOCKET4_H
#define VMN_DHCP_SOCKET4_H

#include "lib/dhcp/lease4.h"
#include "lib/dhcp/udp4.h"
#include "lib/net/netns.h"

struct vmn_socket4 {
	int ifindex;
	int packet_fd; /* sees and sends whole datagrams */
	int port_fd;   /* holds the port */
};

#define VMN_SOCKET4_INIT ((struct vmn_socket4){0, -1, -1})

/** vmn_socket4_open() - into an initialised @ret, which the caller closes; see
 * vmn_dhcp_server_add4() */
int vmn_socket4_open(const struct vmn_netns *ns, const char *bridge, struct vmn_socket4 *ret,
		     struct vmn_err *err) VMN_MUST_CHECK;
void vmn_socket4_close(struct vmn_socket4 *s);

enum { VMN_SOCKET4_PACKET_MAX = VMN_DHCP4_MAX + 64 }; /* options of IP too */

/**
 * vmn_socket4_receive() - the next datagram for the server's port
 * @packet:	of VMN_SOCKET4_PACKET_MAX bytes, what @ret lends from
 *
 * Return: 1 with a datagram, 0 when there was one of no use, or -errno; -EAGAIN: no more
 */
int vmn_socket4_receive(const struct vmn_socket4 *s, uint8_t *packet, struct vmn_udp4 *ret);

/** vmn_socket4_is_gone() - whether the link was deleted */
bool vmn_socket4_is_gone(const struct vmn_socket4 *s);

/** vmn_socket4_send() - @reply from @server; a full queue loses it, as any network may */
void vmn_socket4_send(const struct vmn_socket4 *s, const struct vmn_ip *server,
		      const struct vmn_reply4 *reply);

#endif
