/* SPDX-License-Identifier: MIT */
/* memory_op (xen/memory.h): reservations and maps. A frame that is given back stays on its domain's own free list: the
 * chunk belongs to the domain until its end (D3). */
#include "hypercall/handler.h"
#include <xen/memory.h>
#include "mm/reserve.h"
#include "mm/frame.h"
#include "mm/layout.h"
#include "mm/paging.h"
#include "mm/table.h"
#include "boot/bootinfo.h"

#define CMD_BITS 6u /* as MEMOP_EXTENT_SHIFT: the start extent of a restarted call is above */
#define CMD_MASK ((1u << CMD_BITS) - 1)
#define E820_RAM 1u

struct e820_entry {
    uint64_t base, size;
    uint32_t type;
} __packed;

static bool self_only(struct domain *d, uint16_t domid)
{
    return domid == DOMID_SELF || domid == d->domid;
}

/* populate_physmap, increase_reservation, decrease_reservation. Returns the number of extents done. */
static long reservation(enum operation op, uint64_t cmd, uint64_t arg)
{
    struct domain *d = current->domain;
    struct xen_memory_reservation r;
    uint64_t start = (uint32_t)cmd >> CMD_BITS;

    if (copy_from_guest(&r, arg, sizeof(r))) return -XEN_EFAULT;
    if (!self_only(d, r.domid)) return -XEN_EPERM;
    gva_t list = (gva_t)r.extent_start.p;
    if (r.extent_order || start > r.nr_extents || !guest_range_ok(list, r.nr_extents, 8))
        return start ? (long)start : r.extent_order ? 0 : -XEN_EINVAL;
    uint64_t i = start;
    spin_lock(&d->mm.lock);
    for (; i < r.nr_extents; i++) {
        uint64_t value, mfn;
        struct allowance a = {ALLOWANCE_TABLES};
        if ((i > start && hypercall_preempt()) || !table_drain(d, &a)) {
            spin_unlock(&d->mm.lock);
            return hypercall_again((cmd & CMD_MASK) | i << CMD_BITS, arg, 0, 0, 0);
        }
        if (copy_from_guest(&value, list + i * 8, sizeof(value))) break;
        if (op == OP_XENMEM_decrease_reservation) {
            if (reserve_give(d, value)) break;
            continue;
        }
        if (reserve_take(d, op == OP_XENMEM_populate_physmap ? value : INVALID_M2P, &mfn)) break;
        if (copy_to_guest(list + i * 8, &mfn, sizeof(mfn))) {
            reserve_give(d, mfn);
            break;
        }
    }
    spin_unlock(&d->mm.lock);
    return (long)i;
}

static long reservation_info(enum operation op, uint64_t cmd, uint64_t arg)
{
    domid_t domid;

    if (copy_from_guest(&domid, arg, sizeof(domid))) return -XEN_EFAULT;
    struct domain *d = domain_get(domid);
    if (!d) return -XEN_ESRCH;
    long rc = ask_about(op, d, d->domid);
    if (!rc) rc = (long)(op == OP_XENMEM_current_reservation ? d->mm.frames : d->mm.frames_max);
    domain_put(d);
    return rc;
}

static long put_map(uint64_t arg, const struct e820_entry *e, uint32_t n)
{
    struct xen_memory_map m;

    if (copy_from_guest(&m, arg, sizeof(m))) return -XEN_EFAULT;
    m.nr_entries = MIN(m.nr_entries, n);
    if (copy_to_guest((gva_t)m.buffer.p, e, m.nr_entries * sizeof(*e)) || copy_to_guest(arg, &m, sizeof(m)))
        return -XEN_EFAULT;
    return 0;
}

/* dom0 sees the machine's map: it places devices by it. */
static long machine_map(enum operation op, uint64_t cmd, uint64_t arg)
{
    struct xen_memory_map m;
    uint32_t i;

    if (copy_from_guest(&m, arg, sizeof(m))) return -XEN_EFAULT;
    for (i = 0; i < MIN(m.nr_entries, boot_info.rams); i++) {
        struct e820_entry e = {boot_info.ram[i].base, boot_info.ram[i].size, boot_info.ram[i].type};
        if (copy_to_guest((gva_t)m.buffer.p + i * sizeof(e), &e, sizeof(e))) return -XEN_EFAULT;
    }
    m.nr_entries = i;
    return copy_to_guest(arg, &m, sizeof(m)) ? -XEN_EFAULT : 0;
}

static long own_map(enum operation op, uint64_t cmd, uint64_t arg)
{
    struct domain *d = current->domain;
    struct e820_entry e = {0, d->mm.frames_max << PAGE_SHIFT, E820_RAM};

    return put_map(arg, &e, 1);
}

static long machphys_mapping(enum operation op, uint64_t cmd, uint64_t arg)
{
    struct xen_machphys_mapping m = {M2P_VIEW_BASE, M2P_VIEW_BASE + ROUND_UP(frame_count, CHUNK_FRAMES) * 8,
                                     frame_count - 1};

    return copy_to_guest(arg, &m, sizeof(m)) ? -XEN_EFAULT : 0;
}

static long maximum_ram_page(enum operation op, uint64_t cmd, uint64_t arg)
{
    return (long)frame_count - 1;
}

static const struct {
    long (*fn)(enum operation op, uint64_t cmd, uint64_t arg);
    enum operation op;
} ops[] = {MEMORY_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

long do_memory_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
    uint32_t n = cmd & CMD_MASK;

    if (n >= ARRAY_SIZE(ops) || !ops[n].fn) return -XEN_ENOSYS;
    long rc = ask_first(ops[n].op, 0);
    return rc ? rc : ask_done(ops[n].op, ops[n].fn(ops[n].op, cmd, arg));
}
