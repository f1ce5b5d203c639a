/* SPDX-License-Identifier: Apache-2.0 */
/* wish.c - is a wish one that any VM could have? */
#include "config.h"

#include <string.h>

#include "lib/data/k8s.h"
#include "lib/virt/ifname.h"
#include "lib/virt/plan.h"
#include "lib/virt/vm.h"

static bool nad_is_valid(const char *nad)
{
	const char *slash = strchr(nad, '/');
	vmn_auto_free char *ns = slash ? vmn_xstrndup(nad, (size_t)(slash - nad)) : NULL;

	return (!ns || vmn_is_dns1123_label(ns)) &&
	       vmn_is_dns1123_subdomain(slash ? slash + 1 : nad);
}

static int check_mac(const char *mac, struct vmn_err *err)
{
	if (!vmn_is_mac(mac))
		return vmn_err_set(err, VMN_E_INVALID, "'%s' is not a MAC address", mac);
	if (strchr("13579bdfBDF", mac[1]))
		return vmn_err_set(err, VMN_E_INVALID, "MAC address '%s' is a multicast address",
				   mac);
	return 0;
}

static bool is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(*words, s) == 0)
			return true;
	return false;
}

int vmn_wish_check(const struct vmn_wish *w, struct vmn_err *err)
{
	static const char *const bindings[] = {"bridge", "masquerade", "sriov", "managedTap", NULL};
	static const char *const states[] = {"up", "down", NULL};

	if (!vmn_iface_name_is_valid(w->iface)) {
		vmn_err_set(err, VMN_E_INVALID, "'%s' is not an interface name", w->iface);
		return vmn_err_hint(err, "use letters, digits, '-' and '_'");
	}
	if (w->nad && !nad_is_valid(w->nad)) {
		vmn_err_set(err, VMN_E_INVALID,
			    "'%s' is not the name of a network attachment definition", w->nad);
		return vmn_err_hint(err, "write NAME or NAMESPACE/NAME");
	}
	if (w->binding && !is_one_of(w->binding, bindings))
		return vmn_err_set(err, VMN_E_INVALID,
				   "binding '%s' is none of bridge, masquerade, sriov, managedTap",
				   w->binding);
	if (w->state && !is_one_of(w->state, states))
		return vmn_err_set(err, VMN_E_INVALID, "state '%s' is neither up nor down",
				   w->state);
	if (vmn_streq(w->binding, "masquerade")) {
		vmn_err_set(err, VMN_E_INVALID, "masquerade works on the pod network only");
		return vmn_err_hint(err, "leave out --binding, or give bridge or sriov");
	}
	if (w->binding_plugin && !vmn_is_dns1123_subdomain(w->binding_plugin))
		return vmn_err_set(err, VMN_E_INVALID, "'%s' is not the name of a binding plugin",
				   w->binding_plugin);
	if (w->mac && check_mac(w->mac, err) < 0)
		return -err->code;
	if (vmn_streq(w->binding, "sriov") && w->state)
		return vmn_err_set(err, VMN_E_INVALID,
				   "an SR-IOV interface has no link state to set");
	return 0;
}
