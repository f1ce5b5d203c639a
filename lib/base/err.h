/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - the one error object
 *
 * A fallible function returns 0 or -code and takes a struct vmn_err * last, never
 * NULL: untouched on success, filled exactly once on failure by the function that
 * saw it, then prefixed ("vm default/web-1: ...") on the way up and printed once,
 * in cli/. Text-free decisions use the return value.
 */
#ifndef VMN_BASE_ERR_H
#define VMN_BASE_ERR_H

#include "lib/base/mem.h"

enum vmn_code {
	VMN_OK = 0,
	VMN_E_USAGE,	 /* wrong command line */
	VMN_E_CONFIG,	 /* kubeconfig or another configuration file is wrong */
	VMN_E_AUTH,	 /* the server does not know us (HTTP 401), or credentials cannot be had */
	VMN_E_FORBIDDEN, /* the server knows us and says no (HTTP 403) */
	VMN_E_NOT_FOUND, /* object, file or route is not there */
	VMN_E_CONFLICT,	 /* somebody else changed it, or its state forbids it now (HTTP 409) */
	VMN_E_EXISTS,	 /* it is there already */
	VMN_E_INVALID,	 /* input or request is wrong (HTTP 400, 422) */
	VMN_E_RANGE,	 /* a number or size is out of bounds */
	VMN_E_UNREACHABLE, /* no connection, or it broke */
	VMN_E_TIMEOUT,	   /* a deadline passed */
	VMN_E_PERMISSION,  /* the local kernel says no */
	VMN_E_SYSTEM,	   /* any other system call failure */
	VMN_E_NETLINK,	   /* the kernel refused a netlink request */
	VMN_E_PROTOCOL,	   /* the peer answered nonsense */
	VMN_E_NOMEM,	   /* memory is out, or an answer is larger than we accept */
	VMN_E_PARTIAL,	   /* of several objects at least one failed; each was reported */
	VMN_E_CANCELLED,   /* a signal or the user stopped it */
	VMN_E_UNSUPPORTED, /* this server or kernel cannot do it */
	VMN_E_VERDICT,	   /* the work was done and the answer is bad (exit status 2) */
	VMN_E_SERVER,	   /* the server failed (HTTP 5xx) */
	VMN_E_INTERNAL,	   /* a bug of ours */
};

struct vmn_err {
	enum vmn_code code;
	int sys;      /* errno, or 0 */
	int http;     /* HTTP status, or 0 */
	char *reason; /* Kubernetes Status.reason ("NotFound"), or NULL */
	char *msg;    /* lower case, no full stop; NULL only when code is VMN_OK or VMN_E_NOMEM */
	char *hint;   /* what the user can do, or NULL */
	char *causes; /* Status.details.causes, one "field: message" a line, or NULL */
};

#define VMN_ERR_INIT ((struct vmn_err){0})

/** vmn_err_clear() - free the texts and make @err ready for use again */
void vmn_err_clear(struct vmn_err *err);
#define vmn_auto_err VMN_CLEANUP(vmn_err_clear)

/** vmn_err_set() - fill an empty @err; Return: -code */
int vmn_err_set(struct vmn_err *err, enum vmn_code code, const char *fmt, ...) VMN_PRINTF(3, 4);

/**
 * vmn_err_sys() - fill @err from errno value @errnum; the text gets ": strerror" appended
 *
 * Return: -VMN_E_PERMISSION for EPERM and EACCES, -VMN_E_NOT_FOUND for ENOENT,
 * -VMN_E_EXISTS for EEXIST, -VMN_E_NOMEM for ENOMEM, else -VMN_E_SYSTEM
 */
int vmn_err_sys(struct vmn_err *err, int errnum, const char *fmt, ...) VMN_PRINTF(3, 4);

/** vmn_err_oom() - fill @err without allocating; Return: -VMN_E_NOMEM */
int vmn_err_oom(struct vmn_err *err);

/** vmn_err_wrap() - put "text: " before the message; Return: -err->code */
int vmn_err_wrap(struct vmn_err *err, const char *fmt, ...) VMN_PRINTF(2, 3);

/** vmn_err_hint() - set the hint, replacing an earlier one; Return: -err->code */
int vmn_err_hint(struct vmn_err *err, const char *fmt, ...) VMN_PRINTF(2, 3);

/** vmn_err_move() - hand @from's content to the empty @to; Return: -code */
int vmn_err_move(struct vmn_err *to, struct vmn_err *from);

/** vmn_err_text() - the message, never NULL, borrowed from @err */
const char *vmn_err_text(const struct vmn_err *err);

#endif
