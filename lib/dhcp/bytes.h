/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h - numbers in network order at any address */
#ifndef VMN_DHCP_BYTES_H
#define VMN_DHCP_BYTES_H

#include <stdint.h>

static inline uint16_t vmn_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t vmn_get32(const uint8_t *p)
{
	return (uint32_t)vmn_get16(p) << 16 | vmn_get16(p + 2);
}

static inline void vmn_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void vmn_put32(uint8_t *p, uint32_t v)
{
	vmn_put16(p, (uint16_t)(v >> 16));
	vmn_put16(p + 2, (uint16_t)v);
}

#endif
