/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_scalar.h - what a plain YAML scalar means; shared by yaml.c's reader and writer (pure) */
#ifndef VMN_DATA_YAML_SCALAR_H
#define VMN_DATA_YAML_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vmn_yaml_kind {
	VMN_YAML_STR,
	VMN_YAML_NULL,
	VMN_YAML_BOOL,
	VMN_YAML_INT,	/* within int64_t */
	VMN_YAML_UINT,	/* above INT64_MAX */
	VMN_YAML_FLOAT, /* infinities and NaN too */
	VMN_YAML_TIME,	/* looks like a date: a string that a writer has to quote */
	VMN_YAML_MERGE, /* "<<" */
};

struct vmn_yaml_scalar {
	enum vmn_yaml_kind kind;
	union {
		bool boolean;
		int64_t integer;
		uint64_t natural;
		double real;
	};
};

/**
 * vmn_yaml_resolve() - the meaning of an unquoted scalar
 * @text: NUL-terminated after @len bytes, may hold more NULs
 *
 * Source: resolve.go of sigs.k8s.io/yaml/goyaml.v2, checked against kubectl.
 */
struct vmn_yaml_scalar vmn_yaml_resolve(const char *text, size_t len);

#endif
