/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - run another program and wait for it */
#ifndef VMN_BASE_CHILD_H
#define VMN_BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/str.h"

struct vmn_child_opts {
	const char *const *argv; /* NULL-terminated; argv[0] without a slash is looked up on PATH */
	const char *const *env;	 /* "NAME=VALUE"..., added to our environment or replacing it there;
				    may be NULL */
	bool inherit_stdin;	 /* our stdin; else @in, or an empty stdin */
	const void *in;
	size_t in_len;
	bool inherit_stderr; /* our stderr; else it is captured */
	int64_t deadline_ms; /* an instant of clock.h, or VMN_NEVER */
	int stop_fd;	     /* readable when the child is to be ended; 0: none */
};

struct vmn_child_result {
	int exit_code;	    /* 0 to 255, or -1 when a signal ended it */
	int signal;	    /* that signal, or 0 */
	struct vmn_buf out; /* the caller sets its cap */
	struct vmn_buf err; /* text beyond the cap is dropped; unused with inherit_stderr */
};

#define VMN_CHILD_RESULT_INIT(max_out)                                                             \
	((struct vmn_child_result){.out = VMN_BUF_INIT(max_out), .err = VMN_BUF_INIT(4096)})

/**
 * vmn_child_run() - run to the end, collecting what it prints
 * @ret:	initialised by the caller; stdout may be a secret, so clearing wipes it
 *
 * The program starts with default signal handling, an empty signal mask and no descriptors but 0
 * to 2. It stays in our process group, so that it may use the terminal and a Ctrl-C reaches it. It
 * is ended at the deadline, when it prints more than the cap of @ret->out, when stop_fd is
 * readable, and when a signal that we handle arrives while we wait. One that comes just before
 * would be missed: handlers that matter write to stop_fd. Output of grandchildren that outlive it
 * is not waited for.
 *
 * Return: 0 when it ran, however it ended; -VMN_E_NOT_FOUND or -VMN_E_PERMISSION when it cannot be
 * started, -VMN_E_TIMEOUT, -VMN_E_CANCELLED, -VMN_E_RANGE (too much output), -VMN_E_SYSTEM
 */
int vmn_child_run(const struct vmn_child_opts *opts, struct vmn_child_result *ret,
		  struct vmn_err *err) VMN_MUST_CHECK;
void vmn_child_result_clear(struct vmn_child_result *r);
#define vmn_auto_child_result VMN_CLEANUP(vmn_child_result_clear)

#endif
