/* SPDX-License-Identifier: Apache-2.0 */
/* k8s.h - Kubernetes' small languages: names, MAC addresses, quantities, selectors (pure) */
#ifndef VMN_DATA_K8S_H
#define VMN_DATA_K8S_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/data/json.h"

/** vmn_is_dns1123_label() - 1 to 63 of a-z 0-9 -, alphanumeric at both ends (namespaces) */
bool vmn_is_dns1123_label(const char *s);
/** vmn_is_dns1123_subdomain() - parts like labels joined by dots, at most 253 bytes (object names)
 */
bool vmn_is_dns1123_subdomain(const char *s);
/** vmn_is_label_key() - "name" or "sub.domain/name" (annotations too); the name as a value */
bool vmn_is_label_key(const char *s);
/** vmn_is_label_value() - empty, or at most 63 of A-Z a-z 0-9 - _ ., alphanumeric at both ends */
bool vmn_is_label_value(const char *s);
/** vmn_is_mac() - six hex pairs joined by ':' or '-' (what Go's net.ParseMAC takes, 6 bytes) */
bool vmn_is_mac(const char *s);
/** vmn_mac_is_same() - two of them, whatever their case and separators */
bool vmn_mac_is_same(const char *a, const char *b);

/**
 * vmn_quantity_parse() - "512Mi", "2Gi", "1500m", "1e3" to a whole number, rounded up
 *
 * Source: k8s.io/apimachinery resource.Quantity; binary (Ki..Ei) and decimal (n u m k..E) suffixes.
 * Return: false when malformed or out of int64's range
 */
bool vmn_quantity_parse(const char *s, int64_t *ret);

struct vmn_selector;
/**
 * vmn_selector_parse() - label selector: a=b, a==b, a!=b, "a in (x,y)", "a notin (x)", a, !a
 * Return: 0 or -VMN_E_INVALID
 */
int vmn_selector_parse(const char *s, struct vmn_selector **ret,
		       struct vmn_err *err) VMN_MUST_CHECK;
/** vmn_selector_matches() - @labels: object of strings, or NULL */
bool vmn_selector_matches(const struct vmn_selector *sel, struct json_object *labels);
void vmn_selector_free_p(struct vmn_selector **sel);
#define vmn_auto_selector VMN_CLEANUP(vmn_selector_free_p)

#endif
