/* SPDX-License-Identifier: MIT */
/* Descriptor tables: this CPU's GDT, TSS and IDT, and the guests' descriptors in them. */
#ifndef HV_DESC_H
#define HV_DESC_H

#include "types.h"

struct vcpu;
struct domain;

void desc_init_cpu(void);            /* GDT, TSS, IDT, SYSCALL on this CPU */
void desc_load_vcpu(struct vcpu *v); /* maps v's descriptor frames for this CPU */
/* d->mm.lock held. entries of frames[]: machine frames, validated as FT_DESC. */
int desc_set_gdt(struct vcpu *v, const uint64_t *frames, unsigned int entries);
int desc_set_ldt(struct vcpu *v, gva_t base, unsigned int entries);
/* Checks a descriptor, makes it harmless in place: DPL 3, accessed. -EINVAL for gates and system segments. */
int desc_check(uint64_t *descriptor);

#endif
