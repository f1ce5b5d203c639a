/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - one line that says what we are waiting for
 *
 * On a terminal in the foreground: shown after 0.5 s, redrawn at most 10 times a second, erased at
 * the end. Elsewhere, on a dumb terminal too: one line per state change. @quiet shows nothing.
 */
#ifndef VMN_OUT_PROGRESS_H
#define VMN_OUT_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/base/mem.h"

struct vmn_progress;

/** vmn_progress_new() - @term: value of $TERM or NULL */
struct vmn_progress *vmn_progress_new(FILE *f, const char *term, bool quiet);
/** vmn_progress_state() - a state was reached; @text is cleaned; the same text twice is one change
 */
void vmn_progress_state(struct vmn_progress *p, const char *text);
/** vmn_progress_tick() - call often; draws when it is time */
void vmn_progress_tick(struct vmn_progress *p);
/** vmn_progress_hide() - erase the line before something else is printed; the next tick redraws it
 */
void vmn_progress_hide(struct vmn_progress *p);
void vmn_progress_free_p(struct vmn_progress **p);
#define vmn_auto_progress VMN_CLEANUP(vmn_progress_free_p)

#endif
