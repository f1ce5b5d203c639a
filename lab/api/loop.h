/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - the one event loop: descriptors, timers, and what runs at the end of each turn */
#ifndef VMN_LAB_API_LOOP_H
#define VMN_LAB_API_LOOP_H

#include "lab/lab.h"

/** lab_loop_new() - an empty loop */
int lab_loop_new(struct lab_loop **ret, struct vmn_err *err) VMN_MUST_CHECK;
void lab_loop_free_p(struct lab_loop **loop);

/** lab_loop_add_fd() - call @fn with the epoll events of @fd; @events as epoll_ctl(2) takes them */
int lab_loop_add_fd(struct lab_loop *loop, int fd, uint32_t events,
		    void (*fn)(void *arg, uint32_t events), void *arg,
		    struct vmn_err *err) VMN_MUST_CHECK;
/** lab_loop_del_fd() - before @fd is closed; unknown descriptors are fine */
void lab_loop_del_fd(struct lab_loop *loop, int fd);

/**
 * lab_loop_each_turn() - call @fn before the loop sleeps, in the order of registration
 *
 * @fn returns how many milliseconds the loop may sleep at most, -1 for no limit.
 */
void lab_loop_each_turn(struct lab_loop *loop, int (*fn)(void *arg), void *arg);

/** lab_loop_run() - until lab_loop_stop(); the turn of the stop is finished */
int lab_loop_run(struct lab_loop *loop, struct vmn_err *err) VMN_MUST_CHECK;
/** lab_loop_turn() - one turn, sleeping at most @max_ms; for tests and for the end of life */
int lab_loop_turn(struct lab_loop *loop, int max_ms, struct vmn_err *err) VMN_MUST_CHECK;
void lab_loop_stop(struct lab_loop *loop);

#endif
