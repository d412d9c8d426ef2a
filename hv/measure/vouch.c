/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "measure/vouch.h"
#include "measure/crypto.h"
#include "measure/measure_lock.h"
#include "measure/verifier.h"

#define STALE       250000000ull /* nobody went on with it: the place goes to another */
#define SIGNED_SIZE offsetof(struct bh_signature, key)

BUILD_ASSERT(sizeof(struct bh_signature) == 176 && SIGNED_SIZE == 48);

static struct {
    bool used;
    uint32_t domid;
    ns_t touched;
} at_work;

void vouch_forget(uint32_t domid)
{
    if (!at_work.used || at_work.domid != domid) return;
    verifier_drop(VERIFIER_LAUNCH);
    at_work.used = false;
}

static int step(uint32_t domid, const struct bh_signature *s)
{
    ns_t now = now_ns();
    uint8_t hash[32];

    if (at_work.used && at_work.domid != domid) {
        if (now - at_work.touched < STALE) return -XEN_EAGAIN;
        vouch_forget(at_work.domid);
    }
    if (!at_work.used) {
        sha256(s, SIGNED_SIZE, hash);
        if (verifier_start(VERIFIER_LAUNCH, s->key, hash, s->signature)) return -XEN_EACCES;
    }
    int rc = verifier_step(VERIFIER_LAUNCH);
    at_work.used = rc == -XEN_EAGAIN;
    at_work.domid = domid;
    at_work.touched = now;
    return !rc || at_work.used ? rc : -XEN_EACCES;
}

int vouch_step(struct domain *d, const struct bh_signature *s)
{
    if (memcmp(s->magic, "BHSIGN1", 8) != 0 || s->reserved || memcmp(s->launch_digest, d->launch_digest, 32) != 0)
        return -XEN_EACCES;
    if (!measure_lock_soon(&current->measure_misses)) return -XEN_EAGAIN;
    int rc = step(d->domid, s);
    spin_unlock(&measure_lock);
    if (!rc) {
        sha256(s->key, sizeof(s->key), d->signer);
        d->guest_svn = s->svn;
    }
    return rc;
}
