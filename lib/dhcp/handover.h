/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handover.h - a bridge to be served, with its sockets, from a process that may open them to one
 * that may not
 *
 * One message of a SOCK_SEQPACKET pair between processes of this program: the sockets as they are
 * in memory, then the facts as JSON; the descriptors go along (SCM_RIGHTS).
 */
#ifndef VMN_DHCP_HANDOVER_H
#define VMN_DHCP_HANDOVER_H

#include "lib/dhcp/server.h"

/** vmn_dhcp_hand_over() - the other side gets duplicates of the descriptors */
int vmn_dhcp_hand_over(int fd, const struct vmn_binding_facts *facts,
		       const struct vmn_dhcp_sockets *sockets, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_dhcp_take_over() - the next message
 * @facts:   zeroed; the caller clears it, on failure too
 * @sockets: initialised; the caller closes it, on failure too
 *
 * Return: 1, 0 when the other side is gone, -VMN_E_PROTOCOL, -VMN_E_SYSTEM
 */
int vmn_dhcp_take_over(int fd, struct vmn_binding_facts *facts, struct vmn_dhcp_sockets *sockets,
		       struct vmn_err *err) VMN_MUST_CHECK;

#endif
