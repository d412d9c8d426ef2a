/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: its three commands, the count of what was done, and every refusal: foreign frames, unknown
 * domains and commands, bad pointers, batches that break off in the middle. Attack rows 1, 7 and 8.
 */
#include "rt_test.h"

static uint64_t slot; /* machine address of the window's L1 entry */
static uint64_t *seen;
static uint64_t page_mfn, lost;

static void normal(void)
{
    char *page = rt_page_alloc();

    NEED(page);
    EQ(rt_mm_write(slot, rt_mm_va_mfn(page) << 12 | RT_RW), 0);
    *(volatile char *)TEST_WINDOW = 42;
    EQ(*page, 42);
    EQ(rt_mm_write(slot, rt_mm_va_mfn(page) << 12 | RT_RO), 0);
    EQ(rt_mm_ext(MMUEXT_INVLPG_LOCAL, TEST_WINDOW, 0), 0);
    FAULTS(RT_PF, *(volatile char *)TEST_WINDOW = 1);
    EQ(rt_mm_write(slot, 0), 0);
    EQ(rt_mm_ext(MMUEXT_INVLPG_LOCAL, TEST_WINDOW, 0), 0);
    FAULTS(RT_PF, (void)*(volatile char *)TEST_WINDOW);
    EQ(rt_mm_write(slot, page_mfn << 12 | RT_RW), 0);
}

static void preserve_ad(void)
{
    struct mmu_update req = {.ptr = slot | MMU_PT_UPDATE_PRESERVE_AD, .val = page_mfn << 12 | RT_P | RT_U | RT_W};

    EQ(rt_mm_write(slot, page_mfn << 12 | RT_P | RT_U | RT_W | RT_A | RT_D), 0);
    EQ(rt_mmu_update(&req, 1, NULL, DOMID_SELF), 0);
    EQ(*seen & (RT_A | RT_D), RT_A | RT_D);
    req.ptr = slot | MMU_NORMAL_PT_UPDATE;
    EQ(rt_mmu_update(&req, 1, NULL, DOMID_SELF), 0);
    EQ(*seen & (RT_A | RT_D), 0);
}

static void machphys(void)
{
    unsigned long pfn = rt_mm_m2p(page_mfn);
    struct mmu_update req = {.ptr = page_mfn << 12 | MMU_MACHPHYS_UPDATE, .val = pfn + 1};

    EQ(rt_mmu_update(&req, 1, NULL, DOMID_SELF), 0);
    EQ(rt_mm_m2p(page_mfn), pfn + 1);
    req.val = pfn;
    EQ(rt_mmu_update(&req, 1, NULL, DOMID_SELF), 0);
    EQ(rt_mm_m2p(page_mfn), pfn);
    req.ptr = lost << 12 | MMU_MACHPHYS_UPDATE;
    CHECK(rt_mmu_update(&req, 1, NULL, DOMID_SELF) < 0);
    req.ptr = 1ull << 51 | MMU_MACHPHYS_UPDATE;
    CHECK(rt_mmu_update(&req, 1, NULL, DOMID_SELF) < 0);
}

static void refused_entries(void)
{
    static const uint64_t frames[] = {1ull << 39, (1ull << 40) - 1, 0xfffffffffull};
    uint64_t before;

    EQ(rt_mm_write(slot, page_mfn << 12 | RT_RW), 0);
    before = *seen;
    CHECK(rt_mm_write(slot, lost << 12 | RT_RW) < 0);
    CHECK(rt_mm_write(slot, lost << 12 | RT_RO) < 0);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(frames); i++)
        CHECK(rt_mm_write(slot, frames[i] << 12 | RT_RW) < 0);
    /* Page tables of ours, writable, at each level. */
    for (unsigned level = 1; level <= 4; level++) {
        uint64_t *entry = rt_mm_entry(TEST_WINDOW, level);

        CHECK_MSG(rt_mm_write(slot, rt_mm_va_mfn(entry) << 12 | RT_RW) < 0, "level %u table writable", level);
    }
    EQ(*seen, before);
}

static void refused_targets(void)
{
    uint64_t val = page_mfn << 12 | RT_RO;

    CHECK(rt_mm_write(lost << 12, val) < 0);
    CHECK(rt_mm_write(1ull << 51, val) < 0);
    /* Commands beyond those that exist, or an address that is no entry's: bit 2 may be either. With
     * MMU_MACHPHYS_UPDATE any address in the frame is legal. */
    for (unsigned cmd = 4; cmd < 8; cmd++) {
        struct mmu_update req = {.ptr = slot | cmd, .val = val};

        if (cmd != (4 | MMU_MACHPHYS_UPDATE))
            CHECK_MSG(rt_mmu_update(&req, 1, NULL, DOMID_SELF) < 0, "low bits %u", cmd);
    }
}

static void domains(void)
{
    struct mmu_update req = {.ptr = slot, .val = page_mfn << 12 | RT_RW};

    CHECK(rt_mmu_update(&req, 1, NULL, 77) < 0);
    CHECK(rt_mmu_update(&req, 1, NULL, DOMID_INVALID) < 0);
    CHECK(rt_mmu_update(&req, 1, NULL, DOMID_COW) < 0);
    CHECK(rt_mmu_update(&req, 1, NULL, 77u << 16) < 0);
    CHECK(rt_mmu_update(&req, 1, NULL, (77u + 1) << 16 | DOMID_SELF) < 0);
}

static void batches(void)
{
    struct mmu_update req[3] = {{.ptr = slot, .val = page_mfn << 12 | RT_RO},
                                {.ptr = slot, .val = lost << 12 | RT_RO},
                                {.ptr = slot, .val = 0}};
    unsigned done = 99;

    EQ(rt_mm_write(slot, 0), 0);
    CHECK(rt_mmu_update(req, 3, &done, DOMID_SELF) < 0);
    EQ(done, 1);
    EQ(rt_pte_mfn(*seen), page_mfn);
    req[1] = req[0];
    EQ(rt_mmu_update(req, 3, &done, DOMID_SELF), 0);
    EQ(done, 3);
    EQ(*seen, 0);
    done = 99;
    EQ(rt_mmu_update(req, 0, &done, DOMID_SELF), 0);
    EQ(done, 0);
    EQ(rt_mmu_update(req, 1, NULL, DOMID_SELF), 0);
}

static void pointers(void)
{
    static const unsigned long bad[] = {TEST_UNMAPPED, TEST_NONCANONICAL, HYPERVISOR_VIRT_END, ~0ul - 15};
    struct mmu_update req = {.ptr = slot, .val = 0};
    struct mmu_update *edge = rt_page_alloc();

    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++) {
        EQ(rt_mmu_update((void *)bad[i], 1, NULL, DOMID_SELF), -XEN_EFAULT);
        CHECK(rt_mmu_update(&req, 1, (void *)bad[i], DOMID_SELF) <= 0);
    }
    /* The last element straddles into a page that is not there. */
    EQ(rt_mm_map(TEST_WINDOW + RT_PAGE_SIZE, rt_mm_va_mfn(edge) << 12 | RT_RW), 0);
    edge = (void *)(TEST_WINDOW + 2 * RT_PAGE_SIZE - sizeof(*edge));
    *edge = (struct mmu_update){.ptr = slot, .val = page_mfn << 12 | RT_RO};
    EQ(rt_mmu_update(edge, 1, NULL, DOMID_SELF), 0);
    EQ(rt_mmu_update(edge, 2, NULL, DOMID_SELF), -XEN_EFAULT);
    EQ(rt_mmu_update(edge, 0x7fffffff, NULL, DOMID_SELF), -XEN_EFAULT);
    CHECK(rt_mmu_update(edge, ~0u, NULL, DOMID_SELF) < 0);
    CHECK(rt_mmu_update(edge, 1u << 31, NULL, DOMID_SELF) <= 0);
}

void test_main(void)
{
    char *page = rt_page_alloc();

    NEED(page);
    page_mfn = rt_mm_va_mfn(page);
    lost = test_lost_mfn();
    NEED(rt_mm_map(TEST_WINDOW, page_mfn << 12 | RT_RW) == 0);
    slot = rt_mm_entry_ma(TEST_WINDOW, 1);
    seen = rt_mm_entry(TEST_WINDOW, 1);
    normal();
    preserve_ad();
    machphys();
    refused_entries();
    refused_targets();
    domains();
    batches();
    pointers();
}
