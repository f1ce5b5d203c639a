/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl lab down - stop a lab's server */
#include "config.h"

#include "lab/commands/registry.h"
#include "lab/api/server.h"

struct down_opts {
	const char *lab;
	bool purge;
};

static const struct cmd_opt down_opts[] = {
	LAB_NAME_OPT(struct down_opts),
	{CMD_OPT_BOOL, 0, "purge", .offset = offsetof(struct down_opts, purge),
	 .help = "also remove its objects, certificates and logs"},
	{0},
};

static int run_down(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		    struct vmn_err *err)
{
	const struct down_opts *o = opts;
	lab_auto_state struct lab_state st = {0};
	bool was_running;

	(void)argc, (void)argv;
	if (lab_state_open(o->lab, &st, err) < 0 || lab_server_stop(&st, &was_running, err) < 0)
		return -(int)err->code;
	cmd_done(ctx, was_running ? "lab \"%s\" stopped" : "lab \"%s\" is not running", st.name);
	if (!o->purge)
		return 0;
	if (lab_state_purge(&st, err) < 0)
		return -(int)err->code;
	cmd_done(ctx, "lab \"%s\" removed", st.name);
	return 0;
}

static const struct cmd_example examples[] = {
	{"vmnetctl lab down", "stop the lab; `up` brings it back as it was"},
	{"vmnetctl lab down --purge", "stop it and forget everything in it"},
	{0},
};

const struct cmd lab_cmd_down = {
	.name = "down",
	.group = "Labs",
	.summary = "stop a lab",
	.description = "Returns when the server is gone. A lab that is not running is no error.",
	.opts = down_opts,
	.opts_size = sizeof(struct down_opts),
	.examples = examples,
	.run = run_down,
};
