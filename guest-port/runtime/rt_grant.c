/* SPDX-License-Identifier: MIT */
#include "rt.h"

#define GRANT_FRAMES_MAX 32u
#define GRANT_PER_FRAME  (RT_PAGE_SIZE / sizeof(struct grant_entry_v1))

static char table_place[GRANT_FRAMES_MAX * RT_PAGE_SIZE] RT_PAGE_ALIGN;
static unsigned frames_mapped;

long rt_grant_init(unsigned frames)
{
    unsigned long list[GRANT_FRAMES_MAX];
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = frames};
    long ret;

    if (frames > GRANT_FRAMES_MAX) return -XEN_EINVAL;
    set_xen_guest_handle(setup.frame_list, list);
    ret = rt_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    if (ret || setup.status != GNTST_okay) return ret ? ret : -XEN_EIO;
    for (unsigned i = 0; i < frames && !ret; i++)
        ret = rt_update_va_mapping((uint64_t)table_place + i * RT_PAGE_SIZE, list[i] << 12 | RT_RW,
                                   UVMF_INVLPG | UVMF_ALL);
    if (!ret) frames_mapped = frames;
    return ret;
}

struct grant_entry_v1 *rt_grant_table(void)
{
    return (struct grant_entry_v1 *)table_place;
}

unsigned rt_grant_entries(void)
{
    return (unsigned)(frames_mapped * GRANT_PER_FRAME);
}

uint32_t rt_grant_give(unsigned domid, uint64_t mfn, unsigned flags)
{
    struct grant_entry_v1 *table = rt_grant_table();

    for (uint32_t ref = GNTTAB_NR_RESERVED_ENTRIES; ref < rt_grant_entries(); ref++) {
        if (RT_READ_ONCE(table[ref].flags)) continue;
        table[ref].domid = (domid_t)domid;
        table[ref].frame = (uint32_t)mfn;
        rt_mb();
        RT_WRITE_ONCE(table[ref].flags, (uint16_t)(GTF_permit_access | flags));
        return ref;
    }
    return 0;
}

bool rt_grant_end(uint32_t ref)
{
    uint16_t *flags = &rt_grant_table()[ref].flags;
    uint16_t seen = RT_READ_ONCE(*flags);

    do {
        if (seen & (GTF_reading | GTF_writing)) return false;
    } while (!__atomic_compare_exchange_n(flags, &seen, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return true;
}

long rt_grant_map(unsigned domid, uint32_t ref, uint64_t va, unsigned flags, uint32_t *handle)
{
    struct gnttab_map_grant_ref op = {.host_addr = va, .flags = flags, .ref = ref, .dom = (domid_t)domid};
    long ret = rt_grant_table_op(GNTTABOP_map_grant_ref, &op, 1);

    *handle = op.handle;
    return ret ? -1000 + ret : op.status;
}

long rt_grant_unmap(uint64_t va, uint32_t handle)
{
    struct gnttab_unmap_grant_ref op = {.host_addr = va, .handle = handle};
    long ret = rt_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1);

    return ret ? -1000 + ret : op.status;
}
