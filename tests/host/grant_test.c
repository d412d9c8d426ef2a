/* SPDX-License-Identifier: MIT */
/* Grants on the machine of grant_fakes.h. The last word of each test is the same: nothing is counted that is not in
 * use. */
#include "grant_fakes.h"

#include "grant/grant.h"
#include "grant/grant_entry.h"
#include "hypercall/hypercall.h"
#include "mm/access.h"
#include "mm/entry.h"
#include "mm/pte.h"

static struct grant_entry_v1 *entry(unsigned int domid, uint32_t ref)
{
    return &domains[domid].grant.table[ref / 512][ref % 512];
}

static void give(unsigned int domid, uint32_t ref, uint16_t to, uint32_t mfn, uint16_t more)
{
    *entry(domid, ref) =
        (struct grant_entry_v1){.flags = (uint16_t)(GTF_permit_access | more), .domid = to, .frame = mfn};
}

static struct gnttab_map_grant_ref map_at(uint16_t dom, uint32_t ref, uint64_t where, uint32_t flags)
{
    struct gnttab_map_grant_ref op = {.host_addr = where, .flags = flags, .ref = ref, .dom = dom, .status = 99};
    assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, (uint64_t)&op, 1, 0, 0), 0);
    return op;
}

static int unmap_at(uint64_t where, uint64_t bus, uint32_t handle)
{
    struct gnttab_unmap_grant_ref op = {.host_addr = where, .dev_bus_addr = bus, .handle = handle, .status = 99};
    assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, (uint64_t)&op, 1, 0, 0), 0);
    return op.status;
}

/* --- Tests --- */

static void test_map_marks_and_counts(void **state)
{
    (void)state;
    run(0);
    give(1, 9, 0, frame(1, 3), 0);
    struct gnttab_map_grant_ref a = map_at(1, 9, VA(0), GNTMAP_host_map),
                                b = map_at(1, 9, VA(1), GNTMAP_host_map | GNTMAP_readonly);
    assert_int_equal(a.status, GNTST_okay);
    assert_int_equal(b.status, GNTST_okay);
    assert_int_equal(frames[frame(1, 3)].ref, 2);
    assert_int_equal(frames[frame(1, 3)].typeref, 1);
    assert_int_equal(entry(1, 9)->flags, GTF_permit_access | GTF_reading | GTF_writing);
    assert_true(ptes[0][0] & PTE_W);
    assert_false(ptes[0][1] & PTE_W);
    entry(1, 9)->frame = frame(1, 4); /* in use: stays what it was */
    struct gnttab_map_grant_ref c = map_at(1, 9, VA(2), GNTMAP_host_map);
    assert_int_equal((ptes[0][2] & PTE_ADDR) >> 12, frame(1, 3));
    assert_int_equal(unmap_at(VA(0), 0, a.handle), GNTST_okay);
    assert_int_equal(unmap_at(VA(2), 0, c.handle), GNTST_okay);
    assert_int_equal(entry(1, 9)->flags, GTF_permit_access | GTF_reading);
    assert_int_equal(unmap_at(VA(0), 0, a.handle), GNTST_bad_handle);
    assert_int_equal(unmap_at(VA(1), 0, b.handle), GNTST_okay);
    assert_int_equal(entry(1, 9)->flags, GTF_permit_access);
    assert_int_equal(flushes, 3);
}

/* A writable handle may not be paid back with a read-only entry of the same frame (the writable one would stay). */
static void test_unmap_wants_the_same_access(void **state)
{
    (void)state;
    run(2);
    give(1, 9, 2, frame(1, 3), 0);
    struct gnttab_map_grant_ref w = map_at(1, 9, VA(0), GNTMAP_host_map),
                                r = map_at(1, 9, VA(1), GNTMAP_host_map | GNTMAP_readonly);
    assert_int_equal(unmap_at(VA(1), 0, w.handle), GNTST_general_error);
    assert_int_equal(unmap_at(VA(0), 0, r.handle), GNTST_general_error);
    assert_int_equal(unmap_at(VA(5), 0, r.handle), GNTST_general_error);
    assert_int_equal(unmap_at(MA(0), 0, w.handle), GNTST_general_error); /* it was not named by its entry */
    assert_int_equal(frames[frame(1, 3)].typeref, 1);
    assert_int_equal(unmap_at(VA(1), 0, r.handle), GNTST_okay);
    assert_int_equal(unmap_at(VA(0), 0, w.handle), GNTST_okay);
}

static void test_refused_maps(void **state)
{
    static const struct {
        uint16_t dom;
        uint32_t ref, flags;
        uint64_t where;
        int status;
    } cases[] = {
        {1, 9, 0, VA(0), GNTST_bad_gntref},
        {1, 512, GNTMAP_host_map, VA(0), GNTST_bad_gntref},
        {1, ~0u, GNTMAP_host_map, VA(0), GNTST_bad_gntref},
        {77, 9, GNTMAP_host_map, VA(0), GNTST_bad_domain},
        {DOMID_SELF, 9, GNTMAP_host_map, VA(0), GNTST_bad_domain},
        {1, 9, GNTMAP_host_map, 0, GNTST_general_error},
        {1, 9, GNTMAP_host_map | GNTMAP_contains_pte, MA(0) + 4, GNTST_general_error},
        {1, 10, GNTMAP_host_map, VA(0), GNTST_general_error}, /* read-only grant */
        {1, 11, GNTMAP_host_map, VA(0), GNTST_general_error}, /* to another domain */
        {1, 12, GNTMAP_host_map, VA(0), GNTST_general_error}, /* not the granter's frame */
        {1, 13, GNTMAP_host_map, VA(0), GNTST_general_error}, /* transitive */
        {1, 14, GNTMAP_host_map, VA(0), GNTST_general_error}, /* sub-page */
        {1, 15, GNTMAP_host_map, VA(0), GNTST_general_error}, /* a page table */
        {1, 16, GNTMAP_host_map, VA(0), GNTST_general_error}, /* no such frame */
        {1, 17, GNTMAP_host_map, VA(0), GNTST_general_error}, /* saved registers */
        {1, 18, GNTMAP_host_map, VA(0), GNTST_general_error}, /* the grant table itself */
        {1, 19, GNTMAP_host_map, VA(0), GNTST_general_error}, /* a table not released yet, of another domain */
        {1, 9, GNTMAP_device_map, 0, GNTST_permission_denied},
    };
    (void)state;
    run(2);
    give(1, 9, 2, frame(1, 1), 0);
    give(1, 10, 2, frame(1, 1), GTF_readonly);
    give(1, 11, 0, frame(1, 1), 0);
    give(1, 12, 2, frame(2, 1), 0);
    give(1, 13, 2, frame(1, 1), GTF_transitive);
    give(1, 14, 2, frame(1, 1), GTF_sub_page);
    give(1, 15, 2, frame(1, 2), 0);
    give(1, 16, 2, FRAMES + 5, 0);
    give(1, 17, 2, frame(1, 4), 0);
    give(1, 18, 2, (uint32_t)heap_mfn(domains[1].grant.table[0]), 0);
    give(1, 19, 2, frame(1, 5), 0);
    frames[frame(1, 2)].type = FT_L1;
    frames[frame(1, 2)].typeref = 1;
    frames[frame(1, 4)].flags |= FF_STATE;
    frames[frame(1, 5)].type = FT_L2;
    frames[frame(1, 5)].progress = 7;
    for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
        struct gnttab_map_grant_ref op = map_at(cases[i].dom, cases[i].ref, cases[i].where, cases[i].flags);
        if (op.status != cases[i].status) fail_msg("case %u: status %d", i, op.status);
    }
    for (uint32_t ref = 9; ref < 20; ref++)
        assert_int_equal(entry(1, ref)->flags & (GTF_reading | GTF_writing), 0);
    assert_int_equal(ptes[2][0], 0);
    assert_int_equal(domains[2].grant.map_used, 0);
    frames[frame(1, 2)].typeref = 0;
}

static void test_policy_is_asked(void **state)
{
    static const struct {
        uint32_t ref, flags;
        enum bh_perm perm;
    } cases[] = {{0, GNTMAP_host_map, PERM_grant_map_console},
                 {1, GNTMAP_host_map, PERM_grant_map_store},
                 {9, GNTMAP_host_map, PERM_grant_map_write},
                 {9, GNTMAP_host_map | GNTMAP_readonly, PERM_grant_map_read}};
    (void)state;
    run(0);
    refuse = true;
    for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
        grant_preset(&domains[1], i & 1, 0, frame(1, 0));
        give(1, 9, 0, frame(1, 0), 0);
        refused_perm = cases[i].perm;
        assert_int_equal(map_at(1, cases[i].ref, VA(0), cases[i].flags).status, GNTST_permission_denied);
    }
}

static void count_mapping(void *ctx, mfn_t mfn, bool writable)
{
    assert_int_equal(mfn, frame(2, 3));
    assert_true(writable);
    ++*(unsigned int *)ctx;
}

static void test_device_map_has_its_own_reference(void **state)
{
    (void)state;
    run(0);
    give(2, 9, 0, frame(2, 3), 0);
    struct gnttab_map_grant_ref m = map_at(2, 9, MA(3), GNTMAP_host_map | GNTMAP_device_map | GNTMAP_contains_pte);
    uint64_t bus = (uint64_t)frame(2, 3) << 12;
    assert_int_equal(m.status, GNTST_okay);
    assert_int_equal(m.dev_bus_addr, bus);
    assert_int_equal(frames[frame(2, 3)].typeref, 2);
    unsigned int counted = 0;
    grant_each_mapping_of(&domains[2], count_mapping, &counted);
    assert_int_equal(counted, 2);
    assert_int_equal(unmap_at(0, bus + 4096, m.handle), GNTST_bad_dev_addr);
    assert_int_equal(unmap_at(MA(3), 0, m.handle), GNTST_okay);
    assert_int_equal(frames[frame(2, 3)].typeref, 1);
    assert_int_equal(unmap_at(MA(3), 0, m.handle), GNTST_general_error);
    assert_int_equal(entry(2, 9)->flags, GTF_permit_access | GTF_reading | GTF_writing);
    assert_int_equal(unmap_at(0, bus, m.handle), GNTST_okay);
    assert_int_equal(unmap_at(0, bus, m.handle), GNTST_bad_handle);
}

static void test_replace_moves_an_entry(void **state)
{
    (void)state;
    run(0);
    give(2, 9, 0, frame(2, 3), 0);
    struct gnttab_map_grant_ref m = map_at(2, 9, VA(0), GNTMAP_host_map), n = map_at(2, 9, VA(2), GNTMAP_host_map);
    struct gnttab_unmap_and_replace op = {.host_addr = VA(0), .new_addr = VA(2), .handle = m.handle};
    assert_int_equal(do_grant_table_op(GNTTABOP_unmap_and_replace, (uint64_t)&op, 1, 0, 0), 0);
    assert_int_equal(op.status, GNTST_general_error); /* from another grant mapping */
    op.new_addr = VA(0);
    assert_int_equal(do_grant_table_op(GNTTABOP_unmap_and_replace, (uint64_t)&op, 1, 0, 0), 0);
    assert_int_equal(op.status, GNTST_general_error);
    ptes[0][1] = 0x1234067;
    op.new_addr = VA(1);
    assert_int_equal(do_grant_table_op(GNTTABOP_unmap_and_replace, (uint64_t)&op, 1, 0, 0), 0);
    assert_int_equal(op.status, GNTST_okay);
    assert_int_equal(ptes[0][0], 0x1234067);
    assert_int_equal(ptes[0][1], 0);
    assert_int_equal(unmap_at(VA(2), 0, n.handle), GNTST_okay);
}

/* Any order of mapping and unmapping, against a model. */
static void test_random_orders(void **state)
{
    struct gnttab_map_grant_ref held[PTES];
    bool used[PTES] = {false};
    unsigned int writers = 0, readers = 0;
    (void)state;
    run(2); /* the granter's lock comes first */
    give(1, 7, 2, frame(1, 7), 0);
    srandom(7);
    for (unsigned int round = 0; round < 20000; round++) {
        unsigned int i = (unsigned int)random() % PTES;
        if (used[i]) {
            assert_int_equal(unmap_at(VA(i), 0, held[i].handle), GNTST_okay);
            *(held[i].flags & GNTMAP_readonly ? &readers : &writers) -= 1;
        } else {
            held[i] = map_at(1, 7, VA(i), GNTMAP_host_map | (random() & 1 ? GNTMAP_readonly : 0));
            assert_int_equal(held[i].status, GNTST_okay);
            *(held[i].flags & GNTMAP_readonly ? &readers : &writers) += 1;
        }
        used[i] = !used[i];
        assert_int_equal(frames[frame(1, 7)].typeref, writers);
        assert_int_equal(frames[frame(1, 7)].ref, writers + readers);
        assert_int_equal(!!(entry(1, 7)->flags & GTF_writing), writers > 0);
        assert_int_equal(!!(entry(1, 7)->flags & GTF_reading), writers + readers > 0);
    }
    for (unsigned int i = 0; i < PTES; i++)
        if (used[i]) assert_int_equal(unmap_at(VA(i), 0, held[i].handle), GNTST_okay);
}

static struct gnttab_copy copy_op(uint16_t dom, uint32_t ref, uint32_t to)
{
    struct gnttab_copy op = {.len = 16, .flags = GNTCOPY_source_gref, .status = 99};
    op.source.u.ref = ref;
    op.source.domid = dom;
    op.source.offset = 4080;
    op.dest.u.gmfn = to;
    op.dest.domid = DOMID_SELF;
    return op;
}

static int copy(struct gnttab_copy op)
{
    assert_int_equal(do_grant_table_op(GNTTABOP_copy, (uint64_t)&op, 1, 0, 0), 0);
    return op.status;
}

static void test_copy(void **state)
{
    (void)state;
    run(2);
    give(1, 9, 2, frame(1, 1), GTF_readonly);
    memset(ram + frame(1, 1) * PAGE_SIZE + 4080, 0x5a, 16);
    struct gnttab_copy op = copy_op(1, 9, frame(2, 1));
    assert_int_equal(copy(op), GNTST_okay);
    assert_int_equal(ram[frame(2, 1) * PAGE_SIZE + 15], 0x5a);
    assert_int_equal(ram[frame(2, 1) * PAGE_SIZE + 16], 0);
    op.len = 17;
    assert_int_equal(copy(op), GNTST_bad_copy_arg);
    op = copy_op(1, 9, frame(1, 1)); /* somebody else's frame */
    assert_int_equal(copy(op), GNTST_bad_page);
    op = copy_op(1, 9, frame(2, 2));
    frames[frame(2, 2)].type = FT_L1;
    frames[frame(2, 2)].typeref = 1;
    assert_int_equal(copy(op), GNTST_bad_page);
    frames[frame(2, 2)].typeref = 0;
    op = copy_op(1, 9, frame(2, 1));
    op.dest.domid = 1; /* frames of others go by reference only */
    assert_int_equal(copy(op), GNTST_permission_denied);
    op.dest.u.ref = 9;
    op.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
    assert_int_equal(copy(op), GNTST_general_error); /* the grant is read-only */
    op.dest.domid = 77;
    assert_int_equal(copy(op), GNTST_bad_domain);
    refuse = true;
    refused_perm = PERM_grant_copy_from;
    assert_int_equal(copy(copy_op(1, 9, frame(2, 1))), GNTST_permission_denied);
    refused_perm = PERM_grant_copy_to;
    give(0, 9, 2, frame(0, 1), 0);
    op = copy_op(1, 9, 0);
    op.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
    op.dest.u.ref = 9;
    op.dest.domid = 0;
    assert_int_equal(copy(op), GNTST_permission_denied);
    refuse = false;
    assert_int_equal(copy(op), GNTST_okay);
    assert_int_equal(ram[frame(0, 1) * PAGE_SIZE], 0x5a);
    assert_int_equal(entry(0, 9)->flags, GTF_permit_access);
}

static void test_batches_go_on(void **state)
{
    struct gnttab_copy ops[10];
    (void)state;
    run(2);
    give(1, 9, 2, frame(1, 1), 0);
    for (unsigned int i = 0; i < 10; i++)
        ops[i] = copy_op(1, i == 3 ? 8 : 9, frame(2, 1));
    preempt_after = 4;
    assert_int_equal(do_grant_table_op(GNTTABOP_copy, (uint64_t)ops, 10, 0, 0), 0);
    assert_true(again);
    assert_int_equal(again_args[0], GNTTABOP_copy);
    assert_int_equal(again_args[1], (uint64_t)(ops + 4));
    assert_int_equal(again_args[2], 6);
    assert_int_equal(ops[3].status, GNTST_general_error);
    assert_int_equal(ops[4].status, 99);
    assert_int_equal(do_grant_table_op(again_args[0], again_args[1], again_args[2], 0, 0), 0);
    assert_int_equal(ops[9].status, GNTST_okay);
    assert_int_equal(do_grant_table_op(GNTTABOP_copy, (uint64_t)ops, 1ul << 31, 0, 0), -XEN_EINVAL);
    assert_int_equal(do_grant_table_op(GNTTABOP_copy, (uint64_t)ops, 1ul << 40, 0, 0), -XEN_EINVAL);
    assert_int_equal(do_grant_table_op(GNTTABOP_copy, 8, 1, 0, 0), -XEN_EFAULT);
    assert_int_equal(do_grant_table_op(GNTTABOP_copy, 1ul << 47, 1, 0, 0), -XEN_EFAULT);
}

static void test_setup(void **state)
{
    xen_pfn_t list[GRANT_FRAMES_MAX];
    struct gnttab_setup_table op = {.dom = DOMID_SELF, .nr_frames = 3};
    struct gnttab_query_size size = {.dom = 2};
    struct gnttab_set_version version = {.version = 2};
    (void)state;
    run(2);
    set_xen_guest_handle(op.frame_list, list);
    assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, (uint64_t)&op, 1, 0, 0), 0);
    assert_int_equal(op.status, GNTST_okay);
    for (unsigned int i = 0; i < 3; i++) {
        assert_true(grant_frame_is_shared(&domains[2], list[i]));
        assert_false(grant_frame_is_shared(&domains[1], list[i]));
        assert_int_equal(frames[list[i]].owner, 2);
        assert_int_equal(frames[list[i]].flags, FF_SHARED);
    }
    assert_int_equal(do_grant_table_op(GNTTABOP_query_size, (uint64_t)&size, 1, 0, 0), 0);
    assert_int_equal(size.nr_frames, 3);
    assert_int_equal(size.max_nr_frames, GRANT_FRAMES_MAX);
    fake_grant_ceiling(4); /* the policy's */
    assert_int_equal(do_grant_table_op(GNTTABOP_query_size, (uint64_t)&size, 1, 0, 0), 0);
    assert_int_equal(size.max_nr_frames, 4);
    op.nr_frames = 5;
    assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, (uint64_t)&op, 1, 0, 0), 0);
    assert_int_equal(op.status, GNTST_permission_denied);
    assert_int_equal(domains[2].grant.frames, 3);
    op.nr_frames = 4;
    assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, (uint64_t)&op, 1, 0, 0), 0);
    assert_int_equal(op.status, GNTST_okay);
    fake_grant_ceiling(0);
    op.nr_frames = GRANT_FRAMES_MAX + 1;
    assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, (uint64_t)&op, 1, 0, 0), 0);
    assert_int_equal(op.status, GNTST_general_error);
    op.nr_frames = 1;
    op.dom = 1;
    assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, (uint64_t)&op, 1, 0, 0), 0);
    assert_int_equal(op.status, GNTST_permission_denied);
    assert_int_equal(do_grant_table_op(GNTTABOP_set_version, (uint64_t)&version, 1, 0, 0), -XEN_EINVAL);
    assert_int_equal(version.version, 1);
    assert_int_equal(do_grant_table_op(GNTTABOP_set_version, (uint64_t)&version, 1, 0, 0), 0);
    assert_int_equal(do_grant_table_op(GNTTABOP_transfer, (uint64_t)&version, 1, 0, 0), -XEN_ENOSYS);
}

/* Handles run out, none is lost. */
static void test_handles_are_bounded(void **state)
{
    struct gnttab_map_grant_ref op;
    uint32_t n = 0;
    (void)state;
    run(0);
    give(1, 9, 0, frame(1, 1), 0);
    while ((op = map_at(1, 9, 0, GNTMAP_device_map)).status == GNTST_okay)
        assert_int_equal(op.handle, n++);
    assert_int_equal(op.status, GNTST_no_space);
    assert_int_equal(n, GRANT_MAP_PAGES_MAX * 170);
    assert_int_equal(unmap_at(0, (uint64_t)frame(1, 1) << 12, 4711), GNTST_okay);
    assert_int_equal(map_at(1, 9, 0, GNTMAP_device_map).handle, 4711);
    domains[0].state = BH_STATE_DYING;
    int rounds = 0;
    while (grant_domain_destroy(&domains[0]) == -XEN_EAGAIN)
        rounds++;
    assert_true(rounds > 10);
    assert_int_equal(entry(1, 9)->flags, GTF_permit_access);
}

static void test_a_dead_granter_waits(void **state)
{
    (void)state;
    run(0);
    give(1, 0, 0, frame(1, 1), 0);
    struct gnttab_map_grant_ref m = map_at(1, 0, VA(0), GNTMAP_host_map);
    domains[1].state = BH_STATE_DYING;
    assert_int_equal(grant_domain_destroy(&domains[1]), -XEN_EBUSY);
    assert_int_equal(map_at(1, 0, VA(1), GNTMAP_host_map).status, GNTST_bad_domain);
    assert_int_equal(unmap_at(VA(0), 0, m.handle), GNTST_okay);
    frames[heap_mfn(domains[1].grant.table[0])].ref = 1; /* its own page tables still map the grant table */
    assert_int_equal(grant_domain_destroy(&domains[1]), -XEN_EBUSY);
    frames[heap_mfn(domains[1].grant.table[0])].ref = 0;
    assert_int_equal(grant_domain_destroy(&domains[1]), 0);
    assert_int_equal(grant_domain_destroy(&domains[1]), 0);
}

static void test_entry_that_keeps_changing(void **state)
{
    struct grant_entry_v1 e = {.flags = GTF_permit_access, .domid = 5, .frame = 77};
    struct grant_active a = {0};
    uint32_t f;
    (void)state;
    assert_int_equal(grant_entry_pin(&e, &a, 6, false, 1, &f), GNTST_general_error);
    assert_int_equal(grant_entry_pin(&e, &a, 5, true, 1, &f), GNTST_okay);
    e.domid = 6; /* against the rules, while in use */
    assert_int_equal(grant_entry_pin(&e, &a, 6, false, 1, &f), GNTST_general_error);
    assert_int_equal(grant_entry_pin(&e, &a, 5, false, 1, &f), GNTST_general_error);
    e.flags = 0;
    grant_entry_unpin(&e, &a, true);
    assert_int_equal(e.flags, 0);
    assert_int_equal(a.writers + a.readers, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, settled)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_map_marks_and_counts),
        TEST(test_unmap_wants_the_same_access),
        TEST(test_refused_maps),
        TEST(test_policy_is_asked),
        TEST(test_device_map_has_its_own_reference),
        TEST(test_replace_moves_an_entry),
        TEST(test_random_orders),
        TEST(test_copy),
        TEST(test_batches_go_on),
        TEST(test_setup),
        TEST(test_handles_are_bounded),
        TEST(test_a_dead_granter_waits),
        TEST(test_entry_that_keeps_changing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
