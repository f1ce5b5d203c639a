/* SPDX-License-Identifier: Apache-2.0 */
/* warning.h - Warning: headers of an API server (pure) */
#ifndef VMN_KUBE_WARNING_H
#define VMN_KUBE_WARNING_H

#include "lib/base/str.h"

/**
 * vmn_warning_parse() - append the texts of all 299 warnings of one header value to @texts
 *
 * The value is a list of: code agent "text" ["date"], RFC 7234 5.5. Malformed rests are skipped.
 */
void vmn_warning_parse(const char *value, struct vmn_strlist *texts);

#endif
