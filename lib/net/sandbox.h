/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.h - what a server that faces a guest gives up once its sockets are open */
#ifndef VMN_NET_SANDBOX_H
#define VMN_NET_SANDBOX_H

#include "lib/base/err.h"

/**
 * vmn_sandbox_enter() - drop all capabilities, for good, and all system calls but those of a server
 *
 * From then on the process can use the descriptors it has, memory and clocks. It cannot open files
 * or sockets, run programs or change the network; a call that is not allowed fails with EPERM.
 * Must be called while the process has one thread. Builds with sanitizers or coverage, which
 * need more when they end, keep their system calls.
 *
 * Return: 0 or -VMN_E_SYSTEM
 */
int vmn_sandbox_enter(struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_sandbox_keep_network() - drop all capabilities, for good, but those that opening sockets in a
 * network namespace takes: CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_NET_RAW and CAP_SYS_ADMIN
 *
 * Must be called while the process has one thread. Return: 0 or -VMN_E_SYSTEM
 */
int vmn_sandbox_keep_network(struct vmn_err *err) VMN_MUST_CHECK;

#endif
