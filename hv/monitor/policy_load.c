/* SPDX-License-Identifier: MIT */
#include "monitor/policy_load.h"
#include "monitor/monitor.h"
#include "monitor/policy_format.h"
#include "monitor/policy_stage.h"
#include "monitor/policy_section.h"
#include "monitor/policy_table.h"
#include "cpu/percpu.h"
#include "cpu/rendezvous.h"
#include "domain/domain.h"
#include "domain/lifecycle.h"
#include "hypercall/hypercall.h"
#include "measure/measure.h"
#include "measure/measure_lock.h"
#include "measure/verifier.h"
#include "mm/access.h"
#include "policy_key_public.h"
#include "time/clock.h"
#include "bulkhead.h"
#include "console.h"
#include "lib.h"

BUILD_ASSERT(sizeof(struct bh_policy_commit) == 88);
BUILD_ASSERT(sizeof(struct bh_policy_conflict) == 16);

#define STALE       1000000000ull /* before the swap: who does not continue for a second has given up */
#define DOMAIN_STEP 16u           /* labels looked up in a step */

enum phase { IDLE, PARSE, VERIFY, LABELS, SWAP, RELEASE, DONE };

/* policy_lock covers all of it. */
static struct {
    enum phase phase;
    uint32_t ticket; /* of this commit; 0: there was none yet */
    uint32_t domid;
    ns_t touched;
    struct policy_table table;
    bool verifying; /* the verifier's slot is in use */
    uint32_t at;    /* progress of a phase: domain id */
    struct bh_policy_commit result;
    long rc;
} commit;

bool policy_load_active(void)
{
    if (commit.phase <= SWAP && now_ns() - commit.touched >= STALE)
        commit.phase = IDLE;
    return commit.phase != IDLE && commit.phase != DONE;
}

/* The end: what is staged goes, but where the caller may want to ask again for the same file. */
static void finish(long rc, const char *error)
{
    commit.rc = rc;
    snprintk(commit.result.error, sizeof(commit.result.error), "%s", error);
    commit.phase = rc == 0 || rc == -XEN_EBUSY ? DONE : RELEASE;
}

static void parse(void)
{
    const struct policy_staged *s = policy_staged();

    if (policy_table_open(&commit.table, s->file, s->total)) {
        commit.result.error_offset = commit.table.error_offset;
        finish(-XEN_EINVAL, commit.table.error);
    } else if (commit.table.version <= monitor_policy_version()) {
        commit.result.error_offset = offsetof(struct policy_header, version);
        finish(-BH_EALREADY, "its version is not higher than that of the policy in force");
    } else {
        commit.phase = VERIFY;
        commit.at = 0;
    }
}

/* The last 64 bytes are the signature. */
static void verify(void)
{
    const struct policy_staged *s = policy_staged();
    const uint8_t *signature = s->file + s->total - POLICY_SIGNATURE;
    int rc = 0;

    spin_lock(&measure_lock);
    if (!commit.verifying)
        rc = verifier_start(VERIFIER_POLICY, policy_key_public, s->signed_hash, signature);
    commit.verifying = !rc;
    if (!rc)
        rc = verifier_step(VERIFIER_POLICY);
    commit.verifying = rc == -XEN_EAGAIN;
    spin_unlock(&measure_lock);
    if (rc && rc != -XEN_EAGAIN) {
        commit.result.error_offset = (uint32_t)(signature - s->file);
        finish(-XEN_EPERM, "it is not signed by the key that this hypervisor carries");
    } else if (!rc) {
        commit.phase = LABELS;
    }
}

/* The last commit was given up while its signature was looked at. */
static void drop_verification(void)
{
    spin_lock(&measure_lock);
    if (commit.verifying)
        verifier_drop(VERIFIER_POLICY);
    commit.verifying = false;
    spin_unlock(&measure_lock);
}

/* The label that d gets, by the type's name. */
static bool translate(struct domain *d)
{
    char name[BH_TYPE_MAX];

    if (d->next_label_of == commit.ticket)
        return true;
    monitor_type_name(&d->label, name);
    int type = policy_table_type_index(&commit.table, name);
    if (type < 0)
        return false;
    d->next_label = (struct label){.type = (uint16_t)type, .compartment = d->label.compartment};
    d->next_label.clearance = policy_section_clearance(&commit.table, &d->next_label);
    __atomic_store_n(&d->next_label_of, commit.ticket, __ATOMIC_RELEASE);
    return true;
}

static void lacks_type(const struct domain *d)
{
    char text[sizeof(commit.result.error)], name[BH_TYPE_MAX];

    monitor_type_name(&d->label, name);
    snprintk(text, sizeof(text), "no type %s, which domain %u has", name, d->domid);
    finish(-XEN_EINVAL, text);
}

static void labels(void)
{
    struct domain *d;

    for (unsigned int n = 0; n < DOMAIN_STEP; n++) {
        d = domain_first_from(commit.at);
        if (!d) {
            commit.phase = SWAP;
            return;
        }
        commit.at = d->domid + 1;
        bool found = translate(d);
        if (!found)
            lacks_type(d);
        domain_put(d);
        if (!found)
            return;
    }
}

/* No other CPU is in a hypercall: nobody has half an answer, and nothing that was allowed is still on its way. */
static void swap_at_stop(void)
{
    const struct policy_staged *s = policy_staged();

    for (struct domain *d = domain_next_stopped(NULL); d; d = domain_next_stopped(d))
        if (!translate(d)) { /* made after the others were looked at */
            lacks_type(d);
            return;
        }
    int rc = measure_policy_load(s->digest, commit.table.version);
    if (rc == -XEN_EBUSY)
        return; /* the TPM has too much to do: again */
    if (rc) {
        finish(-XEN_ENOSPC, "the event log has no room for it, so it cannot be measured");
        return;
    }
    monitor_adopt(&commit.table, s->digest);
    policy_stage_adopted();
    commit.rc = 0;
    commit.phase = RELEASE;
}

static void swap(void)
{
    if (commit.result.flags & BH_POLICY_DRY) {
        finish(0, "");
        return;
    }
    rendezvous_begin();
    swap_at_stop();
    rendezvous_end();
    if (commit.phase == RELEASE && !commit.rc)
        printk("policy: version %u is in force, loaded by domain %u\n", commit.table.version, commit.domid);
}

static void step(void)
{
    switch (commit.phase) {
    case PARSE:
        parse();
        break;
    case VERIFY:
        verify();
        break;
    case LABELS:
        labels();
        break;
    case SWAP:
        swap();
        break;
    case RELEASE:
        if (policy_stage_release())
            commit.phase = DONE;
        break;
    default:
        break;
    }
}

/* The structure is read here, once. */
static long begin(uint64_t arg)
{
    const struct policy_staged *s = policy_staged();
    struct bh_policy_commit c;

    if (copy_from_guest(&c, arg, sizeof(c)))
        return -XEN_EFAULT;
    if (c.flags & ~(BH_POLICY_REVOKE | BH_POLICY_DRY) || c.count > 64)
        return -XEN_EINVAL;
    if (policy_load_active())
        return -XEN_EBUSY;
    drop_verification();
    memset(c.error, 0, sizeof(c.error));
    c.error_offset = 0;
    commit.result = c;
    commit.ticket += commit.ticket == UINT32_MAX ? 2 : 1; /* never 0 */
    commit.domid = current->domain->domid;
    if (s->total && s->loaded == s->total) {
        commit.phase = PARSE;
    } else {
        commit.phase = DONE;
        commit.rc = -XEN_EINVAL;
        snprintk(commit.result.error, sizeof(c.error), "no whole file is staged");
        commit.result.error_offset = (uint32_t)s->loaded;
    }
    return 0;
}

/* One step; the result is in *out when it says 0. */
static long advance(struct bh_policy_commit *out)
{
    commit.touched = now_ns();
    step();
    if (commit.phase != DONE)
        return -XEN_EAGAIN;
    commit.result.version = monitor_policy_version();
    *out = commit.result;
    commit.phase = IDLE;
    return 0;
}

static long commit_from(uint64_t arg, uint64_t ticket)
{
    struct bh_policy_commit out;
    long rc = 0;

    if (!spin_trylock(&policy_lock))
        return hypercall_again(BH_POLICY_COMMIT | (ticket ? BH_GOES_ON : 0), arg, ticket, 0, 0);
    if (!ticket)
        rc = begin(arg);
    else if (ticket != commit.ticket || commit.phase == IDLE || commit.domid != current->domain->domid)
        rc = -XEN_EBUSY; /* another one came meanwhile */
    if (!rc)
        rc = advance(&out);
    ticket = commit.ticket;
    long result = commit.rc;
    spin_unlock(&policy_lock);
    if (rc == -XEN_EAGAIN)
        return hypercall_again(BH_POLICY_COMMIT | BH_GOES_ON, arg, ticket, 0, 0);
    if (rc)
        return rc;
    return copy_to_guest(arg, &out, sizeof(out)) ? -XEN_EFAULT : result;
}

long policy_commit_op(enum operation op, uint64_t arg)
{
    return commit_from(arg, 0);
}

long policy_commit_goes_on(uint64_t arg, uint64_t ticket)
{
    return ticket ? commit_from(arg, ticket) : -XEN_EINVAL;
}
