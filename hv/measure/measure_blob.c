/* SPDX-License-Identifier: MIT */
/* BH_EVIDENCE_PUT, BH_EVIDENCE_GET, BH_EVENTLOG_READ. */
#include "hv.h"
#include "measure/measure.h"
#include "measure/evstore.h"
#include "measure/measure_lock.h"
#include "measure/measure_state.h"
#include "measure/tpm.h"

BUILD_ASSERT(sizeof(struct bh_blob) == 24);

static struct evstore store; /* its memory comes with the first put */

static int read_blob(uint64_t arg, struct bh_blob *b)
{
    if (copy_from_guest(b, arg, sizeof(*b))) return -XEN_EFAULT;
    return b->size > BH_BLOB_CHUNK ? -XEN_EINVAL : 0;
}

static int store_memory(void)
{
    if (!store.visible) store.visible = heap_alloc_pages(BH_EVIDENCE_MAX / PAGE_SIZE);
    if (!store.coming) store.coming = heap_alloc_pages(BH_EVIDENCE_MAX / PAGE_SIZE);
    return store.visible && store.coming ? 0 : -XEN_ENOMEM;
}

static long put(const struct bh_blob *b)
{
    uint8_t *to;
    int rc = store_memory();

    if (rc) return rc;
    to = evstore_place(&store, current->domain->domid, b->offset, b->size, b->total);
    if (!to) return -XEN_EINVAL;
    if (copy_from_guest(to, b->data, b->size)) return -XEN_EFAULT;
    evstore_placed(&store, b->size);
    tpm_pump();
    return b->size;
}

long measure_evidence_put(enum operation op, uint64_t arg)
{
    struct bh_blob b;
    long rc = read_blob(arg, &b);

    if (rc) return rc;
    spin_lock(&measure_lock);
    rc = put(&b);
    spin_unlock(&measure_lock);
    return rc;
}

/* `n` bytes at `from` to the guest, and the total. */
static long give(uint64_t arg, struct bh_blob *b, const uint8_t *from, uint32_t n, uint32_t total)
{
    b->total = total;
    if ((n && copy_to_guest(b->data, from, n)) || copy_to_guest(arg, b, sizeof(*b))) return -XEN_EFAULT;
    return n;
}

long measure_evidence_get(enum operation op, uint64_t arg)
{
    const uint8_t *from = NULL;
    struct bh_blob b;
    long rc = read_blob(arg, &b);
    uint32_t n;

    if (rc) return rc;
    spin_lock(&measure_lock);
    n = evstore_read(&store, b.offset, b.size, &from);
    rc = give(arg, &b, from, n, store.visible_len);
    spin_unlock(&measure_lock);
    return rc;
}

/* The log only grows, so what was read is a prefix of what will be. */
long measure_eventlog_read(enum operation op, uint64_t arg)
{
    const struct pcrlog *log = measure_log();
    struct bh_blob b;
    long rc = read_blob(arg, &b);
    uint32_t n;

    if (rc) return rc;
    spin_lock(&measure_lock);
    tpm_pump();
    n = b.offset < log->len ? MIN(b.size, log->len - b.offset) : 0;
    rc = give(arg, &b, log->data + (n ? b.offset : 0), n, log->len);
    spin_unlock(&measure_lock);
    return rc;
}
