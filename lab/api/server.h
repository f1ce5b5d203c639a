/* SPDX-License-Identifier: Apache-2.0 */
/* server.h - the lab's server as a whole, and as a process in the background */
#ifndef VMN_LAB_API_SERVER_H
#define VMN_LAB_API_SERVER_H

#include "lab/lab.h"
#include "lab/state.h"

/* What `up` was asked for; what is not set is as it was, or the default for a new lab. */
struct lab_wish {
	const enum lab_dialect *dialect; /* NULL: 1.9 */
	int nodes;			 /* 0: 2 */
};

/**
 * lab_server_run() - be the lab's server until SIGTERM or SIGINT
 * @ready_fd:	gets one byte when the server answers; closed then
 */
int lab_server_run(const struct lab_state *st, const struct lab_wish *wish, int *ready_fd,
		   struct vmn_err *err) VMN_MUST_CHECK;

/** lab_server_start() - run it in the background; returns when it answers, or with why it does not
 */
int lab_server_start(const struct lab_state *st, const struct lab_wish *wish,
		     struct vmn_err *err) VMN_MUST_CHECK;
/** lab_server_stop() - end the running server and wait until it is gone; none running is fine */
int lab_server_stop(const struct lab_state *st, bool *ret_was_running,
		    struct vmn_err *err) VMN_MUST_CHECK;

#endif
