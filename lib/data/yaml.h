/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h - YAML to json-c trees and back
 *
 * Scalars follow what Kubernetes clients do (sigs.k8s.io/yaml): YAML 1.1 plain booleans
 * (yes, no, on, off, y, n too), null, integers (0x, 0b, 0o, and 0777 is octal), floats;
 * everything quoted is a string, and so are dates. Of a key given twice the last one
 * counts, as there. A whole float such as 1e3 becomes an integer, as it does on kubectl's way to
 * JSON. Anchors, aliases and merge keys (<<) are resolved within a bound on the size of the result.
 */
#ifndef VMN_DATA_YAML_H
#define VMN_DATA_YAML_H

#include "lib/data/json.h"

enum {
	VMN_YAML_MAX_BYTES = 64 << 20, /* of text */
	VMN_YAML_MAX_ALIASED =
		1 << 20, /* nodes and bytes of strings that aliases add to a stream */
};

/**
 * vmn_yaml_parse() - all documents of a stream; JSON is accepted, being YAML
 * @ret_docs: array of the non-empty documents, caller drops it
 *
 * Nesting is capped at VMN_JSON_MAX_DEPTH.
 *
 * Return: 0, -VMN_E_INVALID with line and column (both from 1) in the message, or -VMN_E_RANGE
 * for more than VMN_YAML_MAX_BYTES
 */
int vmn_yaml_parse(const char *text, size_t len, struct json_object **ret_docs,
		   struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_yaml_parse_one() - exactly one document, which must be a mapping */
int vmn_yaml_parse_one(const char *text, size_t len, struct json_object **ret,
		       struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_yaml_write() - append @obj as one YAML document, block style, keys in the tree's order
 *
 * Strings are quoted where a reader would take them for something else, texts of several lines
 * are block literals, as kubectl writes them. Long lines are not folded. What is not UTF-8 is
 * replaced by U+FFFD. vmn_yaml_parse() gives the same tree back.
 */
void vmn_yaml_write(struct json_object *obj, struct vmn_buf *out);

#endif
