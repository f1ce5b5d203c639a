/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complete_live.c - names of things: from the kubeconfig, from the server, from the cache
 *
 * Tab is pressed in bursts: what the server said is kept for CACHE_SECONDS, under a digest of
 * everything that the answer depends on. The cache holds names and states, no secrets.
 */
#include "config.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "cli/complete.h"
#include "cli/kube.h"
#include "lib/base/encode.h"
#include "lib/base/file.h"
#include "lib/data/json.h"
#include "lib/kube/client.h"
#include "lib/kube/kubeconfig.h"
#include "lib/kube/path.h"

#define MAX_NAMES "500" /* nobody reads more at a prompt */
enum { DEADLINE_MS = 800, GRACE_MS = 200, CACHE_SECONDS = 5, CACHE_MAX_BYTES = 1 << 20 };

/* --- names of the configuration ------------------------------------------------------- */

static void complete_config(const struct cmd_ctx *ctx, enum cmd_complete kind,
			    struct cmd_candidates *c)
{
	vmn_auto_kube_config struct vmn_kube_config *cfg = NULL;
	vmn_auto_strlist struct vmn_strlist names = {0};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_kube_sources sources;

	cmd_kube_sources(ctx->globals, &sources);
	if (vmn_kube_config_load(&sources, &cfg, &err) < 0)
		return;
	if (kind == CMD_COMPLETE_CONTEXT)
		vmn_kube_config_contexts(cfg, &names);
	else if (kind == CMD_COMPLETE_CLUSTER)
		vmn_kube_config_clusters(cfg, &names);
	else
		vmn_kube_config_users(cfg, &names);
	for (size_t i = 0; i < names.n; i++)
		cmd_candidate(c, names.v[i], NULL);
}

/* --- names on the server -------------------------------------------------------------- */

/* What lists an object kind, and what is said beside each name. */
struct source {
	enum cmd_complete kind;
	const struct vmn_gvr *gvr;
	bool is_namespaced;
	const char *description; /* JSON pointer */
};

static const struct source sources[] = {
	{CMD_COMPLETE_VM, &vmn_gvr_vm, true, "/status/printableStatus"},
	{CMD_COMPLETE_VMI, &vmn_gvr_vmi, true, "/status/phase"},
	{CMD_COMPLETE_NAD, &vmn_gvr_nad, true, NULL},
	{CMD_COMPLETE_NODE, &vmn_gvr_node, false, NULL},
	{CMD_COMPLETE_NAMESPACE, &vmn_gvr_namespace, false, "/status/phase"},
	{CMD_COMPLETE_MIGRATION, &vmn_gvr_vmim, true, "/status/phase"},
};

/* Append "NAME<Tab>description". */
static void add_name(struct vmn_buf *b, const char *name, const char *description)
{
	if (name && !strpbrk(name, "\t\n"))
		vmn_buf_addf(b, "%s\t%s\n", name,
			     description && !strpbrk(description, "\t\n") ? description : "");
}

static bool list_names(struct vmn_kube *kube, const struct source *source, const char *ns,
		       struct vmn_buf *names)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *path =
		vmn_kube_path(source->gvr, source->is_namespaced ? ns : NULL, NULL, NULL);
	vmn_auto_json struct json_object *list = NULL;
	const char *about = source->description;

	vmn_kube_path_query(&path, "limit", MAX_NAMES);
	if (vmn_kube_get(kube, path, &list, &err) < 0)
		return false;
	vmn_json_each(item, vmn_json_array(list, "/items"))
		add_name(names, vmn_json_str(item, "/metadata/name"),
			 about ? vmn_json_str(item, about) : NULL);
	return true;
}

/* The interfaces of @vm as it runs, or as it would. */
static bool list_interfaces(struct vmn_kube *kube, const char *ns, const char *vm,
			    struct vmn_buf *names)
{
	static const struct {
		const struct vmn_gvr *gvr;
		const char *spec;
	} places[] = {{&vmn_gvr_vmi, "/spec"}, {&vmn_gvr_vm, "/spec/template/spec"}};

	for (size_t i = 0; i < VMN_ARRAY_LEN(places); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_json struct json_object *obj = NULL;
		vmn_auto_free char *path = vmn_kube_path(places[i].gvr, ns, vm, NULL);
		struct json_object *spec;

		if (vmn_kube_get(kube, path, &obj, &err) < 0)
			continue;
		spec = vmn_json_get(obj, places[i].spec);
		vmn_json_each(iface, vmn_json_array(spec, "/domain/devices/interfaces")) {
			const char *name = vmn_json_str(iface, "/name");
			struct json_object *net = vmn_json_find(vmn_json_array(spec, "/networks"),
								"name", name ? name : "", NULL);

			add_name(names, name, vmn_json_str(net, "/multus/networkName"));
		}
		return true;
	}
	return false;
}

/* --- the cache ------------------------------------------------------------------------ */

static char *cache_dir(void)
{
	vmn_auto_free char *dir = cmd_cache_dir();

	return dir ? vmn_path_join(dir, "complete") : NULL;
}

/* The file of this question. Tokens go into the digest too: other rights, other names. */
static char *cache_path(const struct cmd_globals *g, enum cmd_complete kind, const char *ns,
			const char *vm)
{
	const char *const parts[] = {
		g->kubeconfig,
		getenv("KUBECONFIG"),
		getenv("HOME"),
		g->context,
		g->cluster,
		g->user,
		g->server,
		g->token,
		g->as,
		g->as_uid,
		g->client_certificate,
		ns,
		vm,
	};
	vmn_auto_free char *dir = cache_dir();
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);
	char digest[VMN_SHA256_HEX_SIZE];

	if (!dir)
		return NULL;
	vmn_buf_addf(&b, "%d", (int)kind);
	for (size_t i = 0; i < VMN_ARRAY_LEN(parts); i++)
		vmn_buf_addf(&b, "\n%c%s", parts[i] ? '=' : '-', parts[i] ? parts[i] : "");
	return vmn_path_join(dir, vmn_sha256_hex(vmn_buf_str(&b), b.len, digest));
}

static bool is_fresh(const char *path)
{
	time_t now = time(NULL);
	struct stat st;

	return stat(path, &st) == 0 && st.st_mtime <= now && now - st.st_mtime < CACHE_SECONDS;
}

/* Answers of other questions do not pile up. */
static void drop_stale(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d))) {
		vmn_auto_free char *path = vmn_path_join(dir, e->d_name);

		if (e->d_name[0] != '.' && !is_fresh(path))
			(void)unlink(path);
	}
	(void)closedir(d);
}

static void cache_write(const char *path, const struct vmn_buf *names)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *dir = cache_dir();

	if (vmn_mkdir_p(dir, 0700, &err) < 0)
		return;
	drop_stale(dir);
	if (vmn_file_write(path, vmn_buf_str(names), names->len, 0600, &err) < 0)
		return; /* without a cache the next answer takes longer, that is all */
}

/* --- together ------------------------------------------------------------------------- */

static void give_up(int sig)
{
	static const char nothing[] = ":4\n"; /* CMD_HINT_NO_FILES */
	static volatile sig_atomic_t has_rung;

	(void)sig;
	/* The first time interrupts who waits for a plugin, and that ends the plugin. */
	if (!has_rung) {
		has_rung = 1;
		return;
	}
	_exit(write(STDOUT_FILENO, nothing, sizeof(nothing) - 1) < 0);
}

/* Whatever hangs, a plugin of the kubeconfig included, the shell gets its prompt back. 0: no
 * deadline. */
static void set_deadline(int ms)
{
	struct itimerval t = {
		.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000},
		.it_interval = {.tv_usec = ms ? GRACE_MS * 1000 : 0},
	};

	(void)signal(SIGALRM, give_up);
	(void)setitimer(ITIMER_REAL, &t, NULL);
}

static bool list_on_server(struct cmd_ctx *ctx, enum cmd_complete kind, const char *ns,
			   const char *vm, struct vmn_buf *names)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_kube *kube;

	if (cmd_kube(ctx, &kube, &err) < 0)
		return false;
	if (!ns)
		ns = ctx->ns;
	if (kind == CMD_COMPLETE_IFACE)
		return list_interfaces(kube, ns, vm, names);
	for (size_t i = 0; i < VMN_ARRAY_LEN(sources); i++)
		if (sources[i].kind == kind)
			return list_names(kube, &sources[i], ns, names);
	return false;
}

static bool ask_server(struct cmd_ctx *ctx, enum cmd_complete kind, const char *ns, const char *vm,
		       struct vmn_buf *names)
{
	bool is_answered;

	set_deadline(DEADLINE_MS);
	is_answered = list_on_server(ctx, kind, ns, vm, names);
	set_deadline(0);
	return is_answered;
}

static void offer(const struct vmn_buf *names, const char *before, struct cmd_candidates *c)
{
	vmn_auto_strlist struct vmn_strlist lines = {0};

	vmn_strlist_split(&lines, vmn_buf_str(names), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		char *tab = strchr(lines.v[i], '\t');
		vmn_auto_free char *text = NULL;

		if (!tab)
			continue;
		*tab = '\0';
		text = vmn_xasprintf("%s%s", before, lines.v[i]);
		cmd_candidate(c, text, tab + 1);
	}
}

static void complete_server(struct cmd_ctx *ctx, enum cmd_complete kind, const char *ns,
			    const char *vm, const char *before, struct cmd_candidates *c)
{
	vmn_auto_buf struct vmn_buf names = VMN_BUF_INIT(CACHE_MAX_BYTES);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *path = cache_path(ctx->globals, kind, ns, vm);

	if (!path || !is_fresh(path) || vmn_file_read(path, &names, &err) < 0) {
		vmn_buf_clear(&names);
		if (!ask_server(ctx, kind, ns, vm, &names))
			return;
		if (path && vmn_buf_ok(&names))
			cache_write(path, &names);
	}
	offer(&names, before, c);
}

void cmd_complete_live(struct cmd_ctx *ctx, enum cmd_complete kind, const char *vm,
		       struct cmd_candidates *c)
{
	const char *slash = strchr(c->word, '/');

	if (kind == CMD_COMPLETE_CONTEXT || kind == CMD_COMPLETE_CLUSTER ||
	    kind == CMD_COMPLETE_USER) {
		complete_config(ctx, kind, c);
	} else if (kind == CMD_COMPLETE_NAD && slash) { /* NAMESPACE/NAME */
		vmn_auto_free char *ns = vmn_xstrndup(c->word, (size_t)(slash - c->word));
		vmn_auto_free char *before = vmn_xasprintf("%s/", ns);

		complete_server(ctx, kind, ns, NULL, before, c);
	} else if (kind != CMD_COMPLETE_IFACE || vm) {
		complete_server(ctx, kind, ctx->globals->ns, kind == CMD_COMPLETE_IFACE ? vm : NULL,
				"", c);
	}
}
