/* SPDX-License-Identifier: Apache-2.0 */
/* change.h - steps against the kernel: look, do, take back; and side effects put right */
#ifndef VMN_NET_CHANGE_H
#define VMN_NET_CHANGE_H

#include "lib/net/rtnl.h"
#include "lib/net/step.h"

/* What was there just before a step. */
struct vmn_before {
	struct vmn_link
		link; /* of the step; of one that is to be made: the ifindex and name it will get */
	bool has_addr; /* ADDR_ADD: it was there already */
	char *value;   /* SYSCTL */
};

/** vmn_before_json() - caller drops */
struct json_object *vmn_before_json(const struct vmn_before *before);
/** vmn_before_parse() - caller clears @ret, which starts as {0}, on failure too */
int vmn_before_parse(struct json_object *json, struct vmn_before *ret,
		     struct vmn_err *err) VMN_MUST_CHECK;
void vmn_before_clear(struct vmn_before *before);

struct vmn_changer {
	const struct vmn_netns *ns;
	struct vmn_rtnl *rtnl;
	int next_ifindex; /* for the next link that is made: identity must be known before it exists
			   */
};

/**
 * vmn_change_look() - read what the step is going to change
 * @step:	names are resolved to ifindexes, and a MAC that is to be copied is filled in
 */
int vmn_change_look(struct vmn_changer *c, struct vmn_step *step, struct vmn_before *ret,
		    struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_change_do() - make the change */
int vmn_change_do(struct vmn_changer *c, const struct vmn_step *step,
		  const struct vmn_before *before, struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_change_undo() - take it back if it happened and nobody changed the value since */
int vmn_change_undo(struct vmn_changer *c, const struct vmn_step *step,
		    const struct vmn_before *before, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_change_settle() - addresses, routes, next hop objects, neighbours and qdiscs of links as
 * they were in @before
 * @ifindexes:	the links that were touched
 *
 * What is missing is added from the messages kept in @before; what the kernel made by itself since
 * (prefix routes, link-local addresses) and was not there goes. What others made stays.
 */
int vmn_change_settle(struct vmn_changer *c, const struct vmn_snapshot *before,
		      const int *ifindexes, size_t n, struct vmn_err *err) VMN_MUST_CHECK;

#endif
