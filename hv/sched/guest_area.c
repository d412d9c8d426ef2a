/* SPDX-License-Identifier: MIT */
#include "sched/guest_area.h"
#include "domain/domain.h"
#include "mm/access.h"

static uint64_t read_cr3(void)
{
    uint64_t v;
    __asm__ volatile("mov %%cr3, %0" : "=r"(v));
    return v;
}

static void write_cr3(uint64_t v)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(v) : "memory");
}

/* The user mode's L4 need not map kernel data. Both have the hypervisor's own part, so ours stays in place. Interrupts
 * are off and nothing returns to the guest in between. */
int vcpu_area_write(struct vcpu *v, gva_t dst, const void *src, size_t n)
{
    if (v->guest_kernel || v->kernel_l4 == INVALID_MFN || v->user_l4 == INVALID_MFN) return copy_to_guest(dst, src, n);
    uint64_t user = read_cr3();
    write_cr3(v->kernel_l4 << PAGE_SHIFT);
    int rc = copy_to_guest(dst, src, n);
    write_cr3(user);
    return rc;
}
