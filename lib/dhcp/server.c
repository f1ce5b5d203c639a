/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "lib/dhcp/socket4.h"

/* At most so many messages of one bridge at a time, so that no guest keeps others from being
 * served. */
enum { BURST = 32 };

struct bridge {
	char *name;
	const struct vmn_lease4 *lease;
	struct vmn_socket4 socket;
	bool is_gone;
};

struct vmn_dhcp_server {
	const struct vmn_netns *ns;
	const struct vmn_log *log;
	struct bridge *v4;
	size_t n_v4;
	struct pollfd *polled; /* the caller's, then one for each bridge */
	struct vmn_dhcp4 message;
	struct vmn_reply4 reply;
};

struct vmn_dhcp_server *vmn_dhcp_server_new(const struct vmn_netns *ns, const struct vmn_log *log)
{
	struct vmn_dhcp_server *s = vmn_xcalloc(1, sizeof(*s));

	s->ns = ns;
	s->log = log;
	return s;
}

void vmn_dhcp_server_free_p(struct vmn_dhcp_server **s)
{
	struct vmn_dhcp_server *old = vmn_steal(s);

	if (!old)
		return;
	for (size_t i = 0; i < old->n_v4; i++) {
		vmn_socket4_close(&old->v4[i].socket);
		free(old->v4[i].name);
	}
	free(old->v4);
	free(old->polled);
	free(old);
}

int vmn_dhcp_server_add4(struct vmn_dhcp_server *s, const char *bridge,
			 const struct vmn_lease4 *lease, struct vmn_err *err)
{
	struct bridge b = {.lease = lease, .socket = VMN_SOCKET4_INIT};
	int ret = vmn_socket4_open(s->ns, bridge, &b.socket, err);

	if (ret < 0) {
		vmn_socket4_close(&b.socket);
		return vmn_err_wrap(err, "cannot serve DHCP on '%s'", bridge);
	}
	b.name = vmn_xstrdup(bridge);
	s->v4 = vmn_xrealloc(s->v4, s->n_v4 + 1, sizeof(*s->v4));
	s->v4[s->n_v4++] = b;
	return 0;
}

static void log_step(struct vmn_dhcp_server *s, const struct bridge *b, bool is_answered,
		     const char *why)
{
	/* a declined address is two hosts that use it: somebody must look */
	int level = s->message.type == VMN_DHCP4_DECLINE ? 0 : is_answered ? 1 : 6;
	char mac[VMN_MAC_TEXT_SIZE], ip[VMN_IP_TEXT_SIZE];

	if (!vmn_log_on(s->log, level))
		return;
	vmn_logf(s->log, level, "%s: %s from %s: %s%s%s", b->name,
		 vmn_dhcp4_type_word(s->message.type), vmn_mac_text(s->message.h.chaddr, mac), why,
		 is_answered ? " " : "", is_answered ? vmn_ip_text(&b->lease->address.ip, ip) : "");
	if (is_answered && s->reply.left_out > 0)
		vmn_logf(s->log, 0, "%s: %zu options do not fit in what the client takes", b->name,
			 s->reply.left_out);
}

static void serve4(struct vmn_dhcp_server *s, struct bridge *b)
{
	uint8_t packet[VMN_SOCKET4_PACKET_MAX];

	for (int i = 0; i < BURST; i++) {
		struct vmn_udp4 udp;
		const char *why = "";
		bool is_answered;
		int ret = vmn_socket4_receive(&b->socket, packet, &udp);

		if (ret == -EAGAIN || ret == -EINTR)
			return;
		if (ret < 0) { /* down for a moment, or for good */
			b->is_gone = vmn_socket4_is_gone(&b->socket);
			return;
		}
		if (ret == 0 || !vmn_dhcp4_decode(udp.payload, udp.len, &s->message))
			continue;
		is_answered =
			vmn_lease4_step(b->lease, &s->message, udp.from_port, &s->reply, &why);
		if (is_answered)
			vmn_socket4_send(&b->socket, &b->lease->server, &s->reply);
		log_step(s, b, is_answered, why);
	}
}

static int poll_all(struct vmn_dhcp_server *s, int stop_fd, struct vmn_err *err)
{
	s->polled[0] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
	for (size_t i = 0; i < s->n_v4; i++)
		s->polled[1 + i] = (struct pollfd){
			.fd = s->v4[i].is_gone ? -1 : s->v4[i].socket.packet_fd,
			.events = POLLIN,
		};
	if (poll(s->polled, 1 + s->n_v4, -1) < 0 && errno != EINTR)
		return vmn_err_sys(err, errno, "cannot wait for messages");
	return 0;
}

int vmn_dhcp_server_run(struct vmn_dhcp_server *s, int stop_fd, struct vmn_err *err)
{
	size_t n_gone = 0;

	s->polled = vmn_xrealloc(s->polled, 1 + s->n_v4, sizeof(*s->polled));
	while (n_gone < s->n_v4) {
		int ret = poll_all(s, stop_fd, err);

		if (ret < 0 || s->polled[0].revents)
			return ret;
		for (size_t i = 0; i < s->n_v4; i++) {
			struct bridge *b = &s->v4[i];

			if (!s->polled[1 + i].revents || b->is_gone)
				continue;
			serve4(s, b);
			if (b->is_gone) {
				vmn_logf(s->log, 0, "%s: the link is gone", b->name);
				n_gone++;
			}
		}
	}
	return vmn_err_set(err, VMN_E_NOT_FOUND, "no bridge is left to serve");
}
