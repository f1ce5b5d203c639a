/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl lab up - start a lab's server */
#include "config.h"

#include <string.h>

#include "lab/commands/registry.h"
#include "lab/dialect.h"
#include "lab/api/server.h"

enum { NODES_MAX = 100 };

struct up_opts {
	const char *lab;
	int version; /* index into versions */
	uint32_t nodes;
};

static const char *const versions[] = {"auto", "1.0-rc", "1.0", "1.9", NULL};

static const struct cmd_opt up_opts[] = {
	LAB_NAME_OPT(struct up_opts),
	{CMD_OPT_ENUM, 0, "kubevirt", .offset = offsetof(struct up_opts, version), .arg = "VERSION",
	 .words = versions, .def = "auto",
	 .help = "the KubeVirt to play; auto is what the lab plays already, 1.9 for a new one"},
	{CMD_OPT_U32, 0, "nodes", .offset = offsetof(struct up_opts, nodes), .arg = "N", .min = 1,
	 .max = NODES_MAX, .help = "how many nodes to play; 2 for a new lab"},
	{0},
};

/* Nobody who asks for 1.0 wants to hear that 1.9 is running already. */
static int check_wish(const struct lab_state *st, const struct lab_wish *wish, struct vmn_err *err)
{
	vmn_auto_json struct json_object *doc = NULL;
	const char *version;
	int64_t nodes;

	if (lab_state_read(st, &doc, err) < 0)
		return -(int)err->code;
	version = vmn_json_str_or(doc, "/kubevirt", "");
	nodes = vmn_json_int(doc, "/nodes", 0);
	if ((!wish->dialect || !strcmp(lab_dialect_name(*wish->dialect), version)) &&
	    (!wish->nodes || wish->nodes == nodes))
		return 0;
	(void)vmn_err_set(err, VMN_E_EXISTS,
			  "lab '%s' is running, and plays KubeVirt %s with %d node%s", st->name,
			  version, (int)nodes, nodes == 1 ? "" : "s");
	return vmn_err_hint(
		err, "start another one with --name, or stop it: vmnetctl lab down --name %s",
		st->name);
}

static int run_up(struct cmd_ctx *ctx, const void *opts, int argc, char **argv, struct vmn_err *err)
{
	const struct up_opts *o = opts;
	lab_auto_state struct lab_state st = {0};
	vmn_auto_close int running = -1;
	vmn_auto_free char *kubeconfig = NULL;
	enum lab_dialect dialect;
	struct lab_wish wish = {.nodes = (int)o->nodes};
	bool is_new;

	(void)argc, (void)argv;
	if (lab_dialect_find(versions[o->version], &dialect))
		wish.dialect = &dialect;
	if (lab_state_open(o->lab, &st, err) < 0 || lab_state_server(&st, &running, NULL, err) < 0)
		return -(int)err->code;
	kubeconfig = lab_state_path(&st, "kubeconfig");
	if (running >= 0) {
		if (check_wish(&st, &wish, err) < 0)
			return -(int)err->code;
		cmd_done(ctx, "lab \"%s\" is running already", st.name);
		cmd_done(ctx, "export KUBECONFIG=%s", kubeconfig);
		return 0;
	}
	is_new = !lab_state_exists(&st);
	if (lab_server_start(&st, &wish, err) < 0)
		return vmn_err_wrap(err, "cannot start lab '%s'", st.name);
	cmd_done(ctx, "lab \"%s\" %s", st.name,
		 is_new ? "started" : "started again, with its objects");
	cmd_done(ctx, "export KUBECONFIG=%s", kubeconfig);
	return 0;
}

static const struct cmd_example examples[] = {
	{"vmnetctl lab up", "a lab that plays the newest KubeVirt it knows"},
	{"vmnetctl lab up --name old --kubevirt 1.0 --nodes 3", "a second one beside it"},
	{0},
};

const struct cmd lab_cmd_up = {
	.name = "up",
	.group = "Labs",
	.summary = "start a lab",
	.description =
		"Starts the server in the background and returns when it answers. A lab that was up "
		"before comes back with its objects, on the same port when that is free. A running lab is "
		"left as it is; to ask another version or number of nodes of it is an error.\n\n"
		"The kubeconfig has a context for each of the users admin, edit (KubeVirt's edit role of "
		"the version played), limited (get, list and patch VMs) and nobody, with a client "
		"certificate; NAME-token is the same user with a bearer token.\n\n"
		"State is kept in $VMNETCTL_LAB_DIR/NAME, else in $XDG_STATE_HOME/vmnetctl/lab/NAME.",
	.opts = up_opts,
	.opts_size = sizeof(struct up_opts),
	.examples = examples,
	.run = run_up,
};
