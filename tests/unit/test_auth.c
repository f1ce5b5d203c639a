/* SPDX-License-Identifier: Apache-2.0 */
/* test_auth.c - credentials: token files that rotate, exec plugins that are shell scripts */
#include "config.h"

#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/kube/auth.h"
#include "lib/kube/exec.h"
#include "tests/unit/unit.h"

#define CERT "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n"
#define V1 "client.authentication.k8s.io/v1"
#define V1BETA1 "client.authentication.k8s.io/v1beta1"

static char dir[] = "/tmp/test_auth.XXXXXX";

static char *put_file(const char *name, const char *text, mode_t mode)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	char *path = vmn_path_join(dir, name);

	if (vmn_file_write(path, text, strlen(text), mode, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	return path;
}

static char *read_back(const char *name)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_free char *path = vmn_path_join(dir, name);
	struct vmn_buf text = VMN_BUF_INIT(1 << 20);

	if (vmn_file_read(path, &text, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	return vmn_buf_steal(&text);
}

/* --- fixed credentials ---------------------------------------------------------------- */

static void test_precedence(void **state)
{
	vmn_auto_free char *file = put_file("tok", "\n from-file \n", 0600);
	vmn_auto_json struct json_object *exec =
		vmn_json_build("{\"apiVersion\":%s,\"command\":\"/nonexistent\"}", V1BETA1);
	const struct {
		struct vmn_kube_auth_spec spec;
		const char *authorization;
		bool has_cert;
	} rows[] = {
		{{0}, NULL, false},
		{{.token = "t"}, "Bearer t", false},
		{{.token = " t\n"}, "Bearer t", false},
		{{.token_file = file}, "Bearer from-file", false},
		{{.token = "t", .token_file = file}, "Bearer from-file", false},
		{{.token = "t", .token_file = "/nonexistent"}, "Bearer t", false},
		{{.username = "admin", .password = "s3:cret"}, "Basic YWRtaW46czM6Y3JldA==", false},
		{{.username = "admin"}, "Basic YWRtaW46", false},
		{{.cert_pem = CERT, .key_pem = KEY}, NULL, true},
		{{.token = "t", .cert_pem = CERT, .key_pem = KEY}, "Bearer t", true},
		/* a plugin is not run when there is something else */
		{{.token = "t", .exec = exec}, "Bearer t", false},
		{{.cert_pem = CERT, .key_pem = KEY, .exec = exec}, NULL, true},
		{{.username = "u", .exec = exec}, "Basic dTo=", false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_kube_auth *a = NULL;
		struct vmn_kube_cred cred;

		if (vmn_kube_auth_new(&rows[i].spec, &a, &err) < 0 ||
		    vmn_kube_auth_get(a, &cred, &err) < 0)
			fail_msg("row %zu: %s", i, vmn_err_text(&err));
		if (!vmn_streq(cred.authorization, rows[i].authorization))
			fail_msg("row %zu: %s", i, cred.authorization);
		assert_int_equal(cred.cert_pem != NULL, rows[i].has_cert);
		assert_false(vmn_kube_auth_rejected(a, cred.serial));
		vmn_kube_auth_free(a);
	}
}

static void test_refusals(void **state)
{
	vmn_auto_free char *empty = put_file("empty", " \n", 0600);
	vmn_auto_json struct json_object *bare = unit_json("{}");
	vmn_auto_json struct json_object *alpha = unit_json(
		"{\"apiVersion\":\"client.authentication.k8s.io/v1alpha1\",\"command\":\"x\"}");
	vmn_auto_json struct json_object *no_mode =
		vmn_json_build("{\"apiVersion\":%s,\"command\":\"x\"}", V1);
	vmn_auto_json struct json_object *odd_mode = vmn_json_build(
		"{\"apiVersion\":%s,\"command\":\"x\",\"interactiveMode\":\"Sometimes\"}", V1BETA1);
	vmn_auto_json struct json_object *no_command =
		vmn_json_build("{\"apiVersion\":%s}", V1BETA1);
	vmn_auto_json struct json_object *odd_env = vmn_json_build(
		"{\"apiVersion\":%s,\"command\":\"x\",\"env\":[{\"name\":\"A=B\"}]}", V1BETA1);
	const struct {
		struct vmn_kube_auth_spec spec;
		const char *why, *hint;
	} rows[] = {
		{{.what = "user 'u'", .token = "t", .username = "u"},
		 "user 'u' has both a token and a user name",
		 NULL},
		{{.what = "user 'u'", .token = "a\r\nX-Evil: 1"},
		 "user 'u': the token holds a control character",
		 NULL},
		{{.what = "user 'u'", .token_file = "/nonexistent"},
		 "token file '/nonexistent' of user 'u': cannot open",
		 NULL},
		{{.token_file = empty}, "of the user: the token is empty", NULL},
		{{.exec = bare}, "exec plugin without apiVersion", NULL},
		{{.exec = alpha}, "unknown apiVersion", "v1alpha1 was removed"},
		{{.exec = no_mode}, "without interactiveMode", "Never, IfAvailable or Always"},
		{{.exec = odd_mode}, "unknown interactiveMode 'Sometimes'", NULL},
		{{.exec = no_command}, "without command", NULL},
		{{.exec = odd_env}, "malformed name in env", NULL},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_kube_auth *a = NULL;

		assert_true(vmn_kube_auth_new(&rows[i].spec, &a, &err) < 0);
		if (!strstr(vmn_err_text(&err), rows[i].why))
			fail_msg("row %zu: '%s' lacks '%s'", i, vmn_err_text(&err), rows[i].why);
		if (rows[i].hint && !strstr(err.hint, rows[i].hint))
			fail_msg("row %zu: hint '%s'", i, err.hint);
	}
}

static void test_token_file_rotates(void **state)
{
	vmn_auto_free char *path = put_file("rotating", "one\n", 0600);
	struct vmn_kube_auth_spec spec = {.token_file = path};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_kube_auth *a = NULL;
	struct vmn_kube_cred cred;
	uint64_t old;

	(void)state;
	assert_int_equal(vmn_kube_auth_new(&spec, &a, &err), 0);
	assert_int_equal(vmn_kube_auth_get(a, &cred, &err), 0);
	assert_string_equal(cred.authorization, "Bearer one");
	/* a 401 with the same file on disk is final */
	assert_false(vmn_kube_auth_rejected(a, cred.serial));
	free(put_file("rotating", "two\n", 0600));
	assert_int_equal(vmn_kube_auth_get(a, &cred, &err), 0);
	assert_string_equal(cred.authorization, "Bearer one"); /* not due for a minute */
	old = cred.serial;
	assert_true(vmn_kube_auth_rejected(a, old));
	/* so is the 401 of another request that was under way with the old token */
	assert_true(vmn_kube_auth_rejected(a, old));
	assert_int_equal(vmn_kube_auth_get(a, &cred, &err), 0);
	assert_string_equal(cred.authorization, "Bearer two");
	/* the file's absence for a moment does not take the token away */
	(void)unlink(path);
	assert_false(vmn_kube_auth_rejected(a, cred.serial));
	assert_int_equal(vmn_kube_auth_get(a, &cred, &err), 0);
	assert_string_equal(cred.authorization, "Bearer two");
	vmn_kube_auth_free(a);
}

/* --- replies -------------------------------------------------------------------------- */

#define REPLY(version, status)                                                                     \
	"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" version "\",\"status\":" status "}"
#define CERT_JSON "-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n"
#define KEY_JSON "-----BEGIN PRIVATE KEY-----\\nMIIB\\n-----END PRIVATE KEY-----\\n"

static void test_replies(void **state)
{
	static const struct {
		const char *text;
		const char *why; /* NULL: fine */
		const char *token;
		bool has_cert;
		int64_t expires;
	} rows[] = {
		{REPLY(V1, "{\"token\":\"abc\"}"), NULL, "abc", false, 0},
		{REPLY(V1, "{\"token\":\"abc\",\"expirationTimestamp\":\"2026-11-21T10:00:00Z\"}"),
		 NULL, "abc", false, 1795255200},
		{REPLY(V1, "{\"token\":\"abc\",\"expirationTimestamp\":null}"), NULL, "abc", false,
		 0},
		{REPLY(V1, "{\"clientCertificateData\":\"" CERT_JSON
			   "\",\"clientKeyData\":\"" KEY_JSON "\"}"),
		 NULL, NULL, true, 0},
		{REPLY(V1, "{\"token\":\"t\",\"clientCertificateData\":\"" CERT_JSON
			   "\",\"clientKeyData\":\"" KEY_JSON "\"}"),
		 NULL, "t", true, 0},
		{"", "its reply: not JSON", NULL, false, 0},
		{"Please log in\n", "its reply: not JSON", NULL, false, 0},
		{REPLY(V1, "{\"token\":\"abc\"}") "x", "its reply: not JSON", NULL, false, 0},
		{"[]", "not an ExecCredential", NULL, false, 0},
		{"{\"kind\":\"Secret\",\"apiVersion\":\"" V1 "\"}", "not an ExecCredential", NULL,
		 false, 0},
		{REPLY(V1BETA1, "{\"token\":\"abc\"}"), "asked for API version " V1, NULL, false,
		 0},
		{"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\"}", "no status", NULL,
		 false, 0},
		{REPLY(V1, "null"), "no status", NULL, false, 0},
		{REPLY(V1, "[]"), "no status", NULL, false, 0},
		{REPLY(V1, "{}"), "neither a token nor a certificate", NULL, false, 0},
		{REPLY(V1, "{\"token\":\"\"}"), "neither a token nor a certificate", NULL, false,
		 0},
		{REPLY(V1, "{\"token\":7}"), "neither a token nor a certificate", NULL, false, 0},
		{REPLY(V1, "{\"clientCertificateData\":\"" CERT_JSON "\"}"), "only one of", NULL,
		 false, 0},
		{REPLY(V1, "{\"token\":\"t\",\"clientKeyData\":\"" KEY_JSON "\"}"), "only one of",
		 NULL, false, 0},
		{REPLY(V1, "{\"clientCertificateData\":\"x\",\"clientKeyData\":\"y\"}"),
		 "the certificate in its reply holds no certificate", NULL, false, 0},
		{REPLY(V1, "{\"token\":\"t\",\"expirationTimestamp\":\"tomorrow\"}"), "not a time",
		 NULL, false, 0},
		{REPLY(V1, "{\"token\":\"t\",\"expirationTimestamp\":1}"), "not a time", NULL,
		 false, 0},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_exec_cred struct vmn_exec_cred c = {0};
		int rc = vmn_exec_reply(rows[i].text, strlen(rows[i].text), V1, &c, &err);

		if (rows[i].why) {
			assert_int_equal(rc, -VMN_E_AUTH);
			if (!strstr(vmn_err_text(&err), rows[i].why))
				fail_msg("row %zu: '%s' lacks '%s'", i, vmn_err_text(&err),
					 rows[i].why);
			assert_null(strstr(vmn_err_text(&err), "abc")); /* no secrets in messages */
			continue;
		}
		if (rc < 0)
			fail_msg("row %zu: %s", i, vmn_err_text(&err));
		assert_true(vmn_streq(c.token, rows[i].token));
		assert_int_equal(c.cert_pem != NULL, rows[i].has_cert);
		assert_int_equal(c.has_expiry ? c.expires_utc : 0, rows[i].expires);
	}
}

/* --- plugins -------------------------------------------------------------------------- */

/* A kubeconfig's exec mapping whose command is a script; each run adds a line to the file "runs".
 */
static struct json_object *plugin(const char *version, const char *script)
{
	vmn_auto_free char *text =
		vmn_xasprintf("#!/bin/sh\ncd '%s'\necho run >>runs\n%s\n", dir, script);
	vmn_auto_free char *path = put_file("plugin", text, 0700);
	vmn_auto_free char *runs = vmn_path_join(dir, "runs");

	(void)unlink(runs);
	return vmn_json_build(
		"{\"apiVersion\":%s,\"command\":%s,\"args\":[\"a b\",\"--x\"],"
		"\"interactiveMode\":\"Never\","
		"\"env\":[{\"name\":\"WHO\",\"value\":\"me\"},{\"name\":\"HOME\",\"value\":\"/h\"}]}",
		version, path);
}

static int run_count(void)
{
	vmn_auto_free char *runs = read_back("runs");

	return (int)(strlen(runs) / strlen("run\n"));
}

static struct vmn_kube_auth *auth_with(struct json_object *exec, int64_t timeout_ms)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *config = unit_json("{\"audience\":\"x\"}");
	struct vmn_kube_auth_spec spec = {
		.what = "user 'u'",
		.exec = exec,
		.exec_timeout_ms = timeout_ms,
		.cluster = {.server = "https://s", .ca_pem = "PEM", .config = config},
	};
	struct vmn_kube_auth *a = NULL;

	if (vmn_kube_auth_new(&spec, &a, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	return a;
}

static void test_plugin_is_asked_once(void **state)
{
	static const char *const versions[] = {V1, V1BETA1};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(versions); i++) {
		vmn_auto_free char *script =
			vmn_xasprintf("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"%s\","
				      "\"status\":{\"token\":\"tok\"}}'",
				      versions[i]);
		vmn_auto_json struct json_object *exec = plugin(versions[i], script);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_kube_auth *a = auth_with(exec, 0);
		struct vmn_kube_cred cred;
		uint64_t old;

		for (int k = 0; k < 3; k++) {
			if (vmn_kube_auth_get(a, &cred, &err) < 0)
				fail_msg("%s", vmn_err_text(&err));
			assert_string_equal(cred.authorization, "Bearer tok");
		}
		assert_int_equal(run_count(), 1);
		old = cred.serial;
		for (int k = 0; k < 3; k++) { /* requests that were under way together */
			assert_true(vmn_kube_auth_rejected(a, old));
			assert_int_equal(vmn_kube_auth_get(a, &cred, &err), 0);
		}
		assert_int_equal(run_count(), 2);
		assert_false(vmn_kube_auth_rejected(a, cred.serial)); /* the new one is no better */
		vmn_kube_auth_free(a);
	}
}

static void test_plugin_that_fails_is_asked_once(void **state)
{
	vmn_auto_json struct json_object *exec = plugin(V1, "exit 3");
	struct vmn_kube_auth *a = auth_with(exec, 0);

	(void)state;
	for (int k = 0; k < 3; k++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_kube_cred cred;

		assert_int_equal(vmn_kube_auth_get(a, &cred, &err), -VMN_E_AUTH);
		assert_non_null(strstr(vmn_err_text(&err), "exit status 3"));
	}
	assert_int_equal(run_count(), 1);
	vmn_kube_auth_free(a);
}

static void test_plugin_expiry(void **state)
{
	static const struct {
		int64_t seconds; /* that a reply lasts from now */
		int runs;	 /* for three requests in a row */
	} rows[] = {{3600, 1}, {60, 1}, {-10, 3}, {0, 3}};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		char when[32];
		vmn_auto_free char *script = vmn_xasprintf(
			"echo '" REPLY(V1,
				       "{\"token\":\"tok\",\"expirationTimestamp\":\"%s\"}") "'",
			vmn_rfc3339_format(vmn_utc_now() + rows[i].seconds, when, sizeof(when)));
		vmn_auto_json struct json_object *exec = plugin(V1, script);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_kube_auth *a = auth_with(exec, 0);
		struct vmn_kube_cred cred;

		for (int k = 0; k < 3; k++)
			assert_int_equal(vmn_kube_auth_get(a, &cred, &err), 0);
		if (run_count() != rows[i].runs)
			fail_msg("%d s: %d runs", (int)rows[i].seconds, run_count());
		vmn_kube_auth_free(a);
	}
}

static void test_certificates_that_change(void **state)
{
	vmn_auto_json struct json_object *exec = plugin(
		V1, "n=$(wc -l <runs)\n"
		    "printf '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\",\"status\":"
		    "{\"expirationTimestamp\":\"2000-01-01T00:00:00Z\"," /* asked each time */
		    "\"clientCertificateData\":\"-----BEGIN CERTIFICATE-----\\\\n%s\",'"
		    " $((n / 3))\n"
		    "echo '\"clientKeyData\":\"" KEY_JSON "\"}}'");
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_kube_auth *a = auth_with(exec, 0);
	struct vmn_kube_cred cred;
	uint64_t serial;

	(void)state;
	if (vmn_kube_auth_get(a, &cred, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	assert_null(cred.authorization);
	assert_non_null(cred.key_pem);
	serial = cred.cert_serial;
	assert_int_equal(vmn_kube_auth_get(a, &cred, &err), 0);
	assert_int_equal(cred.cert_serial, serial); /* the same certificate: connections may stay */
	assert_int_equal(vmn_kube_auth_get(a, &cred, &err), 0);
	assert_int_equal(cred.cert_serial, serial + 1);
	vmn_kube_auth_free(a);
}

static void test_what_a_plugin_is_told(void **state)
{
	static const char script[] = "printf '%s|' \"$@\" \"$WHO\" \"$HOME\" >told\n"
				     "cat >>told\n" /* an empty stdin */
				     "printf '%s' \"$KUBERNETES_EXEC_INFO\" >info\n"
				     "echo '" REPLY(V1, "{\"token\":\"tok\"}") "'";
	static const char bare_info[] = "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
					"\",\"spec\":{\"interactive\":false}}";
	static const char full_info[] =
		"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\",\"spec\":{\"cluster\":"
		"{\"server\":\"https://s\",\"certificate-authority-data\":\"UEVN\","
		"\"config\":{\"audience\":\"x\"}},\"interactive\":false}}";

	(void)state;
	for (int provide = 0; provide < 2; provide++) {
		vmn_auto_json struct json_object *exec = plugin(V1, script);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_free char *told = NULL, *info = NULL;
		struct vmn_kube_auth *a;
		struct vmn_kube_cred cred;

		vmn_json_set_bool(exec, "provideClusterInfo", provide);
		a = auth_with(exec, 0);
		if (vmn_kube_auth_get(a, &cred, &err) < 0)
			fail_msg("%s", vmn_err_text(&err));
		vmn_kube_auth_free(a);
		told = read_back("told");
		info = read_back("info");
		assert_string_equal(told, "a b|--x|me|/h|");
		assert_string_equal(info, provide ? full_info : bare_info);
	}
}

static void test_plugins_that_fail(void **state)
{
	static const struct {
		const char *script;
		int code;
		const char *why;
	} rows[] = {
		{"exit 3", VMN_E_AUTH, "failed with exit status 3"},
		{"kill -9 $$", VMN_E_AUTH, "ended by signal 9"},
		{"echo nonsense", VMN_E_AUTH, "its reply: not JSON"},
		{"while :; do echo 0123456789abcdef0123456789abcdef; done", VMN_E_AUTH,
		 "printed more than"},
		{"exec sleep 60", VMN_E_TIMEOUT, "did not end in time"},
		{"echo '" REPLY(V1, "{\"token\":\"a\\nb\"}") "'", VMN_E_AUTH, "control character"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_json struct json_object *exec = plugin(V1, rows[i].script);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_kube_auth *a =
			auth_with(exec, rows[i].code == VMN_E_TIMEOUT ? 50 : 10000);
		struct vmn_kube_cred cred;

		assert_int_equal(vmn_kube_auth_get(a, &cred, &err), -rows[i].code);
		if (!strstr(vmn_err_text(&err), rows[i].why) ||
		    !strstr(vmn_err_text(&err), "/plugin'"))
			fail_msg("%s: %s", rows[i].script, vmn_err_text(&err));
		vmn_kube_auth_free(a);
	}
}

static void test_missing_plugin(void **state)
{
	static const char *const hints[] = {NULL, "brew install kubelogin"};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(hints); i++) {
		vmn_auto_json struct json_object *exec = vmn_json_build(
			"{\"apiVersion\":%s,\"command\":\"vmnetctl-no-such-plugin\"}", V1BETA1);
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_kube_auth *a;
		struct vmn_kube_cred cred;

		if (hints[i])
			vmn_json_set_str(exec, "installHint", hints[i]);
		a = auth_with(exec, 0);
		assert_int_equal(vmn_kube_auth_get(a, &cred, &err), -VMN_E_AUTH);
		assert_non_null(strstr(vmn_err_text(&err), "cannot run 'vmnetctl-no-such-plugin'"));
		assert_string_equal(err.hint, hints[i] ? hints[i]
						       : "install the credential plugin that the "
							 "kubeconfig names");
		vmn_kube_auth_free(a);
	}
}

/* The tests' stdin is no terminal. */
static void test_interactive_mode(void **state)
{
	vmn_auto_json struct json_object *exec = plugin(V1, "exit 1");
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_kube_auth *a;
	struct vmn_kube_cred cred;

	(void)state;
	vmn_json_set_str(exec, "interactiveMode", "Always");
	a = auth_with(exec, 0);
	assert_int_equal(vmn_kube_auth_get(a, &cred, &err), -VMN_E_AUTH);
	assert_non_null(strstr(vmn_err_text(&err), "stdin is not a terminal"));
	vmn_kube_auth_free(a);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) && freopen("/dev/null", "r", stdin) ? 0 : -1;
}

static int remove_dir(void **state)
{
	vmn_auto_free char *command = vmn_xasprintf("rm -rf '%s'", dir);

	(void)state;
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_token_file_rotates),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_plugin_is_asked_once),
		cmocka_unit_test(test_plugin_that_fails_is_asked_once),
		cmocka_unit_test(test_plugin_expiry),
		cmocka_unit_test(test_certificates_that_change),
		cmocka_unit_test(test_what_a_plugin_is_told),
		cmocka_unit_test(test_plugins_that_fail),
		cmocka_unit_test(test_missing_plugin),
		cmocka_unit_test(test_interactive_mode),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
