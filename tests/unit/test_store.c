/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's store: versions, preconditions, history, snapshots, persistence; and its loop */
#include "config.h"

#include <unistd.h>

#include "lab/api/loop.h"
#include "lab/api/store.h"
#include "unit.h"

static struct lab lab;

static int setup(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	lab = (struct lab){.name = "unit"};
	assert_int_equal(lab_store_open(&lab, &err), 0);
	assert_int_equal(lab_create(&lab, LAB_NAMESPACE, NULL,
				    unit_json("{\"metadata\":{\"name\":\"default\"}}"), 0, NULL,
				    &err),
			 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lab_store_close(&lab);
	return 0;
}

/* Write or fail the test; returns the stored object. */
static struct json_object *create(enum lab_kind_id kind, const char *text)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct json_object *obj = NULL;

	if (lab_create(&lab, kind, "default", unit_json(text), 0, &obj, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	return obj;
}

static int update(const char *name, const char *text, unsigned flags, struct vmn_err *err)
{
	return lab_update(&lab, LAB_VM, "default", name, unit_json(text), flags, NULL, err);
}

static const char *get(const char *name, const char *path)
{
	return vmn_json_str(lab_get(&lab, LAB_VM, "default", name), path);
}

static void test_create(void **state)
{
	struct json_object *vm = create(LAB_VM, "{\"metadata\":{\"name\":\"a\",\"uid\":\"mine\"},"
						"\"status\":{\"x\":1}}");
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	assert_string_equal(vmn_json_str(vm, "/apiVersion"), "kubevirt.io/v1");
	assert_string_equal(vmn_json_str(vm, "/metadata/namespace"), "default");
	assert_int_equal(strlen(vmn_json_str(vm, "/metadata/uid")), 36);
	assert_int_equal(vmn_json_int(vm, "/metadata/generation", 0), 1);
	assert_null(vmn_json_get(vm, "/status"));
	vm = create(LAB_VM, "{\"metadata\":{\"generateName\":\"g-\"}}");
	assert_int_equal(strlen(vmn_json_str(vm, "/metadata/name")), 7);

	assert_int_equal(lab_create(&lab, LAB_VM, "default",
				    unit_json("{\"metadata\":{\"name\":\"a\"}}"), 0, NULL, &err),
			 -VMN_E_EXISTS);
	assert_int_equal(err.http, 409);
	assert_string_equal(err.reason, "AlreadyExists");
	vmn_err_clear(&err);
	assert_int_equal(lab_create(&lab, LAB_VM, "nowhere",
				    unit_json("{\"metadata\":{\"name\":\"a\"}}"), 0, NULL, &err),
			 -VMN_E_NOT_FOUND);
	assert_string_equal(vmn_err_text(&err), "namespaces \"nowhere\" not found");
	vmn_err_clear(&err);
	assert_int_equal(lab_create(&lab, LAB_VM, "default",
				    unit_json("{\"metadata\":{\"name\":\"A_b\"}}"), 0, NULL, &err),
			 -VMN_E_INVALID);
	assert_int_equal(err.http, 422);
}

static void test_update(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *version = NULL, *text = NULL;

	(void)state;
	create(LAB_VM, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\":1}}");
	version = vmn_xstrdup(get("a", "/metadata/resourceVersion"));

	/* The same again is no change. */
	assert_int_equal(update("a", "{\"metadata\":{},\"spec\":{\"x\":1}}", 0, &err), 0);
	assert_string_equal(get("a", "/metadata/resourceVersion"), version);

	assert_int_equal(update("a", "{\"metadata\":{},\"spec\":{\"x\":2}}", 0, &err), 0);
	assert_string_not_equal(get("a", "/metadata/resourceVersion"), version);
	assert_int_equal(
		vmn_json_int(lab_get(&lab, LAB_VM, "default", "a"), "/metadata/generation", 0), 2);

	text = vmn_xasprintf("{\"metadata\":{\"resourceVersion\":\"%s\"},\"spec\":{\"x\":3}}",
			     version);
	assert_int_equal(update("a", text, 0, &err), -VMN_E_CONFLICT);
	assert_int_equal(err.http, 409);
	vmn_err_clear(&err);

	/* Status and spec keep out of each other's way; labels are no new generation. */
	assert_int_equal(
		update("a", "{\"spec\":{\"x\":9},\"status\":{\"y\":1}}", LAB_WRITE_STATUS, &err),
		0);
	assert_int_equal(update("a", "{\"metadata\":{\"labels\":{\"l\":\"1\"}},\"spec\":{\"x\":2}}",
				0, &err),
			 0);
	assert_int_equal(vmn_json_int(lab_get(&lab, LAB_VM, "default", "a"), "/spec/x", 0), 2);
	assert_int_equal(vmn_json_int(lab_get(&lab, LAB_VM, "default", "a"), "/status/y", 0), 1);
	assert_int_equal(
		vmn_json_int(lab_get(&lab, LAB_VM, "default", "a"), "/metadata/generation", 0), 2);

	assert_int_equal(update("a", "{\"spec\":{\"x\":7}}", LAB_WRITE_DRY_RUN, &err), 0);
	assert_int_equal(vmn_json_int(lab_get(&lab, LAB_VM, "default", "a"), "/spec/x", 0), 2);
	assert_int_equal(update("b", "{}", 0, &err), -VMN_E_NOT_FOUND);
}

static void test_finalizers(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	create(LAB_VM, "{\"metadata\":{\"name\":\"a\",\"finalizers\":[\"f\"]}}");
	assert_int_equal(lab_delete(&lab, LAB_VM, "default", "a", 0, NULL, &err), 0);
	assert_non_null(get("a", "/metadata/deletionTimestamp"));
	assert_int_equal(update("a", "{\"metadata\":{\"finalizers\":[]}}", 0, &err), 0);
	assert_null(lab_get(&lab, LAB_VM, "default", "a"));
	assert_int_equal(lab_delete(&lab, LAB_VM, "default", "a", 0, NULL, &err), -VMN_E_NOT_FOUND);
}

static bool collect(void *arg, const char *key, struct json_object *obj, struct lab_text *text)
{
	vmn_auto_json struct json_object *tree = unit_json(text->data);

	(void)obj;
	vmn_buf_addf(arg, "%s=%d ", key, (int)vmn_json_int(tree, "/spec/x", 0));
	return false;
}

static void assert_snapshot(const char *ns, const char *after, uint64_t version, const char *want)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	assert_true(lab_has_history(&lab, version));
	lab_snapshot(&lab, LAB_VM, ns, after, version, collect, &b);
	assert_string_equal(vmn_buf_str(&b), want);
}

static void test_snapshot(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	uint64_t start = lab_version(&lab), middle;

	(void)state;
	create(LAB_VM, "{\"metadata\":{\"name\":\"b\"},\"spec\":{\"x\":1}}");
	create(LAB_VM, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\":1}}");
	create(LAB_VM, "{\"metadata\":{\"name\":\"c\"},\"spec\":{\"x\":1}}");
	middle = lab_version(&lab);
	assert_int_equal(update("b", "{\"spec\":{\"x\":2}}", 0, &err), 0);
	assert_int_equal(update("b", "{\"spec\":{\"x\":3}}", 0, &err), 0);
	assert_int_equal(lab_delete(&lab, LAB_VM, "default", "c", 0, NULL, &err), 0);
	create(LAB_VM, "{\"metadata\":{\"name\":\"aa\"},\"spec\":{\"x\":4}}");

	assert_snapshot(NULL, NULL, lab_version(&lab), "default/a=1 default/aa=4 default/b=3 ");
	assert_snapshot("default", NULL, middle, "default/a=1 default/b=1 default/c=1 ");
	assert_snapshot("default", "default/a", middle, "default/b=1 default/c=1 ");
	assert_snapshot("defaul", NULL, middle, "");
	assert_snapshot(NULL, NULL, start, "");
	assert_int_equal(lab_past(&lab, middle + 1)->change, LAB_MODIFIED);
	assert_string_equal(lab_past(&lab, middle + 3)->key, "default/c");
	assert_false(lab_has_history(&lab, start - 2));
	assert_false(lab_has_history(&lab, lab_version(&lab) + 1));
	for (int i = 0; i < 20000; i++) {
		vmn_auto_free char *text = vmn_xasprintf("{\"spec\":{\"x\":%d}}", i + 10);

		assert_int_equal(update("b", text, 0, &err), 0);
	}
	assert_false(lab_has_history(&lab, middle));
	assert_snapshot("default", NULL, lab_version(&lab) - 16384,
			"default/a=1 default/aa=4 default/b=3625 ");
}

static void test_restart(void **state)
{
	char dir[] = "/tmp/vmn-store-XXXXXX";
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *version = NULL, *file = NULL, *value = NULL;
	struct lab second;

	(void)state;
	teardown(NULL);
	assert_non_null(mkdtemp(dir));
	lab = (struct lab){.name = "unit", .dir = dir};
	assert_int_equal(lab_store_open(&lab, &err), 0);
	assert_int_equal(lab_create(&lab, LAB_NAMESPACE, NULL,
				    unit_json("{\"metadata\":{\"name\":\"default\"}}"), 0, NULL,
				    &err),
			 0);
	create(LAB_VM, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\":1}}");
	create(LAB_VM, "{\"metadata\":{\"name\":\"b\"}}");
	version = vmn_xstrdup(get("a", "/metadata/resourceVersion"));
	assert_int_equal(lab_delete(&lab, LAB_VM, "default", "b", 0, NULL, &err), 0);
	assert_int_equal(lab_store_set(&lab, "dialect", "1.9", &err), 0);
	assert_int_equal(lab_store_commit(&lab, &err), 0);

	/* A second server on the same objects must fail, not wait or share. */
	second = (struct lab){.name = "second", .dir = dir};
	assert_true(lab_store_open(&second, &err) < 0);
	vmn_err_clear(&err);

	lab_store_close(&lab);
	assert_int_equal(lab_store_open(&lab, &err), 0);
	assert_string_equal(get("a", "/metadata/resourceVersion"), version);
	assert_null(lab_get(&lab, LAB_VM, "default", "b"));
	assert_true(lab_version(&lab) > strtoull(version, NULL, 10));
	assert_false(lab_has_history(&lab, strtoull(version, NULL, 10)));
	value = lab_store_setting(&lab, "dialect");
	assert_string_equal(value, "1.9");
	lab_store_close(&lab);
	file = vmn_xasprintf("%s/objects.db", dir);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(dir), 0);
	setup(NULL);
}

static void test_events(void **state)
{
	struct json_object *vm = create(LAB_VM, "{\"metadata\":{\"name\":\"a\"}}"), *event;
	uint64_t before = lab_version(&lab);

	(void)state;
	lab_event(&lab, vm, true, "Broken", "%d is broken", 1);
	lab_event(&lab, vm, true, "Broken", "%d is broken", 1);
	lab_event(&lab, vm, false, "Mended", "good");
	assert_int_equal(lab_version(&lab), before + 3);
	event = unit_json(lab_past(&lab, before + 2)->text->data);
	assert_int_equal(vmn_json_int(event, "/count", 0), 2);
	assert_string_equal(vmn_json_str(event, "/involvedObject/kind"), "VirtualMachine");
	assert_string_equal(vmn_json_str(event, "/type"), "Warning");
	json_object_put(event);
}

static struct vmn_buf trace;
static char letters[][2] = {"a", "b", "c", "d", "x", "z"};
enum { A, B, C, D, X, Z };

static void note(void *arg)
{
	vmn_buf_adds(&trace, arg);
}

static void note_and_rearm(void *arg)
{
	note(arg);
	(void)lab_after(&lab, 0, note, letters[Z]);
	lab_loop_stop(lab.loop);
}

static void test_timers(void **state)
{
	VMN_CLEANUP(lab_loop_free_p) struct lab_loop *loop = NULL;
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct lab_timer *cancelled;

	(void)state;
	assert_int_equal(lab_loop_new(&loop, &err), 0);
	lab.loop = loop;
	trace = VMN_BUF_INIT(0);
	(void)lab_after(&lab, 30, note_and_rearm, letters[D]);
	(void)lab_after(&lab, 10, note, letters[B]);
	cancelled = lab_after(&lab, 1, note, letters[X]);
	(void)lab_after(&lab, 10, note, letters[C]);
	(void)lab_after(&lab, 0, note, letters[A]);
	lab_timer_cancel(cancelled);
	assert_int_equal(lab_loop_run(loop, &err), 0);
	assert_string_equal(vmn_buf_str(&trace), "abcd");
	assert_int_equal(lab_loop_turn(loop, 1000, &err), 0);
	assert_string_equal(vmn_buf_str(&trace), "abcdz");
	vmn_buf_clear(&trace);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),  TEST(test_update), TEST(test_finalizers), TEST(test_snapshot),
		TEST(test_restart), TEST(test_events), TEST(test_timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
