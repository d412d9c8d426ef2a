/* SPDX-License-Identifier: MIT */
/*
 * xen_version: every sub-call, outputs without leftovers of a stack, bad pointers. And hypercall numbers
 * that do not exist answer -ENOSYS. Attack rows 8 and 22.
 */
#include "rt_test.h"

#define BAD_POINTER ((void *)0x8000000000000000ul)
#define UNMAPPED    ((void *)0x7100000000ul)

static void texts(void)
{
    static char extra[XEN_EXTRAVERSION_LEN + 16], changes[XEN_CHANGESET_INFO_LEN], caps[1024 + 16];
    static struct xen_compile_info compile;

    memset(extra, 0xa5, sizeof(extra));
    EQ(rt_xen_version(XENVER_extraversion, extra), 0);
    CHECK(strlen(extra) < XEN_EXTRAVERSION_LEN);
    EQ((unsigned char)extra[XEN_EXTRAVERSION_LEN], 0xa5);
    memset(caps, 0xa5, sizeof(caps));
    EQ(rt_xen_version(XENVER_capabilities, caps), 0);
    CHECK(strstr(caps, "xen-3.0-x86_64") != NULL);
    EQ((unsigned char)caps[1024], 0xa5);
    EQ(rt_xen_version(XENVER_changeset, changes), 0);
    EQ(rt_xen_version(XENVER_compile_info, &compile), 0);
    CHECK(memcmp(compile.compiler, compile.compiler + 1, sizeof(compile.compiler) - 1) != 0);
    rt_printf("extra version '%s', capabilities '%s'\n", extra, caps);
}

static void numbers(void)
{
    struct xen_platform_parameters params = {0};
    struct xen_feature_info features = {.submap_idx = 0};
    xen_domain_handle_t uuid;

    EQ(rt_xen_version(XENVER_version, NULL), 4 << 16 | 17);
    EQ(rt_xen_version(XENVER_pagesize, NULL), 4096);
    EQ(rt_xen_version(XENVER_guest_handle, uuid), 0);
    EQ(rt_xen_version(XENVER_platform_parameters, &params), 0);
    CHECK(params.virt_start >= HYPERVISOR_VIRT_START && params.virt_start < HYPERVISOR_VIRT_END);
    EQ(rt_xen_version(XENVER_get_features, &features), 0);
    EQ(features.submap >> XENFEAT_auto_translated_physmap & 1, 0);
    CHECK(features.submap >> XENFEAT_mmu_pt_update_preserve_ad & 1);
    EQ(features.submap >> XENFEAT_dom0 & 1, rt_start_is_dom0());
    features.submap_idx = 1000;
    CHECK(rt_xen_version(XENVER_get_features, &features) <= 0);
}

static void bad_arguments(void)
{
    static const int with_pointer[] = {XENVER_extraversion,        XENVER_compile_info, XENVER_capabilities,
                                       XENVER_changeset,           XENVER_get_features, XENVER_guest_handle,
                                       XENVER_platform_parameters, XENVER_commandline};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(with_pointer); i++) {
        EQ(rt_xen_version(with_pointer[i], UNMAPPED), -XEN_EFAULT);
        EQ(rt_xen_version(with_pointer[i], BAD_POINTER), -XEN_EFAULT);
        EQ(rt_xen_version(with_pointer[i], (void *)HYPERVISOR_VIRT_END - 8), -XEN_EFAULT);
        EQ(rt_xen_version(with_pointer[i], (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    }
    EQ(rt_xen_version(99, NULL), -XEN_ENOSYS);
    EQ(rt_xen_version(-1, NULL), -XEN_ENOSYS);
}

static void no_such_hypercall(void)
{
    static const unsigned long absent[] = {11, 43, 47, 56, 63, 64, 100, 255, 256, 4096, 1ul << 31, 1ul << 32, ~0ul};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(absent); i++)
        EQ(RT_HC(absent[i], 0, 0, 0, 0, 0), -XEN_ENOSYS);
}

void test_main(void)
{
    texts();
    numbers();
    bad_arguments();
    no_such_hypercall();
}
