/* SPDX-License-Identifier: Apache-2.0 */
/* signals.h - SIGINT and SIGTERM end a loop, so that the command can finish or undo what is half
 * done */
#ifndef VMN_CLI_SIGNALS_H
#define VMN_CLI_SIGNALS_H

/**
 * cmd_signals_watch() - from now on the first SIGINT or SIGTERM calls @wake, a second one kills
 * @wake:	must be async-signal-safe
 */
void cmd_signals_watch(void (*wake)(void *arg), void *arg);
/** cmd_signals_forget() - @arg is about to go away */
void cmd_signals_forget(void);
/** cmd_signals_caught() - the signal that came, or 0 */
int cmd_signals_caught(void);

#endif
