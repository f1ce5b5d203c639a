/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube-client.c - lib/kube from the command line, for client.bats
 *
 *	kube-client [--server URL ...] METHOD PATH [BODY]
 *	kube-client ... list PATH | watch PATH EVENTS [VERSION] | discover GROUP VERSION RESOURCE...
 *
 * Answers and errors go to stdout, the log with its levels to stderr. Exit status 1 when something
 *failed.
 */
#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/data/json.h"
#include "lib/kube/auth.h"
#include "lib/kube/client.h"
#include "lib/kube/discovery.h"
#include "lib/kube/kubeconfig.h"
#include "lib/kube/list.h"
#include "lib/kube/watch.h"

/* Options in the order of struct option below. */
static struct {
	char *server, *ca, *token, *token_file, *cert, *key, *name, *proxy, *as, *cache;
	char *timeout, *max, *repeat, *type, *verbose, *insecure, *quiet, *gap, *stall;
} o;

static unsigned failures;
static struct vmn_kube *client; /* for the signal handler */

static void write_log(void *arg, int level, const char *line)
{
	(void)arg;
	fprintf(stderr, "%d %s\n", level, line);
}

static void print_error(const struct vmn_err *err)
{
	failures++;
	printf("error %d http %d: %s\n", (int)err->code, err->http, vmn_err_text(err));
	if (err->hint)
		printf("hint: %s\n", err->hint);
}

static void done(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	(void)arg;
	if (!resp)
		print_error(err);
	else if (!o.quiet)
		printf("%d %s\n", resp->status, resp->text);
}

static void run_requests(struct vmn_kube *k, char **argv, struct vmn_err *err)
{
	struct vmn_kube_req req = {
		.method = argv[0],
		.path = argv[1],
		.body = argv[2],
		.content_type = o.type,
		.delay_ms = o.gap ? atol(o.gap) : 0,
	};
	long repeat = o.repeat ? atol(o.repeat) : 1;
	int rc = 0;

	while (repeat-- && rc == 0) {
		vmn_kube_start(k, &req, done, NULL);
		if (o.gap || !repeat)
			rc = vmn_kube_loop(k, VMN_NEVER, NULL, NULL, err);
	}
}

static void print_item(void *arg, struct json_object *item)
{
	(void)arg;
	if (!o.quiet)
		printf("item %s\n", vmn_json_text(item));
}

static void run_list(struct vmn_kube *k, char **argv, struct vmn_err *err)
{
	vmn_auto_free char *version = NULL;

	if (vmn_list_all(k, argv[1], print_item, NULL, &version, err) == 0)
		printf("version %s\n", version);
}

struct watching {
	struct vmn_watch *watch;
	long left; /* events to print */
};

static void print_event(void *arg, enum vmn_watch_type type, struct json_object *obj)
{
	static const char *const names[] = {"ADDED", "MODIFIED", "DELETED", "RELIST", "SYNCED"};
	struct watching *w = arg;

	printf("%s %s\n", names[type], vmn_json_str_or(obj, "/metadata/name", "-"));
	(void)fflush(stdout);
	/* From within, as a command does when it has seen what it waits for. */
	if (--w->left == 0)
		vmn_watch_stop(vmn_steal(&w->watch));
}

static void print_failed(void *arg, struct vmn_err *err)
{
	(void)arg;
	print_error(err);
}

static void run_watch(struct vmn_kube *k, char **argv, struct vmn_err *err)
{
	struct watching w = {.left = atol(argv[2])};

	w.watch = vmn_watch_start(k, argv[1], argv[3], print_event, print_failed, &w);
	(void)vmn_kube_loop(k, vmn_deadline_in(20000), NULL, NULL, err);
	vmn_watch_stop(w.watch);
}

static void run_discover(struct vmn_kube *k, char **argv, struct vmn_err *err)
{
	for (char **resource = argv + 3; *resource && !err->code; resource++) {
		struct json_object *list;

		if (vmn_discovery_get(k, argv[1], argv[2], &list, err) == 0)
			puts(vmn_discovery_has(list, *resource) ? "yes" : "no");
	}
}

static char *slurp(const char *path)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(1 << 20);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	if (path && vmn_file_read(path, &b, &err) < 0)
		abort();
	return path ? vmn_buf_steal(&b) : NULL;
}

static int open_client(const struct vmn_log *log, struct vmn_kube **ret, struct vmn_err *err)
{
	vmn_auto_free char *cert = slurp(o.cert), *key = slurp(o.key);
	vmn_auto_kube_target struct vmn_kube_target target = {
		.server = vmn_xstrdup(o.server),
		.ns = vmn_xstrdup("default"),
		.ca_pem = slurp(o.ca),
		.tls_server_name = o.name ? vmn_xstrdup(o.name) : NULL,
		.proxy_url = o.proxy ? vmn_xstrdup(o.proxy) : NULL,
		.as = o.as ? vmn_xstrdup(o.as) : NULL,
		.insecure = o.insecure != NULL,
	};
	struct vmn_kube_opts opts = {
		.request_timeout_ms = o.timeout ? atol(o.timeout) : 0,
		.max_response_bytes = o.max ? (size_t)atol(o.max) : 0,
		.watch_stall_ms = o.stall ? atol(o.stall) : 0,
		.cache_dir = o.cache,
		.log = log,
	};
	struct vmn_kube_auth_spec spec = {
		.token = o.token, .token_file = o.token_file, .cert_pem = cert, .key_pem = key};
	int rc = vmn_kube_auth_new(&spec, &target.auth, err);

	return rc < 0 ? rc : vmn_kube_open(&target, &opts, ret, err);
}

static void read_options(int argc, char **argv)
{
	static const char *const names[] = {
		"server",  "ca",       "token", "token-file", "cert",  "key",	 "name",
		"proxy",   "as",       "cache", "timeout",    "max",   "repeat", "type",
		"verbose", "insecure", "quiet", "gap",	      "stall",
	};
	struct option options[VMN_ARRAY_LEN(names) + 1] = {0};
	char **values = (char **)&o;
	int i;

	for (size_t n = 0; n < VMN_ARRAY_LEN(names); n++)
		options[n] = (struct option){names[n], required_argument, NULL, (int)n + 256};
	while ((i = getopt_long(argc, argv, "", options, NULL)) >= 256)
		values[i - 256] = optarg;
	if (i != -1 || optind + 2 > argc || !o.server)
		exit(64);
}

static void on_signal(int signum)
{
	(void)signum;
	vmn_kube_interrupt(client);
}

int main(int argc, char **argv)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_kube struct vmn_kube *k = NULL;
	struct vmn_log log = {.write = write_log};

	read_options(argc, argv);
	argv += optind;
	log.level = o.verbose ? atoi(o.verbose) : 0;
	if (open_client(&log, &k, &err) == 0) {
		client = k;
		(void)signal(SIGINT, on_signal);
		if (strcmp(argv[0], "list") == 0)
			run_list(k, argv, &err);
		else if (strcmp(argv[0], "watch") == 0)
			run_watch(k, argv, &err);
		else if (strcmp(argv[0], "discover") == 0)
			run_discover(k, argv, &err);
		else
			run_requests(k, argv, &err);
	}
	if (err.code)
		print_error(&err);
	return failures != 0;
}
