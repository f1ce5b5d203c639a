/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonparts.h - parts of a JSON object, cut out of its text (pure)
 *
 * Most of what a server tells about an object is of no use to whoever reads a long list of them. To
 * skip it costs a tenth of what a tree of it costs.
 */
#ifndef VMN_DATA_JSONPARTS_H
#define VMN_DATA_JSONPARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/str.h"

enum { VMN_JSON_MAX_PARTS = 32 };

/**
 * vmn_json_parts() - append an object's text without anything but some of its parts
 * @parts: paths of keys such as "status/conditions/type", at most VMN_JSON_MAX_PARTS, NULL at the
 *         end; an array on the way stands for all its elements
 *
 * Objects on the way stay, even empty, and so does what a key written with escapes names.
 * Nothing is judged: what is skipped need not be JSON, and neither need be what is appended.
 *
 * Return: false when the text is no object, or breaks off; @ret holds something unfinished then
 */
bool vmn_json_parts(const char *text, size_t len, const char *const *parts, struct vmn_buf *ret);

#endif
