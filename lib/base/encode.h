/* SPDX-License-Identifier: Apache-2.0 */
/* encode.h - base64 and SHA-256, by nettle */
#ifndef VMN_BASE_ENCODE_H
#define VMN_BASE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/mem.h"

enum { VMN_SHA256_HEX_SIZE = 65 }; /* 64 digits and a NUL */

/** vmn_base64_encode() - RFC 4648 with padding, on one line; caller frees, and wipes secrets */
char *vmn_base64_encode(const void *data, size_t len);

/**
 * vmn_base64_decode() - white space is skipped, padding is required
 * @ret:	the bytes with a NUL after them, caller frees (a secret: wipe @ret_len bytes first)
 * @ret_len:	may be NULL when the caller wants text; then a NUL among the bytes is refused
 *
 * Return: false when @text is not base64
 */
bool vmn_base64_decode(const char *text, char **ret, size_t *ret_len) VMN_MUST_CHECK;

/** vmn_sha256_hex() - lower-case digest of @data into @ret, NUL-terminated; Return: @ret */
char *vmn_sha256_hex(const void *data, size_t len, char ret[VMN_SHA256_HEX_SIZE]);

#endif
