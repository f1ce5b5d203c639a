/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery.h - which resources and subresources a server has
 *
 * Read once a run, and kept on disk for later runs: per server, for at most 10 minutes, whole files
 * replaced by rename, checked when read, so that neither a crash nor a second writer hurts.
 * KubeVirt 1.0.0's document has kind "" and verbs null and names the wrong version
 * (measured): only the resource names are trusted.
 */
#ifndef VMN_KUBE_DISCOVERY_H
#define VMN_KUBE_DISCOVERY_H

#include <stdint.h>

#include "lib/kube/client.h"

/**
 * vmn_discovery_get() - the APIResourceList of a group and version
 * @ret:	borrowed, lives until vmn_discovery_forget() or the end of @k
 *
 * Return: 0, -VMN_E_NOT_FOUND when the server has no such group or version, other errors as they
 * are
 */
int vmn_discovery_get(struct vmn_kube *k, const char *group, const char *version,
		      struct json_object **ret, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_discovery_is_cached() - whether something that this run was told came from the disk
 *
 * The server may be another one by now; vmn_discovery_forget() and ask again where that matters.
 */
bool vmn_discovery_is_cached(const struct vmn_kube *k);

/** vmn_discovery_forget() - drop memory and disk copies, because an answer contradicted them */
void vmn_discovery_forget(struct vmn_kube *k);

/**
 * vmn_discovery_read_cached() - the APIResourceList in a cache file's text, if it can be believed
 * (pure)
 *
 * Return: new reference, or NULL when the text is malformed, too old, from the future, or about
 * another server, group or version
 */
struct json_object *vmn_discovery_read_cached(const char *text, size_t len, const char *server,
					      const char *group, const char *version,
					      int64_t utc_now);

/** vmn_discovery_has() - whether @list names @resource, e.g. "virtualmachines/addinterface" (pure)
 */
bool vmn_discovery_has(struct json_object *list, const char *resource);

#endif
