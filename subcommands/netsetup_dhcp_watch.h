/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netsetup_dhcp_watch.h - bridges that are set up while `netsetup dhcp` runs
 *
 * Theory: the server gives up every right, so it cannot serve what comes later by itself. Before
 * that it starts a process that keeps its rights and does one thing: wait until a transaction is
 * written or taken back in the journal of the namespace, and hand over the sockets of each bridge
 * that is new (lib/dhcp/handover.h). No guest speaks with that process, and it reads nothing that
 * the server writes once the server serves. It ends with the server.
 */
#ifndef VMN_SUBCOMMANDS_NETSETUP_DHCP_WATCH_H
#define VMN_SUBCOMMANDS_NETSETUP_DHCP_WATCH_H

#include "lib/binding/facts.h"
#include "lib/dhcp/server.h"
#include "subcommands/netsetup.h"

/**
 * netsetup_dhcp_watch_start() - start the process; it waits until it is told what is known
 * @ret_fd: for vmn_dhcp_take_over(); closing it ends the process
 */
int netsetup_dhcp_watch_start(struct cmd_ctx *ctx, const struct vmn_netns *ns, int *ret_fd,
			      struct vmn_err *err) VMN_MUST_CHECK;

/** netsetup_dhcp_watch_note() - add to @known that @facts is served through @sockets */
void netsetup_dhcp_watch_note(struct vmn_strlist *known, const struct vmn_binding_facts *facts,
			      const struct vmn_dhcp_sockets *sockets);
/** netsetup_dhcp_watch_go() - let the process begin: what is in @known is not handed over */
int netsetup_dhcp_watch_go(int fd, const struct vmn_strlist *known,
			   struct vmn_err *err) VMN_MUST_CHECK;

/** netsetup_dhcp_is_served() - whether the guest behind @facts is for a DHCP server */
bool netsetup_dhcp_is_served(const struct vmn_binding_facts *facts);

#endif
