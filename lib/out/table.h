/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - lists and trees of text cells, drawn by libsmartcols */
#ifndef VMN_OUT_TABLE_H
#define VMN_OUT_TABLE_H

#include <stdio.h>

#include "lib/base/err.h"
#include "lib/out/term.h"

enum vmn_col_flag {
	VMN_COL_WIDE = 1 << 0, /* only with -o wide */
	VMN_COL_RIGHT = 1 << 1,
	VMN_COL_TRUNC = 1 << 2, /* may be cut when the terminal is narrow */
	VMN_COL_TREE = 1 << 3,	/* draws the branches */
};

struct vmn_col {
	const char *header; /* "NAME" */
	unsigned flags;
};

struct vmn_table;

struct vmn_table *vmn_table_new(const struct vmn_col *cols, size_t n, bool wide);
void vmn_table_free_p(struct vmn_table **t);
#define vmn_auto_table VMN_CLEANUP(vmn_table_free_p)
/** vmn_table_row() - start a row below @parent (a row number, -1: top); Return: its number */
int vmn_table_row(struct vmn_table *t, int parent);
/** vmn_table_cell() - set a cell of the last row; text is copied and cleaned; NULL shows "-" */
void vmn_table_cell(struct vmn_table *t, size_t col, const char *text, enum vmn_style style);
/** vmn_table_hide_header() - for the second and later pages of a long list */
void vmn_table_hide_header(struct vmn_table *t);
/** vmn_table_print() - @width: columns of the terminal, 0: no limit */
int vmn_table_print(struct vmn_table *t, FILE *f, bool color, int width, struct vmn_err *err);

#endif
