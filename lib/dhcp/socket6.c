/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/socket6.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

static const struct in6_addr all_nodes = {{{0xff, 2, [15] = 1}}};
static const struct in6_addr all_routers = {{{0xff, 2, [15] = 2}}};
static const struct in6_addr all_dhcp_servers = {{{0xff, 2, [13] = 1, [15] = 2}}};

/* --- opening ------------------------------------------------------------------------------ */

static int find_link(int fd, const char *name, struct vmn_socket6 *s, struct vmn_err *err)
{
	struct ifreq req = {0};
	int ret = vmn_link_index(fd, name, &s->ifindex, err);

	if (ret < 0)
		return ret;
	memcpy(req.ifr_name, name, strlen(name)); /* it fits, or it had no index */
	if (ioctl(fd, SIOCGIFHWADDR, &req) < 0)
		return vmn_err_sys(err, errno, "cannot read the address of '%s'", name);
	memcpy(s->mac, req.ifr_hwaddr.sa_data, sizeof(s->mac));
	return 0;
}

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static int bind_to(int fd, const char *bridge, const struct in6_addr *group, int ifindex)
{
	const struct ipv6_mreq member = {*group, (unsigned)ifindex};

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, bridge, (socklen_t)strlen(bridge)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &member, sizeof(member)) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, ifindex) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) < 0)
		return -1;
	return 0;
}

static int open_dhcp(const struct vmn_netns *ns, const char *bridge, struct vmn_socket6 *s,
		     struct vmn_err *err)
{
	const struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(VMN_DHCP6_SERVER_PORT),
	};
	int ret = vmn_netns_socket(ns, AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0, &s->dhcp_fd, err);

	if (ret == 0)
		ret = find_link(s->dhcp_fd, bridge, s, err);
	if (ret < 0)
		return ret;
	if (set_int(s->dhcp_fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0 ||
	    bind_to(s->dhcp_fd, bridge, &all_dhcp_servers, s->ifindex) < 0)
		return vmn_err_sys(err, errno, "cannot prepare a socket");
	if (bind(s->dhcp_fd, (const struct sockaddr *)&any, sizeof(any)) < 0) {
		if (errno == EADDRINUSE)
			return vmn_err_set(err, VMN_E_CONFLICT,
					   "another DHCPv6 server is running there");
		return vmn_err_sys(err, errno, "cannot take port %d", VMN_DHCP6_SERVER_PORT);
	}
	return 0;
}

static int open_icmp(const struct vmn_netns *ns, const char *bridge, struct vmn_socket6 *s,
		     struct vmn_err *err)
{
	struct icmp6_filter filter;
	int ret = vmn_netns_socket(ns, AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMPV6,
				   &s->icmp_fd, err);

	if (ret < 0)
		return ret;
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_ROUTER_SOLICIT, &filter);
	if (setsockopt(s->icmp_fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0 ||
	    bind_to(s->icmp_fd, bridge, &all_routers, s->ifindex) < 0 ||
	    set_int(s->icmp_fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) < 0 ||
	    set_int(s->icmp_fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, VMN_RA_HOP_LIMIT) < 0 ||
	    set_int(s->icmp_fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, VMN_RA_HOP_LIMIT) < 0)
		return vmn_err_sys(err, errno, "cannot prepare a socket");
	return 0;
}

int vmn_socket6_open(const struct vmn_netns *ns, const char *bridge, struct vmn_socket6 *ret,
		     struct vmn_err *err)
{
	int r = open_dhcp(ns, bridge, ret, err);

	return r < 0 ? r : open_icmp(ns, bridge, ret, err);
}

void vmn_socket6_close(struct vmn_socket6 *s)
{
	vmn_close_p(&s->dhcp_fd);
	vmn_close_p(&s->icmp_fd);
}

/* --- DHCPv6 -------------------------------------------------------------------------------- */

ssize_t vmn_socket6_receive(const struct vmn_socket6 *s, uint8_t *buf, size_t size,
			    struct sockaddr_in6 *from)
{
	socklen_t from_len = sizeof(*from);
	ssize_t len = recvfrom(s->dhcp_fd, buf, size, 0, (struct sockaddr *)from, &from_len);

	return len < 0 ? -errno : len;
}

void vmn_socket6_send(const struct vmn_socket6 *s, const struct sockaddr_in6 *to,
		      const struct vmn_dhcp6_writer *message)
{
	(void)sendto(s->dhcp_fd, message->bytes, message->len, 0, (const struct sockaddr *)to,
		     sizeof(*to));
}

/* --- router advertisements ------------------------------------------------------------------ */

static int hop_limit_of(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		int hops;

		if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_HOPLIMIT ||
		    c->cmsg_len < CMSG_LEN(sizeof(hops)))
			continue;
		memcpy(&hops, CMSG_DATA(c), sizeof(hops));
		return hops;
	}
	return -1;
}

int vmn_socket6_solicited(const struct vmn_socket6 *s, struct sockaddr_in6 *ret_from)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	uint8_t buf[256];
	struct sockaddr_in6 from = {0};
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(s->icmp_fd, &msg, 0);
	bool is_unspecified = IN6_IS_ADDR_UNSPECIFIED(&from.sin6_addr);

	if (len < 0)
		return -errno;
	if ((msg.msg_flags & MSG_TRUNC) ||
	    !vmn_rs_check(buf, (size_t)len, hop_limit_of(&msg), is_unspecified))
		return 0;
	*ret_from = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_addr = is_unspecified ? all_nodes : from.sin6_addr,
		.sin6_scope_id = (uint32_t)s->ifindex,
	};
	return 1;
}

int vmn_socket6_advertise(const struct vmn_socket6 *s, const struct sockaddr_in6 *to,
			  const struct vmn_ra *ra)
{
	const struct sockaddr_in6 everybody = {
		.sin6_family = AF_INET6,
		.sin6_addr = all_nodes,
		.sin6_scope_id = (uint32_t)s->ifindex,
	};
	ssize_t sent = sendto(s->icmp_fd, ra->bytes, ra->len, 0,
			      (const struct sockaddr *)(to ? to : &everybody), sizeof(everybody));

	return sent < 0 ? -errno : 0;
}
