/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - whole files in and out, directories, paths */
#ifndef VMN_BASE_FILE_H
#define VMN_BASE_FILE_H

#include <sys/types.h>

#include "lib/base/err.h"
#include "lib/base/str.h"

/** vmn_file_read() - append the file to @out, refusing more than @out's cap */
int vmn_file_read(const char *path, struct vmn_buf *out, struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_file_write() - replace @path as a whole: a temporary file beside it, then rename(2),
 * so that a reader or a crash sees the old text or the new one
 */
int vmn_file_write(const char *path, const void *data, size_t len, mode_t mode,
		   struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_mkdir_p() - make @path and its parents with @mode; existing ones are fine */
int vmn_mkdir_p(const char *path, mode_t mode, struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_path_join() - @dir/@name, or @name when it is absolute; caller frees */
char *vmn_path_join(const char *dir, const char *name);

#endif
