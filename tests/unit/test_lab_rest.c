/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's API server without its network: rights, pages and their tokens, watches, forms of
 * answers */
#include "config.h"

#include <unistd.h>

#include "lab/api/authz.h"
#include "lab/api/loop.h"
#include "lab/api/rest.h"
#include "lab/api/watch.h"
#include "unit.h"

static struct lab lab;

static int setup(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	lab = (struct lab){.name = "unit", .dialect = LAB_KUBEVIRT_1_9};
	assert_int_equal(lab_loop_new(&lab.loop, &err), 0);
	assert_int_equal(lab_store_open(&lab, &err), 0);
	lab_watches_start(&lab);
	assert_int_equal(lab_create(&lab, LAB_NAMESPACE, NULL,
				    unit_json("{\"metadata\":{\"name\":\"default\"}}"), 0, NULL,
				    &err),
			 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lab_watches_stop(&lab);
	lab_store_close(&lab);
	lab_loop_free_p(&lab.loop);
	return 0;
}

/* --- a request, in short -------------------------------------------------------------- */

struct answer {
	struct lab_response resp;
	struct json_object *body; /* NULL: not JSON */
	char *text;
};

static void answer_clear(struct answer *a)
{
	if (a->resp.stream)
		a->resp.stream->close(a->resp.stream);
	(void)json_object_put(a->body);
	free(a->text);
	free(a->resp.warning);
	*a = (struct answer){0};
}
#define auto_answer VMN_CLEANUP(answer_clear) struct answer

struct query {
	const char *user, *method, *path, *accept, *type, *body;
	const char *params[8]; /* key, value, ... */
};

static struct answer ask(const struct query *q)
{
	struct lab_request req = {
		.method = q->method ? q->method : "GET",
		.path = q->path,
		.accept = q->accept ? q->accept : "",
		.content_type = q->type ? q->type : "application/json",
		.body = q->body ? q->body : "",
		.body_len = q->body ? strlen(q->body) : 0,
		.user = q->user ? lab_user_find(q->user) : lab_user_find("admin"),
	};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct answer a = {.resp = {.retry_after_s = -1}};

	req.params = vmn_xcalloc(4, sizeof(*req.params));
	for (size_t i = 0; i + 1 < VMN_ARRAY_LEN(q->params) && q->params[i]; i += 2) {
		req.params[req.params_len].key = vmn_xstrdup(q->params[i]);
		req.params[req.params_len++].value = vmn_xstrdup(q->params[i + 1]);
	}
	lab_rest(&lab, &req, &a.resp);
	for (size_t i = 0; i < req.params_len; i++) {
		free(req.params[i].key);
		free(req.params[i].value);
	}
	free(req.params);
	a.text = a.resp.text ? vmn_xstrdup(a.resp.text->data)
			     : vmn_xstrdup(vmn_buf_str(&a.resp.body));
	lab_text_unref_p(&a.resp.text);
	vmn_buf_clear(&a.resp.body);
	if (*a.text && vmn_json_parse(a.text, strlen(a.text), &a.body, &err) < 0)
		a.body = NULL;
	return a;
}

#define VMS "/apis/kubevirt.io/v1/namespaces/default/virtualmachines"

static void create(const char *name, const char *labels)
{
	vmn_auto_free char *body = vmn_xasprintf(
		"{\"apiVersion\":\"kubevirt.io/v1\",\"kind\":\"VirtualMachine\",\"metadata\":{"
		"\"name\":\"%s\",\"labels\":%s},\"spec\":{\"runStrategy\":\"Halted\",\"template\":{"
		"\"spec\":{\"domain\":{\"devices\":{}}}}}}",
		name, labels);
	auto_answer a = ask(&(struct query){.method = "POST", .path = VMS, .body = body});

	if (a.resp.status != 201)
		fail_msg("%s", a.text);
}

/* --- tests ---------------------------------------------------------------------------- */

static void test_rights(void **state)
{
	static const struct {
		enum lab_dialect dialect;
		const char *user, *verb, *group, *resource;
		bool want;
	} cases[] = {
#define SUB "subresources.kubevirt.io"
#define KV "kubevirt.io"
		{LAB_KUBEVIRT_1_0, "admin", "update", SUB, "virtualmachines/removeinterface", true},
		{LAB_KUBEVIRT_1_0, "edit", "update", SUB, "virtualmachines/addinterface", true},
		{LAB_KUBEVIRT_1_0, "edit", "update", SUB, "virtualmachines/removeinterface", false},
		{LAB_KUBEVIRT_1_0, "edit", "update", SUB, "virtualmachines/migrate", true},
		{LAB_KUBEVIRT_1_9, "edit", "update", SUB, "virtualmachines/migrate", false},
		{LAB_KUBEVIRT_1_9, "edit", "update", SUB, "virtualmachines/addinterface", false},
		{LAB_KUBEVIRT_1_0, "edit", "create", KV, "virtualmachineinstancemigrations", true},
		{LAB_KUBEVIRT_1_9, "edit", "create", KV, "virtualmachineinstancemigrations", false},
		{LAB_KUBEVIRT_1_9, "edit", "list", KV, "virtualmachineinstancemigrations", true},
		{LAB_KUBEVIRT_1_9, "edit", "list", "", "nodes", false},
		{LAB_KUBEVIRT_1_9, "limited", "patch", KV, "virtualmachines", true},
		{LAB_KUBEVIRT_1_9, "limited", "watch", KV, "virtualmachines", false},
		{LAB_KUBEVIRT_1_9, "limited", "get", KV, "virtualmachineinstances", false},
		{LAB_KUBEVIRT_1_9, "limited", "get", "k8s.cni.cncf.io",
		 "network-attachment-definitions", false},
		{LAB_KUBEVIRT_1_9, "nobody", "get", KV, "virtualmachines", false},
		{LAB_KUBEVIRT_1_9, "nobody", "list", SUB, "version", true},
		/* NULL: nobody has said who it is */
		{LAB_KUBEVIRT_1_0, NULL, "get", SUB, "version", true},
		{LAB_KUBEVIRT_1_9, NULL, "get", SUB, "version", false},
		{LAB_KUBEVIRT_1_9, NULL, "get", KV, "kubevirts", false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(cases); i++) {
		struct lab_access a = {.user = cases[i].user ? lab_user_find(cases[i].user)
							     : &lab_anonymous,
				       .verb = cases[i].verb,
				       .group = cases[i].group,
				       .resource = cases[i].resource,
				       .ns = "default"};

		lab.dialect = cases[i].dialect;
		if (lab_is_allowed(&lab, &a) != cases[i].want)
			fail_msg("%s %s %s", a.user->name, cases[i].verb, cases[i].resource);
	}
}

static void test_forbidden_texts(void **state)
{
	static const struct {
		const char *user, *method, *path, *text;
	} cases[] = {
		{"nobody", "PUT",
		 "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/vm3/"
		 "addinterface",
		 "virtualmachines.subresources.kubevirt.io \"vm3\" is forbidden: User \"nobody\" "
		 "cannot "
		 "update resource \"virtualmachines/addinterface\" in API group "
		 "\"subresources.kubevirt.io\" in the namespace \"default\""},
		{"nobody", "GET", "/api/v1/nodes",
		 "nodes is forbidden: User \"nobody\" cannot list resource \"nodes\" in API group "
		 "\"\" "
		 "at the cluster scope"},
		{"limited", "DELETE", VMS "/a",
		 "virtualmachines.kubevirt.io \"a\" is forbidden: User \"limited\" cannot delete "
		 "resource "
		 "\"virtualmachines\" in API group \"kubevirt.io\" in the namespace \"default\""},
		{"edit", "GET", "/lab/v1/status",
		 "forbidden: User \"edit\" cannot get path \"/lab/v1/status\""},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(cases); i++) {
		auto_answer a = ask(&(struct query){
			.user = cases[i].user, .method = cases[i].method, .path = cases[i].path});

		assert_int_equal(a.resp.status, 403);
		assert_string_equal(vmn_json_str(a.body, "/message"), cases[i].text);
		assert_string_equal(vmn_json_str(a.body, "/reason"), "Forbidden");
	}
}

static void test_tokens(void **state)
{
	static const char *const bad[] = {"", "x", "!!!", "e30", "bnVsbA"};
	vmn_auto_free char *token = lab_continue_encode(1234, "default/vm-1"), *key = NULL;
	vmn_auto_free char *old = lab_continue_encode(0, "x/y?~"), *old_key = NULL, *none = NULL;
	uint64_t version;

	(void)state;
	assert_null(strpbrk(token, "+/="));
	assert_true(lab_continue_decode(token, &version, &key));
	assert_int_equal(version, 1234);
	assert_string_equal(key, "default/vm-1");
	assert_true(lab_continue_decode(old, &version, &old_key));
	assert_int_equal(version, 0);
	assert_string_equal(old_key, "x/y?~");
	for (size_t i = 0; i < VMN_ARRAY_LEN(bad); i++)
		assert_false(lab_continue_decode(bad[i], &version, &none));
}

static struct answer page(const char *token, const char *version)
{
	return ask(&(struct query){.path = VMS,
				   .params = {"limit", "2", token ? "continue" : "resourceVersion",
					      token ? token : version}});
}

/* What was written between two pages shows in neither; after too much of it the token expires. */
static void test_pages(void **state)
{
	vmn_auto_free char *version = NULL, *body = NULL;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	for (int i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "vm-%d", i);
		create(name, "{}");
	}
	auto_answer first = page(NULL, "");
	version = vmn_xstrdup(vmn_json_str(first.body, "/metadata/resourceVersion"));
	assert_int_equal(vmn_json_len(vmn_json_array(first.body, "/items")), 2);
	assert_int_equal(vmn_json_int(first.body, "/metadata/remainingItemCount", 0), 3);

	create("vm-20", "{}");
	assert_int_equal(lab_delete(&lab, LAB_VM, "default", "vm-3", 0, NULL, &err), 0);
	auto_answer second = page(vmn_json_str(first.body, "/metadata/continue"), NULL);
	assert_string_equal(vmn_json_str(second.body, "/items/0/metadata/name"), "vm-2");
	assert_string_equal(vmn_json_str(second.body, "/items/1/metadata/name"), "vm-3");
	assert_string_equal(vmn_json_str(second.body, "/metadata/resourceVersion"), version);
	assert_int_equal(vmn_json_int(second.body, "/metadata/remainingItemCount", 0), 1);
	auto_answer third = page(vmn_json_str(second.body, "/metadata/continue"), NULL);
	assert_int_equal(vmn_json_len(vmn_json_array(third.body, "/items")), 1);
	assert_null(vmn_json_str(third.body, "/metadata/continue"));

	for (int i = 0; i < 17000; i++) {
		struct json_object *copy = vmn_json_copy(lab_get(&lab, LAB_VM, "default", "vm-0"));

		json_object_object_del(vmn_json_get(copy, "/metadata"), "resourceVersion");
		vmn_json_set_int(vmn_json_get(copy, "/spec"), "n", i);
		assert_int_equal(lab_update(&lab, LAB_VM, "default", "vm-0", copy, 0, NULL, &err),
				 0);
	}
	auto_answer late = page(vmn_json_str(first.body, "/metadata/continue"), NULL);
	assert_int_equal(late.resp.status, 410);
	assert_string_equal(vmn_json_str(late.body, "/reason"), "Expired");
	auto_answer rest = page(vmn_json_str(late.body, "/metadata/continue"), NULL);
	assert_int_equal(rest.resp.status, 200);
	assert_string_equal(vmn_json_str(rest.body, "/items/0/metadata/name"), "vm-2");
	assert_string_equal(vmn_json_str(rest.body, "/items/1/metadata/name"), "vm-20");
}

static void test_selected(void **state)
{
	static const struct {
		const char *key, *value;
		int status;
		size_t n;
	} cases[] = {
		{"labelSelector", "app=a", 200, 2},
		{"labelSelector", "app in (a,b)", 200, 3},
		{"labelSelector", "!app", 200, 0},
		{"labelSelector", "app in", 400, 0},
		{"fieldSelector", "metadata.name=x1", 200, 1},
		{"fieldSelector", "metadata.name!=x1,metadata.namespace=default", 200, 2},
		{"fieldSelector", "spec.runStrategy=Always", 400, 0},
	};

	(void)state;
	create("x1", "{\"app\":\"a\"}");
	create("x2", "{\"app\":\"a\"}");
	create("x3", "{\"app\":\"b\"}");
	for (size_t i = 0; i < VMN_ARRAY_LEN(cases); i++) {
		auto_answer a =
			ask(&(struct query){.path = VMS, .params = {cases[i].key, cases[i].value}});

		assert_int_equal(a.resp.status, cases[i].status);
		assert_int_equal(vmn_json_len(vmn_json_array(a.body, "/items")), cases[i].n);
	}
}

static void test_list_options(void **state)
{
	static const struct {
		const char *params[8];
		int status;
	} cases[] = {
#define MATCH "resourceVersionMatch"
#define RV "resourceVersion"
		{{MATCH, "Exact"}, 422},
		{{MATCH, "Exact", RV, "0"}, 422},
		{{MATCH, "NotOlderThan", RV, "0"}, 200},
		{{MATCH, "Newest", RV, "1"}, 422},
		{{MATCH, "", RV, "1"}, 200},
		{{MATCH, "NotOlderThan", RV, "1", "continue", "x"}, 422},
		{{MATCH, "NotOlderThan", RV, "1", "watch", "1"}, 422},
		{{"sendInitialEvents", "true"}, 422},
		{{RV, "1", "continue", "x"}, 400},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(cases); i++) {
		struct query q = {.path = VMS};

		memcpy(q.params, cases[i].params, sizeof(q.params));
		auto_answer a = ask(&q);
		if (a.resp.status != cases[i].status)
			fail_msg("case %zu: %d %s", i, a.resp.status, a.text);
	}
	auto_answer a = ask(&(struct query){.path = VMS, .params = {RV, "1", "continue", "x"}});
	assert_string_equal(vmn_json_str(a.body, "/message"),
			    "specifying resource version is not allowed when using continue");
}

static void patch(const char *name, const char *type, const char *body, int want)
{
	vmn_auto_free char *path = vmn_xasprintf(VMS "/%s", name);
	auto_answer a =
		ask(&(struct query){.method = "PATCH", .path = path, .type = type, .body = body});

	if (a.resp.status != want)
		fail_msg("%s: %d %s", body, a.resp.status, a.text);
}

#define MERGE "application/merge-patch+json"
#define JSON_PATCH "application/json-patch+json"

static void test_patches(void **state)
{
	(void)state;
	create("p", "{}");
	patch("p", MERGE, "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}", 200);
	patch("p", JSON_PATCH,
	      "[{\"op\":\"test\",\"path\":\"/metadata/labels/a\",\"value\":\"b\"}]", 200);
	patch("p", JSON_PATCH,
	      "[{\"op\":\"test\",\"path\":\"/metadata/labels/a\",\"value\":\"c\"}]", 422);
	patch("p", JSON_PATCH, "{}", 400);
	patch("p", JSON_PATCH, "[", 400);
	patch("p", MERGE, "[]", 400);
	patch("p", MERGE, "{\"metadata\":{\"resourceVersion\":\"1\"}}", 409);
	patch("p", MERGE, "{\"metadata\":null}", 422);
	patch("p", MERGE, "{\"metadata\":{\"name\":\"q\"}}", 400);
	patch("p", MERGE, "{\"metadata\":{\"name\":null}}", 400);
	patch("p", "application/strategic-merge-patch+json", "{}", 415);
	patch("q", MERGE, "{}", 404);
}

#define NADS "/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions"

static struct answer make_nad(const char *meta)
{
	vmn_auto_free char *body = vmn_xasprintf("{\"apiVersion\":\"k8s.cni.cncf.io/v1\",\"kind\":"
						 "\"NetworkAttachmentDefinition\",\"metadata\":%s}",
						 meta);

	return ask(&(struct query){.method = "POST", .path = NADS, .body = body});
}

/* Metadata of a wrong type would break every client's list, and whoever reads it here. */
static void test_metadata(void **state)
{
	static const struct {
		const char *meta;
		int status;
		const char *why;
	} cases[] = {
#define NAMED(rest) "{\"name\":\"a\"," rest "}"
		{NAMED("\"labels\":{\"x\":1}"), 400,
		 "number into Go struct field "
		 "ObjectMeta.metadata.labels of type string"},
		{NAMED("\"labels\":[]"), 400,
		 "array into Go struct field ObjectMeta.metadata.labels of type map[string]string"},
		{NAMED("\"annotations\":{\"y\":\"z\",\"x\":true}"), 400, "bool into Go struct"},
		{NAMED("\"annotations\":{\"x\":null}"), 400, "null into Go struct"},
		{NAMED("\"finalizers\":[null]"), 400,
		 "ObjectMeta.metadata.finalizers of type string"},
		{NAMED("\"finalizers\":\"x\""), 400,
		 "ObjectMeta.metadata.finalizers of type []string"},
		{NAMED("\"ownerReferences\":[1]"), 400, "of type v1.OwnerReference"},
		{NAMED("\"resourceVersion\":\"1\""), 500, "resourceVersion should not be set"},
		{NAMED("\"labels\":{\"a b\":\"c\"}"), 422,
		 "is invalid: metadata.labels: Invalid value: \"a b\": name part must consist of"},
		{NAMED("\"labels\":{\"a\":\"b c\"}"), 422, "a valid label must be an empty string"},
		{"{\"name\":5}", 400, "ObjectMeta.metadata.name of type string"},
		{NAMED("\"labels\":null,\"finalizers\":null,\"annotations\":{}"), 201, NULL},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(cases); i++) {
		auto_answer a = make_nad(cases[i].meta);

		if (a.resp.status != cases[i].status ||
		    (cases[i].why && !strstr(vmn_json_str(a.body, "/message"), cases[i].why)))
			fail_msg("%s: %d %s", cases[i].meta, a.resp.status, a.text);
	}
	create("p", "{}");
	patch("p", MERGE, "{\"metadata\":{\"labels\":{\"a\":1}}}", 422);
	patch("p", JSON_PATCH,
	      "[{\"op\":\"add\",\"path\":\"/metadata/finalizers\",\"value\":[null]}]", 422);
}

static void del(const char *path, const char *options, int want, const char *text)
{
	auto_answer a = ask(&(struct query){.method = "DELETE", .path = path, .body = options});

	if (a.resp.status != want || !strstr(a.text, text))
		fail_msg("%s %s: %d %s", path, options, a.resp.status, a.text);
}

static void test_deletes(void **state)
{
	(void)state;
	create("p", "{}");
	create("q", "{}");
	del(VMS "/p", "{\"preconditions\":{\"uid\":\"x\"}}", 409,
	    "the UID in the precondition (x) does not match the UID in record (");
	del(VMS "/p", "{\"preconditions\":{\"resourceVersion\":\"1\"}}", 409,
	    "The object might have been modified");
	del(VMS "/p", "{\"dryRun\":[\"All\"]}", 200, "Success");
	del(VMS "/p", "{}", 200, "Success");
	del(VMS "/p", "{}", 404, "not found");
	del(VMS, "{}", 200, "{\"kind\":\"VirtualMachineList\",\"apiVersion\":\"kubevirt.io/v1\"");
	del("/api/v1/namespaces/default", "{}", 403, "this namespace may not be deleted");
	del("/api/v1/namespaces/kube-public", "{}", 403, "this namespace may not be deleted");
	del("/api/v1/namespaces/nosuch", "{}", 404, "not found");
}

/* What a watch has to say, as TYPE:NAME words. */
static void assert_events(struct answer *a, const char *want)
{
	vmn_auto_buf struct vmn_buf raw = VMN_BUF_INIT(0), got = VMN_BUF_INIT(0);
	vmn_auto_strlist struct vmn_strlist lines = {0};

	(void)a->resp.stream->read(a->resp.stream, &raw);
	vmn_strlist_split(&lines, vmn_buf_str(&raw), '\n');
	for (size_t i = 0; i < lines.n && *lines.v[i]; i++) {
		vmn_auto_json struct json_object *event = unit_json(lines.v[i]);

		vmn_buf_addf(&got, "%s:%s ", vmn_json_str(event, "/type"),
			     vmn_json_str_or(event, "/object/metadata/name", "-"));
	}
	assert_string_equal(vmn_buf_str(&got), want);
}

static void test_watch(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *since = NULL;

	(void)state;
	create("a", "{\"app\":\"x\"}");
	since = vmn_xasprintf("%llu", (unsigned long long)lab_version(&lab));
	auto_answer all = ask(&(struct query){.path = VMS, .params = {"watch", "true"}});
	auto_answer some = ask(&(struct query){
		.path = VMS,
		.params = {"watch", "1", "labelSelector", "app=x", "resourceVersion", since}});

	assert_events(&all, "ADDED:a ");
	assert_events(&some, "");
	create("b", "{}");
	patch("b", MERGE, "{\"metadata\":{\"labels\":{\"app\":\"x\"}}}", 200);
	patch("a", MERGE, "{\"metadata\":{\"labels\":{\"app\":null}}}", 200);
	assert_int_equal(lab_delete(&lab, LAB_VM, "default", "b", 0, NULL, &err), 0);
	assert_events(&all, "ADDED:b MODIFIED:b MODIFIED:a DELETED:b ");
	assert_events(&some, "ADDED:b DELETED:a DELETED:b ");

	/* The same again out of history, and from before history. */
	auto_answer replayed = ask(&(struct query){
		.path = VMS,
		.params = {"watch", "1", "labelSelector", "app=x", "resourceVersion", since}});
	assert_events(&replayed, "ADDED:b DELETED:a DELETED:b ");
	auto_answer gone = ask(
		&(struct query){.path = VMS, .params = {"watch", "1", "resourceVersion", "17"}});
	assert_events(&gone, "ERROR:- ");

	/* Whatever is not false is true, nothing at all too. */
	auto_answer bare = ask(&(struct query){.path = VMS, .params = {"watch", ""}});
	assert_events(&bare, "ADDED:a ");
	auto_answer plain = ask(&(struct query){.path = VMS, .params = {"watch", "False"}});
	assert_null(plain.resp.stream);

	auto_answer streaming = ask(&(struct query){
		.path = VMS, .params = {"watch", "1", "sendInitialEvents", "true"}});
	assert_int_equal(streaming.resp.status, 422);
	assert_string_equal(vmn_json_str(streaming.body, "/reason"), "Invalid");
}

static void test_tables(void **state)
{
	static const char accept[] =
		"application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

	(void)state;
	create("t1", "{}");
	create("t2", "{}");
	auto_answer list = ask(&(struct query){.path = VMS, .accept = accept});
	assert_string_equal(vmn_json_str(list.body, "/kind"), "Table");
	assert_int_equal(vmn_json_len(vmn_json_array(list.body, "/rows")), 2);
	assert_string_equal(vmn_json_str(list.body, "/columnDefinitions/2/name"), "Status");
	assert_string_equal(vmn_json_str(list.body, "/rows/1/cells/0"), "t2");
	assert_string_equal(vmn_json_str(list.body, "/rows/1/object/metadata/name"), "t2");
	auto_answer one = ask(&(struct query){.path = VMS "/t1", .accept = accept});
	assert_string_equal(vmn_json_str(one.body, "/rows/0/cells/0"), "t1");
	auto_answer plain = ask(&(struct query){.path = VMS "/t1", .accept = "*/*"});
	assert_string_equal(vmn_json_str(plain.body, "/kind"), "VirtualMachine");
	auto_answer none = ask(&(struct query){.path = VMS "/t1",
					       .accept = "application/vnd.kubernetes.protobuf"});
	assert_int_equal(none.resp.status, 406);
}

/* Whoever got an answer finds the object again, however the server ended. */
static void test_kept(void **state)
{
	char dir[] = "/tmp/vmn-rest-XXXXXX";
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *file = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	file = vmn_xasprintf("%s/objects.db", dir);
	lab_store_close(&lab);
	lab.dir = dir;
	assert_int_equal(lab_store_open(&lab, &err), 0);
	assert_int_equal(lab_create(&lab, LAB_NAMESPACE, NULL,
				    unit_json("{\"metadata\":{\"name\":\"default\"}}"), 0, NULL,
				    &err),
			 0);
	create("a", "{}");
	/* What is not in the file yet is lost in this, as when the process is killed. */
	lab_store_close(&lab);
	assert_int_equal(lab_store_open(&lab, &err), 0);
	assert_non_null(lab_get(&lab, LAB_VM, "default", "a"));
	lab_store_close(&lab);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(dir), 0);
	lab.dir = NULL;
	assert_int_equal(lab_store_open(&lab, &err), 0);
}

static void test_odd_paths(void **state)
{
	static const struct {
		const char *method, *path;
		int status;
	} cases[] = {
		{"GET", "/", 200},
		{"GET", "", 404},
		{"GET", "//api//v1//", 404},
		{"GET", "/api/v1/namespaces/default", 200},
		{"GET", "/api/v1/namespaces/default/status", 200},
		{"GET", "/api/v1/namespaces/%64efault", 200},
		{"GET", "/api/v1/namespaces/%", 404},
		{"GET", "/api/v1/namespaces/%4", 404},
		{"GET", "/api/v1/namespaces/%00", 404},
		{"GET", "/api/v1/namespaces/a%2fb", 404},
		{"GET", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", 404},
		{"GET", "/apis/kubevirt.io/v1/virtualmachines", 200},
		{"GET", "/apis/kubevirt.io/v1/virtualmachines/x", 405},
		{"POST", "/apis/kubevirt.io/v1/virtualmachines", 405},
		{"GET", "/apis/kubevirt.io/v9/virtualmachines", 404},
		{"GET", VMS "/x/status", 404},
		{"GET", VMS "/x/scale", 404},
		{"BREW", VMS "/x", 405},
		{"GET", "/apis/kubevirt.io", 200},
		{"GET", "/apis/nosuch.io", 404},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(cases); i++) {
		auto_answer a =
			ask(&(struct query){.method = cases[i].method, .path = cases[i].path});

		if (a.resp.status != cases[i].status)
			fail_msg("%s %s: %d", cases[i].method, cases[i].path, a.resp.status);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rights),    TEST(test_forbidden_texts),
		TEST(test_tokens),    TEST(test_pages),
		TEST(test_selected),  TEST(test_patches),
		TEST(test_metadata),  TEST(test_kept),
		TEST(test_deletes),   TEST(test_list_options),
		TEST(test_watch),     TEST(test_tables),
		TEST(test_odd_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
