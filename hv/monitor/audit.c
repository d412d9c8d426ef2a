/* SPDX-License-Identifier: MIT */
#include "audit.h"

#include <string.h>

#include "measure/crypto.h"
#include "spinlock.h"
#include "time/clock.h"

static struct spinlock lock = SPINLOCK(RANK_AUDIT);
static struct bh_audit_record ring[AUDIT_RECORDS]; /* record n is at n % AUDIT_RECORDS */
static uint64_t last;                              /* number of the newest; 0: none yet */
static bool was_read[AUDIT_RECORDS];
static uint64_t dropped_unread;
static uint8_t running_hash[32];

static void extend_hash(const struct bh_audit_record *r)
{
    struct sha256_state s;
    sha256_start(&s);
    sha256_update(&s, running_hash, sizeof(running_hash));
    sha256_update(&s, r, sizeof(*r));
    sha256_finish(&s, running_hash);
}

void audit_append(const struct bh_audit_record *r)
{
    spin_lock(&lock);
    last++;
    struct bh_audit_record *slot = &ring[last % AUDIT_RECORDS];
    bool *slot_read = &was_read[last % AUDIT_RECORDS];
    if (last > AUDIT_RECORDS && !*slot_read)
        dropped_unread++;
    *slot_read = false;
    *slot = *r;
    slot->seq = last;
    slot->time_ns = now_ns();
    extend_hash(slot);
    spin_unlock(&lock);
}

uint32_t audit_read(uint64_t *seq, struct bh_audit_record *out, uint32_t count, uint64_t *dropped)
{
    spin_lock(&lock);
    uint64_t oldest = last > AUDIT_RECORDS ? last - AUDIT_RECORDS + 1 : 1;
    uint64_t from = MIN(MAX(*seq, oldest), last + 1);
    uint32_t n = (uint32_t)MIN((uint64_t)count, last + 1 - from);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = ring[(from + i) % AUDIT_RECORDS];
        was_read[(from + i) % AUDIT_RECORDS] = true;
    }
    *seq = from;
    *dropped = dropped_unread;
    spin_unlock(&lock);
    return n;
}

void audit_hash(uint8_t out[32])
{
    spin_lock(&lock);
    memcpy(out, running_hash, sizeof(running_hash));
    spin_unlock(&lock);
}
