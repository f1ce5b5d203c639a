/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <nettle/base16.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/encode.h"

char *vmn_base64_encode(const void *data, size_t len)
{
	size_t size = BASE64_ENCODE_RAW_LENGTH(len);
	char *out = vmn_xcalloc(size + 1, 1);

	base64_encode_raw(out, len, data);
	return out;
}

bool vmn_base64_decode(const char *text, char **ret, size_t *ret_len)
{
	size_t text_len = strlen(text), size = BASE64_DECODE_LENGTH(text_len) + 1, len = 0;
	struct base64_decode_ctx ctx;
	char *out = vmn_xcalloc(size, 1);

	base64_decode_init(&ctx);
	if (!base64_decode_update(&ctx, &len, (uint8_t *)out, text_len, text) ||
	    !base64_decode_final(&ctx) || (!ret_len && memchr(out, '\0', len))) {
		explicit_bzero(out, size);
		free(out);
		return false;
	}
	out[len] = '\0';
	*ret = out;
	if (ret_len)
		*ret_len = len;
	return true;
}

char *vmn_sha256_hex(const void *data, size_t len, char ret[VMN_SHA256_HEX_SIZE])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, len, data);
	sha256_digest(&ctx, sizeof(digest), digest);
	base16_encode_update(ret, sizeof(digest), digest);
	ret[VMN_SHA256_HEX_SIZE - 1] = '\0';
	return ret;
}
