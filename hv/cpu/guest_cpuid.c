/* SPDX-License-Identifier: MIT */
/* The filtered leaf set: what a PV guest can use. Everything that is not listed here reads as 0. */
#include "hv.h"
#include "cpu/privop.h"
#include "cpu/fpu.h"
#include "cpu/io.h"
#include "hypercall/version.h"

#define BIT(n) (1u << (n))
/* Leaf 1. Not: MONITOR, VMX, SMX, EST, PCID, x2APIC, TSC deadline; VME, PSE, MCE, SEP, MTRR, PGE, PSE36, ACPI, TM. */
#define L1_ECX                                                                                                         \
    (BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | BIT(19) | BIT(20) | BIT(22) | BIT(23) | BIT(25) | BIT(26) |        \
     BIT(28) | BIT(29) | BIT(30))
#define L1_EDX                                                                                                         \
    (BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | BIT(15) | BIT(16) | BIT(19) | BIT(23) | BIT(24) |  \
     BIT(25) | BIT(26) | BIT(27) | BIT(28))
#define OSXSAVE    BIT(27)
#define HYPERVISOR BIT(31)
/* Leaf 7. Not: FSGSBASE, SMEP, SMAP, INVPCID, MPX, UMIP, PKU, LA57, speculation controls. */
#define L7_EBX        (BIT(3) | BIT(5) | BIT(8) | BIT(9) | BIT(18) | BIT(19) | BIT(23) | BIT(24) | BIT(29))
#define L7_EBX_AVX512 (BIT(16) | BIT(17) | BIT(28) | BIT(30) | BIT(31))
#define L7_EDX        (BIT(4) | BIT(10))
#define AVX512_STATE  0xe0ul
/* Leaf 0x80000001: LAHF, LZCNT, PREFETCHW; SYSCALL, NX, LM. Not: SVM, RDTSCP, 1 GiB pages. */
#define E1_ECX (BIT(0) | BIT(5) | BIT(8))
#define E1_EDX (BIT(11) | BIT(20) | BIT(29))

static void leaf_xsave(struct vcpu *v, uint32_t sub, uint32_t out[4])
{
    uint64_t f = fpu_features();

    cpuid(13, sub, &out[0], &out[1], &out[2], &out[3]);
    if (sub == 0) {
        out[0] = (uint32_t)f;
        out[3] = (uint32_t)(f >> 32);
    } else if (sub == 1) {
        out[0] &= 7; /* XSAVEOPT, XSAVEC, XGETBV(1); no supervisor states */
        out[1] = out[2] = out[3] = 0;
    } else if (sub > 63 || !(f & (1ul << sub))) {
        memset(out, 0, 16);
    }
    (void)v;
}

static void leaf_hypervisor(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    static const char signature[] = "XenVMMXenVMM"; /* the ABI's, xen/arch-x86/cpuid.h */

    switch (leaf & 0xff) {
    case 0:
        out[0] = 0x40000002;
        memcpy(&out[1], signature, 12);
        break;
    case 1:
        out[0] = ABI_VERSION_MAJOR << 16 | ABI_VERSION_MINOR;
        break;
    default:
        break;
    }
    (void)v;
    (void)sub;
}

static void leaf_7(uint32_t sub, uint32_t out[4])
{
    if (sub) {
        memset(out, 0, 16);
        return;
    }
    out[0] = 0;
    out[1] &= L7_EBX | ((fpu_features() & AVX512_STATE) == AVX512_STATE ? L7_EBX_AVX512 : 0);
    out[2] &= BIT(9) | BIT(10) | BIT(22); /* VAES, VPCLMULQDQ, RDPID's absence aside */
    out[2] &= ~BIT(22);
    out[3] &= L7_EDX;
}

static void leaf_1(struct vcpu *v, uint32_t out[4])
{
    out[1] = (out[1] & 0xffff) | BIT(16); /* no APIC id, one logical CPU (0 is none): topology is the guest's own */
    out[2] = (out[2] & L1_ECX) | HYPERVISOR;
    if (!fpu_features())
        out[2] &= ~(BIT(26) | BIT(28) | BIT(12) | BIT(29));
    else
        out[2] |= OSXSAVE;
    out[3] &= L1_EDX;
}

void guest_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    memset(out, 0, 16);
    if (leaf >= 0x40000000 && leaf < 0x40000100) {
        leaf_hypervisor(v, leaf, sub, out);
        return;
    }
    cpuid(leaf, sub, &out[0], &out[1], &out[2], &out[3]);
    switch (leaf) {
    case 0:
        out[0] = MIN(out[0], 0xdu);
        break;
    case 1:
        leaf_1(v, out);
        break;
    case 2:
    case 0x80000002:
    case 0x80000003:
    case 0x80000004:
    case 0x80000006:
        break;
    case 4:
        out[0] &= 0x3fff; /* no sharing between CPUs told */
        break;
    case 7:
        leaf_7(sub, out);
        break;
    case 0xd:
        if (fpu_features())
            leaf_xsave(v, sub, out);
        else
            memset(out, 0, 16);
        break;
    case 0x80000000:
        out[0] = MIN(out[0], 0x80000008u);
        break;
    case 0x80000001:
        out[2] &= E1_ECX;
        out[3] &= E1_EDX;
        break;
    case 0x80000007:
        out[0] = out[1] = out[2] = 0;
        out[3] &= BIT(8);
        break;
    case 0x80000008:
        out[1] = out[2] = out[3] = 0;
        break;
    default:
        memset(out, 0, 16);
        break;
    }
}
