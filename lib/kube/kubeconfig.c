/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig.c - reading and merging the files; resolve.c makes a target of them */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/data/yaml.h"
#include "lib/kube/kubeconfig_tree.h"

enum { MAX_FILE_BYTES = 16 << 20 };

/* --- what the fields must be ---------------------------------------------------------- */

enum kind { STR, BOOL, STRINGS, STRINGS_MAPPING, MAPPING, LIST };

struct field {
	const char *name;
	enum kind kind;
	bool is_path;		    /* relative to the file's directory */
	const struct field *fields; /* of a mapping, or of a list's elements; NULL: anything */
};

static const struct field extension_fields[] = {{"name", STR, false, NULL}, {0}};

static const struct field cluster_fields[] = {
	{"server", STR, false, NULL},
	{"tls-server-name", STR, false, NULL},
	{"insecure-skip-tls-verify", BOOL, false, NULL},
	{"certificate-authority", STR, true, NULL},
	{"certificate-authority-data", STR, false, NULL},
	{"proxy-url", STR, false, NULL},
	{"disable-compression", BOOL, false, NULL},
	{"extensions", LIST, false, extension_fields},
	{0},
};

static const struct field env_fields[] = {
	{"name", STR, false, NULL},
	{"value", STR, false, NULL},
	{0},
};

static const struct field exec_fields[] = {
	{"command", STR, false, NULL},	       {"args", STRINGS, false, NULL},
	{"env", LIST, false, env_fields},      {"apiVersion", STR, false, NULL},
	{"installHint", STR, false, NULL},     {"provideClusterInfo", BOOL, false, NULL},
	{"interactiveMode", STR, false, NULL}, {0},
};

static const struct field auth_provider_fields[] = {{"name", STR, false, NULL}, {0}};

static const struct field user_fields[] = {
	{"client-certificate", STR, true, NULL},
	{"client-certificate-data", STR, false, NULL},
	{"client-key", STR, true, NULL},
	{"client-key-data", STR, false, NULL},
	{"token", STR, false, NULL},
	{"tokenFile", STR, true, NULL},
	{"as", STR, false, NULL},
	{"as-uid", STR, false, NULL},
	{"as-groups", STRINGS, false, NULL},
	{"as-user-extra", STRINGS_MAPPING, false, NULL},
	{"username", STR, false, NULL},
	{"password", STR, false, NULL},
	{"auth-provider", MAPPING, false, auth_provider_fields},
	{"exec", MAPPING, false, exec_fields},
	{0},
};

static const struct field context_fields[] = {
	{"cluster", STR, false, NULL},
	{"user", STR, false, NULL},
	{"namespace", STR, false, NULL},
	{0},
};

static const struct field named_cluster_fields[] = {
	{"name", STR, false, NULL}, {"cluster", MAPPING, false, cluster_fields}, {0}};
static const struct field named_user_fields[] = {
	{"name", STR, false, NULL}, {"user", MAPPING, false, user_fields}, {0}};
static const struct field named_context_fields[] = {
	{"name", STR, false, NULL}, {"context", MAPPING, false, context_fields}, {0}};

static const struct field file_fields[] = {
	{"apiVersion", STR, false, NULL},
	{"kind", STR, false, NULL},
	{"current-context", STR, false, NULL},
	{"clusters", LIST, false, named_cluster_fields},
	{"users", LIST, false, named_user_fields},
	{"contexts", LIST, false, named_context_fields},
	{0},
};

static const char *kind_text(enum kind kind)
{
	static const char *const texts[] = {
		[STR] = "a string",
		[BOOL] = "true or false",
		[STRINGS] = "a list of strings",
		[STRINGS_MAPPING] = "a mapping to lists of strings",
		[MAPPING] = "a mapping",
		[LIST] = "a list of mappings",
	};

	return texts[kind];
}

static bool is_list_of(struct json_object *v, json_type type)
{
	if (!json_object_is_type(v, json_type_array))
		return false;
	vmn_json_each(item, v)
		if (!json_object_is_type(item, type))
			return false;
	return true;
}

static bool is_mapping_to_strings(struct json_object *v)
{
	if (!json_object_is_type(v, json_type_object))
		return false;
	json_object_object_foreach(v, key, list) {
		(void)key;
		if (list && !is_list_of(list, json_type_string))
			return false;
	}
	return true;
}

static bool fits(struct json_object *v, enum kind kind)
{
	switch (kind) {
	case STR:
		return json_object_is_type(v, json_type_string);
	case BOOL:
		return json_object_is_type(v, json_type_boolean);
	case STRINGS:
		return is_list_of(v, json_type_string);
	case STRINGS_MAPPING:
		return is_mapping_to_strings(v);
	case MAPPING:
		return json_object_is_type(v, json_type_object);
	case LIST:
		return is_list_of(v, json_type_object);
	}
	return false;
}

static int check_value(struct json_object *v, const struct field *f, const char *where,
		       struct vmn_err *err);

/* Types of known fields; unknown ones may be anything, as client-go has it. */
static int check_fields(struct json_object *obj, const struct field *fields, const char *where,
			struct vmn_err *err)
{
	for (const struct field *f = fields; f->name; f++) {
		vmn_auto_free char *path = NULL;
		struct json_object *v;
		int rc;

		if (!json_object_object_get_ex(obj, f->name, &v) || !v)
			continue;
		path = vmn_xasprintf("%s%s%s", where, *where ? "." : "", f->name);
		rc = check_value(v, f, path, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_value(struct json_object *v, const struct field *f, const char *where,
		       struct vmn_err *err)
{
	if (!fits(v, f->kind)) {
		(void)vmn_err_set(err, VMN_E_CONFIG, "%s must be %s", where, kind_text(f->kind));
		if (f->kind == STR)
			(void)vmn_err_hint(err, "put the value in quotes");
		return -VMN_E_CONFIG;
	}
	if (!f->fields)
		return 0;
	if (f->kind == MAPPING)
		return check_fields(v, f->fields, where, err);
	vmn_json_each(item, v) {
		vmn_auto_free char *element = vmn_xasprintf("%s[%zu]", where, item_i);
		int rc = check_fields(item, f->fields, element, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* --- paths ---------------------------------------------------------------------------- */

/* @path without ".", ".." and doubled slashes, as Go's filepath.Join() leaves it. */
static char *clean_path(const char *path)
{
	vmn_auto_strlist struct vmn_strlist parts = {0};
	vmn_auto_buf struct vmn_buf out = VMN_BUF_INIT(0);
	size_t n = 0;

	vmn_strlist_split(&parts, path, '/');
	for (size_t i = 0; i < parts.n; i++) {
		if (!*parts.v[i] || strcmp(parts.v[i], ".") == 0)
			continue;
		if (strcmp(parts.v[i], "..") == 0) {
			n -= n > 0;
			continue;
		}
		char *part = parts.v[i]; /* move it down: kept ones come first, all stay owned */

		parts.v[i] = parts.v[n];
		parts.v[n++] = part;
	}
	for (size_t i = 0; i < n; i++)
		vmn_buf_addf(&out, "/%s", parts.v[i]);
	return n ? vmn_buf_steal(&out) : vmn_xstrdup("/");
}

static void make_absolute(struct json_object *obj, const char *key, const char *dir)
{
	struct json_object *v;
	const char *path;
	vmn_auto_free char *joined = NULL, *clean = NULL;

	if (!json_object_object_get_ex(obj, key, &v) || !v)
		return;
	path = json_object_get_string(v);
	if (!*path || *path == '/')
		return;
	joined = vmn_path_join(dir, path);
	clean = clean_path(joined);
	vmn_json_set_str(obj, key, clean);
}

static void make_paths_absolute(struct json_object *entry, const struct field *fields,
				const char *dir)
{
	struct json_object *exec = vmn_json_get(entry, "/exec");
	const char *command = vmn_json_str(exec, "/command");

	for (const struct field *f = fields; f->name; f++)
		if (f->is_path)
			make_absolute(entry, f->name, dir);
	/* a command without a slash is looked up on PATH */
	if (command && strchr(command, '/'))
		make_absolute(exec, "command", dir);
}

/* --- merging -------------------------------------------------------------------------- */

/* Add the entries of list @kind ("clusters") to @into, unless it has that name already. */
static int add_entries(struct json_object *into, struct json_object *file, const char *kind,
		       const char *inner, const struct field *fields, const char *dir,
		       struct vmn_err *err)
{
	vmn_auto_json struct json_object *seen = json_object_new_object();
	struct json_object *list = NULL;

	(void)json_object_object_get_ex(file, kind, &list);
	vmn_json_each(item, list) {
		const char *name = vmn_json_str_or(item, "/name", "");
		struct json_object *entry = NULL;

		if (json_object_object_get_ex(seen, name, NULL))
			return vmn_err_set(err, VMN_E_CONFIG, "%s has two entries named '%s'", kind,
					   name);
		vmn_json_set_bool(seen, name, true);
		if (json_object_object_get_ex(into, name, NULL))
			continue;
		(void)json_object_object_get_ex(item, inner, &entry);
		entry = entry ? json_object_get(entry) : json_object_new_object();
		make_paths_absolute(entry, fields, dir);
		vmn_json_set_take(into, name, entry);
	}
	return 0;
}

static int check_header(struct json_object *file, struct vmn_err *err)
{
	const char *kind = vmn_json_str_or(file, "/kind", "Config");
	const char *version = vmn_json_str_or(file, "/apiVersion", "v1");

	if ((*kind && strcmp(kind, "Config") != 0) || (*version && strcmp(version, "v1") != 0))
		return vmn_err_set(err, VMN_E_CONFIG, "it is %s %s, not v1 Config", version, kind);
	return 0;
}

static int add_file(struct vmn_kube_config *cfg, struct json_object *file, const char *dir,
		    struct vmn_err *err)
{
	const char *current;
	int rc = check_fields(file, file_fields, "", err);

	if (rc == 0)
		rc = check_header(file, err);
	if (rc == 0)
		rc = add_entries(cfg->clusters, file, "clusters", "cluster", cluster_fields, dir,
				 err);
	if (rc == 0)
		rc = add_entries(cfg->users, file, "users", "user", user_fields, dir, err);
	if (rc == 0)
		rc = add_entries(cfg->contexts, file, "contexts", "context", context_fields, dir,
				 err);
	if (rc < 0)
		return rc;
	current = vmn_json_str(file, "/current-context");
	if (!vmn_is_empty(current) && !cfg->current_context)
		cfg->current_context = vmn_xstrdup(current);
	return 0;
}

int vmn_kube_config_add(struct vmn_kube_config *cfg, const char *text, size_t len, const char *dir,
			struct vmn_err *err)
{
	vmn_auto_json struct json_object *docs = NULL;
	struct json_object *file;

	if (vmn_yaml_parse(text, len, &docs, err) < 0) {
		if (err->code == VMN_E_INVALID || err->code == VMN_E_RANGE)
			err->code = VMN_E_CONFIG;
		return -(int)err->code;
	}
	if (vmn_json_len(docs) == 0)
		return 0;
	/* kubectl reads the first document and does not look at others */
	file = json_object_array_get_idx(docs, 0);
	if (!json_object_is_type(file, json_type_object))
		return vmn_err_set(err, VMN_E_CONFIG, "it is not a mapping");
	return add_file(cfg, file, dir, err);
}

/* --- files ---------------------------------------------------------------------------- */

static char *absolute_dir_of(const char *path)
{
	vmn_auto_free char *cwd = NULL, *joined = NULL;
	char *slash;

	if (*path != '/')
		cwd = getcwd(NULL, 0);
	joined = vmn_xasprintf("%s/%s", cwd ? cwd : "", path);
	slash = strrchr(joined, '/');
	slash[slash == joined] = '\0';
	return clean_path(joined);
}

static int load_file(struct vmn_kube_config *cfg, const char *path, bool may_miss,
		     struct vmn_err *err)
{
	struct vmn_buf text = VMN_BUF_INIT(MAX_FILE_BYTES);
	vmn_auto_free char *dir = NULL;
	int rc = vmn_file_read(path, &text, err);

	if (rc == -VMN_E_NOT_FOUND && may_miss) {
		vmn_err_clear(err);
		vmn_strlist_add(&cfg->missing, path);
		return 0;
	}
	if (rc == 0) {
		vmn_strlist_add(&cfg->files, path);
		dir = absolute_dir_of(path);
		rc = vmn_kube_config_add(cfg, vmn_buf_str(&text), text.len, dir, err);
		if (rc < 0)
			rc = vmn_err_wrap(err, "kubeconfig '%s'", path);
	} else {
		if (rc != -VMN_E_PERMISSION)
			err->code = VMN_E_CONFIG;
		rc = vmn_err_wrap(err, "cannot read kubeconfig");
	}
	if (text.data)
		explicit_bzero(text.data, text.size);
	vmn_buf_clear(&text);
	return rc;
}

static int load_env(struct vmn_kube_config *cfg, const char *list, struct vmn_err *err)
{
	vmn_auto_strlist struct vmn_strlist paths = {0};

	vmn_strlist_split(&paths, list, ':');
	for (size_t i = 0; i < paths.n; i++) {
		int rc = 0;

		if (*paths.v[i] && !vmn_strlist_has(&cfg->files, paths.v[i]))
			rc = load_file(cfg, paths.v[i], true, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

struct vmn_kube_config *vmn_kube_config_new(void)
{
	struct vmn_kube_config *cfg = vmn_xcalloc(1, sizeof(*cfg));

	cfg->clusters = json_object_new_object();
	cfg->users = json_object_new_object();
	cfg->contexts = json_object_new_object();
	return cfg;
}

int vmn_kube_config_load(const struct vmn_kube_sources *src, struct vmn_kube_config **ret,
			 struct vmn_err *err)
{
	vmn_auto_kube_config struct vmn_kube_config *cfg = vmn_kube_config_new();
	int rc = 0;

	if (!vmn_is_empty(src->kubeconfig_flag)) {
		rc = load_file(cfg, src->kubeconfig_flag, false, err);
	} else if (!vmn_is_empty(src->kubeconfig_env)) {
		rc = load_env(cfg, src->kubeconfig_env, err);
	} else if (!vmn_is_empty(src->home)) {
		vmn_auto_free char *path = vmn_path_join(src->home, ".kube/config");

		rc = load_file(cfg, path, true, err);
	}
	if (rc < 0)
		return rc;
	*ret = vmn_steal(&cfg);
	return 0;
}

static void config_free(struct vmn_kube_config *cfg)
{
	if (!cfg)
		return;
	vmn_json_wipe(cfg->users);
	(void)json_object_put(cfg->clusters);
	(void)json_object_put(cfg->users);
	(void)json_object_put(cfg->contexts);
	free(cfg->current_context);
	vmn_strlist_clear(&cfg->files);
	vmn_strlist_clear(&cfg->missing);
	free(cfg);
}

void vmn_kube_config_free_p(struct vmn_kube_config **cfg)
{
	config_free(*cfg);
	*cfg = NULL;
}

static void add_names(struct json_object *entries, struct vmn_strlist *ret)
{
	json_object_object_foreach(entries, name, entry) {
		(void)entry;
		vmn_strlist_add(ret, name);
	}
	vmn_strlist_sort(ret);
}

void vmn_kube_config_contexts(const struct vmn_kube_config *cfg, struct vmn_strlist *ret)
{
	add_names(cfg->contexts, ret);
}

void vmn_kube_config_clusters(const struct vmn_kube_config *cfg, struct vmn_strlist *ret)
{
	add_names(cfg->clusters, ret);
}

void vmn_kube_config_users(const struct vmn_kube_config *cfg, struct vmn_strlist *ret)
{
	add_names(cfg->users, ret);
}
