/* SPDX-License-Identifier: Apache-2.0 */
/* patch.h - RFC 6902 JSON patch and RFC 7386 merge patch on trees (pure) */
#ifndef VMN_DATA_PATCH_H
#define VMN_DATA_PATCH_H

#include "lib/data/json.h"

/**
 * vmn_patch_json() - apply a JSON patch; all operations or none
 * @doc:   left as it is
 * @patch: array of operations: add, remove, replace, move, copy, test
 * @ret:   the patched document, caller drops it
 *
 * Return: 0, -VMN_E_CONFLICT for a failed test, -VMN_E_INVALID for a malformed patch or a path
 * that does not exist
 */
int vmn_patch_json(struct json_object *doc, struct json_object *patch, struct json_object **ret,
		   struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_patch_text() - a JSON patch as a request's body; caller frees
 *
 * kube-apiserver compares strings of a "test" byte by byte with what Go's encoding/json made of the
 * object, which writes <, > and & (and U+2028, U+2029) as \uXXXX. Written otherwise such a test
 * fails for ever. Source: github.com/evanphx/json-patch patch.go, lazyNode.equal()
 */
char *vmn_patch_text(struct json_object *patch);

/** vmn_patch_merge() - apply a merge patch; never fails; Return: the result, caller drops it */
struct json_object *vmn_patch_merge(struct json_object *doc, struct json_object *patch);

#endif
