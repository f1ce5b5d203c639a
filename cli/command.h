/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - what a command is
 *
 * A command is one const record in one file of subcommands/, listed by hand in
 * subcommands/registry.c. Its option table is data: parser, help, man page and
 * completion all read the same rows. run() is thin: it joins library calls and hands
 * results to lib/out.
 *
 * To add one: write subcommands/NAME.c, add its record to registry.c and its source to
 * cli/Makemodule.am, write man/vmnetctl-NAME.1.in, tests/cli/NAME.bats. tests/lint
 * complains about whatever is forgotten.
 */
#ifndef VMN_CLI_COMMAND_H
#define VMN_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/str.h"

struct cmd_ctx;
struct cmd_program;
struct json_object;
struct vmn_kube;
struct vmn_progress;

enum cmd_opt_kind {
	CMD_OPT_END = 0, /* last row of a table */
	CMD_OPT_BOOL,	 /* bool; --opt, --opt=false */
	CMD_OPT_COUNT,	 /* int; each use adds 1, --opt=N sets */
	CMD_OPT_STR,	 /* const char *, borrowed from argv */
	CMD_OPT_LIST, /* struct vmn_strlist; repeatable, and split at commas when CMD_OPT_COMMA */
	CMD_OPT_U32,  /* uint32_t within [min, max] */
	CMD_OPT_DURATION, /* int64_t milliseconds, see vmn_parse_duration() */
	CMD_OPT_ENUM,	  /* int, index into words */
};

enum cmd_opt_flag {
	CMD_OPT_REQUIRED = 1 << 0,
	CMD_OPT_OPTIONAL_ARG = 1 << 1, /* bare --opt sets .bare; see cmd_parser_run() */
	CMD_OPT_COMMA = 1 << 2,
	CMD_OPT_HIDDEN = 1 << 3, /* works, but help, man and completion do not show it */
};

/* What completion offers for a value or operand. */
enum cmd_complete {
	CMD_COMPLETE_NONE = 0,
	CMD_COMPLETE_FILE,
	CMD_COMPLETE_WORDS, /* operands: the command's operand_words */
	CMD_COMPLETE_VM,
	CMD_COMPLETE_VMI,
	CMD_COMPLETE_IFACE, /* interfaces of the VM named by the first operand */
	CMD_COMPLETE_NAD,
	CMD_COMPLETE_NODE,
	CMD_COMPLETE_NAMESPACE,
	CMD_COMPLETE_CONTEXT,
	CMD_COMPLETE_CLUSTER,
	CMD_COMPLETE_USER,
	CMD_COMPLETE_MIGRATION,
	CMD_COMPLETE_COMMAND, /* names of commands */
	CMD_COMPLETE_INSPECT, /* KIND, then a name of that kind */
};

/* One option. Only offsets and constants, so that nothing needs to run to describe it. */
struct cmd_opt {
	enum cmd_opt_kind kind;
	char letter;		  /* short option, or 0 */
	const char *name;	  /* long option without dashes */
	const char *alias;	  /* second long name that is not advertised, or NULL */
	size_t offset;		  /* of the value in the options struct */
	const char *arg;	  /* "NAME" in help; NULL for BOOL and COUNT */
	const char *help;	  /* one sentence, lower case, no full stop */
	const char *const *words; /* NULL-terminated, for ENUM */
	const char *def;	  /* default as a user would type it, parsed at start; NULL: zero */
	const char *bare;	  /* value of a bare option with CMD_OPT_OPTIONAL_ARG */
	uint32_t min, max;	  /* for U32; max 0: no bound */
	unsigned flags;		  /* enum cmd_opt_flag */
	int group;		  /* at most one option of the same non-zero group may be given */
	enum cmd_complete complete;
};

enum cmd_flag {
	CMD_NEEDS_KUBE = 1 << 0, /* talks to a server: connection options appear in its help */
	CMD_MUTATES = 1 << 1,	 /* changes something: must offer --dry-run (lint checks) */
	CMD_HIDDEN = 1 << 2,
};

/* Output formats of -o. A command lists those it has: .formats = CMD_HAS(JSON) | CMD_HAS(YAML) */
enum cmd_format {
	CMD_FORMAT_DEFAULT = 0,
	CMD_FORMAT_TABLE,
	CMD_FORMAT_WIDE,
	CMD_FORMAT_NAME,
	CMD_FORMAT_JSON,
	CMD_FORMAT_YAML,
	CMD_FORMAT_TREE,
	CMD_FORMAT_DOT,
};

#define CMD_HAS(format) (1U << CMD_FORMAT_##format)

struct cmd_example {
	const char *line; /* "vmnetctl addinterface web-1 ..." ; the man page shows and the tests
			     run it */
	const char *explanation; /* what it does, lower case, no full stop */
};

struct cmd {
	const char *name;
	const char *const *aliases; /* NULL-terminated, or NULL */
	const char *group;	    /* heading in `vmnetctl help`: "Interfaces", "Migration", ... */
	const char *summary;	    /* one line, lower case, no full stop */
	const char *operands;	    /* "VM..." */
	const char *description;    /* paragraphs of prose for --help, separated by blank lines */
	int min_args, max_args;	    /* operands; max -1: any number */
	unsigned flags;		    /* enum cmd_flag */
	unsigned formats; /* CMD_HAS(...) | ...: what -o takes here; 0: no output of its own */
	const struct cmd_opt *opts;
	size_t opts_size;		    /* of the struct the table fills */
	enum cmd_complete complete;	    /* of operands */
	const char *const *operand_words;   /* for CMD_COMPLETE_WORDS, NULL-terminated */
	const struct cmd_example *examples; /* ended by a NULL line */
	/*
	 * A command made of verbs ("netsetup undo"): they are commands of this program, and of all
	 * the above only name, aliases, group, summary and flags are used
	 */
	const struct cmd_program *verbs;
	/*
	 * @opts: the filled options struct; @argv: operands only. Return: 0 or -code; @err stays
	 * empty when everything was told already (cmd_report_failure(), a bad verdict on stdout)
	 */
	int (*run)(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		   struct vmn_err *err);
};

/* Global options, parsed before and after the command name. */
struct cmd_globals {
	const char *kubeconfig, *context, *cluster, *user, *ns;
	const char *server, *token, *as, *as_uid;
	struct vmn_strlist as_group;
	const char *certificate_authority, *client_certificate, *client_key;
	const char *tls_server_name;
	bool insecure_skip_tls_verify;
	int64_t request_timeout_ms; /* 0: none */
	int output;		    /* enum cmd_format */
	int verbose;
	bool quiet;
	int color; /* enum vmn_color of lib/out/term.h */
	bool help, version;
};

/* What a running command may use. */
struct cmd_ctx {
	const struct cmd *cmd;
	const struct cmd_globals *globals;
	const struct cmd_program *program; /* see program.h */
	struct vmn_log log;
	struct vmn_kube *kube; /* opened by cmd_kube(); closed by the dispatcher */
	void (*kube_close)(struct cmd_ctx *ctx); /* how; NULL while .kube is */
	char *ns;		       /* set by cmd_kube(): --namespace or the context's */
	struct vmn_progress *progress; /* made by cmd_progress(); freed by the dispatcher */
};

/**
 * cmd_kube() - the API client, opened at first use from global options and kubeconfig
 * @ret: borrowed
 *
 * Sets ctx->ns. SIGINT and SIGTERM interrupt its loop from then on.
 */
int cmd_kube(struct cmd_ctx *ctx, struct vmn_kube **ret, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * cmd_progress() - the progress line on stderr, made at first use
 * Return: borrowed
 *
 * It is hidden before the functions below print anything.
 */
struct vmn_progress *cmd_progress(struct cmd_ctx *ctx);

/** cmd_use_color() - whether stdout is to be coloured: --color, NO_COLOR, TERM, a terminal */
bool cmd_use_color(const struct cmd_ctx *ctx);
/** cmd_width() - columns of the terminal on stdout, 0: no limit */
int cmd_width(const struct cmd_ctx *ctx);
/** cmd_print_doc() - @obj on stdout as -o json or -o yaml asks */
int cmd_print_doc(struct cmd_ctx *ctx, struct json_object *obj, struct vmn_err *err) VMN_MUST_CHECK;

/** cmd_warn() - "vmnetctl: warning: ..." on stderr unless --quiet */
void cmd_warn(struct cmd_ctx *ctx, const char *fmt, ...) VMN_PRINTF(2, 3);
/** cmd_done() - one line of success on stdout unless --quiet */
void cmd_done(struct cmd_ctx *ctx, const char *fmt, ...) VMN_PRINTF(2, 3);
/** cmd_report_failure() - print one object's failure now (exit status 1 later: return
 * -VMN_E_PARTIAL) */
void cmd_report_failure(struct cmd_ctx *ctx, const struct vmn_err *err);

#endif
