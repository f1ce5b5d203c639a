/* SPDX-License-Identifier: Apache-2.0 */
/* netsetup apply - set up the VM side of interfaces in a namespace */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/binding/apply.h"
#include "lib/binding/manifest.h"
#include "lib/data/yaml.h"
#include "lib/net/tapfd.h"
#include "subcommands/netsetup_apply.h"

struct apply_opts {
	struct netsetup_apply_opts common;
	struct vmn_strlist ports, tap_plugin;
	const char *file, *name, *pod_interface, *mac, *cidr4, *cidr6;
	int binding, layout;
};

static const char *const binding_words[] = {"bridge", "masquerade", "managedTap", NULL};
static const char *const layout_words[] = {"current", "v0.4.1", NULL};

#define OPT(field) .offset = offsetof(struct apply_opts, field)

static const struct cmd_opt apply_options[] = {
	NETSETUP_APPLY_OPTIONS(struct apply_opts, "what the manifest asks for, else one"),
	{CMD_OPT_STR, 'f', "filename", OPT(file), .arg = "FILE", .complete = CMD_COMPLETE_FILE,
	 .help = "manifest of a VirtualMachine or VirtualMachineInstance, YAML or JSON; - is "
		 "stdin"},
	{CMD_OPT_STR, 0, "name", OPT(name), .arg = "IFACE",
	 .help = "without -f: what the interface is called in the VM; default: default"},
	{CMD_OPT_ENUM, 0, "binding", OPT(binding), .arg = "WORD", .words = binding_words,
	 .def = "bridge", .help = "without -f: bridge, masquerade or managedTap"},
	{CMD_OPT_STR, 0, "pod-interface", OPT(pod_interface), .arg = "NIC",
	 .help = "the link that the CNI plugin made; default: eth0, or derived from --name"},
	{CMD_OPT_STR, 0, "mac-address", OPT(mac), .arg = "MAC",
	 .help = "without -f: the guest's MAC address; default: that of the pod's interface"},
	{CMD_OPT_LIST, 0, "port", OPT(ports), .arg = "PORT[-PORT][/PROTO]", .flags = CMD_OPT_COMMA,
	 .help = "without -f, masquerade: forward this port only"},
	{CMD_OPT_STR, 0, "vm-network-cidr", OPT(cidr4), .arg = "CIDR",
	 .help = "without -f, masquerade: the guest's IPv4 network; default: 10.0.2.0/24"},
	{CMD_OPT_STR, 0, "vm-ipv6-network-cidr", OPT(cidr6), .arg = "CIDR",
	 .help = "without -f, masquerade: the guest's IPv6 network; default: fd10:0:2::/120"},
	{CMD_OPT_LIST, 0, "tap-plugin", OPT(tap_plugin), .arg = "NAME",
	 .help = "a binding plugin that KubeVirt attaches as managedTap"},
	{CMD_OPT_ENUM, 0, "layout", OPT(layout), .arg = "WORD", .words = layout_words,
	 .def = "current", .help = "current, or v0.4.1: one bridge br1 and no tap"},
	{0},
};

/* --- what is wanted ------------------------------------------------------------------- */

static int read_manifest(const struct apply_opts *o, struct vmn_setup *setup, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(VMN_YAML_MAX_BYTES);
	bool is_stdin = strcmp(o->file, "-") == 0;
	int rc = vmn_file_read(is_stdin ? "/dev/stdin" : o->file, &text, err);

	if (rc == 0 &&
	    vmn_manifest_read(vmn_buf_str(&text), text.len, &o->tap_plugin, setup, err) < 0)
		rc = vmn_err_wrap(err, "%s", is_stdin ? "stdin" : o->file);
	for (size_t i = 0; rc == 0 && o->pod_interface && i < setup->n_nics; i++)
		if (setup->nics[i].is_primary)
			(void)snprintf(setup->nics[i].pod_nic, sizeof(setup->nics[i].pod_nic), "%s",
				       o->pod_interface);
	return rc;
}

/* Secondary interfaces have names of their own kind; whatever else is on the pod network. */
static bool is_secondary_nic(const char *name)
{
	return vmn_is_ordinal_ifname(name) || (vmn_starts_with(name, "pod") && strlen(name) == 14 &&
					       strspn(name + 3, "0123456789abcdef") == 11);
}

static int read_options(const struct apply_opts *o, struct vmn_setup *setup, struct vmn_err *err)
{
	const char *name = o->name ? o->name : "default";
	struct vmn_setup_nic *nic = vmn_setup_add(setup, name);

	nic->kind = (enum vmn_binding_kind)o->binding;
	nic->is_primary = o->pod_interface ? !is_secondary_nic(o->pod_interface)
					   : strcmp(name, "default") == 0;
	nic->ordinal = nic->is_primary ? 0 : 1;
	if (o->pod_interface)
		(void)snprintf(nic->pod_nic, sizeof(nic->pod_nic), "%s", o->pod_interface);
	nic->has_mac = o->mac;
	if (o->mac && (!vmn_mac_parse(o->mac, nic->mac) || nic->mac[0] & 1))
		return vmn_err_set(err, VMN_E_USAGE, "'%s' is no MAC address for a guest", o->mac);
	if (o->cidr4 && !vmn_guest_cidr_parse(AF_INET, o->cidr4, &nic->cidr4))
		return vmn_err_set(err, VMN_E_USAGE,
				   "'%s' is no IPv4 network with room for a gateway and a guest",
				   o->cidr4);
	if (o->cidr6 && !vmn_guest_cidr_parse(AF_INET6, o->cidr6, &nic->cidr6))
		return vmn_err_set(err, VMN_E_USAGE,
				   "'%s' is no IPv6 network with room for a gateway and a guest",
				   o->cidr6);
	for (size_t i = 0; i < o->ports.n; i++) {
		struct vmn_port_range range;

		if (!vmn_port_range_parse(o->ports.v[i], &range))
			return vmn_err_set(err, VMN_E_USAGE, "'%s' is no port", o->ports.v[i]);
		vmn_port_add(nic, range);
	}
	return 0;
}

static int check_options(const struct apply_opts *o, struct vmn_err *err)
{
	if (o->file && (o->name || o->mac || o->ports.n || o->cidr4 || o->cidr6))
		return vmn_err_set(
			err, VMN_E_USAGE,
			"the manifest says what an interface is like: --name, --mac-address, "
			"--port and networks are for use without -f");
	if (o->pod_interface && strlen(o->pod_interface) >= VMN_IFNAME_SIZE)
		return vmn_err_set(err, VMN_E_USAGE, "'%s' is too long for a link",
				   o->pod_interface);
	return 0;
}

static int read_setup(const struct apply_opts *o, struct vmn_setup *setup, struct vmn_err *err)
{
	int rc = check_options(o, err);

	setup->layout = (enum vmn_layout)o->layout;
	if (rc == 0)
		rc = o->file ? read_manifest(o, setup, err) : read_options(o, setup, err);
	return rc;
}

/* --- what came of it ------------------------------------------------------------------ */

static void fill_doc(struct json_object *doc, const struct vmn_applied *applied, bool is_dry)
{
	struct json_object *steps = json_object_new_array();
	vmn_auto_json struct json_object *facts = vmn_facts_list_json(&applied->plan.facts);

	for (size_t i = 0; i < applied->plan.steps.n; i++) {
		vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);
		struct json_object *step = vmn_step_json(&applied->plan.steps.v[i]);

		vmn_step_text(&applied->plan.steps.v[i], &text);
		vmn_json_set_str(step, "command", vmn_buf_str(&text));
		vmn_json_append_take(steps, step);
	}
	vmn_json_set_bool(doc, "dryRun", is_dry);
	vmn_json_set_bool(doc, "changed", !is_dry && applied->plan.steps.n > 0);
	vmn_json_set_take(doc, "steps", steps);
	vmn_json_set_take(doc, "interfaces", json_object_get(vmn_json_get(facts, "/interfaces")));
}

static void print_steps(const struct netsetup_one *one, const struct vmn_applied *applied)
{
	if (*one->prefix)
		(void)printf("# netns %s\n", vmn_netns_ref(one->ns));
	for (size_t i = 0; i < applied->plan.steps.n; i++) {
		vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);

		vmn_step_text(&applied->plan.steps.v[i], &text);
		(void)printf("%s\n", vmn_buf_str(&text));
	}
}

static void print_done(const struct netsetup_one *one, const struct vmn_applied *applied)
{
	for (size_t i = 0; i < applied->plan.facts.n; i++) {
		const struct vmn_binding_facts *f = &applied->plan.facts.v[i];

		if (applied->plan.steps.n == 0)
			cmd_done(one->ctx, "%sinterface \"%s\" unchanged", one->prefix, f->name);
		else
			cmd_done(one->ctx, "%sinterface \"%s\" %s (%s: %s%s%s)", one->prefix,
				 f->name, applied->is_new[i] ? "set up" : "mended",
				 vmn_binding_word(f->binding), f->bridge, f->tap ? ", " : "",
				 f->tap ? f->tap : "");
	}
}

/* Whoever waits for a dummy link had better be told. */
static void tell_keeper(const struct netsetup_one *one, const struct vmn_applied *applied)
{
	for (size_t i = 0; i < applied->plan.steps.n; i++) {
		const struct vmn_step *step = &applied->plan.steps.v[i];

		for (size_t k = 0; step->kind == VMN_STEP_LINK_ADD && k < applied->plan.facts.n;
		     k++)
			if (strcmp(step->link.name, applied->plan.facts.v[k].iface) == 0 &&
			    strcmp(step->type, "dummy") != 0)
				cmd_warn(one->ctx,
					 "%sthis kernel has no dummy links: '%s', which keeps the "
					 "addresses of the pod, is a %s that is down",
					 one->prefix, step->link.name, step->type);
	}
}

/* @first: a connection already, for the first of them */
static int hand_over_taps(const struct netsetup_one *one, const struct vmn_setup *setup,
			  const struct vmn_applied *applied, const char *path, int *first,
			  struct vmn_err *err)
{
	for (size_t i = 0; i < applied->plan.facts.n; i++) {
		const struct vmn_binding_facts *f = &applied->plan.facts.v[i];
		vmn_auto_close int to = -1;
		int rc = 0;

		if (!f->tap)
			continue;
		if (*first >= 0)
			to = vmn_steal_fd(first);
		else
			rc = vmn_tap_connect(path, &to, err);
		if (rc == 0)
			rc = vmn_tap_hand_over(one->ns, f->tap, setup->nics[i].queues, to, err);
		if (rc < 0)
			return vmn_err_hint(err, "what was set up stays; run it again to hand over "
						 "all taps");
	}
	return 0;
}

struct apply_job {
	const struct netsetup_apply_opts *opts;
	const struct vmn_setup *setup;
};

static int apply_one(struct netsetup_one *one, void *arg, struct vmn_err *err)
{
	const struct apply_job *job = arg;
	const char *path = job->opts->dry_run ? NULL : job->opts->tap_fd_socket;
	vmn_auto_applied struct vmn_applied applied = {0};
	vmn_auto_close int taker = -1;
	int rc = 0;

	/* Before anything is changed: nobody may listen. */
	if (path)
		rc = vmn_tap_connect(path, &taker, err);
	if (rc == 0)
		rc = vmn_binding_apply(one->ns, one->journal, job->setup, job->opts->dry_run,
				       &applied, err);
	if (rc < 0)
		return rc;
	tell_keeper(one, &applied);
	if (netsetup_is_doc(one->ctx))
		fill_doc(one->doc, &applied, job->opts->dry_run);
	else if (job->opts->dry_run)
		print_steps(one, &applied);
	else
		print_done(one, &applied);
	return path ? hand_over_taps(one, job->setup, &applied, path, &taker, err) : 0;
}

/* Every tap must fit into a message. */
static int check_queues(const struct vmn_setup *setup, struct vmn_err *err)
{
	for (size_t i = 0; i < setup->n_nics; i++)
		if (setup->nics[i].queues > VMN_TAP_HAND_OVER_MAX)
			return vmn_err_set(err, VMN_E_USAGE,
					   "--tap-fd-socket hands over at most %d queues of a tap",
					   VMN_TAP_HAND_OVER_MAX);
	return 0;
}

static int read_owner(const char *text, struct vmn_setup *setup, struct vmn_err *err)
{
	vmn_auto_strlist struct vmn_strlist parts = {0};
	uint64_t uid, gid;

	vmn_strlist_split(&parts, text, ':');
	if (parts.n > 2 || !vmn_parse_u64(parts.v[0], &uid) ||
	    !vmn_parse_u64(parts.v[parts.n - 1], &gid) || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return vmn_err_set(err, VMN_E_USAGE, "'%s' is not UID or UID:GID", text);
	setup->tap_uid = (uint32_t)uid;
	setup->tap_gid = (uint32_t)gid;
	return 0;
}

int netsetup_apply_setup(struct cmd_ctx *ctx, const struct netsetup_apply_opts *opts,
			 struct vmn_setup *setup, struct vmn_err *err)
{
	struct apply_job job = {opts, setup};

	if (read_owner(opts->tap_owner, setup, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; opts->queues && i < setup->n_nics; i++)
		setup->nics[i].queues = opts->queues;
	if (opts->tap_fd_socket && check_queues(setup, err) < 0)
		return -(int)err->code;
	return netsetup_each(ctx, &opts->netns, !opts->dry_run, apply_one, &job, err);
}

static int run_apply(struct cmd_ctx *ctx, const void *opts, int argc, char **argv,
		     struct vmn_err *err)
{
	const struct apply_opts *o = opts;
	vmn_auto_setup struct vmn_setup setup = {0};

	(void)argc, (void)argv;
	if (read_setup(o, &setup, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < setup.notes.n; i++)
		cmd_warn(ctx, "%s", setup.notes.v[i]);
	return netsetup_apply_setup(ctx, &o->common, &setup, err);
}

static const struct cmd_example examples[] = {
	{"vmnetctl netsetup apply --netns pod1 -f vmi.yaml",
	 "all interfaces of a VM, in the namespace of its pod"},
	{"vmnetctl netsetup apply --netns pod1 --binding masquerade --port 80,443 --dry-run",
	 "what would be done for one interface, as commands of ip and nft"},
	{"vmnetctl netsetup apply --netns /run/netns/pod1 --tap-owner 64055:108",
	 "one interface with bridge binding, for libvirt's QEMU of Debian"},
	{0},
};

const struct cmd cmd_netsetup_apply = {
	.name = "apply",
	.group = "Interfaces",
	.summary = "set up the VM side of interfaces in a namespace",
	.description =
		"Does for the interfaces of a VM what virt-handler does in a pod, in KubeVirt's "
		"layout: with "
		"bridge binding the pod's interface becomes a port of an in-pod bridge and its "
		"addresses are "
		"the guest's; a link of its old name keeps them for who looks. managedTap is the "
		"same without "
		"an address for a DHCP server. With masquerade the guest has a private address, "
		"and what "
		"reaches the pod, or only some ports of it, is translated by nft rules in tables "
		"of our own. "
		"Each VM interface gets a tap for QEMU.\n\n"
		"All interfaces of a manifest are set up, or none is. What is set up already is "
		"left alone; "
		"where it was tampered with it is mended. Addresses, routes, MTU and MAC of the "
		"pod's "
		"interfaces are found out and kept for `dhcp` and `status`.\n\n"
		"A manifest's SR-IOV, passt and other plugin interfaces need nothing here and are "
		"passed over. "
		"No IPv6 address is made from a MAC of ours or the guest's, so that nothing is "
		"heard on the "
		"wire before the guest speaks.\n\n"
		"With --tap-fd-socket, one message for each tap is sent to the stream socket: its "
		"name and a "
		"newline, with a descriptor for each queue (SCM_RIGHTS), opened with IFF_VNET_HDR.",
	.flags = CMD_MUTATES,
	.formats = CMD_HAS(JSON) | CMD_HAS(YAML),
	.opts = apply_options,
	.opts_size = sizeof(struct apply_opts),
	.examples = examples,
	.run = run_apply,
};
