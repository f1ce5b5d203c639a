/* SPDX-License-Identifier: Apache-2.0 */
/* inspect - what the API knows about a VM's networks, or about migrations */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/data/yaml.h"
#include "lib/kube/client.h"
#include "lib/kube/list.h"
#include "lib/kube/path.h"
#include "lib/kube/watch.h"
#include "lib/out/doc.h"
#include "lib/out/term.h"
#include "lib/virt/migration.h"
#include "lib/virt/survey.h"
#include "lib/virt/view.h"
#include "subcommands/registry.h"

struct inspect_opts {
	bool all_namespaces, watch;
};

static const struct cmd_opt inspect_opts[] = {
	{CMD_OPT_BOOL, 'A', "all-namespaces",
	 .offset = offsetof(struct inspect_opts, all_namespaces),
	 .help = "migrations of all namespaces"},
	{CMD_OPT_BOOL, 0, "watch", .offset = offsetof(struct inspect_opts, watch),
	 .help = "print again whenever something changed; with -o json one document a line"},
	{0},
};

/* --- what to inspect ------------------------------------------------------------------ */

enum kind { KIND_VM, KIND_VMI, KIND_MIGRATION };

static const struct {
	const char *word;
	enum kind kind;
} kinds[] = {
	{"vm", KIND_VM},
	{"vms", KIND_VM},
	{"virtualmachine", KIND_VM},
	{"virtualmachines", KIND_VM},
	{"vmi", KIND_VMI},
	{"vmis", KIND_VMI},
	{"virtualmachineinstance", KIND_VMI},
	{"virtualmachineinstances", KIND_VMI},
	{"migration", KIND_MIGRATION},
	{"migrations", KIND_MIGRATION},
	{"vmim", KIND_MIGRATION},
	{"vmims", KIND_MIGRATION},
	{"virtualmachineinstancemigration", KIND_MIGRATION},
	{"virtualmachineinstancemigrations", KIND_MIGRATION},
};

/* Resource names as `kubectl -o name` prints them */
static const char *const resources[] = {
	[KIND_VM] = "virtualmachine.kubevirt.io",
	[KIND_VMI] = "virtualmachineinstance.kubevirt.io",
	[KIND_MIGRATION] = "virtualmachineinstancemigration.kubevirt.io",
};

struct inspection {
	struct cmd_ctx *ctx;
	const struct inspect_opts *o;
	struct vmn_kube *k;
	enum kind kind;
	const char *name; /* borrowed; NULL: all */
	char *vmi_uid;	  /* of the VMI seen last, for watching its pods */
	char *vmi_name;	  /* of the migration's VMI */
};

static void inspection_clear(struct inspection *in)
{
	free(in->vmi_uid);
	free(in->vmi_name);
}

static void remember(char **slot, const char *text)
{
	free(*slot);
	*slot = text ? vmn_xstrdup(text) : NULL;
}

static int parse_operands(struct inspection *in, int argc, char **argv, struct vmn_err *err)
{
	const char *slash = strchr(argv[0], '/');
	vmn_auto_free char *word =
		slash ? vmn_xstrndup(argv[0], (size_t)(slash - argv[0])) : vmn_xstrdup(argv[0]);
	bool is_known = false;

	/* `-o name` prints the group as well. */
	if (vmn_ends_with(word, ".kubevirt.io"))
		word[strcspn(word, ".")] = '\0';
	for (size_t i = 0; i < VMN_ARRAY_LEN(kinds) && !is_known; i++) {
		is_known = strcmp(word, kinds[i].word) == 0;
		in->kind = kinds[i].kind;
	}
	if (!is_known) {
		(void)vmn_err_set(err, VMN_E_USAGE,
				  "inspect: '%s' is not a kind of object it knows", word);
		return vmn_err_hint(err, "kinds: vm, vmi, migration");
	}
	if (slash && argc > 1)
		return vmn_err_set(err, VMN_E_USAGE, "inspect: '%s' is one operand too many",
				   argv[1]);
	in->name = slash ? slash + 1 : argc > 1 ? argv[1] : NULL;
	if (in->name && !*in->name)
		return vmn_err_set(err, VMN_E_USAGE, "inspect: the name is empty");
	if (!in->name && in->kind != KIND_MIGRATION)
		return vmn_err_set(err, VMN_E_USAGE, "inspect: which %s? its name is missing",
				   word);
	if (!in->name && in->o->watch)
		return vmn_err_set(err, VMN_E_USAGE, "inspect: --watch needs a name");
	if (in->name && in->o->all_namespaces)
		return vmn_err_set(err, VMN_E_USAGE,
				   "inspect: a name goes without --all-namespaces");
	return 0;
}

/* --- printing ------------------------------------------------------------------------- */

static enum cmd_format format_of(const struct inspection *in)
{
	enum cmd_format format = (enum cmd_format)in->ctx->globals->output;

	if (format != CMD_FORMAT_DEFAULT)
		return format;
	return in->name && isatty(STDOUT_FILENO) ? CMD_FORMAT_TREE : CMD_FORMAT_TABLE;
}

static struct vmn_table *draw(const struct inspection *in, enum cmd_format format,
			      struct json_object *report)
{
	bool is_wide = format == CMD_FORMAT_WIDE;
	struct vmn_table *t;

	if (format != CMD_FORMAT_TREE && in->kind != KIND_MIGRATION)
		return vmn_view_interfaces(report, is_wide);
	if (format != CMD_FORMAT_TREE) {
		t = vmn_view_migrations(is_wide);
		vmn_view_migration_row(t, report);
		return t;
	}
	t = vmn_view_tree();
	if (in->kind == KIND_MIGRATION)
		vmn_view_migration_tree(t, -1, report);
	else
		vmn_view_vm_tree(t, report);
	return t;
}

static int print_report(const struct inspection *in, struct json_object *report,
			struct vmn_err *err)
{
	enum cmd_format format = format_of(in);
	vmn_auto_table struct vmn_table *table = NULL;

	if (format == CMD_FORMAT_JSON)
		return vmn_doc_json(report, in->o->watch, stdout, err);
	if (format == CMD_FORMAT_YAML) {
		if (in->o->watch)
			puts("---");
		return vmn_doc_yaml(report, stdout, err);
	}
	if (format == CMD_FORMAT_NAME) {
		(void)printf("%s/%s\n", resources[in->kind], in->name);
		return 0;
	}
	table = draw(in, format, report);
	return vmn_table_print(table, stdout, cmd_use_color(in->ctx), cmd_width(in->ctx), err);
}

/* --- --watch -------------------------------------------------------------------------- */

/* Watches of all that a report is made of, its subject first; any event makes it worth reading
 * again. */
struct watching {
	struct vmn_watch *watches[4];
	size_t n;
	bool is_dirty;
	char *vmi_uid;		/* whose pods are watched */
	struct vmn_err failure; /* of the watch of the subject itself */
};

static void watching_clear(struct watching *w)
{
	for (size_t i = 0; i < w->n; i++)
		vmn_watch_stop(w->watches[i]);
	free(w->vmi_uid);
	vmn_err_clear(&w->failure);
	*w = (struct watching){0};
}

static void something_changed(void *arg, enum vmn_watch_type type, struct json_object *obj)
{
	(void)type, (void)obj;
	((struct watching *)arg)->is_dirty = true;
}

static void subject_failed(void *arg, struct vmn_err *err)
{
	struct watching *w = arg;

	if (!w->failure.code)
		(void)vmn_err_move(&w->failure, err);
	w->is_dirty = true;
}

/* What may not be watched is read again with the rest, when that changes. */
static void other_failed(void *arg, struct vmn_err *err)
{
	(void)arg, (void)err;
}

static void watch(struct vmn_kube *k, struct watching *w, const char *path)
{
	w->watches[w->n] = vmn_watch_start(k, path, NULL, something_changed,
					   w->n == 0 ? subject_failed : other_failed, w);
	w->n++;
}

static void watch_named(const struct inspection *in, struct watching *w, const struct vmn_gvr *gvr,
			const char *selector, const char *prefix, const char *name)
{
	vmn_auto_free char *value = vmn_xasprintf("%s%s", prefix, name);
	vmn_auto_free char *path = vmn_kube_path(gvr, in->ctx->ns, NULL, NULL);

	vmn_kube_path_query(&path, selector, value);
	watch(in->k, w, path);
}

static void watch_sources(const struct inspection *in, struct watching *w)
{
	if (in->kind == KIND_MIGRATION) {
		watch_named(in, w, &vmn_gvr_vmim, "fieldSelector", "metadata.name=", in->name);
		watch_named(in, w, &vmn_gvr_vmi, "fieldSelector", "metadata.name=", in->vmi_name);
		return;
	}
	watch_named(in, w, in->kind == KIND_VM ? &vmn_gvr_vm : &vmn_gvr_vmi, "fieldSelector",
		    "metadata.name=", in->name);
	watch_named(in, w, in->kind == KIND_VM ? &vmn_gvr_vmi : &vmn_gvr_vm, "fieldSelector",
		    "metadata.name=", in->name);
	watch_named(in, w, &vmn_gvr_vmim, "labelSelector", VMN_LABEL_VMI_NAME "=", in->name);
	if (in->vmi_uid) {
		vmn_auto_free char *path = vmn_survey_pods_path(in->ctx->ns, in->vmi_uid);

		watch(in->k, w, path);
	}
	remember(&w->vmi_uid, in->vmi_uid);
}

static bool is_dirty(void *arg)
{
	return ((struct watching *)arg)->is_dirty;
}

static int report(struct inspection *in, struct json_object **ret, struct vmn_err *err)
{
	const struct vmn_survey survey = {
		.k = in->k,
		.ns = in->ctx->ns,
		.name = in->name,
		.is_vmi = in->kind == KIND_VMI,
	};
	char *about = NULL;
	int rc = in->kind == KIND_MIGRATION ? vmn_survey_migration(&survey, &about, ret, err)
					    : vmn_survey_vm(&survey, &about, ret, err);

	if (rc == 0)
		remember(in->kind == KIND_MIGRATION ? &in->vmi_name : &in->vmi_uid, about);
	free(about);
	return rc;
}

static int run_watch(struct inspection *in, struct vmn_err *err)
{
	VMN_CLEANUP(watching_clear) struct watching w = {0};
	vmn_auto_json struct json_object *last = NULL;

	for (;;) {
		vmn_auto_json struct json_object *now = NULL;

		w.is_dirty = false;
		if (report(in, &now, err) < 0)
			return -(int)err->code;
		if (!last || !json_object_equal(last, now)) {
			if (print_report(in, now, err) < 0)
				return -(int)err->code;
			(void)fflush(stdout);
		}
		if (ferror(stdout))
			return 0; /* the dispatcher tells */
		json_object_put(last);
		last = vmn_steal(&now);
		if (w.n == 0 || !vmn_streq(w.vmi_uid, in->vmi_uid)) {
			watching_clear(&w);
			watch_sources(in, &w);
		}
		if (vmn_kube_loop(in->k, VMN_NEVER, is_dirty, &w, err) < 0)
			return -(int)err->code;
		if (w.failure.code)
			return vmn_err_move(err, &w.failure);
	}
}

/* --- all migrations ------------------------------------------------------------------- */

/* A list printed page by page: memory stays flat however long it is. */
struct listing {
	struct inspection *in;
	enum cmd_format format;
	struct vmn_table *table; /* of the page, or NULL */
	size_t printed;
	bool is_page_done;
	struct vmn_err err;
};

/* An item of a YAML sequence: the first line after the dash, the others below it. */
static void print_yaml_item(struct json_object *obj)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);
	vmn_auto_strlist struct vmn_strlist lines = {0};

	vmn_yaml_write(obj, &text);
	vmn_strlist_split(&lines, vmn_buf_str(&text), '\n');
	for (size_t i = 0; i < lines.n; i++)
		if (*lines.v[i])
			(void)printf("%s%s\n", i == 0 ? "- " : "  ", lines.v[i]);
}

static void list_item(void *arg, struct json_object *vmim)
{
	struct listing *l = arg;
	vmn_auto_json struct json_object *report = vmn_migration_report(vmim, NULL, NULL);

	if (l->format == CMD_FORMAT_JSON) {
		(void)printf("%s%s", l->printed ? ",\n" : "{\"items\":[\n", vmn_json_text(report));
	} else if (l->format == CMD_FORMAT_YAML) {
		if (l->printed == 0)
			puts("items:");
		print_yaml_item(report);
	} else if (l->format == CMD_FORMAT_NAME) {
		vmn_auto_free char *name = vmn_clean_dup(vmn_json_str_or(report, "/name", ""));

		(void)printf("%s/%s\n", resources[KIND_MIGRATION], name);
	} else {
		if (!l->table)
			l->table = vmn_view_migrations(l->format == CMD_FORMAT_WIDE);
		vmn_view_migration_row(l->table, report);
	}
	l->printed++;
}

static void list_page(void *arg, struct vmn_err *err)
{
	struct listing *l = arg;

	l->is_page_done = true;
	if (err && err->code)
		(void)vmn_err_move(&l->err, err);
}

static bool is_page_done(void *arg)
{
	return ((struct listing *)arg)->is_page_done;
}

static int print_page(struct listing *l, bool is_first, struct vmn_err *err)
{
	struct cmd_ctx *ctx = l->in->ctx;
	int rc;

	if (!l->table)
		return 0;
	if (!is_first)
		vmn_table_hide_header(l->table);
	rc = vmn_table_print(l->table, stdout, cmd_use_color(ctx), cmd_width(ctx), err);
	vmn_table_free_p(&l->table);
	l->table = NULL;
	return rc;
}

static int list_pages(struct listing *l, struct vmn_pager *pager, struct vmn_err *err)
{
	int rc = 0;

	for (bool is_first = true; rc == 0 && !pager->done && !ferror(stdout); is_first = false) {
		l->is_page_done = false;
		vmn_pager_start(l->in->k, pager, list_item, list_page, l);
		rc = vmn_kube_loop(l->in->k, VMN_NEVER, is_page_done, l, err);
		if (rc == 0 && l->err.code)
			rc = vmn_err_move(err, &l->err);
		if (rc == 0)
			rc = print_page(l, is_first, err);
	}
	return rc;
}

static int run_list(struct inspection *in, struct vmn_err *err)
{
	vmn_auto_free char *path = vmn_kube_path(
		&vmn_gvr_vmim, in->o->all_namespaces ? NULL : in->ctx->ns, NULL, NULL);
	struct listing l = {.in = in, .format = format_of(in)};
	vmn_auto_pager struct vmn_pager pager;
	int rc;

	vmn_pager_init(&pager, path);
	rc = list_pages(&l, &pager, err);
	vmn_table_free_p(&l.table);
	vmn_err_clear(&l.err);
	if (rc < 0)
		return rc;
	if (l.format == CMD_FORMAT_JSON)
		puts(l.printed ? "\n]}" : "{\"items\":[]}");
	else if (l.format == CMD_FORMAT_YAML && l.printed == 0)
		puts("items: []");
	else if (l.printed == 0)
		cmd_warn(in->ctx, "there are no migrations%s%s",
			 in->o->all_namespaces ? "" : " in namespace ",
			 in->o->all_namespaces ? "" : in->ctx->ns);
	return 0;
}

static int run_inspect(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		       struct vmn_err *err)
{
	VMN_CLEANUP(inspection_clear) struct inspection in = {.ctx = ctx, .o = opts};
	vmn_auto_json struct json_object *doc = NULL;
	int rc = parse_operands(&in, argc, argv, err);

	if (rc == 0 && !in.name && ctx->globals->output == CMD_FORMAT_TREE)
		rc = vmn_err_set(err, VMN_E_USAGE, "inspect: a list has no -o tree");
	if (rc == 0)
		rc = cmd_kube(ctx, &in.k, err);
	if (rc < 0)
		return rc;
	if (!in.name)
		return run_list(&in, err);
	if (in.o->watch)
		return run_watch(&in, err);
	rc = report(&in, &doc, err);
	return rc < 0 ? rc : print_report(&in, doc, err);
}

static const struct cmd_example examples[] = {
	{"vmnetctl inspect vm web-1", "every interface of a VM, and where it is in which object"},
	{"vmnetctl inspect vm/web-1 -o tree", "the same as a tree, with the reasons"},
	{"vmnetctl inspect migration --all-namespaces", "all migrations"},
	{"vmnetctl inspect vmi web-1 -o json", "the whole report, for programs"},
	{0},
};

const struct cmd cmd_inspect = {
	.name = "inspect",
	.group = "Inspection",
	.summary = "show the networks of a VM, or migrations",
	.operands = "KIND [NAME]",
	.description =
		"KIND is vm, vmi or migration; KIND/NAME is taken too. Without NAME, migrations are "
		"listed.\n\n"
		"An interface of a VM exists in several objects at once: the VM's template, the "
		"network attachment definition, the VMI's spec, two annotations of its pod, the VMI's "
		"status. Each is shown as ok, missing, different or leftover; unknown means that you "
		"may not read it. The step says how far a plug (P1 to P6) or unplug (U1 to U6) has "
		"come.",
	.min_args = 1,
	.max_args = 2,
	.flags = CMD_NEEDS_KUBE,
	.formats = CMD_HAS(TREE) | CMD_HAS(TABLE) | CMD_HAS(WIDE) | CMD_HAS(NAME) | CMD_HAS(JSON) |
		   CMD_HAS(YAML),
	.opts = inspect_opts,
	.opts_size = sizeof(struct inspect_opts),
	.complete = CMD_COMPLETE_INSPECT,
	.examples = examples,
	.run = run_inspect,
};
