/* SPDX-License-Identifier: MIT */
/* BH_EXTEND. A register can be extended, by its own domain, and never be set: what a report says of it holds all that
 * the guest put there since it was created. */
#include "hypercall/handler.h"
#include "measure/measure.h"
#include "measure/crypto.h"
#include "measure/measure_lock.h"

BUILD_ASSERT(sizeof(struct bh_extend) == 2 * 4 + 2 * 32);

long measure_extend(enum operation op, uint64_t arg)
{
    struct domain *d = current->domain;
    struct bh_extend e;
    uint8_t both[64];

    if (copy_from_guest(&e, arg, sizeof(e))) return -XEN_EFAULT;
    if (e.index >= ARRAY_SIZE(d->runtime) || e.reserved) return -XEN_EINVAL;
    /* A report of another vCPU sees it before or after. */
    if (!measure_lock_soon(&current->measure_misses)) return hypercall_again(BH_EXTEND, arg, 0, 0, 0);
    memcpy(both, d->runtime[e.index], 32);
    memcpy(both + 32, e.digest, 32);
    sha256(both, sizeof(both), d->runtime[e.index]);
    memcpy(e.value, d->runtime[e.index], 32);
    spin_unlock(&measure_lock);
    return copy_to_guest(arg, &e, sizeof(e)) ? -XEN_EFAULT : 0;
}
