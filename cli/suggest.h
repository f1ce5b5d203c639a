/* SPDX-License-Identifier: Apache-2.0 */
/* suggest.h - "did you mean": the one known word that is likely meant (pure) */
#ifndef VMN_CLI_SUGGEST_H
#define VMN_CLI_SUGGEST_H

#include <stddef.h>

/* Zero but for .word; feed it candidates, then ask. */
struct cmd_suggest {
	const char *word;     /* what was typed */
	const char *best;     /* nearest candidate so far */
	size_t distance;      /* its distance, 0 while there is none */
	const char *extended; /* the only candidate that starts with .word */
	size_t n_extended;
};

/** cmd_suggest_try() - one candidate, borrowed */
void cmd_suggest_try(struct cmd_suggest *s, const char *candidate);

/**
 * cmd_suggest_best() - the likely candidate, or NULL
 *
 * At most one mistake in three letters, or the only word that continues what was typed.
 */
const char *cmd_suggest_best(const struct cmd_suggest *s);

#endif
