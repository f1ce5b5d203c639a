/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h - YAML to json-c trees
 *
 * Scalars follow what Kubernetes clients do (sigs.k8s.io/yaml): YAML 1.1 plain booleans
 * (yes, no, on, off too), null, integers, floats; everything quoted is a string. Anchors and aliases are
 * resolved within a bound on the size of the result. Depth and size are capped.
 */
#ifndef VMN_DATA_YAML_H
#define VMN_DATA_YAML_H

#include "lib/data/json.h"

/**
 * vmn_yaml_parse() - all documents of a stream; JSON is accepted, being YAML
 * @ret_docs: array of the non-empty documents, caller drops it
 *
 * Return: 0 or -VMN_E_INVALID with line and column (both from 1) in the message
 */
int vmn_yaml_parse(const char *text, size_t len, struct json_object **ret_docs,
		   struct vmn_err *err) VMN_MUST_CHECK;

/** vmn_yaml_parse_one() - exactly one document, which must be a mapping */
int vmn_yaml_parse_one(const char *text, size_t len, struct json_object **ret,
		       struct vmn_err *err) VMN_MUST_CHECK;

/**
 * vmn_yaml_write() - append @obj as one YAML document, block style, keys in the tree's order;
 * strings are quoted where a reader would take them for something else
 */
void vmn_yaml_write(struct json_object *obj, struct vmn_buf *out);

#endif
