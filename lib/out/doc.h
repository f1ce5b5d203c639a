/* SPDX-License-Identifier: Apache-2.0 */
/* doc.h - whole documents: JSON and YAML */
#ifndef VMN_OUT_DOC_H
#define VMN_OUT_DOC_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/base/err.h"

struct json_object;

/** vmn_doc_json() - indented by four blanks as kubectl does, or @one_line for streams; ends with a
 * newline */
int vmn_doc_json(struct json_object *obj, bool one_line, FILE *f, struct vmn_err *err);
/** vmn_doc_yaml() - block style, keys in the tree's order; scalars quoted where YAML 1.1 would
 * misread them */
int vmn_doc_yaml(struct json_object *obj, FILE *f, struct vmn_err *err);

#endif
