/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - JSON trees: json-c with names that tell who owns what
 *
 * API objects stay trees all their life, so that fields we do not know survive.
 * "get" lends (valid as long as the tree), "take" swallows the caller's reference.
 */
#ifndef VMN_DATA_JSON_H
#define VMN_DATA_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/str.h"

enum { VMN_JSON_MAX_DEPTH = 64 };

/** vmn_json_put_p() - drop a reference, for VMN_CLEANUP */
void vmn_json_put_p(struct json_object **obj);
#define vmn_auto_json VMN_CLEANUP(vmn_json_put_p)

/**
 * vmn_json_parse() - exactly one JSON document, UTF-8, no trailing bytes but white space
 * @ret: the tree, caller drops it; a JSON null gives NULL and is refused
 *
 * Return: 0 or -VMN_E_INVALID with the byte offset in the message
 */
int vmn_json_parse(const char *text, size_t len, struct json_object **ret,
		   struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_json_parse_text() - the same of a string, as annotations keep it; NULL: @text is NULL or no
 * JSON */
struct json_object *vmn_json_parse_text(const char *text);

/**
 * vmn_json_get() - walk object keys and array indexes
 * @path: RFC 6901 pointer such as "/spec/networks/0/name"; "" is @obj itself
 *
 * Return: borrowed value, or NULL when anything on the way is missing, null or of another kind
 */
struct json_object *vmn_json_get(struct json_object *obj, const char *path);

/** vmn_json_str() - string at @path, or NULL when it is not there or not a string; borrowed */
const char *vmn_json_str(struct json_object *obj, const char *path);
/** vmn_json_str_or() - the same with a default */
const char *vmn_json_str_or(struct json_object *obj, const char *path, const char *def);
int64_t vmn_json_int(struct json_object *obj, const char *path, int64_t def);
bool vmn_json_bool(struct json_object *obj, const char *path, bool def);
/** vmn_json_array() - array at @path or NULL; borrowed */
struct json_object *vmn_json_array(struct json_object *obj, const char *path);
/** vmn_json_len() - elements of @array; 0 for NULL and for what is not an array */
size_t vmn_json_len(struct json_object *array);

/**
 * vmn_json_find() - the element of @array (may be NULL) whose string @key equals @value
 * @ret_index: its index, may be NULL
 *
 * Return: borrowed element or NULL
 */
struct json_object *vmn_json_find(struct json_object *array, const char *key, const char *value,
				  size_t *ret_index);

/* for (struct json_object *item, each element of a possibly NULL array) */
#define vmn_json_each(item, array)                                                                 \
	for (size_t item##_i = 0, item##_n = vmn_json_len(array); item##_i < item##_n;             \
	     item##_i = item##_n)                                                                  \
		for (struct json_object * item;                                                    \
		     item##_i < item##_n &&                                                        \
		     ((item = json_object_array_get_idx((array), item##_i)), true);                \
		     item##_i++)

/** vmn_json_set_take() - set @obj[@key], swallowing @value (NULL sets a JSON null) */
void vmn_json_set_take(struct json_object *obj, const char *key, struct json_object *value);
void vmn_json_set_str(struct json_object *obj, const char *key, const char *value);
void vmn_json_set_int(struct json_object *obj, const char *key, int64_t value);
void vmn_json_set_bool(struct json_object *obj, const char *key, bool value);
/** vmn_json_append_take() - add @value at the end of @array, swallowing it */
void vmn_json_append_take(struct json_object *array, struct json_object *value);

/** vmn_json_copy() - deep copy; NULL gives NULL */
struct json_object *vmn_json_copy(struct json_object *obj);

/** vmn_json_wipe() - overwrite all strings of a tree that held secrets, before it is dropped; NULL
 * is fine */
void vmn_json_wipe(struct json_object *obj);

/** vmn_json_text() - compact text without escaped slashes; borrowed until @obj changes */
const char *vmn_json_text(struct json_object *obj);

/**
 * vmn_json_build() - small literal trees, printf-like, for tests and request bodies
 * @fmt: JSON text where %s inserts an escaped and quoted string, %d an int,
 *	%J a tree (reference taken, not swallowed)
 *
 * Aborts on malformed @fmt: it is a literal of ours.
 * Return: the tree, caller drops it
 */
struct json_object *vmn_json_build(const char *fmt, ...);

#endif
