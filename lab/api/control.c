/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lab/api/control.h"
#include "lab/dialect.h"
#include "lab/api/fault.h"
#include "lab/api/rest.h"
#include "lab/api/status.h"

static int get_status(struct lab *lab, const struct lab_request *req, struct json_object **ret,
		      struct vmn_err *err)
{
	(void)req;
	(void)err;
	*ret = vmn_json_build("{\"name\":%s,\"kubevirt\":%s,\"nodes\":%d,\"version\":%s}",
			      lab->name, lab_dialect_name(lab->dialect), lab->nodes,
			      PACKAGE_VERSION);
	return 0;
}

static int get_faults(struct lab *lab, const struct lab_request *req, struct json_object **ret,
		      struct vmn_err *err)
{
	vmn_auto_json struct json_object *items = lab_faults_list(lab);

	(void)req;
	(void)err;
	*ret = vmn_json_build("{\"items\":%J}", items);
	return 0;
}

static int add_fault(struct lab *lab, const struct lab_request *req, struct json_object **ret,
		     struct vmn_err *err)
{
	vmn_auto_json struct json_object *spec = NULL;
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

	if (lab_body(req, &spec, err) < 0)
		return -(int)err->code;
	if (lab_fault_add(lab, spec, &why) < 0)
		return lab_fail(err, 400, "%s", vmn_err_text(&why));
	*ret = vmn_steal(&spec);
	return 0;
}

static int clear_faults(struct lab *lab, const struct lab_request *req, struct json_object **ret,
			struct vmn_err *err)
{
	const char *name = lab_param(req, "kind");
	enum lab_fault_kind kind;

	if (name && !lab_fault_kind(name, &kind))
		return lab_fail(err, 400, "there is no fault '%s'", name);
	lab_faults_clear(lab, name ? &kind : NULL);
	*ret = vmn_json_build("{}");
	return 0;
}

static const struct {
	const char *method, *path;
	int (*fn)(struct lab *lab, const struct lab_request *req, struct json_object **ret,
		  struct vmn_err *err);
} controls[] = {
	{"GET", "/lab/v1/status", get_status},
	{"GET", "/lab/v1/faults", get_faults},
	{"POST", "/lab/v1/faults", add_fault},
	{"DELETE", "/lab/v1/faults", clear_faults},
};

void lab_control(struct lab *lab, const struct lab_request *req, struct lab_response *ret)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *answer = NULL;

	for (size_t i = 0; i < VMN_ARRAY_LEN(controls); i++) {
		if (strcmp(req->method, controls[i].method) != 0 ||
		    strcmp(req->path, controls[i].path) != 0)
			continue;
		if (controls[i].fn(lab, req, &answer, &err) < 0)
			lab_reply_json(ret, err.http, lab_status(&err, NULL, NULL));
		else
			lab_reply_json(ret, 200, answer);
		return;
	}
	lab_reply_text(ret, 404, "404 page not found\n");
}
