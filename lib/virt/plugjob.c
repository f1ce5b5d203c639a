/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "lib/base/clock.h"
#include "lib/data/patch.h"
#include "lib/kube/discovery.h"
#include "lib/kube/path.h"
#include "lib/virt/plugjob.h"
#include "lib/virt/topology.h"
#include "lib/virt/vm.h"

enum {
	RETRY_MS = 60000,   /* of conflicts, from the first on, at most */
	PAUSE_MS = 20,	    /* most of the first pause, doubled each time ... */
	MAX_PAUSE_MS = 640, /* ... up to this */
	MAX_LOST = 3,	    /* answers that may get lost in a row */
};

/* How a 404 about an object ends, other than one about a route or a kind: 'vms "a" not found'. */
#define OBJECT_MISSING "\" not found"

struct job;

/* A network attachment definition somebody asked about. */
struct nad {
	TAILQ_ENTRY(nad) link;
	struct vmn_plugs *ps;
	char *name; /* "NS/NAD" */
	enum vmn_nad_lookup known;
};

struct vmn_plugs {
	struct vmn_plugs_opts o;
	struct vmn_dialects dialects;
	TAILQ_HEAD(, nad) nads;
	TAILQ_HEAD(job_list, job) jobs;
	bool is_rediscovered;
	bool has_stale; /* a job waits for discovery */
};

struct job {
	TAILQ_ENTRY(job) link;
	struct vmn_plugs *ps;
	char *ns, *name;
	vmn_plug_done_fn done;
	void *arg;

	struct vmn_plan_input in;
	struct nad *nad; /* NULL: none to look up */
	struct vmn_plan plan;
	struct json_object *requests; /* of a client dry run */
	unsigned reading;	      /* answers still to come */
	bool is_stale;		      /* waits for vmn_plugs_resume() */
	bool is_partial;	      /* in.vm came from a list and may be a part of the object */
	bool is_changed;
	unsigned tries, lost;
	int64_t retry_until_ms; /* 0: no conflict yet */
	struct vmn_err failure; /* of a read, or of the lost answer */
	struct vmn_err lost_err;
	struct vmn_err hidden; /* why the VM may not be read */
};

static void job_read(struct job *j, int64_t delay_ms);
static void job_plan(struct job *j);

/* --- the run -------------------------------------------------------------------------- */

static int discover(struct vmn_plugs *ps, struct vmn_err *err)
{
	struct json_object *list;
	int rc = vmn_discovery_get(ps->o.k, "subresources.kubevirt.io", "v1", &list, err);

	if (rc == -VMN_E_NOT_FOUND) {
		vmn_err_clear(err);
		vmn_err_set(err, VMN_E_UNSUPPORTED, "the server has no KubeVirt");
		return vmn_err_hint(err, "is this the right context?");
	}
	if (rc < 0 && err->http == 503)
		(void)vmn_hint_virt_api(err);
	if (rc < 0)
		return vmn_err_wrap(err, "cannot ask what KubeVirt can do");
	vmn_dialects_read(list, &ps->dialects);
	return 0;
}

int vmn_plugs_new(const struct vmn_plugs_opts *opts, struct vmn_plugs **ret, struct vmn_err *err)
{
	vmn_auto_plugs struct vmn_plugs *ps = vmn_xcalloc(1, sizeof(*ps));
	int rc;

	ps->o = *opts;
	if (!opts->retry_ms || opts->retry_ms > RETRY_MS)
		ps->o.retry_ms = RETRY_MS;
	TAILQ_INIT(&ps->nads);
	TAILQ_INIT(&ps->jobs);
	rc = discover(ps, err);
	/* To patch a VM that does not follow goes unnoticed: that it follows is asked anew. */
	if (rc == 0 && vmn_dialects_follow_spec(&ps->dialects) &&
	    vmn_discovery_is_cached(ps->o.k)) {
		vmn_discovery_forget(ps->o.k);
		rc = discover(ps, err);
	}
	if (rc < 0)
		return rc;
	*ret = vmn_steal(&ps);
	return 0;
}

static void job_forget_objects(struct job *j)
{
	vmn_json_put_p(&j->in.vm);
	vmn_json_put_p(&j->in.vmi);
	vmn_json_put_p(&j->in.pod);
	j->in.is_vm_hidden = j->in.is_vmi_hidden = false;
}

static void job_free(struct job *j)
{
	vmn_kube_drop(j->ps->o.k, j);
	TAILQ_REMOVE(&j->ps->jobs, j, link);
	job_forget_objects(j);
	vmn_plan_clear(&j->plan);
	json_object_put(j->requests);
	vmn_err_clear(&j->failure);
	vmn_err_clear(&j->lost_err);
	vmn_err_clear(&j->hidden);
	free(j->ns);
	free(j->name);
	free(j);
}

void vmn_plugs_free(struct vmn_plugs *ps)
{
	if (!ps)
		return;
	while (!TAILQ_EMPTY(&ps->jobs))
		job_free(TAILQ_FIRST(&ps->jobs));
	while (!TAILQ_EMPTY(&ps->nads)) {
		struct nad *nad = TAILQ_FIRST(&ps->nads);

		vmn_kube_drop(ps->o.k, nad);
		TAILQ_REMOVE(&ps->nads, nad, link);
		free(nad->name);
		free(nad);
	}
	free(ps);
}

void vmn_plugs_free_p(struct vmn_plugs **ps)
{
	vmn_plugs_free(*ps);
	*ps = NULL;
}

bool vmn_plugs_resume(struct vmn_plugs *ps)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct job *j, *next;

	if (!ps->has_stale)
		return false;
	ps->has_stale = false;
	ps->is_rediscovered = true;
	vmn_discovery_forget(ps->o.k);
	(void)discover(ps, &err); /* on failure the next request tells */
	for (j = TAILQ_FIRST(&ps->jobs); j; j = next) {
		next = TAILQ_NEXT(j, link);
		if (!j->is_stale)
			continue;
		j->is_stale = false;
		job_read(j, 0);
	}
	return true;
}

/* --- ends of a job -------------------------------------------------------------------- */

static void job_fail(struct job *j, struct vmn_err *err)
{
	j->done(j->arg, NULL, err);
	vmn_err_clear(err);
	job_free(j);
}

static void job_succeed(struct job *j, struct json_object *object)
{
	const struct vmn_plug_result res = {
		.ns = j->ns,
		.name = j->name,
		.plan = &j->plan,
		.is_changed = j->is_changed,
		.object = object,
		.requests = j->requests,
	};
	vmn_auto_err struct vmn_err none = VMN_ERR_INIT;

	j->done(j->arg, &res, &none);
	job_free(j);
}

static void object_read(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct job *j = arg;

	(void)err; /* the change is done; that the object cannot be read does not undo it */
	job_succeed(j, resp ? resp->body : NULL);
}

/* The wish holds now; @object is the VM or VMI, NULL when it is not at hand. */
static void job_end(struct job *j, bool is_changed, struct json_object *object)
{
	vmn_auto_free char *path =
		vmn_kube_path(j->plan.is_vmi ? &vmn_gvr_vmi : &vmn_gvr_vm, j->ns, j->name, NULL);

	j->is_changed = is_changed;
	if (object || !j->ps->o.wants_object)
		job_succeed(j, object);
	else
		vmn_kube_start(j->ps->o.k, &(struct vmn_kube_req){.method = "GET", .path = path},
			       object_read, j);
}

/* --- reading -------------------------------------------------------------------------- */

static void job_answered(struct job *j)
{
	if (--j->reading > 0)
		return;
	/* No VM, but a VMI of its own: the planner knows what to make of it. */
	if (j->failure.http == 404 && j->in.vmi)
		vmn_err_clear(&j->failure);
	if (!j->failure.code) {
		job_plan(j);
		return;
	}
	if (j->lost_err.code) {
		/* The answer that got lost is the better story. */
		vmn_err_clear(&j->failure);
		(void)vmn_err_move(&j->failure, &j->lost_err);
	}
	job_fail(j, &j->failure);
}

/* Keep one object of an answer. @is_missing_fine: 404 means there is none. */
static void keep(struct job *j, const struct vmn_kube_resp *resp, struct vmn_err *err,
		 struct json_object **obj, bool *is_hidden)
{
	if (resp)
		*obj = json_object_get(resp->body);
	else if (err->http == 403)
		*is_hidden = true;
	else if (err->http != 404 && !j->failure.code)
		(void)vmn_err_move(&j->failure, err);
}

static void vm_read(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct job *j = arg;

	keep(j, resp, err, &j->in.vm, &j->in.is_vm_hidden);
	vmn_err_clear(&j->hidden);
	if (j->in.is_vm_hidden)
		(void)vmn_err_move(&j->hidden, err);
	/* Missing is an error unless a VMI of that name shows up. */
	if (!resp && err->http == 404 && !j->failure.code)
		(void)vmn_err_move(&j->failure, err);
	job_answered(j);
}

static void vmi_read(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct job *j = arg;

	keep(j, resp, err, &j->in.vmi, &j->in.is_vmi_hidden);
	job_answered(j);
}

static void pod_read(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct job *j = arg;

	(void)err; /* without the pod its interface names stay unknown, as they may */
	if (resp)
		j->in.pod = json_object_get(
			vmn_launcher_pod(vmn_json_array(resp->body, "/items"), j->in.vmi));
	job_answered(j);
}

static void nad_read(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct nad *nad = arg;
	struct job *j, *next;

	nad->known = resp					 ? VMN_NAD_EXISTS
		     : err->http != 404				 ? VMN_NAD_UNREADABLE
		     : strstr(vmn_err_text(err), OBJECT_MISSING) ? VMN_NAD_MISSING
								 : VMN_NAD_NO_KIND;
	for (j = TAILQ_FIRST(&nad->ps->jobs); j; j = next) {
		next = TAILQ_NEXT(j, link);
		if (j->nad == nad && j->reading > 0)
			job_answered(j);
	}
}

/* Ask for the wish's network, once for all jobs. Return: whether an answer is to come */
static bool look_up_nad(struct job *j)
{
	struct vmn_plugs *ps = j->ps;
	vmn_auto_free char *full = NULL, *ns = NULL, *path = NULL;
	struct nad *nad;

	if (!ps->o.wish->nad)
		return false;
	full = vmn_nad_qualify(ps->o.wish->nad, j->ns);
	TAILQ_FOREACH(nad, &ps->nads, link) {
		if (strcmp(nad->name, full) == 0) {
			j->nad = nad;
			return nad->known == VMN_NAD_NOT_ASKED;
		}
	}
	nad = vmn_xcalloc(1, sizeof(*nad));
	nad->ps = ps;
	nad->name = vmn_steal(&full);
	TAILQ_INSERT_TAIL(&ps->nads, nad, link);
	j->nad = nad;
	ns = vmn_xstrndup(nad->name, strcspn(nad->name, "/"));
	path = vmn_kube_path(&vmn_gvr_nad, ns, nad->name + strlen(ns) + 1, NULL);
	vmn_kube_start(ps->o.k, &(struct vmn_kube_req){.method = "GET", .path = path}, nad_read,
		       nad);
	return true;
}

static void get(struct job *j, const char *path, int64_t delay_ms, vmn_kube_done_fn done)
{
	j->reading++;
	vmn_kube_start(j->ps->o.k,
		       &(struct vmn_kube_req){.method = "GET", .path = path, .delay_ms = delay_ms},
		       done, j);
}

static void job_read(struct job *j, int64_t delay_ms)
{
	vmn_auto_free char *vm = vmn_kube_path(&vmn_gvr_vm, j->ns, j->name, NULL);
	vmn_auto_free char *vmi = vmn_kube_path(&vmn_gvr_vmi, j->ns, j->name, NULL);

	job_forget_objects(j);
	j->is_partial = false;
	get(j, vm, delay_ms, vm_read);
	get(j, vmi, delay_ms, vmi_read);
	if (!j->nad && look_up_nad(j))
		j->reading++;
}

/* Return: whether there is a pod to wait for */
static bool read_pod(struct job *j)
{
	vmn_auto_free char *path = NULL, *label = NULL;

	if (j->in.pod || !vmn_plan_needs_pod(&j->in, j->ps->o.wish))
		return false;
	path = vmn_kube_path(&vmn_gvr_pod, j->ns, NULL, NULL);
	label = vmn_xasprintf("kubevirt.io/created-by=%s",
			      vmn_json_str_or(j->in.vmi, "/metadata/uid", ""));
	vmn_kube_path_query(&path, "labelSelector", label);
	get(j, path, 0, pod_read);
	return true;
}

/* --- planning and sending ------------------------------------------------------------- */

/* Read and plan again after a random pause. Return: false when that went on for too long */
static bool job_again(struct job *j)
{
	unsigned most = PAUSE_MS << (j->tries < 5 ? j->tries : 5), random = 0;
	int64_t now = vmn_now_ms();

	if (!j->retry_until_ms)
		j->retry_until_ms = now + j->ps->o.retry_ms;
	if (now >= j->retry_until_ms)
		return false;
	/* Writers that collided must not collide again: their clocks will do where randomness is
	 * late. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (unsigned)now;
	j->tries++;
	job_read(j, 1 + random % (most < MAX_PAUSE_MS ? most : MAX_PAUSE_MS));
	return true;
}

/* Until vmn_plugs_resume(). */
static void job_park(struct job *j)
{
	j->is_stale = j->ps->has_stale = true;
}

/* What the server could not do minutes ago, it may have learnt since. */
static bool may_be_outdated(const struct job *j, const struct vmn_err *err)
{
	return (err->code == VMN_E_UNSUPPORTED || err->code == VMN_E_CONFLICT) &&
	       vmn_discovery_is_cached(j->ps->o.k) && !j->ps->is_rediscovered;
}

static void job_refused(struct job *j, struct vmn_err *err)
{
	bool is_removal = j->ps->o.wish->verb == VMN_PLUG_REMOVE;

	if (j->plan.is_transient && job_again(j))
		return;
	if (may_be_outdated(j, err)) {
		job_park(j);
		return;
	}
	/* The removal whose answer got lost has left no interface behind. */
	if (j->lost && is_removal && err->code == VMN_E_NOT_FOUND) {
		job_end(j, true, NULL);
	} else if (err->code == VMN_E_FORBIDDEN && j->hidden.code) {
		/* The server's own words, and our hint. */
		if (err->hint)
			vmn_err_hint(&j->hidden, "%s", err->hint);
		job_fail(j, &j->hidden);
	} else {
		job_fail(j, err);
	}
}

/* The server told us that it failed; that it did the thing all the same shows when we look. */
static bool is_failed(const struct vmn_err *err)
{
	return err->http >= 500;
}

/* A redirect is no such answer: it says that nothing was done. */
static bool is_answer_lost(const struct vmn_err *err)
{
	return err->code == VMN_E_UNREACHABLE || err->code == VMN_E_TIMEOUT ||
	       (err->code == VMN_E_PROTOCOL && !err->http) || err->http == 500 ||
	       err->http == 502 || err->http == 504;
}

/* The server has no such route, whatever discovery said; a missing object reads otherwise. */
static bool is_route_missing(const struct job *j, const struct vmn_err *err)
{
	return j->plan.dialect != VMN_DIALECT_SPEC && !j->ps->is_rediscovered &&
	       (err->http == 405 ||
		(err->http == 404 && !strstr(vmn_err_text(err), OBJECT_MISSING)));
}

/* Read what the lost answer left behind. */
static void job_look(struct job *j, struct vmn_err *err)
{
	j->lost++;
	vmn_err_clear(&j->lost_err);
	(void)vmn_err_move(&j->lost_err, err);
	if (!job_again(j))
		job_fail(j, &j->lost_err);
}

static void sent(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct job *j = arg;

	if (resp && j->plan.is_preparation) {
		job_read(j, 0);
	} else if (resp) {
		job_end(j, true, resp->body);
	} else if (is_route_missing(j, err)) {
		job_park(j);
	} else if (vmn_plan_is_conflict(err) && job_again(j)) {
		return;
	} else if (is_answer_lost(err) && j->lost < MAX_LOST && !j->ps->o.wish->server_dry_run) {
		job_look(j, err);
	} else {
		vmn_plan_explain(&j->plan, err);
		job_fail(j, err);
	}
}

static void job_send(struct job *j)
{
	vmn_auto_free char *body = vmn_patch_text(j->plan.body);

	vmn_kube_start(j->ps->o.k,
		       &(struct vmn_kube_req){
			       .method = j->plan.method,
			       .path = j->plan.path,
			       .content_type = j->plan.content_type,
			       .body = body,
		       },
		       sent, j);
}

/* A client dry run notes the request; what a preparation would change is changed in our copy. */
static void job_pretend(struct job *j)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *after = NULL;

	vmn_json_append_take(
		j->requests,
		vmn_json_build("{\"method\":%s,\"path\":%s,\"contentType\":%s,\"body\":%J}",
			       j->plan.method, j->plan.path, j->plan.content_type, j->plan.body));
	if (!j->plan.is_preparation) {
		job_succeed(j, NULL);
	} else if (vmn_patch_json(j->in.vm, j->plan.body, &after, &err) < 0) {
		job_fail(j, &err);
	} else {
		json_object_put(j->in.vm);
		j->in.vm = after;
		job_plan(j);
	}
}

static void job_plan(struct job *j)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	bool was_lost = j->lost_err.code != VMN_OK;

	if (read_pod(j))
		return;
	j->in.nad = j->nad ? j->nad->known : VMN_NAD_NOT_ASKED;
	vmn_plan_clear(&j->plan);
	if (vmn_plan_make(&j->in, j->ps->o.wish, &j->plan, &err) < 0) {
		job_refused(j, &err);
		return;
	}
	if (was_lost && is_failed(&j->lost_err) && j->plan.method) {
		vmn_plan_explain(&j->plan, &j->lost_err);
		job_fail(j, &j->lost_err);
		return;
	}
	vmn_err_clear(&j->lost_err);
	if (!j->plan.method && was_lost)
		job_end(j, true, NULL);
	else if (!j->plan.method)
		job_end(j, false, j->is_partial || j->plan.is_vmi ? NULL : j->in.vm);
	else if (j->ps->o.client_dry_run)
		job_pretend(j);
	else
		job_send(j);
}

void vmn_plug_start(struct vmn_plugs *ps, const char *ns, const char *name,
		    const struct vmn_plug_known *known, vmn_plug_done_fn done, void *arg)
{
	struct job *j = vmn_xcalloc(1, sizeof(*j));
	vmn_auto_free char *vmi = NULL;
	struct vmn_vm vm;

	*j = (struct job){.ps = ps, .done = done, .arg = arg};
	j->ns = vmn_xstrdup(ns);
	j->name = vmn_xstrdup(name);
	j->in = (struct vmn_plan_input){.dialects = &ps->dialects, .ns = j->ns, .name = j->name};
	j->requests = ps->o.client_dry_run ? json_object_new_array() : NULL;
	TAILQ_INSERT_TAIL(&ps->jobs, j, link);
	if (!known) {
		job_read(j, 0);
		return;
	}
	j->is_partial = true;
	j->in.vm = json_object_get(known->vm);
	j->in.vmi = json_object_get(known->vmi);
	vmn_vm_read(known->vm, &vm);
	/* Two lists are of two moments: a VM that says it has a VMI is asked again. */
	if (!known->vmi && vm.has_vmi) {
		vmi = vmn_kube_path(&vmn_gvr_vmi, ns, name, NULL);
		get(j, vmi, 0, vmi_read);
	}
	j->reading += look_up_nad(j);
	if (!j->reading)
		job_plan(j);
}
