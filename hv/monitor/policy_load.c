/* SPDX-License-Identifier: MIT */
#include "hypercall/handler.h"
#include "monitor/policy_load.h"
#include "monitor/monitor.h"
#include "monitor/policy_format.h"
#include "monitor/policy_stage.h"
#include "monitor/policy_section.h"
#include "monitor/policy_table.h"
#include "monitor/sharing.h"
#include "cpu/rendezvous.h"
#include "domain/lifecycle.h"
#include "event/evtchn_revoke.h"
#include "grant/grant_revoke.h"
#include "measure/measure.h"
#include "measure/measure_lock.h"
#include "measure/measure_state.h"
#include "measure/verifier.h"
#include "policy_key_public.h"
#include "time/timer.h"
#include "bulkhead.h"

BUILD_ASSERT(sizeof(struct bh_policy_commit) == 88);
BUILD_ASSERT(sizeof(struct bh_policy_conflict) == 16);

#define STALE       1000000000ull /* before the swap: who does not continue for a second has given up */
#define DOMAIN_STEP 16u           /* labels looked up in a step */

#define LIST_MAX    64u
#define TRIES       8u
#define WORK_PERIOD 1000000ull

enum phase { IDLE, PARSE, VERIFY, LABELS, LOOK, SWAP, TAKE_DOWN, RELEASE, DONE };

/* policy_lock covers all of it. */
static struct {
    enum phase phase;
    uint32_t ticket; /* of this commit; 0: there was none yet */
    uint32_t domid;
    ns_t touched;
    struct policy_table table;
    bool verifying;  /* the verifier's slot is in use */
    bool measured;   /* the swap counted as measured: the TPM is to take it */
    uint32_t at;     /* progress of a phase: domain id, */
    uint32_t within; /* handle or port of that domain, */
    bool events;     /* and which of the two */
    uint32_t tries, room;
    struct bh_policy_commit result;
    struct bh_policy_conflict list[LIST_MAX];
    long rc;
} commit;
uint32_t sharing_watched; /* set and cleared with policy_lock; what sharing_note() reads stays while it is set */
static uint32_t sharing_missed;
bool policy_work_left, policy_taking_down;
static struct timer work_timer;

/* Afterwards no CPU is in sharing_note(), so the file may go. */
static void stop_watching(void)
{
    if (!sharing_watched) return;
    WRITE_ONCE(sharing_watched, 0);
    rendezvous_begin();
    rendezvous_end();
}

bool policy_load_active(void)
{
    if (commit.phase <= SWAP && now_ns() - commit.touched >= STALE) {
        stop_watching();
        commit.phase = IDLE;
    }
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
    if (!commit.verifying) rc = verifier_start(VERIFIER_POLICY, policy_key_public, s->signed_hash, signature);
    commit.verifying = !rc;
    if (!rc) rc = verifier_step(VERIFIER_POLICY);
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
    if (commit.verifying) verifier_drop(VERIFIER_POLICY);
    commit.verifying = false;
    spin_unlock(&measure_lock);
}

/* The label that d gets, by the type's name. */
static bool translate(struct domain *d)
{
    char name[BH_TYPE_MAX];

    if (d->next_label_of == commit.ticket) return true;
    monitor_type_name(&d->label, name);
    int type = policy_table_type_index(&commit.table, name);
    if (type < 0) return false;
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

static void first_domain(void)
{
    commit.at = commit.within = 0;
    commit.events = false;
}

static void labels(void)
{
    struct domain *d;

    for (unsigned int n = 0; n < DOMAIN_STEP; n++) {
        d = domain_first_from(commit.at);
        if (!d) {
            commit.phase = LOOK;
            first_domain();
            commit.result.count = sharing_missed = 0;
            __atomic_store_n(&sharing_watched, 1, __ATOMIC_SEQ_CST);
            return;
        }
        commit.at = d->domid + 1;
        bool found = translate(d);
        if (!found) lacks_type(d);
        domain_put(d);
        if (!found) return;
    }
}

bool sharing_allowed(struct domain *subject, struct domain *object, enum operation op)
{
    if (commit.phase > SWAP)
        return monitor_would_allow(monitor_policy(), &subject->label, &object->label, operations[op].perm);
    return translate(subject) && translate(object) &&
           monitor_would_allow(&commit.table, &subject->next_label, &object->next_label, operations[op].perm);
}

void sharing_forbidden(const struct domain *subject, const struct domain *object, uint32_t kind, uint32_t number)
{
    if (commit.result.count < commit.room)
        commit.list[commit.result.count] = (struct bh_policy_conflict){
            .source = subject->domid, .target = object->domid, .kind = kind, .object = number};
    commit.result.count++;
}

/* On any CPU, without policy_lock. A domain whose label is not known yet makes the load look again, too. */
void sharing_note(const struct domain *subject, const struct domain *object, enum operation op)
{
    uint32_t ticket = commit.ticket;

    if (__atomic_load_n(&subject->next_label_of, __ATOMIC_ACQUIRE) != ticket ||
        __atomic_load_n(&object->next_label_of, __ATOMIC_ACQUIRE) != ticket ||
        !monitor_would_allow(&commit.table, &subject->next_label, &object->next_label, operations[op].perm))
        WRITE_ONCE(sharing_missed, 1);
}

static bool take_down_grants(struct domain *d, uint32_t *at)
{
    return grant_revoke_step(d);
}

/* A step of the one, then of the other, for each living domain; true when there are no more. */
static bool each_domain(bool (*grants)(struct domain *d, uint32_t *at), bool (*ports)(struct domain *d, uint32_t *at))
{
    struct domain *d = domain_first_from(commit.at);

    if (!d) return true;
    if (d->domid != commit.at) {
        first_domain();
        commit.at = d->domid;
    }
    if ((commit.events ? ports : grants)(d, &commit.within)) {
        commit.within = 0;
        commit.at += commit.events;
        commit.events = !commit.events;
    }
    domain_put(d);
    return false;
}

static void look(void)
{
    if (!each_domain(grant_revoke_find, evtchn_revoke_find)) return;
    if (commit.result.count && !(commit.result.flags & BH_POLICY_REVOKE))
        finish(-XEN_EBUSY, "it forbids grants or event channels that are in use");
    else if (commit.result.flags & BH_POLICY_DRY)
        finish(0, "");
    else
        commit.phase = SWAP;
}

/* From here on the work is done by whoever comes by, see policy_load.h. */
static void work_due(void *arg)
{
    this_cpu()->need_resched = 1;
    if (READ_ONCE(policy_work_left)) timer_set(&work_timer, now_ns() + WORK_PERIOD);
}

static void begin_work(void)
{
    if (policy_work_left) return;
    WRITE_ONCE(policy_work_left, true);
    if (!work_timer.fn) timer_init(&work_timer, work_due, NULL);
    timer_set(&work_timer, now_ns() + WORK_PERIOD);
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
    if (sharing_missed && !(commit.result.flags & BH_POLICY_REVOKE)) {
        commit.at = 0;
        commit.phase = LABELS; /* look again: it is named then, or gone */
        if (++commit.tries > TRIES) finish(-XEN_EBUSY, "grants or event channels that it forbids come and go");
        return;
    }
    int rc = measure_policy_load(s->digest, commit.table.version);
    if (rc == -XEN_EBUSY) return; /* the TPM has too much to do: again */
    if (rc) {
        finish(rc, rc == -XEN_EIO ? "measuring was lost (see dmesg), so this cannot be measured"
                                  : "the event log has no room for it, so it cannot be measured");
        return;
    }
    commit.measured = measure_active(); /* it held a moment ago, or the load was refused */
    monitor_adopt(&commit.table, s->digest);
    policy_stage_adopted();
    WRITE_ONCE(sharing_watched, 0);
    commit.rc = 0;
    first_domain();
    commit.phase = commit.result.flags & BH_POLICY_REVOKE ? TAKE_DOWN : RELEASE;
    WRITE_ONCE(policy_taking_down, commit.phase == TAKE_DOWN);
}

static void swap(void)
{
    rendezvous_begin();
    swap_at_stop();
    rendezvous_end();
    if (commit.phase > SWAP && !commit.rc)
        printk("policy: version %u is in force, loaded by domain %u; %u grants and event channels to take down\n",
               monitor_policy_version(), commit.domid, commit.result.count);
}

/* PCR 22 has the event when the call returns, or the caller is told. */
static void release(void)
{
    if (!policy_stage_release() || !measure_settled()) return;
    if (commit.measured && !measure_holds()) finish(-XEN_EIO, "in force, but the TPM did not take it");
    WRITE_ONCE(policy_work_left, false);
    commit.phase = DONE;
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
    case LOOK:
        look();
        break;
    case SWAP:
        swap();
        break;
    case TAKE_DOWN:
        if (each_domain(take_down_grants, evtchn_revoke_step)) {
            WRITE_ONCE(policy_taking_down, false);
            commit.phase = RELEASE;
        }
        break;
    case RELEASE:
        release();
        break;
    default:
        break;
    }
    if (commit.phase > SWAP) {
        stop_watching();
        if (commit.phase < DONE) begin_work();
    }
}

void policy_load_work(void)
{
    if (!spin_trylock(&policy_lock)) return;
    if (commit.phase == TAKE_DOWN || commit.phase == RELEASE) step();
    spin_unlock(&policy_lock);
}

/* The structure is read here, once. */
static long begin(uint64_t arg)
{
    const struct policy_staged *s = policy_staged();
    struct bh_policy_commit c;

    if (copy_from_guest(&c, arg, sizeof(c))) return -XEN_EFAULT;
    if (c.flags & ~(BH_POLICY_REVOKE | BH_POLICY_DRY) || c.count > LIST_MAX) return -XEN_EINVAL;
    if (policy_load_active()) return -XEN_EBUSY;
    drop_verification();
    memset(c.error, 0, sizeof(c.error));
    c.error_offset = 0;
    commit.result = c;
    commit.room = c.count;
    commit.result.count = commit.tries = 0;
    commit.measured = false;
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

/* What the caller gets. */
struct outcome {
    struct bh_policy_commit result;
    struct bh_policy_conflict list[LIST_MAX];
    uint32_t listed;
    long rc;
};

/* One step; *out is filled in when it says 0. */
static long advance(struct outcome *out)
{
    commit.touched = now_ns();
    step();
    if (commit.phase != DONE) return -XEN_EAGAIN;
    commit.result.version = monitor_policy_version();
    out->result = commit.result;
    out->listed = MIN(commit.result.count, commit.room);
    memcpy(out->list, commit.list, out->listed * sizeof(out->list[0]));
    out->rc = commit.rc;
    commit.phase = IDLE;
    return 0;
}

static long commit_from(uint64_t arg, uint64_t ticket)
{
    struct outcome out;
    long rc = 0;

    if (!spin_trylock(&policy_lock))
        return hypercall_again(BH_POLICY_COMMIT | (ticket ? BH_GOES_ON : 0), arg, ticket, 0, 0);
    if (!ticket)
        rc = begin(arg);
    else if (ticket != commit.ticket || commit.phase == IDLE || commit.domid != current->domain->domid)
        rc = -XEN_EBUSY; /* another one came meanwhile */
    if (!rc) rc = advance(&out);
    ticket = commit.ticket;
    spin_unlock(&policy_lock);
    if (rc == -XEN_EAGAIN) return hypercall_again(BH_POLICY_COMMIT | BH_GOES_ON, arg, ticket, 0, 0);
    if (rc) return rc;
    if ((out.listed && copy_to_guest(out.result.list, out.list, out.listed * sizeof(out.list[0]))) ||
        copy_to_guest(arg, &out.result, sizeof(out.result)))
        return -XEN_EFAULT;
    return out.rc;
}

long policy_commit_op(enum operation op, uint64_t arg)
{
    return commit_from(arg, 0);
}

long policy_commit_goes_on(uint64_t arg, uint64_t ticket)
{
    return ticket ? commit_from(arg, ticket) : -XEN_EINVAL;
}
