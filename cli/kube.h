/* SPDX-License-Identifier: Apache-2.0 */
/* kube.h - where the configuration of the client comes from */
#ifndef VMN_CLI_KUBE_H
#define VMN_CLI_KUBE_H

#include "cli/command.h"

struct vmn_kube_sources;

/** cmd_kube_sources() - what options and environment say about configuration; borrowed from both */
void cmd_kube_sources(const struct cmd_globals *g, struct vmn_kube_sources *ret);
/** cmd_cache_dir() - where caches live, or NULL when there is no such place; caller frees */
char *cmd_cache_dir(void);

#endif
