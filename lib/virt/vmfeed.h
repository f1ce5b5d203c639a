/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmfeed.h - the VMs a change is made on, one after another, with what is known of them
 *
 * A few names are handed on as they are, and whoever works on them reads the objects. A whole
 * namespace, a selector, or many names are read as lists, page by page: VMs, and the VMIs of the
 * same stretch of names beside them, because both lists come in the order of their keys. Of each
 * object the parts that planning looks at are kept, as text, so that memory stays flat whatever the
 * number of VMs.
 */
#ifndef VMN_VIRT_VMFEED_H
#define VMN_VIRT_VMFEED_H

#include "lib/kube/client.h"
#include "lib/virt/plugjob.h"

struct vmn_vmfeed;

struct vmn_vmfeed_opts {
	struct vmn_kube *k;
	const char *ns;			 /* NULL: all namespaces */
	const char *selector;		 /* on labels of VMs, or NULL */
	const struct vmn_strlist *names; /* these VMs of @ns and no others; NULL: all that match */
	void (*ready)(void *arg);	 /* vmn_vmfeed_next() has something again */
	void *arg;
};

struct vmn_vmfeed_item {
	char *ns, *name;
	bool is_known;		     /* @known says what there is */
	struct vmn_plug_known known; /* owned, parts of the objects */
};

/** vmn_vmfeed_new() - everything in @opts is borrowed as long as the feed lives */
struct vmn_vmfeed *vmn_vmfeed_new(const struct vmn_vmfeed_opts *opts);
void vmn_vmfeed_free(struct vmn_vmfeed *f); /* NULL is fine */

/**
 * vmn_vmfeed_next() - the next VM
 * Return: false when there is none: for now (->ready() will be called), or at the end
 */
bool vmn_vmfeed_next(struct vmn_vmfeed *f, struct vmn_vmfeed_item *ret);
void vmn_vmfeed_item_clear(struct vmn_vmfeed_item *item);

/** vmn_vmfeed_error() - move the error that ended the feed early to @err; Return: 0 or -code */
int vmn_vmfeed_error(struct vmn_vmfeed *f, struct vmn_err *err);

#endif
