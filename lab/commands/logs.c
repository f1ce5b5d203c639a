/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl lab logs - what a lab's server had to say */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cli/signals.h"
#include "lab/commands/registry.h"
#include "lab/state.h"
#include "lib/data/json.h"

struct logs_opts {
	const char *lab;
	bool follow;
};

static const struct cmd_opt logs_opts[] = {
	LAB_NAME_OPT(struct logs_opts),
	{CMD_OPT_BOOL, 'f', "follow", .offset = offsetof(struct logs_opts, follow),
	 .help = "go on with what comes, until interrupted"},
	{0},
};

/* Write all that is there now. */
static int copy(int from, struct vmn_err *err)
{
	char buf[16384];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0) {
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			return vmn_err_sys(err, errno, "cannot write");
	}
	if (n < 0)
		return vmn_err_sys(err, errno, "cannot read the log");
	if (fflush(stdout) == EOF)
		return vmn_err_sys(err, errno, "cannot write");
	return 0;
}

static void wake(void *arg)
{
	int *fd = arg;

	if (write(*fd, "", 1) < 0)
		return;
}

/* Copy whenever the file grows. The pipe says that a signal came. */
static int follow(int log, const char *path, struct vmn_err *err)
{
	vmn_auto_close int watch = inotify_init1(IN_CLOEXEC), woken = -1, waker = -1;
	int fds[2], r = 0;
	char events[4096];
	struct pollfd p[2];

	if (watch < 0 || inotify_add_watch(watch, path, IN_MODIFY) < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return vmn_err_sys(err, errno, "cannot follow '%s'", path);
	woken = fds[0];
	waker = fds[1];
	p[0] = (struct pollfd){.fd = watch, .events = POLLIN};
	p[1] = (struct pollfd){.fd = woken, .events = POLLIN};
	cmd_signals_watch(wake, &waker);
	while ((r = copy(log, err)) == 0 && !cmd_signals_caught()) {
		if (poll(p, 2, -1) > 0 && p[0].revents && read(watch, events, sizeof(events)) < 0)
			break;
	}
	cmd_signals_forget();
	return r < 0 ? r : vmn_err_set(err, VMN_E_CANCELLED, "interrupted");
}

static int run_logs(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		    struct vmn_err *err)
{
	const struct logs_opts *o = opts;
	lab_auto_state struct lab_state st = {0};
	vmn_auto_json struct json_object *doc = NULL;
	vmn_auto_free char *path = NULL;
	vmn_auto_close int log = -1;

	(void)ctx, (void)argc, (void)argv;
	if (lab_state_open(o->lab, &st, err) < 0)
		return -(int)err->code;
	path = lab_state_path(&st, "server.log");
	log = open(path, O_RDONLY | O_CLOEXEC);
	if (log < 0 && errno == ENOENT && lab_state_read(&st, &doc, err) < 0)
		return -(int)err->code;
	if (log < 0)
		return vmn_err_sys(err, errno, "cannot read '%s'", path);
	return o->follow ? follow(log, path, err) : copy(log, err);
}

static const struct cmd_example examples[] = {
	{"vmnetctl lab logs", "every request the server answered, and what went wrong inside"},
	{"vmnetctl lab logs -f", "watch it live"},
	{0},
};

const struct cmd lab_cmd_logs = {
	.name = "logs",
	.group = "Labs",
	.summary = "show the log of a lab's server",
	.description = "One line a request: method, path, status, user, time taken.",
	.opts = logs_opts,
	.opts_size = sizeof(struct logs_opts),
	.examples = examples,
	.run = run_logs,
};
