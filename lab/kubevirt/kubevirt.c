/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#include "lab/kubevirt/kubevirt.h"
#include "lab/api/store.h"
#include "lib/base/clock.h"
#include "lib/base/str.h"

const char *lab_kubevirt_version(const struct lab *lab)
{
	switch (lab->dialect) {
	case LAB_KUBEVIRT_1_0_RC:
		return "v1.0.0-rc.0";
	case LAB_KUBEVIRT_1_0:
		return "v1.0.0";
	case LAB_KUBEVIRT_1_9:
		break;
	}
	return "v1.9.0";
}

struct json_object *lab_config(struct lab *lab)
{
	return vmn_json_get(lab_get(lab, LAB_KUBEVIRT, "kubevirt", "kubevirt"),
			    "/spec/configuration");
}

bool lab_gate(struct lab *lab, const char *gate)
{
	struct json_object *gates =
		vmn_json_array(lab_config(lab), "/developerConfiguration/featureGates");

	/* HotplugNICs is GA since v1.4 (virt-config/deprecation/feature-gates.go@v1.4.0) */
	if (lab->dialect == LAB_KUBEVIRT_1_9 && !strcmp(gate, "HotplugNICs"))
		return true;
	vmn_json_each(g, gates)
		if (vmn_streq(vmn_json_str(g, ""), gate))
			return true;
	return false;
}

const char *lab_meta(struct json_object *obj, const char *field)
{
	struct json_object *meta, *v;

	if (!obj || !json_object_object_get_ex(obj, "metadata", &meta) ||
	    !json_object_object_get_ex(meta, field, &v) ||
	    !json_object_is_type(v, json_type_string))
		return "";
	return json_object_get_string(v);
}

bool lab_is_deleting(struct json_object *obj)
{
	return *lab_meta(obj, "deletionTimestamp") != '\0';
}

const char *lab_map_get(struct json_object *obj, const char *map, const char *key)
{
	struct json_object *v = vmn_json_get(obj, "/metadata");

	if (!v || !json_object_object_get_ex(v, map, &v) ||
	    !json_object_is_type(v, json_type_object) || !json_object_object_get_ex(v, key, &v))
		return NULL;
	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

bool lab_map_set(struct json_object *obj, const char *map, const char *key, const char *value)
{
	struct json_object *m;

	if (vmn_streq(lab_map_get(obj, map, key), value))
		return false;
	m = lab_child(lab_child(obj, "metadata", json_type_object), map, json_type_object);
	return lab_set(m, key, value ? json_object_new_string(value) : NULL);
}

static size_t finalizer_index(struct json_object *list, const char *name)
{
	size_t i = 0;

	for (; i < vmn_json_len(list); i++)
		if (vmn_streq(vmn_json_str(json_object_array_get_idx(list, i), ""), name))
			break;
	return i;
}

bool lab_finalizer_add(struct json_object *obj, const char *name)
{
	struct json_object *list = lab_child(lab_child(obj, "metadata", json_type_object),
					     "finalizers", json_type_array);

	if (finalizer_index(list, name) < vmn_json_len(list))
		return false;
	vmn_json_append_take(list, json_object_new_string(name));
	return true;
}

bool lab_finalizer_del(struct json_object *obj, const char *name)
{
	struct json_object *list = vmn_json_array(obj, "/metadata/finalizers");
	size_t i = finalizer_index(list, name);

	if (i >= vmn_json_len(list))
		return false;
	json_object_array_del_idx(list, i, 1);
	if (!vmn_json_len(list))
		json_object_object_del(vmn_json_get(obj, "/metadata"), "finalizers");
	return true;
}

struct json_object *lab_copy_sharing_spec(struct json_object *obj)
{
	struct json_object *copy = json_object_new_object();

	json_object_object_foreach(obj, key, value) {
		bool is_shared = !strcmp(key, "spec");

		vmn_json_set_take(copy, key,
				  is_shared ? json_object_get(value) : vmn_json_copy(value));
	}
	return copy;
}

void lab_own_spec(struct json_object *copy)
{
	vmn_json_set_take(copy, "spec", vmn_json_copy(vmn_json_get(copy, "/spec")));
}

struct json_object *lab_child(struct json_object *obj, const char *key, enum json_type type)
{
	struct json_object *v;

	if (json_object_object_get_ex(obj, key, &v) && json_object_is_type(v, type))
		return v;
	v = type == json_type_array ? json_object_new_array() : json_object_new_object();
	vmn_json_set_take(obj, key, v);
	return v;
}

struct json_object *lab_status_of(struct json_object *obj)
{
	return lab_child(obj, "status", json_type_object);
}

bool lab_set(struct json_object *obj, const char *key, struct json_object *value)
{
	struct json_object *old;
	bool had = json_object_object_get_ex(obj, key, &old);

	if (!value) {
		if (had)
			json_object_object_del(obj, key);
		return had;
	}
	if (had && json_object_equal(old, value)) {
		(void)json_object_put(value);
		return false;
	}
	vmn_json_set_take(obj, key, value);
	return true;
}

bool lab_set_str(struct json_object *obj, const char *key, const char *value)
{
	return lab_set(obj, key, value ? json_object_new_string(value) : NULL);
}

bool lab_condition_set(struct json_object *obj, const char *type, const char *status,
		       const char *reason, const char *message)
{
	struct json_object *list, *c;
	char now[32];
	size_t index;
	bool changed = false;

	c = vmn_json_find(vmn_json_array(obj, "/status/conditions"), "type", type, &index);
	if (!status && !c)
		return false;
	list = lab_child(lab_status_of(obj), "conditions", json_type_array);
	if (!status) {
		json_object_array_del_idx(list, index, 1);
		return true;
	}
	if (!c) {
		c = json_object_new_object();
		vmn_json_append_take(list, c);
		vmn_json_set_str(c, "type", type);
	}
	if (lab_set_str(c, "status", status)) {
		(void)lab_now(now);
		/* virt-controller leaves lastProbeTime null in most conditions */
		json_object_object_add(c, "lastProbeTime", NULL);
		vmn_json_set_str(c, "lastTransitionTime", now);
		changed = true;
	}
	changed |= lab_set_str(c, "reason", reason);
	changed |= lab_set_str(c, "message", message);
	return changed;
}

void lab_set_phase(struct json_object *obj, const char *phase)
{
	struct json_object *list;
	char now[32];

	if (!lab_set_str(lab_status_of(obj), "phase", phase))
		return;
	list = lab_child(lab_status_of(obj), "phaseTransitionTimestamps", json_type_array);
	vmn_json_append_take(list, vmn_json_build("{\"phase\":%s,\"phaseTransitionTimestamp\":%s}",
						  phase, lab_now(now)));
}

const char *lab_now(char buf[32])
{
	return vmn_rfc3339_format(vmn_utc_now(), buf, 32);
}

struct json_object *lab_iface_of(struct json_object *interfaces, const char *name)
{
	return name ? vmn_json_find(interfaces, "name", name, NULL) : NULL;
}

bool lab_iface_absent(struct json_object *iface)
{
	return vmn_streq(vmn_json_str(iface, "/state"), "absent");
}

bool lab_network_is_default(struct json_object *network)
{
	return vmn_json_get(network, "/pod") || vmn_json_bool(network, "/multus/default", false);
}

static const char *const tokens[] = {"domain", "guest-agent", "multus-status"};

bool lab_has_token(struct json_object *iface_status, const char *token)
{
	vmn_auto_strlist struct vmn_strlist have = {0};

	vmn_strlist_split(&have, vmn_json_str_or(iface_status, "/infoSource", ""), ',');
	for (size_t i = 0; i < have.n; i++)
		if (!strcmp(have.v[i] + strspn(have.v[i], " "), token))
			return true;
	return false;
}

bool lab_set_token(struct json_object *iface_status, const char *token, bool on)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);

	for (size_t i = 0; i < VMN_ARRAY_LEN(tokens); i++) {
		bool has = !strcmp(tokens[i], token) ? on : lab_has_token(iface_status, tokens[i]);

		if (has)
			vmn_buf_addf(&text, "%s%s", text.len ? ", " : "", tokens[i]);
	}
	return lab_set_str(iface_status, "infoSource", vmn_buf_str(&text));
}

bool lab_is_final(const char *phase)
{
	return vmn_streq(phase, "Succeeded") || vmn_streq(phase, "Failed");
}
