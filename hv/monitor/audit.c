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
static uint64_t dropped_unread, limited;
static uint8_t running_hash[32];

#define SECOND_NS 1000000000ull

/* One token, if there is one. A token comes back every 1/rate second, AUDIT_BURST at most. */
static bool take_token(struct audit_limit *l, uint32_t rate, uint64_t now)
{
    uint64_t since = now - l->filled_ns, step = SECOND_NS / MAX(rate, 1u);

    if (l->spent == 0 || since >= step * l->spent) {
        l->spent = 0;
        l->filled_ns = now;
    } else {
        l->spent -= (uint32_t)(since / step);
        l->filled_ns += since / step * step;
    }
    if (l->spent >= AUDIT_BURST) return false;
    l->spent++;
    return true;
}

static void extend_hash(const struct bh_audit_record *r)
{
    struct sha256_state s;
    sha256_start(&s);
    sha256_update(&s, running_hash, sizeof(running_hash));
    sha256_update(&s, r, sizeof(*r));
    sha256_finish(&s, running_hash);
}

static struct bh_audit_record *next_slot(void)
{
    last++;
    bool *slot_read = &was_read[last % AUDIT_RECORDS];
    if (last > AUDIT_RECORDS && !*slot_read) dropped_unread++;
    *slot_read = false;
    return &ring[last % AUDIT_RECORDS];
}

bool audit_append(const struct bh_audit_record *r, struct audit_limit *limit, uint32_t rate)
{
    spin_lock(&lock);
    uint64_t now = now_ns();
    bool taken = take_token(limit, rate, now);
    if (taken) {
        struct bh_audit_record *slot = next_slot();
        *slot = *r;
        slot->seq = last;
        slot->time_ns = now;
        slot->suppressed = limit->suppressed;
        limit->suppressed = 0;
        extend_hash(slot);
    } else {
        limit->suppressed += limit->suppressed != UINT32_MAX;
        limited++;
    }
    spin_unlock(&lock);
    return taken;
}

uint32_t audit_read(uint64_t *seq, struct bh_audit_record *out, uint32_t count)
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
    spin_unlock(&lock);
    return n;
}

void audit_state(struct bh_audit_read *op)
{
    spin_lock(&lock);
    op->dropped = dropped_unread;
    op->limited = limited;
    op->newest = last;
    memcpy(op->hash, running_hash, sizeof(running_hash));
    spin_unlock(&lock);
}

void audit_hash_seq(uint8_t out[32], uint64_t *seq)
{
    spin_lock(&lock);
    memcpy(out, running_hash, sizeof(running_hash));
    *seq = last;
    spin_unlock(&lock);
}
