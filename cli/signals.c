/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <signal.h>
#include <stddef.h>

#include "cli/signals.h"

static volatile sig_atomic_t caught;
static void (*volatile wake_fn)(void *arg);
static void *volatile wake_arg;

static void on_signal(int sig)
{
	caught = sig;
	if (wake_fn)
		wake_fn(wake_arg);
}

void cmd_signals_watch(void (*wake)(void *arg), void *arg)
{
	/* SA_RESETHAND: whoever presses ^C twice wants out now */
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};

	wake_arg = arg;
	wake_fn = wake;
	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
}

void cmd_signals_forget(void)
{
	wake_fn = NULL;
}

int cmd_signals_caught(void)
{
	return caught;
}
