/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/socket4.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* --- opening ------------------------------------------------------------------------------ */

/* Whole UDP datagrams to the server's port; the packet begins at its IPv4 header. */
static struct sock_filter dhcp_filter[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 4, 0),
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
	BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VMN_DHCP4_SERVER_PORT, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, VMN_SOCKET4_PACKET_MAX),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

static struct sock_filter nothing_filter[] = {BPF_STMT(BPF_RET | BPF_K, 0)};

static int set_filter(int fd, struct sock_filter *filter, size_t n)
{
	struct sock_fprog program = {.len = (unsigned short)n, .filter = filter};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int open_port(const struct vmn_netns *ns, const char *bridge, struct vmn_socket4 *s,
		     struct vmn_err *err)
{
	const struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_port = htons(VMN_DHCP4_SERVER_PORT),
	};
	int ret = vmn_netns_socket(ns, AF_INET, SOCK_DGRAM, 0, &s->port_fd, err);

	if (ret == 0)
		ret = vmn_link_index(s->port_fd, bridge, &s->ifindex, err);
	if (ret < 0)
		return ret;
	if (set_filter(s->port_fd, nothing_filter, VMN_ARRAY_LEN(nothing_filter)) < 0 ||
	    setsockopt(s->port_fd, SOL_SOCKET, SO_BINDTODEVICE, bridge, (socklen_t)strlen(bridge)) <
		    0)
		return vmn_err_sys(err, errno, "cannot prepare a socket");
	if (bind(s->port_fd, (const struct sockaddr *)&any, sizeof(any)) < 0) {
		if (errno == EADDRINUSE)
			return vmn_err_set(err, VMN_E_CONFLICT,
					   "another DHCP server is running there");
		return vmn_err_sys(err, errno, "cannot take port %d", VMN_DHCP4_SERVER_PORT);
	}
	return 0;
}

int vmn_socket4_open(const struct vmn_netns *ns, const char *bridge, struct vmn_socket4 *ret,
		     struct vmn_err *err)
{
	struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	const int on = 1;
	int r = open_port(ns, bridge, ret, err);

	/* protocol 0: nothing comes before the filter is there */
	if (r == 0)
		r = vmn_netns_socket(ns, AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0, &ret->packet_fd,
				     err);
	if (r < 0)
		return r;
	link.sll_ifindex = ret->ifindex;
	if (setsockopt(ret->packet_fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
	    set_filter(ret->packet_fd, dhcp_filter, VMN_ARRAY_LEN(dhcp_filter)) < 0)
		return vmn_err_sys(err, errno, "cannot prepare a packet socket");
	if (bind(ret->packet_fd, (const struct sockaddr *)&link, sizeof(link)) < 0)
		return vmn_err_sys(err, errno, "cannot listen");
	return 0;
}

void vmn_socket4_close(struct vmn_socket4 *s)
{
	vmn_close_p(&s->packet_fd);
	vmn_close_p(&s->port_fd);
}

/* --- using -------------------------------------------------------------------------------- */

/* Between two ends on one host nobody computes the checksum of UDP. */
static bool has_partial_sum(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
		    c->cmsg_len < CMSG_LEN(sizeof(aux)))
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & TP_STATUS_CSUMNOTREADY;
	}
	return false;
}

int vmn_socket4_receive(const struct vmn_socket4 *s, uint8_t *packet, struct vmn_udp4 *ret)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct sockaddr_ll from = {0};
	struct iovec iov = {packet, VMN_SOCKET4_PACKET_MAX};
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(s->packet_fd, &msg, 0);

	if (len < 0)
		return -errno;
	if (from.sll_pkttype != PACKET_HOST && from.sll_pkttype != PACKET_BROADCAST)
		return 0;
	return vmn_udp4_parse(packet, (size_t)len, has_partial_sum(&msg), ret) ? 1 : 0;
}

bool vmn_socket4_is_gone(const struct vmn_socket4 *s)
{
	struct ifreq req = {.ifr_ifindex = s->ifindex};

	return ioctl(s->port_fd, SIOCGIFNAME, &req) < 0 && errno == ENODEV;
}

void vmn_socket4_send(const struct vmn_socket4 *s, const struct vmn_ip *server,
		      const struct vmn_reply4 *reply)
{
	uint8_t packet[VMN_UDP4_HEADERS + VMN_DHCP4_MAX];
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = s->ifindex,
		.sll_halen = VMN_MAC_SIZE,
	};
	struct vmn_udp4 udp = {
		.from_port = VMN_DHCP4_SERVER_PORT,
		.to_port = reply->to_port,
		.len = reply->len,
	};

	memcpy(to.sll_addr, reply->to_mac, VMN_MAC_SIZE);
	memcpy(udp.from, server->bytes, sizeof(udp.from));
	memcpy(udp.to, reply->to_ip, sizeof(udp.to));
	memcpy(packet + VMN_UDP4_HEADERS, reply->bytes, reply->len);
	(void)sendto(s->packet_fd, packet, vmn_udp4_build(&udp, packet), 0,
		     (const struct sockaddr *)&to, sizeof(to));
}
