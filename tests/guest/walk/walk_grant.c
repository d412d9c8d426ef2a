/* SPDX-License-Identifier: MIT */
/* Grant tables. Grants to itself stand for those between domains: the permissions are the same, and the label too. */
#include "walk.h"

static char place[RT_PAGE_SIZE] RT_PAGE_ALIGN;
static char *page, *other;
static uint32_t ref, handle;
static bool ready;

static uint64_t mapped(void)
{
    const uint64_t *entry = rt_mm_entry((uint64_t)place, 1);

    return *entry & (RT_MFN_MASK | RT_P);
}

static void granted(void)
{
    if (!ready) {
        page = rt_page_alloc();
        other = rt_page_alloc();
        NEED(page && other && rt_grant_init(1) == 0);
        ref = rt_grant_give(rt_start_domid(), rt_mm_va_mfn(page), 0);
        NEED(ref);
        ready = true;
    }
    page[0] = 1;
    other[0] = 2;
}

/* A map's result: its status, refused ones as the call's errors are. */
static long map(unsigned domid, uint32_t which, unsigned flags)
{
    long status = rt_grant_map(domid, which, (uint64_t)place, GNTMAP_host_map | flags, &handle);

    return status == GNTST_permission_denied ? -XEN_EPERM : status <= -1000 ? status + 1000 : status;
}

static long call_map(void)
{
    return map(rt_start_domid(), ref, 0);
}

static long call_map_readonly(void)
{
    return map(rt_start_domid(), ref, GNTMAP_readonly);
}

static long call_map_console(void)
{
    return map(walk_child, GNTTAB_RESERVED_CONSOLE, 0);
}

static long call_map_store(void)
{
    return map(walk_child, GNTTAB_RESERVED_XENSTORE, 0);
}

static void unmap(void)
{
    NEED(rt_grant_unmap((uint64_t)place, handle) == GNTST_okay);
    NEED(rt_update_va_mapping((uint64_t)place, rt_mm_va_mfn(place) << 12 | RT_RW, UVMF_INVLPG | UVMF_LOCAL) == 0);
}

static void map_one(void)
{
    granted();
    if (mapped() >> 12 != rt_mm_va_mfn(page)) NEED(call_map() == GNTST_okay);
}

static long call_unmap(void)
{
    long status = rt_grant_unmap((uint64_t)place, handle);

    return status <= -1000 ? status + 1000 : status;
}

static long call_replace(void)
{
    struct gnttab_unmap_and_replace op = {.host_addr = (uint64_t)place, .handle = handle};
    long ret = rt_grant_table_op(GNTTABOP_unmap_and_replace, &op, 1);

    return ret ? ret : op.status;
}

static void remap_place(void)
{
    NEED(rt_update_va_mapping((uint64_t)place, rt_mm_va_mfn(place) << 12 | RT_RW, UVMF_INVLPG | UVMF_LOCAL) == 0);
}

static long copy(bool from_grant, bool to_grant)
{
    domid_t self = (domid_t)rt_start_domid();
    struct gnttab_copy op = {.source = {.domid = self}, .dest = {.domid = self}, .len = 1};
    long ret;

    op.flags = (uint16_t)((from_grant ? GNTCOPY_source_gref : 0) | (to_grant ? GNTCOPY_dest_gref : 0));
    op.source.u.gmfn = rt_mm_va_mfn(to_grant ? other : page);
    op.dest.u.gmfn = rt_mm_va_mfn(to_grant ? page : other);
    if (from_grant) op.source.u.ref = ref;
    if (to_grant) op.dest.u.ref = ref;
    ret = rt_grant_table_op(GNTTABOP_copy, &op, 1);
    return ret ? ret : op.status == GNTST_permission_denied ? -XEN_EPERM : op.status;
}

static long call_copy_from(void)
{
    return copy(true, false);
}

static long call_copy_to(void)
{
    return copy(false, true);
}

static long call_copy_own(void)
{
    return copy(false, false);
}

static uint64_t bytes(void)
{
    return (uint64_t)(page[0] * 16 + other[0]);
}

static long call_setup(void)
{
    struct gnttab_setup_table op = {.dom = DOMID_SELF, .nr_frames = 1};

    set_xen_guest_handle(op.frame_list, (xen_pfn_t *)walk_out);
    return rt_grant_table_op(GNTTABOP_setup_table, &op, 1);
}

static long call_size(void)
{
    struct gnttab_query_size *op = (struct gnttab_query_size *)walk_out;

    op->dom = DOMID_SELF;
    return rt_grant_table_op(GNTTABOP_query_size, op, 1);
}

static void size_arguments(void)
{
    ((struct gnttab_query_size *)walk_out)->dom = DOMID_SELF;
}

static long call_set_version(void)
{
    struct gnttab_set_version op = {.version = 1};

    return rt_grant_table_op(GNTTABOP_set_version, &op, 1);
}

static void version_arguments(void)
{
    *(struct gnttab_get_version *)walk_out = (struct gnttab_get_version){.dom = DOMID_SELF};
}

static long call_get_version(void)
{
    struct gnttab_get_version *op = (struct gnttab_get_version *)walk_out;

    op->dom = DOMID_SELF;
    return rt_grant_table_op(GNTTABOP_get_version, op, 1);
}

const struct walk_row walk_grant[OPERATION_COUNT] = {
    [OP_GNTTABOP_map_grant_ref] = {.call = call_map, .state = mapped, .prepare = granted, .undo = unmap},
    [OP_GNTTABOP_map_grant_ref_readonly] = {.call = call_map_readonly,
                                            .state = mapped,
                                            .prepare = granted,
                                            .undo = unmap},
    [OP_GNTTABOP_map_grant_ref_console] = {.call = call_map_console,
                                           .state = mapped,
                                           .prepare = granted,
                                           .undo = unmap},
    [OP_GNTTABOP_map_grant_ref_store] = {.call = call_map_store, .state = mapped, .prepare = granted, .undo = unmap},
    [OP_GNTTABOP_unmap_grant_ref] = {.call = call_unmap, .state = mapped, .prepare = map_one, .undo = remap_place},
    [OP_GNTTABOP_unmap_and_replace] = {.call = call_replace, .state = mapped, .prepare = map_one, .undo = remap_place},
    [OP_GNTTABOP_copy] = {.call = call_copy_from, .state = bytes, .prepare = granted},
    [OP_GNTTABOP_copy_to] = {.call = call_copy_to, .state = bytes, .prepare = granted},
    [OP_GNTTABOP_copy_own] = {.call = call_copy_own, .state = bytes, .prepare = granted},
    [OP_GNTTABOP_setup_table] = {.call = call_setup, .state = walk_answered},
    [OP_GNTTABOP_query_size] = {.call = call_size, .state = walk_answered, .prepare = size_arguments},
    [OP_GNTTABOP_set_version] = {.call = call_set_version},
    [OP_GNTTABOP_get_version] = {.call = call_get_version, .state = walk_answered, .prepare = version_arguments},
};
