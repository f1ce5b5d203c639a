/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/external.h"
#include "lib/base/file.h"

/* Folders in the order they are looked through. */
static void search_path(struct vmn_strlist *ret)
{
	const char *path = getenv("PATH");
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	vmn_strlist_add(ret, VMN_LIBEXECDIR);
	if (n > 0) {
		exe[n] = '\0';
		slash = strrchr(exe, '/');
		if (slash) {
			*slash = '\0';
			vmn_strlist_add(ret, exe);
		}
	}
	if (path)
		vmn_strlist_split(ret, path, ':');
}

/* A command's name never leads out of the folder, and is never taken for an option. */
static bool is_command_name(const char *name)
{
	return *name && *name != '-' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_")] == '\0';
}

static bool is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *cmd_external_find(const struct cmd_program *program, const char *name)
{
	vmn_auto_strlist struct vmn_strlist dirs = {0};
	vmn_auto_free char *file = NULL;

	if (!program->external_prefix || !is_command_name(name))
		return NULL;
	file = vmn_xasprintf("%s%s", program->external_prefix, name);
	search_path(&dirs);
	for (size_t i = 0; i < dirs.n; i++) {
		vmn_auto_free char *path = NULL;

		if (dirs.v[i][0] != '/')
			continue; /* what stands in the working directory is not a command */
		path = vmn_path_join(dirs.v[i], file);
		if (is_executable(path))
			return vmn_steal(&path);
	}
	return NULL;
}

static void list_dir(const char *dir, const char *prefix, struct vmn_strlist *ret)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d))) {
		const char *name = e->d_name + strlen(prefix);
		vmn_auto_free char *path = NULL;

		if (!vmn_starts_with(e->d_name, prefix) || !is_command_name(name) ||
		    vmn_strlist_has(ret, name))
			continue;
		path = vmn_path_join(dir, e->d_name);
		if (is_executable(path))
			vmn_strlist_add(ret, name);
	}
	(void)closedir(d);
}

void cmd_external_list(const struct cmd_program *program, struct vmn_strlist *ret)
{
	vmn_auto_strlist struct vmn_strlist dirs = {0};

	if (!program->external_prefix)
		return;
	search_path(&dirs);
	for (size_t i = 0; i < dirs.n; i++)
		if (dirs.v[i][0] == '/')
			list_dir(dirs.v[i], program->external_prefix, ret);
	vmn_strlist_sort(ret);
}

int cmd_external_exec(const char *path, char *const *before, int n_before, char *const *after,
		      struct vmn_err *err)
{
	vmn_auto_free char **argv = NULL;
	size_t n_after = 0, n = 0;

	while (after && after[n_after])
		n_after++;
	argv = vmn_xcalloc((size_t)n_before + n_after + 2, sizeof(*argv));
	argv[n++] = (char *)path;
	for (int i = 0; i < n_before; i++)
		argv[n++] = before[i];
	for (size_t i = 0; i < n_after; i++)
		argv[n++] = after[i];
	(void)signal(SIGPIPE, SIG_DFL); /* our choice, not the child's */
	(void)execv(path, argv);
	return vmn_err_sys(err, errno, "cannot run '%s'", path);
}
