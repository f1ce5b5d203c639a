/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup recover - take back what a crash left half done */
#include "config.h"

#include <stdio.h>

#include "lib/data/json.h"
#include "lib/out/term.h"
#include "subcommands/netsetup.h"

struct recover_opts {
	const char *netns;
	bool is_dry_run;
};

static const struct cmd_opt recover_opts[] = {
	NETSETUP_NETNS(struct recover_opts),
	{CMD_OPT_BOOL, 0, "dry-run", .offset = offsetof(struct recover_opts, is_dry_run),
	 .help = "only print the steps that would be taken back, last first"},
	{0},
};

/* {"netns":ID,"dryRun":B,"takenBack":[{"name":"eth0","steps":["ip link ..."]}]}; last step first */
static struct json_object *report(const struct vmn_netns *ns, const struct vmn_txns *txns,
				  bool is_dry_run)
{
	struct json_object *doc = vmn_json_build("{\"netns\":%s}", vmn_netns_id(ns));
	struct json_object *list = json_object_new_array();

	vmn_json_set_bool(doc, "dryRun", is_dry_run);
	for (size_t i = txns->n; i-- > 0;) {
		const struct vmn_txn *t = &txns->v[i];
		struct json_object *item = vmn_json_build("{\"name\":%s}", t->owner);
		struct json_object *steps = json_object_new_array();

		for (size_t k = t->steps.n; k-- > 0;) {
			vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);

			vmn_step_text(&t->steps.v[k], &text);
			vmn_json_append_take(steps, json_object_new_string(vmn_buf_str(&text)));
		}
		vmn_json_set_take(item, "steps", steps);
		vmn_json_append_take(list, item);
	}
	vmn_json_set_take(doc, "takenBack", list);
	return doc;
}

static void print_text(struct cmd_ctx *ctx, struct json_object *doc, bool is_dry_run)
{
	struct json_object *list = vmn_json_array(doc, "/takenBack");

	if (!vmn_json_len(list))
		cmd_done(ctx, "nothing to recover");
	vmn_json_each(item, list) {
		struct json_object *steps = vmn_json_array(item, "/steps");
		size_t n = vmn_json_len(steps);

		if (!is_dry_run) {
			cmd_done(ctx, "\"%s\" taken back: %zu step%s", vmn_json_str(item, "/name"),
				 n, n == 1 ? "" : "s");
			continue;
		}
		vmn_json_each(step, steps) {
			vmn_auto_free char *clean = vmn_clean_dup(json_object_get_string(step));

			(void)printf("take back: %s\n", clean);
		}
	}
}

static int run_recover(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		       struct vmn_err *err)
{
	const struct recover_opts *o = opts;
	vmn_auto_netns struct vmn_netns *ns = NULL;
	vmn_auto_journal struct vmn_journal *j = NULL;
	vmn_auto_txns struct vmn_txns txns = {0};
	vmn_auto_json struct json_object *doc = NULL;
	struct vmn_recovery done;
	int rc;

	(void)argc, (void)argv;
	rc = vmn_netns_open(o->netns, &ns, err);
	if (rc == 0)
		rc = vmn_netns_may_change(ns, err);
	if (rc == 0)
		rc = netsetup_journal(ctx, ns, &j, err);
	if (rc == 0)
		rc = vmn_journal_pending(j, &txns, err);
	if (rc == 0 && !o->is_dry_run)
		rc = vmn_journal_recover(j, &done, err);
	if (rc < 0)
		return rc;
	doc = report(ns, &txns, o->is_dry_run);
	if (ctx->globals->output != CMD_FORMAT_DEFAULT)
		return cmd_print_doc(ctx, doc, err);
	print_text(ctx, doc, o->is_dry_run);
	return 0;
}

static const struct cmd_example examples[] = {
	{"vmnetctl netsetup recover --netns blue",
	 "make the namespace blue whole again after a crash"},
	{"vmnetctl netsetup recover --netns blue --dry-run", "see what that would do"},
	{0},
};

const struct cmd cmd_netsetup_recover = {
	.name = "recover",
	.group = "Repair",
	.summary = "take back what a crash left half done",
	.description =
		"A change that was killed in the middle, however hard, is taken back step by step: "
		"the namespace is then as it was before. A change that was complete stays. Verbs that "
		"change a namespace do the same before they start; this one does nothing else.",
	.flags = CMD_MUTATES,
	.formats = CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = recover_opts,
	.opts_size = sizeof(struct recover_opts),
	.examples = examples,
	.run = run_recover,
};
