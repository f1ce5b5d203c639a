/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - collections in pages, parsed as they stream in
 *
 * A pager asks for one page at a time, when the caller wants it; memory stays flat whatever
 * the size of the collection.
 */
#ifndef VMN_KUBE_LIST_H
#define VMN_KUBE_LIST_H

#include "lib/kube/client.h"

enum { VMN_PAGE_SIZE = 500 }; /* what kubectl asks for */

struct vmn_pager {
	char *path;		/* collection path with its query, without limit and continue */
	char *cont;		/* continue token of the next page, or NULL */
	char *resource_version; /* of the list, once a page came; for a watch */
	bool started, done;	/* done: no more pages */
	struct vmn_page *page;	/* in flight, or NULL */
};

/** vmn_pager_init() - @path is copied */
void vmn_pager_init(struct vmn_pager *p, const char *path);
/** vmn_pager_clear() - a page in flight is dropped, no callback runs; may be called from a callback
 */
void vmn_pager_clear(struct vmn_pager *p);
#define vmn_auto_pager VMN_CLEANUP(vmn_pager_clear)

/* One element of "items"; borrowed during the call (take a reference to keep it). Items of a List
 * carry no kind and apiVersion. */
typedef void (*vmn_item_fn)(void *arg, struct json_object *item);
/* The text of one, or of the parts of it that were asked for; not judged. */
typedef void (*vmn_item_text_fn)(void *arg, const char *text, size_t len);
/* The page ended; @err as in vmn_kube_done_fn, NULL on success. */
typedef void (*vmn_page_fn)(void *arg, struct vmn_err *err);

/**
 * vmn_pager_start() - fetch the next page; @item for each element, then @done once
 *
 * An expired continue token (410) is answered with the server's fresh one when it offers it,
 * else the error is passed on. @p must live until @done has run or it is cleared. A server that
 * ignores the limit sends everything in the first page.
 */
void vmn_pager_start(struct vmn_kube *k, struct vmn_pager *p, vmn_item_fn item, vmn_page_fn done,
		     void *arg);

/**
 * vmn_pager_start_parts() - the same for who needs little of each element, and not as a tree
 * @parts: see vmn_json_parts(); of what is no object everything comes
 */
void vmn_pager_start_parts(struct vmn_kube *k, struct vmn_pager *p, const char *const *parts,
			   vmn_item_text_fn item, vmn_page_fn done, void *arg);

/**
 * vmn_list_all() - every page, waited for
 * @ret_resource_version: of the list, caller frees; may be NULL
 */
int vmn_list_all(struct vmn_kube *k, const char *path, vmn_item_fn item, void *arg,
		 char **ret_resource_version, struct vmn_err *err) VMN_MUST_CHECK;

#endif
