/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup dhcp - one server for the guests behind all bridges of a namespace */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/binding/apply.h"
#include "lib/dhcp/describe.h"
#include "lib/dhcp/handover.h"
#include "lib/net/sandbox.h"
#include "lib/out/table.h"
#include "subcommands/netsetup_dhcp_watch.h"

enum { RESOLV_CONF_MAX = 64 * 1024, LEASE_MIN_S = 2 };

struct dhcp_opts {
	const char *netns, *bridge, *client_mac, *server, *hostname, *subdomain, *resolv_conf;
	struct vmn_strlist address, gateway, route, dns, search;
	uint32_t mtu;
	int64_t lease_ms;
	int compat;
	bool dry_run;
};

static const char *const compat_words[] = {
	[VMN_DHCP_COMPAT_NONE] = "none",
	[VMN_DHCP_COMPAT_KUBEVIRT] = "kubevirt",
	NULL,
};

static const struct cmd_opt dhcp_opts[] = {
	NETSETUP_NETNS(struct dhcp_opts),
	{CMD_OPT_STR, 0, "bridge", .offset = offsetof(struct dhcp_opts, bridge), .arg = "LINK",
	 .help = "serve this bridge with what the options below say, not what apply set up"},
	{CMD_OPT_STR, 0, "client-mac", .offset = offsetof(struct dhcp_opts, client_mac),
	 .arg = "MAC", .help = "answer only this client; default: anybody behind the bridge"},
	{CMD_OPT_LIST, 0, "address", .offset = offsetof(struct dhcp_opts, address),
	 .arg = "ADDRESS/LEN,...", .flags = CMD_OPT_COMMA,
	 .help = "of the guest: one of IPv4, one of IPv6, or both"},
	{CMD_OPT_LIST, 0, "gateway", .offset = offsetof(struct dhcp_opts, gateway),
	 .arg = "ADDRESS,...", .flags = CMD_OPT_COMMA,
	 .help = "of the guest; IPv6 guests take the bridge, whatever is said here"},
	{CMD_OPT_STR, 0, "server", .offset = offsetof(struct dhcp_opts, server), .arg = "ADDRESS",
	 .help = "IPv4 address of the bridge; default: --gateway"},
	{CMD_OPT_LIST, 0, "route", .offset = offsetof(struct dhcp_opts, route),
	 .arg = "PREFIX[=GATEWAY],...", .flags = CMD_OPT_COMMA,
	 .help = "IPv4 routes of the guest; without gateway, on its link"},
	{CMD_OPT_LIST, 0, "dns", .offset = offsetof(struct dhcp_opts, dns), .arg = "ADDRESS,...",
	 .flags = CMD_OPT_COMMA, .help = "name servers; default: those of --resolv-conf"},
	{CMD_OPT_LIST, 0, "search", .offset = offsetof(struct dhcp_opts, search),
	 .arg = "DOMAIN,...", .flags = CMD_OPT_COMMA,
	 .help = "search domains; default, without --dns too: those of --resolv-conf"},
	{CMD_OPT_STR, 0, "hostname", .offset = offsetof(struct dhcp_opts, hostname), .arg = "NAME",
	 .help = "of the guest"},
	{CMD_OPT_STR, 0, "subdomain", .offset = offsetof(struct dhcp_opts, subdomain),
	 .arg = "NAME",
	 .help = "spec.subdomain of the VM: goes before the longest search domain of services"},
	{CMD_OPT_U32, 0, "mtu", .offset = offsetof(struct dhcp_opts, mtu), .arg = "BYTES",
	 .min = 68, .max = 65535, .help = "of the guest's link"},
	{CMD_OPT_STR, 0, "resolv-conf", .offset = offsetof(struct dhcp_opts, resolv_conf),
	 .arg = "FILE", .complete = CMD_COMPLETE_FILE,
	 .help = "name servers and search domains, read once; default: that of the process of "
		 "--netns pid:N, /etc/netns/NAME/resolv.conf, or /etc/resolv.conf"},
	{CMD_OPT_DURATION, 0, "lease-time", .offset = offsetof(struct dhcp_opts, lease_ms),
	 .arg = "DURATION", .def = "23976h",
	 .help = "how long an address is given for, 0 for ever; the default are KubeVirt's 999 days"},
	{CMD_OPT_ENUM, 0, "compat", .offset = offsetof(struct dhcp_opts, compat), .arg = "WITH",
	 .words = compat_words, .def = "none",
	 .help = "\"kubevirt\": answer as virt-launcher does, quirks included"},
	{CMD_OPT_BOOL, 0, "dry-run", .offset = offsetof(struct dhcp_opts, dry_run),
	 .help = "serve nobody; print the options of each reply"},
	{0},
};

/* --- whom to serve ---------------------------------------------------------------------- */

static int bad(struct vmn_err *err, const char *option, const char *value)
{
	return vmn_err_set(err, VMN_E_USAGE, "--%s is wrong: '%s'", option, value);
}

static int read_addresses(const struct dhcp_opts *o, struct vmn_binding_facts *f,
			  struct vmn_err *err)
{
	for (size_t i = 0; i < o->address.n; i++) {
		struct vmn_cidr cidr, *place;

		if (!vmn_cidr_parse(o->address.v[i], &cidr))
			return bad(err, "address", o->address.v[i]);
		place = cidr.ip.family == AF_INET ? &f->ip4 : &f->ip6;
		if (place->ip.family != AF_UNSPEC)
			return vmn_err_set(err, VMN_E_USAGE, "two addresses of one family");
		*place = cidr;
	}
	for (size_t i = 0; i < o->gateway.n; i++) {
		struct vmn_ip ip;

		if (!vmn_ip_parse(o->gateway.v[i], &ip))
			return bad(err, "gateway", o->gateway.v[i]);
		*(ip.family == AF_INET ? &f->gateway4 : &f->gateway6) = ip;
	}
	f->server4 = f->gateway4;
	if (o->server && (!vmn_ip_parse(o->server, &f->server4) || f->server4.family != AF_INET))
		return bad(err, "server", o->server);
	if (o->address.n == 0)
		return vmn_err_set(err, VMN_E_USAGE, "--bridge needs --address");
	if (f->ip4.ip.family != AF_UNSPEC && f->server4.family == AF_UNSPEC)
		return vmn_err_set(err, VMN_E_USAGE,
				   "an IPv4 --address needs --server or --gateway");
	return 0;
}

static int read_route(const char *text, struct vmn_binding_route *ret, struct vmn_err *err)
{
	const char *equals = strchr(text, '=');
	vmn_auto_free char *to =
		vmn_xstrndup(text, equals ? (size_t)(equals - text) : strlen(text));

	if (!vmn_cidr_parse(to, &ret->to) || ret->to.ip.family != AF_INET)
		return bad(err, "route", text);
	if (equals && (!vmn_ip_parse(equals + 1, &ret->gateway) || ret->gateway.family != AF_INET))
		return bad(err, "route", text);
	return 0;
}

static int read_lists(const struct dhcp_opts *o, struct vmn_binding_facts *f, struct vmn_err *err)
{
	if (o->route.n > VMN_FACTS_ROUTES_MAX || o->dns.n > VMN_RESOLV_DNS_MAX)
		return vmn_err_set(err, VMN_E_USAGE, "too many of --route or --dns");
	f->routes4 = vmn_xcalloc(o->route.n + 1, sizeof(*f->routes4));
	for (size_t i = 0; i < o->route.n; i++) {
		int ret = read_route(o->route.v[i], &f->routes4[f->n_routes4++], err);

		if (ret < 0)
			return ret;
	}
	f->dns = vmn_xcalloc(o->dns.n + 1, sizeof(*f->dns));
	for (size_t i = 0; i < o->dns.n; i++)
		if (!vmn_ip_parse(o->dns.v[i], &f->dns[f->n_dns++]))
			return bad(err, "dns", o->dns.v[i]);
	for (size_t i = 0; i < o->search.n; i++)
		vmn_strlist_add(&f->search, o->search.v[i]);
	return 0;
}

static int read_options(const struct dhcp_opts *o, struct vmn_binding_facts *f, struct vmn_err *err)
{
	int ret = read_addresses(o, f, err);

	if (ret == 0)
		ret = read_lists(o, f, err);
	if (ret < 0)
		return ret;
	f->bridge = vmn_xstrdup(o->bridge);
	f->binding = VMN_BINDING_BRIDGE;
	f->has_mac = o->client_mac != NULL;
	if (o->client_mac && !vmn_mac_parse(o->client_mac, f->mac))
		return bad(err, "client-mac", o->client_mac);
	f->mtu = o->mtu;
	if (o->hostname)
		f->hostname = vmn_xstrdup(o->hostname);
	if (o->subdomain)
		f->subdomain = vmn_xstrdup(o->subdomain);
	return 0;
}

/* Options that say something about the one bridge mean nothing without it. */
static int check_no_bridge(const struct dhcp_opts *o, struct vmn_err *err)
{
	if (!o->client_mac && !o->server && !o->hostname && !o->subdomain && !o->mtu &&
	    o->address.n + o->gateway.n + o->route.n == 0)
		return 0;
	return vmn_err_set(err, VMN_E_USAGE, "options of one guest need --bridge");
}

static int read_applied(struct cmd_ctx *ctx, const struct vmn_netns *ns, struct vmn_facts_list *ret,
			struct vmn_err *err)
{
	vmn_auto_journal struct vmn_journal *journal = NULL;
	int r = netsetup_journal(ctx, ns, &journal, err);

	if (r == 0)
		r = vmn_binding_facts(journal, ret, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ret->n; i++)
		if (netsetup_dhcp_is_served(&ret->v[i]))
			return 0;
	(void)vmn_err_set(err, VMN_E_NOT_FOUND, "nothing that is set up here needs DHCP");
	return vmn_err_hint(err, "set it up with `vmnetctl netsetup apply`, or name a --bridge");
}

/* --- names ------------------------------------------------------------------------------- */

/* That of the pod for pid:N, and of the namespace where ip-netns(8) would bind one. */
static char *find_resolv_conf(const struct dhcp_opts *o)
{
	vmn_auto_free char *path = NULL;

	if (o->resolv_conf)
		return vmn_xstrdup(o->resolv_conf);
	if (o->netns && vmn_starts_with(o->netns, "pid:"))
		path = vmn_xasprintf("/proc/%s/root/etc/resolv.conf", o->netns + strlen("pid:"));
	else if (o->netns && !strchr(o->netns, '/'))
		path = vmn_xasprintf("/etc/netns/%s/resolv.conf", o->netns);
	if (path && access(path, R_OK) == 0)
		return vmn_steal(&path);
	return vmn_xstrdup("/etc/resolv.conf");
}

/* No file is no name servers: a machine may have none. */
static int read_resolv_conf(const char *path, struct vmn_resolv *ret, struct vmn_err *err)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(RESOLV_CONF_MAX);

	if (vmn_file_read(path, &text, &why) < 0 && why.code != VMN_E_NOT_FOUND)
		return vmn_err_move(err, &why);
	vmn_resolv_parse(vmn_buf_str(&text), ret);
	return 0;
}

struct job {
	struct cmd_ctx *ctx;
	const struct dhcp_opts *o;
	struct vmn_facts_list facts;
	struct vmn_resolv resolv;
	uint32_t lease_s;
	struct vmn_dhcp_server *server;
	int watch_fd; /* bridges that are set up later come from there, or -1 */
};

static void job_clear(struct job *job)
{
	vmn_dhcp_server_free_p(&job->server);
	vmn_close_p(&job->watch_fd);
	vmn_facts_list_clear(&job->facts);
	vmn_resolv_clear(&job->resolv);
}

static int make_names(struct job *job, const struct vmn_binding_facts *f, struct vmn_resolv *ret,
		      struct vmn_err *err)
{
	vmn_auto_strlist struct vmn_strlist left_out = {0};
	int r = vmn_dhcp_names(f, &job->resolv, (enum vmn_dhcp_compat)job->o->compat, ret,
			       &left_out, err);

	for (size_t i = 0; i < left_out.n; i++)
		cmd_warn(job->ctx, "search domain '%s' is not valid, left out", left_out.v[i]);
	return r;
}

/* --- --dry-run ------------------------------------------------------------------------------ */

enum { COL_BRIDGE, COL_PROTOCOL, COL_MESSAGE, COL_CODE, COL_OPTION, COL_VALUE };

static int print_table(struct cmd_ctx *ctx, struct json_object *bridges, struct vmn_err *err)
{
	static const struct vmn_col cols[] = {
		[COL_BRIDGE] = {"BRIDGE", 0},	[COL_PROTOCOL] = {"PROTOCOL", 0},
		[COL_MESSAGE] = {"MESSAGE", 0}, [COL_CODE] = {"CODE", VMN_COL_RIGHT},
		[COL_OPTION] = {"OPTION", 0},	[COL_VALUE] = {"VALUE", 0},
	};
	vmn_auto_table struct vmn_table *table = vmn_table_new(cols, VMN_ARRAY_LEN(cols), false);

	vmn_json_each(bridge, bridges) {
		vmn_json_each(reply, vmn_json_array(bridge, "/replies")) {
			vmn_json_each(option, vmn_json_array(reply, "/options")) {
				struct json_object *code = vmn_json_get(option, "/code");

				(void)vmn_table_row(table, -1);
				vmn_table_cell(table, COL_BRIDGE, vmn_json_str(bridge, "/bridge"),
					       VMN_STYLE_PLAIN);
				vmn_table_cell(table, COL_PROTOCOL,
					       vmn_json_str(reply, "/protocol"), VMN_STYLE_PLAIN);
				vmn_table_cell(table, COL_MESSAGE, vmn_json_str(reply, "/message"),
					       VMN_STYLE_PLAIN);
				vmn_table_cell(table, COL_CODE, code ? vmn_json_text(code) : NULL,
					       VMN_STYLE_PLAIN);
				vmn_table_cell(table, COL_OPTION, vmn_json_str(option, "/name"),
					       VMN_STYLE_PLAIN);
				vmn_table_cell(table, COL_VALUE, vmn_json_str(option, "/value"),
					       VMN_STYLE_PLAIN);
			}
		}
	}
	return vmn_table_print(table, stdout, cmd_use_color(ctx), cmd_width(ctx), err);
}

static int dry_run(struct job *job, struct vmn_err *err)
{
	vmn_auto_json struct json_object *doc = json_object_new_object();
	struct json_object *bridges = json_object_new_array();

	vmn_json_set_take(doc, "bridges", bridges);
	for (size_t i = 0; i < job->facts.n; i++) {
		vmn_auto_resolv struct vmn_resolv names = {0};
		struct json_object *bridge = NULL;
		int ret;

		if (!netsetup_dhcp_is_served(&job->facts.v[i]))
			continue;
		ret = make_names(job, &job->facts.v[i], &names, err);
		if (ret == 0)
			ret = vmn_dhcp_describe(&job->facts.v[i], &names, job->lease_s,
						(enum vmn_dhcp_compat)job->o->compat, &bridge, err);
		if (ret < 0)
			return ret;
		vmn_json_append_take(bridges, bridge);
	}
	if (job->ctx->globals->output != CMD_FORMAT_DEFAULT)
		return cmd_print_doc(job->ctx, doc, err);
	return print_table(job->ctx, bridges, err);
}

/* --- serving -------------------------------------------------------------------------------- */

/* sd_notify(3): a datagram to the socket that the service manager named, '@' for an abstract one.
 */
static int open_notify(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	vmn_auto_close int fd = -1;
	size_t len = path ? strlen(path) : 0;

	if (len < 2 || len >= sizeof(to.sun_path) || (*path != '/' && *path != '@'))
		return -1;
	memcpy(to.sun_path, path, len);
	if (*path == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return -1;
	return vmn_steal_fd(&fd);
}

static void notify(int fd, const char *state)
{
	if (fd >= 0)
		(void)send(fd, state, strlen(state), MSG_NOSIGNAL);
}

static int open_signals(int *ret, struct vmn_err *err)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || (*ret = signalfd(-1, &set, SFD_CLOEXEC)) < 0)
		return vmn_err_sys(err, errno, "cannot wait for signals");
	return 0;
}

/*
 * A host that does not forward says in its neighbour advertisements that it is no router, and
 * guests drop the default route by it (RFC 4861, section 7.2.5).
 */
static void check_router(const struct job *job, const struct vmn_netns *ns,
			 const struct vmn_binding_facts *f)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	vmn_auto_free char *key = vmn_xasprintf("net/ipv6/conf/%s/forwarding", f->bridge);
	vmn_auto_free char *value = NULL;

	if (f->ip6.ip.family == AF_UNSPEC || vmn_sysctl_read(ns, key, &value, &why) < 0 ||
	    strcmp(value, "0") != 0)
		return;
	cmd_warn(job->ctx, "%s: sysctl %s is 0: the guest will not keep its IPv6 default route",
		 f->bridge, key);
}

static int add_bridge(struct job *job, const struct vmn_binding_facts *f,
		      struct vmn_dhcp_sockets *sockets, struct vmn_err *err)
{
	vmn_auto_resolv struct vmn_resolv names = {0};
	int ret = make_names(job, f, &names, err);

	if (ret < 0)
		return ret;
	return vmn_dhcp_server_add(job->server, f, &names, job->lease_s,
				   (enum vmn_dhcp_compat)job->o->compat, sockets, err);
}

static int open_server(struct job *job, const struct vmn_netns *ns, struct vmn_strlist *known,
		       struct vmn_buf *ready, struct vmn_err *err)
{
	for (size_t i = 0; i < job->facts.n; i++) {
		const struct vmn_binding_facts *f = &job->facts.v[i];
		vmn_auto_dhcp_sockets struct vmn_dhcp_sockets sockets = VMN_DHCP_SOCKETS_INIT;
		int ret;

		if (!netsetup_dhcp_is_served(f))
			continue;
		ret = vmn_dhcp_sockets_open(ns, f, &sockets, err);
		if (ret == 0)
			netsetup_dhcp_watch_note(known, f, &sockets);
		if (ret == 0)
			ret = add_bridge(job, f, &sockets, err);
		if (ret < 0)
			return ret;
		check_router(job, ns, f);
		vmn_buf_addf(ready, "%s%s", ready->len > 0 ? ", " : "", f->bridge);
	}
	return 0;
}

/* Called by the server when a bridge is handed over, or whoever does that has ended. */
static bool take_bridge(void *arg)
{
	struct job *job = arg;
	vmn_auto_facts struct vmn_binding_facts f = {0};
	vmn_auto_dhcp_sockets struct vmn_dhcp_sockets sockets = VMN_DHCP_SOCKETS_INIT;
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	int ret = vmn_dhcp_take_over(job->watch_fd, &f, &sockets, &why);

	if (ret > 0)
		ret = add_bridge(job, &f, &sockets, &why) < 0 ? -1 : 1;
	if (ret < 0)
		cmd_warn(job->ctx, "%s", vmn_err_text(&why));
	if (ret == 0)
		cmd_warn(job->ctx,
			 "the watching process has ended: what is set up later is not served");
	if (ret <= 0)
		return ret < 0;
	cmd_done(job->ctx, "serving DHCP on %s", f.bridge);
	(void)fflush(stdout);
	return true;
}

/* What was set up by `apply` is followed; a bridge of the caller's own is the caller's business. */
static int open_all(struct job *job, const struct vmn_netns *ns, struct vmn_buf *ready,
		    struct vmn_err *err)
{
	vmn_auto_strlist struct vmn_strlist known = {0};
	bool is_followed = !job->o->bridge;
	int ret = is_followed ? netsetup_dhcp_watch_start(job->ctx, ns, &job->watch_fd, err) : 0;

	if (ret == 0)
		ret = open_server(job, ns, &known, ready, err);
	if (ret < 0 || !is_followed)
		return ret;
	vmn_dhcp_server_expect(job->server, job->watch_fd, take_bridge, job);
	return netsetup_dhcp_watch_go(job->watch_fd, &known, err);
}

static int serve(struct job *job, struct vmn_netns **ns, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf ready = VMN_BUF_INIT(0);
	vmn_auto_close int signals = -1, notify_fd = -1;
	int ret = open_all(job, *ns, &ready, err);

	vmn_netns_free_p(ns); /* a way back in that is not needed any more */
	if (ret == 0)
		ret = open_signals(&signals, err);
	notify_fd = open_notify();
	if (ret == 0)
		ret = vmn_sandbox_enter(err);
	if (ret < 0)
		return ret;
	cmd_done(job->ctx, "serving DHCP on %s", vmn_buf_str(&ready));
	(void)fflush(stdout);
	notify(notify_fd, "READY=1");
	ret = vmn_dhcp_server_run(job->server, signals, err);
	notify(notify_fd, "STOPPING=1");
	return ret;
}

static int read_lease_time(const struct dhcp_opts *o, uint32_t *ret, struct vmn_err *err)
{
	int64_t seconds = o->lease_ms / 1000;

	*ret = VMN_LEASE_INFINITE;
	if (o->lease_ms == 0)
		return 0;
	if (seconds < LEASE_MIN_S || seconds >= VMN_LEASE_INFINITE)
		return vmn_err_set(err, VMN_E_USAGE, "--lease-time is out of bounds");
	*ret = (uint32_t)seconds;
	return 0;
}

static int run_dhcp(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		    struct vmn_err *err)
{
	const struct dhcp_opts *o = opts;
	VMN_CLEANUP(job_clear) struct job job = {.ctx = ctx, .o = o, .watch_fd = -1};
	vmn_auto_netns struct vmn_netns *ns = NULL;
	vmn_auto_free char *resolv_conf = find_resolv_conf(o);
	int ret = read_lease_time(o, &job.lease_s, err);

	(void)argc, (void)argv;
	if (ret == 0 && !o->bridge)
		ret = check_no_bridge(o, err);
	if (ret == 0)
		ret = vmn_netns_open(o->netns, &ns, err);
	if (ret == 0)
		ret = o->bridge ? read_options(o, vmn_facts_list_add(&job.facts), err)
				: read_applied(ctx, ns, &job.facts, err);
	if (ret == 0)
		ret = read_resolv_conf(resolv_conf, &job.resolv, err);
	if (ret < 0)
		return ret;
	if (o->dry_run)
		return dry_run(&job, err);
	job.server = vmn_dhcp_server_new(&ctx->log);
	return serve(&job, &ns, err);
}

static const struct cmd_example examples[] = {
	{"vmnetctl netsetup dhcp --netns pod1", "serve what apply set up in a pod's namespace"},
	{"vmnetctl netsetup dhcp --netns pod1 --dry-run", "what the guests would be told"},
	{"vmnetctl netsetup dhcp --bridge virbr7 --address 10.0.2.2/24 --gateway 10.0.2.1 --dns 9.9.9.9",
	 "serve the one guest behind a bridge of your own"},
	{0},
};

const struct cmd cmd_netsetup_dhcp = {
	.name = "dhcp",
	.group = "Serve",
	.summary = "serve DHCP to the guests behind the bridges of a namespace",
	.description =
		"Answers DHCPv4 on every bridge that apply set up, DHCPv6 and router solicitations where "
		"the guest has an IPv6 address. Each bridge has one guest with one address, which is its "
		"own: no state is kept. Runs in the foreground until SIGTERM or SIGINT; one line on "
		"stdout, and sd_notify(3), say when it is ready. From then on it has no capability and "
		"may open nothing.\n\n"
		"What is set up or taken back in the namespace later is followed, with one more line on "
		"stdout for each bridge; when none is left it waits for the next. A second process, with "
		"which no guest can speak, keeps the rights to open the sockets for that, and ends with "
		"the first. With --bridge there is none, and the server ends with its bridge.",
	.formats = CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = dhcp_opts,
	.opts_size = sizeof(struct dhcp_opts),
	.examples = examples,
	.run = run_dhcp,
};
