/* SPDX-License-Identifier: Apache-2.0 */
/* man.c - the parts of a man page that the tables know, in man(7) */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "cli/exit.h"
#include "cli/globals.h"
#include "cli/help.h"
#include "cli/options.h"

enum { TEXT_COLUMNS = 79 };

/* @text as roff: hyphens that can be copied, no accidental escapes or requests. */
static void add_roff(struct vmn_buf *b, const char *text)
{
	bool at_line_start = !b->len || b->data[b->len - 1] == '\n';

	for (; *text; text++) {
		if (at_line_start && (*text == '.' || *text == '\''))
			vmn_buf_adds(b, "\\&");
		at_line_start = *text == '\n';
		switch (*text) {
		case '-':
			vmn_buf_adds(b, "\\-");
			break;
		case '\\':
			vmn_buf_adds(b, "\\e");
			break;
		case '~':
			vmn_buf_adds(b, "\\(ti");
			break;
		case '^':
			vmn_buf_adds(b, "\\(ha");
			break;
		case '`':
			vmn_buf_adds(b, "\\(ga");
			break;
		case '\'':
			vmn_buf_adds(b, "\\(aq");
			break;
		default:
			vmn_buf_addc(b, *text);
		}
	}
}

static void add_font(struct vmn_buf *b, char font, const char *text)
{
	vmn_buf_addf(b, "\\f%c", font);
	add_roff(b, text);
	vmn_buf_adds(b, "\\fR");
}

static char *page_name(const struct cmd_program *program, const struct cmd *cmd)
{
	char *name = cmd ? vmn_xasprintf("%s-%s", program->invocation, cmd->name)
			 : vmn_xstrdup(program->invocation);

	for (char *blank = name; (blank = strchr(blank, ' '));)
		*blank = '-';
	return name;
}

/* "NAME OPERANDS [OPTION...]", and the end of the line. */
static void add_invocation(const struct cmd *cmd, struct vmn_buf *b)
{
	add_font(b, 'B', cmd->name);
	if (cmd->operands) {
		vmn_buf_addc(b, ' ');
		add_font(b, 'I', cmd->operands);
	}
	vmn_buf_adds(b, " [\\fIOPTION\\fR...]\n");
}

static void add_synopsis(const struct cmd_program *program, const struct cmd *cmd,
			 struct vmn_buf *b)
{
	vmn_buf_adds(b, ".SH SYNOPSIS\n");
	add_font(b, 'B', program->invocation);
	if (!cmd) {
		vmn_buf_adds(b, " [\\fIGLOBAL OPTION\\fR...] \\fICOMMAND\\fR [\\fIOPTION\\fR...] "
				"[\\fIOPERAND\\fR...]\n");
		return;
	}
	vmn_buf_addc(b, ' ');
	add_invocation(cmd, b);
}

static void add_header(const struct cmd_program *program, const struct cmd *cmd, struct vmn_buf *b)
{
	vmn_auto_free char *name = page_name(program, cmd), *upper = vmn_xstrdup(name);

	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	vmn_buf_adds(b, ".TH ");
	add_roff(b, upper);
	vmn_buf_addf(b, " 1 %s \"vmnetctl %s\" \"vmnetctl manual\"\n.SH NAME\n", VMN_DATE,
		     PACKAGE_VERSION);
	add_roff(b, name);
	vmn_buf_adds(b, " \\- ");
	add_roff(b, cmd ? cmd->summary : program->summary);
	vmn_buf_addc(b, '\n');
	add_synopsis(program, cmd, b);
}

static void add_option(const struct cmd_opt *opt, struct vmn_buf *b)
{
	VMN_CLEANUP(cmd_opt_doc_clear) struct cmd_opt_doc doc;
	vmn_auto_free char *letter = vmn_xasprintf("-%c", opt->letter);
	vmn_auto_free char *name = vmn_xasprintf("--%s", opt->name ? opt->name : "");

	cmd_opt_describe(opt, &doc);
	vmn_buf_adds(b, ".TP\n");
	if (opt->letter)
		add_font(b, 'B', letter);
	if (opt->letter && opt->name)
		vmn_buf_adds(b, ", ");
	if (opt->name)
		add_font(b, 'B', name);
	if (doc.arg.len)
		add_font(b, 'I', vmn_buf_str(&doc.arg));
	vmn_buf_addc(b, '\n');
	add_roff(b, vmn_buf_str(&doc.text));
	vmn_buf_addc(b, '\n');
}

static void add_options(const char *heading, const struct cmd_opt *opts, struct vmn_buf *b)
{
	bool is_first = true;

	for (const struct cmd_opt *o = opts; cmd_opts_more(o); o++) {
		if (o->flags & CMD_OPT_HIDDEN)
			continue;
		if (is_first && heading)
			vmn_buf_addf(b, "%s\n", heading);
		is_first = false;
		add_option(o, b);
	}
}

static void add_formats(const struct cmd *cmd, struct vmn_buf *b)
{
	vmn_auto_free char *formats = cmd_formats_text(cmd->formats);

	vmn_buf_adds(b, "\\fB\\-o\\fR ");
	add_font(b, 'I', formats);
	vmn_buf_addc(b, '\n');
}

/* Paragraphs that are separated by blank lines. */
static void add_paragraphs(const char *text, struct vmn_buf *b)
{
	vmn_auto_strlist struct vmn_strlist lines = {0};

	vmn_strlist_split(&lines, text ? text : "", '\n');
	for (size_t i = 0; i < lines.n; i++) {
		if (!*lines.v[i])
			continue;
		vmn_buf_adds(b, ".PP\n");
		add_roff(b, lines.v[i]);
		vmn_buf_addc(b, '\n');
	}
}

static void add_command_options(const struct cmd *cmd, struct vmn_buf *b)
{
	add_options(".SH OPTIONS", cmd->opts, b);
	if (cmd->formats) {
		vmn_buf_adds(b, ".SH \"OUTPUT FORMATS\"\n");
		add_formats(cmd, b);
	}
	if (cmd->flags & CMD_NEEDS_KUBE)
		add_options(".SH \"CONNECTION OPTIONS\"", cmd_connection_opts, b);
	add_options(".SH \"GLOBAL OPTIONS\"", cmd_global_opts, b);
}

static void add_command(const char *name, const char *operands, const char *summary,
			struct vmn_buf *b)
{
	vmn_buf_adds(b, ".TP\n");
	add_font(b, 'B', name);
	if (operands) {
		vmn_buf_addc(b, ' ');
		add_font(b, 'I', operands);
	}
	vmn_buf_addc(b, '\n');
	add_roff(b, summary);
	vmn_buf_addc(b, '\n');
}

static void add_commands(const struct cmd_program *program, struct vmn_buf *b)
{
	vmn_buf_adds(b, ".SH COMMANDS\n");
	for (const struct cmd *const *c = program->commands; *c; c++)
		if (!((*c)->flags & CMD_HIDDEN))
			add_command((*c)->name, (*c)->operands, (*c)->summary, b);
	if (program->companion)
		add_command(program->companion, "COMMAND", program->companion_summary, b);
}

static void add_exit_status(struct vmn_buf *b)
{
	vmn_buf_adds(b, ".SH \"EXIT STATUS\"\n");
	for (const struct cmd_exit_doc *d = cmd_exit_docs; d->status; d++) {
		vmn_buf_adds(b, ".TP\n");
		add_font(b, 'B', d->status);
		vmn_buf_addc(b, '\n');
		add_roff(b, d->when);
		vmn_buf_addc(b, '\n');
	}
}

static void add_example_lines(const struct cmd *cmd, const char *heading, struct vmn_buf *b)
{
	for (const struct cmd_example *e = cmd->examples; e && e->line; e++) {
		vmn_buf_addf(b, "%s\n", e == cmd->examples ? heading : ".PP");
		add_roff(b, e->explanation);
		vmn_buf_adds(b, ":\n.PP\n.RS 4\n.nf\n");
		add_roff(b, e->line);
		vmn_buf_adds(b, "\n.fi\n.RE\n");
	}
}

static void add_examples(const struct cmd *cmd, struct vmn_buf *b)
{
	add_example_lines(cmd, ".SH EXAMPLES", b);
}

/* The pages of all commands, for the program's own page. */
static void add_see_also(const struct cmd_program *program, struct vmn_buf *b)
{
	vmn_buf_adds(b, ".SH \"SEE ALSO\"\n");
	for (const struct cmd *const *c = program->commands; *c; c++) {
		vmn_auto_free char *name = page_name(program, *c);

		if ((*c)->flags & CMD_HIDDEN)
			continue;
		vmn_buf_adds(b, ".BR ");
		add_roff(b, name);
		vmn_buf_adds(b, " (1),\n");
	}
	if (program->companion) {
		vmn_buf_adds(b, ".BR ");
		add_roff(b, program->name);
		vmn_buf_addf(b, "\\-%s (1),\n", program->companion);
	}
	vmn_buf_adds(b, ".BR kubectl (1)\n");
}

/* A section for each verb of a command, which has no page of its own. */
static void add_verbs(const struct cmd_program *program, struct vmn_buf *b)
{
	for (const struct cmd *const *c = program->commands; *c; c++) {
		const struct cmd *verb = *c;

		if (verb->flags & CMD_HIDDEN || verb == &cmd_help)
			continue;
		vmn_buf_adds(b, ".SH \"");
		for (const char *name = verb->name; *name; name++)
			vmn_buf_addc(b, (char)toupper((unsigned char)*name));
		vmn_buf_adds(b, "\"\n");
		add_font(b, 'B', program->invocation);
		vmn_buf_addc(b, ' ');
		add_invocation(verb, b);
		add_paragraphs(verb->description, b);
		add_options(NULL, verb->opts, b);
		if (verb->formats) {
			vmn_buf_adds(b, ".PP\nOutput formats: ");
			add_formats(verb, b);
		}
		add_example_lines(verb, ".PP", b);
	}
}

static bool add_section(const struct cmd_program *program, const struct cmd *cmd, const char *line,
			struct vmn_buf *b)
{
	if (strcmp(line, "@HEADER@") == 0)
		add_header(program, cmd, b);
	else if (strcmp(line, "@OPTIONS@") == 0 && cmd)
		add_command_options(cmd, b);
	else if (strcmp(line, "@GLOBAL_OPTIONS@") == 0)
		add_options(".SH \"GLOBAL OPTIONS\"", cmd_global_opts, b);
	else if (strcmp(line, "@CONNECTION_OPTIONS@") == 0)
		add_options(".SH \"CONNECTION OPTIONS\"", cmd_connection_opts, b);
	else if (strcmp(line, "@COMMANDS@") == 0)
		add_commands(program, b);
	else if (strcmp(line, "@EXIT_STATUS@") == 0)
		add_exit_status(b);
	else if (strcmp(line, "@SEE_ALSO@") == 0 && !cmd)
		add_see_also(program, b);
	else if (strcmp(line, "@VERBS@") == 0 && !cmd)
		add_verbs(program, b);
	else if (strcmp(line, "@EXAMPLES@") == 0 && cmd)
		add_examples(cmd, b);
	else
		return false;
	return true;
}

/* Lines of text no longer than troff's style asks for, but never broken before a control character.
 */
static void add_filled(struct vmn_buf *b, const char *line)
{
	size_t len = strlen(line);

	while (len > TEXT_COLUMNS && *line != '.' && *line != '\'') {
		size_t at = TEXT_COLUMNS;

		while (at > 0 && (line[at] != ' ' || strchr(" .'", line[at + 1])))
			at--;
		if (!at)
			break;
		vmn_buf_add(b, line, at);
		vmn_buf_addc(b, '\n');
		line += at + 1;
		len -= at + 1;
	}
	vmn_buf_addf(b, "%s\n", line);
}

static void fill(const struct vmn_buf *page, struct vmn_buf *b)
{
	vmn_auto_strlist struct vmn_strlist lines = {0};
	bool is_literal = false;

	vmn_strlist_split(&lines, vmn_buf_str(page), '\n');
	for (size_t i = 0; i + 1 < lines.n; i++) {
		const char *line = lines.v[i];

		if (vmn_starts_with(line, ".nf") || vmn_starts_with(line, ".fi"))
			is_literal = line[1] == 'n';
		if (is_literal)
			vmn_buf_addf(b, "%s\n", line);
		else
			add_filled(b, line);
	}
}

void cmd_man(const struct cmd_program *program, const struct cmd *cmd, const char *page,
	     struct vmn_buf *b)
{
	vmn_auto_strlist struct vmn_strlist lines = {0};
	vmn_auto_buf struct vmn_buf whole = VMN_BUF_INIT(0);

	vmn_strlist_split(&lines, page, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		if (i + 1 == lines.n && !*lines.v[i])
			break; /* what follows the last newline */
		if (!add_section(program, cmd, lines.v[i], &whole))
			vmn_buf_addf(&whole, "%s\n", lines.v[i]);
	}
	fill(&whole, b);
}
