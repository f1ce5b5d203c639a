/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>

#include "cli/error.h"
#include "cli/program.h"
#include "lib/data/json.h"
#include "lib/kube/status.h"
#include "lib/out/progress.h"
#include "lib/out/term.h"

static void say(const struct cmd_ctx *ctx, const struct vmn_buf *b)
{
	if (ctx->progress)
		vmn_progress_hide(ctx->progress);
	(void)fwrite(vmn_buf_str(b), 1, b->len, stderr);
}

static void add_status(const struct vmn_err *err, struct vmn_buf *b)
{
	vmn_auto_json struct json_object *status = vmn_err_to_status(err);

	vmn_clean_json(b, vmn_json_text(status));
	vmn_buf_addc(b, '\n');
}

/* Each line of @text after a blank or two, for causes. */
static void add_indented(struct vmn_buf *b, const char *text)
{
	vmn_auto_strlist struct vmn_strlist lines = {0};

	vmn_strlist_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		if (!*lines.v[i])
			continue;
		vmn_buf_adds(b, "  ");
		vmn_clean(b, lines.v[i], false);
		vmn_buf_addc(b, '\n');
	}
}

void cmd_error_text(const struct cmd_ctx *ctx, const struct vmn_err *err, struct vmn_buf *b)
{
	bool is_verbose = ctx->globals->verbose > 0;

	vmn_buf_addf(b, "%s: ", ctx->program->name);
	vmn_clean(b, vmn_err_text(err), false);
	if (is_verbose && err->http)
		vmn_buf_addf(b, " (HTTP %d)", err->http);
	vmn_buf_addc(b, '\n');
	if (is_verbose && err->causes)
		add_indented(b, err->causes);
	if (err->hint) {
		vmn_buf_adds(b, "hint: ");
		vmn_clean(b, err->hint, false);
		vmn_buf_addc(b, '\n');
	}
	if (ctx->globals->output == CMD_FORMAT_JSON)
		add_status(err, b);
}

void cmd_error_print(const struct cmd_ctx *ctx, const struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	cmd_error_text(ctx, err, &b);
	say(ctx, &b);
}

void cmd_log_write(void *arg, int level, const char *line)
{
	const struct cmd_ctx *ctx = arg;
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	if (level == 0 && ctx->globals->quiet)
		return;
	if (level == 0)
		vmn_buf_addf(&b, "%s: warning: ", ctx->program->name);
	vmn_clean(&b, line, level >= 8);
	vmn_buf_addc(&b, '\n');
	say(ctx, &b);
}

void cmd_warn(struct cmd_ctx *ctx, const char *fmt, ...)
{
	vmn_auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	cmd_log_write(ctx, 0, text);
}

void cmd_report_failure(struct cmd_ctx *ctx, const struct vmn_err *err)
{
	cmd_error_print(ctx, err);
}
