/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - from what is and what is wished to the one request that gets there (pure)
 *
 * Same input, same request. A plan is made afresh from fresh objects after every conflict, after an
 * answer that got lost, and after a preparation, so that a thing is never done twice: what is
 * already there makes a plan with nothing to send.
 *
 * KubeVirt answers most mistakes with success and does nothing, or blocks a VM's queue; the planner
 * knows what the server does not say, and refuses with a reason and a hint instead.
 */
#ifndef VMN_VIRT_PLAN_H
#define VMN_VIRT_PLAN_H

#include "lib/virt/dialect.h"
#include "lib/virt/hotplug.h"

/* What the user asks for. Strings are borrowed; NULL: not given. */
struct vmn_wish {
	enum vmn_plug_verb verb;
	const char *iface;
	const char *nad;	    /* "[NS/]NAD" */
	const char *binding;	    /* "bridge", "sriov", "managedTap", ...; NULL: bridge */
	const char *binding_plugin; /* instead of binding */
	const char *mac, *model;
	const char *state; /* "up", "down" */
	enum vmn_via via;
	bool persist;
	bool server_dry_run;
};

enum vmn_nad_lookup {
	VMN_NAD_NOT_ASKED,
	VMN_NAD_EXISTS,
	VMN_NAD_MISSING,
	VMN_NAD_UNREADABLE, /* we may not look, or could not */
	VMN_NAD_NO_KIND,    /* the server does not know what that is */
};

/* What is known about one VM. */
struct vmn_plan_input {
	const struct vmn_dialects *dialects;
	const char *ns, *name;
	struct json_object *vm, *vmi;	  /* NULL: there is none, or it is hidden */
	bool is_vm_hidden, is_vmi_hidden; /* the user may not read it */
	struct json_object *pod;	  /* the VMI's launcher pod; NULL when not read */
	enum vmn_nad_lookup nad;
};

struct vmn_plan {
	enum vmn_dialect dialect;
	const char *method; /* NULL: nothing to do */
	char *path;
	const char *content_type;
	struct json_object *body;
	bool is_preparation;  /* send it, then read and plan again */
	bool is_vmi;	      /* the object changed is the VMI, not the VM */
	bool is_live;	      /* the running VM follows; else its next start shows the change */
	bool needs_migration; /* ... and only a migration lets it follow */
	char *last_migration; /* uid of the VMI's last migration, or NULL; with needs_migration */
	bool is_transient;    /* of a refusal: it will pass by itself, read and plan again soon */
	const char *note;     /* why there is nothing to do, static */
	struct vmn_strlist warnings;
	struct vmn_goal goal; /* what to wait for when is_live; strings borrowed from the wish */
};

#define VMN_PLAN_INIT ((struct vmn_plan){0})
void vmn_plan_clear(struct vmn_plan *p);
#define vmn_auto_plan VMN_CLEANUP(vmn_plan_clear)

/**
 * vmn_wish_check() - what can be refused without looking at a server
 * Return: 0, -VMN_E_INVALID
 */
int vmn_wish_check(const struct vmn_wish *w, struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_plan_needs_pod() - whether the plan depends on the launcher pod, as far as @in shows */
bool vmn_plan_needs_pod(const struct vmn_plan_input *in, const struct vmn_wish *w);

/**
 * vmn_plan_make() - the next request for @w, checked by vmn_wish_check(), on one VM
 * @ret:	an empty plan; also to be cleared after a refusal
 *
 * Return: 0, or a refusal: -VMN_E_UNSUPPORTED (this server, binding or pod cannot do it),
 * -VMN_E_CONFLICT (the VM's state forbids it now), -VMN_E_EXISTS (the name is taken),
 * -VMN_E_NOT_FOUND (no such interface or network), -VMN_E_INVALID
 */
int vmn_plan_make(const struct vmn_plan_input *in, const struct vmn_wish *w, struct vmn_plan *ret,
		  struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_plan_explain() - put a hint to what the server answered to @p's request
 * @err: filled; its code and message stay
 */
void vmn_plan_explain(const struct vmn_plan *p, struct vmn_err *err);

/** vmn_plan_is_conflict() - whether @err, an answer to @p's request, means: read and plan again */
bool vmn_plan_is_conflict(const struct vmn_err *err);

#endif
