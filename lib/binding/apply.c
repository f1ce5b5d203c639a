/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/binding/apply.h"
#include "lib/binding/masquerade.h"

/*
 * info of our transactions: {"interfaces": [{"setup": ..., "facts": ...}, ...]}. A transaction that
 * mends what drifted lists the same interfaces again; the oldest one has the namespace as it was.
 */

static struct json_object *info_make(const struct vmn_setup *setup, const struct vmn_netplan *plan)
{
	struct json_object *info = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < setup->n_nics; i++) {
		struct json_object *item = json_object_new_object();

		vmn_json_set_take(item, "setup", vmn_setup_nic_json(setup, &setup->nics[i]));
		vmn_json_set_take(item, "facts", vmn_facts_json(&plan->facts.v[i]));
		vmn_json_append_take(list, item);
	}
	vmn_json_set_take(info, "interfaces", list);
	return info;
}

/* What @txn says of interface @network; NULL: nothing */
static struct json_object *info_find(const struct vmn_txn *txn, const char *network)
{
	vmn_json_each(item, vmn_json_array(txn->info, "/interfaces"))
		if (vmn_streq(vmn_json_str(item, "/setup/network"), network))
			return item;
	return NULL;
}

/* The oldest transaction that has interface @network, NULL: none */
static const struct vmn_txn *txn_find(const struct vmn_txns *txns, const char *network)
{
	for (size_t i = 0; i < txns->n; i++)
		if (info_find(&txns->v[i], network))
			return &txns->v[i];
	return NULL;
}

/* The tables of interface @network as they were made, or mended last. */
static void add_nft(const struct vmn_txns *txns, const char *network, struct vmn_buf *out)
{
	for (size_t i = txns->n; i-- > 0;) {
		const struct vmn_txn *txn = &txns->v[i];
		struct json_object *item = info_find(txn, network);
		vmn_auto_free char *table = NULL, *ip = NULL, *ip6 = NULL;

		if (!txn->nft || !item)
			continue;
		table = vmn_nft_table(vmn_json_str_or(item, "/facts/bridge", ""));
		ip = vmn_nft_section(txn->nft, "ip", table);
		ip6 = vmn_nft_section(txn->nft, "ip6", table);
		vmn_buf_addf(out, "%s%s", ip ? ip : "", ip6 ? ip6 : "");
		return;
	}
}

/* "apply-3": a name that no transaction in force has */
static char *owner_new(const struct vmn_txns *txns)
{
	unsigned long last = 0;

	for (size_t i = 0; i < txns->n; i++) {
		const char *dash = strrchr(txns->v[i].owner, '-');
		unsigned long n = dash ? strtoul(dash + 1, NULL, 10) : 0;

		last = n > last ? n : last;
	}
	return vmn_xasprintf("apply-%lu", last + 1);
}

/* --- apply ---------------------------------------------------------------------------- */

static int env_init(const struct vmn_netns *ns, struct vmn_netplan_env *env, struct vmn_err *err)
{
	bool has_dummy;
	int rc = vmn_link_kind_known(ns, "dummy", &has_dummy, err);

	if (rc < 0)
		return rc;
	/* Without the dummy driver a bridge without ports does: it is there anyway, and stays down.
	 */
	env->keeper_kind = has_dummy ? "dummy" : "bridge";
	if (getrandom(env->seed, sizeof(env->seed), 0) != sizeof(env->seed))
		return vmn_err_sys(err, errno, "cannot get random bytes");
	return 0;
}

static int look(const struct vmn_netns *ns, const struct vmn_setup *setup, struct vmn_snapshot *ret,
		struct vmn_err *err)
{
	vmn_auto_strlist struct vmn_strlist keys = {0};

	vmn_netplan_sysctls(setup, &keys);
	return vmn_snapshot_take(ns, (const char *const *)keys.v, ret, err);
}

static int check_same(const struct vmn_setup *setup, const struct vmn_setup_nic *nic,
		      const struct vmn_txn *txn, struct vmn_err *err)
{
	vmn_auto_json struct json_object *wanted = vmn_setup_nic_json(setup, nic);
	struct json_object *stored = vmn_json_get(info_find(txn, nic->network), "/setup");

	if (json_object_equal(wanted, stored))
		return 0;
	vmn_err_set(err, VMN_E_CONFLICT, "interface '%s' is set up already with other settings",
		    nic->network);
	return vmn_err_hint(err, "`vmnetctl netsetup undo` takes it back first");
}

static int plan_now(const struct vmn_txns *txns, const struct vmn_snapshot *now,
		    const struct vmn_setup *setup, struct vmn_netplan_env env,
		    struct vmn_applied *ret, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf nft = VMN_BUF_INIT(0);
	vmn_auto_free const struct vmn_snapshot **origins =
		vmn_xcalloc(setup->n_nics + 1, sizeof(const struct vmn_snapshot *));

	ret->is_new = vmn_xcalloc(setup->n_nics + 1, sizeof(bool));
	for (size_t i = 0; i < setup->n_nics; i++) {
		const struct vmn_txn *txn = txn_find(txns, setup->nics[i].network);

		ret->is_new[i] = !txn;
		if (!txn)
			continue;
		if (check_same(setup, &setup->nics[i], txn, err) < 0)
			return -(int)err->code;
		origins[i] = &txn->before;
		add_nft(txns, setup->nics[i].network, &nft);
	}
	env.nft = vmn_buf_str(&nft);
	return vmn_netplan_make(origins, now, setup, &env, &ret->plan, err);
}

int vmn_binding_apply(const struct vmn_netns *ns, struct vmn_journal *j,
		      const struct vmn_setup *setup, bool is_dry, struct vmn_applied *ret,
		      struct vmn_err *err)
{
	vmn_auto_snapshot struct vmn_snapshot now = {0};
	vmn_auto_txns struct vmn_txns txns = {0};
	vmn_auto_json struct json_object *info = NULL;
	vmn_auto_free char *owner = NULL;
	struct vmn_recovery recovery;
	struct vmn_netplan_env env = {0};
	int rc = is_dry ? 0 : vmn_journal_recover(j, &recovery, err);

	if (rc < 0 || (rc = env_init(ns, &env, err)) < 0 || (rc = look(ns, setup, &now, err)) < 0 ||
	    (rc = vmn_journal_list(j, &txns, err)) < 0 ||
	    (rc = plan_now(&txns, &now, setup, env, ret, err)) < 0)
		return rc;
	if (is_dry || ret->plan.steps.n == 0)
		return 0;
	owner = owner_new(&txns);
	info = info_make(setup, &ret->plan);
	return vmn_journal_run(j, &now, owner, &ret->plan.steps, info, err);
}

void vmn_applied_clear(struct vmn_applied *applied)
{
	vmn_netplan_clear(&applied->plan);
	free(applied->is_new);
	*applied = (struct vmn_applied){0};
}

/* --- undo ----------------------------------------------------------------------------- */

static int check_alone(const struct vmn_txn *txn, const char *network, struct vmn_err *err)
{
	vmn_json_each(item, vmn_json_array(txn->info, "/interfaces")) {
		const char *other = vmn_json_str_or(item, "/setup/network", "");

		if (strcmp(other, network) == 0)
			continue;
		vmn_err_set(err, VMN_E_CONFLICT, "interface '%s' was set up together with '%s'",
			    network, other);
		return vmn_err_hint(err, "without --name all of them are taken back");
	}
	return 0;
}

static void add_steps(const struct vmn_steps *steps, struct vmn_strlist *ret)
{
	for (size_t i = steps->n; i-- > 0;) {
		vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);

		vmn_step_text(&steps->v[i], &text);
		vmn_strlist_add(ret, vmn_buf_str(&text));
	}
}

static void add_undone(const struct vmn_txn *txn, struct vmn_strlist *undone)
{
	vmn_json_each(item, vmn_json_array(txn->info, "/interfaces")) {
		const char *name = vmn_json_str_or(item, "/setup/network", "");

		if (!vmn_strlist_has(undone, name))
			vmn_strlist_add(undone, name);
	}
}

int vmn_binding_undo(struct vmn_journal *j, const char *network, bool is_dry,
		     struct vmn_strlist *undone, struct vmn_strlist *steps, struct vmn_err *err)
{
	vmn_auto_txns struct vmn_txns txns = {0};
	vmn_auto_strlist struct vmn_strlist owners = {0};
	struct vmn_recovery recovery;
	int rc = is_dry ? 0 : vmn_journal_recover(j, &recovery, err);

	if (rc == 0)
		rc = vmn_journal_list(j, &txns, err);
	for (size_t i = 0; rc == 0 && network && i < txns.n; i++)
		if (info_find(&txns.v[i], network))
			rc = check_alone(&txns.v[i], network, err);
	for (size_t i = txns.n; rc == 0 && i-- > 0;) {
		if (network && !info_find(&txns.v[i], network))
			continue;
		add_undone(&txns.v[i], undone);
		add_steps(&txns.v[i].steps, steps);
		vmn_strlist_add(&owners, txns.v[i].owner);
	}
	if (rc == 0 && !is_dry)
		rc = vmn_journal_undo(j, &owners, err);
	if (rc == 0 && network && undone->n == 0)
		return vmn_err_set(err, VMN_E_NOT_FOUND, "no interface '%s' is set up", network);
	return rc;
}

/* --- looking -------------------------------------------------------------------------- */

int vmn_binding_facts(struct vmn_journal *j, struct vmn_facts_list *ret, struct vmn_err *err)
{
	vmn_auto_txns struct vmn_txns txns = {0};
	int rc = vmn_journal_list(j, &txns, err);

	for (size_t i = 0; rc == 0 && i < txns.n; i++)
		vmn_json_each(item, vmn_json_array(txns.v[i].info, "/interfaces")) {
			if (txn_find(&txns, vmn_json_str_or(item, "/setup/network", "")) !=
			    &txns.v[i])
				continue; /* mended later: told already */
			rc = vmn_facts_read(vmn_json_get(item, "/facts"), vmn_facts_list_add(ret),
					    err);
			if (rc < 0)
				return vmn_err_wrap(err, "journal '%s'", txns.v[i].owner);
		}
	return rc;
}

/* The steps that would make interface @item of @txn again as it was. */
static int find_drift(const struct vmn_netns *ns, const struct vmn_txns *txns,
		      const struct vmn_txn *txn, struct json_object *item,
		      struct vmn_netplan_env env, struct vmn_strlist *ret, struct vmn_err *err)
{
	vmn_auto_buf struct vmn_buf nft = VMN_BUF_INIT(0);
	vmn_auto_setup struct vmn_setup setup = {0};
	vmn_auto_snapshot struct vmn_snapshot now = {0};
	vmn_auto_netplan struct vmn_netplan plan = {0};
	vmn_auto_err struct vmn_err why = VMN_ERR_INIT;
	const struct vmn_snapshot *origin = &txn->before;
	int rc = vmn_setup_nic_read(vmn_json_get(item, "/setup"), &setup, err);

	if (rc == 0)
		rc = look(ns, &setup, &now, err);
	if (rc < 0)
		return rc;
	add_nft(txns, setup.nics[0].network, &nft);
	env.nft = vmn_buf_str(&nft);
	if (vmn_netplan_make(&origin, &now, &setup, &env, &plan, &why) < 0)
		vmn_strlist_add(ret, vmn_err_text(&why));
	for (size_t i = 0; i < plan.steps.n; i++) {
		vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);

		vmn_step_text(&plan.steps.v[i], &text);
		vmn_strlist_add(ret, vmn_buf_str(&text));
	}
	return 0;
}

struct vmn_bound *vmn_bound_list_add(struct vmn_bound_list *list)
{
	list->v = vmn_xrealloc(list->v, list->n + 1, sizeof(*list->v));
	list->v[list->n] = (struct vmn_bound){0};
	return &list->v[list->n++];
}

static int status_of(const struct vmn_netns *ns, const struct vmn_txns *txns,
		     const struct vmn_netplan_env *env, struct vmn_bound_list *ret,
		     struct vmn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < txns->n; i++)
		vmn_json_each(item, vmn_json_array(txns->v[i].info, "/interfaces")) {
			struct vmn_bound *bound;

			if (txn_find(txns, vmn_json_str_or(item, "/setup/network", "")) !=
			    &txns->v[i])
				continue;
			bound = vmn_bound_list_add(ret);
			bound->by = "vmnetctl";
			rc = vmn_facts_read(vmn_json_get(item, "/facts"), &bound->facts, err);
			if (rc == 0)
				rc = find_drift(ns, txns, &txns->v[i], item, *env, &bound->drift,
						err);
			if (rc < 0)
				return vmn_err_wrap(err, "journal '%s'", txns->v[i].owner);
		}
	return rc;
}

/* With masquerade and in the layout of 0.4.1 the link of that name is the CNI's own. */
static void find_keeper(const struct vmn_snapshot *now, struct vmn_bound *bound)
{
	const struct vmn_link *link = vmn_snapshot_link(now, bound->facts.iface);

	if (bound->facts.binding != VMN_BINDING_MASQUERADE && link && !link->is_brport)
		memcpy(bound->keeper, link->kind, sizeof(bound->keeper));
}

int vmn_binding_status(const struct vmn_netns *ns, struct vmn_journal *j,
		       struct vmn_bound_list *ret, struct vmn_err *err)
{
	vmn_auto_snapshot struct vmn_snapshot now = {0};
	vmn_auto_txns struct vmn_txns txns = {0};
	struct vmn_netplan_env env = {0};
	int rc = env_init(ns, &env, err);

	if (rc < 0 || (rc = vmn_journal_list(j, &txns, err)) < 0 ||
	    (rc = status_of(ns, &txns, &env, ret, err)) < 0 ||
	    (rc = vmn_snapshot_take(ns, NULL, &now, err)) < 0)
		return rc;
	vmn_recognise(&now, ret);
	for (size_t i = 0; i < ret->n; i++)
		find_keeper(&now, &ret->v[i]);
	return 0;
}

void vmn_bound_list_clear(struct vmn_bound_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		vmn_facts_clear(&list->v[i].facts);
		vmn_strlist_clear(&list->v[i].drift);
	}
	free(list->v);
	*list = (struct vmn_bound_list){0};
}
