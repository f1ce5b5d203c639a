/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/kube/path.h"
#include "lib/kube/watch.h"
#include "lib/virt/migrate.h"
#include "lib/virt/migration.h"
#include "lib/virt/vm.h"

/* virt-api's own group. Its v1 is there since KubeVirt 0.36, and v1alpha3 is the same. */
static const struct vmn_gvr sub_vm = {"subresources.kubevirt.io", "v1", "virtualmachines"};

enum { LOOKS_MAX = 3, LOOK_AGAIN_MS = 300 };

struct vmn_migrate {
	struct vmn_kube *k;
	vmn_migrate_phase_fn phase;
	vmn_migrate_done_fn done;
	void *arg;

	/* the wish, kept */
	char *ns, *name;
	struct json_object *node_selector;
	bool is_bare, force, dry_run, wait, cancel;

	/* what happened so far */
	bool can_list;		   /* migrations may be read */
	struct vmn_strlist before; /* uids of the VM's migrations before we asked for one */
	unsigned looks;		   /* how often we looked again */
	struct vmn_err refused;	   /* the PUT's failure, while something else is tried */
	char *own_name;		   /* of the object we create ourselves */
	char *list_version;	   /* resourceVersion to watch from */
	struct json_object *vmim;  /* ours, as last seen */
	struct json_object *vmi;
	struct json_object *events; /* of both, once it has ended */
	bool is_gone;		    /* the object was deleted */
	bool seen;		    /* in the list after a lost watch */
	struct vmn_watch *watch;
};

/* --- small helpers -------------------------------------------------------------------- */

/* The answer got lost, or the server broke while answering: the request may have taken effect. */
static bool is_ambiguous(const struct vmn_err *err)
{
	return err->code == VMN_E_UNREACHABLE || err->code == VMN_E_TIMEOUT ||
	       (err->code == VMN_E_PROTOCOL && !err->http) || err->http >= 500;
}

static char *migrations_path(const struct vmn_migrate *m)
{
	vmn_auto_free char *selector = vmn_xasprintf(VMN_LABEL_VMI_NAME "=%s", m->name);
	char *path = vmn_kube_path(&vmn_gvr_vmim, m->ns, NULL, NULL);

	vmn_kube_path_query(&path, "labelSelector", selector);
	return path;
}

static void send(struct vmn_migrate *m, const char *method, const char *path,
		 struct json_object *body, vmn_kube_done_fn done)
{
	struct vmn_kube_req req = {
		.method = method,
		.path = path,
		.body = body ? vmn_json_text(body) : NULL,
	};

	vmn_kube_start(m->k, &req, done, m);
}

static void keep(struct json_object **slot, struct json_object *obj)
{
	obj = json_object_get(obj);
	json_object_put(*slot);
	*slot = obj;
}

/* The job's last act: @m may be gone when this returns. */
static void finish(struct vmn_migrate *m, struct json_object *report, struct vmn_err *err)
{
	m->done(m->arg, report, err);
}

static void fail_refused(struct vmn_migrate *m)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)vmn_err_move(&err, &m->refused);
	finish(m, NULL, &err);
}

/* Look for what a request has done; where looking fails too, look again a few times. */
static bool look_again(struct vmn_migrate *m, const struct vmn_err *err, const char *path,
		       vmn_kube_done_fn done)
{
	struct vmn_kube_req req = {.method = "GET", .path = path, .delay_ms = LOOK_AGAIN_MS};

	if (!is_ambiguous(err) || m->looks++ >= LOOKS_MAX)
		return false;
	vmn_kube_start(m->k, &req, done, m);
	return true;
}

/* The request in @m->refused has failed, and what it did is not to be found. */
static void fail_lost(struct vmn_migrate *m, bool has_looked)
{
	if (has_looked && m->refused.http == 503)
		(void)vmn_hint_virt_api(&m->refused);
	else
		(void)vmn_err_hint(&m->refused,
				   has_looked ? "no migration came of it so far; before you try "
						"again see: vmnetctl inspect migration -n %s"
					      : "a migration may have begun; before you try again "
						"see: vmnetctl inspect migration -n %s",
				   m->ns);
	fail_refused(m);
}

/* --- the end -------------------------------------------------------------------------- */

static void conclude(struct vmn_migrate *m)
{
	vmn_auto_json struct json_object *report = vmn_migration_report(m->vmim, m->vmi, m->events);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	bool succeeded = vmn_streq(vmn_migration_phase(m->vmim), "Succeeded");

	if (m->cancel && succeeded)
		(void)vmn_err_set(&err, VMN_E_CONFLICT,
				  "migration '%s' succeeded before it could be cancelled",
				  vmn_json_str_or(m->vmim, "/metadata/name", ""));
	else if (!m->cancel && !succeeded)
		(void)vmn_migration_failed(report, &err);
	finish(m, report, err.code ? &err : NULL);
}

static void get_events(struct vmn_migrate *m, struct json_object *about, vmn_kube_done_fn done)
{
	vmn_auto_free char *field =
		vmn_xasprintf("involvedObject.uid=%s", vmn_json_str_or(about, "/metadata/uid", ""));
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_event, m->ns, NULL, NULL);

	vmn_kube_path_query(&path, "fieldSelector", field);
	send(m, "GET", path, NULL, done);
}

static void vmi_events_came(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;

	/* A report without events is still a report. */
	(void)err;
	vmn_json_each(event, resp ? vmn_json_array(resp->body, "/items") : NULL)
		vmn_json_append_take(m->events, json_object_get(event));
	conclude(m);
}

static void events_came(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;

	(void)err;
	m->events = json_object_new_array();
	vmn_json_each(event, resp ? vmn_json_array(resp->body, "/items") : NULL)
		vmn_json_append_take(m->events, json_object_get(event));
	/* Why it failed may be told by an event of the VMI alone. */
	if (m->vmi && vmn_streq(vmn_migration_phase(m->vmim), "Failed"))
		get_events(m, m->vmi, vmi_events_came);
	else
		conclude(m);
}

static void vmi_came(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;

	(void)err;
	if (resp)
		keep(&m->vmi, resp->body);
	get_events(m, m->vmim, events_came);
}

static void ended(struct vmn_migrate *m)
{
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_vmi, m->ns, m->name, NULL);

	vmn_watch_stop(m->watch);
	m->watch = NULL;
	send(m, "GET", path, NULL, vmi_came);
}

/* --- following ------------------------------------------------------------------------ */

static void saw(struct vmn_migrate *m, struct json_object *vmim)
{
	bool changed =
		!m->vmim || !vmn_streq(vmn_migration_phase(m->vmim), vmn_migration_phase(vmim));

	keep(&m->vmim, vmim);
	if (changed && m->phase)
		m->phase(m->arg, vmim);
}

static void watch_event(void *arg, enum vmn_watch_type type, struct json_object *obj)
{
	struct vmn_migrate *m = arg;
	bool is_ours = obj && vmn_streq(vmn_json_str(obj, "/metadata/uid"),
					vmn_json_str(m->vmim, "/metadata/uid"));

	switch (type) {
	case VMN_WATCH_RELIST:
		m->seen = false;
		return;
	case VMN_WATCH_SYNCED:
		m->is_gone = !m->seen;
		break;
	case VMN_WATCH_ADDED:
	case VMN_WATCH_MODIFIED:
	case VMN_WATCH_DELETED:
		if (!is_ours)
			return;
		m->seen = true;
		m->is_gone = type == VMN_WATCH_DELETED;
		saw(m, obj);
		break;
	}
	if (m->is_gone || vmn_migration_is_final(m->vmim))
		ended(m);
}

static void watch_failed(void *arg, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;

	(void)vmn_err_wrap(err, "migration '%s' goes on, but cannot be followed",
			   vmn_json_str_or(m->vmim, "/metadata/name", ""));
	finish(m, NULL, err);
}

/* @m->vmim is ours, of the collection's version @m->list_version. */
static void follow(struct vmn_migrate *m)
{
	vmn_auto_free char *field = NULL, *path = NULL;

	if (vmn_migration_is_final(m->vmim)) {
		ended(m);
		return;
	}
	field = vmn_xasprintf("metadata.name=%s", vmn_json_str_or(m->vmim, "/metadata/name", ""));
	path = vmn_kube_path(&vmn_gvr_vmim, m->ns, NULL, NULL);
	vmn_kube_path_query(&path, "fieldSelector", field);
	m->watch = vmn_watch_start(m->k, path, m->list_version, watch_event, watch_failed, m);
}

static void started(struct vmn_migrate *m, struct json_object *vmim, const char *version)
{
	free(m->list_version);
	m->list_version = version ? vmn_xstrdup(version) : NULL;
	if (!m->wait) {
		vmn_auto_json struct json_object *report = NULL;

		keep(&m->vmim, vmim);
		report = vmn_migration_report(vmim, NULL, NULL);
		finish(m, report, NULL);
		return;
	}
	saw(m, vmim);
	follow(m);
}

/* --- creating the object ourselves ---------------------------------------------------- */

static char *random_name(void)
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789"; /* as Kubernetes: no words */
	unsigned char bytes[12];
	char tail[sizeof(bytes) + 1];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort();
	for (size_t i = 0; i < sizeof(bytes); i++)
		tail[i] = alphabet[bytes[i] % (sizeof(alphabet) - 1)];
	tail[sizeof(bytes)] = '\0';
	return vmn_xasprintf("vmnetctl-migrate-%s", tail);
}

/* The request that may have made it broke off: is it there? */
static void own_came(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;

	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_vmim, m->ns, m->own_name, NULL);

	if (resp)
		started(m, resp->body, vmn_json_str(resp->body, "/metadata/resourceVersion"));
	else if (!look_again(m, err, path, own_came))
		fail_lost(m, err->code == VMN_E_NOT_FOUND);
}

static void created(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;

	if (resp && m->dry_run) {
		finish(m, NULL, NULL);
	} else if (resp) {
		started(m, resp->body, vmn_json_str(resp->body, "/metadata/resourceVersion"));
	} else if (!vmn_migration_refusal(err, m->ns, m->name) && is_ambiguous(err)) {
		vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_vmim, m->ns, m->own_name, NULL);

		vmn_err_clear(&m->refused);
		(void)vmn_err_move(&m->refused, err);
		send(m, "GET", path, NULL, own_came);
	} else if (err->http == 403 && m->refused.code) {
		fail_refused(m);
	} else {
		finish(m, NULL, err);
	}
}

static void post(struct vmn_migrate *m, bool dry_run, vmn_kube_done_fn done)
{
	vmn_auto_free char *path = vmn_kube_path(&vmn_gvr_vmim, m->ns, NULL, NULL);
	vmn_auto_json struct json_object *body = NULL;

	if (!m->own_name)
		m->own_name = random_name();
	body = vmn_migration_new(m->ns, m->own_name, m->name, m->node_selector);
	if (dry_run)
		vmn_kube_path_query(&path, "dryRun", "All");
	send(m, "POST", path, body, done);
}

/*
 * KubeVirt before 1.6 answers a PUT with addedNodeSelector like any other and moves the VM to
 * wherever it likes. What an API server makes of the object in a dry run shows what it would keep.
 */
static void probed(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;
	vmn_auto_err struct vmn_err dropped = VMN_ERR_INIT;

	if (!resp) {
		bool is_forbidden = err->http == 403;

		(void)vmn_migration_refusal(err, m->ns, m->name);
		if (is_forbidden) {
			(void)vmn_err_wrap(
				err, "cannot see whether the server would keep the node selector");
			(void)vmn_err_hint(
				err, "have ClusterRole kubevirt.io:migrate bound to this user, "
				     "or use --force if KubeVirt is 1.6 or later");
		}
		finish(m, NULL, err);
		return;
	}
	if (vmn_migration_kept_selector(resp->body, m->node_selector)) {
		if (m->dry_run)
			finish(m, NULL, NULL);
		else
			post(m, false, created);
		return;
	}
	(void)vmn_err_set(
		&dropped, VMN_E_UNSUPPORTED,
		"this server's KubeVirt drops the node selector: the VM could land on any node");
	(void)vmn_err_hint(
		&dropped,
		"migrate without it, or with --force to any node (KubeVirt 1.6 and later keep it)");
	finish(m, NULL, &dropped);
}

static void create(struct vmn_migrate *m)
{
	if (m->node_selector && !m->force)
		post(m, true, probed);
	else
		post(m, m->dry_run, created);
}

/* --- asking through the subresource --------------------------------------------------- */

static void listed_after(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;
	vmn_auto_free char *path = migrations_path(m);
	struct json_object *ours = NULL;

	if (!resp && look_again(m, err, path, listed_after))
		return;
	if (resp)
		ours = vmn_migration_pick(&m->before, vmn_json_array(resp->body, "/items"),
					  m->name);
	if (ours) {
		vmn_err_clear(&m->refused);
		started(m, ours, vmn_json_str(resp->body, "/metadata/resourceVersion"));
		return;
	}
	if (!m->refused.code && resp)
		(void)vmn_err_set(&m->refused, VMN_E_PROTOCOL,
				  "the server accepted the request, but no migration came of it");
	else if (!m->refused.code)
		(void)vmn_err_move(&m->refused, err);
	fail_lost(m, resp != NULL);
}

/* PUT knows no such VM. Perhaps the VMI runs without one. */
static void bare_came(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;

	(void)err;
	if (!resp) {
		if (m->refused.msg && strstr(m->refused.msg, "virtualmachineinstance"))
			(void)vmn_err_hint(&m->refused,
					   "only a running VM can migrate: start it first");
		fail_refused(m);
		return;
	}
	vmn_err_clear(&m->refused);
	m->is_bare = true;
	create(m);
}

static void put_answered(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;
	vmn_auto_free char *path = NULL;

	if (resp && (m->dry_run || !m->can_list)) {
		finish(m, NULL, NULL);
		return;
	}
	if (!resp) {
		bool is_clear = vmn_migration_refusal(err, m->ns, m->name);

		(void)vmn_err_move(&m->refused, err);
		if (m->refused.http == 403) {
			create(m);
			return;
		}
		if (m->refused.http == 404) {
			path = vmn_kube_path(&vmn_gvr_vmi, m->ns, m->name, NULL);
			send(m, "GET", path, NULL, bare_came);
			return;
		}
		if (is_clear || m->dry_run || !m->can_list || !is_ambiguous(&m->refused)) {
			fail_refused(m);
			return;
		}
	}
	path = migrations_path(m);
	send(m, "GET", path, NULL, listed_after);
}

static struct json_object *put_body(struct json_object *node_selector, bool dry_run)
{
	struct json_object *body = json_object_new_object();

	if (dry_run)
		vmn_json_set_take(body, "dryRun", vmn_json_build("[\"All\"]"));
	if (node_selector)
		vmn_json_set_take(body, "addedNodeSelector", vmn_json_copy(node_selector));
	return body;
}

static void put(struct vmn_migrate *m)
{
	vmn_auto_free char *path = vmn_kube_path(&sub_vm, m->ns, m->name, "migrate");
	vmn_auto_json struct json_object *body = put_body(m->node_selector, m->dry_run);

	send(m, "PUT", path, body, put_answered);
}

/* --- cancelling ----------------------------------------------------------------------- */

static void cancelled(struct vmn_migrate *m)
{
	if (m->wait && !m->is_gone) {
		follow(m);
	} else {
		vmn_auto_json struct json_object *report =
			vmn_migration_report(m->vmim, NULL, NULL);

		finish(m, report, NULL);
	}
}

/* The DELETE broke off, or found nothing: what has become of the migration? */
static void looked_after_delete(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;
	bool is_same = resp && vmn_streq(vmn_json_str(resp->body, "/metadata/uid"),
					 vmn_json_str(m->vmim, "/metadata/uid"));

	if (!resp && err->code != VMN_E_NOT_FOUND) {
		fail_refused(m);
		return;
	}
	if (is_same)
		keep(&m->vmim, resp->body);
	m->is_gone = !is_same;
	if (is_same && !vmn_json_str(m->vmim, "/metadata/deletionTimestamp")) {
		fail_refused(m);
		return;
	}
	vmn_err_clear(&m->refused);
	cancelled(m);
}

static void deleted(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;
	vmn_auto_free char *path = NULL;

	if (resp) {
		/* A server answers with the object as it is now, or with a mere Status. */
		if (vmn_streq(vmn_json_str(resp->body, "/metadata/uid"),
			      vmn_json_str(m->vmim, "/metadata/uid")))
			keep(&m->vmim, resp->body);
		cancelled(m);
		return;
	}
	if (!is_ambiguous(err) && err->code != VMN_E_NOT_FOUND && err->http != 409) {
		(void)vmn_migration_refusal(err, m->ns, m->name);
		finish(m, NULL, err);
		return;
	}
	(void)vmn_err_move(&m->refused, err);
	path = vmn_kube_path(&vmn_gvr_vmim, m->ns, vmn_json_str(m->vmim, "/metadata/name"), NULL);
	send(m, "GET", path, NULL, looked_after_delete);
}

/* Delete the active one of @items, and no other that may take its name. */
static void delete_active(struct vmn_migrate *m, struct json_object *items)
{
	struct json_object *active = vmn_migration_active(items, m->name);
	vmn_auto_json struct json_object *body = NULL;
	vmn_auto_free char *path = NULL;

	if (!active) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		(void)vmn_err_set(&err, VMN_E_NOT_FOUND, "no migration is under way");
		finish(m, NULL, &err);
		return;
	}
	saw(m, active);
	body = vmn_json_build("{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
			      "\"preconditions\":{\"uid\":%s}}",
			      vmn_json_str_or(active, "/metadata/uid", ""));
	if (m->dry_run) {
		m->wait = false;
		vmn_json_set_take(body, "dryRun", vmn_json_build("[\"All\"]"));
	}
	path = vmn_kube_path(&vmn_gvr_vmim, m->ns, vmn_json_str(active, "/metadata/name"), NULL);
	send(m, "DELETE", path, body, deleted);
}

/* --- the beginning -------------------------------------------------------------------- */

static bool creates_directly(bool is_bare, struct json_object *node_selector, bool force)
{
	return is_bare || (node_selector && !force);
}

struct json_object *vmn_migrate_request(const struct vmn_migrate_wish *wish)
{
	bool is_post = creates_directly(wish->is_bare, wish->node_selector, wish->force);
	vmn_auto_free char *name = is_post ? random_name() : NULL;
	vmn_auto_free char *path =
		is_post ? vmn_kube_path(&vmn_gvr_vmim, wish->ns, NULL, NULL)
			: vmn_kube_path(&sub_vm, wish->ns, wish->name, "migrate");
	vmn_auto_json struct json_object *body =
		is_post ? vmn_migration_new(wish->ns, name, wish->name, wish->node_selector)
			: put_body(wish->node_selector, false);

	return vmn_json_build("{\"method\":%s,\"path\":%s,\"body\":%J}", is_post ? "POST" : "PUT",
			      path, body);
}

static void listed_before(void *arg, const struct vmn_kube_resp *resp, struct vmn_err *err)
{
	struct vmn_migrate *m = arg;
	struct json_object *items;
	const char *version;

	m->can_list = resp != NULL;
	/* Who may not read migrations can still start one, blindly. */
	if (!resp && (m->wait || m->cancel || err->http != 403)) {
		if (err->http == 403) {
			(void)vmn_migration_refusal(err, m->ns, m->name);
			(void)vmn_err_wrap(
				err, m->cancel ? "cannot look for the migration"
					       : "cannot follow a migration without reading it");
		}
		finish(m, NULL, err);
		return;
	}
	items = resp ? vmn_json_array(resp->body, "/items") : NULL;
	version = resp ? vmn_json_str(resp->body, "/metadata/resourceVersion") : NULL;
	m->list_version = version ? vmn_xstrdup(version) : NULL;
	vmn_json_each(item, items)
		vmn_strlist_add(&m->before, vmn_json_str_or(item, "/metadata/uid", ""));
	if (m->cancel)
		delete_active(m, items);
	else if (creates_directly(m->is_bare, m->node_selector, m->force))
		create(m);
	else
		put(m);
}

struct vmn_migrate *vmn_migrate_start(struct vmn_kube *k, const struct vmn_migrate_wish *wish,
				      vmn_migrate_phase_fn phase, vmn_migrate_done_fn done,
				      void *arg)
{
	struct vmn_migrate *m = vmn_xcalloc(1, sizeof(*m));
	vmn_auto_free char *path = NULL;

	*m = (struct vmn_migrate){
		.k = k,
		.phase = phase,
		.done = done,
		.arg = arg,
		.ns = vmn_xstrdup(wish->ns),
		.name = vmn_xstrdup(wish->name),
		.node_selector = vmn_json_copy(wish->node_selector),
		.is_bare = wish->is_bare,
		.force = wish->force,
		.dry_run = wish->dry_run,
		.wait = wish->wait && !wish->dry_run,
		.cancel = wish->cancel,
	};
	path = migrations_path(m);
	send(m, "GET", path, NULL, listed_before);
	return m;
}

struct json_object *vmn_migrate_vmim(const struct vmn_migrate *m)
{
	return m->vmim;
}

bool vmn_migrate_is_bare(const struct vmn_migrate *m)
{
	return m->is_bare;
}

void vmn_migrate_free(struct vmn_migrate *m)
{
	if (!m)
		return;
	vmn_kube_drop(m->k, m);
	vmn_watch_stop(m->watch);
	vmn_strlist_clear(&m->before);
	vmn_err_clear(&m->refused);
	json_object_put(m->node_selector);
	json_object_put(m->vmim);
	json_object_put(m->vmi);
	json_object_put(m->events);
	free(m->list_version);
	free(m->own_name);
	free(m->name);
	free(m->ns);
	free(m);
}
