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
#include "lib/dhcp/socket4.h"
#include "lib/dhcp/socket6.h"

enum {
	BURST = 32,	 /* messages of one socket at a time, so that no guest starves another */
	RETRY_MS = 1000, /* after an advertisement that could not be sent: no address yet */
	FDS_OF_BRIDGE = 3,
	INPUT_MAX = 2048,
};

struct bridge {
	char *name;
	bool has_v4, has_v6, is_gone;
	struct vmn_lease4 lease4;
	struct vmn_socket4 socket4;
	struct vmn_lease6 lease6;
	struct vmn_socket6 socket6;
	struct vmn_ra ra;
	unsigned n_ra;	    /* unasked ones that were sent */
	int64_t next_ra_ms; /* an instant of clock.h */
};

struct vmn_dhcp_server {
	const struct vmn_netns *ns;
	const struct vmn_log *log;
	struct bridge **v;
	size_t n;
	struct pollfd *polled; /* the caller's, then FDS_OF_BRIDGE for each bridge */
};

/* --- setting up ----------------------------------------------------------------------------- */

struct vmn_dhcp_server *vmn_dhcp_server_new(const struct vmn_netns *ns, const struct vmn_log *log)
{
	struct vmn_dhcp_server *s = vmn_xcalloc(1, sizeof(*s));

	s->ns = ns;
	s->log = log;
	return s;
}

static void bridge_free_p(struct bridge **b)
{
	struct bridge *old = vmn_steal(b);

	if (!old)
		return;
	vmn_socket4_close(&old->socket4);
	vmn_socket6_close(&old->socket6);
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

static int open_bridge(const struct vmn_dhcp_server *s, struct bridge *b,
		       const struct vmn_binding_facts *facts, const struct vmn_resolv *names,
		       uint32_t lease_s, enum vmn_dhcp_compat compat, struct vmn_err *err)
{
	int ret = 0;

	b->has_v4 = facts->ip4.ip.family != AF_UNSPEC;
	b->has_v6 = facts->ip6.ip.family != AF_UNSPEC;
	if (b->has_v4)
		ret = vmn_lease4_init(&b->lease4, facts, names, lease_s, compat, err);
	if (ret == 0 && b->has_v4)
		ret = vmn_socket4_open(s->ns, b->name, &b->socket4, err);
	if (ret == 0 && b->has_v6)
		ret = vmn_socket6_open(s->ns, b->name, &b->socket6, err);
	if (ret < 0 || !b->has_v6)
		return ret;
	vmn_lease6_init(&b->lease6, facts, names, b->socket6.mac, lease_s, compat);
	vmn_ra_make(&b->ra, facts, names, b->socket6.mac);
	return 0;
}

int vmn_dhcp_server_add(struct vmn_dhcp_server *s, const struct vmn_binding_facts *facts,
			const struct vmn_resolv *names, uint32_t lease_s,
			enum vmn_dhcp_compat compat, struct vmn_err *err)
{
	VMN_CLEANUP(bridge_free_p) struct bridge *b = vmn_xcalloc(1, sizeof(*b));

	b->name = vmn_xstrdup(facts->bridge);
	b->socket4 = VMN_SOCKET4_INIT;
	b->socket6 = VMN_SOCKET6_INIT;
	if (open_bridge(s, b, facts, names, lease_s, compat, err) < 0)
		return vmn_err_wrap(err, "cannot serve DHCP on '%s'", facts->bridge);
	s->v = vmn_xrealloc(s->v, s->n + 1, sizeof(struct bridge *));
	s->v[s->n++] = vmn_steal(&b);
	return 0;
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

static void serve4(struct vmn_dhcp_server *s, struct bridge *b)
{
	uint8_t packet[VMN_SOCKET4_PACKET_MAX];

	for (int i = 0; i < BURST; i++) {
		struct vmn_udp4 udp;
		struct vmn_dhcp4 msg;
		struct vmn_reply4 reply;
		const char *why = "";
		bool is_answered;
		int ret = vmn_socket4_receive(&b->socket4, packet, &udp);

		if (ret == -EAGAIN || ret == -EINTR)
			return;
		if (ret < 0) { /* down for a moment, or for good */
			b->is_gone = vmn_socket4_is_gone(&b->socket4);
			return;
		}
		if (ret == 0 || !vmn_dhcp4_decode(udp.payload, udp.len, &msg))
			continue;
		is_answered = vmn_lease4_step(&b->lease4, &msg, udp.from_port, &reply, &why);
		if (is_answered)
			vmn_socket4_send(&b->socket4, &b->lease4.server, &reply);
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
		ssize_t len = vmn_socket6_receive(&b->socket6, buf, sizeof(buf), &from);

		if (len < 0)
			return;
		if (!vmn_dhcp6_decode(buf, (size_t)len, &msg))
			continue;
		is_answered = vmn_lease6_step(&b->lease6, &msg, &reply, &why);
		if (is_answered) {
			if (b->lease6.compat == VMN_DHCP_COMPAT_NONE)
				from.sin6_port = htons(VMN_DHCP6_CLIENT_PORT);
			vmn_socket6_send(&b->socket6, &from, &reply.message);
		}
		log6(s, b, &msg, &from, is_answered, why);
	}
}

/* --- router advertisements -------------------------------------------------------------------- */

static void advertise(struct bridge *b)
{
	uint32_t random = 0; /* at worst a regular beat */
	int ret = vmn_socket6_advertise(&b->socket6, NULL, &b->ra);

	b->is_gone = ret == -ENODEV || ret == -ENXIO;
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
		int ret = vmn_socket6_solicited(&b->socket6, &from);

		if (ret < 0)
			return;
		if (ret == 0)
			continue;
		(void)vmn_socket6_advertise(&b->socket6, &from, &b->ra);
		vmn_logf(s->log, 1, "%s: a router was asked for", b->name);
	}
}

/* --- the loop --------------------------------------------------------------------------------- */

/* poll(2) passes over negative descriptors. */
static void set_polled(const struct bridge *b, struct pollfd *p)
{
	const int fds[FDS_OF_BRIDGE] = {b->socket4.packet_fd, b->socket6.dhcp_fd,
					b->socket6.icmp_fd};

	for (int i = 0; i < FDS_OF_BRIDGE; i++)
		p[i] = (struct pollfd){.fd = b->is_gone ? -1 : fds[i], .events = POLLIN};
}

static int wait_all(struct vmn_dhcp_server *s, int stop_fd, struct vmn_err *err)
{
	int64_t deadline = VMN_NEVER;

	s->polled[0] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
	for (size_t i = 0; i < s->n; i++) {
		const struct bridge *b = s->v[i];

		set_polled(b, &s->polled[1 + i * FDS_OF_BRIDGE]);
		if (b->has_v6 && !b->is_gone && b->next_ra_ms < deadline)
			deadline = b->next_ra_ms;
	}
	if (poll(s->polled, 1 + s->n * FDS_OF_BRIDGE, vmn_deadline_left(deadline)) < 0) {
		if (errno != EINTR)
			return vmn_err_sys(err, errno, "cannot wait for messages");
		for (size_t i = 0; i < 1 + s->n * FDS_OF_BRIDGE; i++)
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
}

int vmn_dhcp_server_run(struct vmn_dhcp_server *s, int stop_fd, struct vmn_err *err)
{
	size_t n_gone = 0;

	s->polled = vmn_xrealloc(s->polled, 1 + s->n * FDS_OF_BRIDGE, sizeof(*s->polled));
	while (n_gone < s->n) {
		int ret = wait_all(s, stop_fd, err);

		if (ret < 0 || s->polled[0].revents)
			return ret;
		for (size_t i = 0; i < s->n; i++) {
			struct bridge *b = s->v[i];

			if (b->is_gone)
				continue;
			serve(s, b, &s->polled[1 + i * FDS_OF_BRIDGE]);
			if (!b->is_gone)
				continue;
			vmn_logf(s->log, 0, "%s: the bridge is gone", b->name);
			n_gone++;
		}
	}
	return vmn_err_set(err, VMN_E_NOT_FOUND, "no bridge is left to serve");
}
