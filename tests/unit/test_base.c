/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "tests/unit/unit.h"

static void test_buf_keeps_its_cap(void **state)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(5);

	(void)state;
	vmn_buf_adds(&b, "abc");
	assert_true(vmn_buf_ok(&b));
	vmn_buf_adds(&b, "def");
	assert_false(vmn_buf_ok(&b));
	assert_string_equal(vmn_buf_str(&b), "abcde");
}

static void test_err_wraps_outermost_first(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	assert_int_equal(vmn_err_set(&err, VMN_E_INVALID, "bad %d", 7), -VMN_E_INVALID);
	assert_int_equal(vmn_err_wrap(&err, "vm %s", "web"), -VMN_E_INVALID);
	assert_string_equal(err.msg, "vm web: bad 7");
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} rows[] = {
		{"10", 10000},	{"10s", 10000}, {"1m30s", 90000}, {"500ms", 500}, {"2h", 7200000},
		{"1.5s", 1500}, {"0", 0},	{"", -1},	  {"s", -1},	  {"1m30", -1},
		{"-1s", -1},	{"1d", -1},	{"1..2s", -1},	  {"1e3s", -1},	  {"100us", 1},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		int64_t ms = -1;
		int rc = vmn_parse_duration(rows[i].text, &ms, &err);

		if ((rc == 0) != (rows[i].ms >= 0) || ms != rows[i].ms)
			fail_msg("'%s': %lld", rows[i].text, (long long)ms);
	}
}

static void test_rfc3339(void **state)
{
	char buf[32];
	int64_t t;

	(void)state;
	assert_true(vmn_rfc3339_parse("2026-11-21T10:00:00Z", &t));
	assert_string_equal(vmn_rfc3339_format(t, buf, sizeof(buf)), "2026-11-21T10:00:00Z");
	assert_true(vmn_rfc3339_parse("2026-11-21T12:00:00.123456+02:00", &t));
	assert_string_equal(vmn_rfc3339_format(t, buf, sizeof(buf)), "2026-11-21T10:00:00Z");
	assert_false(vmn_rfc3339_parse("2026-11-21", &t));
	assert_false(vmn_rfc3339_parse("2026-11-21T10:00:00", &t));
}

static void test_edit_distance(void **state)
{
	(void)state;
	assert_int_equal(vmn_edit_distance("migrate", "migrate"), 0);
	assert_int_equal(vmn_edit_distance("migrate", "mirgate"), 1);
	assert_int_equal(vmn_edit_distance("addinterface", "addinterfaces"), 1);
}

static void test_file_replaced_as_a_whole(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(100);
	char dir[] = "/tmp/vmn-test-XXXXXX";
	vmn_auto_free char *path = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = vmn_path_join(dir, "f");
	assert_int_equal(vmn_file_write(path, "one", 3, 0600, &err), 0);
	assert_int_equal(vmn_file_write(path, "two!", 4, 0600, &err), 0);
	assert_int_equal(vmn_file_read(path, &b, &err), 0);
	assert_string_equal(vmn_buf_str(&b), "two!");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0); /* no temporary file is left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_keeps_its_cap),
		cmocka_unit_test(test_err_wraps_outermost_first),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_rfc3339),
		cmocka_unit_test(test_edit_distance),
		cmocka_unit_test(test_file_replaced_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
