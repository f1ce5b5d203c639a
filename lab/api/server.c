/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/kubevirt/controller.h"
#include "lab/dialect.h"
#include "lab/api/fault.h"
#include "lab/api/gc.h"
#include "lab/api/http.h"
#include "lab/log.h"
#include "lab/api/loop.h"
#include "lab/api/rest.h"
#include "lab/api/server.h"
#include "lab/api/watch.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

enum {
	DEFAULT_NODES = 2,
	START_MS = 30000,
	STOP_MS = 15000,
	REPORT_MAX = 8192,
	LOG_MAX = 16 << 20
};

/* --- what was asked for, against what is there ---------------------------------------- */

static int settle_dialect(struct lab *lab, const struct lab_wish *wish, struct vmn_err *err)
{
	vmn_auto_free char *kept = lab_store_setting(lab, "kubevirt");

	lab->dialect = wish->dialect ? *wish->dialect : LAB_KUBEVIRT_1_9;
	if (!kept)
		return lab_store_set(lab, "kubevirt", lab_dialect_name(lab->dialect), err);
	if (!lab_dialect_find(kept, &lab->dialect))
		return vmn_err_set(err, VMN_E_INVALID, "lab '%s' plays an unknown KubeVirt '%s'",
				   lab->name, kept);
	if (!wish->dialect || *wish->dialect == lab->dialect)
		return 0;
	(void)vmn_err_set(err, VMN_E_CONFLICT, "lab '%s' plays KubeVirt %s, not %s", lab->name,
			  kept, lab_dialect_name(*wish->dialect));
	return vmn_err_hint(err,
			    "give another --name, or begin anew after 'vmnetctl lab down --name "
			    "%s --purge'",
			    lab->name);
}

static int settle_nodes(struct lab *lab, const struct lab_wish *wish, struct vmn_err *err)
{
	vmn_auto_free char *kept = lab_store_setting(lab, "nodes");
	uint64_t n = 0;
	char text[16];

	if (kept)
		(void)vmn_parse_u64(kept, &n);
	if (wish->nodes && (uint64_t)wish->nodes < n) {
		(void)vmn_err_set(err, VMN_E_CONFLICT, "lab '%s' has %" PRIu64 " nodes already",
				  lab->name, n);
		return vmn_err_hint(err,
				    "nodes can be added, not taken away; begin anew after "
				    "'vmnetctl lab down --name %s --purge'",
				    lab->name);
	}
	lab->nodes = wish->nodes ? wish->nodes : n ? (int)n : DEFAULT_NODES;
	snprintf(text, sizeof(text), "%d", lab->nodes);
	return lab_store_set(lab, "nodes", text, err);
}

/* --- the server ----------------------------------------------------------------------- */

struct server {
	struct lab lab;
	struct lab_pki pki;
	struct lab_http *http;
	int signals;
};

static void stop_signalled(void *arg, uint32_t events)
{
	struct server *s = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(s->signals, &info, sizeof(info)) == sizeof(info))
		lab_log("signal %u: stopping", info.ssi_signo);
	lab_loop_stop(s->lab.loop);
}

static int watch_signals(struct server *s, struct vmn_err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return vmn_err_sys(err, errno, "cannot wait for signals");
	return lab_loop_add_fd(s->lab.loop, s->signals, EPOLLIN, stop_signalled, s, err);
}

static int commit(void *arg)
{
	struct lab *lab = arg;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (lab_store_commit(lab, &err) < 0)
		lab_log("%s", vmn_err_text(&err));
	return -1;
}

/* Thousands of watches need more than the usual 1024 descriptors. */
static void raise_limits(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	}
}

static int listen_and_tell(struct server *s, const struct lab_state *st, struct vmn_err *err)
{
	vmn_auto_free char *kept = lab_store_setting(&s->lab, "port"), *server = NULL;
	vmn_auto_json struct json_object *doc = NULL;
	uint64_t port = 0;
	char text[16];

	/* The same port again, so that an old kubeconfig stays right. */
	if (kept && (!vmn_parse_u64(kept, &port) || port > UINT16_MAX))
		port = 0;
	if (lab_http_start(&s->lab, &s->pki, (uint16_t)port, lab_rest, &s->http, err) < 0)
		return -(int)err->code;
	snprintf(text, sizeof(text), "%u", lab_http_port(s->http));
	server = vmn_xasprintf("https://127.0.0.1:%s", text);
	doc = vmn_json_build("{\"name\":%s,\"kubevirt\":%s,\"nodes\":%d,\"server\":%s}", st->name,
			     lab_dialect_name(s->lab.dialect), s->lab.nodes, server);
	if (lab_store_set(&s->lab, "port", text, err) < 0 || lab_state_describe(st, doc, err) < 0)
		return -(int)err->code;
	return lab_state_kubeconfigs(st, &s->pki, lab_http_port(s->http), err);
}

static int server_start(struct server *s, const struct lab_state *st, const struct lab_wish *wish,
			struct vmn_err *err)
{
	raise_limits();
	if (lab_loop_new(&s->lab.loop, err) < 0 || watch_signals(s, err) < 0 ||
	    lab_pki_open(st->dir, &s->pki, err) < 0 || lab_store_open(&s->lab, err) < 0 ||
	    settle_dialect(&s->lab, wish, err) < 0 || settle_nodes(&s->lab, wish, err) < 0)
		return -(int)err->code;
	lab_watches_start(&s->lab);
	lab_gc_start(&s->lab);
	/* Before the connections have their turn: watches tell what controllers did. */
	lab_loop_each_turn(s->lab.loop, commit, &s->lab);
	if (lab_controllers_start(&s->lab, err) < 0 || listen_and_tell(s, st, err) < 0)
		return -(int)err->code;
	return lab_store_commit(&s->lab, err);
}

static void server_stop(struct server *s)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	lab_http_stop_p(&s->http);
	lab_controllers_stop(&s->lab);
	lab_gc_stop(&s->lab);
	if (s->lab.store && lab_store_commit(&s->lab, &err) < 0)
		lab_log("%s", vmn_err_text(&err));
	lab_watches_stop(&s->lab);
	lab_faults_free(&s->lab);
	lab_store_close(&s->lab);
	lab_loop_free_p(&s->lab.loop);
	lab_pki_clear(&s->pki);
	vmn_close_p(&s->signals);
}

int lab_server_run(const struct lab_state *st, const struct lab_wish *wish, int *ready_fd,
		   struct vmn_err *err)
{
	struct server s = {.lab = {.name = st->name, .dir = st->dir}, .signals = -1};
	vmn_auto_close int lock = lab_state_lock(st, err);
	int r;

	if (lock < 0)
		return lock;
	r = server_start(&s, st, wish, err);
	if (r == 0) {
		lab_log("lab '%s' serves KubeVirt %s on https://127.0.0.1:%u", st->name,
			lab_dialect_name(s.lab.dialect), lab_http_port(s.http));
		if (write(*ready_fd, "\n", 1) < 0)
			lab_log("nobody waits for the server to be ready");
		vmn_close_p(ready_fd);
		r = lab_loop_run(s.lab.loop, err);
	}
	server_stop(&s);
	return r;
}

/* --- in the background ---------------------------------------------------------------- */

/* Leave the caller's session, terminal and descriptors; keep @ready_fd. A long log begins anew. */
static int detach(const struct lab_state *st, int *ready_fd, struct vmn_err *err)
{
	vmn_auto_free char *path = lab_state_path(st, "server.log");
	struct stat old;
	bool is_full = stat(path, &old) == 0 && old.st_size > LOG_MAX;
	int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (is_full ? O_TRUNC : 0),
		       0600);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (log < 0 || null < 0)
		return vmn_err_sys(err, errno, "cannot open '%s'", path);
	(void)setsid();
	(void)umask(077);
	if (chdir("/") < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log, 2) < 0)
		return vmn_err_sys(err, errno, "cannot leave the terminal");
	/* Anything the caller's caller left open, a test harness' pipe say, must not stay open. */
	if (*ready_fd != 3) {
		if (dup3(*ready_fd, 3, O_CLOEXEC) < 0)
			return vmn_err_sys(err, errno, "cannot keep the pipe");
		*ready_fd = 3;
	}
	return close_range(4, ~0U, 0) < 0 ? vmn_err_sys(err, errno, "cannot close descriptors") : 0;
}

/* In the child: serve; a failure before the server is ready goes through the pipe as three lines.
 */
static void background(const struct lab_state *st, const struct lab_wish *wish, int ready_fd)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (detach(st, &ready_fd, &err) < 0 || lab_server_run(st, wish, &ready_fd, &err) < 0) {
		lab_log("%s", vmn_err_text(&err));
		if (ready_fd >= 0)
			(void)dprintf(ready_fd, "%d\n%s\n%s", (int)err.code, vmn_err_text(&err),
				      err.hint ? err.hint : "");
	}
	exit(err.code ? 1 : 0);
}

/* Why the server did not start, as background() tells it. */
static int report_to_err(char *report, const struct lab_state *st, struct vmn_err *err)
{
	vmn_auto_strlist struct vmn_strlist lines = {0};
	uint64_t code = 0;

	vmn_strlist_split(&lines, report, '\n');
	if (lines.n < 3 || !vmn_parse_u64(lines.v[0], &code) || code == VMN_OK ||
	    code > VMN_E_INTERNAL) {
		(void)vmn_err_set(err, VMN_E_INTERNAL, "the server of lab '%s' ended at once",
				  st->name);
		return vmn_err_hint(err, "see 'vmnetctl lab logs --name %s'", st->name);
	}
	(void)vmn_err_set(err, (enum vmn_code)code, "%s", lines.v[1]);
	return *lines.v[2] ? vmn_err_hint(err, "%s", lines.v[2]) : -(int)err->code;
}

static int wait_ready(int fd, pid_t child, const struct lab_state *st, struct vmn_err *err)
{
	int64_t deadline = vmn_deadline_in(START_MS);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char report[REPORT_MAX];
	size_t len = 0;
	ssize_t n;

	for (;;) {
		int r = poll(&p, 1, vmn_deadline_left(deadline));

		if (r < 0 && errno == EINTR)
			continue;
		if (r == 0) {
			(void)vmn_err_set(err, VMN_E_TIMEOUT, "the server does not answer");
			return vmn_err_hint(err, "see 'vmnetctl lab logs --name %s'", st->name);
		}
		n = read(fd, report + len, sizeof(report) - 1 - len);
		if (n == 0)
			break;
		if (n < 0)
			return vmn_err_sys(err, errno, "cannot hear from the server");
		len += (size_t)n;
		if (report[0] == '\n')
			return 0;
	}
	report[len] = '\0';
	(void)waitpid(child, NULL, 0);
	return report_to_err(report, st, err);
}

int lab_server_start(const struct lab_state *st, const struct lab_wish *wish, struct vmn_err *err)
{
	vmn_auto_close int ours = -1, theirs = -1;
	int fds[2];
	pid_t child;

	if (vmn_mkdir_p(st->dir, 0700, err) < 0)
		return -(int)err->code;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return vmn_err_sys(err, errno, "cannot make a pipe");
	ours = fds[0];
	theirs = fds[1];
	(void)fflush(NULL);
	child = fork();
	if (child < 0)
		return vmn_err_sys(err, errno, "cannot fork");
	if (child == 0) {
		vmn_close_p(&ours);
		background(st, wish, theirs);
	}
	vmn_close_p(&theirs);
	return wait_ready(ours, child, st, err);
}

int lab_server_stop(const struct lab_state *st, bool *ret_was_running, struct vmn_err *err)
{
	vmn_auto_close int pidfd = -1;
	struct pollfd gone = {.events = POLLIN};
	int64_t deadline = vmn_deadline_in(STOP_MS);
	int r = lab_state_server(st, &pidfd, NULL, err);

	if (r < 0)
		return r;
	*ret_was_running = pidfd >= 0;
	if (pidfd < 0)
		return 0;
	if (pidfd_send_signal(pidfd, SIGTERM, NULL, 0) < 0 && errno != ESRCH)
		return vmn_err_sys(err, errno, "cannot stop lab '%s'", st->name);
	gone.fd = pidfd;
	do {
		r = poll(&gone, 1, vmn_deadline_left(deadline));
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return vmn_err_set(err, VMN_E_TIMEOUT, "lab '%s' does not stop", st->name);
	return 0;
}
