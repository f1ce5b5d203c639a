/* SPDX-License-Identifier: Apache-2.0 */
/* controller.h - virt-controller's loops, as far as the lab plays them */
#ifndef VMN_LAB_CONTROLLER_H
#define VMN_LAB_CONTROLLER_H

#include "lab/lab.h"

/**
 * lab_controllers_start() - listen to the store and take up what an earlier run left half done
 */
int lab_controllers_start(struct lab *lab, struct vmn_err *err) VMN_MUST_CHECK;

#endif
