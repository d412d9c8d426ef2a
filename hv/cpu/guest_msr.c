/* SPDX-License-Identifier: MIT */
/* MSR allow-list (Intel SDM volume 4). Everything else is #GP for the guest. */
#include "hypercall/handler.h"
#include "cpu/privop.h"
#include "cpu/io.h"
#include "cpu/bounce.h"

#define MSR_TSC         0x10
#define MSR_PLATFORM_ID 0x17
#define MSR_APIC_BASE   0x1b
#define MSR_UCODE_REV   0x8b
#define MSR_MISC_ENABLE 0x1a0
#define MSR_PAT         0x277
#define MSR_EFER        0xc0000080
#define MSR_FS_BASE     0xc0000100
#define MSR_GS_BASE     0xc0000101
#define MSR_KERNEL_GS   0xc0000102
#define PAT_RESET       0x0007040600070406ul /* the hypervisor leaves the PAT at its reset value */
#define EFER_GUEST      0xd01ul              /* SCE, LME, LMA, NXE */

static bool canonical(uint64_t v)
{
    return (int64_t)(v << 16) >> 16 == (int64_t)v;
}

int guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    switch (msr) {
    case MSR_TSC:
        *value = rdtsc();
        return 0;
    case MSR_PLATFORM_ID:
    case MSR_UCODE_REV:
        *value = 0;
        return 0;
    case MSR_APIC_BASE:
        *value = v->id == 0 ? 0xfee00900 : 0xfee00800;
        return v->domain->is_control ? 0 : -XEN_EPERM;
    case MSR_MISC_ENABLE:
        *value = 1;
        return 0;
    case MSR_PAT:
        *value = PAT_RESET;
        return 0;
    case MSR_EFER:
        *value = EFER_GUEST;
        return 0;
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_KERNEL_GS:
        *value = rdmsr(msr);
        return 0;
    default:
        return -XEN_EPERM;
    }
}

int guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
    bool base = msr >= MSR_FS_BASE && msr <= MSR_KERNEL_GS;
    int rc = ask_own(base ? OP_DECODE_WRMSR : OP_DECODE_WRMSR_constant, msr);

    if (rc) return rc;
    switch (msr) {
    case MSR_PAT:
        return value == PAT_RESET ? 0 : -XEN_EPERM;
    case MSR_EFER:
        return value == EFER_GUEST ? 0 : -XEN_EPERM;
    case MSR_UCODE_REV: /* Linux writes 0 before it reads the revision */
    case MSR_MISC_ENABLE:
        return value == (msr == MSR_MISC_ENABLE) ? 0 : -XEN_EPERM;
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_KERNEL_GS:
        if (!canonical(value)) return -XEN_EPERM;
        wrmsr(msr, value);
        return 0;
    default:
        return -XEN_EPERM;
    }
}

void load_gs(uint16_t selector);

/* In guest kernel mode GS_BASE is the kernel's, KERNEL_GS_BASE the user's. */
long do_set_segment_base(uint64_t which, uint64_t base, uint64_t a3, uint64_t a4, uint64_t a5)
{
    if (which != SEGBASE_GS_USER_SEL && !canonical(base)) return -XEN_EINVAL;
    switch (which) {
    case SEGBASE_FS:
        wrmsr(MSR_FS_BASE, base);
        return 0;
    case SEGBASE_GS_USER:
        wrmsr(MSR_KERNEL_GS, base);
        return 0;
    case SEGBASE_GS_KERNEL:
        wrmsr(MSR_GS_BASE, base);
        return 0;
    case SEGBASE_GS_USER_SEL:
        __asm__ volatile("swapgs");
        load_gs((uint16_t)((base & 0xffff) ? (base & 0xffff) | 3 : 0));
        __asm__ volatile("swapgs");
        return 0;
    default:
        return -XEN_EINVAL;
    }
}
