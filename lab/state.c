/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "lab/api/authz.h"
#include "lab/state.h"
#include "lib/base/encode.h"
#include "lib/base/file.h"
#include "lib/data/k8s.h"
#include "lib/data/yaml.h"

static char *base_dir(struct vmn_err *err)
{
	const char *dir = getenv("VMNETCTL_LAB_DIR"), *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (!vmn_is_empty(dir)) {
		vmn_auto_free char *cwd = *dir == '/' ? NULL : getcwd(NULL, 0);

		return cwd ? vmn_path_join(cwd, dir) : vmn_xstrdup(dir);
	}
	/* A relative XDG_STATE_HOME is to be ignored, says the XDG specification. */
	if (xdg && *xdg == '/')
		return vmn_xasprintf("%s/vmnetctl/lab", xdg);
	if (home && *home == '/')
		return vmn_xasprintf("%s/.local/state/vmnetctl/lab", home);
	(void)vmn_err_set(err, VMN_E_CONFIG, "cannot tell where to keep the lab: no $HOME");
	(void)vmn_err_hint(err, "set VMNETCTL_LAB_DIR");
	return NULL;
}

int lab_state_open(const char *name, struct lab_state *ret, struct vmn_err *err)
{
	vmn_auto_free char *base = NULL;

	if (!vmn_is_dns1123_label(name))
		return vmn_err_set(err, VMN_E_USAGE,
				   "'%s' is no name for a lab: only a-z, 0-9 and '-'", name);
	base = base_dir(err);
	if (!base)
		return -(int)err->code;
	ret->name = vmn_xstrdup(name);
	ret->dir = vmn_path_join(base, name);
	return 0;
}

void lab_state_clear(struct lab_state *st)
{
	free(st->name);
	free(st->dir);
	*st = (struct lab_state){0};
}

char *lab_state_path(const struct lab_state *st, const char *file)
{
	return vmn_path_join(st->dir, file);
}

bool lab_state_exists(const struct lab_state *st)
{
	vmn_auto_free char *path = lab_state_path(st, "objects.db");

	return access(path, F_OK) == 0;
}

static int remove_one(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
	(void)sb;
	(void)type;
	(void)ftw;
	return remove(path);
}

int lab_state_purge(const struct lab_state *st, struct vmn_err *err)
{
	if (nftw(st->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		return vmn_err_sys(err, errno, "cannot remove '%s'", st->dir);
	return 0;
}

/* --- the server's pid ----------------------------------------------------------------- */

int lab_state_lock(const struct lab_state *st, struct vmn_err *err)
{
	vmn_auto_free char *path = lab_state_path(st, "lab.pid");
	vmn_auto_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return vmn_err_sys(err, errno, "cannot open '%s'", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return vmn_err_set(err, VMN_E_CONFLICT, "lab '%s' is running already", st->name);
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
		return vmn_err_sys(err, errno, "cannot write '%s'", path);
	return vmn_steal_fd(&fd);
}

static bool is_locked(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return true;
	(void)flock(fd, LOCK_UN);
	return false;
}

static pid_t read_pid(int fd)
{
	char text[24];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	uint64_t pid;

	if (n <= 1)
		return 0;
	text[n - 1] = '\0'; /* the newline */
	return vmn_parse_u64(text, &pid) && pid <= INT32_MAX ? (pid_t)pid : 0;
}

int lab_state_server(const struct lab_state *st, int *ret_pidfd, pid_t *ret_pid,
		     struct vmn_err *err)
{
	vmn_auto_free char *path = lab_state_path(st, "lab.pid");
	vmn_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC), pidfd = -1;
	pid_t pid;

	*ret_pidfd = -1;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return vmn_err_sys(err, errno, "cannot open '%s'", path);
	/* Only the server writes the file, and it holds the lock while it lives. So a pid that was
	 * there before and is there after the pidfd was opened, under the lock, is the server's. */
	while (is_locked(fd)) {
		pid = read_pid(fd);
		if (!pid)
			continue;
		vmn_close_p(&pidfd);
		pidfd = pidfd_open(pid, 0);
		if (pidfd < 0 && errno != ESRCH)
			return vmn_err_sys(err, errno, "cannot watch process %d", (int)pid);
		if (pidfd < 0 || !is_locked(fd) || read_pid(fd) != pid)
			continue;
		*ret_pidfd = vmn_steal_fd(&pidfd);
		if (ret_pid)
			*ret_pid = pid;
		return 0;
	}
	return 0;
}

/* --- what it says of itself ----------------------------------------------------------- */

int lab_state_describe(const struct lab_state *st, struct json_object *doc, struct vmn_err *err)
{
	vmn_auto_free char *path = lab_state_path(st, "lab.json");
	const char *text = vmn_json_text(doc);

	return vmn_file_write(path, text, strlen(text), 0600, err);
}

int lab_state_read(const struct lab_state *st, struct json_object **ret, struct vmn_err *err)
{
	vmn_auto_free char *path = lab_state_path(st, "lab.json");
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(1 << 16);

	if (access(path, F_OK) < 0 && errno == ENOENT) {
		(void)vmn_err_set(err, VMN_E_NOT_FOUND, "there is no lab '%s'", st->name);
		return vmn_err_hint(err, "start it: vmnetctl lab up --name %s", st->name);
	}
	if (vmn_file_read(path, &b, err) < 0)
		return -(int)err->code;
	if (vmn_json_parse(vmn_buf_str(&b), b.len, ret, err) < 0)
		return vmn_err_wrap(err, "%s", path);
	return 0;
}

/* --- kubeconfig ----------------------------------------------------------------------- */

static void append_named(struct json_object *list, const char *name, const char *what,
			 struct json_object *value_take)
{
	vmn_auto_json struct json_object *value = value_take;
	struct json_object *entry = vmn_json_build("{\"name\":%s}", name);

	vmn_json_set_take(entry, what, json_object_get(value));
	vmn_json_append_take(list, entry);
}

static struct json_object *encoded(const char *text)
{
	vmn_auto_secret char *b64 = vmn_base64_encode(text, strlen(text));

	return json_object_new_string(b64);
}

struct kubeconfig {
	struct json_object *users, *contexts;
	const char *cluster;
};

static void add_context(struct kubeconfig *kc, const char *user, struct json_object *user_take)
{
	append_named(kc->users, user, "user", user_take);
	append_named(kc->contexts, user, "context",
		     vmn_json_build("{\"cluster\":%s,\"user\":%s,\"namespace\":\"default\"}",
				    kc->cluster, user));
}

/* Two contexts for a user: NAME with its certificate, NAME-token with its bearer token. */
static int add_user(struct kubeconfig *kc, struct lab_pki *pki, const struct lab_user *u,
		    struct vmn_err *err)
{
	VMN_CLEANUP(lab_pair_clear) struct lab_pair pair = {0};
	vmn_auto_secret char *token = NULL;
	vmn_auto_free char *token_name = vmn_xasprintf("%s-token", u->name);
	struct json_object *by_cert;

	if (lab_pki_user(pki, u->name, u->groups, &pair, &token, err) < 0)
		return -(int)err->code;
	by_cert = json_object_new_object();
	vmn_json_set_take(by_cert, "client-certificate-data", encoded(pair.cert));
	vmn_json_set_take(by_cert, "client-key-data", encoded(pair.key));
	add_context(kc, u->name, by_cert);
	add_context(kc, token_name, vmn_json_build("{\"token\":%s}", token));
	return 0;
}

/* One kubeconfig: of @only, or of all users. */
static int write_kubeconfig(const struct lab_state *st, struct lab_pki *pki, unsigned port,
			    const struct lab_user *only, struct vmn_err *err)
{
	vmn_auto_free char *server = vmn_xasprintf("https://127.0.0.1:%u", port);
	vmn_auto_free char *cluster = vmn_xasprintf("vmnetctl-lab-%s", st->name);
	vmn_auto_free char *file =
		vmn_xasprintf("kubeconfig%s%s", only ? "." : "", only ? only->name : "");
	vmn_auto_free char *path = lab_state_path(st, file);
	vmn_auto_json struct json_object *users = json_object_new_array(),
					 *contexts = json_object_new_array(), *doc = NULL,
					 *ca = encoded(pki->ca.cert);
	struct kubeconfig kc = {users, contexts, cluster};
	vmn_auto_buf struct vmn_buf out = VMN_BUF_INIT(0);

	for (size_t i = 0; i < lab_users_len; i++) {
		if ((!only || only == &lab_users[i]) && add_user(&kc, pki, &lab_users[i], err) < 0)
			return -(int)err->code;
	}
	doc = vmn_json_build(
		"{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"clusters\":[{\"name\":%s,"
		"\"cluster\":{\"server\":%s,\"certificate-authority-data\":%J}}],"
		"\"users\":%J,\"contexts\":%J,\"current-context\":%s}",
		cluster, server, ca, users, contexts, only ? only->name : lab_users[0].name);
	vmn_yaml_write(doc, &out);
	return vmn_file_write(path, out.data, out.len, 0600, err);
}

int lab_state_kubeconfigs(const struct lab_state *st, struct lab_pki *pki, unsigned port,
			  struct vmn_err *err)
{
	for (size_t i = 0; i < lab_users_len; i++) {
		if (write_kubeconfig(st, pki, port, &lab_users[i], err) < 0)
			return -(int)err->code;
	}
	return write_kubeconfig(st, pki, port, NULL, err);
}
