/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "cli/suggest.h"
#include "lib/base/str.h"

void cmd_suggest_try(struct cmd_suggest *s, const char *candidate)
{
	size_t distance = vmn_edit_distance(s->word, candidate);

	if (!s->best || distance < s->distance) {
		s->best = candidate;
		s->distance = distance;
	}
	if (*s->word && vmn_starts_with(candidate, s->word)) {
		s->extended = candidate;
		s->n_extended++;
	}
}

const char *cmd_suggest_best(const struct cmd_suggest *s)
{
	size_t allowed = (strlen(s->word) + 2) / 3;

	if (s->n_extended == 1 && s->distance > 1)
		return s->extended;
	if (s->best && s->distance <= allowed && s->distance < strlen(s->word))
		return s->best;
	return s->n_extended == 1 ? s->extended : NULL;
}
