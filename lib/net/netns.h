/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netns.h - network namespaces, without ever moving there
 *
 * The process stays where it is. What has to happen inside is done by a thread of the handle, which
 * enters the namespace at the first use and ends with the handle. A socket opened there keeps its
 * namespace and is used from here.
 */
#ifndef VMN_NET_NETNS_H
#define VMN_NET_NETNS_H

#include <stdbool.h>

#include "lib/base/err.h"

struct vmn_netns;

/*
 * For tests of failures and crashes: told about each request to the kernel just before it is made.
 * @what names it ("RTM_NEWLINK", "sysctl", "tun", "nft"; VMN_NET_READ when it changes nothing), and
 * about each change of the journal ("journal"). Return: 0 to let it happen, else the errno that it
 * shall fail with.
 */
#define VMN_NET_READ "read"
struct vmn_net_hook {
	int (*ask)(void *arg, const char *what);
	void *arg;
};

/**
 * vmn_netns_open() - a handle on the namespace that @ref names
 * @ref:	NULL: our own; "pid:N": that process's; with a slash: a path such as
 *		/proc/7/ns/net; else a name below /run/netns, as of ip-netns(8)
 *
 * Return: 0, -VMN_E_NOT_FOUND, -VMN_E_PERMISSION, -VMN_E_INVALID (no network namespace)
 */
int vmn_netns_open(const char *ref, struct vmn_netns **ret, struct vmn_err *err) VMN_MUST_CHECK;
void vmn_netns_free_p(struct vmn_netns **ns);
#define vmn_auto_netns VMN_CLEANUP(vmn_netns_free_p)

/** vmn_netns_ref() - the reference it was opened by, "" for our own; borrowed */
const char *vmn_netns_ref(const struct vmn_netns *ns);
/**
 * vmn_netns_id() - "net-27": a text that no other namespace has until the next boot; borrowed
 *
 * The kernel's cookie (SO_NETNS_COOKIE, Linux 5.14), else "ino-" and the inode.
 */
const char *vmn_netns_id(const struct vmn_netns *ns);

/** vmn_netns_set_hook() - have @hook told about changes; NULL: nobody; kept by reference */
void vmn_netns_set_hook(struct vmn_netns *ns, const struct vmn_net_hook *hook);
/** vmn_netns_ask_hook() - tell the hook; Return: 0 or the errno to fail with */
int vmn_netns_ask_hook(const struct vmn_netns *ns, const char *what);

/**
 * vmn_netns_run() - call fn(arg, err) on the thread inside the namespace, and wait for it
 *
 * One at a time: a handle is for one thread of the caller's. Signals come after that. When @fn
 * itself, or what it calls, runs something inside the same handle's namespace, it is there already.
 * Return: what @fn returns, or -VMN_E_PERMISSION (with the capability that is missing),
 * -VMN_E_SYSTEM
 */
int vmn_netns_run(const struct vmn_netns *ns, int (*fn)(void *arg, struct vmn_err *err), void *arg,
		  struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_netns_socket() - socket(2) inside; CLOEXEC; that it is inside is checked with SIOCGSKNS */
int vmn_netns_socket(const struct vmn_netns *ns, int domain, int type, int protocol, int *ret_fd,
		     struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_netns_may_change() - whether we hold what changing the namespace takes: CAP_NET_ADMIN over
 * it, and CAP_SYS_ADMIN to enter it when it is not our own
 *
 * Return: 0 or -VMN_E_PERMISSION naming the capability
 */
int vmn_netns_may_change(const struct vmn_netns *ns, struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_sysctl_read() - /proc/sys/@key inside ("net/ipv4/ip_forward"), without the newline; caller
 * frees */
int vmn_sysctl_read(const struct vmn_netns *ns, const char *key, char **ret,
		    struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_sysctl_write() - the same in the other direction */
int vmn_sysctl_write(const struct vmn_netns *ns, const char *key, const char *value,
		     struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_link_index() - the ifindex of link @name
 * @fd: any socket; its namespace is the one looked at
 *
 * Return: 0, -VMN_E_NOT_FOUND, -VMN_E_INVALID (longer than a name can be), -VMN_E_SYSTEM
 */
int vmn_link_index(int fd, const char *name, int *ret, struct vmn_err *err) VMN_MUST_CHECK;

#endif
