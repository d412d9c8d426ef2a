/* SPDX-License-Identifier: MIT */
/*
 * Every hypercall and sub-command with hostile addresses in every argument: unmapped, not canonical, the
 * hypervisor's own, the last bytes of the guest's half, straddling into nothing (XSA-29, 31, 158, 159,
 * 212, 231, 382). None may succeed in writing there, none may stop the machine, and what the guest owns
 * stays as it was. Attack row 8.
 */
#include "rt_test.h"

static const unsigned long places[] = {
    TEST_UNMAPPED,
    TEST_NONCANONICAL,
    0x00007ffffffffff8,
    0x0000800000000000 - 1,
    HYPERVISOR_VIRT_START,
    0xffff82d080200000,
    0xffff830000000000,
    HYPERVISOR_VIRT_END - 4,
    ~0ul,
    ~0ul - 4095,
};

/* Calls that do what they say without any pointer, and would end or change this test. */
static bool excepted(unsigned nr, unsigned cmd)
{
    switch (nr) {
    case __HYPERVISOR_iret:
    case __HYPERVISOR_set_callbacks:
    case __HYPERVISOR_stack_switch:
    case __HYPERVISOR_vm_assist:
    case __HYPERVISOR_fpu_taskswitch:
    case __HYPERVISOR_set_debugreg:
        return true;
    case __HYPERVISOR_sched_op:
        return cmd == SCHEDOP_block;
    case __HYPERVISOR_sched_op_compat:
        return cmd == SCHEDOP_block || cmd == SCHEDOP_shutdown;
    case __HYPERVISOR_vcpu_op:
        return cmd == VCPUOP_down || cmd == VCPUOP_register_runstate_memory_area;
    default:
        return false;
    }
}

/* The pointer is the second argument (after a command), and the third and fourth too: some calls take
 * it there. Small numbers in the others make counts and domains look right. */
static void attack(unsigned nr, unsigned cmd, unsigned long place)
{
    static const unsigned long others[][3] = {{0, 0, 0}, {1, 1, 1}, {1, DOMID_SELF, DOMID_SELF}, {0x10000, 0, 0}};

    if (excepted(nr, cmd)) return;
    for (unsigned i = 0; i < RT_ARRAY_SIZE(others); i++) {
        RT_HC(nr, cmd, place, others[i][0], others[i][1], others[i][2]);
        if (nr != __HYPERVISOR_vcpu_op) continue;
        RT_HC(nr, cmd, 0, place, others[i][1], others[i][2]);
    }
}

/* The first argument itself is the pointer. */
static void attack_first(unsigned nr, unsigned long place)
{
    if (excepted(nr, 0) || nr == __HYPERVISOR_set_segment_base || nr == __HYPERVISOR_set_timer_op) return;
    RT_HC(nr, place, 1, 0, DOMID_SELF, 0);
    RT_HC(nr, place, 1, place, DOMID_SELF, 0);
    RT_HC(nr, place, ~0ul, place, DOMID_SELF, 0);
    RT_HC(nr, place, 0x7fffffff, 0, DOMID_SELF, 0);
}

/* Where the hypervisor sees all of a domain's memory (both hypervisors have it there). A page of ours is at
 * a place of the hypervisor's too, then: a pointer there must be refused, although it would harm nobody. */
#define DIRECT_MAP 0xffff830000000000ul

static void through_the_direct_map(void)
{
    uint8_t *page = rt_page_alloc();
    uint64_t place = DIRECT_MAP + (rt_mm_va_mfn(page) << 12);
    struct evtchn_alloc_unbound *alloc = (void *)page;
    struct multicall_entry *call = (void *)page;
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    NEED(page);
    memset(page, 0x3c, RT_PAGE_SIZE);
    EQ(rt_xen_version(XENVER_extraversion, (void *)place), -XEN_EFAULT);
    EQ(rt_xen_version(XENVER_capabilities, (void *)place), -XEN_EFAULT);
    EQ(rt_vcpu_op(VCPUOP_get_runstate_info, 0, (void *)place), -XEN_EFAULT);
    for (unsigned nr = 0; nr < 64; nr++)
        for (unsigned cmd = 0; cmd < 36; cmd++)
            attack(nr, cmd, place);
    for (unsigned i = 0; i < RT_PAGE_SIZE; i++)
        if (!CHECK_MSG(page[i] == 0x3c, "byte %u was written", i)) break;
    /* Arguments that would be good ones. */
    *alloc = (struct evtchn_alloc_unbound){.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
    EQ(rt_event_channel_op(EVTCHNOP_alloc_unbound, (void *)place), -XEN_EFAULT);
    *call = (struct multicall_entry){.op = __HYPERVISOR_xen_version};
    EQ(rt_multicall((void *)place, 1), -XEN_EFAULT);
    EQ(rt_console_io(CONSOLEIO_write, 1, (void *)place) < 0, 1);
    *(xen_pfn_t *)page = rt_mm_va_mfn(page);
    set_xen_guest_handle(r.extent_start, (void *)place);
    CHECK(rt_memory_op(XENMEM_decrease_reservation, &r) <= 0);
    RUNS(page[0] = 1);
}

void test_main(void)
{
    static uint8_t canary[4096];
    uint64_t l4_before = rt_mm_l4()[511], m2p_wrong = 0;

    memset(canary, 0xc5, sizeof(canary));
    for (unsigned nr = 0; nr < 64; nr++)
        for (unsigned p = 0; p < RT_ARRAY_SIZE(places); p++) {
            for (unsigned cmd = 0; cmd < 36; cmd++)
                attack(nr, cmd, places[p]);
            attack_first(nr, places[p]);
        }
    through_the_direct_map();
    rt_trap_init();
    for (unsigned i = 0; i < sizeof(canary); i++)
        m2p_wrong += canary[i] != 0xc5;
    EQ(m2p_wrong, 0);
    for (unsigned long pfn = 0; pfn < 2048; pfn++)
        m2p_wrong += rt_mm_m2p(rt_mm_mfn(pfn)) != pfn;
    EQ(m2p_wrong, 0);
    EQ(rt_mm_l4()[511] & RT_PTE_KEPT, l4_before & RT_PTE_KEPT);
    EQ(rt_xen_version(XENVER_version, NULL), 4 << 16 | 17);
    CHECK(rt_page_alloc() != NULL);
}
