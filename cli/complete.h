/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complete.h - what the shells ask when Tab is pressed
 *
 * `vmnetctl __complete -- WORD...`: the words after the program's name, the last one, perhaps "",
 * unfinished. The answer is one candidate a line, "WORD<Tab>description", then ":N", the sum of
 * enum cmd_complete_hint. That is also what kubectl expects of kubectl_complete-PLUGIN. Nothing is
 * ever said on stderr: half a command line is no mistake.
 */
#ifndef VMN_CLI_COMPLETE_H
#define VMN_CLI_COMPLETE_H

#include "cli/options.h"
#include "cli/program.h"

#define CMD_COMPLETE_VERB "__complete"

/* The number is cobra's, which kubectl is made with. */
enum cmd_complete_hint {
	CMD_HINT_NO_FILES = 4, /* file names are no candidates */
};

/* Candidates for one word. */
struct cmd_candidates {
	const char *word;   /* what stands there so far */
	const char *prefix; /* put before each candidate: "--via=", "a,b,"; borrowed */
	struct vmn_buf out; /* the lines of those that continue .word */
	int hints;
};

/** cmd_candidate() - offer @text (its description may be NULL) if it continues what was typed */
void cmd_candidate(struct cmd_candidates *c, const char *text, const char *description);

/** cmd_complete_print() - answer for @argv on stdout; Return: 0 */
int cmd_complete_print(struct cmd_ctx *ctx, int argc, char **argv, struct vmn_err *err);

/**
 * cmd_complete_live() - offer names that only configuration or server know
 * @vm:	operand that says whose interfaces are wanted, or NULL
 *
 * Takes a second at most: the process ends there without an answer. Answers of the server are kept
 * on disk for a few seconds.
 */
void cmd_complete_live(struct cmd_ctx *ctx, enum cmd_complete kind, const char *vm,
		       struct cmd_candidates *c);

#endif
