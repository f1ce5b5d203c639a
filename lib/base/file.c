/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"

int vmn_file_read(const char *path, struct vmn_buf *out, struct vmn_err *err)
{
	vmn_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char chunk[16384];

	if (fd < 0)
		return vmn_err_sys(err, errno, "cannot open '%s'", path);
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return vmn_err_sys(err, errno, "cannot read '%s'", path);
		if (n == 0)
			break;
		vmn_buf_add(out, chunk, (size_t)n);
		if (!vmn_buf_ok(out))
			break;
	}
	explicit_bzero(chunk, sizeof(chunk)); /* it may have been a key */
	if (!vmn_buf_ok(out))
		return vmn_err_set(err, VMN_E_RANGE, "'%s' is larger than %zu bytes", path,
				   out->cap);
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int vmn_file_write(const char *path, const void *data, size_t len, mode_t mode, struct vmn_err *err)
{
	vmn_auto_free char *tmp = vmn_xasprintf("%s.XXXXXX", path);
	vmn_auto_close int fd = mkostemp(tmp, O_CLOEXEC);

	if (fd < 0)
		return vmn_err_sys(err, errno, "cannot create '%s'", tmp);
	if (fchmod(fd, mode) < 0 || write_all(fd, data, len) < 0 || rename(tmp, path) < 0) {
		int saved = errno;

		(void)unlink(tmp);
		return vmn_err_sys(err, saved, "cannot write '%s'", path);
	}
	return 0;
}

int vmn_mkdir_p(const char *path, mode_t mode, struct vmn_err *err)
{
	vmn_auto_free char *p = vmn_xstrdup(path);

	for (char *s = p + 1; *p; s++) {
		char c = *s;

		if (c != '/' && c != '\0')
			continue;
		*s = '\0';
		if (mkdir(p, mode) < 0 && errno != EEXIST)
			return vmn_err_sys(err, errno, "cannot make directory '%s'", p);
		if (c == '\0')
			break;
		*s = c;
	}
	return 0;
}

char *vmn_path_join(const char *dir, const char *name)
{
	if (name[0] == '/' || vmn_is_empty(dir))
		return vmn_xstrdup(name);
	return vmn_xasprintf("%s/%s", dir, name);
}
