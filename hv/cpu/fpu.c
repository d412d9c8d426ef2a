/* SPDX-License-Identifier: MIT */
/* Intel SDM volume 1, chapter 13 (XSAVE). */
#include "hypercall/handler.h"
#include "cpu/fpu.h"
#include "cpu/io.h"

#define AREA_SIZE      4096u
#define FEATURES_KNOWN 0xe7ul /* x87, SSE, AVX, AVX-512 */

BUILD_ASSERT(sizeof(struct vcpu_state) <= FPU_AREA_OFFSET);
BUILD_ASSERT(FPU_AREA_OFFSET + AREA_SIZE <= STATE_FRAMES * PAGE_SIZE);

int xsetbv_safe(uint64_t value);
int xrstor_safe(void *area, uint64_t mask);
int fxrstor_safe(void *area);

static uint64_t features;

static void *area_of(struct vcpu *v)
{
    return (char *)v->state + FPU_AREA_OFFSET;
}

/* The largest set of known features whose standard-format area fits. */
static uint64_t choose(void)
{
    uint32_t a, b, c, d;

    cpuid(13, 0, &a, &b, &c, &d);
    uint64_t f = (a | (uint64_t)d << 32) & FEATURES_KNOWN;
    for (unsigned int bit = 63; bit >= 2; bit--) {
        if (!(f & (1ul << bit))) continue;
        cpuid(13, bit, &a, &b, &c, &d);
        if (a + b > AREA_SIZE) f &= ~(1ul << bit);
    }
    if ((f & 0xe0) != 0xe0) f &= ~0xe0ul;
    return f;
}

void fpu_init_cpu(void)
{
    uint32_t a, b, c, d;

    cpuid(1, 0, &a, &b, &c, &d);
    if (c & (1u << 26)) {
        if (!features) features = choose();
        xsetbv_safe(features);
    }
    __asm__ volatile("clts; fninit");
}

uint64_t fpu_features(void)
{
    return features;
}

void fpu_save(struct vcpu *v)
{
    if (v->state->fpu_ts) __asm__ volatile("clts");
    if (features && v->state->xcr0 != features) xsetbv_safe(features);
    if (features)
        __asm__ volatile("xsave64 (%0)"
                         :
                         : "r"(area_of(v)), "a"((uint32_t)features), "d"((uint32_t)(features >> 32))
                         : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(area_of(v)) : "memory");
}

/* The area is the hypervisor's own; a fault would mean a bad header, which only fpu_reset or XSAVE write. */
void fpu_load(struct vcpu *v)
{
    int bad;

    if (features) {
        xsetbv_safe(features);
        bad = xrstor_safe(area_of(v), features);
        if (v->state->xcr0 != features) xsetbv_safe(v->state->xcr0);
    } else {
        bad = fxrstor_safe(area_of(v));
    }
    if (bad) domain_crash(v->domain, "extended state cannot be restored");
    if (v->state->fpu_ts) fpu_set_ts(v, true);
}

void fpu_reset(struct vcpu *v)
{
    uint8_t *area = area_of(v);

    memset(area, 0, AREA_SIZE);
    *(uint16_t *)area = 0x37f;                   /* FCW */
    *(uint32_t *)(area + 24) = 0x1f80;           /* MXCSR */
    if (features) *(uint64_t *)(area + 512) = 3; /* XSTATE_BV: x87 and SSE as above, the rest initial */
    v->state->xcr0 = features ? 1 : 0;
    v->state->cr4 = 0x660; /* PAE, MCE off, OSFXSR, OSXMMEXCPT, as the hypervisor has them */
}

void fpu_set_ts(struct vcpu *v, bool on)
{
    v->state->fpu_ts = on;
    if (v != current) return;
    if (!on) {
        __asm__ volatile("clts");
        return;
    }
    uint64_t cr0;
    __asm__ volatile("mov %%cr0, %0; or $8, %0; mov %0, %%cr0" : "=r"(cr0));
}

/* What a guest turns off stays saved with the full mask: XSAVE is always done with the hypervisor's features on. */
int fpu_set_xcr0(struct vcpu *v, uint64_t value)
{
    if (!features || !(value & 1) || (value & ~features) || ((value & 4) && !(value & 2)) ||
        ((value & 0xe0) && ((value & 0xe0) != 0xe0 || !(value & 4))))
        return -XEN_EINVAL;
    v->state->xcr0 = value;
    return xsetbv_safe(value) ? -XEN_EINVAL : 0;
}

long do_fpu_taskswitch(uint64_t set, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    fpu_set_ts(current, set & 1);
    return 0;
}
