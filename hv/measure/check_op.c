/* SPDX-License-Identifier: MIT */
/* BH_REPORT_CHECK: local attestation. Every round of the call reads the report and goes on with the check of exactly
 * these bytes: what changed meanwhile is another check. Each domain has one place, which some share; who let a check
 * lie for a second loses the place to whoever comes next. Who waits lets others run: a crowd that waits by spinning
 * would keep the holder from the CPU for longer than that, take the place, and lose it in its turn, for ever. */
#include "hypercall/handler.h"
#include "measure/measure.h"
#include "measure/check_op.h"
#include "measure/crypto.h"
#include "measure/measure_lock.h"
#include "measure/measure_state.h"
#include "measure/verifier.h"
#include "sched/sched.h"

#define STALE 1000000000ull

BUILD_ASSERT(sizeof(struct bh_report_check) == 2 * 8);

static struct check {
    bool used;
    uint32_t domid;
    ns_t touched;
    struct subject {
        uint8_t hash[32], sig[64];
    } subject;
} checks[VERIFIER_SLOTS];

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

static int step(const struct subject *s)
{
    uint32_t domid = current->domain->domid;
    struct check *c = &checks[domid % VERIFIER_SLOTS];
    ns_t now = now_ns();
    int rc;

    if (!c->used || c->domid != domid || memcmp(&c->subject, s, sizeof(*s)) != 0) {
        if (c->used && now - c->touched < STALE) return -XEN_EBUSY;
        if (c->used) drop(c);
        rc = verifier_start(c - checks, measure_pubkey(), s->hash, s->sig);
        if (rc) return rc;
        *c = (struct check){.used = true, .domid = domid, .subject = *s};
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
    rc = -XEN_EBUSY;
    if (spin_trylock(&measure_lock)) {
        rc = step(&subject);
        spin_unlock(&measure_lock);
    }
    if (rc == -XEN_EBUSY) sched_yield(current);
    return rc == -XEN_EBUSY || rc == -XEN_EAGAIN ? hypercall_again(BH_REPORT_CHECK, arg, 0, 0, 0) : rc;
}

void check_forget(uint32_t domid)
{
    struct check *c = &checks[domid % VERIFIER_SLOTS];

    if (c->used && c->domid == domid) drop(c);
}
