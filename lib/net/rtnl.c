/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/net/rtnl.h"

enum {
	/* The kernel fills at most 32 KiB, more only for a link with many virtual functions. */
	REPLY_MAX_BYTES = 256 * 1024,
	TIMEOUT_S = 30, /* changes wait for a lock that all namespaces share */
	MAX_DUMPS = 100,
};

struct vmn_rtnl {
	const struct vmn_netns *ns;
	int fd;
	uint32_t seq;
	char *reply; /* REPLY_MAX_BYTES */
};

/* What the handlers of one request share. */
struct exchange {
	const char *what; /* for the hook */
	uint32_t seq;
	int (*each)(void *arg, const struct nlmsghdr *h, struct vmn_err *err);
	void *arg;
	bool is_interrupted;
	bool is_done;
};

void vmn_nl_msg_free_p(struct nl_msg **msg)
{
	if (*msg)
		nlmsg_free(*msg);
	*msg = NULL;
}

int vmn_rtnl_open_protocol(const struct vmn_netns *ns, int protocol, struct vmn_rtnl **ret,
			   struct vmn_err *err)
{
	static const int options[] = {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK};
	vmn_auto_rtnl struct vmn_rtnl *r = vmn_xcalloc(1, sizeof(*r));
	struct timeval timeout = {.tv_sec = TIMEOUT_S};
	int rc, one = 1;

	r->ns = ns;
	r->fd = -1;
	rc = vmn_netns_socket(ns, AF_NETLINK, SOCK_RAW, protocol, &r->fd, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < VMN_ARRAY_LEN(options); i++)
		/* An old kernel without one of them still answers, with less detail. */
		(void)setsockopt(r->fd, SOL_NETLINK, options[i], &one, sizeof(one));
	if (setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		return vmn_err_sys(err, errno, "cannot set up a netlink socket");
	r->reply = malloc(REPLY_MAX_BYTES);
	if (!r->reply)
		return vmn_err_oom(err);
	*ret = vmn_steal(&r);
	return 0;
}

int vmn_rtnl_open(const struct vmn_netns *ns, struct vmn_rtnl **ret, struct vmn_err *err)
{
	return vmn_rtnl_open_protocol(ns, NETLINK_ROUTE, ret, err);
}

void vmn_rtnl_free_p(struct vmn_rtnl **rtnl)
{
	if (!*rtnl)
		return;
	vmn_close_p(&(*rtnl)->fd);
	free((*rtnl)->reply);
	free(*rtnl);
	*rtnl = NULL;
}

/* --- what the kernel says ------------------------------------------------------------- */

/* The text of the extended acknowledgement in the error message @h, or NULL; borrowed. */
static const char *extack(const struct nlmsghdr *h)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	const struct nlmsgerr *e = nlmsg_data(h);
	size_t skip = sizeof(*e);
	struct nlattr *first, *text;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - NLMSG_HDRLEN;
	skip = NLMSG_ALIGN(skip);
	if ((size_t)nlmsg_datalen(h) < skip)
		return NULL;
	first = (struct nlattr *)((char *)nlmsg_data(h) + skip);
	if (nla_parse(tb, NLMSGERR_ATTR_MAX, first, nlmsg_datalen(h) - (int)skip, NULL) < 0)
		return NULL;
	text = tb[NLMSGERR_ATTR_MSG];
	if (!text || !nla_len(text) || ((char *)nla_data(text))[nla_len(text) - 1])
		return NULL;
	return nla_data(text);
}

/* Return: -VMN_E_NETLINK or -VMN_E_PERMISSION */
static int refused(int errnum, const char *text, struct vmn_err *err)
{
	err->sys = errnum;
	if (errnum == EPERM && !text) {
		(void)vmn_err_set(err, VMN_E_PERMISSION,
				  "CAP_NET_ADMIN over the namespace is missing");
		return -VMN_E_PERMISSION;
	}
	return vmn_err_set(err, errnum == EPERM ? VMN_E_PERMISSION : VMN_E_NETLINK, "%s",
			   text ? text : strerror(errnum));
}

static int handle_error(struct exchange *x, const struct nlmsghdr *h, struct vmn_err *err)
{
	const struct nlmsgerr *e = nlmsg_data(h);

	if ((size_t)nlmsg_datalen(h) < sizeof(*e))
		return vmn_err_set(err, VMN_E_PROTOCOL, "the kernel's answer is cut off");
	x->is_done = true;
	return e->error ? refused(-e->error, extack(h), err) : 0;
}

/* NLMSG_DONE carries the error that ended a dump. */
static int handle_done(struct exchange *x, const struct nlmsghdr *h, struct vmn_err *err)
{
	int error = 0;

	x->is_done = true;
	if ((size_t)nlmsg_datalen(h) >= sizeof(error))
		memcpy(&error, nlmsg_data(h), sizeof(error));
	return error < 0 ? refused(-error, NULL, err) : 0;
}

static int handle(struct exchange *x, const struct nlmsghdr *h, struct vmn_err *err)
{
	if (h->nlmsg_seq != x->seq)
		return 0; /* of a request that was given up */
	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		x->is_interrupted = true;
	if (h->nlmsg_type == NLMSG_ERROR)
		return handle_error(x, h, err);
	if (h->nlmsg_type == NLMSG_DONE)
		return handle_done(x, h, err);
	if (h->nlmsg_type < NLMSG_MIN_TYPE || !x->each)
		return 0;
	return x->each(x->arg, h, err);
}

/* --- to the kernel and back ----------------------------------------------------------- */

static int send_msg(struct vmn_rtnl *r, struct nl_msg *msg, uint32_t *ret_seq, struct vmn_err *err)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct nlmsghdr *h = nlmsg_hdr(msg);

	h->nlmsg_seq = *ret_seq = ++r->seq;
	h->nlmsg_flags |= NLM_F_REQUEST;
	if (sendto(r->fd, h, h->nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return vmn_err_sys(err, errno, "cannot send a netlink request");
	return 0;
}

/* One datagram: as many messages as the kernel put in it. */
static int receive(struct vmn_rtnl *r, int *ret_len, struct vmn_err *err)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {.iov_base = r->reply, .iov_len = REPLY_MAX_BYTES};
	struct msghdr m = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	do {
		m.msg_namelen = sizeof(from);
		n = recvmsg(r->fd, &m, 0);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return vmn_err_set(err, VMN_E_TIMEOUT, "the kernel did not answer for %d s",
				   TIMEOUT_S);
	if (n < 0)
		return vmn_err_sys(err, errno, "cannot receive a netlink answer");
	if (m.msg_flags & MSG_TRUNC)
		return vmn_err_set(err, VMN_E_RANGE, "the kernel's answer is longer than %d bytes",
				   REPLY_MAX_BYTES);
	*ret_len = (int)n;
	return 0;
}

static int run_exchange(struct vmn_rtnl *r, struct nl_msg *msg, struct exchange *x,
			struct vmn_err *err)
{
	int errnum = vmn_netns_ask_hook(r->ns, x->what), len, rc;

	if (errnum)
		return refused(errnum, NULL, err);
	rc = send_msg(r, msg, &x->seq, err);
	if (rc < 0)
		return rc;
	while (!x->is_done) {
		struct nlmsghdr *h = (struct nlmsghdr *)r->reply;

		rc = receive(r, &len, err);
		if (rc < 0)
			return rc;
		for (; nlmsg_ok(h, len); h = nlmsg_next(h, &len)) {
			rc = handle(x, h, err);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static const char *type_name(int type)
{
	static const struct {
		int type;
		const char *name;
	} rows[] = {
		{RTM_NEWLINK, "RTM_NEWLINK"},	{RTM_SETLINK, "RTM_SETLINK"},
		{RTM_DELLINK, "RTM_DELLINK"},	{RTM_NEWADDR, "RTM_NEWADDR"},
		{RTM_DELADDR, "RTM_DELADDR"},	{RTM_NEWROUTE, "RTM_NEWROUTE"},
		{RTM_DELROUTE, "RTM_DELROUTE"}, {RTM_NEWNEIGH, "RTM_NEWNEIGH"},
		{RTM_DELNEIGH, "RTM_DELNEIGH"}, {RTM_NEWNEXTHOP, "RTM_NEWNEXTHOP"},
		{RTM_NEWQDISC, "RTM_NEWQDISC"}, {RTM_DELQDISC, "RTM_DELQDISC"},
	};

	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++)
		if (rows[i].type == type)
			return rows[i].name;
	return "netlink";
}

int vmn_rtnl_change(struct vmn_rtnl *rtnl, struct nl_msg *msg, struct vmn_err *err)
{
	struct exchange x = {.what = type_name(nlmsg_hdr(msg)->nlmsg_type)};

	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_ACK;
	return run_exchange(rtnl, msg, &x, err);
}

int vmn_rtnl_get(struct vmn_rtnl *rtnl, struct nl_msg *msg,
		 int (*each)(void *arg, const struct nlmsghdr *h, struct vmn_err *err), void *arg,
		 struct vmn_err *err)
{
	struct exchange x = {.what = VMN_NET_READ, .each = each, .arg = arg};

	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_ACK; /* ends the answer, as for a change */
	return run_exchange(rtnl, msg, &x, err);
}

int vmn_rtnl_dump(struct vmn_rtnl *rtnl, struct nl_msg *msg, void (*restart)(void *arg),
		  int (*each)(void *arg, const struct nlmsghdr *h, struct vmn_err *err), void *arg,
		  struct vmn_err *err)
{
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
	for (int i = 0; i < MAX_DUMPS; i++) {
		struct exchange x = {.what = VMN_NET_READ, .each = each, .arg = arg};
		int rc = run_exchange(rtnl, msg, &x, err);

		if (rc < 0 || !x.is_interrupted)
			return rc;
		restart(arg);
	}
	return vmn_err_set(err, VMN_E_CONFLICT, "the namespace changes faster than it can be read");
}
