/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "cli/suggest.h"

/* The option as a user would write it, for messages. */
static char *opt_text(const struct cmd_opt *opt)
{
	return opt->name ? vmn_xasprintf("--%s", opt->name) : vmn_xasprintf("-%c", opt->letter);
}

static int usage_error(struct vmn_err *err, const struct cmd_opt *opt, const char *what)
{
	vmn_auto_free char *name = opt_text(opt);

	return vmn_err_set(err, VMN_E_USAGE, "option '%s' %s", name, what);
}

static int bad_value(struct vmn_err *err, const struct cmd_opt *opt, const char *value,
		     const char *what)
{
	vmn_auto_free char *name = opt_text(opt);

	return vmn_err_set(err, VMN_E_USAGE, "option '%s': '%s' %s", name, value, what);
}

/* --- one value ------------------------------------------------------------------------ */

static int set_bool(const struct cmd_opt *opt, const char *value, bool *field, struct vmn_err *err)
{
	if (!value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		*field = true;
	else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		*field = false;
	else
		return bad_value(err, opt, value, "is neither true nor false");
	return 0;
}

static int set_count(const struct cmd_opt *opt, const char *value, int *field, struct vmn_err *err)
{
	uint64_t n;

	if (!value) {
		++*field;
		return 0;
	}
	if (!vmn_parse_u64(value, &n) || n > 1000)
		return bad_value(err, opt, value, "is not a number from 0 to 1000");
	*field = (int)n;
	return 0;
}

static int set_u32(const struct cmd_opt *opt, const char *value, uint32_t *field,
		   struct vmn_err *err)
{
	uint32_t max = opt->max ? opt->max : UINT32_MAX;
	uint64_t n;

	if (!vmn_parse_u64(value, &n) || n < opt->min || n > max) {
		vmn_auto_free char *what =
			vmn_xasprintf("is not a number from %u to %u", opt->min, max);

		return bad_value(err, opt, value, what);
	}
	*field = (uint32_t)n;
	return 0;
}

static int set_duration(const struct cmd_opt *opt, const char *value, int64_t *field,
			struct vmn_err *err)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

	if (vmn_parse_duration(value, field, &why) == 0)
		return 0;
	(void)bad_value(err, opt, value, "is not a duration");
	return vmn_err_hint(err, "%s", why.hint);
}

static int set_enum(const struct cmd_opt *opt, const char *value, int *field, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf words = VMN_BUF_INIT(0);

	for (int i = 0; opt->words[i]; i++) {
		if (strcmp(opt->words[i], value) == 0) {
			*field = i;
			return 0;
		}
		if (*opt->words[i])
			vmn_buf_addf(&words, "%s%s", words.len ? ", " : "", opt->words[i]);
	}
	(void)bad_value(err, opt, value, "is not one of its values");
	return vmn_err_hint(err, "it takes one of: %s", vmn_buf_str(&words));
}

static void *opt_field(const struct cmd_opt *opt, void *values)
{
	return (char *)values + opt->offset;
}

/* @value NULL: the option stood there bare. */
static int set_value(const struct cmd_opt *opt, void *values, const char *value,
		     struct vmn_err *err)
{
	void *field = opt_field(opt, values);

	switch (opt->kind) {
	case CMD_OPT_BOOL:
		return set_bool(opt, value, field, err);
	case CMD_OPT_COUNT:
		return set_count(opt, value, field, err);
	case CMD_OPT_STR:
		*(const char **)field = value;
		return 0;
	case CMD_OPT_LIST:
		if (opt->flags & CMD_OPT_COMMA)
			vmn_strlist_split(field, value, ',');
		else
			vmn_strlist_add(field, value);
		return 0;
	case CMD_OPT_U32:
		return set_u32(opt, value, field, err);
	case CMD_OPT_DURATION:
		return set_duration(opt, value, field, err);
	case CMD_OPT_ENUM:
		return set_enum(opt, value, field, err);
	case CMD_OPT_END:
		break;
	}
	assert(false && "an option table holds a row of unknown kind");
	return 0;
}

/* --- tables --------------------------------------------------------------------------- */

/* Whether a word may follow the option as its value. */
static bool takes_value(const struct cmd_opt *opt)
{
	return opt->kind != CMD_OPT_BOOL && opt->kind != CMD_OPT_COUNT &&
	       !(opt->flags & CMD_OPT_OPTIONAL_ARG);
}

void cmd_parser_add(struct cmd_parser *p, const struct cmd_opt *opts, void *values)
{
	struct cmd_optset *set = &p->sets[p->n_sets++];
	size_t n = 0;

	assert(p->n_sets <= VMN_ARRAY_LEN(p->sets));
	for (const struct cmd_opt *o = opts; cmd_opts_more(o); o++, n++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		if (o->def && set_value(o, values, o->def, &err) < 0)
			assert(false && "an option's default is not a value it takes");
	}
	*set = (struct cmd_optset){opts, values, vmn_xcalloc(n, sizeof(bool))};
}

struct row {
	const struct cmd_opt *opt;
	const struct cmd_optset *set;
};

static bool is_named(const struct cmd_opt *o, const char *name, size_t len)
{
	return (o->name && strncmp(o->name, name, len) == 0 && !o->name[len]) ||
	       (o->alias && strncmp(o->alias, name, len) == 0 && !o->alias[len]);
}

/* The row with this long name, or, when @name is NULL, with this letter. */
static struct row find_row(const struct cmd_parser *p, const char *name, size_t len, char letter)
{
	for (size_t i = p->n_sets; i-- > 0;)
		for (const struct cmd_opt *o = p->sets[i].opts; cmd_opts_more(o); o++)
			if (name ? is_named(o, name, len) : o->letter == letter)
				return (struct row){o, &p->sets[i]};
	return (struct row){0};
}

const struct cmd_opt *cmd_parser_find(const struct cmd_parser *p, const char *name, size_t len)
{
	return find_row(p, name, len, 0).opt;
}

static int unknown_long(const struct cmd_parser *p, const char *name, size_t len,
			struct vmn_err *err)
{
	vmn_auto_free char *word = vmn_xstrndup(name, len);
	struct cmd_suggest s = {.word = word};
	const char *likely;

	if (p->is_lenient)
		return 0;
	for (size_t i = 0; i < p->n_sets; i++)
		for (const struct cmd_opt *o = p->sets[i].opts; cmd_opts_more(o); o++)
			if (o->name && !(o->flags & CMD_OPT_HIDDEN))
				cmd_suggest_try(&s, o->name);
	(void)vmn_err_set(err, VMN_E_USAGE, "unknown option '--%s'", word);
	likely = cmd_suggest_best(&s);
	return likely ? vmn_err_hint(err, "did you mean '--%s'?", likely) : -VMN_E_USAGE;
}

/* --- words ---------------------------------------------------------------------------- */

struct words {
	int i, n; /* the word being read */
	char **v;
};

/* Whether @word, next to an option whose value may be left out, can only be that value. */
static bool is_its_value(const struct cmd_opt *opt, const char *word)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	int64_t ms;
	int index;

	if (opt->kind == CMD_OPT_ENUM)
		return *word && set_enum(opt, word, &index, &err) == 0;
	if (opt->kind == CMD_OPT_DURATION)
		return word[strspn(word, "0123456789.")] &&
		       vmn_parse_duration(word, &ms, &err) == 0;
	return false;
}

/* @value: what stood in the same word, or NULL */
static int take(struct cmd_parser *p, struct row row, const char *value, struct words *w,
		struct vmn_err *err)
{
	vmn_auto_err struct vmn_err ignored = VMN_ERR_INIT;
	bool *is_given = &row.set->given[row.opt - row.set->opts];

	if (!value && (row.opt->flags & CMD_OPT_OPTIONAL_ARG)) {
		bool is_next = w->i + 1 < w->n && is_its_value(row.opt, w->v[w->i + 1]);

		value = is_next ? w->v[++w->i] : row.opt->bare;
	} else if (!value && takes_value(row.opt)) {
		if (w->i + 1 >= w->n) {
			p->pending = row.opt;
			return p->is_lenient ? 0 : usage_error(err, row.opt, "needs a value");
		}
		value = w->v[++w->i];
	}
	if (!*is_given && row.opt->kind == CMD_OPT_LIST)
		vmn_strlist_clear(opt_field(row.opt, row.set->values)); /* of its default */
	*is_given = true;
	if (p->is_lenient) {
		(void)set_value(row.opt, row.set->values, value, &ignored);
		return 0;
	}
	return set_value(row.opt, row.set->values, value, err);
}

static int read_long(struct cmd_parser *p, const char *name, struct words *w, struct vmn_err *err)
{
	const char *eq = strchrnul(name, '=');
	size_t len = (size_t)(eq - name);
	struct row row = find_row(p, name, len, 0);

	if (!row.opt)
		return unknown_long(p, name, len, err);
	return take(p, row, *eq ? eq + 1 : NULL, w, err);
}

/* "-abc", "-nVALUE", "-n=VALUE", "-n VALUE", "-v6" */
static int read_cluster(struct cmd_parser *p, const char *letters, struct words *w,
			struct vmn_err *err)
{
	for (const char *c = letters; *c; c++) {
		struct row row = find_row(p, NULL, 0, *c);
		bool has_number;
		int rc;

		if (!row.opt && p->is_lenient)
			return 0;
		if (!row.opt)
			return vmn_err_set(err, VMN_E_USAGE, "unknown option '-%c'", *c);
		has_number = row.opt->kind == CMD_OPT_COUNT && c[1] >= '0' && c[1] <= '9';
		if (c[1] == '=')
			return take(p, row, c + 2, w, err);
		if (c[1] && (has_number || takes_value(row.opt)))
			return take(p, row, c + 1, w, err);
		rc = take(p, row, NULL, w, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int cmd_parser_run(struct cmd_parser *p, int argc, char **argv, int *ret_used, struct vmn_err *err)
{
	struct words w = {.n = argc, .v = argv};
	int rc = 0;

	p->operands = vmn_xrealloc(p->operands, (size_t)argc + 1, sizeof(*p->operands));
	p->n_operands = 0;
	for (; rc == 0 && w.i < w.n && w.v[w.i]; w.i++) {
		char *word = w.v[w.i];

		if (p->is_ended || word[0] != '-' || !word[1]) {
			if (p->stop_at_operand)
				break;
			p->operands[p->n_operands++] = word;
		} else if (strcmp(word, "--") == 0) {
			p->is_ended = true;
		} else if (word[1] == '-') {
			rc = read_long(p, word + 2, &w, err);
		} else {
			rc = read_cluster(p, word + 1, &w, err);
		}
	}
	p->operands[p->n_operands] = NULL;
	if (ret_used)
		*ret_used = w.i;
	return rc;
}

/* --- the whole ------------------------------------------------------------------------ */

static int check_group(const struct cmd_optset *set, const struct cmd_opt *second,
		       struct vmn_err *err)
{
	for (const struct cmd_opt *o = set->opts; o < second; o++) {
		if (o->group == second->group && set->given[o - set->opts]) {
			vmn_auto_free char *a = opt_text(o), *b = opt_text(second);

			return vmn_err_set(err, VMN_E_USAGE,
					   "options '%s' and '%s' exclude each other", a, b);
		}
	}
	return 0;
}

int cmd_parser_check(const struct cmd_parser *p, struct vmn_err *err)
{
	for (size_t i = 0; i < p->n_sets; i++) {
		const struct cmd_optset *set = &p->sets[i];

		for (const struct cmd_opt *o = set->opts; cmd_opts_more(o); o++) {
			bool is_given = set->given[o - set->opts];

			if (!is_given && (o->flags & CMD_OPT_REQUIRED))
				return usage_error(err, o, "is required");
			if (is_given && o->group && check_group(set, o, err) < 0)
				return -VMN_E_USAGE;
		}
	}
	return 0;
}

void cmd_parser_clear(struct cmd_parser *p)
{
	for (size_t i = 0; i < p->n_sets; i++) {
		const struct cmd_optset *set = &p->sets[i];

		for (const struct cmd_opt *o = set->opts; cmd_opts_more(o); o++)
			if (o->kind == CMD_OPT_LIST)
				vmn_strlist_clear(opt_field(o, set->values));
		free(set->given);
	}
	free(p->operands);
	*p = (struct cmd_parser){0};
}
