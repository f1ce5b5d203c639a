/* SPDX-License-Identifier: Apache-2.0 */
/* test_kubeconfig.c - reading, merging and resolving; credentials have test_auth.c */
#include "config.h"

#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/kube/auth.h"
#include "lib/kube/kubeconfig_tree.h"
#include "tests/unit/unit.h"

#define CERT "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"
/* base64 of CERT */
#define CERT64 "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="

static char dir[] = "/tmp/test_kubeconfig.XXXXXX";

static char *put_file(const char *name, const char *text)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	char *path = vmn_path_join(dir, name);

	if (vmn_file_write(path, text, strlen(text), 0600, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	return path;
}

/* --- merging -------------------------------------------------------------------------- */

static void test_merge(void **state)
{
	static const struct {
		const char *files[3]; /* read from directories /0, /1 and /2 */
		const char *clusters, *users, *contexts, *current;
	} rows[] = {
		{{""}, "{}", "{}", "{}", NULL},
		{{"# comment only\n"}, "{}", "{}", "{}", NULL},
		{{"clusters: ~\nusers: []\ncontexts:\n"}, "{}", "{}", "{}", NULL},
		/* the first file to name an entry gives all of it */
		{{"clusters: [{name: a, cluster: {server: 'https://0'}}]",
		  "clusters: [{name: a, cluster: {server: 'https://1', tls-server-name: x}},"
		  "{name: b, cluster: {server: 'https://b'}}]"},
		 "{\"a\":{\"server\":\"https:\\/\\/0\"},\"b\":{\"server\":\"https:\\/\\/b\"}}",
		 "{}",
		 "{}",
		 NULL},
		{{"users: [{name: u, user: {token: '0'}}]",
		  "users: [{name: u, user: {username: x}}]", "users: [{name: u}, {name: v}]"},
		 "{}",
		 "{\"u\":{\"token\":\"0\"},\"v\":{}}",
		 "{}",
		 NULL},
		/* and so it is with the current context, but an empty one does not count */
		{{"current-context: ''", "current-context: one", "current-context: two"},
		 "{}",
		 "{}",
		 "{}",
		 "one"},
		{{"contexts: [{name: x, context: {cluster: a, user: u}}]",
		  "current-context: x\ncontexts: [{name: x, context: {namespace: ns}}]"},
		 "{}",
		 "{}",
		 "{\"x\":{\"cluster\":\"a\",\"user\":\"u\"}}",
		 "x"},
		/* paths belong to the file that holds them */
		{{"clusters: [{name: a, cluster: {certificate-authority: ca.crt}}]",
		  "clusters: [{name: b, cluster: {certificate-authority: ../x/./ca.crt}},"
		  "{name: c, cluster: {certificate-authority: /abs/../ca.crt}},"
		  "{name: d, cluster: {certificate-authority: ''}}]"},
		 "{\"a\":{\"certificate-authority\":\"\\/0\\/ca.crt\"},"
		 "\"b\":{\"certificate-authority\":\"\\/x\\/ca.crt\"},"
		 "\"c\":{\"certificate-authority\":\"\\/abs\\/..\\/ca.crt\"},"
		 "\"d\":{\"certificate-authority\":\"\"}}",
		 "{}",
		 "{}",
		 NULL},
		{{"",
		  "users: [{name: u, user: {client-certificate: c, client-key: k/k, tokenFile: ../t}}]"},
		 "{}",
		 "{\"u\":{\"client-certificate\":\"\\/1\\/c\",\"client-key\":\"\\/1\\/k\\/k\","
		 "\"tokenFile\":\"\\/t\"}}",
		 "{}",
		 NULL},
		/* of commands only those with a slash */
		{{"users: [{name: u, user: {exec: {command: ./p}}}, {name: v, user: {exec: {command: p}}}]"},
		 "{}",
		 "{\"u\":{\"exec\":{\"command\":\"\\/0\\/p\"}},\"v\":{\"exec\":{\"command\":\"p\"}}}",
		 "{}",
		 NULL},
		/* unknown fields, unknown types and further documents are none of our business */
		{{"preferences: {colors: 7}\nclusters: [{name: a, cluster: {foo: [1]}, bar: 2}]\n"
		  "---\ncurrent-context: not-me\n"},
		 "{\"a\":{\"foo\":[1]}}",
		 "{}",
		 "{}",
		 NULL},
		{{"apiVersion: v1\nkind: Config\ncurrent-context: a\ncurrent-context: b\n"},
		 "{}",
		 "{}",
		 "{}",
		 "b"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		static const char *const dirs[] = {"/0", "/1", "/2"};
		vmn_auto_kube_config struct vmn_kube_config *cfg = vmn_kube_config_new();

		for (size_t k = 0; k < 3 && rows[i].files[k]; k++) {
			vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

			if (vmn_kube_config_add(cfg, rows[i].files[k], strlen(rows[i].files[k]),
						dirs[k], &err) < 0)
				fail_msg("row %zu: %s", i, vmn_err_text(&err));
		}
		vmn_auto_json struct json_object *clusters = unit_json(rows[i].clusters);
		vmn_auto_json struct json_object *users = unit_json(rows[i].users);
		vmn_auto_json struct json_object *contexts = unit_json(rows[i].contexts);

		if (!json_object_equal(cfg->clusters, clusters) ||
		    !json_object_equal(cfg->users, users) ||
		    !json_object_equal(cfg->contexts, contexts) ||
		    !vmn_streq(cfg->current_context, rows[i].current))
			fail_msg("row %zu: %s %s %s %s", i, vmn_json_text(cfg->clusters),
				 vmn_json_text(cfg->users), vmn_json_text(cfg->contexts),
				 cfg->current_context ? cfg->current_context : "NULL");
	}
}

static void test_refused_files(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"clusters: [", "line 2, column"},
		{"a: b\n  c: d", "line 2, column"},
		{"- 1\n", "it is not a mapping"},
		{"text", "it is not a mapping"},
		{"kind: Pod\n", "it is v1 Pod, not v1 Config"},
		{"apiVersion: v2\nkind: Config\n", "it is v2 Config, not v1 Config"},
		{"clusters: {}", "clusters must be a list of mappings"},
		{"clusters: [x]", "clusters must be a list of mappings"},
		{"clusters: [{name: 1}]", "clusters[0].name must be a string"},
		{"users: [{name: a}, {name: yes}]", "users[1].name must be a string"},
		{"users: [{name: u, user: {token: 0123}}]", "users[0].user.token must be a string"},
		{"users: [{name: u, user: [1]}]", "users[0].user must be a mapping"},
		{"users: [{name: u, user: {as-groups: [a, 1]}}]",
		 "users[0].user.as-groups must be a list of strings"},
		{"users: [{name: u, user: {exec: {env: [{name: A, value: 1}]}}}]",
		 "users[0].user.exec.env[0].value must be a string"},
		{"clusters: [{name: c, cluster: {insecure-skip-tls-verify: 'true'}}]",
		 "clusters[0].cluster.insecure-skip-tls-verify must be true or false"},
		{"contexts: [{name: x}, {name: x}]", "contexts has two entries named 'x'"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_kube_config struct vmn_kube_config *cfg = vmn_kube_config_new();
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

		assert_int_equal(
			vmn_kube_config_add(cfg, rows[i].text, strlen(rows[i].text), "/", &err),
			-VMN_E_CONFIG);
		if (!strstr(vmn_err_text(&err), rows[i].why))
			fail_msg("%s: '%s' lacks '%s'", rows[i].text, vmn_err_text(&err),
				 rows[i].why);
	}
}

static void test_which_files_are_read(void **state)
{
	vmn_auto_free char *one = put_file("one", "current-context: one\n");
	vmn_auto_free char *two = put_file("two", "current-context: two\n");
	vmn_auto_free char *bad = put_file("bad", "][\n");
	vmn_auto_free char *kube = vmn_path_join(dir, ".kube"), *gone = vmn_path_join(dir, "gone");
	vmn_auto_free char *both = vmn_xasprintf("%s::%s:%s:%s", gone, two, one, two);
	vmn_auto_free char *with_bad = vmn_xasprintf("%s:%s", one, bad);
	vmn_auto_free char *under = vmn_xasprintf("%s/x", one);
	vmn_auto_free char *home = NULL;
	const struct {
		struct vmn_kube_sources src;
		const char *current;
		int code;
	} rows[] = {
		{{.kubeconfig_flag = one, .kubeconfig_env = two, .home = dir}, "one", 0},
		{{.kubeconfig_env = both, .home = dir}, "two", 0},
		{{.home = dir}, "home", 0},
		{{.kubeconfig_flag = "", .kubeconfig_env = "", .home = dir}, "home", 0},
		{{.home = "/nonexistent"}, NULL, 0},
		{{.kubeconfig_env = gone, .home = dir}, NULL, 0},
		{{.home = NULL}, NULL, 0},
		{{.kubeconfig_flag = gone}, NULL, VMN_E_CONFIG},
		{{.kubeconfig_flag = dir}, NULL, VMN_E_CONFIG},
		{{.kubeconfig_flag = bad}, NULL, VMN_E_CONFIG},
		{{.kubeconfig_env = with_bad}, NULL, VMN_E_CONFIG},
		{{.kubeconfig_env = under}, NULL, VMN_E_CONFIG},
	};

	(void)state;
	(void)mkdir(kube, 0700);
	home = put_file(".kube/config", "current-context: home\n");
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_kube_config struct vmn_kube_config *cfg = NULL;
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		int rc = vmn_kube_config_load(&rows[i].src, &cfg, &err);

		if (rc != -rows[i].code)
			fail_msg("row %zu: %d %s", i, rc, vmn_err_text(&err));
		if (cfg && !vmn_streq(cfg->current_context, rows[i].current))
			fail_msg("row %zu: %s", i, cfg->current_context);
	}
}

/* --- resolving ------------------------------------------------------------------------ */

static const char everything[] =
	"current-context: main\n"
	"clusters:\n"
	"- name: c\n"
	"  cluster: {server: 'https://c:6443/', certificate-authority-data: " CERT64 ","
	"            tls-server-name: inner}\n"
	"- name: plain\n"
	"  cluster: {server: 'http://plain:8080', insecure-skip-tls-verify: true}\n"
	"- name: lax\n"
	"  cluster: {server: 'https://lax', insecure-skip-tls-verify: true, disable-compression: true}\n"
	"- name: both\n"
	"  cluster: {server: 'https://both', insecure-skip-tls-verify: true,"
	"            certificate-authority-data: " CERT64 "}\n"
	"- name: proxied\n"
	"  cluster: {server: 'https://proxied', proxy-url: 'socks5://p:1080'}\n"
	"- name: bad-proxy\n"
	"  cluster: {server: 'https://x', proxy-url: 'ssh://p'}\n"
	"- name: bad-data\n"
	"  cluster: {server: 'https://x', certificate-authority-data: '!!'}\n"
	"- name: not-pem\n"
	"  cluster: {server: 'https://x', certificate-authority-data: aGVsbG8=}\n"
	"- name: no-file\n"
	"  cluster: {server: 'https://x', certificate-authority: /nonexistent/ca}\n"
	"- name: bad-url\n"
	"  cluster: {server: 'ftp://x'}\n"
	"- name: none\n"
	"  cluster: {}\n"
	"users:\n"
	"- name: u\n"
	"  user: {token: t}\n"
	"- name: imp\n"
	"  user: {token: t, as: jane, as-uid: '7', as-groups: [a, b], as-user-extra: {k: [v], 'a/b': [w]}}\n"
	"- name: imp-bad\n"
	"  user: {token: t, as-groups: [a]}\n"
	"- name: legacy\n"
	"  user: {auth-provider: {name: gcp}}\n"
	"contexts:\n"
	"- {name: main, context: {cluster: c, user: u, namespace: ns1}}\n"
	"- {name: bare, context: {cluster: c}}\n"
	"- {name: plain, context: {cluster: plain, user: u}}\n"
	"- {name: imp, context: {cluster: c, user: imp}}\n"
	"- {name: empty, context: {user: u}}\n"
	"- {name: dangling, context: {cluster: gone, user: gone}}\n";

/* The target in one line, so that rows say all there is to compare. */
static char *describe(struct vmn_kube_target *t)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	struct vmn_kube_cred cred;

	vmn_buf_addf(&b, "%s ns=%s", t->server, t->ns);
	if (t->context)
		vmn_buf_addf(&b, " ctx=%s", t->context);
	if (t->ca_pem)
		vmn_buf_adds(&b, " ca");
	if (t->tls_server_name)
		vmn_buf_addf(&b, " sni=%s", t->tls_server_name);
	if (t->proxy_url)
		vmn_buf_addf(&b, " proxy=%s", t->proxy_url);
	if (t->insecure)
		vmn_buf_adds(&b, " insecure");
	if (t->disable_compression)
		vmn_buf_adds(&b, " plain");
	if (t->as)
		vmn_buf_addf(&b, " as=%s/%s", t->as, t->as_uid ? t->as_uid : "");
	for (size_t i = 0; i < t->as_groups.n; i++)
		vmn_buf_addf(&b, "+%s", t->as_groups.v[i]);
	for (size_t i = 0; i < t->as_extra.n; i++)
		vmn_buf_addf(&b, "&%s", t->as_extra.v[i]);
	if (vmn_kube_auth_get(t->auth, &cred, &err) < 0)
		fail_msg("%s", vmn_err_text(&err));
	if (cred.authorization)
		vmn_buf_addf(&b, " [%s]", cred.authorization);
	if (cred.cert_pem)
		vmn_buf_addf(&b, " cert%s", cred.key_pem ? "+key" : "");
	return vmn_buf_steal(&b);
}

static void count_warning(void *arg, int level, const char *line)
{
	*(int *)arg += level == 0 && strstr(line, "not verified");
}

static void test_resolve(void **state)
{
	static char *groups[] = {(char *)(uintptr_t) "g", NULL};
	static const struct vmn_strlist as_groups = {groups, 1};
	vmn_auto_free char *cert = put_file("cert.pem", CERT), *key = put_file("key.pem", KEY);
	const struct {
		struct vmn_kube_overrides ov;
		struct vmn_kube_sources src;
		const char *result;
	} rows[] = {
		{{0}, {0}, "https://c:6443 ns=ns1 ctx=main ca sni=inner [Bearer t]"},
		{{.ns = "n"}, {0}, "https://c:6443 ns=n ctx=main ca sni=inner [Bearer t]"},
		{{.context = "bare"}, {0}, "https://c:6443 ns=default ctx=bare ca sni=inner"},
		{{.context = "bare", .user = "u"},
		 {0},
		 "https://c:6443 ns=default ctx=bare ca sni=inner [Bearer t]"},
		{{.cluster = "lax"}, {0}, "https://lax ns=ns1 ctx=main insecure plain [Bearer t]"},
		/* no secret goes over plain HTTP */
		{{.context = "plain"}, {0}, "http://plain:8080 ns=default ctx=plain"},
		{{.server = "localhost:8001", .token = "x"},
		 {0},
		 "http://localhost:8001 ns=ns1 ctx=main"},
		/* another server has another name, but the same CA unless told */
		{{.server = "https://s"}, {0}, "https://s ns=ns1 ctx=main ca [Bearer t]"},
		{{.server = "https://s", .tls_server_name = "n"},
		 {0},
		 "https://s ns=ns1 ctx=main ca sni=n [Bearer t]"},
		{{.insecure_skip_tls_verify = true},
		 {0},
		 "https://c:6443 ns=ns1 ctx=main sni=inner insecure [Bearer t]"},
		{{.cluster = "both", .certificate_authority = cert},
		 {0},
		 "https://both ns=ns1 ctx=main ca [Bearer t]"},
		{{.cluster = "both", .insecure_skip_tls_verify = true},
		 {0},
		 "https://both ns=ns1 ctx=main insecure [Bearer t]"},
		{{.token = "flag"},
		 {0},
		 "https://c:6443 ns=ns1 ctx=main ca sni=inner [Bearer flag]"},
		{{.username = "u", .password = "p"},
		 {0},
		 "https://c:6443 ns=ns1 ctx=main ca sni=inner [Basic dTpw]"},
		{{.client_certificate = cert, .client_key = key},
		 {0},
		 "https://c:6443 ns=ns1 ctx=main ca sni=inner [Bearer t] cert+key"},
		/* a context may dangle where flags fill in */
		{{.context = "dangling", .server = "https://s", .token = "x"},
		 {0},
		 "https://s ns=default ctx=dangling [Bearer x]"},
		/* impersonation */
		{{.context = "imp"},
		 {0},
		 "https://c:6443 ns=default ctx=imp ca sni=inner as=jane/7+a+b&k=v&a%2Fb=w [Bearer t]"},
		{{.context = "imp", .as = "joe", .as_groups = &as_groups},
		 {0},
		 "https://c:6443 ns=default ctx=imp ca sni=inner as=joe/7+g&k=v&a%2Fb=w [Bearer t]"},
		{{.as = "joe"},
		 {0},
		 "https://c:6443 ns=ns1 ctx=main ca sni=inner as=joe/ [Bearer t]"},
		/* proxies: the cluster's own, else the environment's */
		{{.cluster = "proxied"},
		 {.https_proxy = "http://e:3128", .no_proxy = "*"},
		 "https://proxied ns=ns1 ctx=main proxy=socks5h://p:1080 [Bearer t]"},
		{{0},
		 {.https_proxy = "e:3128"},
		 "https://c:6443 ns=ns1 ctx=main ca sni=inner proxy=http://e:3128 [Bearer t]"},
		{{0},
		 {.https_proxy = "e:3128", .no_proxy = "a, c"},
		 "https://c:6443 ns=ns1 ctx=main ca sni=inner [Bearer t]"},
		{{.context = "plain"},
		 {.https_proxy = "e:3128"},
		 "http://plain:8080 ns=default ctx=plain"},
		{{.server = "https://127.0.0.1:1"},
		 {.https_proxy = "e:3128"},
		 "https://127.0.0.1:1 ns=ns1 ctx=main ca [Bearer t]"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_kube_config struct vmn_kube_config *cfg = vmn_kube_config_new();
		vmn_auto_kube_target struct vmn_kube_target t = {0};
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_free char *got = NULL;
		int warnings = 0;
		struct vmn_log log = {.write = count_warning, .arg = &warnings};

		assert_int_equal(
			vmn_kube_config_add(cfg, everything, sizeof(everything) - 1, "/", &err), 0);
		if (vmn_kube_config_resolve(cfg, &rows[i].src, &rows[i].ov, &log, &t, &err) < 0)
			fail_msg("row %zu: %s", i, vmn_err_text(&err));
		got = describe(&t);
		if (strcmp(got, rows[i].result) != 0)
			fail_msg("row %zu: %s, not %s", i, got, rows[i].result);
		assert_int_equal(warnings, t.insecure);
	}
}

static void test_resolve_refusals(void **state)
{
	static char *groups[] = {(char *)(uintptr_t) "g", NULL};
	static const struct vmn_strlist as_groups = {groups, 1};
	vmn_auto_free char *cert = put_file("cert.pem", CERT), *key = put_file("key.pem", KEY);
	vmn_auto_free char *locked =
		put_file("locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nx\n");
	const struct {
		struct vmn_kube_overrides ov;
		const char *why, *hint;
	} rows[] = {
		{{.context = "x"},
		 "no context 'x'",
		 "it has: main, bare, plain, imp, empty, dangling"},
		{{.cluster = "x"}, "no cluster 'x'", "it has: c, plain"},
		{{.user = "x"}, "no user 'x'", "it has: u, imp"},
		{{.context = "dangling"}, "no cluster 'gone'", NULL},
		{{.context = "empty"},
		 "context 'empty' of the kubeconfig names no cluster",
		 "--cluster"},
		{{.context = "dangling", .server = "https://s"}, "no user 'gone'", NULL},
		{{.cluster = "none"},
		 "cluster 'none' of the kubeconfig names no server",
		 "--server"},
		{{.cluster = "both"}, "certificate-authority and insecure-skip-tls-verify", NULL},
		{{.insecure_skip_tls_verify = true, .certificate_authority = cert},
		 "certificate-authority and insecure-skip-tls-verify",
		 NULL},
		{{.cluster = "bad-proxy"}, "proxy-url of cluster 'bad-proxy': scheme 'ssh'", NULL},
		{{.cluster = "bad-data"},
		 "certificate-authority-data of cluster 'bad-data' is not base64",
		 NULL},
		{{.cluster = "not-pem"}, "holds no certificate in PEM form", NULL},
		{{.cluster = "no-file"},
		 "certificate-authority of cluster 'no-file': cannot open '/nonexistent/ca'",
		 NULL},
		{{.cluster = "bad-url"}, "server 'ftp://x': scheme 'ftp'", NULL},
		{{.server = "https://u:s3@cret@h"}, "server 'h': user name and password", NULL},
		{{.user = "imp-bad"}, "without a user", "--as"},
		{{.as_groups = &as_groups}, "without a user", "--as"},
		{{.as_uid = "1"}, "without a user", "--as"},
		{{.as = "a\r\nX: y"}, "holds a control character", NULL},
		{{.user = "legacy"}, "auth-provider 'gcp', which no longer exists", "exec"},
		{{.client_certificate = cert},
		 "user 'u' has a client-certificate but no client-key",
		 NULL},
		{{.client_key = key}, "user 'u' has a client-key but no client-certificate", NULL},
		{{.client_certificate = cert, .client_key = cert},
		 "client-key of user 'u' holds no private key",
		 NULL},
		{{.client_certificate = key, .client_key = key},
		 "client-certificate of user 'u' holds no certificate",
		 NULL},
		{{.client_certificate = cert, .client_key = locked},
		 "protected by a passphrase",
		 "openssl"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_kube_config struct vmn_kube_config *cfg = vmn_kube_config_new();
		vmn_auto_kube_target struct vmn_kube_target t = {0};
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_kube_sources src = {0};

		assert_int_equal(
			vmn_kube_config_add(cfg, everything, sizeof(everything) - 1, "/", &err), 0);
		assert_true(vmn_kube_config_resolve(cfg, &src, &rows[i].ov, NULL, &t, &err) < 0);
		if (!strstr(vmn_err_text(&err), rows[i].why))
			fail_msg("row %zu: '%s' lacks '%s'", i, vmn_err_text(&err), rows[i].why);
		if (rows[i].hint && (!err.hint || !strstr(err.hint, rows[i].hint)))
			fail_msg("row %zu: hint '%s' lacks '%s'", i, err.hint ? err.hint : "",
				 rows[i].hint);
	}
}

static void test_no_server_at_all(void **state)
{
	vmn_auto_free char *contexts =
		put_file("contexts", everything + strlen("current-context: main\n"));
	vmn_auto_free char *empty = put_file("empty", "");
	const struct {
		struct vmn_kube_sources src;
		const char *why, *hint;
	} rows[] = {
		{{0}, "no Kubernetes server is configured", "KUBECONFIG"},
		{{.kubeconfig_env = "/nonexistent/config"},
		 "'/nonexistent/config' does not exist",
		 "--kubeconfig"},
		{{.kubeconfig_flag = empty}, "has no current context", "vmnetctl lab up"},
		{{.kubeconfig_flag = contexts}, "has no current context", "--context"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_kube_config struct vmn_kube_config *cfg = NULL;
		vmn_auto_kube_target struct vmn_kube_target t = {0};
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		struct vmn_kube_overrides ov = {0};

		assert_int_equal(vmn_kube_config_load(&rows[i].src, &cfg, &err), 0);
		assert_int_equal(vmn_kube_config_resolve(cfg, &rows[i].src, &ov, NULL, &t, &err),
				 -VMN_E_CONFIG);
		if (!strstr(vmn_err_text(&err), rows[i].why) || !strstr(err.hint, rows[i].hint))
			fail_msg("row %zu: %s; %s", i, vmn_err_text(&err), err.hint);
	}
}

static void test_in_cluster(void **state)
{
	vmn_auto_free char *bare = vmn_path_join(dir, "bare");
	vmn_auto_free char *file = put_file("somewhere", everything), *bare_token = NULL;
	const struct {
		struct vmn_kube_sources src;
		struct vmn_kube_overrides ov;
		const char *result; /* NULL: refused */
	} rows[] = {
		{{.service_host = "10.96.0.1", .service_port = "443", .service_dir = dir},
		 {0},
		 "https://10.96.0.1:443 ns=pod-ns ca [Bearer pod-token]"},
		{{.service_host = "fd00::1", .service_port = "443", .service_dir = dir},
		 {0},
		 "https://[fd00::1]:443 ns=pod-ns ca [Bearer pod-token]"},
		{{.service_host = "10.96.0.1", .service_port = "443", .service_dir = bare},
		 {0},
		 "https://10.96.0.1:443 ns=default [Bearer bare-token]"},
		{{.service_host = "10.96.0.1",
		  .service_port = "443",
		  .service_dir = dir,
		  .pod_namespace = "env-ns"},
		 {0},
		 "https://10.96.0.1:443 ns=env-ns ca [Bearer pod-token]"},
		{{.service_host = "10.96.0.1", .service_port = "443", .service_dir = dir},
		 {.ns = "n", .token = "x", .as = "joe"},
		 "https://10.96.0.1:443 ns=n ca as=joe/ [Bearer x]"},
		{{.service_host = "10.96.0.1",
		  .service_port = "443",
		  .service_dir = dir,
		  .https_proxy = "p:1",
		  .no_proxy = "10.0.0.0/8"},
		 {0},
		 "https://10.96.0.1:443 ns=pod-ns ca [Bearer pod-token]"},
		/* a kubeconfig or a flag comes first; the pod's namespace is a default all the same
		 */
		{{.kubeconfig_flag = file,
		  .service_host = "10.96.0.1",
		  .service_port = "443",
		  .service_dir = dir},
		 {.context = "bare"},
		 "https://c:6443 ns=pod-ns ctx=bare ca sni=inner"},
		{{.service_host = "10.96.0.1", .service_port = "443", .service_dir = dir},
		 {.server = "https://s"},
		 "https://s ns=pod-ns"},
		/* not in a pod after all */
		{{.service_host = "10.96.0.1", .service_dir = dir}, {0}, NULL},
		{{.kubeconfig_flag = file, .pod_namespace = "env-ns"},
		 {.context = "bare"},
		 "https://c:6443 ns=default ctx=bare ca sni=inner"},
		{{.service_host = "10.96.0.1",
		  .service_port = "443",
		  .service_dir = "/nonexistent"},
		 {0},
		 NULL},
	};

	(void)state;
	free(put_file("token", "pod-token\n"));
	free(put_file("ca.crt", CERT));
	free(put_file("namespace", "pod-ns\n"));
	(void)mkdir(bare, 0700);
	bare_token = put_file("bare/token", "bare-token");
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_kube_config struct vmn_kube_config *cfg = NULL;
		vmn_auto_kube_target struct vmn_kube_target t = {0};
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_free char *got = NULL;
		int rc;

		assert_int_equal(vmn_kube_config_load(&rows[i].src, &cfg, &err), 0);
		rc = vmn_kube_config_resolve(cfg, &rows[i].src, &rows[i].ov, NULL, &t, &err);
		if ((rc == 0) != (rows[i].result != NULL))
			fail_msg("row %zu: %s", i, vmn_err_text(&err));
		got = rc == 0 ? describe(&t) : NULL;
		if (got && strcmp(got, rows[i].result) != 0)
			fail_msg("row %zu: %s, not %s", i, got, rows[i].result);
	}
}

static void test_names_for_completion(void **state)
{
	vmn_auto_kube_config struct vmn_kube_config *cfg = vmn_kube_config_new();
	vmn_auto_strlist struct vmn_strlist contexts = {0}, clusters = {0}, users = {0};
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;

	(void)state;
	assert_int_equal(vmn_kube_config_add(cfg, everything, sizeof(everything) - 1, "/", &err),
			 0);
	vmn_kube_config_contexts(cfg, &contexts);
	vmn_kube_config_clusters(cfg, &clusters);
	vmn_kube_config_users(cfg, &users);
	assert_int_equal(contexts.n, 6);
	assert_string_equal(contexts.v[0], "bare");
	assert_int_equal(clusters.n, 11);
	assert_string_equal(clusters.v[0], "bad-data");
	assert_int_equal(users.n, 4);
	assert_string_equal(users.v[3], "u");
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
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
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_refused_files),
		cmocka_unit_test(test_which_files_are_read),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_resolve_refusals),
		cmocka_unit_test(test_no_server_at_all),
		cmocka_unit_test(test_in_cluster),
		cmocka_unit_test(test_names_for_completion),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
