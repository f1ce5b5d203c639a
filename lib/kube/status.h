/* SPDX-License-Identifier: Apache-2.0 */
/* status.h - HTTP failure and Kubernetes Status body <-> struct vmn_err (pure) */
#ifndef VMN_KUBE_STATUS_H
#define VMN_KUBE_STATUS_H

#include "lib/base/err.h"

struct json_object;

/**
 * vmn_status_to_err() - make the error of a non-2xx answer
 * @http:	HTTP status
 * @body:	raw body, any bytes, may be empty; Status JSON or text/plain
 *
 * The message reads as kubectl's: "Error from server (NotFound): ...". The code follows @http
 * and Status.reason.
 *
 * Return: -code
 */
int vmn_status_to_err(int http, const char *body, size_t len, struct vmn_err *err);

/**
 * vmn_status_obj_to_err() - the same from a parsed Status, such as a watch's ERROR event
 * @http:	HTTP status, or 0 to take Status.code
 */
int vmn_status_obj_to_err(int http, struct json_object *status, struct vmn_err *err);

/** vmn_err_to_status() - the Status-shaped object that `-o json` prints for an error; caller drops
 * it */
struct json_object *vmn_err_to_status(const struct vmn_err *err);

#endif
