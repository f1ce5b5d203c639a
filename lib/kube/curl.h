/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl.h - libcurl, opened when the first client is, and the only home of its header
 *
 * libcurl pulls in some thirty libraries. Commands that talk to no server must not pay for
 * loading them, so the binary is not linked with it: vmn_curl_load() opens it and fills a table
 * of the functions we use.
 */
#ifndef VMN_KUBE_CURL_H
#define VMN_KUBE_CURL_H

#include <curl/curl.h>

#include "lib/base/err.h"

/* Every libcurl function in use, without its curl_ prefix. */
#define VMN_CURL_FUNCTIONS(F)                                                                      \
	F(easy_cleanup)                                                                            \
	F(easy_getinfo)                                                                            \
	F(easy_init)                                                                               \
	F(easy_pause)                                                                              \
	F(easy_setopt)                                                                             \
	F(easy_strerror)                                                                           \
	F(global_init)                                                                             \
	F(multi_add_handle)                                                                        \
	F(multi_cleanup)                                                                           \
	F(multi_info_read)                                                                         \
	F(multi_init)                                                                              \
	F(multi_perform)                                                                           \
	F(multi_poll)                                                                              \
	F(multi_remove_handle)                                                                     \
	F(multi_setopt)                                                                            \
	F(slist_append)                                                                            \
	F(slist_free_all)                                                                          \
	F(version_info)

struct vmn_curl {
#define VMN_CURL_MEMBER(name) __typeof__(curl_##name) *name;
	VMN_CURL_FUNCTIONS(VMN_CURL_MEMBER)
#undef VMN_CURL_MEMBER
};

/**
 * vmn_curl_load() - open libcurl.so.4 once a process
 * @ret: lives until the process ends
 *
 * Return: 0, -VMN_E_UNSUPPORTED when it is missing, older than 7.80 (CURLOPT_PREREQFUNCTION) or
 * of a TLS flavour that cannot take keys and certificates from memory
 */
int vmn_curl_load(const struct vmn_curl **ret, struct vmn_err *err) VMN_MUST_CHECK;

#endif
