/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/clock.h"

enum {
	BURST = 32,	 /* messages of one socket at a time, so that no guest starves another */
	RETRY_MS = 1000, /* after an advertisement that could not be sent: no address yet */
	CHECK_MS = 1000, /* a link that is down may go without a word */
	FDS_OF_CALLER = 2,
	FDS_OF_BRIDGE = 3,
	INPUT_MAX = 2048,
};

struct bridge {
	char *name;
	bool has_v4, has_v6, is_gone;
	struct vmn_dhcp_sockets sockets;
	struct vmn_lease4 lease4;
	struct vmn_lease6 lease6;
	struct vmn_ra ra;
	unsigned n_ra;	    /* unasked ones that were sent */
	int64_t next_ra_ms; /* an instant of clock.h */
	int64_t check_ms;   /* when to look whether the link is still there */
};

struct vmn_dhcp_server {
	const struct vmn_log *log;
	struct bridge **v;
	size_t n;
	struct pollfd *polled; /* FDS_OF_CALLER, then FDS_OF_BRIDGE for each bridge */
	int more_fd;	       /* for bridges to come, or -1 */
	bool (*more)(void *arg);
	void *more_arg;
};

/* --- setting up ----------------------------------------------------------------------------- */

int vmn_dhcp_sockets_open(const struct vmn_netns *ns, const struct vmn_binding_facts *facts,
			  struct vmn_dhcp_sockets *ret, struct vmn_err *err)
{
	int r = 0;

	if (facts->ip4.ip.family != AF_UNSPEC)
		r = vmn_socket4_open(ns, facts->bridge, &ret->v4, err);
	if (r == 0 && facts->ip6.ip.family != AF_UNSPEC)
		r = vmn_socket6_open(ns, facts->bridge, &ret->v6, err);
	return r < 0 ? vmn_err_wrap(err, "cannot serve DHCP on '%s'", facts->bridge) : 0;
}

void vmn_dhcp_sockets_close(struct vmn_dhcp_sockets *sockets)
{
	vmn_socket4_close(&sockets->v4);
	vmn_socket6_close(&sockets->v6);
}

struct vmn_dhcp_server *vmn_dhcp_server_new(const struct vmn_log *log)
{
	struct vmn_dhcp_server *s = vmn_xcalloc(1, sizeof(*s));

	s->log = log;
	s->more_fd = -1;
	return s;
}

static void bridge_free_p(struct bridge **b)
{
	struct bridge *old = vmn_steal(b);

	if (!old)
		return;
	vmn_dhcp_sockets_close(&old->sockets);
	free(old->name);
	free(old);
}

void vmn_dhcp_server_free_p(struct vmn_dhcp_server **s)
{
	struct vmn_dhcp_server *old = vmn_steal(s);

	if (!old)
		return;
	for (size_t i = 0; i < old->n; i++)
		bridge_free_p(&old->v[i]);
	free(old->v);
	free(old->polled);
	free(old);
}

int vmn_dhcp_server_add(struct vmn_dhcp_server *s, const struct vmn_binding_facts *facts,
			const struct vmn_resolv *names, uint32_t lease_s,
			enum vmn_dhcp_compat compat, struct vmn_dhcp_sockets *sockets,
			struct vmn_err *err)
{
	VMN_CLEANUP(bridge_free_p) struct bridge *b = vmn_xcalloc(1, sizeof(*b));

	b->name = vmn_xstrdup(facts->bridge);
	b->sockets = VMN_DHCP_SOCKETS_INIT;
	b->check_ms = VMN_NEVER;
	b->has_v4 = facts->ip4.ip.family != AF_UNSPEC;
	b->has_v6 = facts->ip6.ip.family != AF_UNSPEC;
	if (b->has_v4 && vmn_lease4_init(&b->lease4, facts, names, lease_s, compat, err) < 0)
		return vmn_err_wrap(err, "cannot serve DHCP on '%s'", facts->bridge);
	if (b->has_v6) {
		vmn_lease6_init(&b->lease6, facts, names, sockets->v6.mac, lease_s, compat);
		vmn_ra_make(&b->ra, facts, names, sockets->v6.mac);
	}
	b->sockets = *sockets;
	*sockets = VMN_DHCP_SOCKETS_INIT;
	s->v = vmn_xrealloc(s->v, s->n + 1, sizeof(struct bridge *));
	s->v[s->n++] = vmn_steal(&b);
	return 0;
}

void vmn_dhcp_server_expect(struct vmn_dhcp_server *s, int fd, bool (*fn)(void *arg), void *arg)
{
	s->more_fd = fd;
	s->more = fn;
	s->more_arg = arg;
}

/* --- DHCPv4 --------------------------------------------------------------------------------- */

/* A declined address is two hosts that use it: somebody must look. */
static int log_level(bool is_decline, bool is_answered)
{
	return is_decline ? 0 : is_answered ? 1 : 6;
}

static void log4(const struct vmn_dhcp_server *s, const struct bridge *b,
		 const struct vmn_dhcp4 *msg, const struct vmn_reply4 *reply, const char *why)
{
	int level = log_level(msg->type == VMN_DHCP4_DECLINE, reply);
	char mac[VMN_MAC_TEXT_SIZE];

	if (!vmn_log_on(s->log, level))
		return;
	vmn_logf(s->log, level, "%s: DHCPv4 %s from %s: %s", b->name,
		 vmn_dhcp4_type_word(msg->type), vmn_mac_text(msg->h.chaddr, mac), why);
	if (reply && reply->left_out > 0)
		vmn_logf(s->log, 1, "%s: %zu options do not fit in what the client takes", b->name,
			 reply->left_out);
}

static void check(struct bridge *b)
{
	b->is_gone = vmn_socket4_is_gone(&b->sockets.v4);
	b->check_ms = vmn_deadline_in(CHECK_MS);
}

static void serve4(struct vmn_dhcp_server *s, struct bridge *b)
{
	uint8_t packet[VMN_SOCKET4_PACKET_MAX];

	for (int i = 0; i < BURST; i++) {
		struct vmn_udp4 udp;
		struct vmn_dhcp4 msg;
		struct vmn_reply4 reply;
		const char *why = "";
		bool is_answered;
		int ret = vmn_socket4_receive(&b->sockets.v4, packet, &udp);

		if (ret == -EAGAIN || ret == -EINTR)
			return;
		if (ret < 0) { /* down for a moment, or for good */
			check(b);
			return;
		}
		b->check_ms = VMN_NEVER;
		if (ret == 0 || !vmn_dhcp4_decode(udp.payload, udp.len, &msg))
			continue;
		is_answered = vmn_lease4_step(&b->lease4, &msg, udp.from_port, &reply, &why);
		if (is_answered)
			vmn_socket4_send(&b->sockets.v4, &b->lease4.server, &reply);
		log4(s, b, &msg, is_answered ? &reply : NULL, why);
	}
}

/* --- DHCPv6 --------------------------------------------------------------------------------- */

static void log6(const struct vmn_dhcp_server *s, const struct bridge *b,
		 const struct vmn_dhcp6 *msg, const struct sockaddr_in6 *from, bool is_answered,
		 const char *why)
{
	int level = log_level(msg->type == VMN_DHCP6_DECLINE, is_answered);
	char ip[INET6_ADDRSTRLEN] = "";

	if (!vmn_log_on(s->log, level))
		return;
	inet_ntop(AF_INET6, &from->sin6_addr, ip, sizeof(ip));
	vmn_logf(s->log, level, "%s: DHCPv6 %s from %s: %s", b->name,
		 vmn_dhcp6_type_word(msg->type), ip, why);
}

static void serve6(struct vmn_dhcp_server *s, struct bridge *b)
{
	uint8_t buf[INPUT_MAX];

	for (int i = 0; i < BURST; i++) {
		struct sockaddr_in6 from = {0};
		struct vmn_dhcp6 msg;
		struct vmn_reply6 reply;
		const char *why = "";
		bool is_answered;
		ssize_t len = vmn_socket6_receive(&b->sockets.v6, buf, sizeof(buf), &from);

		if (len < 0)
			return;
		if (!vmn_dhcp6_decode(buf, (size_t)len, &msg))
			continue;
		is_answered = vmn_lease6_step(&b->lease6, &msg, &reply, &why);
		if (is_answered) {
			if (b->lease6.compat == VMN_DHCP_COMPAT_NONE)
				from.sin6_port = htons(VMN_DHCP6_CLIENT_PORT);
			vmn_socket6_send(&b->sockets.v6, &from, &reply.message);
		}
		log6(s, b, &msg, &from, is_answered, why);
	}
}

/* --- router advertisements -------------------------------------------------------------------- */

static void advertise(struct bridge *b)
{
	uint32_t random = 0; /* at worst a regular beat */
	int ret = vmn_socket6_advertise(&b->sockets.v6, NULL, &b->ra);

	b->is_gone |= ret == -ENODEV || ret == -ENXIO;
	if (ret < 0) {
		b->next_ra_ms = vmn_deadline_in(RETRY_MS);
		return;
	}
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	b->next_ra_ms = vmn_deadline_in(vmn_ra_interval_ms(b->n_ra, random));
	b->n_ra++;
}

static void serve_solicitations(struct vmn_dhcp_server *s, struct bridge *b)
{
	for (int i = 0; i < BURST; i++) {
		struct sockaddr_in6 from;
		int ret = vmn_socket6_solicited(&b->sockets.v6, &from);

		if (ret < 0)
			return;
		if (ret == 0)
			continue;
		(void)vmn_socket6_advertise(&b->sockets.v6, &from, &b->ra);
		vmn_logf(s->log, 1, "%s: a router was asked for", b->name);
	}
}

/* --- the loop --------------------------------------------------------------------------------- */

/* poll(2) passes over negative descriptors. */
static void set_polled(const struct bridge *b, struct pollfd *p)
{
	const int fds[FDS_OF_BRIDGE] = {b->sockets.v4.packet_fd, b->sockets.v6.dhcp_fd,
					b->sockets.v6.icmp_fd};

	for (int i = 0; i < FDS_OF_BRIDGE; i++)
		p[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
}

static int wait_all(struct vmn_dhcp_server *s, int stop_fd, struct vmn_err *err)
{
	size_t n = FDS_OF_CALLER + s->n * FDS_OF_BRIDGE;
	int64_t deadline = VMN_NEVER;

	s->polled = vmn_xrealloc(s->polled, n, sizeof(*s->polled));
	s->polled[0] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
	s->polled[1] = (struct pollfd){.fd = s->more_fd, .events = POLLIN};
	for (size_t i = 0; i < s->n; i++) {
		const struct bridge *b = s->v[i];

		set_polled(b, &s->polled[FDS_OF_CALLER + i * FDS_OF_BRIDGE]);
		if (b->has_v6 && b->next_ra_ms < deadline)
			deadline = b->next_ra_ms;
		if (b->check_ms < deadline)
			deadline = b->check_ms;
	}
	if (poll(s->polled, n, vmn_deadline_left(deadline)) < 0) {
		if (errno != EINTR)
			return vmn_err_sys(err, errno, "cannot wait for messages");
		for (size_t i = 0; i < n; i++)
			s->polled[i].revents = 0;
	}
	return 0;
}

static void serve(struct vmn_dhcp_server *s, struct bridge *b, const struct pollfd *p)
{
	if (p[0].revents)
		serve4(s, b);
	if (p[1].revents)
		serve6(s, b);
	if (p[2].revents)
		serve_solicitations(s, b);
	if (b->has_v6 && vmn_deadline_left(b->next_ra_ms) == 0)
		advertise(b);
	if (vmn_deadline_left(b->check_ms) == 0)
		check(b);
}

static void forget_gone(struct vmn_dhcp_server *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i]->is_gone) {
			vmn_logf(s->log, 0, "%s: the bridge is gone", s->v[i]->name);
			bridge_free_p(&s->v[i]);
		} else
			s->v[n++] = s->v[i];
	}
	s->n = n;
}

int vmn_dhcp_server_run(struct vmn_dhcp_server *s, int stop_fd, struct vmn_err *err)
{
	while (s->n > 0 || s->more_fd >= 0) {
		int ret = wait_all(s, stop_fd, err);

		if (ret < 0 || s->polled[0].revents)
			return ret;
		for (size_t i = 0; i < s->n; i++)
			serve(s, s->v[i], &s->polled[FDS_OF_CALLER + i * FDS_OF_BRIDGE]);
		forget_gone(s);
		if (s->polled[1].revents && !s->more(s->more_arg))
			s->more_fd = -1;
	}
	return vmn_err_set(err, VMN_E_NOT_FOUND, "no bridge is left to serve");
}
