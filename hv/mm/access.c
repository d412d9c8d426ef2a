/* SPDX-License-Identifier: MIT */
#include "mm/access.h"
#include "mm/layout.h"
#include "mm/accessinit.h"
#include "lib.h"

uint64_t raw_copy(void *dst, const void *src, uint64_t n);
extern uint64_t smap_sites[], smap_sites_end[];

bool guest_range_ok(gva_t p, uint64_t count, uint64_t size)
{
    uint64_t bytes, end;

    if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(p, bytes, &end)) return false;
    /* All below the hole, or all above the hypervisor's range. The hole itself faults, which is caught. */
    return end <= 0x0000800000000000ul || p >= HV_VIRT_END;
}

int copy_from_guest(void *dst, gva_t src, size_t n)
{
    if (likely(guest_range_ok(src, n, 1)) && likely(!raw_copy(dst, (const void *)src, n))) return 0;
    memset(dst, 0, n);
    return -XEN_EFAULT;
}

/* A guest that makes a page writable need not flush: the CPU may then fault by what it remembers, and forgets that by
 * the fault (SDM volume 3, 4.10.4.3). Each page may do that once. */
int copy_to_guest(gva_t dst, const void *src, size_t n)
{
    if (!guest_range_ok(dst, n, 1)) return -XEN_EFAULT;
    for (size_t pages = n / PAGE_SIZE + 2; pages; pages--)
        if (!raw_copy((void *)dst, src, n)) return 0;
    return -XEN_EFAULT;
}

/* Boot, before the image becomes read-only: the loader's identity map is still loaded. */
void access_init(bool smap)
{
    if (smap) return;
    for (uint64_t *site = smap_sites; site < smap_sites_end; site++) {
        uint8_t *p = (uint8_t *)(*site - IMAGE_BASE);
        p[0] = 0x0f; /* nopl (%rax) */
        p[1] = 0x1f;
        p[2] = 0x00;
    }
}
