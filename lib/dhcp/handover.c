/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/dhcp/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { MESSAGE_MAX = 128 * 1024, N_FDS = 4 };

/* Where descriptor @i is. */
static int *place(struct vmn_dhcp_sockets *s, int i)
{
	int *const places[N_FDS] = {&s->v4.packet_fd, &s->v4.port_fd, &s->v6.dhcp_fd,
				    &s->v6.icmp_fd};

	return places[i];
}

int vmn_dhcp_hand_over(int fd, const struct vmn_binding_facts *facts,
		       const struct vmn_dhcp_sockets *sockets, struct vmn_err *err)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(N_FDS * sizeof(int))] = {0};
	vmn_auto_json struct json_object *json = vmn_facts_json(facts);
	struct vmn_dhcp_sockets copy = *sockets;
	const char *text = vmn_json_text(json);
	struct iovec iov[] = {{&copy, sizeof(copy)}, {(void *)text, strlen(text)}};
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = VMN_ARRAY_LEN(iov),
		.msg_control = control,
	};
	struct cmsghdr *c = (struct cmsghdr *)control;
	int fds[N_FDS], n = 0;

	for (int i = 0; i < N_FDS; i++)
		if (*place(&copy, i) >= 0)
			fds[n++] = *place(&copy, i);
	if (n > 0) {
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, (size_t)n * sizeof(int));
		msg.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
	}
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) < 0)
		return vmn_err_sys(err, errno, "cannot hand over '%s'", facts->bridge);
	return 0;
}

/* The descriptors that came, put where those of the sender were. */
static int take_fds(struct msghdr *msg, struct vmn_dhcp_sockets *ret, struct vmn_err *err)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fds[N_FDS], n = 0, taken = 0, wanted = 0;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(c), (size_t)n * sizeof(int));
	}
	for (int i = 0; i < N_FDS; i++) {
		int *fd = place(ret, i);

		if (*fd < 0)
			continue;
		wanted++;
		*fd = taken < n ? fds[taken++] : -1;
	}
	if (wanted == n && !(msg->msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 0;
	return vmn_err_set(err, VMN_E_PROTOCOL, "a handover came in pieces");
}

int vmn_dhcp_take_over(int fd, struct vmn_binding_facts *facts, struct vmn_dhcp_sockets *sockets,
		       struct vmn_err *err)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(N_FDS * sizeof(int))];
	vmn_auto_free char *text = vmn_xcalloc(1, MESSAGE_MAX);
	vmn_auto_json struct json_object *json = NULL;
	struct vmn_dhcp_sockets got = VMN_DHCP_SOCKETS_INIT;
	struct iovec iov[] = {{&got, sizeof(got)}, {text, MESSAGE_MAX}};
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = VMN_ARRAY_LEN(iov),
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);

	if (len <= 0)
		return len == 0 ? 0 : vmn_err_sys(err, errno, "cannot take over a bridge");
	if ((size_t)len < sizeof(got))
		return vmn_err_set(err, VMN_E_PROTOCOL, "a handover came in pieces");
	*sockets = got;
	if (take_fds(&msg, sockets, err) < 0 ||
	    vmn_json_parse(text, (size_t)len - sizeof(got), &json, err) < 0 ||
	    vmn_facts_read(json, facts, err) < 0)
		return -(int)err->code;
	return 1;
}
