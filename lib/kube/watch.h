/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - follow a collection from a resourceVersion; survives cuts, 410 and restarts
 */
#ifndef VMN_KUBE_WATCH_H
#define VMN_KUBE_WATCH_H

#include "lib/kube/client.h"

enum vmn_watch_type {
	VMN_WATCH_ADDED,
	VMN_WATCH_MODIFIED,
	VMN_WATCH_DELETED,
	VMN_WATCH_RELIST, /* history was lost: a fresh list follows as ADDED; object is NULL */
	VMN_WATCH_SYNCED, /* the fresh list is complete: what did not come is gone; object is NULL
			   */
};

struct vmn_watch;

/* Bookmarks are kept inside. @obj is borrowed. */
typedef void (*vmn_watch_fn)(void *arg, enum vmn_watch_type type, struct json_object *obj);
/* The watch cannot go on (403, 404, 401 for good); it has ended. */
typedef void (*vmn_watch_failed_fn)(void *arg, struct vmn_err *err);

/**
 * vmn_watch_start() - watch a collection; events run from vmn_kube_loop()
 * @path:		collection path with selectors, no watch parameters; copied
 * @resource_version:	start after this; NULL: list first (RELIST, ADDED..., SYNCED)
 *
 * A cut is resumed from the last version seen, with back-off when it repeats; 410 lists again.
 *
 * Return: handle for vmn_watch_stop(); stays valid after @failed until stopped
 */
struct vmn_watch *vmn_watch_start(struct vmn_kube *k, const char *path,
				  const char *resource_version, vmn_watch_fn event,
				  vmn_watch_failed_fn failed, void *arg);
void vmn_watch_stop(struct vmn_watch *w); /* NULL is fine; may be called from a callback */

#endif
