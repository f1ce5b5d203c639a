/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - a lab's directory: <base>/<name>/
 *
 *   lab.pid          locked by the server as long as it lives; its pid
 *   objects.db       the objects
 *   pki/             certificates, keys and tokens
 *   kubeconfig       all users, current context admin
 *   kubeconfig.USER  the same with that user's context only
 *   lab.json         what the server told of itself when it started: kubevirt, nodes, server
 *   server.log       standard error of the server
 */
#ifndef VMN_LAB_STATE_H
#define VMN_LAB_STATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "lab/api/pki.h"

struct json_object;

struct lab_state {
	char *name;
	char *dir; /* absolute */
};

/**
 * lab_state_open() - find the directory of lab @name; nothing is made
 *
 * The base is $VMNETCTL_LAB_DIR, else $XDG_STATE_HOME/vmnetctl/lab, else
 * ~/.local/state/vmnetctl/lab.
 */
int lab_state_open(const char *name, struct lab_state *ret, struct vmn_err *err) VMN_MUST_CHECK;
void lab_state_clear(struct lab_state *st);
#define lab_auto_state VMN_CLEANUP(lab_state_clear)

/** lab_state_path() - <dir>/@file; caller frees */
char *lab_state_path(const struct lab_state *st, const char *file);
bool lab_state_exists(const struct lab_state *st);
/** lab_state_purge() - remove the directory and all in it; only when the server is not running */
int lab_state_purge(const struct lab_state *st, struct vmn_err *err) VMN_MUST_CHECK;

/** lab_state_lock() - become the lab's server: lock lab.pid and write our pid; Return: fd, or -code
 */
int lab_state_lock(const struct lab_state *st, struct vmn_err *err) VMN_MUST_CHECK;
/**
 * lab_state_server() - the running server
 * @ret_pidfd:	a pidfd of it, surely the holder of the lock; -1 when none runs
 * @ret_pid:	its pid, may be NULL
 */
int lab_state_server(const struct lab_state *st, int *ret_pidfd, pid_t *ret_pid,
		     struct vmn_err *err) VMN_MUST_CHECK;

/** lab_state_describe() - write lab.json; lab_state_read() reads it, caller drops the tree */
int lab_state_describe(const struct lab_state *st, struct json_object *doc,
		       struct vmn_err *err) VMN_MUST_CHECK;
int lab_state_read(const struct lab_state *st, struct json_object **ret,
		   struct vmn_err *err) VMN_MUST_CHECK;

/** lab_state_kubeconfigs() - write kubeconfig and kubeconfig.USER for a server on @port */
int lab_state_kubeconfigs(const struct lab_state *st, struct lab_pki *pki, unsigned port,
			  struct vmn_err *err) VMN_MUST_CHECK;

#endif
