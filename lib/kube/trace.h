/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h - request and response lines for -v, with secrets taken out (pure but for the log) */
#ifndef VMN_KUBE_TRACE_H
#define VMN_KUBE_TRACE_H

#include <stddef.h>

#include "lib/base/log.h"

struct json_object;

#define VMN_REDACTED "<redacted>"

/** vmn_trace_header() - one header line at level 7; values of credential headers are redacted */
void vmn_trace_header(const struct vmn_log *log, char direction, const char *line, size_t len);

/**
 * vmn_trace_body() - a body at level 8 (cut) or 9
 * @direction:	'>' for requests, '<' for answers
 *
 * JSON loses the values of fields that hold secrets, and whole Secrets their data; of what is not
 * JSON only the size is told when it looks like a secret.
 */
void vmn_trace_body(const struct vmn_log *log, char direction, const char *body, size_t len);

/** vmn_trace_object() - the same for a tree, such as an item of a list or an event of a watch */
void vmn_trace_object(const struct vmn_log *log, char direction, struct json_object *obj);

/** vmn_trace_redact() - a copy of @obj without secrets; caller drops it */
struct json_object *vmn_trace_redact(struct json_object *obj);

#endif
