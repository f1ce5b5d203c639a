/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/kube/warning.h"

enum { MAX_TEXT_BYTES = 4096 };

/* A quoted string at @s into @out; Return: what follows it, or NULL when it does not end. */
static const char *unquote(const char *s, struct vmn_buf *out)
{
	if (*s++ != '"')
		return NULL;
	for (; *s && *s != '"'; s++) {
		if (*s == '\\' && s[1])
			s++;
		vmn_buf_addc(out, *s);
	}
	return *s ? s + 1 : NULL;
}

void vmn_warning_parse(const char *value, struct vmn_strlist *texts)
{
	const char *p = value;

	while (p && *p) {
		vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(MAX_TEXT_BYTES);
		vmn_auto_buf struct vmn_buf date = VMN_BUF_INIT(MAX_TEXT_BYTES);
		bool is_299;

		p += strspn(p, ", \t");
		is_299 = vmn_starts_with(p, "299 ");
		p += strcspn(p, " ");
		p += strspn(p, " ");
		p += strcspn(p, " "); /* the agent */
		p += strspn(p, " ");
		p = unquote(p, &text);
		if (!p)
			return;
		if (is_299 && text.len)
			vmn_strlist_add(texts, vmn_buf_str(&text));
		p += strspn(p, " ");
		if (*p == '"')
			p = unquote(p, &date);
	}
}
