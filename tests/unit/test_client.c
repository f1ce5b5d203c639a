/* SPDX-License-Identifier: Apache-2.0 */
/* lib/kube's wire half, as far as it needs no server. */
#include "config.h"

#include <errno.h>

#include "lib/base/clock.h"
#include "lib/kube/auth.h"
#include "lib/kube/client.h"
#include "lib/kube/discovery.h"
#include "lib/kube/endpoint.h"
#include "lib/kube/fail.h"
#include "lib/kube/kubeconfig.h"
#include "lib/kube/path.h"
#include "lib/kube/retry.h"
#include "lib/kube/status.h"
#include "lib/kube/trace.h"
#include "lib/kube/warning.h"
#include "tests/unit/unit.h"

/* --- path.h --------------------------------------------------------------------------- */

static void test_paths_are_escaped(void **state)
{
	static const struct {
		const struct vmn_gvr *gvr;
		const char *ns, *name, *sub, *path;
	} rows[] = {
		{&vmn_gvr_vm, "default", "web-1", "addinterface",
		 "/apis/kubevirt.io/v1/namespaces/default/virtualmachines/web-1/addinterface"},
		{&vmn_gvr_pod, NULL, NULL, NULL, "/api/v1/pods"},
		{&vmn_gvr_node, NULL, "n 1", NULL, "/api/v1/nodes/n%201"},
		{&vmn_gvr_nad, "a/b", "?#%", NULL,
		 "/apis/k8s.cni.cncf.io/v1/namespaces/a%2Fb/network-attachment-definitions/"
		 "%3F%23%25"},
		{&vmn_gvr_namespace, NULL, "..", NULL, "/api/v1/namespaces/%2E%2E"},
		{&vmn_gvr_pod, ".", "...", NULL, "/api/v1/namespaces/%2E/pods/..."},
		{&vmn_gvr_pod, "x", "\xc3\xa4\n", NULL, "/api/v1/namespaces/x/pods/%C3%A4%0A"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_free char *path =
			vmn_kube_path(rows[i].gvr, rows[i].ns, rows[i].name, rows[i].sub);

		assert_string_equal(path, rows[i].path);
	}
}

static void test_queries_are_escaped(void **state)
{
	vmn_auto_free char *path = vmn_xstrdup("/api/v1/pods");

	(void)state;
	vmn_kube_path_query(&path, "labelSelector", "a in (b,c)&d=e");
	vmn_kube_path_query(&path, "limit", "5");
	assert_string_equal(path,
			    "/api/v1/pods?labelSelector=a%20in%20%28b%2Cc%29%26d%3De&limit=5");
}

/* --- status.h ------------------------------------------------------------------------- */

static void test_status_becomes_an_error(void **state)
{
	static const struct {
		int http;
		const char *body;
		enum vmn_code code;
		const char *reason, *msg, *causes;
	} rows[] = {
		{404,
		 "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"message\":\"virtualmachine."
		 "kubevirt.io "
		 "\\\"x\\\" not found\",\"code\":404}",
		 VMN_E_NOT_FOUND, "NotFound",
		 "Error from server (NotFound): virtualmachine.kubevirt.io \"x\" not found", NULL},
		{404,
		 "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"no "
		 "kind\",\"reason\":\"NotFound\"}",
		 VMN_E_NOT_FOUND, "NotFound", "Error from server (NotFound): no kind", NULL},
		{404, "404: Page Not Found\n", VMN_E_NOT_FOUND, "NotFound",
		 "Error from server (NotFound): 404: Page Not Found", NULL},
		{406, "406: Not Acceptable\n\nAvailable representations: ", VMN_E_UNSUPPORTED,
		 "NotAcceptable",
		 "Error from server (NotAcceptable): 406: Not Acceptable Available "
		 "representations:",
		 NULL},
		{405, "", VMN_E_UNSUPPORTED, "MethodNotAllowed",
		 "Error from server (MethodNotAllowed): the resource does not take this method",
		 NULL},
		{503, "service unavailable\n", VMN_E_SERVER, "ServiceUnavailable",
		 "Error from server (ServiceUnavailable): service unavailable", NULL},
		{409, "{\"kind\":\"Status\",\"reason\":\"AlreadyExists\",\"message\":\"m\"}",
		 VMN_E_EXISTS, "AlreadyExists", "Error from server (AlreadyExists): m", NULL},
		{409, "{\"kind\":\"Status\",\"reason\":\"Conflict\",\"message\":\"m\"}",
		 VMN_E_CONFLICT, "Conflict", "Error from server (Conflict): m", NULL},
		{422,
		 "{\"kind\":\"Status\",\"reason\":\"Invalid\",\"message\":\"m\",\"details\":{"
		 "\"causes\":["
		 "{\"field\":\"spec.a\",\"message\":\"two\\nlines\"},{\"message\":\"n\"},{},7]}}",
		 VMN_E_INVALID, "Invalid", "Error from server (Invalid): m",
		 "spec.a: two lines\nn"},
		{401,
		 "{\"kind\":\"Status\",\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\"}",
		 VMN_E_AUTH, "Unauthorized", "Error from server (Unauthorized): Unauthorized",
		 NULL},
		{410, "{\"kind\":\"Status\",\"reason\":\"Expired\",\"message\":\"old\"}",
		 VMN_E_CONFLICT, "Expired", "Error from server (Expired): old", NULL},
		{500, "{\"kind\":\"Status\",\"message\":\"no reason\"}", VMN_E_SERVER,
		 "InternalError", "Error from server (InternalError): no reason", NULL},
		{502, "<!DOCTYPE html><html><head>\n<title>502\n Bad</title>", VMN_E_SERVER,
		 "BadGateway", "Error from server (BadGateway): 502 Bad", NULL},
		{502, "<html><body>x</body>", VMN_E_SERVER, "BadGateway",
		 "Error from server (BadGateway): a gateway got no good answer from the server",
		 NULL},
		{500, "\x01\x02", VMN_E_SERVER, "InternalError",
		 "Error from server (InternalError): the server failed", NULL},
		{500, "caf\xc3\xa9", VMN_E_SERVER, "InternalError",
		 "Error from server (InternalError): caf??", NULL},
		{418, "short and stout", VMN_E_INVALID, NULL, "Error from server: short and stout",
		 NULL},
		{302, "moved", VMN_E_PROTOCOL, NULL,
		 "Error from server: the server points to another address, which is not followed",
		 NULL},
		{500, "{\"error\":\"x\"}", VMN_E_SERVER, "InternalError",
		 "Error from server (InternalError): the server failed", NULL},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		int rc = vmn_status_to_err(rows[i].http, rows[i].body, strlen(rows[i].body), &err);

		assert_int_equal(rc, -(int)rows[i].code);
		assert_int_equal(err.http, rows[i].http);
		assert_string_equal(vmn_err_text(&err), rows[i].msg);
		assert_true(vmn_streq(err.reason, rows[i].reason));
		assert_true(vmn_streq(err.causes, rows[i].causes));
	}
}

static void test_an_error_becomes_status(void **state)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT, local = VMN_ERR_INIT;
	vmn_auto_json struct json_object *status = NULL, *other = NULL;

	(void)state;
	(void)vmn_status_to_err(422, "x", 1, &err);
	err.causes = vmn_xstrdup("spec.a: m\nn");
	(void)vmn_err_hint(&err, "do this");
	status = vmn_err_to_status(&err);
	assert_string_equal(vmn_json_text(status),
			    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
			    "\"status\":\"Failure\",\"message\":\"Error from server (Invalid): x\","
			    "\"reason\":\"Invalid\",\"details\":{\"causes\":[{\"message\":\"m\","
			    "\"field\":\"spec.a\"},{\"message\":\"n\"}],\"hint\":\"do this\"},"
			    "\"code\":422}");
	(void)vmn_err_set(&local, VMN_E_UNREACHABLE, "no");
	other = vmn_err_to_status(&local);
	assert_string_equal(vmn_json_str(other, "/reason"), "Unreachable");
	assert_null(vmn_json_get(other, "/code"));
}

/* --- retry.h -------------------------------------------------------------------------- */

static void test_only_safe_things_are_retried(void **state)
{
	static const struct {
		struct vmn_retry_facts facts;
		int64_t least, most; /* of the delay; -1: none */
	} rows[] = {
		{{"PUT", VMN_FATE_ANSWERED, 200, -1, 1, -1, false, false, 0}, -1, -1},
		{{"PUT", VMN_FATE_ANSWERED, 429, 2000, 1, -1, false, false, 7}, 2000, 2300},
		{{"PUT", VMN_FATE_ANSWERED, 429, -1, 1, -1, false, false, 7}, 1000, 1175},
		{{"PUT", VMN_FATE_ANSWERED, 429, 2000, 1, 1500, false, false, 0}, -1, -1},
		{{"PUT", VMN_FATE_ANSWERED, 429, 2000, 10, -1, false, false, 0}, -1, -1},
		{{"PUT", VMN_FATE_ANSWERED, 429, 2000, 1, -1, true, false, 0}, -1, -1},
		{{"GET", VMN_FATE_ANSWERED, 503, -1, 1, -1, false, false, 0}, -1, -1},
		{{"PUT", VMN_FATE_ANSWERED, 503, 0, 1, -1, false, false, 49}, 0, 49},
		{{"GET", VMN_FATE_ANSWERED, 500, 1000, 1, -1, false, false, 0}, -1, -1},
		{{"PUT", VMN_FATE_ANSWERED, 409, -1, 1, -1, false, false, 0}, -1, -1},
		{{"PUT", VMN_FATE_UNSENT, 0, -1, 1, -1, false, false, 0}, 50, 100},
		{{"PUT", VMN_FATE_UNSENT, 0, -1, 5, -1, true, false, 3}, 800, 1600},
		{{"PUT", VMN_FATE_UNSENT, 0, -1, 6, -1, false, false, 0}, -1, -1},
		{{"PUT", VMN_FATE_BROKEN, 0, -1, 1, -1, false, false, 0}, -1, -1},
		{{"DELETE", VMN_FATE_BROKEN, 0, -1, 1, -1, false, false, 0}, -1, -1},
		{{"GET", VMN_FATE_BROKEN, 0, -1, 1, -1, false, false, 0}, 50, 100},
		{{"GET", VMN_FATE_BROKEN, 0, -1, 3, -1, false, false, 0}, -1, -1},
		{{"GET", VMN_FATE_BROKEN, 200, -1, 1, -1, false, true, 0}, -1, -1},
		{{"GET", VMN_FATE_LOST, 0, -1, 1, -1, false, false, 0}, -1, -1},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		int64_t delay = vmn_retry_delay(&rows[i].facts);

		if (delay < rows[i].least || delay > rows[i].most)
			fail_msg("row %zu: %lld", i, (long long)delay);
	}
}

static void test_backoff_grows_to_its_limit(void **state)
{
	(void)state;
	assert_int_equal(vmn_backoff_ms(1, 200, 30000, 0), 100);
	assert_int_equal(vmn_backoff_ms(1, 200, 30000, 100), 200);
	assert_int_equal(vmn_backoff_ms(4, 200, 30000, 0), 800);
	for (uint32_t r = 0; r < 100000; r += 997)
		assert_in_range(vmn_backoff_ms(4000000000u, 200, 30000, r), 15000, 30000);
}

static void test_retry_after_is_seconds_or_a_date(void **state)
{
	(void)state;
	assert_int_equal(vmn_retry_after_ms("3", 0), 3000);
	assert_int_equal(vmn_retry_after_ms("0", 0), 0);
	assert_int_equal(vmn_retry_after_ms("-1", 0), -1);
	assert_int_equal(vmn_retry_after_ms("soon", 0), -1);
	assert_int_equal(vmn_retry_after_ms("", 0), -1);
	assert_int_equal(vmn_retry_after_ms("99999999999999999999", 0), -1);
	assert_int_equal(vmn_retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT", 784111775), 2000);
	assert_int_equal(vmn_retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT", 800000000), 0);
}

/* --- fail.h --------------------------------------------------------------------------- */

static void test_failures_have_words(void **state)
{
	static const struct vmn_endpoint direct = {
		.shown = (char *)"h:1", .verified = (char *)"h", .is_tls = true};
	static const struct {
		struct vmn_curl_fail fail;
		enum vmn_fate fate;
		enum vmn_code code;
		const char *text, *hint; /* parts */
	} rows[] = {
		{{.curl = CURLE_COULDNT_CONNECT, .sys = ECONNREFUSED},
		 VMN_FATE_UNSENT,
		 VMN_E_UNREACHABLE,
		 "cannot connect to h:1: Connection refused",
		 "running"},
		{{.curl = CURLE_COULDNT_RESOLVE_HOST},
		 VMN_FATE_LOST,
		 VMN_E_UNREACHABLE,
		 "cannot find the address of server h:1",
		 "name"},
		{{.curl = CURLE_OPERATION_TIMEDOUT},
		 VMN_FATE_LOST,
		 VMN_E_UNREACHABLE,
		 "cannot connect to h:1 in time",
		 "firewall"},
		{{.curl = CURLE_OPERATION_TIMEDOUT, .is_late = true},
		 VMN_FATE_LOST,
		 VMN_E_TIMEOUT,
		 "cannot connect to h:1 in time",
		 "firewall"},
		{{.curl = CURLE_OPERATION_TIMEDOUT, .method = "PUT", .was_sent = true},
		 VMN_FATE_LOST,
		 VMN_E_TIMEOUT,
		 "did not answer in time",
		 "may have done it"},
		{{.curl = CURLE_PEER_FAILED_VERIFICATION, .verify = 10},
		 VMN_FATE_LOST,
		 VMN_E_UNREACHABLE,
		 "has expired",
		 "renew"},
		{{.curl = CURLE_PEER_FAILED_VERIFICATION, .verify = 20, .has_ca = true},
		 VMN_FATE_LOST,
		 VMN_E_UNREACHABLE,
		 "not by the kubeconfig's CA",
		 "another cluster"},
		{{.curl = CURLE_PEER_FAILED_VERIFICATION, .verify = 18},
		 VMN_FATE_LOST,
		 VMN_E_UNREACHABLE,
		 "not by one of the system's CAs",
		 "certificate-authority"},
		{{.curl = CURLE_PEER_FAILED_VERIFICATION,
		  .text = "SSL: no alternative certificate subject name matches target host name "
			  "'h'"},
		 VMN_FATE_LOST,
		 VMN_E_UNREACHABLE,
		 "is not for 'h'",
		 "tls-server-name"},
		{{.curl = CURLE_SSL_CONNECT_ERROR, .text = "ssl3_get_record:wrong version number"},
		 VMN_FATE_LOST,
		 VMN_E_UNREACHABLE,
		 "does not speak TLS",
		 "http://"},
		{{.curl = CURLE_SSL_CONNECT_ERROR, .sys = ECONNRESET},
		 VMN_FATE_UNSENT,
		 VMN_E_UNREACHABLE,
		 "cannot set up TLS",
		 NULL},
		{{.curl = CURLE_RECV_ERROR, .text = "tlsv13 alert certificate required"},
		 VMN_FATE_LOST,
		 VMN_E_UNREACHABLE,
		 "broke off the TLS handshake",
		 "client certificate"},
		{{.curl = CURLE_GOT_NOTHING, .method = "PUT", .was_sent = true},
		 VMN_FATE_BROKEN,
		 VMN_E_UNREACHABLE,
		 "broke before the answer",
		 "may have done it"},
		{{.curl = CURLE_ABORTED_BY_CALLBACK, .method = "PUT", .was_sent = true},
		 VMN_FATE_BROKEN,
		 VMN_E_UNREACHABLE,
		 "broke before the answer",
		 "may have done it"},
		{{.curl = CURLE_RECV_ERROR, .method = "GET", .was_sent = true},
		 VMN_FATE_BROKEN,
		 VMN_E_UNREACHABLE,
		 "broke before the answer",
		 NULL},
		{{.curl = CURLE_SSL_CERTPROBLEM},
		 VMN_FATE_LOST,
		 VMN_E_CONFIG,
		 "client certificate",
		 "PEM"},
		{{.curl = CURLE_SSL_CACERT_BADFILE, .has_ca = true},
		 VMN_FATE_LOST,
		 VMN_E_CONFIG,
		 "certificate-authority is not",
		 NULL},
		{{.curl = CURLE_SSL_CACERT_BADFILE},
		 VMN_FATE_LOST,
		 VMN_E_CONFIG,
		 "no CA certificates",
		 "ca-certificates"},
		{{.curl = CURLE_BAD_CONTENT_ENCODING},
		 VMN_FATE_LOST,
		 VMN_E_PROTOCOL,
		 "decompress",
		 NULL},
		{{.curl = CURLE_OUT_OF_MEMORY}, VMN_FATE_LOST, VMN_E_NOMEM, "memory is out", NULL},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_curl_fail f = rows[i].fail;
		int rc;

		f.text = f.text ? f.text : "";
		f.method = f.method ? f.method : "GET";
		assert_int_equal(vmn_curl_fate(&f), rows[i].fate);
		rc = vmn_curl_fail_to_err(&f, &direct, &err);
		if (rc != -(int)rows[i].code || !strstr(vmn_err_text(&err), rows[i].text) ||
		    (rows[i].hint ? !err.hint || !strstr(err.hint, rows[i].hint)
				  : err.hint != NULL))
			fail_msg("row %zu: %d %s (%s)", i, rc, vmn_err_text(&err),
				 err.hint ? err.hint : "no hint");
	}
}

static void test_hints_suit_the_way(void **state)
{
	static const struct vmn_endpoint plain = {.shown = (char *)"h:1", .verified = (char *)"h"};
	static const struct vmn_endpoint proxied = {.shown = (char *)"h:1",
						    .verified = (char *)"h",
						    .is_tls = true,
						    .proxy = (char *)"http://p:2",
						    .proxy_shown = (char *)"p:2"};
	static const struct {
		const struct vmn_endpoint *endpoint;
		struct vmn_curl_fail fail;
		const char *text, *hint; /* parts */
	} rows[] = {
		{&plain, {.curl = CURLE_GOT_NOTHING, .method = "GET"}, "broke", "https://"},
		{&plain,
		 {.curl = CURLE_GOT_NOTHING, .method = "PUT", .was_sent = true},
		 "broke",
		 "may have done it"},
		{&proxied,
		 {.curl = CURLE_COULDNT_CONNECT, .method = "GET", .sys = ECONNREFUSED},
		 "h:1 through proxy p:2: Connection refused",
		 "proxy running"},
		{&proxied,
		 {.curl = CURLE_RECV_ERROR, .method = "GET", .proxy_http = 407},
		 "proxy p:2 refuses to connect to h:1: HTTP 407",
		 "user and password"},
		{&proxied,
		 {.curl = CURLE_RECV_ERROR, .method = "GET", .proxy_http = 403},
		 "proxy p:2 refuses to connect to h:1: HTTP 403",
		 "the proxy's rules"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_curl_fail f = rows[i].fail;

		f.text = "";
		(void)vmn_curl_fail_to_err(&f, rows[i].endpoint, &err);
		if (!strstr(vmn_err_text(&err), rows[i].text) || !err.hint ||
		    !strstr(err.hint, rows[i].hint))
			fail_msg("row %zu: %s (%s)", i, vmn_err_text(&err),
				 err.hint ? err.hint : "no hint");
	}
}

/* --- endpoint.h ----------------------------------------------------------------------- */

static void test_endpoints(void **state)
{
	static const struct {
		const char *server, *name, *proxy;
		const char *base, *connect_to, *shown, *proxy_shown; /* base NULL: refused */
	} rows[] = {
		{"https://h:6443", NULL, NULL, "https://h:6443", NULL, "h:6443", NULL},
		{"https://h/p", NULL, NULL, "https://h:443/p", NULL, "h:443", NULL},
		{"http://127.0.0.1:80", NULL, NULL, "http://127.0.0.1:80", NULL, "127.0.0.1:80",
		 NULL},
		{"https://[::1]:1", NULL, NULL, "https://[::1]:1", NULL, "[::1]:1", NULL},
		{"https://10.0.0.1:6443", "k.test", NULL, "https://k.test:6443",
		 "k.test:6443:10.0.0.1:6443", "10.0.0.1:6443", NULL},
		{"https://[fd::1]:6443/x", "k.test", NULL, "https://k.test:6443/x",
		 "k.test:6443:[fd::1]:6443", "[fd::1]:6443", NULL},
		{"https://h:1", "fd::2", NULL, "https://[fd::2]:1", "[fd::2]:1:h:1", "h:1", NULL},
		{"https://h:1", "h", NULL, "https://h:1", NULL, "h:1", NULL},
		{"https://h:1", "a/b", NULL, NULL, NULL, NULL, NULL},
		{"https://h:1", "a@b", NULL, NULL, NULL, NULL, NULL},
		{"ftp://h", NULL, NULL, NULL, NULL, NULL, NULL},
		{"h:6443", NULL, NULL, NULL, NULL, NULL, NULL},
		{"https://h:1", NULL, "http://u:secret@p:3128", "https://h:1", NULL, "h:1",
		 "p:3128"},
		{"https://h:1", NULL, "socks5h://p", "https://h:1", NULL, "h:1", "p:1080"},
		{"https://h:1", NULL, "p", NULL, NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_kube_target t = {
			.server = (char *)(uintptr_t)rows[i].server,
			.tls_server_name = (char *)(uintptr_t)rows[i].name,
			.proxy_url = (char *)(uintptr_t)rows[i].proxy,
		};
		struct vmn_endpoint e = {0};
		int rc = vmn_endpoint_init(&t, &e, &err);

		assert_int_equal(rc, rows[i].base ? 0 : -VMN_E_CONFIG);
		assert_true(vmn_streq(e.base, rows[i].base));
		assert_true(vmn_streq(e.connect_to, rows[i].connect_to));
		assert_true(vmn_streq(e.shown, rows[i].shown));
		assert_true(vmn_streq(e.proxy_shown, rows[i].proxy_shown));
		vmn_endpoint_clear(&e);
	}
}

/* --- warning.h, trace.h --------------------------------------------------------------- */

static void test_warnings(void **state)
{
	static const struct {
		const char *value, *texts;
	} rows[] = {
		{"299 - \"a \\\"b\\\" \\\\\"", "a \"b\" \\"},
		{"299 - \"a\", 299 host \"b\" \"Sat, 01 Jan 2000 00:00:00 GMT\",299 - \"c\"",
		 "a|b|c"},
		{"199 - \"other\", 299 - \"a\"", "a"},
		{"299 - \"open", ""},
		{"299", ""},
		{"", ""},
		{"299 - \"\"", ""},
		{"299 - \"a\" \"open", "a"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_strlist struct vmn_strlist texts = {0};
		vmn_auto_buf struct vmn_buf joined = VMN_BUF_INIT(0);

		vmn_warning_parse(rows[i].value, &texts);
		for (size_t n = 0; n < texts.n; n++)
			vmn_buf_addf(&joined, "%s%s", n ? "|" : "", texts.v[n]);
		assert_string_equal(vmn_buf_str(&joined), rows[i].texts);
	}
}

static void test_secrets_are_redacted(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"{\"kind\":\"Secret\",\"data\":{\"a\":\"x\"},\"stringData\":{\"a\":\"x\"}}",
		 "{\"kind\":\"Secret\",\"data\":\"<redacted>\",\"stringData\":\"<redacted>\"}"},
		{"{\"kind\":\"SecretList\",\"items\":[{\"data\":{\"a\":\"x\"}}]}",
		 "{\"kind\":\"SecretList\",\"items\":[{\"data\":\"<redacted>\"}]}"},
		{"{\"kind\":\"ConfigMap\",\"data\":{\"a\":\"shown\"}}",
		 "{\"kind\":\"ConfigMap\",\"data\":{\"a\":\"shown\"}}"},
		{"{\"status\":{\"token\":\"x\"},\"a\":[{\"userData\":\"x\"}]}",
		 "{\"status\":{\"token\":\"<redacted>\"},\"a\":[{\"userData\":\"<redacted>\"}]}"},
		{"{\"networkData\":\"x\"}", "{\"networkData\":\"<redacted>\"}"},
		{"[{\"op\":\"add\",\"path\":\"/a/password\",\"value\":\"x\"}]",
		 "[{\"op\":\"add\",\"path\":\"/a/password\",\"value\":\"<redacted>\"}]"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_json struct json_object *in = unit_json(rows[i].in);
		vmn_auto_json struct json_object *out = vmn_trace_redact(in);

		assert_string_equal(vmn_json_text(out), rows[i].out);
		assert_string_equal(vmn_json_text(in), rows[i].in);
	}
}

/* --- discovery.h ---------------------------------------------------------------------- */

/* As KubeVirt 1.0.0 answers for /apis/subresources.kubevirt.io/v1: wrong version, empty kinds. */
static const char kubevirt_1_0[] =
	"{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1alpha3\","
	"\"groupVersion\":\"subresources.kubevirt.io/v1alpha3\",\"resources\":["
	"{\"name\":\"virtualmachines/addinterface\",\"singularName\":\"\",\"namespaced\":true,"
	"\"kind\":\"\",\"verbs\":null},"
	"{\"name\":\"virtualmachineinstances/pause\",\"singularName\":\"\",\"namespaced\":true,"
	"\"kind\":\"\",\"verbs\":null}]}";

static void test_discovery_trusts_names_alone(void **state)
{
	vmn_auto_json struct json_object *list = unit_json(kubevirt_1_0);

	(void)state;
	assert_true(vmn_discovery_has(list, "virtualmachines/addinterface"));
	assert_false(vmn_discovery_has(list, "virtualmachineinstances/addinterface"));
	assert_false(vmn_discovery_has(list, "virtualmachines"));
	assert_false(vmn_discovery_has(NULL, "virtualmachines"));
}

static void test_a_cache_file_is_checked(void **state)
{
	static const struct {
		const char *fmt; /* one %s: the list */
		bool good;
	} rows[] = {
		{"{\"fetched\":1000,\"server\":\"s\",\"group\":\"g\",\"version\":\"v\",\"list\":%"
		 "s}",
		 true},
		{"{\"fetched\":400,\"server\":\"s\",\"group\":\"g\",\"version\":\"v\",\"list\":%s}",
		 false},
		{"{\"fetched\":1002,\"server\":\"s\",\"group\":\"g\",\"version\":\"v\",\"list\":%"
		 "s}",
		 false},
		{"{\"fetched\":1000,\"server\":\"t\",\"group\":\"g\",\"version\":\"v\",\"list\":%"
		 "s}",
		 false},
		{"{\"fetched\":1000,\"server\":\"s\",\"group\":\"h\",\"version\":\"v\",\"list\":%"
		 "s}",
		 false},
		{"{\"fetched\":1000,\"server\":\"s\",\"group\":\"g\",\"version\":\"w\",\"list\":%"
		 "s}",
		 false},
		{"{\"server\":\"s\",\"group\":\"g\",\"version\":\"v\",\"list\":%s}", false},
		{"{\"fetched\":1000,\"server\":\"s\",\"group\":\"g\",\"version\":\"v\",\"list\":[%"
		 "s]}",
		 false},
		{"{\"fetched\":1000,\"server\":\"s\",\"group\":\"g\",\"version\":\"v\",\"list\":%s",
		 false},
		{"%s", false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		const char *at = strstr(rows[i].fmt, "%s");
		vmn_auto_free char *text = vmn_xasprintf("%.*s%s%s", (int)(at - rows[i].fmt),
							 rows[i].fmt, kubevirt_1_0, at + 2);
		vmn_auto_json struct json_object *list =
			vmn_discovery_read_cached(text, strlen(text), "s", "g", "v", 1001);

		if ((list != NULL) != rows[i].good)
			fail_msg("row %zu", i);
	}
}

/* --- client.h ------------------------------------------------------------------------- */

static bool is_it(void *arg)
{
	return *(bool *)arg;
}

static void test_no_interruption_is_lost(void **state)
{
	struct vmn_kube_target target = {.server = vmn_xstrdup("http://127.0.0.1:1"),
					 .ns = vmn_xstrdup("default")};
	const struct vmn_kube_req req = {.method = "GET", .path = "/", .delay_ms = 60000};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_kube struct vmn_kube *k = NULL;
	bool is_done = true;

	(void)state;
	assert_int_equal(vmn_kube_auth_new(&(struct vmn_kube_auth_spec){0}, &target.auth, &err), 0);
	assert_int_equal(vmn_kube_open(&target, &(struct vmn_kube_opts){0}, &k, &err), 0);
	vmn_kube_start(k, &req, NULL, NULL);
	vmn_kube_interrupt(k);
	assert_int_equal(vmn_kube_loop(k, VMN_NEVER, is_it, &is_done, &err), 0);
	is_done = false;
	assert_int_equal(vmn_kube_loop(k, VMN_NEVER, is_it, &is_done, &err), -VMN_E_CANCELLED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_are_escaped),
		cmocka_unit_test(test_queries_are_escaped),
		cmocka_unit_test(test_status_becomes_an_error),
		cmocka_unit_test(test_an_error_becomes_status),
		cmocka_unit_test(test_only_safe_things_are_retried),
		cmocka_unit_test(test_backoff_grows_to_its_limit),
		cmocka_unit_test(test_retry_after_is_seconds_or_a_date),
		cmocka_unit_test(test_failures_have_words),
		cmocka_unit_test(test_hints_suit_the_way),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_secrets_are_redacted),
		cmocka_unit_test(test_discovery_trusts_names_alone),
		cmocka_unit_test(test_a_cache_file_is_checked),
		cmocka_unit_test(test_no_interruption_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
