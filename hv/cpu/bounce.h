/* SPDX-License-Identifier: MIT */
/* Entry into a guest kernel: the frames of the PV ABI. */
#ifndef HV_BOUNCE_H
#define HV_BOUNCE_H

#include "types.h"

struct vcpu;
/* All act on the current vCPU and its frame (current_regs()). A guest whose kernel stack cannot take the frame is
 * crashed. */
void bounce_trap(unsigned int vector, bool has_error, uint32_t error);
void bounce_page_fault(gva_t address, uint32_t error);
void bounce_callback(gva_t address, bool mask_events);
void bounce_failsafe(void);
/* From guest user to guest kernel mode and back: page-table base and GS. */
void guest_mode_toggle(struct vcpu *v);

#endif
