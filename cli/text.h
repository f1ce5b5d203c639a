/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - paragraphs laid out for a terminal (pure; text of our own, one column a byte) */
#ifndef VMN_CLI_TEXT_H
#define VMN_CLI_TEXT_H

#include "lib/base/str.h"

/**
 * cmd_text_wrap() - append @text broken at blanks into lines of at most @width columns
 * @column:	where the cursor stands now
 * @indent:	blanks before every further line
 *
 * Blank lines part paragraphs; lines that start with a blank are kept as they are. A word longer
 * than the line stands alone. Ends with a newline.
 */
void cmd_text_wrap(struct vmn_buf *b, const char *text, int column, int indent, int width);

/** cmd_text_pad() - append blanks from @column up to @to */
void cmd_text_pad(struct vmn_buf *b, int column, int to);

#endif
