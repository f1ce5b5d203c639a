/* SPDX-License-Identifier: Apache-2.0 */
/* netns.h - what the tests in network namespaces share */
#ifndef VMN_TESTS_NETNS_H
#define VMN_TESTS_NETNS_H

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/net/journal.h"
#include "tests/unit/unit.h"

/* May we make namespaces? Where we are not root, as root of a user namespace. Return: false: skip
 */
static inline bool netns_permitted(void)
{
	unsigned uid = geteuid(), gid = getegid();
	FILE *f;

	if (uid == 0)
		return unshare(CLONE_NEWNET) == 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	f = fopen("/proc/self/setgroups", "w");
	if (f) {
		(void)fputs("deny", f);
		(void)fclose(f);
	}
	f = fopen("/proc/self/uid_map", "w");
	if (!f || fprintf(f, "0 %u 1", uid) < 0 || fclose(f) != 0)
		return false;
	f = fopen("/proc/self/gid_map", "w");
	return f && fprintf(f, "0 %u 1", gid) > 0 && fclose(f) == 0;
}

static inline void *netns_thread(void *arg)
{
	if (unshare(CLONE_NEWNET) == 0)
		*(int *)arg = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return NULL;
}

/* A new, empty namespace, alive as long as the descriptor is open. */
static inline int netns_new(void)
{
	pthread_t thread;
	int fd = -1;

	assert_int_equal(pthread_create(&thread, NULL, netns_thread, &fd), 0);
	(void)pthread_join(thread, NULL);
	assert_true(fd >= 0);
	return fd;
}

/* A handle on the namespace of @fd, as a user would name it. */
static inline struct vmn_netns *netns_open(int fd)
{
	vmn_auto_free char *path = vmn_xasprintf("/proc/%d/fd/%d", (int)getpid(), fd);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_netns *ns = NULL;

	if (vmn_netns_open(path, &ns, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	return ns;
}

/* Run a shell script inside; it has to succeed. */
static inline void netns_sh(int fd, const char *script)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (setns(fd, CLONE_NEWNET) == 0)
			(void)execl("/bin/sh", "sh", "-ec", script, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("status %d of: %s", status, script);
}

/*
 * Call @test in @n processes at once, with *state a number below @n. Each has its own cmocka, whose
 * report goes to stderr.
 */
static inline void netns_at_once(CMUnitTestFunction test, size_t n)
{
	size_t n_failed = 0;

	(void)fflush(NULL);
	for (size_t i = 0; i < n; i++) {
		const struct CMUnitTest part[] = {{"part", test, NULL, NULL, (void *)i}};
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			(void)dup2(STDERR_FILENO, STDOUT_FILENO);
			exit(cmocka_run_group_tests(part, NULL, NULL) == 0 ? 0 : 1);
		}
	}
	for (size_t i = 0; i < n; i++) {
		int status;

		assert_true(wait(&status) > 0);
		n_failed += status != 0;
	}
	if (n_failed)
		fail_msg("%zu of %zu parts failed", n_failed, n);
}

#endif
