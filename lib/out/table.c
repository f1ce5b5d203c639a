/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "lib/out/table.h"

struct vmn_table {
	struct libscols_table *scols;
	struct libscols_line **rows;
	size_t n_rows, n_cols;
};

static void add_column(struct vmn_table *t, const struct vmn_col *col, bool wide)
{
	int flags = 0;

	flags |= col->flags & VMN_COL_RIGHT ? SCOLS_FL_RIGHT : 0;
	flags |= col->flags & VMN_COL_TRUNC ? SCOLS_FL_TRUNC : 0;
	flags |= col->flags & VMN_COL_TREE ? SCOLS_FL_TREE : 0;
	flags |= col->flags & VMN_COL_WIDE && !wide ? SCOLS_FL_HIDDEN : 0;
	if (!scols_table_new_column(t->scols, col->header, 0, flags))
		abort();
}

struct vmn_table *vmn_table_new(const struct vmn_col *cols, size_t n, bool wide)
{
	struct vmn_table *t = vmn_xcalloc(1, sizeof(*t));

	t->n_cols = n;
	t->scols = scols_new_table();
	if (!t->scols || scols_table_set_column_separator(t->scols, "   ") < 0)
		abort();
	for (size_t i = 0; i < n; i++)
		add_column(t, &cols[i], wide);
	return t;
}

void vmn_table_free_p(struct vmn_table **t)
{
	if (!*t)
		return;
	scols_unref_table((*t)->scols);
	free((*t)->rows);
	free(*t);
	*t = NULL;
}

int vmn_table_row(struct vmn_table *t, int parent)
{
	struct libscols_line *up = parent >= 0 ? t->rows[parent] : NULL;
	struct libscols_line *line = scols_table_new_line(t->scols, up);

	if (!line)
		abort();
	t->rows = vmn_xrealloc(t->rows, t->n_rows + 1, sizeof(struct libscols_line *));
	t->rows[t->n_rows] = line;
	for (size_t i = 0; i < t->n_cols; i++)
		if (scols_line_set_data(line, i, "-") < 0)
			abort();
	return (int)t->n_rows++;
}

void vmn_table_cell(struct vmn_table *t, size_t col, const char *text, enum vmn_style style)
{
	struct libscols_line *line = t->rows[t->n_rows - 1];
	vmn_auto_free char *clean = vmn_clean_dup(text ? text : "-");

	if (scols_line_set_data(line, col, clean) < 0)
		abort();
	if (style != VMN_STYLE_PLAIN)
		(void)scols_cell_set_color(scols_line_get_cell(line, col), vmn_style_on(style));
}

/* The text of @s without the blanks before its line ends. */
static void add_trimmed(struct vmn_buf *b, const char *s)
{
	while (*s) {
		size_t len = strcspn(s, "\n"), kept = len;

		while (kept > 0 && s[kept - 1] == ' ')
			kept--;
		vmn_buf_add(b, s, kept);
		vmn_buf_addc(b, '\n');
		s += len + (s[len] == '\n');
	}
}

/* libsmartcols measures and draws by the locale; our text is UTF-8 whatever that says. */
static int draw_utf8(struct libscols_table *scols, char **ret)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), old;
	int rc;

	if (!utf8)
		return scols_print_table_to_string(scols, ret);
	old = uselocale(utf8);
	rc = scols_print_table_to_string(scols, ret);
	(void)uselocale(old);
	freelocale(utf8);
	return rc;
}

void vmn_table_hide_header(struct vmn_table *t)
{
	(void)scols_table_enable_noheadings(t->scols, 1);
}

int vmn_table_print(struct vmn_table *t, FILE *f, bool color, int width, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);
	vmn_auto_free char *text = NULL;

	(void)scols_table_enable_colors(t->scols, color);
	(void)scols_table_set_termforce(t->scols,
					width > 0 ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (width > 0)
		(void)scols_table_set_termwidth(t->scols, (size_t)width);
	if (draw_utf8(t->scols, &text) < 0)
		return vmn_err_oom(err);
	add_trimmed(&b, text ? text : "");
	if (fwrite(vmn_buf_str(&b), 1, b.len, f) != b.len)
		return vmn_err_sys(err, errno, "cannot write the table");
	return 0;
}
