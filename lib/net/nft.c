/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <nftables/libnftables.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/str.h"
#include "lib/net/nft.h"
#include "lib/net/rtnl.h"

/* --- the library ---------------------------------------------------------------------- */

#define NFT_FUNCTIONS(X)                                                                           \
	X(ctx_new)                                                                                 \
	X(ctx_free)                                                                                \
	X(ctx_output_set_flags)                                                                    \
	X(ctx_buffer_output)                                                                       \
	X(ctx_buffer_error)                                                                        \
	X(ctx_get_output_buffer)                                                                   \
	X(ctx_get_error_buffer)                                                                    \
	X(run_cmd_from_buffer)

struct nft {
#define MEMBER(name) __typeof__(nft_##name) *name;
	NFT_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* Its libraries and their start-up are for those who need rules. */
static int load(const struct nft **ret, struct vmn_err *err)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} rows[] = {
#define ROW(name) {"nft_" #name, offsetof(struct nft, name)},
		NFT_FUNCTIONS(ROW)
#undef ROW
	};
	static struct nft table;
	void *lib;

	*ret = &table;
	if (table.ctx_new)
		return 0;
	lib = dlopen("libnftables.so.1", RTLD_LAZY | RTLD_LOCAL);
	if (!lib) {
		(void)vmn_err_set(err, VMN_E_UNSUPPORTED, "cannot load libnftables: %s", dlerror());
		return vmn_err_hint(err,
				    "install libnftables (Debian: apt-get install libnftables1)");
	}
	for (size_t i = VMN_ARRAY_LEN(rows); i-- > 0;) {
		void *fn = dlsym(lib, rows[i].symbol);

		if (!fn)
			return vmn_err_set(err, VMN_E_UNSUPPORTED, "libnftables lacks %s",
					   rows[i].symbol);
		memcpy((char *)&table + rows[i].offset, &fn, sizeof(fn));
	}
	return 0;
}

/* --- commands ------------------------------------------------------------------------- */

struct run_call {
	const struct nft *nft;
	const char *commands;
	char **ret_out;
};

/* "Error: " and where in the text it is are for those who typed it. */
static int refused(const char *text, struct vmn_err *err)
{
	size_t len;

	while (*text == '\n')
		text++;
	if (vmn_starts_with(text, "Error: "))
		text += strlen("Error: ");
	len = strcspn(text, "\n");
	return vmn_err_set(err, VMN_E_NETLINK, "nft: %.*s", (int)len, len ? text : "unknown error");
}

static int do_run(void *arg, struct vmn_err *err)
{
	const struct run_call *c = arg;
	struct nft_ctx *ctx = c->nft->ctx_new(NFT_CTX_DEFAULT);
	int rc = 0;

	if (!ctx)
		return vmn_err_set(err, VMN_E_NETLINK, "nft: cannot open a netlink socket");
	c->nft->ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_STATELESS);
	if (c->nft->ctx_buffer_output(ctx) || c->nft->ctx_buffer_error(ctx))
		rc = vmn_err_oom(err);
	else if (c->nft->run_cmd_from_buffer(ctx, c->commands))
		rc = refused(c->nft->ctx_get_error_buffer(ctx), err);
	else if (c->ret_out)
		*c->ret_out = vmn_xstrdup(c->nft->ctx_get_output_buffer(ctx));
	c->nft->ctx_free(ctx);
	return rc;
}

int vmn_nft_run(const struct vmn_netns *ns, const char *commands, char **ret_out,
		struct vmn_err *err)
{
	struct run_call c = {.commands = commands, .ret_out = ret_out};
	int rc, errnum;

	rc = load(&c.nft, err);
	if (rc < 0)
		return rc;
	errnum = vmn_netns_ask_hook(ns, ret_out ? VMN_NET_READ : "nft");
	if (errnum) {
		err->sys = errnum;
		return vmn_err_set(err, VMN_E_NETLINK, "nft: %s", strerror(errnum));
	}
	return vmn_netns_run(ns, do_run, &c, err);
}

/* --- is there a table? ---------------------------------------------------------------- */

static const struct {
	uint8_t family;
	const char *name;
} families[] = {
	{NFPROTO_ARP, "arp"}, {NFPROTO_BRIDGE, "bridge"}, {NFPROTO_INET, "inet"},
	{NFPROTO_IPV4, "ip"}, {NFPROTO_IPV6, "ip6"},
};

static void forget_tables(void *arg)
{
	vmn_strlist_clear(arg);
}

/* Collect "ip vmnetctl_br0" and so on. */
static int note_table(void *arg, const struct nlmsghdr *h, struct vmn_err *err)
{
	struct nlattr *tb[NFTA_TABLE_MAX + 1];
	const struct nfgenmsg *g = nlmsg_data(h);
	const char *name;

	(void)err;
	if (nlmsg_parse((struct nlmsghdr *)h, sizeof(*g), tb, NFTA_TABLE_MAX, NULL) < 0 ||
	    !tb[NFTA_TABLE_NAME])
		return 0;
	name = nla_data(tb[NFTA_TABLE_NAME]);
	if (!memchr(name, '\0', (size_t)nla_len(tb[NFTA_TABLE_NAME])) ||
	    !vmn_starts_with(name, VMN_NFT_TABLE))
		return 0;
	for (size_t i = 0; i < VMN_ARRAY_LEN(families); i++) {
		vmn_auto_free char *text = NULL;

		if (families[i].family != g->nfgen_family)
			continue;
		text = vmn_xasprintf("%s %s", families[i].name, name);
		vmn_strlist_add(arg, text);
	}
	return 0;
}

static int find_tables(const struct vmn_netns *ns, struct vmn_strlist *ret, struct vmn_err *err)
{
	vmn_auto_rtnl struct vmn_rtnl *nl = NULL;
	vmn_auto_nl_msg struct nl_msg *msg =
		nlmsg_alloc_simple(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0);
	struct nfgenmsg g = {.nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0};
	int rc;

	if (!msg || nlmsg_append(msg, &g, sizeof(g), NLMSG_ALIGNTO) < 0)
		return vmn_err_oom(err);
	rc = vmn_rtnl_open_protocol(ns, NETLINK_NETFILTER, &nl, err);
	if (rc == 0)
		rc = vmn_rtnl_dump(nl, msg, forget_tables, note_table, ret, err);
	return rc;
}

/* No nftables in this kernel, or no right to look: then there is nothing of ours either. */
static bool is_none(const struct vmn_netns *ns, const struct vmn_err *err)
{
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;

	if (err->sys == EPERM)
		return vmn_netns_may_change(ns, &why) < 0;
	return err->sys == EPROTONOSUPPORT || err->sys == EINVAL || err->sys == EOPNOTSUPP;
}

int vmn_nft_list(const struct vmn_netns *ns, char **ret, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf all = VMN_BUF_INIT(0);
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	vmn_auto_strlist struct vmn_strlist tables = {0};

	*ret = NULL;
	if (find_tables(ns, &tables, &why) < 0)
		return is_none(ns, &why) ? 0 : vmn_err_move(err, &why);
	/* One at a time: nft 1.0.6 finds no table but the last one of several in one run. */
	for (size_t i = 0; i < tables.n; i++) {
		vmn_auto_free char *command = vmn_xasprintf("list table %s\n", tables.v[i]);
		vmn_auto_free char *text = NULL;
		int rc = vmn_nft_run(ns, command, &text, err);

		if (rc < 0)
			return rc;
		vmn_buf_adds(&all, text);
	}
	*ret = all.len ? vmn_buf_steal(&all) : NULL;
	return 0;
}
