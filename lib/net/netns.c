/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/net/netns.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* asm-generic/socket.h, Linux 5.14 */
#endif

enum { SYSCTL_MAX_BYTES = 4096, ID_SIZE = 48 };

struct worker;

struct vmn_netns {
	int fd;
	struct worker *worker;
	char *ref;
	char *shown; /* "network namespace 'blue'", for messages */
	dev_t dev;
	ino_t ino;
	bool is_own;
	char id[ID_SIZE];
	const struct vmn_net_hook *hook;
};

#define OWN_PATH "/proc/thread-self/ns/net"

/* --- inside --------------------------------------------------------------------------- */

struct visit {
	const struct vmn_netns *ns;
	int (*fn)(void *arg, struct vmn_err *err);
	void *arg;
	struct vmn_err *err;
	int rc;
};

static int missing_capability(const struct vmn_netns *ns, const char *verb, const char *capability,
			      struct vmn_err *err)
{
	err->sys = EPERM;
	(void)vmn_err_set(err, VMN_E_PERMISSION, "cannot %s %s: %s is missing", verb, ns->shown,
			  capability);
	return vmn_err_hint(err, "run it as root, or as root of a user namespace that the network "
				 "namespace belongs to");
}

static int enter(const struct vmn_netns *ns, struct vmn_err *err)
{
	if (ns->is_own || setns(ns->fd, CLONE_NEWNET) == 0)
		return 0;
	if (errno == EPERM)
		return missing_capability(ns, "enter", "CAP_SYS_ADMIN", err);
	return vmn_err_sys(err, errno, "cannot enter %s", ns->shown);
}

/* The thread inside. It and whoever calls vmn_netns_run() take turns. */
struct worker {
	pthread_t thread;
	sem_t asked, answered;
	struct visit *visit; /* NULL: end */
	pid_t pid;	     /* whose thread it is: a fork has none; 0: not started */
};

static __thread const struct vmn_netns *here; /* where this thread is, NULL: where the process is */

static int make_visit(const struct visit *v)
{
	int rc = here ? 0 : enter(v->ns, v->err);

	if (rc < 0)
		return rc;
	here = v->ns;
	return v->fn(v->arg, v->err);
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) < 0 && errno == EINTR)
		;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		wait_for(&w->asked);
		if (!w->visit)
			return NULL;
		w->visit->rc = make_visit(w->visit);
		(void)sem_post(&w->answered);
	}
}

static int start(struct worker *w, struct vmn_err *err)
{
	sigset_t all, before;
	int errnum;

	*w = (struct worker){.pid = getpid()};
	(void)sem_init(&w->asked, 0, 0);
	(void)sem_init(&w->answered, 0, 0);
	(void)sigfillset(&all); /* handlers run on the thread that set them */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	errnum = pthread_create(&w->thread, NULL, work, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!errnum)
		return 0;
	w->pid = 0;
	return vmn_err_sys(err, errnum, "cannot start a thread");
}

static void end(struct worker *w)
{
	if (w->pid != getpid())
		return;
	w->visit = NULL;
	(void)sem_post(&w->asked);
	(void)pthread_join(w->thread, NULL);
	(void)sem_destroy(&w->asked);
	(void)sem_destroy(&w->answered);
}

int vmn_netns_run(const struct vmn_netns *ns, int (*fn)(void *arg, struct vmn_err *err), void *arg,
		  struct vmn_err *err)
{
	struct visit v = {.ns = ns, .fn = fn, .arg = arg, .err = err};
	struct worker *w = ns->worker;
	sigset_t all, before;

	if (ns->is_own || here == ns)
		return fn(arg, err);
	if (w->pid != getpid() && start(w, err) < 0)
		return -(int)err->code;
	w->visit = &v;
	/* What ends the process here would end the thread in the middle. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	(void)sem_post(&w->asked);
	wait_for(&w->answered);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return v.rc;
}

/* --- handles -------------------------------------------------------------------------- */

static int read_cookie(void *arg, struct vmn_err *err)
{
	uint64_t *cookie = arg;
	socklen_t len = sizeof(*cookie);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return vmn_err_sys(err, errno, "cannot make a socket");
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &len) < 0)
		*cookie = 0;
	(void)close(fd);
	return 0;
}

/* Path of the file that stands for the namespace, or NULL when @ref cannot be one; caller frees. */
static char *ref_path(const char *ref)
{
	uint64_t pid;

	if (!ref)
		return vmn_xstrdup(OWN_PATH);
	if (vmn_starts_with(ref, "pid:"))
		return vmn_parse_u64(ref + 4, &pid) && pid > 0 && pid <= INT32_MAX
			       ? vmn_xasprintf("/proc/%d/ns/net", (int)pid)
			       : NULL;
	if (strchr(ref, '/'))
		return vmn_xstrdup(ref);
	if (!*ref || strcmp(ref, ".") == 0 || strcmp(ref, "..") == 0)
		return NULL;
	return vmn_xasprintf("/run/netns/%s", ref);
}

static int open_file(struct vmn_netns *ns, const char *path, struct vmn_err *err)
{
	struct stat st, own;

	ns->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (ns->fd < 0)
		return vmn_err_sys(err, errno, "cannot open %s", ns->shown);
	if (ioctl(ns->fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return vmn_err_set(err, VMN_E_INVALID, "'%s' is not a network namespace", ns->ref);
	if (fstat(ns->fd, &st) < 0 || stat(OWN_PATH, &own) < 0)
		return vmn_err_sys(err, errno, "cannot look at %s", ns->shown);
	ns->dev = st.st_dev;
	ns->ino = st.st_ino;
	ns->is_own = st.st_dev == own.st_dev && st.st_ino == own.st_ino;
	return 0;
}

int vmn_netns_open(const char *ref, struct vmn_netns **ret, struct vmn_err *err)
{
	vmn_auto_netns struct vmn_netns *ns = vmn_xcalloc(1, sizeof(*ns));
	vmn_auto_free char *path = ref_path(ref);
	uint64_t cookie = 0;
	int rc;

	ns->fd = -1;
	ns->worker = vmn_xcalloc(1, sizeof(*ns->worker));
	ns->ref = vmn_xstrdup(ref ? ref : "");
	ns->shown = ref ? vmn_xasprintf("network namespace '%s'", ref)
			: vmn_xstrdup("our own network namespace");
	if (!path) {
		(void)vmn_err_set(err, VMN_E_INVALID, "'%s' does not name a network namespace",
				  ref);
		return vmn_err_hint(err, "use a name below /run/netns, a path, or pid:N");
	}
	rc = open_file(ns, path, err);
	if (rc < 0)
		return rc;
	rc = vmn_netns_run(ns, read_cookie, &cookie, err);
	if (rc < 0)
		return rc;
	if (cookie)
		(void)snprintf(ns->id, sizeof(ns->id), "net-%llu", (unsigned long long)cookie);
	else
		(void)snprintf(ns->id, sizeof(ns->id), "ino-%llu", (unsigned long long)ns->ino);
	*ret = vmn_steal(&ns);
	return 0;
}

void vmn_netns_free_p(struct vmn_netns **ns)
{
	if (!*ns)
		return;
	end((*ns)->worker);
	free((*ns)->worker);
	vmn_close_p(&(*ns)->fd);
	free((*ns)->ref);
	free((*ns)->shown);
	free(*ns);
	*ns = NULL;
}

const char *vmn_netns_ref(const struct vmn_netns *ns)
{
	return ns->ref;
}

const char *vmn_netns_id(const struct vmn_netns *ns)
{
	return ns->id;
}

void vmn_netns_set_hook(struct vmn_netns *ns, const struct vmn_net_hook *hook)
{
	ns->hook = hook;
}

int vmn_netns_ask_hook(const struct vmn_netns *ns, const char *what)
{
	return ns->hook ? ns->hook->ask(ns->hook->arg, what) : 0;
}

/* --- sockets -------------------------------------------------------------------------- */

struct socket_call {
	int domain, type, protocol, fd;
};

static int make_socket(void *arg, struct vmn_err *err)
{
	struct socket_call *c = arg;

	c->fd = socket(c->domain, c->type | SOCK_CLOEXEC, c->protocol);
	return c->fd < 0 ? vmn_err_sys(err, errno, "cannot make a socket") : 0;
}

/* That the socket is where it shall be. Only who may administer it can ask; others made it without
 * moving. */
static bool is_inside(const struct vmn_netns *ns, int fd)
{
	vmn_auto_close int at = ioctl(fd, SIOCGSKNS);
	struct stat st;

	if (at < 0)
		return ns->is_own;
	return fstat(at, &st) == 0 && st.st_dev == ns->dev && st.st_ino == ns->ino;
}

int vmn_netns_socket(const struct vmn_netns *ns, int domain, int type, int protocol, int *ret_fd,
		     struct vmn_err *err)
{
	struct socket_call c = {domain, type, protocol, -1};
	int rc = vmn_netns_run(ns, make_socket, &c, err);

	if (rc < 0)
		return vmn_err_wrap(err, "%s", ns->shown);
	if (!is_inside(ns, c.fd)) {
		(void)close(c.fd);
		return vmn_err_set(err, VMN_E_INTERNAL, "a socket is not in %s", ns->shown);
	}
	*ret_fd = c.fd;
	return 0;
}

/* --- rights --------------------------------------------------------------------------- */

static bool has_capability(unsigned cap)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &head, data) < 0)
		return true; /* the kernel will tell */
	return data[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

int vmn_netns_may_change(const struct vmn_netns *ns, struct vmn_err *err)
{
	vmn_auto_close int owner = -1;

	if (!ns->is_own && !has_capability(CAP_SYS_ADMIN))
		return missing_capability(ns, "enter", "CAP_SYS_ADMIN", err);
	if (!has_capability(CAP_NET_ADMIN))
		return missing_capability(ns, "change", "CAP_NET_ADMIN", err);
	/* Capabilities count in our user namespace and those below; the owner of this one may be
	 * above. */
	owner = ioctl(ns->fd, NS_GET_USERNS);
	if (owner < 0 && errno == EPERM)
		return missing_capability(ns, "change", "CAP_NET_ADMIN over it", err);
	return 0;
}

/* --- sysctls -------------------------------------------------------------------------- */

struct sysctl_call {
	char *path;
	const char *value; /* to write, or NULL */
	struct vmn_buf *out;
};

/* /proc/sys/net shows the namespace of the thread that opens it, not of the mount. */
static int do_sysctl(void *arg, struct vmn_err *err)
{
	const struct sysctl_call *c = arg;
	vmn_auto_close int fd = -1;
	size_t len;

	if (!c->value)
		return vmn_file_read(c->path, c->out, err);
	len = strlen(c->value);
	fd = open(c->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, c->value, len) != (ssize_t)len)
		return vmn_err_sys(err, errno, "cannot write '%s' to '%s'", c->value, c->path);
	return 0;
}

int vmn_sysctl_read(const struct vmn_netns *ns, const char *key, char **ret, struct vmn_err *err)
{
	vmn_auto_free char *path = vmn_xasprintf("/proc/sys/%s", key);
	vmn_auto_buf struct vmn_buf out = VMN_BUF_INIT(SYSCTL_MAX_BYTES);
	struct sysctl_call c = {.path = path, .out = &out};
	int rc = vmn_netns_run(ns, do_sysctl, &c, err);

	if (rc < 0)
		return rc;
	while (out.len && out.data[out.len - 1] == '\n')
		out.data[--out.len] = '\0';
	*ret = vmn_xstrdup(vmn_buf_str(&out));
	return 0;
}

int vmn_sysctl_write(const struct vmn_netns *ns, const char *key, const char *value,
		     struct vmn_err *err)
{
	vmn_auto_free char *path = vmn_xasprintf("/proc/sys/%s", key);
	struct sysctl_call c = {.path = path, .value = value};
	int errnum = vmn_netns_ask_hook(ns, "sysctl");

	if (errnum)
		return vmn_err_sys(err, errnum, "cannot write '%s' to '%s'", value, path);
	return vmn_netns_run(ns, do_sysctl, &c, err);
}

int vmn_link_index(int fd, const char *name, int *ret, struct vmn_err *err)
{
	struct ifreq req = {0};
	size_t len = strlen(name);

	if (len >= sizeof(req.ifr_name))
		return vmn_err_set(err, VMN_E_INVALID, "'%s' is too long for a link", name);
	memcpy(req.ifr_name, name, len);
	if (ioctl(fd, SIOCGIFINDEX, &req) < 0) {
		if (errno == ENODEV)
			return vmn_err_set(err, VMN_E_NOT_FOUND, "there is no link '%s'", name);
		return vmn_err_sys(err, errno, "cannot find link '%s'", name);
	}
	*ret = req.ifr_ifindex;
	return 0;
}
