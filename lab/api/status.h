/* SPDX-License-Identifier: Apache-2.0 */
/* status.h - failures as an API server words them: struct vmn_err with HTTP code and reason <->
 * Status */
#ifndef VMN_LAB_API_STATUS_H
#define VMN_LAB_API_STATUS_H

#include "lab/api/kinds.h"

/** lab_fail() - fill @err with an HTTP status and the Kubernetes reason of that status; Return:
 * -code */
int lab_fail(struct vmn_err *err, int http, const char *fmt, ...) VMN_PRINTF(3, 4);
/** lab_fail_reason() - the same with another reason ("AlreadyExists" for 409, "Expired" for 410) */
int lab_fail_reason(struct vmn_err *err, int http, const char *reason, const char *fmt, ...)
	VMN_PRINTF(4, 5);
/** lab_fail_not_found() - 'virtualmachines.kubevirt.io "x" not found' */
int lab_fail_not_found(struct vmn_err *err, const struct lab_kind *kind, const char *name);
/** lab_fail_conflict() - 409 'Operation cannot be fulfilled on ...: the object has been modified;
 * ...' */
int lab_fail_conflict(struct vmn_err *err, const struct lab_kind *kind, const char *name);
/** lab_fail_invalid() - 422 'KIND.GROUP "NAME" is invalid: FIELD: TEXT', with that cause */
int lab_fail_invalid(struct vmn_err *err, const struct lab_kind *kind, const char *name,
		     const char *field, const char *fmt, ...) VMN_PRINTF(5, 6);

/** lab_resource() - "virtualmachines.kubevirt.io", "pods"; caller frees */
char *lab_resource(const struct lab_kind *kind);

/**
 * lab_status() - the Status object of @err
 * @kind, @name: of the object asked for, go into details where real servers put them; may be NULL
 *
 * Return: the tree, caller drops it
 */
struct json_object *lab_status(const struct vmn_err *err, const struct lab_kind *kind,
			       const char *name);

#endif
