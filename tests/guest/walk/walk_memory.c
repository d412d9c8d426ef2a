/* SPDX-License-Identifier: MIT */
/* Page tables and reservations. */
#include "walk.h"

#define PLACE TEST_WINDOW

static uint64_t *page, *source, *entry, *table;
static unsigned long pfn;
static uint64_t mfn;

static uint64_t good(void)
{
    return rt_mm_va_mfn(page) << 12 | RT_RO;
}

static void window(void)
{
    if (!page) page = rt_page_alloc();
    NEED(page && rt_mm_map(PLACE, good()) == 0 && rt_mm_unmap(PLACE) == 0);
    entry = rt_mm_entry(PLACE, 1);
    NEED(entry);
}

static uint64_t mapped(void)
{
    return *(volatile uint64_t *)entry & (RT_MFN_MASK | RT_P);
}

static void unmapped(void)
{
    rt_mm_write(rt_mm_entry_ma(PLACE, 1), 0);
}

static long call_va_mapping(void)
{
    return rt_update_va_mapping(PLACE, good(), UVMF_INVLPG | UVMF_LOCAL);
}

static long update(unsigned kind, uint64_t ptr, uint64_t val)
{
    struct mmu_update req = {.ptr = ptr | kind, .val = val};

    return rt_mmu_update(&req, 1, NULL, DOMID_SELF);
}

static long call_normal(void)
{
    return update(MMU_NORMAL_PT_UPDATE, rt_mm_entry_ma(PLACE, 1), good());
}

static long call_preserve(void)
{
    return update(MMU_PT_UPDATE_PRESERVE_AD, rt_mm_entry_ma(PLACE, 1), good());
}

static long call_machphys(void)
{
    return update(MMU_MACHPHYS_UPDATE, rt_mm_va_mfn(page) << 12, 0x123);
}

static uint64_t m2p(void)
{
    return rt_mm_m2p(rt_mm_va_mfn(page));
}

static void old_m2p(void)
{
    NEED(update(MMU_MACHPHYS_UPDATE, rt_mm_va_mfn(page) << 12, rt_mm_pfn(page)) == 0);
}

/* Video memory: no RAM, and the control domain may map it. */
static long call_device_frame(void)
{
    return update(MMU_NORMAL_PT_UPDATE, rt_mm_entry_ma(PLACE, 1), 0xb8ull << 12 | RT_RW);
}

static long call_pt_write(void)
{
    struct rt_fault f;
    uint64_t value = good();

    RT_CATCH(&f, *(volatile uint64_t *)entry = value);
    return f.vector < 0 ? 0 : f.vector == RT_PF ? -XEN_EPERM : -XEN_EFAULT;
}

/* --- mmuext_op --- */
/* The level that the last call was about. */
static unsigned level;

static void fresh_table(void)
{
    if (!table) table = test_table();
    NEED(table);
    rt_mm_unpin(rt_mm_va_mfn(table));
}

/* Unpins and pins again. */
static uint64_t pinned(void)
{
    uint64_t frame = rt_mm_va_mfn(table);
    bool was = rt_mm_unpin(frame) == 0;

    if (was) NEED(rt_mm_pin(level, frame) == 0);
    return was;
}

static void unpin(void)
{
    rt_mm_unpin(rt_mm_va_mfn(table));
}

#define PIN(n)                                                                                                         \
    static long call_pin_##n(void)                                                                                     \
    {                                                                                                                  \
        long ret = rt_mm_pin(n, rt_mm_va_mfn(table));                                                                  \
        level = ret ? level : n;                                                                                       \
        return ret;                                                                                                    \
    }
PIN(1)
PIN(2)
PIN(3)
PIN(4)

static void pin_table(void)
{
    fresh_table();
    level = 1;
    rt_mm_pin(1, rt_mm_va_mfn(table));
}

static long call_unpin(void)
{
    return rt_mm_unpin(rt_mm_va_mfn(table));
}

static long call_baseptr(void)
{
    return rt_mm_ext(MMUEXT_NEW_BASEPTR, rt_mm_va_mfn(rt_mm_l4()), 0);
}

static long call_user_baseptr(void)
{
    return rt_mm_ext(MMUEXT_NEW_USER_BASEPTR, rt_mm_va_mfn(rt_mm_l4()), 0);
}

static void no_user_baseptr(void)
{
    rt_mm_ext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
}

static void two_pages(void)
{
    window();
    if (!source) source = rt_page_alloc();
    NEED(source);
    page[0] = 1;
    source[0] = 2;
}

static uint64_t first_word(void)
{
    return page[0];
}

static long call_clear(void)
{
    return rt_mm_ext(MMUEXT_CLEAR_PAGE, rt_mm_va_mfn(page), 0);
}

static long call_copy(void)
{
    struct mmuext_op op = {.cmd = MMUEXT_COPY_PAGE};

    op.arg1.mfn = rt_mm_va_mfn(page);
    op.arg2.src_mfn = rt_mm_va_mfn(source);
    return rt_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static long flush(unsigned cmd)
{
    static uint64_t vcpus = 1;
    struct mmuext_op op = {.cmd = cmd};

    op.arg1.linear_addr = PLACE;
    set_xen_guest_handle(op.arg2.vcpumask, &vcpus);
    return rt_mmuext_op(&op, 1, NULL, DOMID_SELF);
}
#define FLUSH(name)                                                                                                    \
    static long call_##name(void)                                                                                      \
    {                                                                                                                  \
        return flush(MMUEXT_##name);                                                                                   \
    }
FLUSH(TLB_FLUSH_LOCAL)
FLUSH(INVLPG_LOCAL)
FLUSH(TLB_FLUSH_MULTI)
FLUSH(INVLPG_MULTI)
FLUSH(TLB_FLUSH_ALL)
FLUSH(INVLPG_ALL)
FLUSH(FLUSH_CACHE)
FLUSH(FLUSH_CACHE_GLOBAL)

/* --- memory_op --- */
static long extent(unsigned cmd, uint64_t *value)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, value);
    return rt_memory_op(cmd, &r);
}

/* What was done of a batch says how it went: a refused one is an error. */
static long done_one(long ret)
{
    return ret == 1 ? 0 : ret < 0 ? ret : -XEN_EINVAL;
}

static uint64_t owned(void)
{
    domid_t self = DOMID_SELF;

    return (uint64_t)rt_memory_op(XENMEM_current_reservation, &self);
}

static void spare(void)
{
    if (!pfn) pfn = rt_mm_take_unmapped();
    NEED(pfn);
    mfn = rt_mm_mfn(pfn);
}

static void give_spare(void)
{
    spare();
    NEED(extent(XENMEM_decrease_reservation, &mfn) == 1);
    pfn = 0;
}

static long call_increase(void)
{
    return done_one(extent(XENMEM_increase_reservation, &mfn));
}

static long call_populate(void)
{
    static unsigned long at;

    at = at ? at : rt_mm_pages() - 1;
    mfn = at;
    return done_one(extent(XENMEM_populate_physmap, &mfn));
}

static long call_decrease(void)
{
    return done_one(extent(XENMEM_decrease_reservation, &mfn));
}

static void forget_spare(void)
{
    pfn = 0;
}

static struct xen_memory_exchange exchange;
static uint64_t exchange_in, exchange_out;
static void exchange_same(void)
{
    spare();
    exchange_in = mfn;
    exchange_out = pfn;
    exchange = (struct xen_memory_exchange){.in = {.nr_extents = 1, .domid = DOMID_SELF},
                                            .out = {.nr_extents = 1, .domid = DOMID_SELF}};
    set_xen_guest_handle(exchange.in.extent_start, &exchange_in);
    set_xen_guest_handle(exchange.out.extent_start, &exchange_out);
}

static long call_exchange(void)
{
    return rt_memory_op(XENMEM_exchange, &exchange);
}

static uint64_t exchanged(void)
{
    return exchange.nr_exchanged;
}

static long call_reservation(unsigned cmd, domid_t domid)
{
    return rt_memory_op(cmd, &domid);
}

static long call_current(void)
{
    return call_reservation(XENMEM_current_reservation, DOMID_SELF);
}

static long call_maximum(void)
{
    return call_reservation(XENMEM_maximum_reservation, DOMID_SELF);
}

static long call_peer_current(void)
{
    return call_reservation(XENMEM_current_reservation, (domid_t)walk_child);
}

static long call_peer_maximum(void)
{
    return call_reservation(XENMEM_maximum_reservation, (domid_t)walk_child);
}

static long call_map(unsigned cmd)
{
    struct xen_memory_map map = {.nr_entries = 16};

    set_xen_guest_handle(map.buffer, walk_out);
    return rt_memory_op(cmd, &map);
}

static long call_own_map(void)
{
    return call_map(XENMEM_memory_map);
}

static long call_machine_map(void)
{
    return call_map(XENMEM_machine_memory_map);
}

static long call_ram_page(void)
{
    return rt_memory_op(XENMEM_maximum_ram_page, NULL);
}

static long call_mapping(void)
{
    return rt_memory_op(XENMEM_machphys_mapping, walk_out);
}

const struct walk_row walk_memory[OPERATION_COUNT] = {
    [OP_update_va_mapping] = {.call = call_va_mapping, .state = mapped, .prepare = window, .undo = unmapped},
    [OP_MMU_NORMAL_PT_UPDATE] = {.call = call_normal, .state = mapped, .prepare = window, .undo = unmapped},
    [OP_MMU_PT_UPDATE_PRESERVE_AD] = {.call = call_preserve, .state = mapped, .prepare = window, .undo = unmapped},
    [OP_MMU_MACHPHYS_UPDATE] = {.call = call_machphys, .state = m2p, .prepare = window, .undo = old_m2p},
    [OP_page_table_write] = {.call = call_pt_write, .state = mapped, .prepare = window, .undo = unmapped},
    [OP_device_frame] =
        {.call = call_device_frame, .state = mapped, .prepare = window, .undo = unmapped, .refused = -XEN_EPERM},
    [OP_MMUEXT_PIN_L1_TABLE] = {.call = call_pin_1, .state = pinned, .prepare = fresh_table, .undo = unpin},
    [OP_MMUEXT_PIN_L2_TABLE] = {.call = call_pin_2, .state = pinned, .prepare = fresh_table, .undo = unpin},
    [OP_MMUEXT_PIN_L3_TABLE] = {.call = call_pin_3, .state = pinned, .prepare = fresh_table, .undo = unpin},
    [OP_MMUEXT_PIN_L4_TABLE] = {.call = call_pin_4, .state = pinned, .prepare = fresh_table, .undo = unpin},
    [OP_MMUEXT_UNPIN_TABLE] = {.call = call_unpin, .state = pinned, .prepare = pin_table},
    [OP_MMUEXT_NEW_BASEPTR] = {.call = call_baseptr},
    [OP_MMUEXT_NEW_USER_BASEPTR] = {.call = call_user_baseptr, .undo = no_user_baseptr},
    [OP_MMUEXT_CLEAR_PAGE] = {.call = call_clear, .state = first_word, .prepare = two_pages},
    [OP_MMUEXT_COPY_PAGE] = {.call = call_copy, .state = first_word, .prepare = two_pages},
    [OP_MMUEXT_TLB_FLUSH_LOCAL] = {.call = call_TLB_FLUSH_LOCAL},
    [OP_MMUEXT_INVLPG_LOCAL] = {.call = call_INVLPG_LOCAL},
    [OP_MMUEXT_TLB_FLUSH_MULTI] = {.call = call_TLB_FLUSH_MULTI},
    [OP_MMUEXT_INVLPG_MULTI] = {.call = call_INVLPG_MULTI},
    [OP_MMUEXT_TLB_FLUSH_ALL] = {.call = call_TLB_FLUSH_ALL},
    [OP_MMUEXT_INVLPG_ALL] = {.call = call_INVLPG_ALL},
    [OP_MMUEXT_FLUSH_CACHE] = {.call = call_FLUSH_CACHE},
    [OP_MMUEXT_FLUSH_CACHE_GLOBAL] = {.call = call_FLUSH_CACHE_GLOBAL},
    [OP_XENMEM_increase_reservation] = {.call = call_increase, .state = owned, .prepare = give_spare},
    [OP_XENMEM_populate_physmap] = {.call = call_populate, .state = owned, .prepare = give_spare},
    [OP_XENMEM_decrease_reservation] = {.call = call_decrease, .state = owned, .prepare = spare, .undo = forget_spare},
    [OP_XENMEM_exchange] = {.call = call_exchange, .state = exchanged, .prepare = exchange_same},
    [OP_XENMEM_current_reservation] = {.call = call_current},
    [OP_XENMEM_maximum_reservation] = {.call = call_maximum},
    [OP_XENMEM_current_reservation_peer] = {.call = call_peer_current},
    [OP_XENMEM_maximum_reservation_peer] = {.call = call_peer_maximum},
    [OP_XENMEM_memory_map] = {.call = call_own_map, .state = walk_answered},
    [OP_XENMEM_machine_memory_map] = {.call = call_machine_map, .state = walk_answered},
    [OP_XENMEM_maximum_ram_page] = {.call = call_ram_page},
    [OP_XENMEM_machphys_mapping] = {.call = call_mapping, .state = walk_answered},
};
