/* SPDX-License-Identifier: MIT */
/*
 * What Bulkhead leaves out on purpose must stay out: control interfaces by which the first domain would reach others'
 * memory, foreign mappings, grant table version 2 and transfers, event FIFOs, compatibility calls, profiling.
 * Attack rows 10 and 28.
 */
#include "rt_test.h"

static void calls(void)
{
    static const unsigned absent[] = {__HYPERVISOR_xsm_op,  __HYPERVISOR_xenoprof_op, __HYPERVISOR_hvm_op,
                                      __HYPERVISOR_sysctl,  __HYPERVISOR_domctl,      __HYPERVISOR_kexec_op,
                                      __HYPERVISOR_tmem_op, __HYPERVISOR_argo_op,     __HYPERVISOR_xenpmu_op,
                                      __HYPERVISOR_dm_op,   __HYPERVISOR_hypfs_op};
    static uint8_t arg[4096];

    for (unsigned i = 0; i < RT_ARRAY_SIZE(absent); i++) {
        EQ(RT_HC(absent[i], 0, 0, 0, 0, 0), -XEN_ENOSYS);
        for (unsigned cmd = 1; cmd < 90; cmd++) {
            *(uint32_t *)arg = cmd;
            EQ(RT_HC(absent[i], arg, cmd, arg, arg, 0), -XEN_ENOSYS);
            EQ(RT_HC(absent[i], cmd, arg, arg, arg, 0), -XEN_ENOSYS);
        }
    }
}

static void foreign(void)
{
    static const unsigned domains[] = {1, 2, 77, DOMID_IO, DOMID_XEN, DOMID_COW, DOMID_INVALID, DOMID_IDLE};
    char *page = rt_page_alloc();
    uint64_t mfn = rt_mm_va_mfn(page);

    NEED(page && rt_mm_map(TEST_WINDOW, 0) == 0);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(domains); i++) {
        struct mmu_update req = {.ptr = rt_mm_entry_ma(TEST_WINDOW, 1), .val = mfn << 12 | RT_RW};
        struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE};

        if (domains[i] == rt_start_domid()) continue;
        if (domains[i] != DOMID_IO) /* how the first domain maps devices */
            CHECK_MSG(rt_mmu_update(&req, 1, NULL, domains[i]) < 0, "mmu_update for domain %#x", domains[i]);
        CHECK_MSG(rt_mmu_update(&req, 1, NULL, (domains[i] + 1u) << 16 | DOMID_SELF) < 0, "tables of domain %#x",
                  domains[i]);
        op.arg1.mfn = mfn;
        CHECK_MSG(rt_mmuext_op(&op, 1, NULL, domains[i]) < 0, "mmuext_op for domain %#x", domains[i]);
        CHECK_MSG(RT_HC(__HYPERVISOR_update_va_mapping_otherdomain, TEST_WINDOW, mfn << 12 | RT_RW, 0, domains[i], 0) <
                          0 ||
                      domains[i] == DOMID_IO,
                  "va mapping for domain %#x", domains[i]);
    }
    EQ(rt_mm_map(TEST_WINDOW, 0), 0);
}

static void event_fifo(void)
{
    struct evtchn_init_control init = {.control_gfn = rt_mm_va_mfn(rt_page_alloc()), .vcpu = 0};
    struct evtchn_expand_array expand = {.array_gfn = init.control_gfn};
    struct evtchn_set_priority priority = {.port = 1, .priority = 0};

    EQ(rt_event_channel_op(EVTCHNOP_init_control, &init), -XEN_ENOSYS);
    EQ(rt_event_channel_op(EVTCHNOP_expand_array, &expand), -XEN_ENOSYS);
    EQ(rt_event_channel_op(EVTCHNOP_set_priority, &priority), -XEN_ENOSYS);
}

static void grants(void)
{
    static const unsigned absent[] = {GNTTABOP_transfer, GNTTABOP_get_status_frames, GNTTABOP_dump_table};
    static uint8_t arg[256];

    for (unsigned i = 0; i < RT_ARRAY_SIZE(absent); i++)
        CHECK_MSG(rt_grant_table_op(absent[i], arg, 1) < 0, "grant operation %u", absent[i]);
}

static void memory(void)
{
    /* The rest of the range is for tools, translated guests and sharing: xen/memory.h. */
    static const unsigned absent[] = {XENMEM_add_to_physmap,
                                      XENMEM_add_to_physmap_batch,
                                      XENMEM_remove_from_physmap,
                                      XENMEM_set_memory_map,
                                      16,
                                      17,
                                      18,
                                      20,
                                      21,
                                      22,
                                      24,
                                      25,
                                      26,
                                      28,
                                      29};
    static uint8_t arg[256];

    for (unsigned i = 0; i < RT_ARRAY_SIZE(absent); i++)
        CHECK_MSG(rt_memory_op(absent[i], arg) < 0, "memory operation %u", absent[i]);
}

void test_main(void)
{
    if (!test_on_bulkhead()) test_skip("another hypervisor may offer these");
    calls();
    foreign();
    event_fifo();
    grants();
    memory();
}
