/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lib/base/file.h"
#include "subcommands/netsetup_each.h"

enum { MAX_LIST_BYTES = 1 << 20 };

bool netsetup_is_doc(const struct cmd_ctx *ctx)
{
	return ctx->globals->output == CMD_FORMAT_JSON || ctx->globals->output == CMD_FORMAT_YAML;
}

/* The references with "-" replaced by the lines of stdin; empty lines and # comments do not count.
 */
static int expand(const struct vmn_strlist *refs, struct vmn_strlist *ret, struct vmn_err *err)
{
	for (size_t i = 0; i < refs->n; i++) {
		vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(MAX_LIST_BYTES);
		vmn_auto_strlist struct vmn_strlist lines = {0};
		int rc;

		if (strcmp(refs->v[i], "-") != 0) {
			vmn_strlist_add(ret, refs->v[i]);
			continue;
		}
		rc = vmn_file_read("/dev/stdin", &text, err);
		if (rc < 0)
			return rc;
		vmn_strlist_split(&lines, vmn_buf_str(&text), '\n');
		for (size_t k = 0; k < lines.n; k++)
			if (*lines.v[k] && *lines.v[k] != '#')
				vmn_strlist_add(ret, lines.v[k]);
	}
	return 0;
}

struct each {
	struct cmd_ctx *ctx;
	bool is_change, is_several;
	int (*fn)(struct netsetup_one *one, void *arg, struct vmn_err *err);
	void *arg;
	struct json_object *docs;
};

struct inside {
	const struct each *e;
	struct netsetup_one *one;
};

static int run_inside(void *arg, struct vmn_err *err)
{
	const struct inside *i = arg;

	return i->e->fn(i->one, i->e->arg, err);
}

static int run_one(const struct each *e, const char *ref, struct vmn_err *err)
{
	vmn_auto_netns struct vmn_netns *ns = NULL;
	vmn_auto_journal struct vmn_journal *journal = NULL;
	vmn_auto_free char *prefix = e->is_several ? vmn_xasprintf("%s: ", ref) : vmn_xstrdup("");
	vmn_auto_json struct json_object *doc = json_object_new_object();
	struct netsetup_one one = {.ctx = e->ctx, .prefix = prefix, .doc = doc};
	struct inside inside = {e, &one};
	int rc = vmn_netns_open(ref, &ns, err);

	if (rc == 0 && e->is_change)
		rc = vmn_netns_may_change(ns, err);
	if (rc == 0)
		rc = netsetup_journal(e->ctx, ns, &journal, err);
	if (rc < 0)
		return rc;
	one.ns = ns;
	one.journal = journal;
	vmn_json_set_str(doc, "namespace", ref ? ref : "");
	/* There as a whole: going there for each socket and sysctl costs a change of threads each.
	 */
	rc = vmn_netns_run(ns, run_inside, &inside, err);
	if (rc == 0)
		vmn_json_append_take(e->docs, json_object_get(doc));
	return rc;
}

static int print_docs(const struct each *e, struct vmn_err *err)
{
	struct json_object *one = json_object_array_get_idx(e->docs, 0);

	if (!netsetup_is_doc(e->ctx))
		return 0;
	return cmd_print_doc(e->ctx, e->is_several ? e->docs : one, err);
}

static int run_several(const struct each *e, const struct vmn_strlist *refs)
{
	int rc = 0;

	for (size_t i = 0; i < refs->n; i++) {
		vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

		if (run_one(e, refs->v[i], &why) == 0)
			continue;
		rc = why.code == VMN_E_CANCELLED ? -VMN_E_CANCELLED : -VMN_E_PARTIAL;
		(void)vmn_err_wrap(&why, "namespace '%s'", refs->v[i]);
		cmd_report_failure(e->ctx, &why);
		if (rc == -VMN_E_CANCELLED)
			break;
	}
	return rc;
}

int netsetup_each(struct cmd_ctx *ctx, const struct vmn_strlist *refs, bool is_change,
		  int (*fn)(struct netsetup_one *one, void *arg, struct vmn_err *err), void *arg,
		  struct vmn_err *err)
{
	vmn_auto_strlist struct vmn_strlist all = {0};
	vmn_auto_json struct json_object *docs = json_object_new_array();
	struct each e = {ctx, is_change, false, fn, arg, docs};
	int rc = expand(refs, &all, err), printed;

	if (rc < 0)
		return rc;
	/* A list is a list, however long: who reads the answer does not count first. */
	e.is_several = all.n > 1 || vmn_strlist_has(refs, "-");
	rc = e.is_several ? run_several(&e, &all) : run_one(&e, all.n ? all.v[0] : NULL, err);
	if (rc < 0 && !e.is_several)
		return all.n ? vmn_err_wrap(err, "namespace '%s'", all.v[0]) : rc;
	printed = print_docs(&e, err);
	return printed < 0 ? printed : rc;
}
