/* SPDX-License-Identifier: Apache-2.0 */
/* socket6.h - the sockets that DHCPv6 and router advertisements go through, see server.h */
#ifndef VMN_DHCP_SOCKET6_H
#define VMN_DHCP_SOCKET6_H

#include <netinet/in.h>

#include "lib/dhcp/lease6.h"
#include "lib/dhcp/ra.h"
#include "lib/net/netns.h"

struct vmn_socket6 {
	int ifindex;
	uint8_t mac[VMN_MAC_SIZE]; /* of the bridge */
	int dhcp_fd;		   /* UDP, port 547 */
	int icmp_fd;		   /* solicitations in, advertisements out */
};

#define VMN_SOCKET6_INIT ((struct vmn_socket6){.dhcp_fd = -1, .icmp_fd = -1})

/** vmn_socket6_open() - into an initialised @ret, which the caller closes; errors as
 * vmn_dhcp_server_add6() */
int vmn_socket6_open(const struct vmn_netns *ns, const char *bridge, struct vmn_socket6 *ret,
		     struct vmn_err *err) VMN_MUST_CHECK;
void vmn_socket6_close(struct vmn_socket6 *s);

/** vmn_socket6_receive() - a message of DHCPv6; Return: its length, or -errno; -EAGAIN: no more */
ssize_t vmn_socket6_receive(const struct vmn_socket6 *s, uint8_t *buf, size_t size,
			    struct sockaddr_in6 *from);
/** vmn_socket6_send() - @message to a client; losing it is as on any network */
void vmn_socket6_send(const struct vmn_socket6 *s, const struct sockaddr_in6 *to,
		      const struct vmn_dhcp6_writer *message);

/**
 * vmn_socket6_solicited() - the next router solicitation
 * @ret_from: where to answer to; all nodes when it came from no address
 *
 * Return: 1 with a sound one, 0 when there was one of no use, or -errno; -EAGAIN: no more
 */
int vmn_socket6_solicited(const struct vmn_socket6 *s, struct sockaddr_in6 *ret_from);
/** vmn_socket6_advertise() - send @ra, to all nodes when @to is NULL; Return: 0 or -errno */
int vmn_socket6_advertise(const struct vmn_socket6 *s, const struct sockaddr_in6 *to,
			  const struct vmn_ra *ra);

#endif
