/* SPDX-License-Identifier: MIT */
/* BH_SEAL_KEY. */
#include "hypercall/handler.h"
#include "measure/seal.h"
#include "measure/measure.h"
#include "measure/measure_lock.h"
#include "monitor/monitor.h"

BUILD_ASSERT(sizeof(struct bh_seal_key) == 2 * 4 + 2 * 32);
BUILD_ASSERT(sizeof(struct seal_binding) == 8 + 2 * 4 + 32 + BH_TYPE_MAX + 2 * 4 + 32);

int seal_bind(struct seal_binding *b, const char magic[8], uint32_t flags, const struct domain *d)
{
    static const uint8_t unsigned_launch[32];

    memset(b, 0, sizeof(*b));
    memcpy(b->magic, magic, sizeof(b->magic));
    b->flags = flags;
    if (flags & ~(BH_SEAL_LAUNCH | BH_SEAL_SIGNER | BH_SEAL_LABEL) ||
        !(flags & BH_SEAL_LAUNCH) == !(flags & BH_SEAL_SIGNER))
        return -XEN_EINVAL;
    if (flags & BH_SEAL_SIGNER && memcmp(d->signer, unsigned_launch, 32) == 0) return -XEN_EACCES;
    memcpy(b->identity, flags & BH_SEAL_SIGNER ? d->signer : d->launch_digest, 32);
    if (flags & BH_SEAL_LABEL) {
        monitor_type_name(&d->label, b->type);
        b->compartment = d->label.compartment;
    }
    return 0;
}

/* What the caller may not have it does not get: the binding is the caller's own identity, never an argument. */
static int bind(struct seal_binding *b, const struct bh_seal_key *k, const struct domain *d)
{
    int rc = seal_bind(b, "BHSEAL1", k->flags, d);

    if (rc) return rc;
    if (!(k->flags & BH_SEAL_SIGNER) && k->min_svn) return -XEN_EINVAL;
    if (k->min_svn > d->guest_svn) return -XEN_EACCES;
    b->min_svn = k->min_svn;
    memcpy(b->context, k->context, sizeof(b->context));
    return 0;
}

long measure_seal_key(enum operation op, uint64_t arg)
{
    const struct domain *d = current->domain;
    struct seal_binding b;
    struct bh_seal_key k;
    int rc;

    if (copy_from_guest(&k, arg, sizeof(k))) return -XEN_EFAULT;
    rc = bind(&b, &k, d);
    if (rc) return rc;
    if (!measure_lock_soon(&current->measure_misses)) return hypercall_again(BH_SEAL_KEY, arg, 0, 0, 0);
    rc = seal_available() ? 0 : -XEN_ENODEV;
    if (!rc) seal_derive(&b, sizeof(b), k.key);
    spin_unlock(&measure_lock);
    if (!rc && copy_to_guest(arg, &k, sizeof(k))) rc = -XEN_EFAULT;
    wipe(&k, sizeof(k));
    return rc;
}
