/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <arpa/inet.h>

#include "lib/dhcp/bytes.h"
#include "lib/dhcp/lease4.h"
#include "lib/dhcp/udp4.h"
#include "tests/unit/unit.h"

static const uint8_t guest_mac[] = {2, 0, 0, 0, 0, 0x0a};
static const uint8_t other_mac[] = {2, 0, 0, 0, 0, 0x0b};

/* --- what a client sends ------------------------------------------------------------------ */

struct client {
	enum vmn_dhcp4_type type;
	const char *ciaddr, *requested, *server, *giaddr;
	const char *parameters; /* bytes of option 55 */
	uint16_t max_size, flags;
	bool is_other; /* another MAC */
};

static size_t write_client(const struct client *c, uint8_t *out)
{
	struct vmn_dhcp4_header h = {.op = VMN_BOOTREQUEST, .xid = 0x01020304, .flags = c->flags};
	struct vmn_dhcp4_opt opts[8];
	uint8_t type = (uint8_t)c->type, requested[4], server[4], max_size[2];
	size_t n = 0;

	memcpy(h.chaddr, c->is_other ? other_mac : guest_mac, 6);
	if (c->ciaddr)
		inet_pton(AF_INET, c->ciaddr, h.ciaddr);
	if (c->giaddr)
		inet_pton(AF_INET, c->giaddr, h.giaddr);
	opts[n++] = (struct vmn_dhcp4_opt){VMN_OPT4_TYPE, 1, &type};
	if (c->requested && inet_pton(AF_INET, c->requested, requested))
		opts[n++] = (struct vmn_dhcp4_opt){VMN_OPT4_REQUESTED_IP, 4, requested};
	if (c->server && inet_pton(AF_INET, c->server, server))
		opts[n++] = (struct vmn_dhcp4_opt){VMN_OPT4_SERVER_ID, 4, server};
	if (c->parameters)
		opts[n++] = (struct vmn_dhcp4_opt){VMN_OPT4_PARAMETERS, strlen(c->parameters),
						   (const uint8_t *)c->parameters};
	vmn_put16(max_size, c->max_size);
	if (c->max_size)
		opts[n++] = (struct vmn_dhcp4_opt){VMN_OPT4_MAX_SIZE, 2, max_size};
	return vmn_dhcp4_encode(&h, opts, n, VMN_DHCP4_LIMIT, out, NULL);
}

static void read_client(const struct client *c, struct vmn_dhcp4 *msg)
{
	uint8_t bytes[VMN_DHCP4_MAX];

	assert_true(vmn_dhcp4_decode(bytes, write_client(c, bytes), msg));
}

/* --- what the server knows ----------------------------------------------------------------- */

static void read_facts(const char *text, struct vmn_binding_facts *facts)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *obj = NULL;

	assert_int_equal(vmn_json_parse(text, strlen(text), &obj, &err), 0);
	assert_int_equal(vmn_facts_read(obj, facts, &err), 0);
}

static void make_lease(const char *text, const char *resolv_conf, enum vmn_dhcp_compat compat,
		       struct vmn_lease4 *ret)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_facts struct vmn_binding_facts facts = {0};
	vmn_auto_resolv struct vmn_resolv resolv = {0}, names = {0};

	read_facts(text, &facts);
	vmn_resolv_parse(resolv_conf, &resolv);
	assert_int_equal(vmn_dhcp_names(&facts, &resolv, compat, &names, NULL, &err), 0);
	assert_int_equal(vmn_lease4_init(ret, &facts, &names, VMN_LEASE_DEFAULT_S, compat, &err),
			 0);
}

#define BRIDGE                                                                                     \
	"{\"binding\":\"bridge\",\"mac\":\"02:00:00:00:00:0a\",\"mtu\":1400,\"ipv4\":{"            \
	"\"address\":\"10.244.0.5/24\",\"server\":\"169.254.75.10\",\"gateway\":\"10.244.0.1\","   \
	"\"routes\":[{\"destination\":\"0.0.0.0/0\",\"gateway\":\"10.244.0.1\"},"                  \
	"{\"destination\":\"10.96.0.0/12\",\"gateway\":\"10.244.0.1\"}]},"                         \
	"\"hostname\":\"web-1\",\"subdomain\":\"sub\"}"
#define MASQUERADE                                                                                 \
	"{\"binding\":\"masquerade\",\"mac\":\"02:00:00:00:00:0a\",\"ipv4\":{"                     \
	"\"address\":\"10.0.2.2/24\",\"server\":\"10.0.2.1\",\"gateway\":\"10.0.2.1\"}}"
#define RESOLV                                                                                     \
	"nameserver 10.96.0.10\nnameserver fd00::a\n"                                              \
	"search ns.svc.cluster.local svc.cluster.local cluster.local\n"

/* --- tests ---------------------------------------------------------------------------------- */

static void options_text(const struct vmn_dhcp4_opt *opts, size_t n, struct vmn_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		vmn_auto_buf struct vmn_buf value = VMN_BUF_INIT(0);
		char name[VMN_OPT4_NAME_SIZE];

		vmn_opt4_text(&opts[i], &value);
		vmn_buf_addf(out, "%s=%s\n", vmn_opt4_name(opts[i].code, name),
			     vmn_buf_str(&value));
	}
}

static void test_all_options(void **state)
{
	static const struct {
		const char *facts, *resolv;
		enum vmn_dhcp_compat compat;
		const char *expected;
	} rows[] = {
		{BRIDGE, RESOLV, VMN_DHCP_COMPAT_NONE,
		 "dhcp-message-type=ACK\ndhcp-server-identifier=169.254.75.10\n"
		 "dhcp-lease-time=86313600\ndhcp-renewal-time=43156800\n"
		 "dhcp-rebinding-time=75524400\nsubnet-mask=255.255.255.0\n"
		 "classless-routes=10.96.0.0/12,10.244.0.1 0.0.0.0/0,10.244.0.1\n"
		 "routers=10.244.0.1\ndomain-name-servers=10.96.0.10\ninterface-mtu=1400\n"
		 "host-name=web-1\ndomain-name=sub.ns.svc.cluster.local\n"
		 "domain-search=sub.ns.svc.cluster.local ns.svc.cluster.local svc.cluster.local "
		 "cluster.local\n"},
		{MASQUERADE, "", VMN_DHCP_COMPAT_KUBEVIRT,
		 "dhcp-message-type=ACK\ndhcp-server-identifier=10.0.2.1\n"
		 "dhcp-lease-time=86313600\nsubnet-mask=255.255.255.0\nrouters=10.0.2.1\n"
		 "domain-name-servers=8.8.8.8\ndomain-name=cluster.local\n"
		 "domain-search=cluster.local\n"},
		{MASQUERADE, "search a.b Not.OK- c_d\n", VMN_DHCP_COMPAT_NONE,
		 "dhcp-message-type=ACK\ndhcp-server-identifier=10.0.2.1\n"
		 "dhcp-lease-time=86313600\ndhcp-renewal-time=43156800\n"
		 "dhcp-rebinding-time=75524400\nsubnet-mask=255.255.255.0\nrouters=10.0.2.1\n"
		 "domain-name=a.b\ndomain-search=a.b c_d\n"},
		/* a gateway outside the prefix: a route to it, and the default route */
		{"{\"binding\":\"bridge\",\"ipv4\":{\"address\":\"10.1.1.1/32\",\"server\":"
		 "\"169.254.75.10\",\"gateway\":\"169.254.1.1\"},\"search\":[\"x.y\"],"
		 "\"dhcpOptions\":{\"ntpServers\":[\"10.9.9.9\"],\"tftpServerName\":\"tftp.local\","
		 "\"bootFileName\":\"/pxe\",\"privateOptions\":[{\"option\":240,"
		 "\"value\":\"a=b\"}]}}",
		 "", VMN_DHCP_COMPAT_NONE,
		 "dhcp-message-type=ACK\ndhcp-server-identifier=169.254.75.10\n"
		 "dhcp-lease-time=86313600\ndhcp-renewal-time=43156800\n"
		 "dhcp-rebinding-time=75524400\nsubnet-mask=255.255.255.255\n"
		 "classless-routes=169.254.1.1/32,0.0.0.0 0.0.0.0/0,169.254.1.1\n"
		 "routers=169.254.1.1\ndomain-name=x.y\ndomain-search=x.y\n"
		 "ntp-servers=10.9.9.9\ntftp-server-name=tftp.local\nbootfile-name=/pxe\n"
		 "option-240=a=b\n"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);
		struct vmn_lease4 lease;
		struct vmn_options4 options;

		make_lease(rows[i].facts, rows[i].resolv, rows[i].compat, &lease);
		vmn_lease4_options(&lease, VMN_DHCP4_ACK, &options);
		options_text(options.opts, options.n, &text);
		assert_string_equal(vmn_buf_str(&text), rows[i].expected);
	}
}

static void test_kubevirt_refuses(void **state)
{
	static const struct {
		const char *search, *message;
	} rows[] = {
		{"-x", "search domain is not valid: '-x'"},
		{"a.b.", "search domain is not valid: 'a.b.'"},
	};
	vmn_auto_strlist struct vmn_strlist left_out = {0};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
		vmn_auto_facts struct vmn_binding_facts facts = {0};
		vmn_auto_resolv struct vmn_resolv resolv = {0}, names = {0}, fixed = {0};

		read_facts(MASQUERADE, &facts);
		vmn_strlist_add(&resolv.search, rows[i].search);
		assert_int_equal(vmn_dhcp_names(&facts, &resolv, VMN_DHCP_COMPAT_KUBEVIRT, &names,
						NULL, &err),
				 -VMN_E_INVALID);
		assert_string_equal(vmn_err_text(&err), rows[i].message);
		vmn_err_clear(&err);
		assert_int_equal(vmn_dhcp_names(&facts, &resolv, VMN_DHCP_COMPAT_NONE, &fixed,
						&left_out, &err),
				 0);
		assert_int_equal(left_out.n, i + 1);
	}
}

static void test_resolv_conf(void **state)
{
	static const struct {
		const char *text, *dns, *search;
	} rows[] = {
		{"", "", ""},
		{"nameserver 1.2.3.4 # comment\nnameserver\t5.6.7.8\r\n", "5.6.7.8 ", ""},
		{"nameserver 1.2.3\nnameserver ::1\n#nameserver 9.9.9.9\n", "::1 ", ""},
		{"search A.b c\noptions ndots:5\nsearch d", "", "a.b c d "},
		{"searching a\nnameserver", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_resolv struct vmn_resolv r = {0};
		vmn_auto_buf struct vmn_buf dns = VMN_BUF_INIT(0), search = VMN_BUF_INIT(0);
		char ip[VMN_IP_TEXT_SIZE];

		vmn_resolv_parse(rows[i].text, &r);
		for (size_t k = 0; k < r.n_dns; k++)
			vmn_buf_addf(&dns, "%s ", vmn_ip_text(&r.dns[k], ip));
		for (size_t k = 0; k < r.search.n; k++)
			vmn_buf_addf(&search, "%s ", r.search.v[k]);
		assert_string_equal(vmn_buf_str(&dns), rows[i].dns);
		assert_string_equal(vmn_buf_str(&search), rows[i].search);
	}
}

static void test_subdomain(void **state)
{
	static const struct {
		const char *search, *subdomain, *expected;
	} rows[] = {
		{"ns.svc.c.l svc.c.l", "s", "s.ns.svc.c.l ns.svc.c.l svc.c.l"},
		{"s.ns.svc.c.l ns.svc.c.l", "s", "s.ns.svc.c.l ns.svc.c.l"},
		{"s2.ns.svc.c.l", "s", "s.s2.ns.svc.c.l s2.ns.svc.c.l"},
		{"a.b", "s", "a.b"},
		{"a", "s", "a"},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		vmn_auto_strlist struct vmn_strlist search = {0}, expected = {0};

		vmn_strlist_split(&search, rows[i].search, ' ');
		vmn_strlist_split(&expected, rows[i].expected, ' ');
		vmn_resolv_add_subdomain(&search, rows[i].subdomain);
		assert_int_equal(search.n, expected.n);
		for (size_t k = 0; k < search.n; k++)
			assert_string_equal(search.v[k], expected.v[k]);
	}
}

#define NOTHING 0

static void test_steps(void **state)
{
	static const struct {
		const char *label;
		struct client client;
		enum vmn_dhcp4_type type; /* NOTHING: no reply */
		const char *to;
		bool to_every_mac;
	} rows[] = {
		{"discover", {.type = VMN_DHCP4_DISCOVER}, VMN_DHCP4_OFFER, "10.244.0.5", false},
		{"broadcast flag",
		 {.type = VMN_DHCP4_DISCOVER, .flags = VMN_DHCP4_BROADCAST},
		 VMN_DHCP4_OFFER,
		 "255.255.255.255",
		 true},
		{"relay is ignored",
		 {.type = VMN_DHCP4_DISCOVER, .giaddr = "10.9.9.9"},
		 VMN_DHCP4_OFFER,
		 "10.244.0.5",
		 false},
		{"not our guest",
		 {.type = VMN_DHCP4_DISCOVER, .is_other = true},
		 NOTHING,
		 NULL,
		 false},
		{"selecting",
		 {.type = VMN_DHCP4_REQUEST, .requested = "10.244.0.5", .server = "169.254.75.10"},
		 VMN_DHCP4_ACK,
		 "10.244.0.5",
		 false},
		{"selecting another server",
		 {.type = VMN_DHCP4_REQUEST, .requested = "10.244.0.5", .server = "10.244.0.9"},
		 NOTHING,
		 NULL,
		 false},
		{"selecting a wrong address",
		 {.type = VMN_DHCP4_REQUEST, .requested = "10.244.0.6", .server = "169.254.75.10"},
		 VMN_DHCP4_NAK,
		 "255.255.255.255",
		 true},
		{"init-reboot",
		 {.type = VMN_DHCP4_REQUEST, .requested = "10.244.0.5"},
		 VMN_DHCP4_ACK,
		 "10.244.0.5",
		 false},
		{"init-reboot, wrong address",
		 {.type = VMN_DHCP4_REQUEST, .requested = "192.168.1.2"},
		 VMN_DHCP4_NAK,
		 "255.255.255.255",
		 true},
		{"renewing",
		 {.type = VMN_DHCP4_REQUEST, .ciaddr = "10.244.0.5"},
		 VMN_DHCP4_ACK,
		 "10.244.0.5",
		 false},
		{"renewing, wrong address",
		 {.type = VMN_DHCP4_REQUEST, .ciaddr = "10.244.0.7"},
		 VMN_DHCP4_NAK,
		 "255.255.255.255",
		 true},
		{"rebinding",
		 {.type = VMN_DHCP4_REQUEST, .ciaddr = "10.244.0.5", .flags = VMN_DHCP4_BROADCAST},
		 VMN_DHCP4_ACK,
		 "10.244.0.5",
		 false},
		{"a request for nothing", {.type = VMN_DHCP4_REQUEST}, NOTHING, NULL, false},
		{"inform",
		 {.type = VMN_DHCP4_INFORM, .ciaddr = "10.244.0.5"},
		 VMN_DHCP4_ACK,
		 "10.244.0.5",
		 false},
		{"inform without address", {.type = VMN_DHCP4_INFORM}, NOTHING, NULL, false},
		{"decline",
		 {.type = VMN_DHCP4_DECLINE, .requested = "10.244.0.5", .server = "169.254.75.10"},
		 NOTHING,
		 NULL,
		 false},
		{"release",
		 {.type = VMN_DHCP4_RELEASE, .ciaddr = "10.244.0.5", .server = "169.254.75.10"},
		 NOTHING,
		 NULL,
		 false},
		{"an offer", {.type = VMN_DHCP4_OFFER}, NOTHING, NULL, false},
	};
	struct vmn_lease4 lease;

	(void)state;
	make_lease(BRIDGE, RESOLV, VMN_DHCP_COMPAT_NONE, &lease);
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		static const uint8_t every_mac[] = {255, 255, 255, 255, 255, 255};
		struct vmn_dhcp4 msg, answer;
		struct vmn_reply4 reply;
		const char *why = NULL;
		uint8_t to[4];

		read_client(&rows[i].client, &msg);
		if (vmn_lease4_step(&lease, &msg, 68, &reply, &why) != (rows[i].type != NOTHING))
			fail_msg("%s: %s", rows[i].label, why);
		assert_non_null(why);
		if (rows[i].type == NOTHING)
			continue;
		assert_int_equal(reply.type, rows[i].type);
		inet_pton(AF_INET, rows[i].to, to);
		assert_memory_equal(reply.to_ip, to, 4);
		assert_memory_equal(reply.to_mac, rows[i].to_every_mac ? every_mac : guest_mac, 6);
		assert_int_equal(reply.to_port, 68);
		assert_true(reply.len >= VMN_DHCP4_MIN);
		assert_true(vmn_dhcp4_decode(reply.bytes, reply.len, &answer));
		assert_int_equal(answer.h.op, VMN_BOOTREPLY);
		assert_int_equal(answer.h.xid, 0x01020304);
		assert_memory_equal(answer.h.giaddr, "\0\0\0\0", 4);
		assert_memory_equal(answer.h.yiaddr,
				    rows[i].type == VMN_DHCP4_NAK ||
						    rows[i].client.type == VMN_DHCP4_INFORM
					    ? "\0\0\0\0"
					    : "\x0a\xf4\x00\x05",
				    4);
		assert_int_equal(answer.opts[VMN_OPT4_LEASE_TIME].is_there,
				 rows[i].type != VMN_DHCP4_NAK &&
					 rows[i].client.type != VMN_DHCP4_INFORM);
	}
}

static void test_kubevirt_steps(void **state)
{
	static const struct {
		struct client client;
		enum vmn_dhcp4_type type;
	} rows[] = {
		{{.type = VMN_DHCP4_REQUEST, .requested = "192.168.1.2"}, VMN_DHCP4_ACK},
		{{.type = VMN_DHCP4_REQUEST, .server = "192.168.1.2"}, VMN_DHCP4_ACK},
		{{.type = VMN_DHCP4_INFORM, .ciaddr = "10.244.0.5"}, NOTHING},
		{{.type = VMN_DHCP4_DISCOVER, .parameters = "\x03", .is_other = true},
		 VMN_DHCP4_OFFER},
	};
	struct vmn_lease4 lease;

	(void)state;
	make_lease(MASQUERADE, RESOLV, VMN_DHCP_COMPAT_KUBEVIRT, &lease);
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		struct vmn_dhcp4 msg, answer;
		struct vmn_reply4 reply;
		const char *why;

		read_client(&rows[i].client, &msg);
		assert_int_equal(vmn_lease4_step(&lease, &msg, 1068, &reply, &why),
				 rows[i].type != NOTHING);
		if (rows[i].type == NOTHING)
			continue;
		assert_int_equal(reply.type, rows[i].type);
		assert_int_equal(reply.to_port, 1068);
		assert_true(vmn_dhcp4_decode(reply.bytes, reply.len, &answer));
		assert_true(answer.opts[VMN_OPT4_SEARCH].is_there);
		assert_false(answer.opts[VMN_OPT4_T1].is_there);
	}
}

/* Which options come, and in which order, is what the client asked for. */
static void test_parameters(void **state)
{
	static const struct {
		const char *parameters, *expected; /* codes behind the times */
	} rows[] = {
		{"\x03\x01", "\x01\x03"},	  {"\x06\x0f\x63", "\x06\x0f"},
		{"\x03\x06\x79", "\x79\x03\x06"}, {"\x1a\x03\x79\x01", "\x01\x1a\x79\x03"},
		{"\x34\x35\x36\x33", ""},	  {"\x06\x06\x06", "\x06"},
	};
	struct vmn_lease4 lease;

	(void)state;
	make_lease(BRIDGE, RESOLV, VMN_DHCP_COMPAT_NONE, &lease);
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		const struct client client = {.type = VMN_DHCP4_DISCOVER,
					      .parameters = rows[i].parameters};
		struct vmn_dhcp4 msg;
		struct vmn_reply4 reply;
		const char *why;
		size_t at = 240 + 3 + 4 * 6; /* type, server, lease time, T1, T2 */

		read_client(&client, &msg);
		assert_true(vmn_lease4_step(&lease, &msg, 68, &reply, &why));
		for (const char *code = rows[i].expected; *code; code++) {
			assert_int_equal(reply.bytes[at], (uint8_t)*code);
			at += 2u + reply.bytes[at + 1];
		}
		assert_int_equal(reply.bytes[at], VMN_OPT4_END);
	}
}

/* More options than the client takes: first the fields of names are used, then the last are left
 * out. */
static void test_sizes(void **state)
{
	struct vmn_dhcp4_header h = {.op = VMN_BOOTREPLY};
	uint8_t type = VMN_DHCP4_ACK, big[700], out[VMN_DHCP4_MAX];
	static const struct {
		size_t len, limit, left_out;
		bool has_overload;
	} rows[] = {
		{300, 548, 0, false}, /* 308 less type, end and two heads */
		{303, 548, 0, true},  {400, 548, 0, true},   {470, 548, 0, true},
		{500, 548, 1, true},  {500, 1472, 0, false}, {0, 548, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		const struct vmn_dhcp4_opt opts[] = {
			{VMN_OPT4_TYPE, 1, &type},
			{VMN_OPT4_ROUTES, rows[i].len, big},
		};
		struct vmn_dhcp4 msg;
		size_t left_out, got_len,
			len = vmn_dhcp4_encode(&h, opts, 2, rows[i].limit, out, &left_out);
		const uint8_t *got;

		assert_true(len <= rows[i].limit);
		assert_int_equal(left_out, rows[i].left_out);
		assert_true(vmn_dhcp4_decode(out, len, &msg));
		assert_int_equal(msg.opts[VMN_OPT4_OVERLOAD].is_there, rows[i].has_overload);
		got = vmn_dhcp4_opt(&msg, VMN_OPT4_ROUTES, &got_len);
		assert_int_equal(got != NULL, rows[i].left_out == 0);
		if (!got)
			continue;
		assert_int_equal(got_len, rows[i].len);
		assert_memory_equal(got, big, got_len);
	}
}

static void test_limits(void **state)
{
	static const struct {
		uint16_t max_size;
		uint32_t mtu;
		size_t limit;
	} rows[] = {
		{0, 1500, 548},	     {576, 1500, 548},	 {100, 1500, 548},
		{1500, 1500, 1472},  {1500, 1400, 1372}, {1500, 0, 1472},
		{65535, 9000, 2048}, {1500, 500, 548},	 {600, 1500, 572},
	};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		const struct client client = {.type = VMN_DHCP4_DISCOVER,
					      .max_size = rows[i].max_size};
		struct vmn_dhcp4 msg;

		read_client(&client, &msg);
		assert_int_equal(vmn_dhcp4_limit(&msg, rows[i].mtu), rows[i].limit);
	}
}

static void test_bad_messages(void **state)
{
	static const struct {
		const char *label;
		size_t at;
		const char *bytes;
		size_t len, cut; /* length of the message after it; 0: as it was */
	} rows[] = {
		{"op 0", 0, "\0", 1, 0},
		{"op 3", 0, "\3", 1, 0},
		{"token ring", 1, "\6", 1, 0},
		{"no address", 2, "\0", 1, 0},
		{"a long address", 2, "\20", 1, 0},
		{"bad magic", 236, "\x63\x82\x53\x64", 4, 0},
		{"without options", 0, "", 0, 240},
		{"cut in the header", 0, "", 0, 239},
		{"empty", 0, "", 0, 0},
		{"no end", 0, "", 0, 243},
		{"a code without length", 0, "", 0, 241},
		{"a length beyond the end", 241, "\xff", 1, 0},
		{"no type", 240, "\xff", 1, 0},
		{"type 0", 242, "\0", 1, 0},
		{"type 9", 242, "\x09", 1, 0},
		{"a type of two bytes", 240, "\x35\x02\x01\x01\xff", 5, 0},
		{"two types", 240, "\x35\x01\x01\x35\x01\x01\xff", 7, 0},
		{"overload 0", 243, "\x34\x01\x00\xff", 4, 0},
		{"overload 4", 243, "\x34\x01\x04\xff", 4, 0},
		{"overload twice", 243, "\x34\x01\x01\x34\x01\x02\xff", 7, 0},
		{"overload into a field without end", 243, "\x34\x01\x01\xff", 4, 0},
		{"an address of 3 bytes", 243, "\x32\x03\x01\x02\x03\xff", 6, 0},
		{"an empty list", 243, "\x37\x00\xff", 3, 0},
		{"a maximum of one byte", 243, "\x39\x01\xff\xff", 4, 0},
		{"a client id of one byte", 243, "\x3d\x01\xff\xff", 4, 0},
	};
	const struct client client = {.type = VMN_DHCP4_DISCOVER};

	(void)state;
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		uint8_t bytes[VMN_DHCP4_MAX];
		size_t len = write_client(&client, bytes);
		struct vmn_dhcp4 msg;

		memcpy(bytes + rows[i].at, rows[i].bytes, rows[i].len);
		if (rows[i].cut > 0 || rows[i].len == 0)
			len = rows[i].cut;
		if (vmn_dhcp4_decode(bytes, len, &msg))
			fail_msg("%s: was taken", rows[i].label);
	}
	assert_false(vmn_dhcp4_decode(guest_mac, VMN_DHCP4_MAX + 1, &(struct vmn_dhcp4){0}));
}

/* A field of names that says that fields of names hold options */
static void test_overload_within(void **state)
{
	const struct client client = {.type = VMN_DHCP4_DISCOVER};
	uint8_t bytes[VMN_DHCP4_MAX];
	size_t len = write_client(&client, bytes);
	struct vmn_dhcp4 msg;

	(void)state;
	memcpy(bytes + 243, "\x34\x01\x01\xff", 4);
	memcpy(bytes + 108, "\x34\x01\x02\xff", 4);
	assert_false(vmn_dhcp4_decode(bytes, len, &msg));
	bytes[108] = VMN_OPT4_END;
	assert_true(vmn_dhcp4_decode(bytes, len, &msg));
}

/* RFC 3396: pieces in all three fields, options first, then file, then sname */
static void test_pieces(void **state)
{
	const struct client client = {.type = VMN_DHCP4_DISCOVER};
	uint8_t bytes[VMN_DHCP4_MAX];
	size_t len = write_client(&client, bytes), got_len;
	struct vmn_dhcp4 msg;
	const uint8_t *got;

	(void)state;
	memcpy(bytes + 243,
	       "\x34\x01\x03\x3d\x02"
	       "ab\xff",
	       8);
	memcpy(bytes + 108,
	       "\x00\x3d\x01"
	       "c\xff",
	       5);
	memcpy(bytes + 44,
	       "\x3d\x02"
	       "de\xff",
	       5);
	assert_true(vmn_dhcp4_decode(bytes, len, &msg));
	got = vmn_dhcp4_opt(&msg, VMN_OPT4_CLIENT_ID, &got_len);
	assert_int_equal(got_len, 5);
	assert_memory_equal(got, "abcde", 5);
}

static void test_datagrams(void **state)
{
	static const struct {
		const char *label;
		size_t at;
		const char *bytes;
		size_t len;
	} rows[] = {
		{"version 6", 0, "\x65", 1},
		{"header of 16 bytes", 0, "\x44", 1},
		{"header beyond", 0, "\x4f", 1},
		{"length beyond", 2, "\xff\xff", 2},
		{"length of 20", 2, "\x00\x14", 2},
		{"a fragment", 6, "\x20\x00", 2},
		{"tcp", 9, "\x06", 1},
		{"bad checksum", 10, "\x01\x02", 2},
		{"bad payload", 29, "x", 1},
	};
	struct vmn_udp4 udp = {.from_port = 68, .to_port = 67, .len = 5}, got;
	uint8_t good[64] = {0}, bad[64];
	size_t len;

	(void)state;
	memcpy(good + VMN_UDP4_HEADERS, "hello", 5);
	memset(udp.to, 255, 4);
	len = vmn_udp4_build(&udp, good);
	assert_int_equal(len, 33);
	assert_true(vmn_udp4_parse(good, sizeof(good), false, &got)); /* Ethernet pads */
	assert_int_equal(got.from_port, 68);
	assert_int_equal(got.to_port, 67);
	assert_int_equal(got.len, 5);
	assert_memory_equal(got.payload, "hello", 5);
	for (size_t i = 0; i < len; i++)
		assert_false(vmn_udp4_parse(good, i, false, &got));
	for (size_t i = 0; i < VMN_ARRAY_LEN(rows); i++) {
		memcpy(bad, good, sizeof(bad));
		memcpy(bad + rows[i].at, rows[i].bytes, rows[i].len);
		if (vmn_udp4_parse(bad, len, false, &got))
			fail_msg("%s: was taken", rows[i].label);
	}
	/* only the last one is about the payload, whose checksum may be missing */
	assert_true(vmn_udp4_parse(bad, len, true, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_options), cmocka_unit_test(test_kubevirt_refuses),
		cmocka_unit_test(test_resolv_conf), cmocka_unit_test(test_subdomain),
		cmocka_unit_test(test_steps),	    cmocka_unit_test(test_kubevirt_steps),
		cmocka_unit_test(test_parameters),  cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_limits),	    cmocka_unit_test(test_bad_messages),
		cmocka_unit_test(test_pieces),	    cmocka_unit_test(test_overload_within),
		cmocka_unit_test(test_datagrams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
