/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lab/api/prepare.h"
#include "lab/api/status.h"
#include "lib/base/clock.h"
#include "lib/data/k8s.h"

/* --- new ones ------------------------------------------------------------------------- */

static void random_bytes(void *buf, size_t len)
{
	if (getrandom(buf, len, 0) != (ssize_t)len)
		abort();
}

static void set_uid(struct json_object *meta)
{
	unsigned char b[16];
	char uid[40];

	random_bytes(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(uid, sizeof(uid),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
	vmn_json_set_str(meta, "uid", uid);
}

static void set_now(struct json_object *meta, const char *key)
{
	char now[32];

	vmn_json_set_str(meta, key, vmn_rfc3339_format(vmn_utc_now(), now, sizeof(now)));
}

/* Five characters without vowels and look-alikes, as Kubernetes appends them to generateName. */
static void set_generated_name(struct json_object *meta)
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	unsigned char b[5];
	char name[260];
	size_t len;

	random_bytes(b, sizeof(b));
	len = (size_t)snprintf(name, sizeof(name), "%.248s", vmn_json_str(meta, "/generateName"));
	for (size_t i = 0; i < sizeof(b); i++)
		name[len++] = alphabet[b[i] % (sizeof(alphabet) - 1)];
	name[len] = '\0';
	vmn_json_set_str(meta, "name", name);
}

/* The object's metadata, made when missing. */
static struct json_object *metadata_of(struct json_object *obj)
{
	struct json_object *meta = vmn_json_get(obj, "/metadata");

	if (!json_object_is_type(meta, json_type_object)) {
		meta = json_object_new_object();
		vmn_json_set_take(obj, "metadata", meta);
	}
	return meta;
}

static int check_name(const struct lab_kind *kind, struct json_object *meta, struct vmn_err *err)
{
	const char *name = vmn_json_str_or(meta, "/name", "");

	if (!*name && !vmn_is_empty(vmn_json_str(meta, "/generateName"))) {
		set_generated_name(meta);
		name = vmn_json_str_or(meta, "/name", "");
	}
	if (!*name)
		return lab_fail_invalid(err, kind, "", "metadata.name",
					"Required value: name or generateName is required");
	if (kind->id == LAB_NAMESPACE ? !vmn_is_dns1123_label(name)
				      : !vmn_is_dns1123_subdomain(name))
		return lab_fail_invalid(
			err, kind, name, "metadata.name",
			"Invalid value: \"%s\": a lowercase RFC 1123 %s must consist of lower case "
			"alphanumeric characters or '-', and must start and end with an "
			"alphanumeric character",
			name, kind->id == LAB_NAMESPACE ? "label" : "subdomain");
	return 0;
}

static int check_namespace(struct lab *lab, const struct lab_kind *kind, const char *ns,
			   struct json_object *meta, struct vmn_err *err)
{
	struct json_object *namespace = lab_get(lab, LAB_NAMESPACE, NULL, ns);
	vmn_auto_free char *resource = NULL;

	if (!namespace)
		return lab_fail_not_found(err, &lab_kinds[LAB_NAMESPACE], ns);
	if (!vmn_json_str(namespace, "/metadata/deletionTimestamp") || kind->id == LAB_EVENT)
		return 0;
	resource = lab_resource(kind);
	return lab_fail(err, 403,
			"%s \"%s\" is forbidden: unable to create new content in namespace %s "
			"because it is being terminated",
			resource, vmn_json_str_or(meta, "/name", ""), ns);
}

/* The label is there for selectors; source: k8s.io/kubernetes pkg/apis/core/v1
 * SetDefaults_Namespace */
static void prepare_namespace(struct json_object *obj, struct json_object *meta)
{
	struct json_object *labels = vmn_json_get(meta, "/labels");

	if (!labels) {
		labels = json_object_new_object();
		vmn_json_set_take(meta, "labels", labels);
	}
	vmn_json_set_str(labels, "kubernetes.io/metadata.name", vmn_json_str(meta, "/name"));
	vmn_json_set_take(obj, "spec", vmn_json_build("{\"finalizers\":[\"kubernetes\"]}"));
	vmn_json_set_take(obj, "status", vmn_json_build("{\"phase\":\"Active\"}"));
}

int lab_prepare_new(struct lab *lab, const struct lab_kind *kind, const char *ns,
		    struct json_object *obj, unsigned flags, struct vmn_err *err)
{
	static const char *const theirs[] = {"resourceVersion",
					     "managedFields",
					     "deletionTimestamp",
					     "selfLink",
					     "deletionGracePeriodSeconds",
					     "namespace"};
	struct json_object *meta = metadata_of(obj);
	vmn_auto_free char *api_version = lab_api_version(kind);

	if (kind->namespaced && check_namespace(lab, kind, ns ? ns : "", meta, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < VMN_ARRAY_LEN(theirs); i++)
		json_object_object_del(meta, theirs[i]);
	if (check_name(kind, meta, err) < 0)
		return -(int)err->code;
	vmn_json_set_str(obj, "apiVersion", api_version);
	vmn_json_set_str(obj, "kind", kind->kind);
	if (kind->namespaced)
		vmn_json_set_str(meta, "namespace", ns);
	set_uid(meta);
	set_now(meta, "creationTimestamp");
	if (*kind->group)
		vmn_json_set_int(meta, "generation", 1);
	if (kind->has_status && !(flags & LAB_WRITE_SYSTEM))
		json_object_object_del(obj, "status");
	if (kind->id == LAB_NAMESPACE)
		prepare_namespace(obj, meta);
	return 0;
}

/* --- changed ones --------------------------------------------------------------------- */

static void copy_field(struct json_object *to, struct json_object *from, const char *key)
{
	struct json_object *v = NULL;

	if (json_object_object_get_ex(from, key, &v))
		vmn_json_set_take(to, key, json_object_get(v));
	else
		json_object_object_del(to, key);
}

/* Whether anything but metadata and status differs (all of it, where status is no subresource). */
static bool spec_differs(const struct lab_kind *kind, struct json_object *a, struct json_object *b)
{
	struct json_object *other;
	int extra = 0;

	json_object_object_foreach(a, key, value) {
		if (strcmp(key, "metadata") == 0 ||
		    (strcmp(key, "status") == 0 && kind->has_status))
			continue;
		extra++;
		if (!json_object_object_get_ex(b, key, &other) || !json_object_equal(value, other))
			return true;
	}
	json_object_object_foreach(b, key2, value2) {
		(void)value2;
		if (strcmp(key2, "metadata") != 0 &&
		    !(strcmp(key2, "status") == 0 && kind->has_status))
			extra--;
	}
	return extra != 0;
}

void lab_prepare_update(const struct lab_kind *kind, struct json_object *old,
			struct json_object *obj, unsigned flags)
{
	static const char *const fixed[] = {
		"name",		"namespace",	     "uid",
		"generateName", "creationTimestamp", "resourceVersion",
		"generation",	"deletionTimestamp", "deletionGracePeriodSeconds"};
	struct json_object *meta = metadata_of(obj), *old_meta = vmn_json_get(old, "/metadata");

	for (size_t i = 0; i < VMN_ARRAY_LEN(fixed); i++)
		copy_field(meta, old_meta, fixed[i]);
	json_object_object_del(meta, "managedFields");
	copy_field(obj, old, "apiVersion");
	copy_field(obj, old, "kind");
	if (kind->has_status && !(flags & (LAB_WRITE_STATUS | LAB_WRITE_SYSTEM)))
		copy_field(obj, old, "status");
	if (*kind->group && spec_differs(kind, obj, old))
		vmn_json_set_int(meta, "generation", vmn_json_int(old_meta, "/generation", 0) + 1);
}

int lab_check_preconditions(const struct lab_kind *kind, struct json_object *old,
			    struct json_object *obj, const char *name, struct vmn_err *err)
{
	const char *version = vmn_json_str_or(obj, "/metadata/resourceVersion", "");
	const char *uid = vmn_json_str_or(obj, "/metadata/uid", "");
	const char *old_uid = vmn_json_str_or(old, "/metadata/uid", "");

	if (*version && !vmn_streq(version, vmn_json_str(old, "/metadata/resourceVersion")))
		return lab_fail_conflict(err, kind, name);
	if (*uid && strcmp(uid, old_uid) != 0) {
		vmn_auto_free char *resource = lab_resource(kind);

		return lab_fail(err, 409,
				"Operation cannot be fulfilled on %s \"%s\": Precondition failed: "
				"UID in precondition: %s, UID in object meta: %s",
				resource, name, uid, old_uid);
	}
	return 0;
}

struct json_object *lab_prepare_status(struct json_object *old, struct json_object *obj)
{
	struct json_object *next = vmn_json_copy(old);

	copy_field(next, obj, "status");
	return next;
}

struct json_object *lab_prepare_deletion(struct json_object *obj)
{
	struct json_object *marked = vmn_json_copy(obj), *meta = vmn_json_get(marked, "/metadata");

	set_now(meta, "deletionTimestamp");
	vmn_json_set_int(meta, "deletionGracePeriodSeconds", 0);
	if (vmn_json_get(meta, "/generation"))
		vmn_json_set_int(meta, "generation", vmn_json_int(meta, "/generation", 0) + 1);
	return marked;
}
