/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - option tables to filled structs
 *
 * Own parser rather than getopt_long(): that one accepts abbreviations, cannot be asked what it
 * saw, and completion needs to read half a line with the same eyes.
 */
#ifndef VMN_CLI_OPTIONS_H
#define VMN_CLI_OPTIONS_H

#include "cli/command.h"

/* One table and the struct it fills. */
struct cmd_optset {
	const struct cmd_opt *opts;
	void *values;
	bool *given; /* a flag per row: seen on the command line */
};

struct cmd_parser {
	struct cmd_optset sets[4]; /* looked through from the last: a command's options win */
	size_t n_sets;
	bool stop_at_operand; /* the first operand ends the options too */
	bool is_lenient;      /* completion: mistakes are skipped over */

	char **operands; /* borrowed strings in an owned, NULL-terminated array */
	int n_operands;
	const struct cmd_opt
		*pending; /* lenient: the last word was this option, its value is missing */
	bool is_ended;	  /* "--" was seen */
};

/** cmd_parser_add() - add a table (NULL is an empty one); gives @values the defaults */
void cmd_parser_add(struct cmd_parser *p, const struct cmd_opt *opts, void *values);

/**
 * cmd_parser_run() - read the words of @argv up to @argc, or to NULL
 * @ret_used:	how many words were read; may be NULL
 *
 * Takes --opt=v, --opt v, -ov, -o=v, -o v, clusters of short options, options between operands,
 * "--". Long names are exact: no abbreviations. With CMD_OPT_OPTIONAL_ARG the next word is taken
 * only when it can be nothing but the value: one of the words, or a time with its unit ("--wait
 * 2m").
 *
 * Return: 0 or -VMN_E_USAGE with a hint where there is a likely name
 */
int cmd_parser_run(struct cmd_parser *p, int argc, char **argv, int *ret_used,
		   struct vmn_err *err) VMN_MUST_CHECK;

/** cmd_parser_check() - required options are there, of each group there is at most one */
int cmd_parser_check(const struct cmd_parser *p, struct vmn_err *err) VMN_MUST_CHECK;

/** cmd_parser_clear() - free what parser and tables own: operands, lists */
void cmd_parser_clear(struct cmd_parser *p);
#define cmd_auto_parser VMN_CLEANUP(cmd_parser_clear)

/** cmd_parser_find() - the option with this long name of @len bytes, or NULL */
const struct cmd_opt *cmd_parser_find(const struct cmd_parser *p, const char *name, size_t len);

/** cmd_opts_more() - whether @opt is a row, not the end: for (o = opts; cmd_opts_more(o); o++) */
static inline bool cmd_opts_more(const struct cmd_opt *opt)
{
	return opt && opt->kind != CMD_OPT_END;
}

#endif
