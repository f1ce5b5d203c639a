/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "cli/text.h"

void cmd_text_pad(struct vmn_buf *b, int column, int to)
{
	for (; column < to; column++)
		vmn_buf_addc(b, ' ');
}

/* One paragraph of @len bytes, newlines in it are blanks. */
static void wrap_paragraph(struct vmn_buf *b, const char *text, size_t len, int column, int indent,
			   int width)
{
	const char *p = text, *end = text + len;
	bool at_start = true;

	for (;;) {
		size_t word;

		while (p < end && (*p == ' ' || *p == '\n'))
			p++;
		if (p == end)
			break;
		word = strcspn(p, " \n");
		if (word > (size_t)(end - p))
			word = (size_t)(end - p);
		if (!at_start && column + 1 + (int)word > width) {
			vmn_buf_addc(b, '\n');
			cmd_text_pad(b, 0, indent);
			column = indent;
		} else if (!at_start) {
			vmn_buf_addc(b, ' ');
			column++;
		}
		vmn_buf_add(b, p, word);
		column += (int)word;
		p += word;
		at_start = false;
	}
	vmn_buf_addc(b, '\n');
}

void cmd_text_wrap(struct vmn_buf *b, const char *text, int column, int indent, int width)
{
	while (*text) {
		const char *end = strstr(text, "\n\n");
		size_t len = end ? (size_t)(end - text) : strlen(text);

		if (*text == ' ') {
			vmn_buf_add(b, text, len);
			vmn_buf_addc(b, '\n');
		} else {
			wrap_paragraph(b, text, len, column, indent, width);
		}
		text += len + (end ? 2 : 0);
		if (*text) {
			vmn_buf_addc(b, '\n');
			cmd_text_pad(b, 0, *text == ' ' ? 0 : indent);
			column = indent;
		}
	}
}
