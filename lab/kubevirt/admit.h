/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admit.h - admission: what KubeVirt's webhooks default and refuse (rest.c calls it before the
 * store)
 */
#ifndef VMN_LAB_KUBEVIRT_ADMIT_H
#define VMN_LAB_KUBEVIRT_ADMIT_H

#include "lab/api/kinds.h"

enum lab_operation { LAB_OP_CREATE, LAB_OP_UPDATE, LAB_OP_DELETE };

struct lab_admission {
	enum lab_operation op;
	const struct lab_kind *kind;
	const struct lab_user *user;
	const char *ns;
	const char *subresource; /* "status" or NULL */
	struct json_object *old; /* borrowed; NULL on create */
	struct json_object *obj; /* may be changed in place (defaulting); NULL on delete */
	bool dry_run;
	const char *warning; /* set by lab_admit(): text of a Warning header, static; NULL: none */
};

/**
 * lab_admit() - default and validate
 *
 * Return: 0, or -VMN_E_INVALID etc. with http, reason, message and causes as a real server's
 * webhook denial gives them (422 with causes, 400 for VMIMs, ...)
 */
int lab_admit(struct lab *lab, struct lab_admission *a, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * lab_admit_vm_spec() - the VM validator alone, for controllers, whose writes pass webhooks in real
 * clusters Return: 0 or -VMN_E_INVALID with http, reason and causes
 */
int lab_admit_vm_spec(struct lab *lab, struct json_object *vm, struct vmn_err *err) VMN_MUST_CHECK;

/** lab_default_vmi() - what the VMI mutator fills in: finalizer, phase, the default interface */
void lab_default_vmi(struct lab *lab, struct json_object *vmi);

#endif
