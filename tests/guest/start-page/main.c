/* SPDX-License-Identifier: MIT */
/*
 * A kernel as older Linux was: a hypercall page that the hypervisor fills in, one 32-byte entry for each
 * call, and the p2m list at the address that the INIT_P2M note names, which is then no part of the
 * linear map.
 */
#include "rt_test.h"

extern char rt_hypercall_page[];

static long call_by_page(unsigned nr, unsigned long a, unsigned long b)
{
    long ret;

    __asm__ volatile("call *%[entry]"
                     : "=a"(ret), "+D"(a), "+S"(b)
                     : [entry] "r"(rt_hypercall_page + nr * 32)
                     : "rcx", "r11", "memory");
    return ret;
}

void test_main(void)
{
    const unsigned long *p2m = (const unsigned long *)rt_start_info->mfn_list;
    unsigned wrong = 0;

    EQ(call_by_page(__HYPERVISOR_xen_version, XENVER_version, 0), rt_xen_version(XENVER_version, NULL));
    EQ(call_by_page(__HYPERVISOR_xen_version, 99, 0), -XEN_ENOSYS);
    CHECK((unsigned char)rt_hypercall_page[0] != 0xcc);
    EQ(rt_start_info->mfn_list, 0x8000000000);
    CHECK(rt_start_info->nr_p2m_frames >= (rt_mm_pages() + 511) / 512);
    for (unsigned long pfn = 0; pfn < rt_mm_pages(); pfn++)
        wrong += rt_mm_m2p(p2m[pfn]) != pfn;
    EQ(wrong, 0);
}
