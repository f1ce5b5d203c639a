/* SPDX-License-Identifier: Apache-2.0 */
/* controller.h - virt-controller's loops, as far as the lab plays them */
#ifndef VMN_LAB_KUBEVIRT_CONTROLLER_H
#define VMN_LAB_KUBEVIRT_CONTROLLER_H

#include "lab/lab.h"

/**
 * lab_controllers_start() - listen to the store and take up what an earlier run left half done
 */
int lab_controllers_start(struct lab *lab, struct vmn_err *err) VMN_MUST_CHECK;
/** lab_controllers_stop() - forget what is under way; before the loop and the store go; also when
 * never started */
void lab_controllers_stop(struct lab *lab);
/** lab_controllers_kick() - look at everything again, after faults came or went */
void lab_controllers_kick(struct lab *lab);

#endif
