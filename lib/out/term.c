/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/out/term.h"

bool vmn_term_is_dumb(const char *term)
{
	return vmn_is_empty(term) || strcmp(term, "dumb") == 0;
}

bool vmn_term_color(FILE *f, enum vmn_color want, const char *term, const char *no_color)
{
	if (want == VMN_COLOR_AUTO)
		return !vmn_term_is_dumb(term) && vmn_is_empty(no_color) && isatty(fileno(f));
	return want == VMN_COLOR_ALWAYS;
}

int vmn_term_width(FILE *f, const char *columns)
{
	struct winsize ws;
	uint64_t n;

	if (columns && vmn_parse_u64(columns, &n) && n > 0 && n < 10000)
		return (int)n;
	if (ioctl(fileno(f), TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		return ws.ws_col;
	return 0;
}

const char *vmn_style_on(enum vmn_style style)
{
	switch (style) {
	case VMN_STYLE_BOLD:
		return "\033[1m";
	case VMN_STYLE_GREEN:
		return "\033[32m";
	case VMN_STYLE_YELLOW:
		return "\033[33m";
	case VMN_STYLE_RED:
		return "\033[31m";
	case VMN_STYLE_DIM:
		return "\033[2m";
	case VMN_STYLE_PLAIN:
		break;
	}
	return "";
}

/* Length of the UTF-8 sequence at @s and its code point; 0: not UTF-8 (RFC 3629). */
static size_t decode_utf8(const unsigned char *s, uint32_t *ret)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len;
	uint32_t cp;

	if (s[0] < 0x80) {
		*ret = s[0];
		return 1;
	}
	if (s[0] >= 0xf8 || s[0] < 0xc0)
		return 0;
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	cp = s[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0; /* also the final NUL */
		cp = cp << 6 | (s[i] & 0x3fU);
	}
	if (cp < smallest[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*ret = cp;
	return len;
}

static bool is_harmful(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || /* C0, DEL, C1 */
	       cp == 0x200e || cp == 0x200f ||		 /* directional marks */
	       (cp >= 0x2028 && cp <= 0x202e) || /* line separators, embeddings, overrides */
	       (cp >= 0x2066 && cp <= 0x2069) || /* isolates */
	       cp == 0xfeff;			 /* byte order mark */
}

void vmn_clean(struct vmn_buf *b, const char *s, bool multiline)
{
	while (*s) {
		uint32_t cp = 0;
		size_t len = decode_utf8((const unsigned char *)s, &cp);

		if (len && (cp == '\n' || cp == '\t'))
			vmn_buf_addc(b, multiline ? *s : ' ');
		else if (!len || is_harmful(cp))
			vmn_buf_addc(b, '?');
		else
			vmn_buf_add(b, s, len);
		s += len ? len : 1;
	}
}

void vmn_clean_json(struct vmn_buf *b, const char *json)
{
	while (*json) {
		uint32_t cp = 0;
		size_t len = decode_utf8((const unsigned char *)json, &cp);

		if (!len)
			vmn_buf_adds(b, "\\ufffd");
		else if (cp != '\n' && is_harmful(cp))
			vmn_buf_addf(b, "\\u%04x", cp); /* all of them are below U+10000 */
		else
			vmn_buf_add(b, json, len);
		json += len ? len : 1;
	}
}

char *vmn_clean_dup(const char *s)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	vmn_clean(&b, s, false);
	return vmn_buf_steal(&b);
}
