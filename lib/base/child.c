/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/child.h"
#include "lib/base/clock.h"

struct spawn {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
};

static void spawn_clear(struct spawn *s)
{
	(void)posix_spawn_file_actions_destroy(&s->actions);
	(void)posix_spawnattr_destroy(&s->attr);
}

/* A file in memory that holds the child's whole input: unlike a pipe it needs no writer, and a
 * child that does not read it does no harm. */
static int input_file(const struct vmn_child_opts *opts, struct vmn_err *err)
{
	vmn_auto_close int fd = memfd_create("stdin", MFD_CLOEXEC);
	const char *p = opts->in;
	size_t left = opts->in_len;

	if (fd < 0)
		return vmn_err_sys(err, errno, "cannot prepare the input of '%s'", opts->argv[0]);
	while (left) {
		ssize_t n = write(fd, p, left);

		if (n < 0 && errno != EINTR)
			return vmn_err_sys(err, errno, "cannot prepare the input of '%s'",
					   opts->argv[0]);
		if (n > 0) {
			p += n;
			left -= (size_t)n;
		}
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return vmn_err_sys(err, errno, "cannot prepare the input of '%s'", opts->argv[0]);
	return vmn_steal_fd(&fd);
}

/* Our environment with @extra on top; the strings are borrowed, the array is the caller's. */
static const char **environment(const char *const *extra)
{
	size_t n = 0, m = 0, k = 0;
	const char **env;

	while (environ[n])
		n++;
	while (extra && extra[m])
		m++;
	env = vmn_xcalloc(n + m + 1, sizeof(*env));
	for (size_t i = 0; i < n; i++) {
		size_t name = strcspn(environ[i], "=") + 1;
		bool replaced = false;

		for (size_t j = 0; j < m && !replaced; j++)
			replaced = strncmp(environ[i], extra[j], name) == 0;
		if (!replaced)
			env[k++] = environ[i];
	}
	for (size_t j = 0; j < m; j++)
		env[k++] = extra[j];
	return env;
}

static int spawn_child(const struct vmn_child_opts *opts, int in, int out, int err_fd, pid_t *ret,
		       struct vmn_err *err)
{
	VMN_CLEANUP(spawn_clear) struct spawn s;
	vmn_auto_free const char **env = environment(opts->env);
	sigset_t all, none;
	int rc;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	(void)posix_spawn_file_actions_init(&s.actions);
	(void)posix_spawnattr_init(&s.attr);
	(void)posix_spawnattr_setflags(&s.attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	(void)posix_spawnattr_setsigdefault(&s.attr, &all);
	(void)posix_spawnattr_setsigmask(&s.attr, &none);
	rc = 0;
	if (in >= 0)
		rc = posix_spawn_file_actions_adddup2(&s.actions, in, STDIN_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&s.actions, out, STDOUT_FILENO);
	if (rc == 0 && err_fd >= 0)
		rc = posix_spawn_file_actions_adddup2(&s.actions, err_fd, STDERR_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(&s.actions, STDERR_FILENO + 1);
	if (rc == 0)
		rc = posix_spawnp(ret, opts->argv[0], &s.actions, &s.attr,
				  (char *const *)opts->argv, (char *const *)env);
	if (rc)
		return vmn_err_sys(err, rc, "cannot run '%s'", opts->argv[0]);
	return 0;
}

/* Move what is there from *@fd to @b; the end of the stream closes it. */
static void drain(int *fd, struct vmn_buf *b)
{
	char chunk[4096];

	for (;;) {
		ssize_t n = read(*fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0)
			vmn_buf_add(b, chunk, (size_t)n);
		explicit_bzero(chunk, sizeof(chunk));
		if (n > 0 && vmn_buf_ok(b))
			continue;
		if (n == 0 || (n < 0 && errno != EAGAIN))
			vmn_close_p(fd);
		return;
	}
}

/* Until the child ends, times out or says too much, or we are told to stop.
 * Return: 0 or -code; then it has to be ended */
static int attend(const struct vmn_child_opts *opts, int pidfd, int *out, int *err_fd,
		  struct vmn_child_result *ret, struct vmn_err *err)
{
	for (;;) {
		struct pollfd fds[] = {
			{.fd = pidfd, .events = POLLIN},
			{.fd = *out, .events = POLLIN},
			{.fd = *err_fd, .events = POLLIN},
			{.fd = opts->stop_fd > 0 ? opts->stop_fd : -1, .events = POLLIN},
		};
		int left = vmn_deadline_left(opts->deadline_ms);
		int n = poll(fds, VMN_ARRAY_LEN(fds), left);

		if ((n < 0 && errno == EINTR) || (n > 0 && fds[3].revents))
			return vmn_err_set(err, VMN_E_CANCELLED, "interrupted, and '%s' with it",
					   opts->argv[0]);
		if (n < 0)
			return vmn_err_sys(err, errno, "cannot wait for '%s'", opts->argv[0]);
		if (n == 0 && left >= 0 && vmn_deadline_left(opts->deadline_ms) == 0)
			return vmn_err_set(err, VMN_E_TIMEOUT, "'%s' did not end in time",
					   opts->argv[0]);
		if (n == 0)
			continue;
		if (*out >= 0)
			drain(out, &ret->out);
		if (*err_fd >= 0) {
			drain(err_fd, &ret->err);
			ret->err.overflow = false; /* the beginning is enough */
		}
		if (!vmn_buf_ok(&ret->out))
			return vmn_err_set(err, VMN_E_RANGE, "'%s' printed more than %zu bytes",
					   opts->argv[0], ret->out.cap);
		if (fds[0].revents)
			return 0;
	}
}

/* Ask it to end, so that it can put a terminal right; it has a second for that. */
static void end(pid_t pid, int pidfd)
{
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	(void)kill(pid, SIGTERM);
	if (pidfd < 0 || poll(&fd, 1, 1000) <= 0)
		(void)kill(pid, SIGKILL);
}

static void reap(pid_t pid, struct vmn_child_result *ret)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ret->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	ret->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* A pipe whose reading end, ours, does not block. */
static int make_pipe(int *ret_read, int *ret_write, struct vmn_err *err)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return vmn_err_sys(err, errno, "cannot make a pipe");
	*ret_read = p[0];
	*ret_write = p[1];
	(void)fcntl(p[0], F_SETFL, O_NONBLOCK);
	return 0;
}

int vmn_child_run(const struct vmn_child_opts *opts, struct vmn_child_result *ret,
		  struct vmn_err *err)
{
	vmn_auto_close int in = -1, out_r = -1, out_w = -1, err_r = -1, err_w = -1, pidfd = -1;
	pid_t pid;
	int rc = make_pipe(&out_r, &out_w, err);

	if (rc == 0 && !opts->inherit_stderr)
		rc = make_pipe(&err_r, &err_w, err);
	if (rc == 0 && !opts->inherit_stdin)
		rc = in = input_file(opts, err);
	if (rc < 0)
		return rc;
	rc = spawn_child(opts, in, out_w, err_w, &pid, err);
	if (rc < 0)
		return rc;
	vmn_close_p(&out_w);
	vmn_close_p(&err_w);
	pidfd = pidfd_open(pid, 0);
	rc = pidfd < 0 ? vmn_err_sys(err, errno, "cannot watch '%s'", opts->argv[0])
		       : attend(opts, pidfd, &out_r, &err_r, ret, err);
	if (rc < 0)
		end(pid, pidfd);
	reap(pid, ret);
	return rc;
}

void vmn_child_result_clear(struct vmn_child_result *r)
{
	if (r->out.data)
		explicit_bzero(r->out.data, r->out.size);
	vmn_buf_clear(&r->out);
	vmn_buf_clear(&r->err);
}
