/* SPDX-License-Identifier: MIT */
/* The policy in force lies in one area (or, from boot, in the heap); the other one is for the file that comes. Each
 * byte is read once from the guest, to where it stays, and hashed there. */
#include "hypercall/handler.h"
#include "monitor/policy_stage.h"
#include "monitor/monitor.h"
#include "monitor/policy_format.h"
#include "monitor/policy_load.h"
#include "monitor/policy_table.h"
#include "measure/crypto.h"
#include "mm/area.h"
#include "bulkhead.h"

BUILD_ASSERT(sizeof(struct bh_policy_stage) == 32);

struct spinlock policy_lock = SPINLOCK(RANK_POLICY);
static unsigned int stage_area; /* the one that the policy in force is not in */
static struct policy_staged staged;
static uint32_t staged_by;
static struct sha256_state staged_hash;

const struct policy_staged *policy_staged(void)
{
    return &staged;
}

void policy_stage_adopted(void)
{
    stage_area = (stage_area + 1) % AREAS;
    staged = (struct policy_staged){0};
}

bool policy_stage_release(void)
{
    staged = (struct policy_staged){0};
    return area_shrink(stage_area);
}

static int begin(uint64_t total)
{
    if (total > AREA_SIZE) return -XEN_EINVAL;
    staged = (struct policy_staged){.file = area_base(stage_area), .total = total};
    staged_by = current->domain->domid;
    sha256_start(&staged_hash);
    return 0;
}

/* The signature is over all but itself: the state there gives the one digest, at the end the other. */
static void hash(size_t n)
{
    const uint8_t *p = staged.file + staged.loaded;
    uint64_t body = staged.total < POLICY_SIGNATURE ? 0 : staged.total - POLICY_SIGNATURE;
    size_t first = staged.loaded < body ? MIN(n, body - staged.loaded) : 0;

    sha256_update(&staged_hash, p, first);
    if (first && staged.loaded + first == body) {
        struct sha256_state s = staged_hash;
        sha256_finish(&s, staged.signed_hash);
    }
    sha256_update(&staged_hash, p + first, n - first);
    staged.loaded += n;
    if (staged.loaded == staged.total) sha256_finish(&staged_hash, staged.digest);
}

/* Up to the end of a page of the file: SHA-256 takes 64 instructions a byte. */
static long take(const struct bh_policy_stage *s, uint64_t done)
{
    size_t n = MIN(s->size - done, PAGE_SIZE - (staged.loaded & ~PAGE_MASK));

    if (staged.loaded == area_size(stage_area) && area_grow(stage_area)) return -XEN_ENOMEM;
    if (copy_from_guest((uint8_t *)area_base(stage_area) + staged.loaded, s->data + done, n)) return -XEN_EFAULT;
    hash(n);
    return (long)n;
}

/* The bytes taken, or an error. */
static long stage(const struct bh_policy_stage *s, uint64_t done)
{
    int rc = 0;

    if (policy_load_active()) return -XEN_EBUSY;
    if (!s->offset && !done) rc = begin(s->total);
    if (rc) return rc;
    if (!staged.total || staged_by != current->domain->domid || s->total != staged.total ||
        s->offset + done != staged.loaded || s->size - done > staged.total - staged.loaded)
        return -XEN_EINVAL;
    return take(s, done);
}

static long stage_from(uint64_t arg, uint64_t done)
{
    struct bh_policy_stage s;

    if (copy_from_guest(&s, arg, sizeof(s))) return -XEN_EFAULT;
    if (s.reserved || !s.size || s.size > BH_LOAD_MAX || done >= s.size || s.offset > AREA_SIZE) return -XEN_EINVAL;
    if (!spin_trylock(&policy_lock)) return hypercall_again(BH_POLICY_STAGE | BH_GOES_ON, arg, done, 0, 0);
    long rc = stage(&s, done);
    spin_unlock(&policy_lock);
    if (rc < 0) return rc;
    done += (uint64_t)rc;
    return done < s.size ? hypercall_again(BH_POLICY_STAGE | BH_GOES_ON, arg, done, 0, 0) : 0;
}

long policy_stage_op(enum operation op, uint64_t arg)
{
    return stage_from(arg, 0);
}

long policy_goes_on(uint64_t cmd, uint64_t arg, uint64_t progress)
{
    if (cmd == BH_POLICY_COMMIT) return policy_commit_goes_on(arg, progress);
    if (cmd != BH_POLICY_STAGE) return -XEN_ENOSYS;
    long rc = ask_first(OP_BH_POLICY_STAGE, 0);
    return rc ? rc : ask_done(OP_BH_POLICY_STAGE, stage_from(arg, progress));
}

/* No lock: the policy in force is there while this hypercall runs. Who reads in several calls compares the digest. */
long policy_read_op(enum operation op, uint64_t arg)
{
    const struct policy_table *p = monitor_policy();
    struct policy_header h;
    struct bh_blob b;

    if (copy_from_guest(&b, arg, sizeof(b))) return -XEN_EFAULT;
    if (b.size > BH_BLOB_CHUNK) return -XEN_EINVAL;
    memcpy(&h, p->data, sizeof(h));
    b.total = h.size;
    size_t n = b.offset < h.size ? MIN(b.size, h.size - b.offset) : 0;
    if ((n && copy_to_guest(b.data, p->data + b.offset, n)) || copy_to_guest(arg, &b, sizeof(b))) return -XEN_EFAULT;
    return (long)n;
}
