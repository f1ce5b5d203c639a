/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/out/progress.h"
#include "lib/out/term.h"

enum { SHOW_AFTER_MS = 500, REDRAW_MS = 100 };

struct vmn_progress {
	FILE *f;
	bool quiet, is_live; /* is_live: a terminal that we own; else a line a change */
	char *text;	     /* cleaned, or NULL before the first state */
	int64_t since_ms, drawn_ms;
	bool is_shown, is_stale; /* the line is on the screen; it shows an older text */
};

/* A terminal in whose foreground we run: elsewhere drawing would spoil what another job shows. */
static bool is_foreground_terminal(FILE *f)
{
	return isatty(fileno(f)) && tcgetpgrp(fileno(f)) == getpgrp();
}

struct vmn_progress *vmn_progress_new(FILE *f, const char *term, bool quiet)
{
	struct vmn_progress *p = vmn_xcalloc(1, sizeof(*p));

	p->f = f;
	p->quiet = quiet;
	p->is_live = !quiet && !vmn_term_is_dumb(term) && is_foreground_terminal(f);
	p->since_ms = vmn_now_ms();
	return p;
}

void vmn_progress_state(struct vmn_progress *p, const char *text)
{
	vmn_auto_free char *clean = vmn_clean_dup(text);

	if (p->text && strcmp(p->text, clean) == 0)
		return;
	free(p->text);
	p->text = vmn_steal(&clean);
	p->is_stale = true;
	if (p->quiet)
		return;
	if (p->is_live) {
		vmn_progress_tick(p);
	} else {
		fprintf(p->f, "%s\n", p->text);
		fflush(p->f);
	}
}

/* Columns left for the text: a line that wraps could not be erased. */
static size_t fitting_bytes(const struct vmn_progress *p)
{
	int width = vmn_term_width(p->f, NULL);
	size_t len = strlen(p->text), room = width > 10 ? (size_t)width - 10 : 1;

	if (len <= room)
		return len;
	while (room > 0 && ((unsigned char)p->text[room] & 0xc0) == 0x80)
		room--; /* not in the middle of a character */
	return room;
}

void vmn_progress_tick(struct vmn_progress *p)
{
	int64_t now = vmn_now_ms();

	if (!p->is_live || !p->text || now - p->since_ms < SHOW_AFTER_MS ||
	    now - p->drawn_ms < REDRAW_MS)
		return;
	if (p->is_shown && !p->is_stale &&
	    (now - p->since_ms) / 1000 == (p->drawn_ms - p->since_ms) / 1000)
		return; /* nothing but the seconds would change */
	fprintf(p->f, "\r\033[K%.*s %llds", (int)fitting_bytes(p), p->text,
		(long long)(now - p->since_ms) / 1000);
	fflush(p->f);
	p->drawn_ms = now;
	p->is_shown = true;
	p->is_stale = false;
}

void vmn_progress_hide(struct vmn_progress *p)
{
	if (!p->is_shown)
		return;
	fputs("\r\033[K", p->f);
	fflush(p->f);
	p->is_shown = false;
	p->drawn_ms = 0;
}

void vmn_progress_free_p(struct vmn_progress **p)
{
	if (!*p)
		return;
	vmn_progress_hide(*p);
	free((*p)->text);
	free(*p);
	*p = NULL;
}
