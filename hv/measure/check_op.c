/* SPDX-License-Identifier: MIT */
/* BH_REPORT_CHECK: local attestation. Every round of the call reads the report and goes on with the check of exactly
 * these bytes: what changed meanwhile is another check. Each domain has one place, which some share; who let a check
 * lie for a second, or has had the place for OLD, loses it to whoever waits, and who waits gets it next. Who waits lets
 * others run: a crowd that waits by spinning would keep the holder from the CPU for longer than that, take the place,
 * and lose it in its turn, for ever. */
#include "hypercall/handler.h"
#include "measure/measure.h"
#include "measure/check_op.h"
#include "measure/crypto.h"
#include "measure/measure_lock.h"
#include "measure/measure_state.h"
#include "measure/verifier.h"
#include "sched/sched.h"

#define MILLISECOND 1000000ull
#define STALE       (1000 * MILLISECOND)
#define OLD         (4000 * MILLISECOND) /* a check in a crowd of 64 takes about a second */
#define TURN        (100 * MILLISECOND)

BUILD_ASSERT(sizeof(struct bh_report_check) == 2 * 8);

static struct check {
    bool used;
    uint32_t domid;
    ns_t born, touched;
    struct subject {
        uint8_t hash[32], sig[64];
    } subject;
} checks[VERIFIER_SLOTS];

static struct {
    uint32_t domid;
    ns_t until;
} turns[VERIFIER_SLOTS]; /* who gets that place next */

static void drop(struct check *c)
{
    verifier_drop(c - checks);
    c->used = false;
}

/* Only reports are signed with the hypervisor's key; one of another boot says so itself. */
static int read_subject(const struct bh_report_check *req, struct subject *s)
{
    struct bh_report report;

    if (copy_from_guest(&report, req->report, sizeof(report)) ||
        copy_from_guest(s->sig, req->signature, sizeof(s->sig)))
        return -XEN_EFAULT;
    if (memcmp(report.magic, "BHREPT", 6) != 0 || memcmp(report.boot_id, measure_boot_id(), 32) != 0)
        return -XEN_EBADMSG;
    sha256(&report, sizeof(report), s->hash);
    return 0;
}

/* Whether the domain may take the place for another check. One that has it itself, by another vCPU, waits for no turn:
 * else it would hold the place for ever. */
static bool may_take(const struct check *c, uint32_t domid, ns_t now)
{
    unsigned int i = c - checks;

    if (turns[i].until > now && turns[i].domid != domid) return false;
    if (!c->used || clock_past(c->touched, now, STALE) || clock_past(c->born, now, OLD)) {
        turns[i].until = 0;
        return true;
    }
    if (c->domid == domid) return false;
    turns[i].domid = domid;
    turns[i].until = now + TURN;
    return false;
}

/* -EBUSY: it waits for others. */
static int step(const struct subject *s)
{
    uint32_t domid = current->domain->domid;
    struct check *c = &checks[domid % VERIFIER_SLOTS];
    ns_t now = now_ns();
    int rc;

    if (!c->used || c->domid != domid || memcmp(&c->subject, s, sizeof(*s)) != 0) {
        if (!may_take(c, domid, now)) return -XEN_EBUSY;
        if (c->used) drop(c);
        rc = verifier_start(c - checks, measure_pubkey(), s->hash, s->sig);
        if (rc) return rc;
        *c = (struct check){.used = true, .domid = domid, .born = now, .subject = *s};
    }
    c->touched = now;
    rc = verifier_step(c - checks);
    c->used = rc == -XEN_EAGAIN;
    return rc;
}

long measure_report_check(enum operation op, uint64_t arg)
{
    struct bh_report_check req;
    struct subject subject;
    int rc;

    if (copy_from_guest(&req, arg, sizeof(req))) return -XEN_EFAULT;
    if (!measure_has_key()) return -XEN_ENODEV;
    rc = read_subject(&req, &subject);
    if (rc) return rc;
    if (!measure_lock_soon(&current->measure_misses)) return hypercall_again(BH_REPORT_CHECK, arg, 0, 0, 0);
    rc = step(&subject);
    spin_unlock(&measure_lock);
    if (rc == -XEN_EBUSY) sched_yield(current);
    return rc == -XEN_EAGAIN || rc == -XEN_EBUSY ? hypercall_again(BH_REPORT_CHECK, arg, 0, 0, 0) : rc;
}

void check_forget(uint32_t domid)
{
    struct check *c = &checks[domid % VERIFIER_SLOTS];

    if (c->used && c->domid == domid) drop(c);
}
