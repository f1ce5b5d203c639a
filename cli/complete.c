/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/complete.h"
#include "cli/external.h"
#include "cli/globals.h"
#include "lib/out/term.h"

void cmd_candidate(struct cmd_candidates *c, const char *text, const char *description)
{
	if (!vmn_starts_with(text, c->word))
		return;
	vmn_buf_adds(&c->out, c->prefix);
	vmn_clean(&c->out, text, false);
	if (!vmn_is_empty(description)) {
		vmn_buf_addc(&c->out, '\t');
		vmn_clean(&c->out, description, false);
	}
	vmn_buf_addc(&c->out, '\n');
}

/* What stands on the line before the word that is asked for. */
struct line {
	struct cmd_ctx *ctx;
	const struct cmd_program *program;
	const struct cmd *cmd; /* NULL before the command's name */
	bool is_foreign;       /* the command is some other program */
	struct cmd_parser parser;
	struct cmd_candidates candidates;
};

static void complete_builtins(struct line *l, const struct cmd_program *program)
{
	for (const struct cmd *const *c = program->commands; *c; c++)
		if (!((*c)->flags & CMD_HIDDEN))
			cmd_candidate(&l->candidates, (*c)->name, (*c)->summary);
}

static void complete_commands(struct line *l)
{
	vmn_auto_strlist struct vmn_strlist external = {0};

	complete_builtins(l, l->program);
	cmd_external_list(l->program, &external);
	for (size_t i = 0; i < external.n; i++)
		cmd_candidate(&l->candidates, external.v[i],
			      vmn_streq(external.v[i], l->program->companion)
				      ? l->program->companion_summary
				      : NULL);
}

/* COMMAND [VERB] of `help` */
static void complete_topic(struct line *l)
{
	const struct cmd *cmd = NULL;

	if (!l->parser.n_operands) {
		complete_commands(l);
		return;
	}
	cmd = cmd_find(l->program, l->parser.operands[0]);
	if (cmd && cmd->verbs)
		complete_builtins(l, cmd->verbs);
}

static void complete_words(struct line *l, const char *const *words)
{
	for (; words && *words; words++)
		if (**words)
			cmd_candidate(&l->candidates, *words, NULL);
}

static void complete_formats(struct line *l, const char *const *words)
{
	unsigned formats = l->cmd ? l->cmd->formats : 0;

	for (unsigned i = 0; words[i]; i++)
		if (*words[i] && (!formats || formats & 1U << i))
			cmd_candidate(&l->candidates, words[i], NULL);
}

/* KIND NAME and KIND/NAME of `inspect`. */
static void complete_object(struct line *l)
{
	static const struct {
		const char *kind;
		enum cmd_complete names;
	} kinds[] = {
		{"vm", CMD_COMPLETE_VM},
		{"vmi", CMD_COMPLETE_VMI},
		{"migration", CMD_COMPLETE_MIGRATION},
	};
	struct cmd_candidates *c = &l->candidates;
	const char *slash = strchr(c->word, '/');
	vmn_auto_free char *joined =
		slash ? vmn_xstrndup(c->word, (size_t)(slash - c->word)) : NULL;
	const char *kind = l->parser.n_operands ? l->parser.operands[0] : joined;
	vmn_auto_free char *prefix = NULL;

	if (joined && kind == joined) {
		prefix = vmn_xasprintf("%s/", joined);
		c->prefix = prefix;
		c->word = slash + 1;
	}
	for (size_t i = 0; i < VMN_ARRAY_LEN(kinds); i++) {
		if (!kind)
			cmd_candidate(c, kinds[i].kind, NULL);
		else if (strcmp(kind, kinds[i].kind) == 0)
			cmd_complete_live(l->ctx, kinds[i].names, NULL, c);
	}
	c->prefix = "";
}

static void complete_kind(struct line *l, enum cmd_complete kind, const char *const *words)
{
	switch (kind) {
	case CMD_COMPLETE_NONE:
		break;
	case CMD_COMPLETE_FILE:
		l->candidates.hints &= ~CMD_HINT_NO_FILES;
		break;
	case CMD_COMPLETE_WORDS:
		complete_words(l, words);
		break;
	case CMD_COMPLETE_COMMAND:
		complete_topic(l);
		break;
	case CMD_COMPLETE_INSPECT:
		complete_object(l);
		break;
	case CMD_COMPLETE_VM:
	case CMD_COMPLETE_VMI:
	case CMD_COMPLETE_IFACE:
	case CMD_COMPLETE_NAD:
	case CMD_COMPLETE_NODE:
	case CMD_COMPLETE_NAMESPACE:
	case CMD_COMPLETE_CONTEXT:
	case CMD_COMPLETE_CLUSTER:
	case CMD_COMPLETE_USER:
	case CMD_COMPLETE_MIGRATION:
		cmd_complete_live(l->ctx, kind, l->parser.n_operands ? l->parser.operands[0] : NULL,
				  &l->candidates);
		break;
	}
}

/* The value of @opt; its text so far is the candidates' word. */
static void complete_value(struct line *l, const struct cmd_opt *opt)
{
	vmn_auto_free char *prefix = NULL;
	const char *comma = opt->flags & CMD_OPT_COMMA ? strrchr(l->candidates.word, ',') : NULL;
	const char *old = l->candidates.prefix;

	if (comma) {
		prefix = vmn_xasprintf("%s%.*s,", old, (int)(comma - l->candidates.word),
				       l->candidates.word);
		l->candidates.prefix = prefix;
		l->candidates.word = comma + 1;
	}
	if (opt->offset == offsetof(struct cmd_globals, output) && opt->letter == 'o')
		complete_formats(l, opt->words);
	else if (opt->kind == CMD_OPT_ENUM)
		complete_words(l, opt->words);
	else
		complete_kind(l, opt->complete, opt->words);
	l->candidates.prefix = old;
}

/* Whether @opt of @set may still be given: once, and one of its group. */
static bool is_open(const struct cmd_optset *set, const struct cmd_opt *opt)
{
	for (const struct cmd_opt *o = set->opts; cmd_opts_more(o); o++) {
		if (!set->given[o - set->opts])
			continue;
		if (o == opt && o->kind != CMD_OPT_LIST && o->kind != CMD_OPT_COUNT)
			return false;
		if (o != opt && o->group && o->group == opt->group)
			return false;
	}
	return true;
}

static void complete_option_names(struct line *l)
{
	for (size_t i = l->parser.n_sets; i-- > 0;) {
		const struct cmd_optset *set = &l->parser.sets[i];

		if (set->opts == cmd_connection_opts && l->cmd && !(l->cmd->flags & CMD_NEEDS_KUBE))
			continue; /* accepted, but of no use here: help does not show them either */
		for (const struct cmd_opt *o = set->opts; cmd_opts_more(o); o++) {
			vmn_auto_free char *name = NULL;

			if (o->flags & CMD_OPT_HIDDEN || !is_open(set, o))
				continue;
			name = vmn_xasprintf("--%s", o->name);
			cmd_candidate(&l->candidates, name, o->help);
		}
	}
}

static void complete_operand(struct line *l)
{
	if (!l->cmd)
		complete_commands(l);
	else if (l->cmd->max_args < 0 || l->parser.n_operands < l->cmd->max_args)
		complete_kind(l, l->cmd->complete, l->cmd->operand_words);
}

/* "--opt=half" */
static void complete_joined_value(struct line *l, const char *eq)
{
	const char *word = l->candidates.word;
	const struct cmd_opt *opt = cmd_parser_find(&l->parser, word + 2, (size_t)(eq - word - 2));
	vmn_auto_free char *prefix = vmn_xstrndup(word, (size_t)(eq + 1 - word));

	if (!opt)
		return;
	l->candidates.prefix = prefix;
	l->candidates.word = eq + 1;
	complete_value(l, opt);
	l->candidates.prefix = "";
}

static void complete_word(struct line *l)
{
	const char *word = l->candidates.word;
	const char *eq = strchr(word, '=');

	if (l->parser.pending)
		complete_value(l, l->parser.pending);
	else if (l->parser.is_ended || *word != '-')
		complete_operand(l);
	else if (vmn_starts_with(word, "--") && eq)
		complete_joined_value(l, eq);
	else
		complete_option_names(l);
}

/* A companion made with the same framework completes its own command line. */
static void ask_companion(struct line *l, const char *name, char **rest, struct vmn_err *err)
{
	static char complete[] = CMD_COMPLETE_VERB, dashes[] = "--";
	char *before[] = {complete, dashes};
	vmn_auto_free char *path = NULL;

	if (!vmn_streq(name, l->program->companion))
		return;
	path = cmd_external_find(l->program, name);
	if (path)
		(void)cmd_external_exec(path, before, (int)VMN_ARRAY_LEN(before), rest, err);
}

/* Read the @n finished words @v, as far as they say what the unfinished one may be. */
static void read_line(struct line *l, struct cmd_globals *globals, void **ret_opts, int n, char **v,
		      struct vmn_err *err)
{
	int used = 0;

	cmd_parser_add(&l->parser, cmd_global_opts, globals);
	cmd_parser_add(&l->parser, cmd_connection_opts, globals);
	for (;;) {
		if (cmd_parser_run(&l->parser, n, v, &used, err) < 0 || used >= n)
			return;
		l->cmd = cmd_find(l->program, v[used]);
		if (!l->cmd || !l->cmd->verbs)
			break;
		l->program = l->cmd->verbs;
		l->cmd = NULL;
		n -= used + 1;
		v += used + 1;
	}
	if (!l->cmd) {
		ask_companion(l, v[used], v + used + 1, err);
		l->is_foreign = true;
		return;
	}
	*ret_opts = vmn_xcalloc(1, l->cmd->opts_size);
	l->parser.stop_at_operand = l->parser.is_ended = false;
	cmd_parser_add(&l->parser, l->cmd->opts, *ret_opts);
	if (cmd_parser_run(&l->parser, n - used - 1, v + used + 1, NULL, err) < 0)
		l->cmd = NULL; /* never: a lenient parser takes everything */
}

/* Neither a plugin that asks for a password nor a library that complains may touch the terminal. */
static void be_silent(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)dup2(fd, STDIN_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

int cmd_complete_print(struct cmd_ctx *ctx, int argc, char **argv, struct vmn_err *err)
{
	struct cmd_globals globals = {0};
	struct cmd_ctx inner = {.program = ctx->program, .globals = &globals};
	struct line l = {
		.ctx = &inner,
		.program = ctx->program,
		.parser = {.is_lenient = true, .stop_at_operand = true},
		.candidates = {.prefix = "", .hints = CMD_HINT_NO_FILES},
	};
	vmn_auto_free void *opts = NULL;

	be_silent();
	if (argc && strcmp(argv[0], "--") == 0)
		argc--, argv++;
	l.candidates.word = argc ? argv[argc - 1] : "";
	read_line(&l, &globals, &opts, argc ? argc - 1 : 0, argv, err);
	vmn_err_clear(err);
	if (l.is_foreign)
		l.candidates.hints = 0; /* what it takes is unknown: file names are a fair guess */
	else
		complete_word(&l);
	(void)fwrite(vmn_buf_str(&l.candidates.out), 1, l.candidates.out.len, stdout);
	(void)printf(":%d\n", l.candidates.hints);
	vmn_buf_clear(&l.candidates.out);
	cmd_parser_clear(&l.parser);
	if (inner.kube_close)
		inner.kube_close(&inner);
	return 0;
}
