/* SPDX-License-Identifier: Apache-2.0 */
/* scene.h - what the files of the planner share; not for others */
#ifndef VMN_VIRT_SCENE_H
#define VMN_VIRT_SCENE_H

#include "lib/virt/nicpatch.h"
#include "lib/virt/plan.h"
#include "lib/virt/vm.h"

/* Everything the rules look at. */
struct vmn_scene {
	const struct vmn_plan_input *in;
	const struct vmn_wish *w;
	struct vmn_vm vm;
	struct vmn_vmi vmi;
	struct vmn_nic want, has; /* in the template, in the VMI's spec */
	bool in_template, in_vmi;
	bool is_live;	   /* there is a running VM to reach */
	bool follows_spec; /* a running VM follows its template */
};

/* The rules of each verb; as vmn_plan_make(). */
int vmn_plan_add(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err);
int vmn_plan_remove(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err);
int vmn_plan_update(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err);

/* What the user should know although the plan is good. */
void vmn_plan_warn(struct vmn_plan *p, const char *fmt, ...) VMN_PRINTF(2, 3);

/* The request: a PUT of the wish, a @patch of the VM (taken), or none because of @note. */
int vmn_plan_put(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err);
int vmn_plan_patch(const struct vmn_scene *s, struct vmn_plan *p, struct json_object *patch);
int vmn_plan_nothing(struct vmn_plan *p, const char *note);

/* Is it on its way out (state: absent)? */
bool vmn_nic_is_absent(const struct vmn_nic *nic);
/* Our name's options in the queue of requests that KubeVirt 1.0 keeps in the VM's status, or NULL;
 * @kind is "/addInterfaceOptions" or "/removeInterfaceOptions", @ret_index may be NULL. */
struct json_object *vmn_scene_queued(const struct vmn_scene *s, const char *kind,
				     size_t *ret_index);
/* Would the queue take the request, and get to it? */
int vmn_scene_check_queue(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err);
/* Refuses a missing NAD, warns of one that nobody could look at. */
int vmn_scene_check_nad(const struct vmn_scene *s, struct vmn_plan *p, struct vmn_err *err);

/* Why the running VM cannot migrate, borrowed; NULL: nothing says so */
const char *vmn_scene_migration_obstacle(const struct vmn_scene *s);

/* Refusals of more than one verb. */
int vmn_scene_leftover(const struct vmn_scene *s, struct vmn_err *err);
int vmn_scene_no_link_state(struct vmn_err *err);
int vmn_scene_no_such_iface(const struct vmn_scene *s, const struct vmn_plan *p,
			    struct vmn_err *err);

#endif
