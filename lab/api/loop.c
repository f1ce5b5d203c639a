/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lab/api/loop.h"
#include "lib/base/clock.h"

struct lab_timer {
	struct lab_loop *loop;
	int64_t at_ms;
	uint64_t seq; /* first armed, first run among equals */
	size_t pos;   /* in the heap */
	void (*fn)(void *arg);
	void *arg;
};

struct source {
	int fd; /* -1: removed, freed at the end of the turn */
	void (*fn)(void *arg, uint32_t events);
	void *arg;
	struct source *next;
};

struct turn_hook {
	int (*fn)(void *arg);
	void *arg;
};

struct lab_loop {
	int epoll;
	struct source *sources;
	struct lab_timer **heap; /* the soonest first */
	size_t timers, heap_size;
	uint64_t next_seq;
	struct turn_hook hooks[4];
	size_t n_hooks;
	bool is_stopping;
};

int lab_loop_new(struct lab_loop **ret, struct vmn_err *err)
{
	struct lab_loop *loop = vmn_xcalloc(1, sizeof(*loop));

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		free(loop);
		return vmn_err_sys(err, errno, "cannot create an epoll descriptor");
	}
	*ret = loop;
	return 0;
}

static void sources_sweep(struct lab_loop *loop, bool all)
{
	struct source **at = &loop->sources;

	while (*at) {
		struct source *s = *at;

		if (all || s->fd < 0) {
			*at = s->next;
			free(s);
		} else {
			at = &s->next;
		}
	}
}

void lab_loop_free_p(struct lab_loop **loop)
{
	if (!*loop)
		return;
	sources_sweep(*loop, true);
	for (size_t i = 0; i < (*loop)->timers; i++)
		free((*loop)->heap[i]);
	free((*loop)->heap);
	close((*loop)->epoll);
	free(*loop);
	*loop = NULL;
}

int lab_loop_add_fd(struct lab_loop *loop, int fd, uint32_t events,
		    void (*fn)(void *arg, uint32_t events), void *arg, struct vmn_err *err)
{
	struct source *s = vmn_xcalloc(1, sizeof(*s));
	struct epoll_event ev = {.events = events, .data.ptr = s};

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &ev) < 0) {
		free(s);
		return vmn_err_sys(err, errno, "cannot wait for descriptor %d", fd);
	}
	*s = (struct source){.fd = fd, .fn = fn, .arg = arg, .next = loop->sources};
	loop->sources = s;
	return 0;
}

void lab_loop_del_fd(struct lab_loop *loop, int fd)
{
	for (struct source *s = loop->sources; s; s = s->next) {
		if (s->fd == fd) {
			(void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
			s->fd = -1;
			return;
		}
	}
}

void lab_loop_each_turn(struct lab_loop *loop, int (*fn)(void *arg), void *arg)
{
	if (loop->n_hooks == VMN_ARRAY_LEN(loop->hooks))
		abort();
	loop->hooks[loop->n_hooks++] = (struct turn_hook){fn, arg};
}

/* --- timers: a binary heap ------------------------------------------------------------ */

static bool is_sooner(const struct lab_timer *a, const struct lab_timer *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->seq < b->seq;
}

static void heap_put(struct lab_loop *loop, size_t pos, struct lab_timer *t)
{
	loop->heap[pos] = t;
	t->pos = pos;
}

static void heap_up(struct lab_loop *loop, struct lab_timer *t)
{
	size_t pos = t->pos;

	for (; pos && is_sooner(t, loop->heap[(pos - 1) / 2]); pos = (pos - 1) / 2)
		heap_put(loop, pos, loop->heap[(pos - 1) / 2]);
	heap_put(loop, pos, t);
}

static void heap_down(struct lab_loop *loop, struct lab_timer *t)
{
	size_t pos = t->pos;

	for (;;) {
		size_t child = 2 * pos + 1;

		if (child + 1 < loop->timers && is_sooner(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (child >= loop->timers || !is_sooner(loop->heap[child], t))
			break;
		heap_put(loop, pos, loop->heap[child]);
		pos = child;
	}
	heap_put(loop, pos, t);
}

static void heap_remove(struct lab_loop *loop, struct lab_timer *t)
{
	struct lab_timer *last = loop->heap[--loop->timers];

	if (last == t)
		return;
	last->pos = t->pos;
	heap_down(loop, last);
	heap_up(loop, last);
}

struct lab_timer *lab_after(struct lab *lab, int64_t ms, void (*fn)(void *arg), void *arg)
{
	struct lab_loop *loop = lab->loop;
	struct lab_timer *t = vmn_xcalloc(1, sizeof(*t));

	if (loop->timers == loop->heap_size) {
		loop->heap_size = loop->heap_size ? 2 * loop->heap_size : 64;
		loop->heap = vmn_xrealloc(loop->heap, loop->heap_size, sizeof(struct lab_timer *));
	}
	*t = (struct lab_timer){
		.loop = loop,
		.at_ms = vmn_now_ms() + (ms > 0 ? ms : 0),
		.seq = loop->next_seq++,
		.pos = loop->timers++,
		.fn = fn,
		.arg = arg,
	};
	heap_up(loop, t);
	return t;
}

void lab_timer_cancel(struct lab_timer *t)
{
	if (!t)
		return;
	heap_remove(t->loop, t);
	free(t);
}

/* Run what is due; timers armed meanwhile wait for the next turn, so that descriptors get theirs.
 */
static void timers_run(struct lab_loop *loop)
{
	int64_t now = vmn_now_ms();
	uint64_t end = loop->next_seq;

	while (loop->timers && loop->heap[0]->at_ms <= now && loop->heap[0]->seq < end) {
		struct lab_timer *t = loop->heap[0];

		heap_remove(loop, t);
		t->fn(t->arg);
		free(t);
	}
}

/* --- turns ---------------------------------------------------------------------------- */

static int shorter(int a, int b)
{
	return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

int lab_loop_turn(struct lab_loop *loop, int max_ms, struct vmn_err *err)
{
	struct epoll_event ev[16];
	int n, sleep_ms = max_ms;

	for (size_t i = 0; i < loop->n_hooks; i++)
		sleep_ms = shorter(sleep_ms, loop->hooks[i].fn(loop->hooks[i].arg));
	if (loop->timers)
		sleep_ms = shorter(sleep_ms, vmn_deadline_left(loop->heap[0]->at_ms));
	n = epoll_wait(loop->epoll, ev, VMN_ARRAY_LEN(ev), sleep_ms);
	if (n < 0 && errno != EINTR)
		return vmn_err_sys(err, errno, "cannot wait for events");
	for (int i = 0; i < n; i++) {
		struct source *s = ev[i].data.ptr;

		if (s->fd >= 0)
			s->fn(s->arg, ev[i].events);
	}
	sources_sweep(loop, false);
	timers_run(loop);
	return 0;
}

int lab_loop_run(struct lab_loop *loop, struct vmn_err *err)
{
	int r = 0;

	while (r == 0 && !loop->is_stopping)
		r = lab_loop_turn(loop, -1, err);
	return r;
}

void lab_loop_stop(struct lab_loop *loop)
{
	loop->is_stopping = true;
}
