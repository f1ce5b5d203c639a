/* SPDX-License-Identifier: Apache-2.0 */
/* what a running command may use, but for the server: see kube.c */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "lib/out/doc.h"
#include "lib/out/progress.h"
#include "lib/out/term.h"

struct vmn_progress *cmd_progress(struct cmd_ctx *ctx)
{
	if (!ctx->progress)
		ctx->progress = vmn_progress_new(stderr, getenv("TERM"), ctx->globals->quiet);
	return ctx->progress;
}

bool cmd_use_color(const struct cmd_ctx *ctx)
{
	return vmn_term_color(stdout, (enum vmn_color)ctx->globals->color, getenv("TERM"),
			      getenv("NO_COLOR"));
}

int cmd_width(const struct cmd_ctx *ctx)
{
	(void)ctx;
	return vmn_term_width(stdout, getenv("COLUMNS"));
}

int cmd_print_doc(struct cmd_ctx *ctx, struct json_object *obj, struct vmn_err *err)
{
	if (ctx->progress)
		vmn_progress_hide(ctx->progress);
	if (ctx->globals->output == CMD_FORMAT_YAML)
		return vmn_doc_yaml(obj, stdout, err);
	assert(ctx->globals->output == CMD_FORMAT_JSON);
	return vmn_doc_json(obj, false, stdout, err);
}

void cmd_done(struct cmd_ctx *ctx, const char *fmt, ...)
{
	vmn_auto_free char *text = NULL, *clean = NULL;
	va_list ap;

	if (ctx->globals->quiet)
		return;
	if (ctx->progress)
		vmn_progress_hide(ctx->progress);
	va_start(ap, fmt);
	text = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	clean = vmn_clean_dup(text);
	puts(clean);
}
