/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables: set_gdt, set_ldt, update_descriptor. A loaded table's frame may not be writable
 * (XSA-67, 214), gates and system segments may not get in, code of privilege 0 neither, and the
 * hypervisor's own selectors stay where they are. Attack row 18.
 */
#include "rt_test.h"

#define DATA3     0x00cff3000000ffffull /* writable data, DPL 3 */
#define CODE3     0x00affb000000ffffull /* 64-bit code, DPL 3 */
#define CODE0     0x00af9b000000ffffull
#define CALL_GATE 0x0000ec0000e00000ull
#define LDT_DESC  0x0000e20000000067ull
#define TSS_DESC  0x0000e90000000067ull
#define INT_GATE  0x0000ee0000e00000ull

static uint64_t *gdt, *ldt;
static unsigned long frame;

static bool load_data(unsigned selector)
{
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("mov %0, %%es" : : "r"(selector)));
    RUNS(__asm__ volatile("mov %0, %%es" : : "r"(0)));
    return f.vector < 0;
}

/* Absent, or of privilege 0: a gate that the hypervisor keeps to emulate it is none to the CPU. */
static bool harmless(uint64_t desc)
{
    return !(desc & 1ull << 47) || (desc >> 45 & 3) == 0;
}

/* LAR answers for selectors that this privilege may see. */
static uint64_t access_rights(unsigned selector)
{
    uint64_t rights = 0;

    __asm__ volatile("lar %1, %0" : "+r"(rights) : "r"((uint64_t)selector));
    return rights;
}

static long write_desc(unsigned index, uint64_t desc)
{
    return rt_update_descriptor(frame << 12 | index * 8, desc);
}

static void gdt_loads(void)
{
    unsigned long list[15], lost = test_lost_mfn();

    gdt = rt_page_alloc();
    NEED(gdt);
    frame = rt_mm_va_mfn(gdt);
    gdt[1] = DATA3;
    gdt[2] = CODE3;
    CHECK(rt_set_gdt(&frame, 512) < 0); /* still writable */
    EQ(rt_mm_protect(gdt, RT_RO), 0);
    EQ(rt_set_gdt(&frame, 512), 0);
    CHECK(rt_mm_protect(gdt, RT_RW) < 0);
    CHECK(rt_mm_pin(1, frame) < 0);
    CHECK(load_data(1 << 3 | 3));
    CHECK(!load_data(3 << 3 | 3)); /* empty slot */
    CHECK(rt_set_gdt(&lost, 512) < 0);
    for (unsigned i = 0; i < 15; i++)
        list[i] = frame;
    CHECK(rt_set_gdt(list, 15 * 512) < 0); /* into the hypervisor's part */
    CHECK(rt_set_gdt(list, 8192) < 0);
    CHECK(rt_set_gdt(list, ~0u) < 0);
    CHECK(rt_set_gdt((void *)TEST_UNMAPPED, 512) < 0);
    CHECK(rt_set_gdt((void *)HYPERVISOR_VIRT_END, 512) < 0);
    CHECK(load_data(1 << 3 | 3)); /* what was loaded stays */
}

static void updates(void)
{
    static const uint64_t bad[] = {CALL_GATE, LDT_DESC, TSS_DESC, INT_GATE, CALL_GATE & ~0x0000600000000000ull};

    EQ(write_desc(4, DATA3), 0);
    EQ(gdt[4] & ~(1ull << 40), DATA3 & ~(1ull << 40)); /* the accessed bit may change */
    CHECK(load_data(4 << 3 | 3));
    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++) {
        long ret = write_desc(5, bad[i]);

        CHECK_MSG(ret < 0 || harmless(gdt[5]), "descriptor %#lx got in as %#lx", bad[i], gdt[5]);
    }
    if (write_desc(6, CODE0) == 0) EQ(gdt[6] >> 45 & 3, 3);
    EQ(write_desc(6, 0), 0);
    CHECK(rt_update_descriptor(test_lost_mfn() << 12, DATA3) < 0);
    CHECK(rt_update_descriptor(1ull << 51, DATA3) < 0);
    CHECK(rt_update_descriptor((frame << 12) + 4, DATA3) < 0);
    CHECK(rt_update_descriptor(rt_mm_va_mfn(rt_mm_l4()) << 12, DATA3) < 0);
}

/* A table prepared with forbidden descriptors before it is offered. */
static void poisoned(void)
{
    static const uint64_t bad[] = {CALL_GATE, TSS_DESC, LDT_DESC, INT_GATE};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++) {
        uint64_t *table = rt_page_alloc();
        unsigned long mfn = rt_mm_va_mfn(table);

        NEED(table);
        table[7] = bad[i];
        EQ(rt_mm_protect(table, RT_RO), 0);
        if (rt_set_gdt(&mfn, 512) == 0) {
            CHECK_MSG(harmless(table[7]), "a table with %#lx was loaded", bad[i]);
            EQ(rt_set_gdt(&frame, 512), 0);
        }
        EQ(rt_mm_protect(table, RT_RW), 0);
    }
}

/* The hypervisor's own selectors: nothing there is open to us but the flat ones. */
static void reserved(void)
{
    unsigned open = 0;

    for (unsigned selector = FIRST_RESERVED_GDT_BYTE | 3; selector < 0x10000; selector += 8) {
        uint64_t rights = access_rights(selector);

        if (!rights) continue;
        open++;
        CHECK_MSG((rights >> 13 & 3) == 3, "selector %#x has rights %#lx", selector, rights);
        CHECK_MSG(rights & 1ul << 12, "selector %#x is a system segment, %#lx", selector, rights);
    }
    CHECK(open >= 2);
}

static void ldts(void)
{
    ldt = test_table();
    NEED(ldt);
    test_table_set(ldt, 1, DATA3);
    EQ(rt_mm_ext(MMUEXT_SET_LDT, (uint64_t)ldt, 2), 0);
    CHECK(load_data(1 << 3 | 7));
    CHECK(rt_mm_protect(ldt, RT_RW) < 0 || !load_data(1 << 3 | 7));
    CHECK(!load_data(100 << 3 | 7));
    EQ(rt_mm_ext(MMUEXT_SET_LDT, 0, 0), 0);
    CHECK(!load_data(1 << 3 | 7));
    CHECK(rt_mm_ext(MMUEXT_SET_LDT, (uint64_t)ldt, 8193) < 0);
    CHECK(rt_mm_ext(MMUEXT_SET_LDT, (uint64_t)ldt, ~0u) < 0);
    CHECK(rt_mm_ext(MMUEXT_SET_LDT, (uint64_t)ldt + 8, 1) < 0);
    CHECK(rt_mm_ext(MMUEXT_SET_LDT, TEST_NONCANONICAL, 1) < 0);
    CHECK(rt_mm_ext(MMUEXT_SET_LDT, HYPERVISOR_VIRT_START, 512) < 0 || !load_data(1 << 3 | 7));
    rt_mm_ext(MMUEXT_SET_LDT, 0, 0);
    /* A table with a call gate, and one that is not mapped: nothing can be loaded. */
    test_table_set(ldt, 2, CALL_GATE);
    if (rt_mm_ext(MMUEXT_SET_LDT, (uint64_t)ldt, 512) == 0) CHECK(!load_data(2 << 3 | 7));
    rt_mm_ext(MMUEXT_SET_LDT, 0, 0);
    if (rt_mm_ext(MMUEXT_SET_LDT, TEST_UNMAPPED, 512) == 0) CHECK(!load_data(1 << 3 | 7));
    EQ(rt_mm_ext(MMUEXT_SET_LDT, 0, 0), 0);
    EQ(rt_mm_protect(ldt, RT_RW), 0);
}

static void unload(void)
{
    EQ(rt_set_gdt(NULL, 0), 0);
    EQ(rt_mm_protect(gdt, RT_RW), 0);
    CHECK(!load_data(1 << 3 | 3));
}

void test_main(void)
{
    gdt_loads();
    updates();
    poisoned();
    reserved();
    ldts();
    unload();
}
