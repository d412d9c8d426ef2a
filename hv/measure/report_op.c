/* SPDX-License-Identifier: MIT */
/* BH_REPORT: a signature takes about twenty restarts of the call. What is in the making is found again by who asks and
 * by the whole of what is asked, so a guest kernel may interleave requests on its vCPUs as it likes; the report itself
 * is fixed when it begins. Nobody can keep others from their reports: a domain has at most two in the making, and one
 * while others wait; one that is a second old is dropped when somebody needs its place; and who waits gets the next. */
#include "hypercall/handler.h"
#include "measure/measure.h"
#include "measure/check_op.h"
#include "measure/vouch.h"
#include "measure/crypto.h"
#include "measure/measure_lock.h"
#include "measure/measure_state.h"
#include "measure/report.h"
#include "measure/seal.h"
#include "measure/signer.h"
#include "measure/stack_wipe.h"
#include "measure/tpm.h"
#include "monitor/monitor.h"
#include "monitor/policy_load.h"
#include "sched/sched.h"

#define MILLISECOND    1000000ull
#define OPS_PER_DOMAIN 2
#define OWN_STALE      (250 * MILLISECOND)
#define OLD            (1000 * MILLISECOND) /* eight at once take some 20 ms, and half a second under an emulator */
#define TURN           (100 * MILLISECOND)
#define LOOK           (10000 * MILLISECOND) /* no report is long after a look at the TPM's registers */

struct op {
    bool used;
    bool begun; /* the signer has it */
    uint32_t domid;
    ns_t born, touched;
    struct bh_report_op request;
    struct bh_report report;
};
BUILD_ASSERT(sizeof(struct bh_report_op) == 64 + 3 * 8);

struct answer {
    struct bh_report report;
    uint8_t sig[64], salt[32];
};

static struct op ops[SIGNER_SLOTS];
static struct {
    uint32_t domid;
    ns_t until;
} turn;              /* who gets the next free place */
static ns_t crowded; /* until then somebody who has no place waits for one */

static void drop(struct op *o)
{
    if (o->begun) {
        signer_drop(vault_enter(), o - ops);
        stack_wipe();
        vault_leave();
    }
    o->used = false;
}

static struct op *find(uint32_t domid, const struct bh_report_op *req)
{
    for (struct op *o = ops; o < ops + SIGNER_SLOTS; o++)
        if (o->used && o->domid == domid && memcmp(&o->request, req, sizeof(*req)) == 0) return o;
    return NULL;
}

/* A place that nobody uses, or that has had its time: whoever touches one now and then keeps it no longer than who
 * forgot it. */
static struct op *free_place(ns_t now)
{
    struct op *oldest = &ops[0];

    for (struct op *o = ops; o < ops + SIGNER_SLOTS; o++) {
        if (!o->used) return o;
        if (o->born < oldest->born) oldest = o;
    }
    if (!clock_past(oldest->born, now, OLD)) return NULL;
    drop(oldest);
    return oldest;
}

/* Whether the domain, which has *n places, is below its share; drops what it let lie itself. */
static bool within_share(uint32_t domid, ns_t now, unsigned int *n)
{
    struct op *oldest = NULL;

    *n = 0;
    for (struct op *o = ops; o < ops + SIGNER_SLOTS; o++) {
        if (!o->used || o->domid != domid) continue;
        ++*n;
        if (!oldest || o->touched < oldest->touched) oldest = o;
    }
    if (*n < (*n && crowded > now ? 1 : OPS_PER_DOMAIN)) return true;
    if (!clock_past(oldest->touched, now, OWN_STALE)) return false;
    drop(oldest);
    return true;
}

/* The policy's ceiling, by the second of uptime. */
static bool within_rate(struct domain *d, ns_t now)
{
    if (d->report_second != now / (1000 * MILLISECOND)) {
        d->report_second = now / (1000 * MILLISECOND);
        d->second_reports = 0;
    }
    return !monitor_within(d, POLICY_LIMIT_REPORTS, d->second_reports + 1);
}

static struct op *take(struct domain *d, const struct bh_report_op *req, ns_t now)
{
    struct op *o = NULL;
    unsigned int n;

    if (!within_share(d->domid, now, &n)) return NULL;
    if (turn.until <= now || turn.domid == d->domid) {
        o = free_place(now);
        turn.domid = d->domid;
        turn.until = o ? 0 : now + TURN;
    }
    if (!o && !n) crowded = now + TURN;
    if (!o) return NULL;
    memset(o, 0, sizeof(*o));
    o->used = true;
    o->born = now;
    o->domid = d->domid;
    o->request = *req;
    d->reports++;
    d->second_reports++;
    report_fill(&o->report, d, req->report_data);
    return o;
}

static int advance(struct op *o, struct answer *out)
{
    unsigned int slot = o - ops;
    uint8_t hash[32];
    void *vault;
    int rc;

    vault = vault_enter();
    if (!o->begun) {
        signer_salt(vault, o->report.epoch, out->salt);
        report_hide_compartment(&o->report, current->domain, out->salt);
        sha256(&o->report, sizeof(o->report), hash);
        signer_start(vault, slot, hash);
    }
    o->begun = true;
    rc = signer_step(vault, slot, out->sig);
    if (!rc) signer_salt(vault, o->report.epoch, out->salt);
    stack_wipe();
    vault_leave();
    out->report = o->report;
    return rc;
}

/* One step of the current domain's request; *out is whole when it is done. */
static int step(const struct bh_report_op *req, struct answer *out)
{
    struct domain *d = current->domain;
    struct op *o = find(d->domid, req);
    ns_t now = now_ns();
    int rc;

    measure_look(LOOK);
    if (tpm_extends_left()) tpm_pump(); /* what is on its way may fail, and reports are to say so */
    if (!o && !within_rate(d, now)) return -XEN_EACCES;
    if (!o) o = take(d, req, now);
    if (!o) return -XEN_EBUSY;
    o->touched = now;
    rc = advance(o, out);
    o->used = rc == -XEN_EAGAIN;
    return rc;
}

/* Others go first: among them is whoever has the lock or a place, and gets on with it. Who waits by spinning takes the
 * CPU from them, all the more the more guests ask. */
static long wait_for_others(uint64_t arg)
{
    sched_yield(current);
    return hypercall_again(BH_REPORT, arg, 0, 0, 0);
}

long measure_report_op(enum operation row, uint64_t arg)
{
    struct bh_report_op req;
    struct answer answer;
    int rc;

    if (copy_from_guest(&req, arg, sizeof(req))) return -XEN_EFAULT;
    if (!measure_has_key()) return -XEN_ENODEV;
    if (READ_ONCE(policy_taking_down) || !measure_lock_soon(&current->measure_misses)) return wait_for_others(arg);
    rc = step(&req, &answer);
    spin_unlock(&measure_lock);
    if (rc == -XEN_EBUSY) return wait_for_others(arg);
    if (rc == -XEN_EAGAIN) return hypercall_again(BH_REPORT, arg, 0, 0, 0);
    if (rc) return rc == -XEN_EACCES ? -XEN_EBUSY : rc; /* the policy's ceiling: another time */
    if (copy_to_guest(req.report, &answer.report, sizeof(answer.report)) ||
        copy_to_guest(req.signature, answer.sig, sizeof(answer.sig)) ||
        (req.salt && copy_to_guest(req.salt, answer.salt, sizeof(answer.salt))))
        return -XEN_EFAULT;
    return 0;
}

void measure_domain_destroyed(struct domain *d)
{
    spin_lock(&measure_lock);
    for (struct op *o = ops; o < ops + SIGNER_SLOTS; o++)
        if (o->used && o->domid == d->domid) drop(o);
    check_forget(d->domid);
    vouch_forget(d->domid);
    tpm_guest_forget(d->domid);
    seal_counter_forget(d);
    spin_unlock(&measure_lock);
}
