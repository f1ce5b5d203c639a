/* SPDX-License-Identifier: Apache-2.0 */
/* view.h - reports about VMs and migrations as rows of tables and trees */
#ifndef VMN_VIRT_VIEW_H
#define VMN_VIRT_VIEW_H

#include "lib/data/json.h"
#include "lib/out/table.h"

/* --- a tree of one object: what, status, detail --------------------------------------- */

/** vmn_view_tree() - an empty table with the columns of a tree; caller frees */
struct vmn_table *vmn_view_tree(void);
/** vmn_view_vm_tree() - rows for a report of vmn_topology_report() */
void vmn_view_vm_tree(struct vmn_table *t, struct json_object *report);
/** vmn_view_migration_tree() - rows for a report of vmn_migration_report() below row @parent (-1:
 * top) */
void vmn_view_migration_tree(struct vmn_table *t, int parent, struct json_object *report);

/* --- one row an interface, or a migration --------------------------------------------- */

/** vmn_view_interfaces() - a table with a row for each interface of a vmn_topology_report(); caller
 * frees */
struct vmn_table *vmn_view_interfaces(struct json_object *report, bool is_wide);
/** vmn_view_migrations() - an empty table of migrations; caller frees */
struct vmn_table *vmn_view_migrations(bool is_wide);
/** vmn_view_migration_row() - add a vmn_migration_report() to it */
void vmn_view_migration_row(struct vmn_table *t, struct json_object *report);

#endif
