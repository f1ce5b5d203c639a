/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup announce - tell a network where a MAC and its addresses are now */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/data/json.h"
#include "lib/migrate/announce.h"
#include "subcommands/netsetup.h"

enum { MAX_ROUNDS = 100 };

struct announce_opts {
	const char *netns, *interface, *mac;
	struct vmn_strlist ips;
	uint32_t rounds;
	bool is_dry_run;
};

#define OPT(field) .offset = offsetof(struct announce_opts, field)

static const struct cmd_opt announce_opts[] = {
	NETSETUP_NETNS(struct announce_opts),
	{CMD_OPT_STR, 'i', "interface", OPT(interface), .arg = "LINK", .flags = CMD_OPT_REQUIRED,
	 .help = "port that the frames leave from"},
	{CMD_OPT_STR, 0, "mac-address", OPT(mac), .arg = "MAC",
	 .help = "hardware address to announce; default: that of the link with the pod's addresses"},
	{CMD_OPT_LIST, 0, "address", OPT(ips), .arg = "IP", .flags = CMD_OPT_COMMA,
	 .help = "IPv4 or IPv6 address to announce; default: those of that link"},
	{CMD_OPT_U32, 0, "rounds", OPT(rounds), .arg = "N", .def = "5", .min = 1, .max = MAX_ROUNDS,
	 .help = "how often; the second comes after 50 ms, each later one 100 ms more after the one before"},
	{CMD_OPT_BOOL, 0, "dry-run", OPT(is_dry_run),
	 .help = "only print the frames of a round, in hexadecimal"},
	{0},
};

/* Options win over what was found. */
static int override(const struct announce_opts *o, struct vmn_announcement *a, struct vmn_err *err)
{
	if (o->mac && !vmn_mac_parse(o->mac, a->mac))
		return vmn_err_set(err, VMN_E_USAGE, "'%s' is not a MAC address", o->mac);
	if (!o->ips.n)
		return 0;
	free(a->ips);
	a->ips = vmn_xcalloc(o->ips.n, sizeof(*a->ips));
	for (a->n_ips = 0; a->n_ips < o->ips.n; a->n_ips++)
		if (!vmn_ip_parse(o->ips.v[a->n_ips], &a->ips[a->n_ips]))
			return vmn_err_set(err, VMN_E_USAGE, "'%s' is not an IP address",
					   o->ips.v[a->n_ips]);
	return 0;
}

static struct json_object *frame_json(const struct vmn_frame *f)
{
	vmn_auto_buf struct vmn_buf hex = VMN_BUF_INIT(0);

	for (size_t i = 0; i < f->len; i++)
		vmn_buf_addf(&hex, "%02x", f->data[i]);
	return vmn_json_build("{\"kind\":%s,\"hex\":%s}", f->kind, vmn_buf_str(&hex));
}

/* {"interface","macAddress","addresses":[],"rounds","frames":[{"kind","hex"}]}, frames of one round
 */
static struct json_object *report(const struct announce_opts *o, const struct vmn_announcement *a)
{
	char mac[VMN_MAC_TEXT_SIZE], ip[VMN_IP_TEXT_SIZE];
	struct json_object *doc = vmn_json_build("{\"interface\":%s,\"macAddress\":%s}",
						 o->interface, vmn_mac_text(a->mac, mac));
	struct json_object *ips = json_object_new_array(), *list = json_object_new_array();
	size_t n;
	vmn_auto_free struct vmn_frame *frames = vmn_announce_frames(a, &n);

	for (size_t i = 0; i < a->n_ips; i++)
		vmn_json_append_take(ips, json_object_new_string(vmn_ip_text(&a->ips[i], ip)));
	for (size_t i = 0; i < n; i++)
		vmn_json_append_take(list, frame_json(&frames[i]));
	vmn_json_set_take(doc, "addresses", ips);
	vmn_json_set_int(doc, "rounds", o->rounds);
	vmn_json_set_bool(doc, "dryRun", o->is_dry_run);
	vmn_json_set_take(doc, "frames", list);
	return doc;
}

static int print(struct cmd_ctx *ctx, const struct announce_opts *o, struct json_object *doc,
		 struct vmn_err *err)
{
	struct json_object *frames = vmn_json_array(doc, "/frames");

	if (ctx->globals->output != CMD_FORMAT_DEFAULT)
		return cmd_print_doc(ctx, doc, err);
	if (!o->is_dry_run) {
		cmd_done(ctx, "%s announced from \"%s\": %zu frame%s, %u round%s",
			 vmn_json_str(doc, "/macAddress"), o->interface, vmn_json_len(frames),
			 vmn_json_len(frames) == 1 ? "" : "s", o->rounds,
			 o->rounds == 1 ? "" : "s");
		return 0;
	}
	vmn_json_each(frame, frames) {
		(void)printf("%-11s  %s\n", vmn_json_str(frame, "/kind"),
			     vmn_json_str(frame, "/hex"));
	}
	return 0;
}

static int run_announce(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
			struct vmn_err *err)
{
	const struct announce_opts *o = opts;
	vmn_auto_netns struct vmn_netns *ns = NULL;
	vmn_auto_snapshot struct vmn_snapshot s = {0};
	vmn_auto_announcement struct vmn_announcement a = {0};
	vmn_auto_json struct json_object *doc = NULL;
	int rc;

	(void)argc, (void)argv;
	rc = vmn_netns_open(o->netns, &ns, err);
	if (rc == 0)
		rc = vmn_snapshot_take(ns, NULL, &s, err);
	if (rc == 0)
		rc = vmn_announce_find(&s, o->interface, &a, err);
	if (rc == 0)
		rc = override(o, &a, err);
	if (rc == 0 && !o->is_dry_run)
		rc = vmn_announce_send(ns, &a, o->rounds, err);
	if (rc < 0)
		return rc;
	doc = report(o, &a);
	return print(ctx, o, doc, err);
}

static const struct cmd_example examples[] = {
	{"vmnetctl netsetup announce --netns blue -i eth0",
	 "announce MAC and addresses of the link eth0 from itself"},
	{"vmnetctl netsetup announce --netns blue -i eth0 --mac-address 02:00:00:00:00:01 "
	 "--address 10.0.2.2 --dry-run",
	 "see the frames that would tell where that guest is"},
	{0},
};

const struct cmd cmd_netsetup_announce = {
	.name = "announce",
	.group = "Serve",
	.summary = "tell the network where a MAC and its addresses are now",
	.description =
		"After a VM has moved, switches send its traffic to the old place until they see a frame "
		"from the new one. QEMU sends RARP frames for that, which a CNI may drop. This sends the "
		"same frame at the same intervals, for each IPv4 address a gratuitous ARP request and "
		"reply, and for each IPv6 address an unsolicited neighbour advertisement.\n\n"
		"From a port that was renamed for a VM (X-nic), the MAC and the addresses are those of the "
		"link that holds them in its place (X, or podX), from any other its own.",
	.formats = CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = announce_opts,
	.opts_size = sizeof(struct announce_opts),
	.examples = examples,
	.run = run_announce,
};
