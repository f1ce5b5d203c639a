/* SPDX-License-Identifier: Apache-2.0 */
/* virtapi.h - how virt-api reads a request and words its answer, and its handlers */
#ifndef VMN_LAB_KUBEVIRT_VIRTAPI_H
#define VMN_LAB_KUBEVIRT_VIRTAPI_H

#include "lab/api/fault.h"
#include "lab/kubevirt/subresource.h"
#include "lib/data/json.h"

/* One request on its way through its handler. */
struct lab_call {
	struct lab *lab;
	const struct lab_subrequest *req;
	struct lab_subresponse *ret;
	struct json_object *body; /* {} when it was empty */
};

/* A field of the options struct that the handler reads; others are ignored, of whatever type. */
struct lab_body_field {
	const char *name;
	enum json_type type;
	const char *go_type;
};

struct lab_body {
	const char *go_name;
	const struct lab_body_field *fields; /* ended by a NULL name */
	const char *error_prefix;
};

/** lab_call_decode() - read the body; Return: false when a 400 was answered */
bool lab_call_decode(struct lab_call *c, const struct lab_body *o);
/** lab_call_dry_run() - whether body.dryRun asks for one; Return: false when a 500 was answered */
bool lab_call_dry_run(struct lab_call *c, const char *options_kind, bool *ret);

/** lab_call_fault() - whether a fault of @kind strikes this request */
bool lab_call_fault(const struct lab_call *c, enum lab_fault_kind kind);

void lab_answer_json(struct lab_subresponse *ret, int status, struct json_object *doc);
/** lab_answer_accepted() - 202 without a body */
void lab_answer_accepted(struct lab_call *c);
void lab_answer_bad_request(struct lab_call *c, const char *fmt, ...) VMN_PRINTF(2, 3);
void lab_answer_not_found(struct lab_call *c, const char *kind);
void lab_answer_conflict(struct lab_call *c, const char *kind, const char *why);
void lab_answer_internal(struct lab_call *c, const char *why);
/** lab_answer_test_failed() - the 422 of virt-api's own JSON patch: another writer was faster */
void lab_answer_test_failed(struct lab_call *c);

/* --- handlers: virtapi_interface.c, virtapi_lifecycle.c ------------------------------- */

/** lab_vm_interface() - PUT virtualmachines/addinterface and removeinterface: a request in the VM's
 * status */
void lab_vm_interface(struct lab_call *c);
/** lab_vmi_interface() - PUT virtualmachineinstances/addinterface and removeinterface: the VMI's
 * spec */
void lab_vmi_interface(struct lab_call *c);
/** lab_vm_migrate() - PUT virtualmachines/migrate: make a VMIM */
void lab_vm_migrate(struct lab_call *c);
/** lab_vm_start() - PUT virtualmachines/start */
void lab_vm_start(struct lab_call *c);
/** lab_vm_stop() - PUT virtualmachines/stop */
void lab_vm_stop(struct lab_call *c);
/** lab_vm_restart() - PUT virtualmachines/restart */
void lab_vm_restart(struct lab_call *c);
/** lab_vmi_pause() - PUT virtualmachineinstances/pause and unpause */
void lab_vmi_pause(struct lab_call *c);
/** lab_evacuate_cancel() - PUT virtualmachines|virtualmachineinstances/evacuate/cancel */
void lab_evacuate_cancel(struct lab_call *c);

#endif
