/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/child.h"
#include "lib/base/clock.h"
#include "tests/unit/unit.h"

#define SH(script) ((const char *const[]){"sh", "-c", (script), NULL})
#define SOON (vmn_deadline_in(10000))

static void test_output_and_status(void **state)
{
	static const char *const env[] = {"VMN_TEST=new", "HOME=/nowhere", NULL};
	static const struct {
		const char *script, *in, *out, *err;
		int exit_code, signal;
	} rows[] = {
		{"echo hi; echo oops >&2", NULL, "hi\n", "oops\n", 0, 0},
		{"cat; exit 7", "all of it", "all of it", "", 7, 0},
		{"cat", NULL, "", "", 0, 0},
		{"true", "nobody reads this", "", "", 0, 0},
		{"kill -9 $$", NULL, "", "", -1, SIGKILL},
		{"echo \"$VMN_TEST $HOME\"", NULL, "new /nowhere\n", "", 0, 0},
		/* the shell ends, what it started keeps the pipe open */
		{"echo done; sleep 5 & exit 3", NULL, "done\n", "", 3, 0},
	};

	int64_t start = vmn_now_ms();

	(void)state;
	(void)setenv("VMN_TEST", "old", 1);
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_child_result struct vmn_child_result r = VMN_CHILD_RESULT_INIT(1000);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_child_opts opts = {
			.argv = SH(rows[i].script),
			.env = env,
			.in = rows[i].in,
			.in_len = rows[i].in ? strlen(rows[i].in) : 0,
			.deadline_ms = SOON,
		};

		if (vmn_child_run(&opts, &r, &err) < 0)
			fail_msg("%s: %s", rows[i].script, vmn_err_text(&err));
		assert_string_equal(vmn_buf_str(&r.out), rows[i].out);
		assert_string_equal(vmn_buf_str(&r.err), rows[i].err);
		assert_int_equal(r.exit_code, rows[i].exit_code);
		assert_int_equal(r.signal, rows[i].signal);
	}
	assert_true(vmn_now_ms() - start < 5000);
}

static void test_failures(void **state)
{
	static const char *const missing[] = {"/nonexistent/plugin", NULL};
	static const char *const on_path[] = {"vmnetctl-no-such-program", NULL};
	static const char *const directory[] = {"/", NULL};
	const struct {
		const char *const *argv;
		int64_t ms;
		int code;
	} rows[] = {
		{missing, 10000, VMN_E_NOT_FOUND},
		{on_path, 10000, VMN_E_NOT_FOUND},
		{directory, 10000, VMN_E_PERMISSION},
		{SH("exec sleep 60"), 50, VMN_E_TIMEOUT},
		{SH("while :; do echo 0123456789; done"), 10000, VMN_E_RANGE},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_child_result struct vmn_child_result r = VMN_CHILD_RESULT_INIT(1000);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_child_opts opts = {.argv = rows[i].argv,
					      .deadline_ms = vmn_deadline_in(rows[i].ms)};

		assert_int_equal(vmn_child_run(&opts, &r, &err), -rows[i].code);
		assert_non_null(strstr(vmn_err_text(&err), rows[i].argv[0]));
	}
}

/* Descriptors, ignored signals and a blocked mask of ours must not reach the child. */
static void test_nothing_leaks(void **state)
{
	vmn_auto_child_result struct vmn_child_result r = VMN_CHILD_RESULT_INIT(1000);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_child_opts opts = {
		.argv = SH(
			"ls /proc/self/fd | wc -l; while read name mask; do case $name in "
			"SigBlk:|SigIgn:) echo $name $((0x$mask & 0x5000)) ;; esac; done </proc/self/status"),
		.deadline_ms = SOON,
	};
	int leaky = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, as a library might */
	sigset_t mask;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	assert_int_equal(vmn_child_run(&opts, &r, &err), 0);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_UNBLOCK, &mask, NULL);
	(void)close(leaky);
	/* 0 to 2 and the directory that ls reads */
	assert_string_equal(vmn_buf_str(&r.out), "4\nSigBlk: 0\nSigIgn: 0\n");
}

static void ignore(int signum)
{
	(void)signum;
}

static void test_a_signal_interrupts(void **state)
{
	static const char *const scripts[] = {"exec sleep 60", "trap '' TERM; exec sleep 60"};
	int64_t start = vmn_now_ms();

	(void)state;
	(void)signal(SIGALRM, ignore);
	for (size_t i = 0; i < VMN_ARRAY_LEN(scripts); i++) {
		vmn_auto_child_result struct vmn_child_result r = VMN_CHILD_RESULT_INIT(1000);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_child_opts opts = {.argv = SH(scripts[i]), .deadline_ms = VMN_NEVER};

		(void)alarm(1);
		assert_int_equal(vmn_child_run(&opts, &r, &err), -VMN_E_CANCELLED);
		assert_int_equal(r.signal, i == 0 ? SIGTERM : SIGKILL);
	}
	assert_true(vmn_now_ms() - start < 30000);
}

/* A handler's word that came before we waited. */
static void test_a_readable_descriptor_interrupts(void **state)
{
	vmn_auto_child_result struct vmn_child_result r = VMN_CHILD_RESULT_INIT(1000);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_child_opts opts = {
		.argv = SH("exec sleep 60"),
		.deadline_ms = SOON,
		.stop_fd = eventfd(1, EFD_CLOEXEC),
	};

	(void)state;
	assert_int_equal(vmn_child_run(&opts, &r, &err), -VMN_E_CANCELLED);
	(void)close(opts.stop_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_status),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_nothing_leaks),
		cmocka_unit_test(test_a_signal_interrupts),
		cmocka_unit_test(test_a_readable_descriptor_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
