/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig_tree.h - the inside of struct vmn_kube_config, for kubeconfig.c, resolve.c and tests
 */
#ifndef VMN_KUBE_KUBECONFIG_TREE_H
#define VMN_KUBE_KUBECONFIG_TREE_H

#include "lib/data/json.h"
#include "lib/kube/kubeconfig.h"

/* Fields were checked: what is there has the type it should have, or is null. Paths are absolute.
 */
struct vmn_kube_config {
	struct json_object *clusters; /* name -> the entry's "cluster" */
	struct json_object *users;    /* name -> the entry's "user" */
	struct json_object *contexts; /* name -> the entry's "context" */
	char *current_context;	      /* or NULL */
	struct vmn_strlist files;     /* that were read */
	struct vmn_strlist missing;   /* that were asked for but do not exist */
};

/**
 * vmn_kube_config_add() - merge one file under what is there already: earlier ones win (pure)
 * @text:	contents of the file
 * @dir:	absolute directory that relative paths start from
 *
 * Return: 0 or -VMN_E_CONFIG
 */
int vmn_kube_config_add(struct vmn_kube_config *cfg, const char *text, size_t len, const char *dir,
			struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_kube_config_new() - without any entry */
struct vmn_kube_config *vmn_kube_config_new(void);

#endif
