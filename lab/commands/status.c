/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl lab status - is a lab up, and what does it play */
#include "config.h"

#include <stdio.h>

#include "lab/commands/registry.h"
#include "lab/state.h"
#include "lib/data/json.h"

struct status_opts {
	const char *lab;
};

static const struct cmd_opt status_opts[] = {
	LAB_NAME_OPT(struct status_opts),
	{0},
};

static void print_text(struct json_object *doc)
{
	static const char *const rows[][2] = {
		{"Lab", "/name"},
		{"State", "/state"},
		{"Server", "/server"},
		{"KubeVirt", "/kubevirt"},
		{"Nodes", "/nodes"},
		{"PID", "/pid"},
		{"Kubeconfig", "/kubeconfig"},
	};

	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		struct json_object *v = vmn_json_get(doc, rows[i][1]);

		if (v)
			(void)printf("%-11s %s\n", rows[i][0], json_object_get_string(v));
	}
}

static int run_status(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		      struct vmn_err *err)
{
	const struct status_opts *o = opts;
	lab_auto_state struct lab_state st = {0};
	vmn_auto_json struct json_object *doc = NULL;
	vmn_auto_close int running = -1;
	vmn_auto_free char *kubeconfig = NULL;
	pid_t pid = 0;

	(void)argc, (void)argv;
	if (lab_state_open(o->lab, &st, err) < 0 || lab_state_read(&st, &doc, err) < 0 ||
	    lab_state_server(&st, &running, &pid, err) < 0)
		return -(int)err->code;
	kubeconfig = lab_state_path(&st, "kubeconfig");
	vmn_json_set_str(doc, "state", running >= 0 ? "running" : "stopped");
	if (running >= 0)
		vmn_json_set_int(doc, "pid", pid);
	vmn_json_set_str(doc, "kubeconfig", kubeconfig);
	if (ctx->globals->output != CMD_FORMAT_DEFAULT)
		return cmd_print_doc(ctx, doc, err);
	print_text(doc);
	return 0;
}

static const struct cmd_example examples[] = {
	{"vmnetctl lab status", "state, address, version played"},
	{"vmnetctl lab status -o json", "the same as JSON"},
	{0},
};

const struct cmd lab_cmd_status = {
	.name = "status",
	.group = "Labs",
	.summary = "show whether a lab runs and what it plays",
	.description =
		"A lab that is stopped has a status, too; one that never was up is an error.",
	.formats = CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = status_opts,
	.opts_size = sizeof(struct status_opts),
	.examples = examples,
	.run = run_status,
};
