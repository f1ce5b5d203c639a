/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem.h - ownership helpers: cleanup attributes, steal, small aborting allocations
 *
 * The vmn_x*() allocators abort when memory is out: for small things of bounded
 * size only. Anything whose size an outsider chooses is capped and allocated with
 * calloc(), and the caller returns vmn_err_oom().
 */
#ifndef VMN_BASE_MEM_H
#define VMN_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#define VMN_CLEANUP(fn) __attribute__((cleanup(fn)))
#define VMN_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define VMN_MUST_CHECK __attribute__((warn_unused_result))
#define VMN_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/** vmn_steal() - take the pointer out of variable *p, leaving NULL; moves ownership on */
#define vmn_steal(p)                                                                               \
	({                                                                                         \
		__typeof__(p) vmn_steal_p_ = (p);                                                  \
		__typeof__(*vmn_steal_p_) vmn_steal_v_ = *vmn_steal_p_;                            \
		*vmn_steal_p_ = NULL;                                                              \
		vmn_steal_v_;                                                                      \
	})

static inline int vmn_steal_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

/** vmn_free_p() - free(3) for VMN_CLEANUP; @p points to a pointer of any type */
void vmn_free_p(void *p);
/** vmn_close_p() - close *fd once if it is >= 0, keep errno, set it to -1 */
void vmn_close_p(int *fd);
/** vmn_free_secret() - wipe a NUL-terminated string before freeing it; NULL is fine */
void vmn_free_secret(char *s);
void vmn_free_secret_p(char **s);

#define vmn_auto_free VMN_CLEANUP(vmn_free_p)
#define vmn_auto_close VMN_CLEANUP(vmn_close_p)
#define vmn_auto_secret VMN_CLEANUP(vmn_free_secret_p)

/* As the C library's functions without the x, but out of memory aborts. */
void *vmn_xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *vmn_xrealloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *vmn_xstrdup(const char *s) __attribute__((malloc, returns_nonnull, nonnull));
char *vmn_xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull, nonnull));
char *vmn_xasprintf(const char *fmt, ...) VMN_PRINTF(1, 2) __attribute__((malloc, returns_nonnull));
char *vmn_xvasprintf(const char *fmt, va_list ap) VMN_PRINTF(1, 0) __attribute__((returns_nonnull));

#endif
