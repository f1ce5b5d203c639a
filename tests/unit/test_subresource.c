/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's virt-api: what each route of each dialect answers, texts and media types included */
#include "config.h"

#include "lab/kubevirt/controller.h"
#include "lab/api/fault.h"
#include "lab/api/loop.h"
#include "lab/api/store.h"
#include "lab/kubevirt/subresource.h"
#include "unit.h"

static struct lab lab;

static void start(enum lab_dialect dialect)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	lab = (struct lab){.name = "unit", .dialect = dialect, .nodes = 1};
	assert_int_equal(lab_store_open(&lab, &err), 0);
	assert_int_equal(lab_loop_new(&lab.loop, &err), 0);
	assert_int_equal(lab_controllers_start(&lab, &err), 0);
	assert_int_equal(
		lab_create(&lab, LAB_VM, "default",
			   unit_json("{\"metadata\":{\"name\":\"off\"},\"spec\":{\"running\":false,"
				     "\"template\":{\"spec\":{\"domain\":{}}}}}"),
			   LAB_WRITE_SYSTEM, NULL, &err),
		0);
}

static int stop(void **state)
{
	(void)state;
	lab_controllers_stop(&lab);
	lab_faults_free(&lab);
	lab_store_close(&lab);
	lab_loop_free_p(&lab.loop);
	return 0;
}

#define ADD "{\"name\":\"dyn1\",\"networkAttachmentDefinitionName\":\"nad1\"}"
#define ALL 7u
#define RC 1u
#define V1_0 2u
#define V1_9 4u
#define ADDS (RC | V1_0)
#define CANNOT "cannot unmarshal Request body to struct, error: "

static const struct row {
	unsigned dialects;
	const char *method, *resource, *name, *verb, *accept, *body;
	int status;
	const char *reason, *text; /* reason NULL: text/plain; "": empty body; else a Status */
} rows[] = {
	/* routing */
	{ALL, "PUT", "virtualmachines", "off", "nosuch", "*/*", "", 404, NULL,
	 "404: Page Not Found\n"},
	{V1_9, "PUT", "virtualmachines", "off", "addinterface", "*/*", ADD, 404, NULL,
	 "404: Page Not Found\n"},
	{V1_9, "PUT", "virtualmachines", "none", "removeinterface", "*/*", "", 404, NULL,
	 "404: Page Not Found\n"},
	{V1_0, "PUT", "virtualmachineinstances", "off", "addinterface", "*/*", ADD, 404, NULL,
	 "404: Page Not Found\n"},
	{ADDS, "POST", "virtualmachines", "off", "addinterface", "*/*", ADD, 405, NULL,
	 "405: Method Not Allowed\n"},
	{ADDS, "PUT", "virtualmachines", "off", "addinterface", "application/json", ADD, 406, NULL,
	 "406: Not Acceptable\n\nAvailable representations: "},
	{ADDS, "PUT", "virtualmachines", "off", "addinterface", "application/json, */*", ADD, 202,
	 "", ""},
	{ADDS, "PUT", "virtualmachines", "off", "addinterface", "", ADD, 202, "", ""},
	/* bodies, in the order of the checks */
	{ADDS, "PUT", "virtualmachines", "off", "addinterface", "*/*", "{\"name\":", 400,
	 "BadRequest", CANNOT "unexpected EOF"},
	{ADDS, "PUT", "virtualmachines", "off", "addinterface", "*/*", "{\"name\":7}", 400,
	 "BadRequest",
	 CANNOT
	 "json: cannot unmarshal number into Go struct field AddInterfaceOptions.name of type "
	 "string"},
	{ADDS, "PUT", "virtualmachines", "none", "addinterface", "*/*", "", 400, "BadRequest",
	 "AddInterfaceOptions requires `networkAttachmentDefinitionName` to be set"},
	{ADDS, "PUT", "virtualmachines", "none", "addinterface", "*/*", "{}", 400, "BadRequest",
	 "AddInterfaceOptions requires `networkAttachmentDefinitionName` to be set"},
	{ADDS, "PUT", "virtualmachines", "none", "addinterface", "*/*",
	 "{\"networkAttachmentDefinitionName\":\"n\"}", 400, "BadRequest",
	 "AddInterfaceOptions requires `name` to be set"},
	{ADDS, "PUT", "virtualmachines", "none", "removeinterface", "*/*", "", 400, "BadRequest",
	 "RemoveInterfaceOptions requires `name` to be set"},
	{ADDS, "PUT", "virtualmachines", "none", "addinterface", "*/*", ADD, 404, "NotFound",
	 "virtualmachine.kubevirt.io \"none\" not found"},
	{ADDS, "PUT", "virtualmachines", "off", "addinterface", "*/*",
	 "name: y1\nnetworkAttachmentDefinitionName: other/nad\nunknown: 1\n", 202, "", ""},
	{RC, "PUT", "virtualmachineinstances", "none", "addinterface", "*/*", ADD, 404, "NotFound",
	 "virtualmachineinstance.kubevirt.io \"none\" not found"},
	/* migrate */
	{ALL, "PUT", "virtualmachines", "none", "migrate", "*/*", "", 404, "NotFound",
	 "virtualmachine.kubevirt.io \"none\" not found"},
	{ALL, "PUT", "virtualmachines", "off", "migrate", "*/*", "", 404, "NotFound",
	 "virtualmachineinstance.kubevirt.io \"off\" not found"},
	{ALL, "PUT", "virtualmachines", "off", "migrate", "*/*", "{\"dryRun\":\"All\"}", 400,
	 "BadRequest",
	 "Can not unmarshal Request body to struct, error: json: cannot unmarshal string into Go struct "
	 "field MigrateOptions.dryRun of type []string"},
	/* start, stop, restart, pause */
	{ALL, "PUT", "virtualmachines", "off", "stop", "*/*", "", 409, "Conflict",
	 "Operation cannot be fulfilled on virtualmachine.kubevirt.io \"off\": VM is not running"},
	{ALL, "PUT", "virtualmachines", "off", "restart", "*/*", "", 409, "Conflict",
	 "Operation cannot be fulfilled on virtualmachine.kubevirt.io \"off\": RunStategy Halted does not "
	 "support manual restart requests"},
	{ALL, "PUT", "virtualmachines", "off", "restart", "*/*", "{\"gracePeriodSeconds\":5}", 400,
	 "BadRequest", "For force restart, only gracePeriod=0 is supported for now"},
	{ALL, "PUT", "virtualmachines", "off", "start", "*/*", "{\"dryRun\":[\"Bogus\"]}", 500,
	 "InternalError",
	 "Internal error occurred: PatchOptions.meta.k8s.io \"\" is invalid: dryRun: "
	 "Unsupported value: []string{\"Bogus\"}: supported values: \"All\""},
	{ALL, "PUT", "virtualmachines", "off", "start", "*/*", "{\"dryRun\":[\"All\"]}", 202, "",
	 ""},
	{ALL, "PUT", "virtualmachineinstances", "off", "pause", "*/*", "", 404, "NotFound",
	 "virtualmachineinstance.kubevirt.io \"off\" not found"},
};

static void ask(const struct row *r, struct lab_subresponse *ret)
{
	const struct lab_subrequest req = {.method = r->method,
					   .version = "v1",
					   .ns = "default",
					   .resource = r->resource,
					   .name = r->name,
					   .subresource = r->verb,
					   .accept = r->accept,
					   .body = r->body,
					   .body_len = strlen(r->body)};

	lab_subresource(&lab, &req, ret);
}

static void check(size_t i, const struct row *r)
{
	struct lab_subresponse res;
	vmn_auto_json struct json_object *status = NULL;
	const char *text = r->text;

	ask(r, &res);
	if (res.status != r->status)
		fail_msg("row %zu: %d %s", i, res.status, res.body);
	if (!r->reason) {
		assert_string_equal(res.content_type, "text/plain; charset=utf-8");
		assert_string_equal(res.body, text);
	} else if (!*r->reason) {
		assert_null(res.content_type);
		assert_null(res.body);
	} else {
		assert_string_equal(res.content_type, "application/json");
		status = unit_json(res.body);
		assert_string_equal(vmn_json_str(status, "/reason"), r->reason);
		assert_string_equal(vmn_json_str(status, "/message"), text);
		assert_int_equal(vmn_json_int(status, "/code", 0), r->status);
	}
	if (r->status == 405)
		assert_string_equal(res.allow, "PUT");
	free(res.body);
}

static void test_answers(void **state)
{
	for (int d = 0; d <= LAB_KUBEVIRT_1_9; d++) {
		start((enum lab_dialect)d);
		for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++)
			if (rows[i].dialects & (1u << d))
				check(i, &rows[i]);
		(void)stop(state);
	}
}

static void test_gate(void **state)
{
	static const struct row add = {ALL,
				       "PUT",
				       "virtualmachines",
				       "none",
				       "addinterface",
				       "*/*",
				       "",
				       400,
				       "BadRequest",
				       "Unable to Add Interface because the \"HotplugNICs\" "
				       "feature gate is not enabled."};
	static const struct row del = {ALL,
				       "PUT",
				       "virtualmachines",
				       "none",
				       "removeinterface",
				       "*/*",
				       "",
				       400,
				       "BadRequest",
				       "Unable to Add Interface because the "
				       "\"HotplugNICs\" feature gate is not enabled."};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *kv;

	(void)state;
	start(LAB_KUBEVIRT_1_0);
	kv = vmn_json_copy(lab_get(&lab, LAB_KUBEVIRT, "kubevirt", "kubevirt"));
	vmn_json_set_take(vmn_json_get(kv, "/spec/configuration/developerConfiguration"),
			  "featureGates", json_object_new_array());
	assert_int_equal(lab_update(&lab, LAB_KUBEVIRT, "kubevirt", "kubevirt", kv,
				    LAB_WRITE_SYSTEM, NULL, &err),
			 0);
	check(0, &add);
	check(1, &del);
	(void)stop(state);
}

static void test_faults(void **state)
{
	static const struct row lost = {ALL,
					"PUT",
					"virtualmachines",
					"off",
					"addinterface",
					"*/*",
					ADD,
					422,
					"Invalid",
					"the server rejected our request due to an error in our "
					"request"};
	static const struct row again = {
		ALL, "PUT", "virtualmachines", "off", "addinterface", "*/*", ADD, 202, "", ""};
	static const struct row down = {
		ALL,
		"PUT",
		"virtualmachines",
		"off",
		"start",
		"*/*",
		"",
		503,
		NULL,
		"error trying to reach service: dial tcp 127.0.0.1:16444: connect: "
		"connection refused"};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *conflict =
		unit_json("{\"kind\":\"conflict\",\"count\":1}");
	vmn_auto_json struct json_object *away =
		unit_json("{\"kind\":\"api-down\",\"match\":\"/off/\"}");
	vmn_auto_json struct json_object *odd = unit_json("{\"kind\":\"odd\"}");
	vmn_auto_json struct json_object *list = NULL;

	(void)state;
	start(LAB_KUBEVIRT_1_0);
	assert_int_equal(lab_fault_add(&lab, conflict, &err), 0);
	check(0, &lost);
	check(1, &again);
	assert_int_equal(lab_fault_add(&lab, away, &err), 0);
	check(2, &down);
	list = lab_faults_list(&lab);
	assert_string_equal(vmn_json_text(list), "[{\"kind\":\"api-down\",\"match\":\"/off/\"}]");
	assert_int_equal(lab_fault_add(&lab, odd, &err), -VMN_E_INVALID);
	(void)stop(state);
}

static void test_discovery(void **state)
{
	static const struct {
		enum lab_dialect dialect;
		const char *group_version;
		bool has_vm_add, has_vmi_add;
	} want[] = {
		{LAB_KUBEVIRT_1_0_RC, "subresources.kubevirt.io/v1alpha3", true, true},
		{LAB_KUBEVIRT_1_0, "subresources.kubevirt.io/v1alpha3", true, false},
		{LAB_KUBEVIRT_1_9, "subresources.kubevirt.io/v1", false, false},
	};

	for (size_t i = 0; i < VMN_ARRAY_LEN(want); i++) {
		vmn_auto_json struct json_object *doc = NULL;
		struct json_object *list;

		start(want[i].dialect);
		doc = lab_subresource_discovery(&lab, "v1");
		list = vmn_json_array(doc, "/resources");
		assert_string_equal(vmn_json_str(doc, "/groupVersion"), want[i].group_version);
		assert_int_equal(
			want[i].has_vm_add,
			vmn_json_find(list, "name", "virtualmachines/addinterface", NULL) != NULL);
		assert_int_equal(want[i].has_vmi_add,
				 vmn_json_find(list, "name", "virtualmachineinstances/addinterface",
					       NULL) != NULL);
		assert_non_null(vmn_json_find(list, "name", "virtualmachines/migrate", NULL));
		assert_string_equal(vmn_json_str(list, "/0/kind"), "");
		assert_null(vmn_json_get(list, "/0/verbs"));
		(void)stop(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_discovery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
