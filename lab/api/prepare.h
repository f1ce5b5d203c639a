/* SPDX-License-Identifier: Apache-2.0 */
/* prepare.h - what an API server makes of an object a client sends, before it is stored */
#ifndef VMN_LAB_API_PREPARE_H
#define VMN_LAB_API_PREPARE_H

#include "lab/api/store.h"

/**
 * lab_prepare_new() - fill in what the server decides, whatever the client sent
 * @flags:	of enum lab_write_flag
 *
 * Return: 0, -VMN_E_INVALID (422, a bad name), or that the namespace is missing or being deleted
 */
int lab_prepare_new(struct lab *lab, const struct lab_kind *kind, const char *ns,
		    struct json_object *obj, unsigned flags, struct vmn_err *err) VMN_MUST_CHECK;

/** lab_check_preconditions() - @obj's resourceVersion and uid, where it has them, are @old's: else
 * 409 */
int lab_check_preconditions(const struct lab_kind *kind, struct json_object *old,
			    struct json_object *obj, const char *name,
			    struct vmn_err *err) VMN_MUST_CHECK;
/** lab_prepare_update() - carry over into @obj what an update cannot change; count generations */
void lab_prepare_update(const struct lab_kind *kind, struct json_object *old,
			struct json_object *obj, unsigned flags);
/** lab_prepare_status() - @old with the status of @obj; owned by the caller */
struct json_object *lab_prepare_status(struct json_object *old, struct json_object *obj);
/** lab_prepare_deletion() - @obj marked as being deleted; owned by the caller */
struct json_object *lab_prepare_deletion(struct json_object *obj);

#endif
