/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation: what was read is kept in memory for the run and on disk for ten minutes, a
 * file a group and version under CACHE/discovery/SERVER/. SERVER names host and port, and a hash of
 * everything that makes it another server, its CA included: a new cluster on an old port has a new
 * CA. A file is believed only when it is ours, young, whole and about what was asked; otherwise it
 * is as if it were not there. That a group does not exist is remembered for the run alone.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/data/json.h"
#include "lib/kube/discovery.h"
#include "lib/kube/path.h"
#include "lib/kube/transfer.h"

enum {
	MAX_AGE_S = 600,
	MAX_FILE_BYTES = 4 << 20,
};

struct vmn_discovery {
	struct json_object
		*lists; /* "group/version": APIResourceList, or null when there is none */
	char *dir;	/* NULL: no cache on disk */
	bool is_cached; /* a list is from there */
};

/* FNV-1a: tells servers apart; nothing depends on its being hard to collide. */
static uint64_t mix(uint64_t hash, const char *s)
{
	for (s = s ? s : ""; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001b3;
	return (hash ^ 0xff) * 0x100000001b3;
}

static char *server_dir(const struct vmn_kube *k)
{
	const struct vmn_kube_target *t = &k->target;
	vmn_auto_free char *host = vmn_xstrdup(k->endpoint.shown);
	uint64_t hash = 0xcbf29ce484222325;

	if (!k->cache_dir)
		return NULL;
	hash = mix(hash, t->server);
	hash = mix(hash, t->ca_pem);
	hash = mix(hash, t->tls_server_name);
	hash = mix(hash, t->proxy_url);
	for (char *p = host; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789.-", *p))
			*p = '_';
	return vmn_xasprintf("%s/discovery/%s-%016llx", k->cache_dir, host,
			     (unsigned long long)hash);
}

static struct vmn_discovery *discovery_of(struct vmn_kube *k)
{
	if (!k->discovery) {
		k->discovery = vmn_xcalloc(1, sizeof(*k->discovery));
		k->discovery->lists = json_object_new_object();
		k->discovery->dir = server_dir(k);
	}
	return k->discovery;
}

void vmn_discovery_free(struct vmn_discovery *d)
{
	if (!d)
		return;
	(void)json_object_put(d->lists);
	free(d->dir);
	free(d);
}

/* Versions and kinds are not looked at: KubeVirt 1.0.0's are wrong or empty. */
static bool is_resource_list(struct json_object *list)
{
	struct json_object *resources = vmn_json_array(list, "/resources");

	if (!resources)
		return false;
	vmn_json_each(r, resources)
		if (!vmn_json_str(r, "/name"))
			return false;
	return true;
}

/* --- on disk -------------------------------------------------------------------------- */

static char *file_of(const struct vmn_discovery *d, const char *group, const char *version)
{
	vmn_auto_free char *g = vmn_url_escape(group), *v = vmn_url_escape(version);

	return vmn_xasprintf("%s/%s_%s.json", d->dir, g, v);
}

/* Nobody else may have written it. */
static bool is_ours(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

struct json_object *vmn_discovery_read_cached(const char *text, size_t len, const char *server,
					      const char *group, const char *version,
					      int64_t utc_now)
{
	vmn_auto_err struct vmn_err ignored = VMN_ERR_INIT;
	vmn_auto_json struct json_object *file = NULL;
	struct json_object *list;
	int64_t fetched;

	if (vmn_json_parse(text, len, &file, &ignored) < 0)
		return NULL;
	fetched = vmn_json_int(file, "/fetched", INT64_MIN);
	list = vmn_json_get(file, "/list");
	if (fetched > utc_now || fetched < utc_now - MAX_AGE_S ||
	    !vmn_streq(vmn_json_str(file, "/server"), server) ||
	    !vmn_streq(vmn_json_str(file, "/group"), group) ||
	    !vmn_streq(vmn_json_str(file, "/version"), version) || !is_resource_list(list))
		return NULL;
	return json_object_get(list);
}

static struct json_object *read_file(struct vmn_kube *k, const char *group, const char *version)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(MAX_FILE_BYTES);
	vmn_auto_err struct vmn_err ignored = VMN_ERR_INIT;
	vmn_auto_free char *path = NULL;

	if (!k->discovery->dir)
		return NULL;
	path = file_of(k->discovery, group, version);
	if (!is_ours(path) || vmn_file_read(path, &text, &ignored) < 0)
		return NULL;
	return vmn_discovery_read_cached(vmn_buf_str(&text), text.len, k->target.server, group,
					 version, vmn_utc_now());
}

/* A cache that cannot be written is no cache, not an error. */
static void write_file(struct vmn_kube *k, const char *group, const char *version,
		       struct json_object *list)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_json struct json_object *file = NULL;
	vmn_auto_free char *path = NULL;
	const char *text;

	if (!k->discovery->dir)
		return;
	path = file_of(k->discovery, group, version);
	file = vmn_json_build("{\"server\":%s,\"group\":%s,\"version\":%s,\"list\":%J}",
			      k->target.server, group, version, list);
	vmn_json_set_int(file, "fetched", vmn_utc_now());
	text = vmn_json_text(file);
	if (vmn_mkdir_p(k->discovery->dir, 0700, &err) < 0 ||
	    vmn_file_write(path, text, strlen(text), 0600, &err) < 0)
		vmn_logf(k->log, 1, "discovery is not cached: %s", vmn_err_text(&err));
}

/* --- the server ----------------------------------------------------------------------- */

static int fetch(struct vmn_kube *k, const char *group, const char *version,
		 struct json_object **ret, struct vmn_err *err)
{
	vmn_auto_free char *g = vmn_url_escape(group), *v = vmn_url_escape(version), *path = NULL;
	vmn_auto_json struct json_object *list = NULL;
	int rc;

	path = *group ? vmn_xasprintf("/apis/%s/%s", g, v) : vmn_xasprintf("/api/%s", v);
	rc = vmn_kube_get(k, path, &list, err);
	if (rc < 0)
		return rc;
	if (!is_resource_list(list))
		return vmn_err_set(err, VMN_E_PROTOCOL,
				   "the server's answer to %s is no list of resources", path);
	*ret = vmn_steal(&list);
	return 0;
}

static int no_such_group(const char *group, const char *version, struct vmn_err *err)
{
	(void)vmn_err_set(err, VMN_E_NOT_FOUND, "the server has no API %s%s%s", group,
			  *group ? "/" : "", version);
	err->http = 404;
	return -VMN_E_NOT_FOUND;
}

int vmn_discovery_get(struct vmn_kube *k, const char *group, const char *version,
		      struct json_object **ret, struct vmn_err *err)
{
	struct vmn_discovery *d = discovery_of(k);
	vmn_auto_free char *key = vmn_xasprintf("%s/%s", group, version);
	struct json_object *list;
	int rc;

	if (json_object_object_get_ex(d->lists, key, &list)) {
		if (!list)
			return no_such_group(group, version, err);
		*ret = list;
		return 0;
	}
	list = read_file(k, group, version);
	if (list) {
		d->is_cached = true;
	} else {
		rc = fetch(k, group, version, &list, err);
		if (rc == -VMN_E_NOT_FOUND) {
			vmn_json_set_take(d->lists, key, NULL);
			vmn_err_clear(err);
			return no_such_group(group, version, err);
		}
		if (rc < 0)
			return rc;
		write_file(k, group, version, list);
	}
	vmn_json_set_take(d->lists, key, list);
	*ret = list;
	return 0;
}

bool vmn_discovery_is_cached(const struct vmn_kube *k)
{
	return k->discovery && k->discovery->is_cached;
}

void vmn_discovery_forget(struct vmn_kube *k)
{
	struct vmn_discovery *d = discovery_of(k);
	struct dirent *entry;
	DIR *dir;

	(void)json_object_put(d->lists);
	d->lists = json_object_new_object();
	d->is_cached = false;
	dir = d->dir ? opendir(d->dir) : NULL;
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (vmn_ends_with(entry->d_name, ".json"))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)closedir(dir);
}

bool vmn_discovery_has(struct json_object *list, const char *resource)
{
	return vmn_json_find(vmn_json_array(list, "/resources"), "name", resource, NULL) != NULL;
}
