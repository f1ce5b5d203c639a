/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/virt/topology.h"
#include "lib/virt/view.h"

/* --- words ---------------------------------------------------------------------------- */

static enum vmn_style hop_style(const char *status)
{
	if (vmn_streq(status, "ok"))
		return VMN_STYLE_GREEN;
	if (vmn_streq(status, "missing") || vmn_streq(status, "different"))
		return VMN_STYLE_RED;
	if (vmn_streq(status, "leftover") || vmn_streq(status, "unknown"))
		return VMN_STYLE_YELLOW;
	return VMN_STYLE_DIM;
}

static enum vmn_style phase_style(const char *phase)
{
	if (vmn_streq(phase, "Succeeded"))
		return VMN_STYLE_GREEN;
	return vmn_streq(phase, "Failed") ? VMN_STYLE_RED : VMN_STYLE_YELLOW;
}

static enum vmn_style step_style(struct json_object *iface)
{
	return vmn_json_str(iface, "/stuckText") ? VMN_STYLE_YELLOW : VMN_STYLE_GREEN;
}

static void add_part(struct vmn_buf *b, const char *label, const char *text)
{
	if (!vmn_is_empty(text))
		vmn_buf_addf(b, "%s%s%s", b->len ? ", " : "", label, text);
}

/* "10.0.0.5, fe80::1", or NULL; caller frees */
static char *join_ips(struct json_object *iface)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	vmn_json_each(ip, vmn_json_array(iface, "/ipAddresses"))
		add_part(&b, "", json_object_get_string(ip));
	return b.len ? vmn_xstrdup(vmn_buf_str(&b)) : NULL;
}

static char *seconds(struct json_object *obj)
{
	int64_t n = vmn_json_int(obj, "/durationSeconds", -1);

	return n < 0 ? NULL : vmn_xasprintf("%lld s", (long long)n);
}

static char *way(struct json_object *report)
{
	const char *from = vmn_json_str(report, "/sourceNode");
	const char *to = vmn_json_str(report, "/targetNode");

	return from || to ? vmn_xasprintf("%s -> %s", from ? from : "?", to ? to : "?") : NULL;
}

/* --- trees ---------------------------------------------------------------------------- */

enum { TREE_WHAT, TREE_STATUS, TREE_DETAIL };

struct vmn_table *vmn_view_tree(void)
{
	static const struct vmn_col cols[] = {
		{"OBJECT", VMN_COL_TREE}, {"STATUS", 0}, {"DETAIL", VMN_COL_TRUNC}};

	return vmn_table_new(cols, VMN_ARRAY_LEN(cols), false);
}

static int tree_row(struct vmn_table *t, int parent, const char *kind, const char *name,
		    const char *status, enum vmn_style style, const char *detail)
{
	vmn_auto_free char *what = name ? vmn_xasprintf("%s %s", kind, name) : vmn_xstrdup(kind);
	int row = vmn_table_row(t, parent);

	vmn_table_cell(t, TREE_WHAT, what, parent < 0 ? VMN_STYLE_BOLD : VMN_STYLE_PLAIN);
	vmn_table_cell(t, TREE_STATUS, status ? status : "", status ? style : VMN_STYLE_PLAIN);
	vmn_table_cell(t, TREE_DETAIL, detail ? detail : "", VMN_STYLE_PLAIN);
	return row;
}

static void tree_interface(struct vmn_table *t, int parent, struct json_object *iface)
{
	const char *name = vmn_json_str(iface, "/name");
	const char *text = vmn_json_str(iface, "/stepText");
	vmn_auto_buf struct vmn_buf detail = VMN_BUF_INIT(0);
	vmn_auto_free char *ips = join_ips(iface), *status = NULL;
	int row;

	add_part(&detail, "", vmn_json_str(iface, "/binding"));
	if (vmn_json_str(iface, "/network"))
		vmn_buf_addf(&detail, " to %s", vmn_json_str(iface, "/network"));
	add_part(&detail, "mac ", vmn_json_str(iface, "/macAddress"));
	add_part(&detail, "ip ", ips);
	add_part(&detail, "link ", vmn_json_str(iface, "/linkState"));
	add_part(&detail, "guest ", vmn_json_str(iface, "/guestInterfaceName"));
	if (text)
		status = vmn_xasprintf("%s %s", vmn_json_str_or(iface, "/step", ""), text);
	row = tree_row(t, parent, name ? "interface" : "guest's own interface", name, status,
		       step_style(iface), vmn_buf_str(&detail));
	if (vmn_json_str(iface, "/pendingRequest"))
		(void)tree_row(t, row, "request", NULL, "pending", VMN_STYLE_YELLOW,
			       vmn_json_str(iface, "/pendingRequest"));
	vmn_json_each(hop, vmn_json_array(iface, "/hops")) {
		const char *verdict = vmn_json_str(hop, "/status");

		(void)tree_row(t, row, vmn_json_str_or(hop, "/hop", ""), NULL, verdict,
			       hop_style(verdict), vmn_json_str(hop, "/message"));
	}
	if (vmn_json_str(iface, "/podInterfaceNames/pod")) {
		vmn_auto_free char *links =
			vmn_xasprintf("%s, bridge %s, tap %s, NIC %s",
				      vmn_json_str(iface, "/podInterfaceNames/pod"),
				      vmn_json_str_or(iface, "/podInterfaceNames/bridge", ""),
				      vmn_json_str_or(iface, "/podInterfaceNames/tap", ""),
				      vmn_json_str_or(iface, "/podInterfaceNames/nic", ""));

		(void)tree_row(t, row, "links in the pod", NULL, NULL, VMN_STYLE_PLAIN, links);
	}
	if (vmn_json_str(iface, "/stuckText"))
		(void)tree_row(t, row, "likely cause", NULL, NULL, VMN_STYLE_PLAIN,
			       vmn_json_str(iface, "/stuckText"));
}

static void tree_phases(struct vmn_table *t, int parent, struct json_object *report)
{
	vmn_json_each(phase, vmn_json_array(report, "/phases")) {
		vmn_auto_free char *took = seconds(phase);
		const char *name = vmn_json_str_or(phase, "/phase", "");

		(void)tree_row(t, parent, name, NULL, took, VMN_STYLE_PLAIN,
			       vmn_json_str(phase, "/timestamp"));
	}
}

static void tree_events(struct vmn_table *t, int parent, struct json_object *report)
{
	vmn_json_each(event, vmn_json_array(report, "/events")) {
		bool is_warning = vmn_streq(vmn_json_str(event, "/type"), "Warning");

		(void)tree_row(t, parent, "event", vmn_json_str(event, "/reason"),
			       vmn_json_str(event, "/type"),
			       is_warning ? VMN_STYLE_YELLOW : VMN_STYLE_PLAIN,
			       vmn_json_str(event, "/message"));
	}
}

void vmn_view_migration_tree(struct vmn_table *t, int parent, struct json_object *report)
{
	const char *phase = vmn_json_str(report, "/phase");
	vmn_auto_free char *took = seconds(report), *nodes = way(report);
	vmn_auto_buf struct vmn_buf detail = VMN_BUF_INIT(0);
	int row;

	if (parent < 0)
		add_part(&detail, "vmi ", vmn_json_str(report, "/vmi"));
	add_part(&detail, "", nodes);
	add_part(&detail, "", took);
	add_part(&detail, "", vmn_json_str(report, "/mode"));
	if (vmn_json_str(report, "/deletionTimestamp"))
		add_part(&detail, "", "being deleted");
	row = tree_row(t, parent, "migration", vmn_json_str(report, "/name"), phase,
		       phase_style(phase), vmn_buf_str(&detail));
	tree_phases(t, row, report);
	if (vmn_json_str(report, "/failureReason"))
		(void)tree_row(t, row, "failure", NULL, NULL, VMN_STYLE_PLAIN,
			       vmn_json_str(report, "/failureReason"));
	tree_events(t, row, report);
}

static void tree_live_migratable(struct vmn_table *t, int parent, struct json_object *report)
{
	struct json_object *cond = vmn_json_get(report, "/liveMigratable");
	const char *status = vmn_json_str(cond, "/status");
	vmn_auto_buf struct vmn_buf why = VMN_BUF_INIT(0);

	if (!cond)
		return;
	add_part(&why, "", vmn_json_str(cond, "/reason"));
	add_part(&why, "", vmn_json_str(cond, "/message"));
	(void)tree_row(t, parent, "live migratable", NULL, status,
		       vmn_streq(status, "True") ? VMN_STYLE_GREEN : VMN_STYLE_YELLOW,
		       vmn_buf_str(&why));
}

void vmn_view_vm_tree(struct vmn_table *t, struct json_object *report)
{
	bool is_vm = vmn_streq(vmn_json_str(report, "/kind"), "VirtualMachine");
	struct json_object *migration = vmn_json_get(report, "/migration");
	vmn_auto_free char *name = vmn_xasprintf("%s/%s", vmn_json_str_or(report, "/namespace", ""),
						 vmn_json_str_or(report, "/name", ""));
	const char *node = vmn_json_str(report, "/node");
	vmn_auto_free char *where = node ? vmn_xasprintf("on node %s", node) : NULL;
	int row = tree_row(t, -1, is_vm ? "vm" : "vmi", name, vmn_json_str(report, "/status"),
			   VMN_STYLE_PLAIN, where);

	vmn_json_each(pod, vmn_json_array(report, "/pods")) {
		vmn_auto_free char *detail =
			vmn_xasprintf("on node %s%s", vmn_json_str_or(pod, "/node", "?"),
				      vmn_json_bool(pod, "/isActive", false) ? ", active" : "");

		(void)tree_row(t, row, "pod", vmn_json_str(pod, "/name"),
			       vmn_json_str(pod, "/phase"), VMN_STYLE_PLAIN, detail);
	}
	tree_live_migratable(t, row, report);
	if (vmn_json_str(report, "/plugError"))
		(void)tree_row(t, row, "plug error", NULL, NULL, VMN_STYLE_PLAIN,
			       vmn_json_str(report, "/plugError"));
	vmn_json_each(iface, vmn_json_array(report, "/interfaces"))
		tree_interface(t, row, iface);
	if (migration)
		vmn_view_migration_tree(t, row, migration);
}

/* --- tables --------------------------------------------------------------------------- */

static void hop_cell(struct vmn_table *t, size_t col, struct json_object *iface, const char *hop)
{
	const char *status = vmn_topology_hop(iface, hop);

	vmn_table_cell(t, col, vmn_streq(status, "notApplicable") ? NULL : status,
		       hop_style(status));
}

static void interface_row(struct vmn_table *t, struct json_object *iface)
{
	static const char *const texts[] = {"/name", "/binding", "/network", "/step"};
	static const char *const hops[] = {"template",	    "nad",	     "vmiSpec",
					   "podAnnotation", "networkStatus", "vmiStatus"};
	static const char *const wide[] = {"/linkState", "/guestInterfaceName",
					   "/podInterfaceNames/pod", "/podInterfaceNames/bridge",
					   "/podInterfaceNames/tap"};
	vmn_auto_free char *ips = join_ips(iface);
	size_t col = 0;

	(void)vmn_table_row(t, -1);
	for (size_t i = 0; i < VMN_ARRAY_LEN(texts); i++, col++)
		vmn_table_cell(t, col, vmn_json_str(iface, texts[i]),
			       i == 3 ? step_style(iface) : VMN_STYLE_PLAIN);
	for (size_t i = 0; i < VMN_ARRAY_LEN(hops); i++)
		hop_cell(t, col++, iface, hops[i]);
	vmn_table_cell(t, col++, vmn_json_str(iface, "/macAddress"), VMN_STYLE_PLAIN);
	vmn_table_cell(t, col++, ips, VMN_STYLE_PLAIN);
	for (size_t i = 0; i < VMN_ARRAY_LEN(wide); i++)
		vmn_table_cell(t, col++, vmn_json_str(iface, wide[i]), VMN_STYLE_PLAIN);
}

struct vmn_table *vmn_view_interfaces(struct json_object *report, bool is_wide)
{
	static const struct vmn_col cols[] = {
		{"INTERFACE", 0},
		{"BINDING", 0},
		{"NETWORK", 0},
		{"STEP", 0},
		{"TEMPLATE", 0},
		{"NAD", 0},
		{"VMI-SPEC", 0},
		{"POD-ANNOTATION", 0},
		{"NETWORK-STATUS", 0},
		{"VMI-STATUS", 0},
		{"MAC", 0},
		{"IP", 0},
		{"LINK", VMN_COL_WIDE},
		{"GUEST", VMN_COL_WIDE},
		{"POD-LINK", VMN_COL_WIDE},
		{"BRIDGE", VMN_COL_WIDE},
		{"TAP", VMN_COL_WIDE},
	};
	struct vmn_table *t = vmn_table_new(cols, VMN_ARRAY_LEN(cols), is_wide);

	vmn_json_each(iface, vmn_json_array(report, "/interfaces"))
		interface_row(t, iface);
	return t;
}

struct vmn_table *vmn_view_migrations(bool is_wide)
{
	static const struct vmn_col cols[] = {
		{"NAMESPACE", 0},
		{"NAME", 0},
		{"VMI", 0},
		{"PHASE", 0},
		{"SOURCE", 0},
		{"TARGET", 0},
		{"DURATION", VMN_COL_RIGHT},
		{"CREATED", VMN_COL_WIDE},
		{"FAILURE", VMN_COL_WIDE},
	};

	return vmn_table_new(cols, VMN_ARRAY_LEN(cols), is_wide);
}

void vmn_view_migration_row(struct vmn_table *t, struct json_object *report)
{
	static const char *const paths[] = {
		"/namespace",	 "/name",	"/vmi", "/phase",
		"/sourceNode",	 "/targetNode", NULL,	"/creationTimestamp",
		"/failureReason"};
	vmn_auto_free char *took = seconds(report);

	(void)vmn_table_row(t, -1);
	for (size_t i = 0; i < VMN_ARRAY_LEN(paths); i++) {
		const char *text = paths[i] ? vmn_json_str(report, paths[i]) : took;

		vmn_table_cell(t, i, text,
			       vmn_streq(paths[i], "/phase") ? phase_style(text) : VMN_STYLE_PLAIN);
	}
}
