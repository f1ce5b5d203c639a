/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.h - paths of the lab's own, for `vmnetctl lab`; admin only, and no fault strikes them
 *
 *   GET    /lab/v1/status           {"name", "kubevirt", "nodes", "version"}
 *   GET    /lab/v1/faults           {"items": [...]}, see lab_fault_add()
 *   POST   /lab/v1/faults           adds one
 *   DELETE /lab/v1/faults[?kind=K]  ends those of a kind, or all
 */
#ifndef VMN_LAB_API_CONTROL_H
#define VMN_LAB_API_CONTROL_H

#include "lab/api/http.h"

/** lab_control() - answer a request below /lab; rights were checked */
void lab_control(struct lab *lab, const struct lab_request *req, struct lab_response *ret);

#endif
