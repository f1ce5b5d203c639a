/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/binding/apply.h"
#include "lib/dhcp/handover.h"
#include "lib/net/sandbox.h"
#include "lib/net/txnfile.h"
#include "subcommands/netsetup_dhcp_watch.h"

enum { KNOWN_MAX = 128 * 1024 };

struct watch {
	struct cmd_ctx *ctx;
	const struct vmn_netns *ns;
	int server_fd, notify_fd;
	int any_fd; /* a socket inside, to look for links */
	struct vmn_strlist known;
};

bool netsetup_dhcp_is_served(const struct vmn_binding_facts *f)
{
	return f->bridge && f->binding != VMN_BINDING_MANAGED_TAP &&
	       (f->ip4.ip.family != AF_UNSPEC || f->ip6.ip.family != AF_UNSPEC);
}

/* A bridge that was taken back and made again is another one. */
static char *make_key(int ifindex, const struct vmn_binding_facts *facts)
{
	vmn_auto_json struct json_object *json = vmn_facts_json(facts);

	return vmn_xasprintf("%d %s", ifindex, vmn_json_text(json));
}

void netsetup_dhcp_watch_note(struct vmn_strlist *known, const struct vmn_binding_facts *facts,
			      const struct vmn_dhcp_sockets *sockets)
{
	int ifindex = sockets->v4.ifindex ? sockets->v4.ifindex : sockets->v6.ifindex;
	vmn_auto_free char *key = make_key(ifindex, facts);

	vmn_strlist_add(known, key);
}

/* --- in the process that watches ------------------------------------------------------------- */

/* Forget the events that are there. Return: whether one of them was about a transaction */
static bool drain(const struct watch *w)
{
	_Alignas(struct inotify_event) char events[4096];
	bool is_ours = false;
	ssize_t len;

	while ((len = read(w->notify_fd, events, sizeof(events))) > 0)
		for (char *p = events; p < events + len;) {
			const struct inotify_event *e = (const struct inotify_event *)p;

			is_ours |= e->mask & IN_Q_OVERFLOW ||
				   (e->len && vmn_ends_with(e->name, VMN_TXNFILE_SUFFIX));
			p += sizeof(*e) + e->len;
		}
	return is_ours;
}

static int hand_over(struct watch *w, const struct vmn_binding_facts *facts,
		     struct vmn_strlist *known, struct vmn_err *err)
{
	vmn_auto_dhcp_sockets struct vmn_dhcp_sockets sockets = VMN_DHCP_SOCKETS_INIT;
	vmn_auto_free char *key = NULL;
	int ifindex, ret = vmn_link_index(w->any_fd, facts->bridge, &ifindex, err);

	if (ret == -VMN_E_NOT_FOUND) { /* somebody deleted it: nothing to serve */
		vmn_err_clear(err);
		return 0;
	}
	if (ret < 0)
		return ret;
	key = make_key(ifindex, facts);
	if (!vmn_strlist_has(&w->known, key)) {
		ret = vmn_dhcp_sockets_open(w->ns, facts, &sockets, err);
		if (ret == 0)
			ret = vmn_dhcp_hand_over(w->server_fd, facts, &sockets, err);
	}
	if (ret == 0)
		vmn_strlist_add(known, key);
	return ret;
}

/*
 * With the journal locked nobody writes to it: what has happened up to then is read, and the events
 * of it, and of our own reading, can go.
 */
static int read_facts(struct watch *w, struct vmn_facts_list *ret, struct vmn_err *err)
{
	vmn_auto_journal struct vmn_journal *journal = NULL;
	int r = netsetup_journal(w->ctx, w->ns, &journal, err);

	if (r == 0)
		r = vmn_binding_facts(journal, ret, err);
	(void)drain(w);
	return r;
}

/* What fails is tried again at the next change. */
static void look(struct watch *w)
{
	vmn_auto_facts_list struct vmn_facts_list list = {0};
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	struct vmn_strlist known = {0};

	if (read_facts(w, &list, &why) < 0) {
		cmd_warn(w->ctx, "%s", vmn_err_text(&why));
		return;
	}
	for (size_t i = 0; i < list.n; i++) {
		vmn_auto_err struct vmn_err failed = VMN_ERR_INIT;

		if (netsetup_dhcp_is_served(&list.v[i]) &&
		    hand_over(w, &list.v[i], &known, &failed) < 0)
			cmd_warn(w->ctx, "%s", vmn_err_text(&failed));
	}
	vmn_strlist_clear(&w->known);
	w->known = known;
}

static int open_notify(struct watch *w, struct vmn_err *err)
{
	vmn_auto_journal struct vmn_journal *journal = NULL;
	int ret = netsetup_journal(w->ctx, w->ns, &journal, err);

	if (ret < 0)
		return ret;
	w->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->notify_fd < 0 || inotify_add_watch(w->notify_fd, vmn_journal_dir(journal),
						  IN_CLOSE_WRITE | IN_DELETE) < 0)
		return vmn_err_sys(err, errno, "cannot watch '%s'", vmn_journal_dir(journal));
	return 0;
}

/* Return: false when the server ended before */
static bool wait_for_known(struct watch *w)
{
	vmn_auto_free char *text = vmn_xcalloc(1, KNOWN_MAX + 1);
	ssize_t len = recv(w->server_fd, text, KNOWN_MAX, 0);

	if (len > 0)
		vmn_strlist_split(&w->known, text, '\n');
	return len > 0;
}

static void watch(struct watch *w)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	int ret = vmn_sandbox_keep_network(&why);

	/* A terminal and systemd tell all processes to end: this one ends after the server. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	if (ret == 0)
		ret = open_notify(w, &why);
	if (ret == 0)
		ret = vmn_netns_socket(w->ns, AF_UNIX, SOCK_DGRAM, 0, &w->any_fd, &why);
	if (!wait_for_known(w))
		return;
	if (ret < 0) {
		cmd_warn(w->ctx, "what is set up later will not be served: %s", vmn_err_text(&why));
		return;
	}
	look(w); /* it may have changed before we watched */
	for (;;) {
		struct pollfd polled[] = {{.fd = w->server_fd}, {w->notify_fd, POLLIN, 0}};

		if (poll(polled, VMN_ARRAY_LEN(polled), -1) < 0 && errno != EINTR)
			return;
		if (polled[0].revents)
			return;
		if (polled[1].revents && drain(w))
			look(w);
	}
}

/* --- in the server --------------------------------------------------------------------------- */

int netsetup_dhcp_watch_start(struct cmd_ctx *ctx, const struct vmn_netns *ns, int *ret_fd,
			      struct vmn_err *err)
{
	struct watch w = {.ctx = ctx, .ns = ns};
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return vmn_err_sys(err, errno, "cannot make a socket");
	pid = fork();
	if (pid == 0) {
		(void)close(fds[0]);
		w.server_fd = fds[1];
		watch(&w);
		_exit(0);
	}
	(void)close(fds[1]);
	if (pid < 0) {
		(void)close(fds[0]);
		return vmn_err_sys(err, errno, "cannot start a process");
	}
	*ret_fd = fds[0];
	return 0;
}

int netsetup_dhcp_watch_go(int fd, const struct vmn_strlist *known, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);

	for (size_t i = 0; i < known->n; i++)
		vmn_buf_addf(&text, "%s%s", i ? "\n" : "", known->v[i]);
	if (text.len > KNOWN_MAX || send(fd, text.data, text.len, MSG_NOSIGNAL) < 0)
		return vmn_err_sys(err, text.len > KNOWN_MAX ? EMSGSIZE : errno,
				   "cannot start to watch for changes");
	return 0;
}
