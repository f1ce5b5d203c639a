/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/net/tapfd.h"

struct open_call {
	const char *name;
	unsigned n;
	int *fds;
};

static int open_queue(const char *name, bool is_multi, int *ret, struct vmn_err *err)
{
	vmn_auto_close int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};

	if (fd < 0)
		return vmn_err_sys(err, errno, "cannot open /dev/net/tun");
	if (is_multi)
		ifr.ifr_flags |= IFF_MULTI_QUEUE;
	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0)
		return vmn_err_sys(err, errno, "cannot open tap '%s'", name);
	*ret = vmn_steal_fd(&fd);
	return 0;
}

static int open_queues(void *arg, struct vmn_err *err)
{
	const struct open_call *c = arg;

	/* Else a tap that is not there would be made: the descriptor's life only, but made. */
	if (if_nametoindex(c->name) == 0)
		return vmn_err_sys(err, errno, "cannot open tap '%s'", c->name);
	for (unsigned i = 0; i < c->n; i++) {
		int rc = open_queue(c->name, c->n > 1, &c->fds[i], err);

		while (rc < 0 && i-- > 0)
			vmn_close_p(&c->fds[i]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Attach @n queues of the tap, 1 when it has a single one. */
static int open_tap(const struct vmn_netns *ns, const char *name, unsigned n, int *ret,
		    struct vmn_err *err)
{
	struct open_call call = {name, n, ret};

	return vmn_netns_run(ns, open_queues, &call, err);
}

int vmn_tap_connect(const char *path, int *ret, struct vmn_err *err)
{
	vmn_auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(addr.sun_path))
		return vmn_err_set(err, VMN_E_RANGE, "path of a socket is too long: '%s'", path);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return vmn_err_sys(err, errno, "cannot connect to '%s'", path);
	*ret = vmn_steal_fd(&fd);
	return 0;
}

static int send_fds(int socket_fd, const char *name, const int *fds, unsigned n,
		    struct vmn_err *err)
{
	char text[IFNAMSIZ + 1];
	union {
		char bytes[CMSG_SPACE(sizeof(int) * VMN_TAP_HAND_OVER_MAX)];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {.iov_base = text};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(int) * n),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

	iov.iov_len = (size_t)snprintf(text, sizeof(text), "%s\n", name);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(header), fds, sizeof(int) * n);
	if (sendmsg(socket_fd, &msg, MSG_NOSIGNAL) < 0)
		return vmn_err_sys(err, errno, "cannot hand over tap '%s'", name);
	return 0;
}

int vmn_tap_hand_over(const struct vmn_netns *ns, const char *name, unsigned queues, int to,
		      struct vmn_err *err)
{
	unsigned n = queues > 1 ? queues : 1;
	int fds[VMN_TAP_HAND_OVER_MAX], rc;

	if (n > VMN_TAP_HAND_OVER_MAX)
		return vmn_err_set(err, VMN_E_RANGE, "tap '%s' has too many queues", name);
	rc = open_tap(ns, name, n, fds, err);
	if (rc < 0)
		return rc;
	rc = send_fds(to, name, fds, n, err);
	for (unsigned i = 0; i < n; i++)
		vmn_close_p(&fds[i]);
	return rc;
}
