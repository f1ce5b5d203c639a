/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"

void vmn_err_clear(struct vmn_err *err)
{
	free(err->reason);
	free(err->msg);
	free(err->hint);
	free(err->causes);
	*err = VMN_ERR_INIT;
}

int vmn_err_set(struct vmn_err *err, enum vmn_code code, const char *fmt, ...)
{
	va_list ap;

	assert(err->code == VMN_OK && code != VMN_OK);
	err->code = code;
	va_start(ap, fmt);
	err->msg = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	return -(int)code;
}

static enum vmn_code code_of_errno(int errnum)
{
	switch (errnum) {
	case EPERM:
	case EACCES:
		return VMN_E_PERMISSION;
	case ENOENT:
		return VMN_E_NOT_FOUND;
	case EEXIST:
		return VMN_E_EXISTS;
	case ENOMEM:
		return VMN_E_NOMEM;
	default:
		return VMN_E_SYSTEM;
	}
}

int vmn_err_sys(struct vmn_err *err, int errnum, const char *fmt, ...)
{
	vmn_auto_free char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	what = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	(void)vmn_err_set(err, code_of_errno(errnum), "%s: %s", what, strerror(errnum));
	err->sys = errnum;
	return -(int)err->code;
}

int vmn_err_oom(struct vmn_err *err)
{
	assert(err->code == VMN_OK);
	err->code = VMN_E_NOMEM;
	return -VMN_E_NOMEM;
}

int vmn_err_wrap(struct vmn_err *err, const char *fmt, ...)
{
	vmn_auto_free char *where = NULL;
	char *old = err->msg;
	va_list ap;

	assert(err->code != VMN_OK);
	va_start(ap, fmt);
	where = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	err->msg = vmn_xasprintf("%s: %s", where, vmn_err_text(err));
	free(old);
	return -(int)err->code;
}

int vmn_err_hint(struct vmn_err *err, const char *fmt, ...)
{
	va_list ap;

	assert(err->code != VMN_OK);
	free(err->hint);
	va_start(ap, fmt);
	err->hint = vmn_xvasprintf(fmt, ap);
	va_end(ap);
	return -(int)err->code;
}

int vmn_err_move(struct vmn_err *to, struct vmn_err *from)
{
	assert(to->code == VMN_OK);
	*to = *from;
	*from = VMN_ERR_INIT;
	return -(int)to->code;
}

const char *vmn_err_text(const struct vmn_err *err)
{
	if (err->msg)
		return err->msg;
	return err->code == VMN_E_NOMEM ? "out of memory" : "no error";
}
