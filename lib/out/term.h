/* SPDX-License-Identifier: Apache-2.0 */
/* term.h - what a stream is, colours, and untrusted text made harmless */
#ifndef VMN_OUT_TERM_H
#define VMN_OUT_TERM_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/base/str.h"

enum vmn_color { VMN_COLOR_AUTO, VMN_COLOR_ALWAYS, VMN_COLOR_NEVER };
enum vmn_style {
	VMN_STYLE_PLAIN,
	VMN_STYLE_BOLD,
	VMN_STYLE_GREEN,
	VMN_STYLE_YELLOW,
	VMN_STYLE_RED,
	VMN_STYLE_DIM
};

/** vmn_term_is_dumb() - whether a terminal of this $TERM (NULL: unset) takes no escape sequences */
bool vmn_term_is_dumb(const char *term);

/**
 * vmn_term_color() - whether to colour @f
 * @term:	value of $TERM or NULL; a dumb one switches "auto" off
 * @no_color:	value of $NO_COLOR or NULL; any text but "" switches "auto" off (no-color.org)
 */
bool vmn_term_color(FILE *f, enum vmn_color want, const char *term, const char *no_color);

/**
 * vmn_term_width() - columns of @f
 * @columns:	value of $COLUMNS or NULL; wins when it is a number
 *
 * Return: 0 when @f is no terminal and @columns says nothing
 */
int vmn_term_width(FILE *f, const char *columns);

/** vmn_style_on() - escape sequence, "" for VMN_STYLE_PLAIN */
const char *vmn_style_on(enum vmn_style style);

/**
 * vmn_clean() - append @s made harmless for a terminal
 * @multiline:	keep newlines and tabs; else they become blanks
 *
 * Control characters, C1 ones included, bidirectional overrides and every byte that is not
 * UTF-8 become '?', so that no name, annotation or server message can move the cursor,
 * recolour the screen or reorder what is read.
 */
void vmn_clean(struct vmn_buf *b, const char *s, bool multiline);
/** vmn_clean_json() - append JSON text with the same characters escaped: the value stays what it
 * was */
void vmn_clean_json(struct vmn_buf *b, const char *json);
/** vmn_clean_dup() - the same as a new one-line string */
char *vmn_clean_dup(const char *s);

#endif
