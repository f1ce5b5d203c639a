/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMN_LAB_API_META_H
#define VMN_LAB_API_META_H

#include "lab/api/kinds.h"
#include "lib/base/err.h"
#include "lib/data/json.h"

/** lab_go_type() - what Go's encoding/json calls the type of @v */
const char *lab_go_type(struct json_object *v);

/**
 * lab_check_metadata() - @obj's metadata has the types that clients' decoders insist on, and labels
 * that are some
 *
 * One object of other types would make every list with it unreadable. @http is the answer then: 400
 * for a body, 422 for what a patch made.
 */
int lab_check_metadata(const struct lab_kind *kind, struct json_object *obj, int http,
		       struct vmn_err *err) VMN_MUST_CHECK;

#endif
