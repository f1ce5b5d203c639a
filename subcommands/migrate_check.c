/* SPDX-License-Identifier: Apache-2.0 */
/* migrate --check: can these VMs migrate, and if not, why? */
#include "config.h"

#include <stdio.h>

#include "lib/kube/client.h"
#include "lib/kube/path.h"
#include "lib/out/table.h"
#include "lib/virt/migration.h"
#include "subcommands/migrate.h"

/* A tree that we can do without when we may not read it. */
static int get_optional(struct migrate_run *r, const char *path, struct json_object **ret,
			struct vmn_err *err)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

	if (vmn_kube_get(r->k, path, ret, &why) == 0)
		return 0;
	if (why.code == VMN_E_NOT_FOUND || why.code == VMN_E_FORBIDDEN)
		return 0;
	return vmn_err_move(err, &why);
}

static int check_one(struct migrate_run *r, const struct vmn_target *t, struct json_object *nodes,
		     struct json_object **ret, struct vmn_err *err)
{
	vmn_auto_json struct json_object *vm = NULL, *vmi = NULL, *migrations = NULL;
	vmn_auto_free char *vm_path = vmn_kube_path(&vmn_gvr_vm, t->ns, t->name, NULL);
	vmn_auto_free char *vmi_path = vmn_kube_path(&vmn_gvr_vmi, t->ns, t->name, NULL);
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_vmim, t->ns, NULL, NULL);
	vmn_auto_free char *selector = vmn_xasprintf(VMN_LABEL_VMI_NAME "=%s", t->name);
	struct vmn_migration_facts facts = {.ns = t->ns, .name = t->name};
	vmn_auto_err struct vmn_err vmi_err = VMN_ERR_INIT;
	int rc;

	rc = get_optional(r, vm_path, &vm, err);
	if (rc < 0)
		return rc;
	if (vmn_kube_get(r->k, vmi_path, &vmi, &vmi_err) < 0 &&
	    (vmi_err.code != VMN_E_NOT_FOUND || !vm))
		return vmn_err_move(err, &vmi_err);
	vmn_kube_path_query(&path, "labelSelector", selector);
	rc = get_optional(r, path, &migrations, err);
	if (rc < 0)
		return rc;
	facts.vm = vm;
	facts.vmi = vmi;
	facts.migrations = vmn_json_array(migrations, "/items");
	facts.nodes = nodes;
	facts.node_selector = r->node_selector;
	*ret = vmn_migration_check(&facts);
	return 0;
}

static const struct vmn_col check_cols[] = {
	{"NAMESPACE", VMN_COL_WIDE}, {"NAME", 0}, {"CHECK", 0}, {"VERDICT", 0}, {"MESSAGE", 0},
	{"HINT", VMN_COL_WIDE},
};

static enum vmn_style style_of(const char *verdict)
{
	if (vmn_streq(verdict, "ok"))
		return VMN_STYLE_GREEN;
	return vmn_streq(verdict, "bad") ? VMN_STYLE_RED : VMN_STYLE_YELLOW;
}

static void check_rows(struct vmn_table *table, struct json_object *report)
{
	vmn_json_each(check, vmn_json_array(report, "/checks")) {
		const char *verdict = vmn_json_str(check, "/verdict");

		(void)vmn_table_row(table, -1);
		vmn_table_cell(table, 0, vmn_json_str(report, "/namespace"), VMN_STYLE_PLAIN);
		vmn_table_cell(table, 1, vmn_json_str(report, "/name"), VMN_STYLE_PLAIN);
		vmn_table_cell(table, 2, vmn_json_str(check, "/id"), VMN_STYLE_PLAIN);
		vmn_table_cell(table, 3, verdict, style_of(verdict));
		vmn_table_cell(table, 4, vmn_json_str(check, "/message"), VMN_STYLE_PLAIN);
		vmn_table_cell(table, 5, vmn_json_str(check, "/hint"), VMN_STYLE_PLAIN);
	}
}

static int print_checks(struct migrate_run *r, struct vmn_err *err)
{
	struct cmd_ctx *ctx = r->ctx;
	bool is_wide = ctx->globals->output == CMD_FORMAT_WIDE || r->o->all_namespaces;
	vmn_auto_table struct vmn_table *table = NULL;

	if (migrate_is_document(r))
		return migrate_print_reports(r, err);
	table = vmn_table_new(check_cols, VMN_ARRAY_LEN(check_cols), is_wide);
	vmn_json_each(report, r->reports) {
		if (ctx->globals->output == CMD_FORMAT_NAME)
			migrate_print_name("virtualmachine.kubevirt.io",
					   vmn_json_str(report, "/name"));
		else
			check_rows(table, report);
	}
	if (ctx->globals->output == CMD_FORMAT_NAME)
		return 0;
	return vmn_table_print(table, stdout, cmd_use_color(ctx), cmd_width(ctx), err);
}

int migrate_check(struct migrate_run *r, struct vmn_err *err)
{
	vmn_auto_json struct json_object *nodes = NULL;
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_node, NULL, NULL, NULL);
	bool is_bad = false;
	int rc = get_optional(r, path, &nodes, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r->targets.n; i++) {
		vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
		struct json_object *report = NULL;

		if (check_one(r, &r->targets.v[i], vmn_json_array(nodes, "/items"), &report, &why) <
		    0) {
			if (why.code == VMN_E_CANCELLED)
				return vmn_err_move(err, &why);
			(void)vmn_err_wrap(&why, "cannot check vm %s/%s", r->targets.v[i].ns,
					   r->targets.v[i].name);
			r->failed++;
			cmd_report_failure(r->ctx, &why);
			continue;
		}
		is_bad |= !vmn_json_bool(report, "/canMigrate", false);
		vmn_json_append_take(r->reports, report);
	}
	rc = print_checks(r, err);
	if (rc < 0)
		return rc;
	if (r->failed)
		return -VMN_E_PARTIAL;
	return is_bad ? -VMN_E_VERDICT : 0;
}
