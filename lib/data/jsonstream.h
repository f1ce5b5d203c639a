/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonstream.h - JSON that arrives in pieces, handed out element by element (pure)
 *
 * Two shapes: a List object, whose "items" are handed out one by one while the rest of it is kept
 * for the end, and a sequence of documents as a watch sends them. Pieces may end anywhere. Only one
 * element is in memory at a time, so that memory stays flat whatever the length.
 */
#ifndef VMN_DATA_JSONSTREAM_H
#define VMN_DATA_JSONSTREAM_H

#include "lib/data/json.h"

enum { VMN_JSONSTREAM_MAX_ITEM = 4 << 20 }; /* etcd refuses objects above 1.5 MiB */

enum vmn_jsonstream_kind {
	VMN_JSONSTREAM_LIST,	  /* one object with an array "items" */
	VMN_JSONSTREAM_DOCUMENTS, /* documents, with or without white space between them */
};

struct vmn_jsonstream;

/* @item is borrowed. Not 0 with @err filled ends the stream. */
typedef int (*vmn_jsonstream_fn)(void *arg, struct json_object *item, struct vmn_err *err);

/* The same with an element's text, which nobody has judged. */
typedef int (*vmn_jsonstream_text_fn)(void *arg, const char *text, size_t len, struct vmn_err *err);

/** vmn_jsonstream_new() - caller frees it with vmn_jsonstream_free() */
struct vmn_jsonstream *vmn_jsonstream_new(enum vmn_jsonstream_kind kind, vmn_jsonstream_fn fn,
					  void *arg);
void vmn_jsonstream_free(struct vmn_jsonstream *s); /* NULL is fine */
void vmn_jsonstream_free_p(struct vmn_jsonstream **s);
#define vmn_auto_jsonstream VMN_CLEANUP(vmn_jsonstream_free_p)

/** vmn_jsonstream_texts() - from now on hand out elements to @fn, not parsed */
void vmn_jsonstream_texts(struct vmn_jsonstream *s, vmn_jsonstream_text_fn fn);

/**
 * vmn_jsonstream_feed() - the next piece
 *
 * Return: 0, -VMN_E_INVALID (not JSON), -VMN_E_NOMEM (an element, or what is around them, is too
 * large), or what @fn returned
 */
int vmn_jsonstream_feed(struct vmn_jsonstream *s, const char *data, size_t len,
			struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_jsonstream_end() - nothing more comes
 * @ret_rest: LIST: the object with its items cut out, caller drops it; may be NULL
 *
 * Return: 0, or -VMN_E_INVALID when something is missing
 */
int vmn_jsonstream_end(struct vmn_jsonstream *s, struct json_object **ret_rest,
		       struct vmn_err *err) VMN_MUST_CHECK;

#endif
