/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl lab fault - have a lab go wrong on request */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lab/commands/client.h"
#include "lab/commands/registry.h"
#include "lab/api/fault.h"
#include "lib/data/json.h"
#include "lib/kube/client.h"
#include "lib/kube/path.h"
#include "lib/out/table.h"

#define FAULTS "/lab/v1/faults"

struct fault_opts {
	const char *lab;
	const char *method, *match, *text, *value, *retry_after;
	uint32_t count;
};

#define OPT(field) .offset = offsetof(struct fault_opts, field)

static const struct cmd_opt fault_opts[] = {
	LAB_NAME_OPT(struct fault_opts),
	{CMD_OPT_STR, 0, "method", OPT(method), .arg = "METHOD",
	 .help = "add: only requests with this HTTP method"},
	{CMD_OPT_STR, 0, "match", OPT(match), .arg = "TEXT",
	 .help = "add: only where TEXT is part of the request's path, or of NAMESPACE/VM"},
	{CMD_OPT_STR, 0, "value", OPT(value), .arg = "N",
	 .help = "add: milliseconds, bytes, events or the HTTP status, as the fault needs it"},
	{CMD_OPT_STR, 0, "retry-after", OPT(retry_after), .arg = "SECONDS",
	 .help = "add: send this Retry-After with a status"},
	{CMD_OPT_STR, 0, "text", OPT(text), .arg = "TEXT",
	 .help = "add: the message of a refusal or failure"},
	{CMD_OPT_U32, 0, "count", OPT(count), .arg = "N",
	 .help = "add: strike N times, then end; 0 is until it is cleared", .def = "0"},
	{0},
};

static int add_number(struct json_object *spec, const char *key, const char *text,
		      struct vmn_err *err)
{
	uint64_t n;

	if (!text)
		return 0;
	if (!vmn_parse_u64(text, &n) || n > INT64_MAX)
		return vmn_err_set(err, VMN_E_USAGE, "'%s' is not a number", text);
	vmn_json_set_int(spec, key, (int64_t)n);
	return 0;
}

static int add(struct cmd_ctx *ctx, const struct fault_opts *o, struct vmn_kube *k,
	       const char *kind, struct vmn_err *err)
{
	vmn_auto_json struct json_object *spec = vmn_json_build("{\"kind\":%s}", kind);
	struct vmn_kube_req req = {.method = "POST", .path = FAULTS};

	if (add_number(spec, "value", o->value, err) < 0 ||
	    add_number(spec, "retryAfter", o->retry_after, err) < 0)
		return -(int)err->code;
	if (o->method)
		vmn_json_set_str(spec, "method", o->method);
	if (o->match)
		vmn_json_set_str(spec, "match", o->match);
	if (o->text)
		vmn_json_set_str(spec, "text", o->text);
	vmn_json_set_int(spec, "count", o->count);
	req.body = vmn_json_text(spec);
	if (vmn_kube_do(k, &req, NULL, err) < 0)
		return vmn_err_wrap(err, "cannot add the fault");
	cmd_done(ctx, "fault/%s added", kind);
	return 0;
}

static int print_table(struct cmd_ctx *ctx, struct json_object *items, struct vmn_err *err)
{
	static const struct vmn_col cols[] = {{"KIND", 0},
					      {"METHOD", 0},
					      {"MATCH", 0},
					      {"VALUE", VMN_COL_RIGHT},
					      {"COUNT", VMN_COL_RIGHT},
					      {"TEXT", VMN_COL_TRUNC}};
	static const char *const paths[] = {"/kind",  "/method", "/match",
					    "/value", "/count",	 "/text"};
	vmn_auto_table struct vmn_table *t = vmn_table_new(cols, VMN_ARRAY_LEN(cols), false);

	vmn_json_each(item, items) {
		(void)vmn_table_row(t, -1);
		for (size_t i = 0; i < VMN_ARRAY_LEN(paths); i++) {
			struct json_object *v = vmn_json_get(item, paths[i]);

			vmn_table_cell(t, i, v ? json_object_get_string(v) : NULL, VMN_STYLE_PLAIN);
		}
	}
	return vmn_table_print(t, stdout, cmd_use_color(ctx), cmd_width(ctx), err);
}

static int list(struct cmd_ctx *ctx, struct vmn_kube *k, struct vmn_err *err)
{
	vmn_auto_json struct json_object *doc = NULL;
	struct json_object *items;

	if (vmn_kube_get(k, FAULTS, &doc, err) < 0)
		return vmn_err_wrap(err, "cannot list the faults");
	items = vmn_json_array(doc, "/items");
	if (ctx->globals->output != CMD_FORMAT_DEFAULT && ctx->globals->output != CMD_FORMAT_TABLE)
		return cmd_print_doc(ctx, doc, err);
	return vmn_json_len(items) ? print_table(ctx, items, err) : 0;
}

static int clear(struct cmd_ctx *ctx, struct vmn_kube *k, const char *kind, struct vmn_err *err)
{
	vmn_auto_free char *path = vmn_xstrdup(FAULTS);
	struct vmn_kube_req req = {.method = "DELETE"};

	if (kind)
		vmn_kube_path_query(&path, "kind", kind);
	req.path = path;
	if (vmn_kube_do(k, &req, NULL, err) < 0)
		return vmn_err_wrap(err, "cannot clear faults");
	if (kind)
		cmd_done(ctx, "fault/%s cleared", kind);
	else
		cmd_done(ctx, "all faults cleared");
	return 0;
}

static int check_kind(const char *kind, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf all = VMN_BUF_INIT(0);
	enum lab_fault_kind known;

	if (!kind || lab_fault_kind(kind, &known))
		return 0;
	for (int i = 0; i < LAB_FAULTS; i++)
		vmn_buf_addf(&all, "%s%s", i ? ", " : "", lab_fault_name((enum lab_fault_kind)i));
	(void)vmn_err_set(err, VMN_E_USAGE, "there is no fault '%s'", kind);
	return vmn_err_hint(err, "there are %s", vmn_buf_str(&all));
}

static int run_fault(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		     struct vmn_err *err)
{
	const struct fault_opts *o = opts;
	const char *verb = argv[0], *kind = argc > 1 ? argv[1] : NULL;
	bool is_add = !strcmp(verb, "add"), is_clear = !strcmp(verb, "clear");
	struct vmn_kube *k;

	if (!is_add && !is_clear && strcmp(verb, "list"))
		return vmn_err_set(err, VMN_E_USAGE, "'%s' is not add, list or clear", verb);
	if (is_add && !kind)
		return vmn_err_set(err, VMN_E_USAGE, "fault add needs a KIND");
	if (!is_add && !is_clear && kind)
		return vmn_err_set(err, VMN_E_USAGE, "fault list takes no operand");
	if (check_kind(kind, err) < 0 || lab_cmd_kube(ctx, o->lab, &k, err) < 0)
		return -(int)err->code;
	if (is_add)
		return add(ctx, o, k, kind, err);
	return is_clear ? clear(ctx, k, kind, err) : list(ctx, k, err);
}

static const struct cmd_example examples[] = {
	{"vmnetctl lab fault add status --value 429 --retry-after 1 --count 2",
	 "two requests get 429, to be tried again a second later"},
	{"vmnetctl lab fault add no-plug --match default/web-1",
	 "web-1's node never delivers a network that is plugged"},
	{"vmnetctl lab fault list", "what strikes now"},
	{"vmnetctl lab fault clear no-plug", "and end it: the plug goes on"},
	{0},
};

const struct cmd lab_cmd_fault = {
	.name = "fault",
	.group = "Objects",
	.summary = "have the lab go wrong on request",
	.operands = "add KIND | list | clear [KIND]",
	.description =
		"Faults are for tests of what a client does when things go wrong.\n"
		"\n"
		"Of requests: latency (--value ms), reset (the connection is cut after --value bytes of "
		"the answer), reset-before (cut before anything happened), status (--value 429, 500, "
		"503, ..., nothing happened), status-after (the same, but it happened), watch-cut (after "
		"--value events), watch-gone (410), conflict (409, or the 422 of a failed test), "
		"webhook (writes of VMs and migrations are denied, with --text), api-down (virt-api is "
		"away).\n"
		"\n"
		"Of VMs: slow-plug (--value ms a hop), no-plug, plug-error (--text), no-unplug, "
		"migration-fail (--text), migration-slow (--value ms a phase).\n"
		"\n"
		"A fault strikes until it is cleared, or --count times.",
	.min_args = 1,
	.max_args = 2,
	.formats = CMD_HAS(TABLE) | CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = fault_opts,
	.opts_size = sizeof(struct fault_opts),
	.examples = examples,
	.run = run_fault,
};
