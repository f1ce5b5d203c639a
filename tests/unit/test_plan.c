/* SPDX-License-Identifier: Apache-2.0 */
/* The cases are in data/plans.yaml: objects and a wish in, a request or a refusal out. */
#include "config.h"

#include "lib/base/file.h"
#include "lib/data/patch.h"
#include "lib/virt/plan.h"
#include "tests/unit/unit.h"

/* Row @key of @test applied to the base object; NULL for "none" and "hidden". Caller drops it. */
static struct json_object *object(struct json_object *all, struct json_object *test,
				  const char *key, bool *ret_hidden)
{
	vmn_auto_free char *base = vmn_xasprintf("/objects%s", key);
	struct json_object *row = vmn_json_get(test, key);

	*ret_hidden = vmn_streq(vmn_json_str(test, key), "hidden");
	if (json_object_is_type(row, json_type_string))
		return NULL;
	return row ? vmn_patch_merge(vmn_json_get(all, base), row)
		   : vmn_json_copy(vmn_json_get(all, base));
}

static void read_server(const char *server, struct vmn_dialects *ret)
{
	bool vmi = strcmp(server, "vmi") == 0, alpha = strcmp(server, "alpha") == 0;
	bool vm = strcmp(server, "vm") == 0 || vmi;

	*ret = (struct vmn_dialects){
		.vmi_add = vmi || alpha,
		.vmi_remove = vmi,
		.vm_add = vm || alpha,
		.vm_remove = vm,
	};
}

static void read_wish(struct json_object *row, struct vmn_wish *ret)
{
	const char *verb = vmn_json_str_or(row, "/verb", ""),
		   *via = vmn_json_str_or(row, "/via", "");

	*ret = (struct vmn_wish){
		.verb = strcmp(verb, "add") == 0      ? VMN_PLUG_ADD
			: strcmp(verb, "remove") == 0 ? VMN_PLUG_REMOVE
						      : VMN_PLUG_UPDATE,
		.iface = vmn_json_str(row, "/iface"),
		.nad = vmn_json_str(row, "/nad"),
		.binding = vmn_json_str(row, "/binding"),
		.binding_plugin = vmn_json_str(row, "/plugin"),
		.mac = vmn_json_str(row, "/mac"),
		.model = vmn_json_str(row, "/model"),
		.state = vmn_json_str(row, "/state"),
		.via = strcmp(via, "spec") == 0		 ? VMN_VIA_SPEC
		       : strcmp(via, "subresource") == 0 ? VMN_VIA_SUBRESOURCE
							 : VMN_VIA_AUTO,
		.persist = vmn_json_bool(row, "/persist", false),
		.server_dry_run = vmn_json_bool(row, "/dryRun", false),
	};
}

static const char *code_name(int rc)
{
	switch (-rc) {
	case VMN_E_UNSUPPORTED:
		return "UNSUPPORTED";
	case VMN_E_CONFLICT:
		return "CONFLICT";
	case VMN_E_EXISTS:
		return "EXISTS";
	case VMN_E_NOT_FOUND:
		return "NOT_FOUND";
	case VMN_E_FORBIDDEN:
		return "FORBIDDEN";
	default:
		return "";
	}
}

static void check_refusal(const char *name, struct json_object *want, const struct vmn_plan *p,
			  const struct vmn_err *err, int rc)
{
	const char *hint = vmn_json_str_or(want, "/hint", "");

	if (strcmp(code_name(rc), vmn_json_str_or(want, "/refuse", "")) != 0 ||
	    !strstr(vmn_err_text(err), vmn_json_str_or(want, "/text", "")) ||
	    !strstr(err->hint ? err->hint : "", hint) ||
	    p->is_transient != vmn_json_bool(want, "/transient", false))
		fail_msg("%s: %d '%s' hint '%s'", name, rc, vmn_err_text(err), err->hint);
}

/* The patch must be one that applies to what was read, and must fail once that has changed. */
static void check_guard(const char *name, struct json_object *vm, const struct vmn_plan *p)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT, stale = VMN_ERR_INIT;
	vmn_auto_json struct json_object *after = NULL, *twice = NULL, *moved = NULL;

	if (vmn_patch_json(vm, p->body, &after, &err) < 0)
		fail_msg("%s: %s", name, vmn_err_text(&err));
	moved = vmn_json_copy(after);
	vmn_json_set_str(vmn_json_get(moved, "/metadata"), "resourceVersion", "78");
	if (vmn_patch_json(moved, p->body, &twice, &stale) != -VMN_E_CONFLICT &&
	    stale.code != VMN_E_INVALID)
		fail_msg("%s: applies twice", name);
}

static void check_request(const char *name, struct json_object *want, struct json_object *vm,
			  const struct vmn_plan *p)
{
	struct json_object *body = vmn_json_get(want, "/body");
	vmn_auto_free char *sent =
		vmn_xasprintf("%s %s", p->method ? p->method : "-", p->path ? p->path : "");
	const char *warning = vmn_json_str(want, "/warn");

	if (vmn_json_str(want, "/nothing")) {
		if (p->method || !vmn_streq(p->note, vmn_json_str(want, "/nothing")))
			fail_msg("%s: %s, note %s", name, sent, p->note);
	} else if (strcmp(sent, vmn_json_str_or(want, "/send", "a refusal")) != 0) {
		fail_msg("%s: %s", name, sent);
	}
	if (body && !json_object_equal(body, p->body))
		fail_msg("%s: %s", name, vmn_json_text(p->body));
	if (p->is_live != vmn_json_bool(want, "/live", false) ||
	    p->is_vmi != vmn_json_bool(want, "/vmi", false) ||
	    p->is_preparation != vmn_json_bool(want, "/prepare", false) ||
	    p->needs_migration != vmn_json_bool(want, "/migration", false))
		fail_msg("%s: live %d vmi %d prepare %d migration %d", name, p->is_live, p->is_vmi,
			 p->is_preparation, p->needs_migration);
	if ((int64_t)p->warnings.n != vmn_json_int(want, "/warns", warning ? 1 : 0) ||
	    (warning && !strstr(p->warnings.v[0], warning)))
		fail_msg("%s: %zu warnings: %s", name, p->warnings.n,
			 p->warnings.n ? p->warnings.v[0] : "");
	if (p->method && strcmp(p->method, "PATCH") == 0)
		check_guard(name, vm, p);
}

static void run_case(struct json_object *all, struct json_object *test)
{
	struct json_object *want = vmn_json_get(test, "/want");
	const char *nad = vmn_json_str_or(test, "/nad", ""), *name = vmn_json_str(test, "/name");
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT, wrong = VMN_ERR_INIT;
	vmn_auto_plan struct vmn_plan plan = VMN_PLAN_INIT;
	vmn_auto_json struct json_object *vm = NULL, *vmi = NULL;
	struct vmn_plan_input in = {.ns = "default", .name = "web-1"};
	struct vmn_dialects dialects;
	struct vmn_wish wish;
	int rc;

	read_server(vmn_json_str_or(test, "/server", ""), &dialects);
	read_wish(vmn_json_get(test, "/wish"), &wish);
	in.dialects = &dialects;
	in.vm = vm = object(all, test, "/vm", &in.is_vm_hidden);
	in.vmi = vmi = object(all, test, "/vmi", &in.is_vmi_hidden);
	in.nad = strcmp(nad, "missing") == 0	  ? VMN_NAD_MISSING
		 : strcmp(nad, "unreadable") == 0 ? VMN_NAD_UNREADABLE
		 : strcmp(nad, "no kind") == 0	  ? VMN_NAD_NO_KIND
						  : VMN_NAD_EXISTS;
	if (vmn_wish_check(&wish, &wrong) < 0)
		fail_msg("%s: %s", name, vmn_err_text(&wrong));
	if (vmn_json_bool(test, "/needsPod", false) && !vmn_plan_needs_pod(&in, &wish))
		fail_msg("%s: needs the pod", name);
	in.pod = vmn_json_get(test, "/pod");
	rc = vmn_plan_make(&in, &wish, &plan, &err);
	if (rc < 0)
		check_refusal(name, want, &plan, &err, rc);
	else
		check_request(name, want, vm, &plan);
}

static void test_cases(void **state)
{
	vmn_auto_json struct json_object *all = unit_yaml("plans.yaml");

	(void)state;
	assert_true(vmn_json_len(vmn_json_array(all, "/cases")) > 60);
	vmn_json_each(test, vmn_json_array(all, "/cases"))
		run_case(all, test);
}

static void test_wishes_are_checked_before_anything_is_sent(void **state)
{
	static const struct {
		struct vmn_wish w;
		const char *text; /* NULL: fine */
	} rows[] = {
		{{.iface = "dyn1", .nad = "nad1"}, NULL},
		{{.iface = "dyn1", .nad = "ns/nad.1"}, NULL},
		{{.iface = "dyn1", .nad = "nad1", .mac = "02:00:00:00:00:01"}, NULL},
		{{.iface = "dyn.1", .nad = "nad1"}, "not an interface name"},
		{{.iface = "", .nad = "nad1"}, "not an interface name"},
		{{.iface = "dyn1", .nad = "NAD"}, "not the name of a network"},
		{{.iface = "dyn1", .nad = "a/b/c"}, "not the name of a network"},
		{{.iface = "dyn1", .nad = "/b"}, "not the name of a network"},
		{{.iface = "dyn1", .nad = "a/"}, "not the name of a network"},
		{{.iface = "dyn1", .nad = ""}, "not the name of a network"},
		{{.iface = "dyn1", .nad = "nad1", .binding = "masquerade"}, "pod network only"},
		{{.iface = "dyn1", .nad = "nad1", .binding_plugin = "a b"}, "binding plugin"},
		{{.iface = "dyn1", .nad = "nad1", .mac = "02:00:00:00:00"}, "not a MAC address"},
		{{.iface = "dyn1", .nad = "nad1", .mac = "01:00:5e:00:00:01"}, "multicast"},
		{{.iface = "dyn1", .nad = "nad1", .binding = "sriov", .state = "up"}, "link state"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		int rc = vmn_wish_check(&rows[i].w, &err);

		if (rc != (rows[i].text ? -VMN_E_INVALID : 0) ||
		    (rows[i].text && !strstr(vmn_err_text(&err), rows[i].text)))
			fail_msg("row %zu: %d %s", i, rc, vmn_err_text(&err));
	}
}

static void test_answers(void **state)
{
	static const struct {
		int http;
		const char *text, *causes;
		bool is_conflict;
		const char *hint; /* for a PUT that adds */
	} rows[] = {
		{409, "the object has been modified", NULL, true, ""},
		{409, "VMI is not running", NULL, false, ""},
		{422, "the server rejected our request due to an error in our request", NULL, true,
		 ""},
		{422, "admission webhook denied the request", "spec: bad", false, ""},
		{400,
		 "Unable to Add Interface because the \"HotplugNICs\" feature gate is not enabled.",
		 NULL, false, "featureGates"},
		{403, "forbidden", NULL, false, "virtualmachines/addinterface"},
		{503, "service unavailable", NULL, false, "virt-api"},
		{500, "boom", NULL, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		char path[] = "x/addinterface";
		const struct vmn_plan p = {.dialect = VMN_DIALECT_VM, .path = path};

		vmn_err_set(&err, VMN_E_SERVER, "%s", rows[i].text);
		err.http = rows[i].http;
		err.causes = rows[i].causes ? vmn_xstrdup(rows[i].causes) : NULL;
		if (vmn_plan_is_conflict(&err) != rows[i].is_conflict)
			fail_msg("row %zu: conflict", i);
		vmn_plan_explain(&p, &err);
		if (!strstr(err.hint ? err.hint : "", rows[i].hint))
			fail_msg("row %zu: hint %s", i, err.hint);
	}
}

static void test_dialects_come_from_discovery(void **state)
{
	vmn_auto_json struct json_object *list = unit_json(
		"{\"resources\":[{\"name\":\"virtualmachines/addinterface\",\"kind\":\"\","
		"\"verbs\":null},{\"name\":\"virtualmachines/removeinterface\"}]}");
	vmn_auto_json struct json_object *none =
		unit_json("{\"resources\":[{\"name\":\"virtualmachines/migrate\"}]}");
	struct vmn_dialects d;

	(void)state;
	vmn_dialects_read(list, &d);
	assert_true(d.vm_add && d.vm_remove && !d.vmi_add && !d.vmi_remove);
	assert_false(vmn_dialects_follow_spec(&d));
	vmn_dialects_read(none, &d);
	assert_true(vmn_dialects_follow_spec(&d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_wishes_are_checked_before_anything_is_sent),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_dialects_come_from_discovery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
