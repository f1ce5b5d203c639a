/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugjob.h - carry a wish out on VMs, each a small state machine on the client's loop
 *
 *   read VM, VMI (and NAD, pod) -> plan -> send -> done
 *     ^                                     |
 *     +--- conflict, lost answer, prepared -+
 *
 * A conflict (409, or 422 of a failed "test") is met by reading and planning again, with growing
 * random pauses, for a minute or as long as the user waits: of N writers to one VM all get through.
 * When an answer got lost, what is there now tells whether the request was carried out, so nothing
 * is done twice.
 */
#ifndef VMN_VIRT_PLUGJOB_H
#define VMN_VIRT_PLUGJOB_H

#include "lib/kube/client.h"
#include "lib/virt/plan.h"

/* What the jobs of one run share: the client, the wish, the dialects, networks looked up. */
struct vmn_plugs;

struct vmn_plugs_opts {
	struct vmn_kube *k;
	const struct vmn_wish *wish; /* checked by vmn_wish_check(); lives as long as the run */
	bool client_dry_run;	     /* make the requests, send none */
	bool wants_object;	     /* hand the changed object to the callback */
	int64_t retry_ms; /* conflicts are retried so long; a minute at most, and for 0 */
};

/* How a job ended well. Borrowed during the callback. */
struct vmn_plug_result {
	const char *ns, *name;
	const struct vmn_plan *plan;  /* the last one */
	bool is_changed;	      /* a request was carried out */
	struct json_object *object;   /* the VM or VMI afterwards, with wants_object */
	struct json_object *requests; /* of a dry run: [{method, path, contentType, body}] */
};

/* @res is NULL and @err filled on failure; @err is cleared after the call unless moved away. */
typedef void (*vmn_plug_done_fn)(void *arg, const struct vmn_plug_result *res, struct vmn_err *err);

/**
 * vmn_plugs_new() - asks discovery which dialects the server speaks
 * Return: 0, -VMN_E_UNSUPPORTED without KubeVirt, errors of requests
 */
int vmn_plugs_new(const struct vmn_plugs_opts *opts, struct vmn_plugs **ret,
		  struct vmn_err *err) VMN_MUST_CHECK;
void vmn_plugs_free(struct vmn_plugs *ps); /* NULL is fine; unfinished jobs are dropped */
void vmn_plugs_free_p(struct vmn_plugs **ps);
#define vmn_auto_plugs VMN_CLEANUP(vmn_plugs_free_p)

/* Objects that a list brought already; borrowed during vmn_plug_start(). */
struct vmn_plug_known {
	struct json_object *vm, *vmi; /* vmi: NULL when the VM has none */
};

/**
 * vmn_plug_start() - begin with one VM; @done runs from vmn_kube_loop(), once, or from here when
 * everything is known
 * @known: NULL: read them
 */
void vmn_plug_start(struct vmn_plugs *ps, const char *ns, const char *name,
		    const struct vmn_plug_known *known, vmn_plug_done_fn done, void *arg);

/**
 * vmn_plugs_resume() - after vmn_kube_loop(): read discovery again for jobs that what a cached copy
 * said has led to a refusal or a missing route, and let them go on
 *
 * Return: whether there were such jobs: loop again
 */
bool vmn_plugs_resume(struct vmn_plugs *ps);

#endif
