/* SPDX-License-Identifier: Apache-2.0 */
/* vmnetctl lab run - make and start VMs */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lab/commands/client.h"
#include "lab/commands/registry.h"
#include "lab/kubevirt/kubevirt.h"
#include "lib/base/clock.h"
#include "lib/data/k8s.h"
#include "lib/kube/client.h"
#include "lib/kube/path.h"
#include "lib/kube/watch.h"

enum dry_run { DRY_RUN_NONE, DRY_RUN_CLIENT, DRY_RUN_SERVER };

struct run_opts {
	const char *lab, *memory;
	struct vmn_strlist interfaces;
	int binding, dry_run;
	uint32_t count;
	bool has_ordinal_names, has_no_agent;
	int64_t wait_ms;
};

static const char *const binding_words[] = {"masquerade", "bridge", NULL};
static const char *const dry_run_words[] = {"none", "client", "server", NULL};

#define OPT(field) .offset = offsetof(struct run_opts, field)

static const struct cmd_opt run_opts[] = {
	LAB_NAME_OPT(struct run_opts),
	{CMD_OPT_U32, 0, "count", OPT(count), .arg = "N", .max = 100000,
	 .help = "make N of each: VM-1 to VM-N"},
	{CMD_OPT_STR, 0, "memory", OPT(memory), .arg = "SIZE", .def = "128Mi",
	 .help = "guest memory"},
	{CMD_OPT_ENUM, 0, "binding", OPT(binding), .arg = "BINDING", .words = binding_words,
	 .def = "masquerade",
	 .help = "of the pod network; a VM with bridge cannot migrate without its annotation"},
	{CMD_OPT_LIST, 0, "interface", OPT(interfaces), .arg = "NAME=NAD",
	 .help = "one more interface, by bridge binding to a NetworkAttachmentDefinition"},
	{CMD_OPT_BOOL, 0, "ordinal-names", OPT(has_ordinal_names),
	 .help = "name the pod's interfaces net1, net2, as old KubeVirt did; they cannot be unplugged"},
	{CMD_OPT_BOOL, 0, "no-guest-agent", OPT(has_no_agent),
	 .help = "a guest that says nothing about its interfaces"},
	{CMD_OPT_DURATION, 0, "wait", OPT(wait_ms), .arg = "TIMEOUT", .bare = "1m",
	 .flags = CMD_OPT_OPTIONAL_ARG, .help = "until all of them run"},
	{CMD_OPT_ENUM, 0, "dry-run", OPT(dry_run), .arg = "MODE", .words = dry_run_words,
	 .def = "none", .bare = "client", .flags = CMD_OPT_OPTIONAL_ARG,
	 .help = "client prints the VMs, server lets the server judge them"},
	{0},
};

/* --- the object ----------------------------------------------------------------------- */

static int add_interface(struct json_object *spec, const char *word, struct vmn_err *err)
{
	const char *eq = strchr(word, '=');
	vmn_auto_free char *name = NULL;

	if (!eq || eq == word || !eq[1])
		return vmn_err_set(err, VMN_E_USAGE, "'%s' is not NAME=NAD", word);
	name = vmn_xstrndup(word, (size_t)(eq - word));
	vmn_json_append_take(vmn_json_array(spec, "/domain/devices/interfaces"),
			     vmn_json_build("{\"name\":%s,\"bridge\":{}}", name));
	vmn_json_append_take(
		vmn_json_array(spec, "/networks"),
		vmn_json_build("{\"name\":%s,\"multus\":{\"networkName\":%s}}", name, eq + 1));
	return 0;
}

static int make_vm(const struct run_opts *o, const char *name, struct json_object **ret,
		   struct vmn_err *err)
{
	vmn_auto_json struct json_object *vm = vmn_json_build(
		"{\"apiVersion\":\"kubevirt.io/v1\",\"kind\":\"VirtualMachine\","
		"\"metadata\":{\"name\":%s},\"spec\":{\"runStrategy\":\"Always\",\"template\":{"
		"\"metadata\":{\"labels\":{\"kubevirt.io/vm\":%s}},\"spec\":{\"domain\":{\"devices\":{"
		"\"interfaces\":[{\"name\":\"default\",%s:{}}]},\"memory\":{\"guest\":%s}},"
		"\"networks\":[{\"name\":\"default\",\"pod\":{}}]}}}}",
		name, name, binding_words[o->binding], o->memory);
	struct json_object *template = vmn_json_get(vm, LAB_PTR_TEMPLATE);

	for (size_t i = 0; i < o->interfaces.n; i++)
		if (add_interface(vmn_json_get(template, "/spec"), o->interfaces.v[i], err) < 0)
			return -(int)err->code;
	if (o->has_ordinal_names)
		(void)lab_map_set(template, "annotations", LAB_ORDINAL_ANNOTATION, "");
	if (o->has_no_agent)
		(void)lab_map_set(template, "annotations", LAB_NO_AGENT_ANNOTATION, "");
	*ret = vmn_steal(&vm);
	return 0;
}

/* --- making them ---------------------------------------------------------------------- */

struct job {
	struct cmd_ctx *ctx;
	const struct run_opts *o;
	struct json_object *waiting; /* set of names made and not seen running yet */
	struct vmn_err failure;	     /* of the watch */
	bool has_failed;
	size_t failed;
};

/* One request; its name is told when it is answered. */
struct creation {
	struct job *job;
	char *name;
};

static bool is_document(const struct cmd_ctx *ctx)
{
	return ctx->globals->output == CMD_FORMAT_JSON || ctx->globals->output == CMD_FORMAT_YAML;
}

static void created(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct creation *c = arg;

	if (!resp) {
		(void)vmn_err_wrap(err, "cannot create vm '%s'", c->name);
		c->job->failed++;
		cmd_report_failure(c->job->ctx, err);
	} else {
		vmn_json_set_bool(c->job->waiting, c->name, true);
		if (is_document(c->job->ctx) && cmd_print_doc(c->job->ctx, resp->body, err) < 0)
			c->job->failed++;
		else if (!is_document(c->job->ctx))
			cmd_done(c->job->ctx, "virtualmachine/%s created%s", c->name,
				 c->job->o->dry_run == DRY_RUN_SERVER ? " (server dry run)" : "");
	}
}

static int create_all(struct job *job, struct vmn_kube *k, struct vmn_strlist *names,
		      struct vmn_err *err)
{
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_vm, job->ctx->ns, NULL, NULL);
	vmn_auto_free struct creation *all = vmn_xcalloc(names->n, sizeof(*all));
	int rc = 0;

	if (job->o->dry_run == DRY_RUN_SERVER)
		vmn_kube_path_query(&path, "dryRun", "All");
	for (size_t i = 0; rc == 0 && i < names->n; i++) {
		vmn_auto_json struct json_object *vm = NULL;
		struct vmn_kube_req req = {.method = "POST", .path = path};

		all[i] = (struct creation){.job = job, .name = names->v[i]};
		rc = make_vm(job->o, names->v[i], &vm, err);
		if (rc < 0)
			break;
		req.body = vmn_json_text(vm);
		vmn_kube_start(k, &req, created, &all[i]);
	}
	if (rc == 0)
		rc = vmn_kube_loop(k, VMN_NEVER, NULL, NULL, err);
	for (size_t i = 0; i < names->n; i++)
		vmn_kube_drop(k, &all[i]);
	return rc;
}

static int print_all(struct job *job, struct vmn_strlist *names, struct vmn_err *err)
{
	struct cmd_globals globals = *job->ctx->globals;
	struct cmd_ctx ctx = *job->ctx;

	if (!is_document(&ctx))
		globals.output = CMD_FORMAT_YAML;
	ctx.globals = &globals;
	for (size_t i = 0; i < names->n; i++) {
		vmn_auto_json struct json_object *vm = NULL;

		if (make_vm(job->o, names->v[i], &vm, err) < 0 || cmd_print_doc(&ctx, vm, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* --- waiting -------------------------------------------------------------------------- */

static void seen(void *arg, enum vmn_watch_type type, struct json_object *vm)
{
	struct job *job = arg;
	const char *name = vmn_json_str(vm, "/metadata/name");

	if ((type == VMN_WATCH_ADDED || type == VMN_WATCH_MODIFIED) && name &&
	    vmn_json_bool(vm, "/status/ready", false))
		json_object_object_del(job->waiting, name);
}

static void watch_failed(void *arg, struct vmn_err *err)
{
	struct job *job = arg;

	job->has_failed = true;
	(void)vmn_err_move(&job->failure, err);
}

static bool all_run(void *arg)
{
	struct job *job = arg;

	return job->has_failed || !json_object_object_length(job->waiting);
}

static int await_all(struct job *job, struct vmn_kube *k, struct vmn_err *err)
{
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_vm, job->ctx->ns, NULL, NULL);
	struct vmn_watch *watch = vmn_watch_start(k, path, NULL, seen, watch_failed, job);
	int rc = vmn_kube_loop(k, vmn_deadline_in(job->o->wait_ms), all_run, job, err);

	vmn_watch_stop(watch);
	if (rc == 0 && job->has_failed)
		rc = vmn_err_move(err, &job->failure);
	if (rc == -VMN_E_TIMEOUT) {
		vmn_err_clear(err);
		rc = vmn_err_set(err, VMN_E_TIMEOUT, "%d of the VMs do not run yet",
				 json_object_object_length(job->waiting));
	}
	return rc;
}

/* --- the command ---------------------------------------------------------------------- */

static int expand_names(const struct run_opts *o, int argc, char **argv, struct vmn_strlist *ret,
			struct vmn_err *err)
{
	for (int i = 0; i < argc; i++) {
		for (uint32_t n = 1; n <= o->count; n++) {
			vmn_auto_free char *name = vmn_xasprintf("%s-%u", argv[i], n);

			vmn_strlist_add(ret, name);
		}
		if (!o->count)
			vmn_strlist_add(ret, argv[i]);
	}
	for (size_t i = 0; i < ret->n; i++)
		if (!vmn_is_dns1123_subdomain(ret->v[i]))
			return vmn_err_set(err, VMN_E_USAGE, "'%s' is not a valid name", ret->v[i]);
	return 0;
}

static int run_vms(struct job *job, struct vmn_strlist *names, struct vmn_err *err)
{
	struct vmn_kube *k;
	int rc;

	if (job->o->dry_run == DRY_RUN_CLIENT)
		return print_all(job, names, err);
	rc = lab_cmd_kube(job->ctx, job->o->lab, &k, err);
	if (rc == 0)
		rc = create_all(job, k, names, err);
	if (rc == 0 && job->o->wait_ms && job->o->dry_run == DRY_RUN_NONE)
		rc = await_all(job, k, err);
	if (rc == 0 && job->failed)
		rc = vmn_err_set(err, VMN_E_PARTIAL, "%zu of %zu VMs failed", job->failed,
				 names->n);
	return rc;
}

static int run_run(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		   struct vmn_err *err)
{
	const struct run_opts *o = opts;
	vmn_auto_strlist struct vmn_strlist names = {0};
	struct job job = {.ctx = ctx, .o = o, .waiting = json_object_new_object()};
	int64_t bytes = 0;
	int rc = expand_names(o, argc, argv, &names, err);

	if (rc == 0 && (!vmn_quantity_parse(o->memory, &bytes) || bytes <= 0)) {
		(void)vmn_err_set(err, VMN_E_USAGE, "option '--memory': '%s' is not a size",
				  o->memory);
		rc = vmn_err_hint(err, "write it like 128Mi or 2Gi");
	}
	if (rc == 0)
		rc = run_vms(&job, &names, err);
	(void)json_object_put(job.waiting);
	vmn_err_clear(&job.failure);
	return rc;
}

static const struct cmd_example examples[] = {
	{"vmnetctl lab run web-1 web-2 --wait", "two VMs, and wait until they run"},
	{"vmnetctl lab run vm --count 100", "vm-1 to vm-100"},
	{"vmnetctl lab run old --ordinal-names --interface blue=nad1",
	 "as a VM from before KubeVirt 1.0"},
	{0},
};

const struct cmd lab_cmd_run = {
	.name = "run",
	.group = "Objects",
	.summary = "make and start VMs",
	.operands = "VM...",
	.description =
		"Each VM has one interface on the pod network and runs at once. It is an ordinary "
		"VirtualMachine: what more there is to it, kubectl can apply.",
	.min_args = 1,
	.max_args = -1,
	.flags = CMD_NEEDS_KUBE | CMD_MUTATES,
	.formats = CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = run_opts,
	.opts_size = sizeof(struct run_opts),
	.examples = examples,
	.run = run_run,
};
