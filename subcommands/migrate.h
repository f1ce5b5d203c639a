/* SPDX-License-Identifier: Apache-2.0 */
/* migrate.h - what the files of migrate share */
#ifndef VMN_SUBCOMMANDS_MIGRATE_H
#define VMN_SUBCOMMANDS_MIGRATE_H

#include "cli/command.h"
#include "lib/virt/targets.h"

struct json_object;
struct vmn_kube;

enum migrate_dry_run { MIGRATE_DRY_RUN_NONE, MIGRATE_DRY_RUN_CLIENT, MIGRATE_DRY_RUN_SERVER };

struct migrate_opts {
	const char *selector;
	bool all, all_namespaces;
	const char *from_node, *to_node;
	struct vmn_strlist node_selector;
	int64_t wait_ms;
	bool cancel, check, force;
	int dry_run; /* enum migrate_dry_run */
	uint32_t max_parallel;
};

/* A run over several VMs. */
struct migrate_run {
	struct cmd_ctx *ctx;
	const struct migrate_opts *o;
	struct vmn_kube *k;
	struct vmn_targets targets;
	struct migrate_turn *turns;	   /* targets.n of them */
	struct json_object *node_selector; /* or NULL */
	struct json_object *reports;	   /* array; for -o json and yaml */
	size_t next, active, failed;
	struct vmn_err last; /* the last failure, not yet told: the only one when there is one VM */
};

/** migrate_is_document() - do reports go into one JSON or YAML document at the end? */
bool migrate_is_document(const struct migrate_run *r);
/** migrate_print_name() - a line of -o name; @name NULL: none */
void migrate_print_name(const char *resource, const char *name);
/** migrate_print_reports() - one document: the report itself for one VM, a list for several */
int migrate_print_reports(struct migrate_run *r, struct vmn_err *err);

/** migrate_run_jobs() - migrate or cancel, several at a time, and report each */
int migrate_run_jobs(struct migrate_run *r, struct vmn_err *err);
/** migrate_clear_jobs() - what migrate_run_jobs() left; fine when it never ran */
void migrate_clear_jobs(struct migrate_run *r);
/** migrate_check() - tell of each VM whether it can migrate; -VMN_E_VERDICT: one cannot */
int migrate_check(struct migrate_run *r, struct vmn_err *err);

#endif
