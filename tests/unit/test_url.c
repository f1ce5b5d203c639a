/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/kube/url.h"
#include "tests/unit/unit.h"

struct row {
	const char *text;
	const char *result; /* NULL: refused */
};

static void check(int (*fn)(const char *, char **, struct vmn_err *), const struct row *rows,
		  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_free char *url = NULL;
		int rc = fn(rows[i].text, &url, &err);

		if ((rc == 0) != (rows[i].result != NULL) || (url && strcmp(url, rows[i].result)))
			fail_msg("'%s': %d '%s' %s", rows[i].text, rc, url ? url : "",
				 vmn_err_text(&err));
	}
}

static void test_servers(void **state)
{
	static const struct row rows[] = {
		{"https://a.example:6443", "https://a.example:6443"},
		{"https://a.example:6443/", "https://a.example:6443"},
		{"HTTPS://A.Example", "https://a.example"},
		{"https://a/k8s/clusters/c-1//", "https://a/k8s/clusters/c-1"},
		{"https://a/p?x=1#y", "https://a/p"},
		{"https://[2001:DB8::1]:6443", "https://[2001:db8::1]:6443"},
		{"https://[::1]", "https://[::1]"},
		{"127.0.0.1:8001", "http://127.0.0.1:8001"},
		{"localhost", "http://localhost"},
		{"", NULL},
		{"https://", NULL},
		{"https:///x", NULL},
		{"://a", NULL},
		{"ftp://a", NULL},
		{"https://u:p@a", NULL},
		{"https://a:0", NULL},
		{"https://a:65536", NULL},
		{"https://a:x", NULL},
		{"https://a:", NULL},
		{"https://a b", NULL},
		{"https://a/\r\nX: y", NULL},
		{"https://[::1", NULL},
		{"https://[::1]x", NULL},
		{"https://a_b", "https://a_b"},
		{"https://a*b", NULL},
		{"https://[gg::1]", NULL},
		{"https://\xc3\xa9", NULL},
		{"2001:db8::1", NULL},
	};

	(void)state;
	check(vmn_server_url, rows, VMN_ARRAY_LEN(rows));
}

static int configured_proxy(const char *text, char **ret, struct vmn_err *err)
{
	return vmn_proxy_url(text, false, ret, err);
}

static int env_proxy(const char *text, char **ret, struct vmn_err *err)
{
	return vmn_proxy_url(text, true, ret, err);
}

static void test_proxies(void **state)
{
	static const struct row configured[] = {
		{"http://p:3128", "http://p:3128"},
		{"http://u:p@[::1]", "http://u:p@[::1]:80"},
		{"https://u:p@p", "https://u:p@p"},
		{"socks5://p:1080", "socks5h://p:1080"},
		{"p:3128", NULL},
		{"socks4://p", NULL},
		{"ssh://p", NULL},
		{"http://", NULL},
	};
	static const struct row env[] = {
		{"p:3128", "http://p:3128"}, {"http://p/", "http://p:80"},
		{"p", "http://p:80"},	     {"socks5h://p", "socks5h://p"},
		{"ftp://p", NULL},
	};

	(void)state;
	check(configured_proxy, configured, VMN_ARRAY_LEN(configured));
	check(env_proxy, env, VMN_ARRAY_LEN(env));
}

static void test_no_proxy(void **state)
{
	static const struct {
		const char *list, *server;
		bool has;
	} rows[] = {
		{NULL, "https://a.example", false},
		{"", "https://a.example", false},
		{NULL, "https://localhost:6443", true},
		{NULL, "https://127.8.0.1", true},
		{NULL, "https://[::1]:6443", true},
		{"*", "https://a.example", true},
		{"example", "https://a.example", true},
		{"example", "https://example", true},
		{"example", "https://anexample", false},
		{".example", "https://a.example", true},
		{".example", "https://example", false},
		{"*.example", "https://a.b.example", true},
		{" B , A.Example ", "https://a.example", true},
		{"a.example:6443", "https://a.example:6443", true},
		{"a.example:6443", "https://a.example", false},
		{"a.example:443", "https://a.example", true},
		{"10.0.0.0/8", "https://10.96.0.1", true},
		{"10.0.0.0/8", "https://11.0.0.1", false},
		{"10.96.0.0/12", "https://10.111.255.255", true},
		{"10.96.0.0/12", "https://10.112.0.0", false},
		{"10.0.0.0/33", "https://10.0.0.0", false},
		{"10.0.0.0/8", "https://ten.example", false},
		{"fd00::/8", "https://[fd12::1]", true},
		{"fd00::/8", "https://10.0.0.1", false},
		{"10.0.0.1", "https://10.0.0.1:6443", true},
		{"10.0.0.1:1", "https://10.0.0.1:6443", false},
		{"::ffff:10.0.0.1", "https://10.0.0.1", true},
		{"fd00::1", "https://[fd00:0::1]:6443", true},
		{"[fd00::1]:6443", "https://[fd00::1]:6443", true},
		{"[fd00::1]:1", "https://[fd00::1]:6443", false},
		{",,", "https://a", false},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++)
		if (vmn_no_proxy_has(rows[i].list, rows[i].server) != rows[i].has)
			fail_msg("'%s' and %s", rows[i].list ? rows[i].list : "NULL",
				 rows[i].server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_no_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
