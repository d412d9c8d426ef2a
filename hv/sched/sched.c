/* SPDX-License-Identifier: MIT */
/* Run queues, waking and picking.
 *
 * A vCPU is in exactly one place: on the queue of its CPU (queued), loaded on a CPU (running_on), or nowhere (blocked,
 * offline, paused, parked). Between sched_next(), which takes it from its CPU, and sched_vcpu_saved() it still counts
 * as loaded, so nobody can load it elsewhere before its state is saved.
 *
 * Wake-ups are not lost: who blocks sets `blocked` first and looks for events afterwards, who raises an event sets it
 * first and looks at `blocked` afterwards. Likewise with idle CPUs (sched_idle_cpus, sched_waiting). */
#include "hv.h"
#include "sched/runq.h"
#include "event/evtchn.h"
#include <xen/vcpu.h>

#define SLICE        10000000ul /* while others wait */
#define SLICE_ALONE  30000000ul
#define SLICE_BOOST  2000000ul /* then a woken vCPU is one like all others */
#define RUN_AT_LEAST 100000ul  /* before another preempts it: storms of wake-ups must not eat the CPU */
#define PREEMPT_LEAD 2000000l  /* who is owed this much more preempts before the slice is over */
#define STEAL_LEAD   5000000l  /* who is owed this much more moves to another, busy CPU */
#define PATIENCE     32
#define BOOST_RANK   (4 * LAG_MAX)
#define NOBODY       INT64_MIN

struct runq runqs[CPUS_MAX];
uint32_t sched_waiting;
uint64_t sched_idle_cpus;

static void slice_over(void *arg)
{
    struct runq *q = arg;

    if (now_ns() < q->slice_end)
        timer_set(&q->slice, q->slice_end); /* the slice began anew since the timer was set */
    else
        this_cpu()->need_resched = 1;
}

void sched_init(void)
{
    for (unsigned int i = 0; i < CPUS_MAX; i++) {
        spin_init(&runqs[i].lock, RANK_SCHED);
        runqs[i].cpu = i;
        runqs[i].best = NOBODY;
        timer_init(&runqs[i].slice, slice_over, &runqs[i]);
        runqs[i].slice.cpu = i;
    }
}

void sched_vcpu_init(struct vcpu *v)
{
    static uint32_t spread;

    memset(&v->sched, 0, sizeof(v->sched));
    v->sched.cpu = __atomic_fetch_add(&spread, 1, __ATOMIC_RELAXED) % MAX(cpus_online, 1u);
    v->sched.runstate.state = RUNSTATE_offline;
    v->sched.runstate.entered = now_ns();
    vcpu_timers_init(v);
    if (!domain_is_idle(v->domain)) share_domain_add(v);
}

bool sched_runnable(const struct vcpu *v)
{
    const struct domain *d = v->domain;

    return __atomic_load_n(&v->online, __ATOMIC_SEQ_CST) && !__atomic_load_n(&v->sched.blocked, __ATOMIC_SEQ_CST) &&
           !__atomic_load_n(&d->pause_count, __ATOMIC_SEQ_CST) && !__atomic_load_n(&d->sched.parked, __ATOMIC_SEQ_CST);
}

/* --- Queues -------------------------------------------------------------------------------- */

struct runq *runq_lock(struct vcpu *v)
{
    for (;;) {
        struct runq *q = &runqs[READ_ONCE(v->sched.cpu)];
        spin_lock(&q->lock);
        if (likely(&runqs[v->sched.cpu] == q)) return q;
        spin_unlock(&q->lock);
    }
}

void runq_poke(unsigned int cpu)
{
    WRITE_ONCE(cpu_infos[cpu]->need_resched, 1);
    if (cpu != current_cpu()) cpu_kick(cpu);
}

static int64_t rank(const struct vcpu *v)
{
    return __atomic_load_n(&v->sched.lag, __ATOMIC_RELAXED) + (v->sched.boost ? BOOST_RANK : 0);
}

/* Of a vCPU that waits: waiting counts a little, so even the smallest weight gets a slice every few seconds. */
static int64_t rank_waiting(const struct vcpu *v, ns_t now)
{
    return rank(v) + (int64_t)((now - MIN(now, v->sched.runstate.entered)) / PATIENCE);
}

static void take_out(struct runq *q, struct vcpu *v)
{
    *(v->sched.prev ? &v->sched.prev->sched.next : &q->first) = v->sched.next;
    *(v->sched.next ? &v->sched.next->sched.prev : &q->last) = v->sched.prev;
    v->sched.prev = v->sched.next = NULL;
    v->sched.queued = false;
    WRITE_ONCE(q->count, q->count - 1);
    __atomic_sub_fetch(&sched_waiting, 1, __ATOMIC_SEQ_CST);
}

static void put_in(struct runq *q, struct vcpu *v)
{
    v->sched.prev = q->last;
    v->sched.next = NULL;
    *(q->last ? &q->last->sched.next : &q->first) = v;
    q->last = v;
    v->sched.queued = true;
    WRITE_ONCE(q->count, q->count + 1);
    WRITE_ONCE(q->best, MAX(q->best, rank(v)));
    __atomic_add_fetch(&sched_waiting, 1, __ATOMIC_SEQ_CST);
}

/* Of equals the one that waits longest. Leaves the rank of the second, for thieves. */
static struct vcpu *best_of(struct runq *q, ns_t now)
{
    struct vcpu *best = NULL;
    int64_t first = NOBODY, second = NOBODY;

    for (struct vcpu *v = q->first; v; v = v->sched.next) {
        int64_t r = rank_waiting(v, now);
        if (!best || r > first) {
            second = first;
            first = r;
            best = v;
        } else {
            second = MAX(second, r);
        }
    }
    WRITE_ONCE(q->best, second);
    return best;
}

/* q locked. Its CPU should look who is to run, now or when it is back from the guest. */
static void arrival(struct runq *q, struct vcpu *v, ns_t now)
{
    struct vcpu *curr = q->curr;
    bool was_alone = q->count == 1;

    if (!curr || curr == q->idle || was_alone ||
        rank(v) > rank(curr) - (int64_t)(now - MIN(now, q->charged)) + PREEMPT_LEAD)
        runq_poke(q->cpu);
    uint64_t idle = __atomic_load_n(&sched_idle_cpus, __ATOMIC_SEQ_CST) & ~(1ul << q->cpu);
    if (curr != q->idle && idle) runq_poke((unsigned int)__builtin_ctzl(idle)); /* it can take v */
}

/* q, v's, locked. */
static void queue_if_runnable(struct runq *q, struct vcpu *v)
{
    if (v->sched.queued || v->sched.running_on || !sched_runnable(v)) return;
    ns_t now = now_ns();
    runstate_set(v, RUNSTATE_runnable, now);
    put_in(q, v);
    arrival(q, v, now);
}

/* An idle CPU rather than the last one, if that is busy. */
static unsigned int choose_cpu(const struct vcpu *v)
{
    uint64_t idle = __atomic_load_n(&sched_idle_cpus, __ATOMIC_SEQ_CST);
    unsigned int last = v->sched.cpu;

    if (!idle || idle >> last & 1) return last;
    return (unsigned int)__builtin_ctzl(idle);
}

void sched_vcpu_state_changed(struct vcpu *v)
{
    struct runq *q = runq_lock(v);

    if (v->sched.running_on) {
        if (!sched_runnable(v)) runq_poke(v->sched.running_on - 1);
    } else if (v->sched.queued) {
        if (!sched_runnable(v)) {
            take_out(q, v);
            runstate_set(v, v->sched.blocked ? RUNSTATE_blocked : RUNSTATE_offline, now_ns());
        }
    } else {
        queue_if_runnable(q, v);
    }
    spin_unlock(&q->lock);
}

void sched_vcpu_destroy(struct vcpu *v)
{
    if (!v->sched.known) return;
    ASSERT(!v->sched.running_on);
    v->online = 0;
    vcpu_timers_stop(v);
    sched_vcpu_state_changed(v);
    share_domain_remove(v);
}

/* --- Waking -------------------------------------------------------------------------------- */

void sched_wake(struct vcpu *v)
{
    if (!__atomic_load_n(&v->sched.blocked, __ATOMIC_SEQ_CST)) return;
    struct runq *q = runq_lock(v);
    if (__atomic_exchange_n(&v->sched.blocked, 0, __ATOMIC_SEQ_CST)) {
        if (READ_ONCE(v->domain->evtchn.polling) >> v->id & 1) evtchn_poll_end(v);
        v->sched.boost = v->sched.lag >= 0;
    }
    unsigned int cpu = v->sched.running_on || v->sched.queued ? q->cpu : choose_cpu(v);
    if (cpu != q->cpu) {
        WRITE_ONCE(v->sched.cpu, cpu);
        spin_unlock(&q->lock);
        q = runq_lock(v);
    }
    queue_if_runnable(q, v);
    spin_unlock(&q->lock);
}

void sched_notify(struct vcpu *v)
{
    uint32_t on = __atomic_load_n(&v->sched.running_on, __ATOMIC_SEQ_CST);

    if (unlikely(__atomic_load_n(&v->sched.blocked, __ATOMIC_SEQ_CST)))
        sched_wake(v);
    else if (on && on != current_cpu() + 1)
        cpu_kick(on - 1);
}

void sched_block(struct vcpu *v)
{
    evtchn_deliver(v);
    if (evtchn_upcall_wanted(v)) return;
    __atomic_store_n(&v->sched.blocked, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&v->work, __ATOMIC_SEQ_CST) & VCPU_WORK_EVENT)
        sched_wake(v);
    else
        this_cpu()->need_resched = 1;
}

void sched_yield(struct vcpu *v)
{
    if (!__atomic_load_n(&sched_waiting, __ATOMIC_RELAXED)) return;
    v->sched.yielded = true;
    this_cpu()->need_resched = 1;
}

/* --- Picking ------------------------------------------------------------------------------- */

/* v's queue is locked. v is to be loaded on q's CPU. It becomes q's with the last store: where q is another queue,
 * whose lock is not held, somebody may take that from then on, and must see that v is loaded, or he would queue it. */
static void claim(struct runq *q, struct vcpu *v, ns_t now)
{
    /* Who gave it work and saw it loaded nowhere did so before this; we look at v->work after it. */
    __atomic_exchange_n(&v->sched.running_on, q->cpu + 1, __ATOMIC_SEQ_CST);
    runstate_set(v, RUNSTATE_running, now);
    __atomic_store_n(&v->sched.cpu, q->cpu, __ATOMIC_RELEASE);
}

/* The best that waits on another queue and beats `least`; claimed for this CPU. One queue's lock at a time. */
static struct vcpu *steal(struct runq *mine, int64_t least, ns_t now)
{
    unsigned int n = cpus_online, from = CPUS_MAX;

    for (unsigned int i = 0; i < n; i++)
        if (i != mine->cpu && READ_ONCE(runqs[i].count) &&
            (from == CPUS_MAX || READ_ONCE(runqs[i].best) > runqs[from].best))
            from = i;
    if (from == CPUS_MAX) return NULL;
    struct runq *q = &runqs[from];
    spin_lock(&q->lock);
    struct vcpu *v = best_of(q, now);
    if (v && rank_waiting(v, now) > least) {
        take_out(q, v);
        claim(mine, v, now); /* v's queue is ours from here on; its lock is still held */
    } else {
        if (v) WRITE_ONCE(q->best, rank_waiting(v, now));
        v = NULL;
    }
    spin_unlock(&q->lock);
    return v;
}

/* q locked: whether prev goes on rather than best. */
static bool keeps(struct runq *q, struct vcpu *prev, struct vcpu *best, ns_t now)
{
    if (!best) return true;
    if (prev->sched.yielded) return false;
    int64_t r = rank_waiting(best, now);
    if (now >= q->slice_end) return rank(prev) > r;
    if (r <= rank(prev) + PREEMPT_LEAD) return true;
    if (now - q->started >= RUN_AT_LEAST) return false;
    q->slice_end = q->started + RUN_AT_LEAST; /* then it is best's turn */
    return true;
}

/* The next for q's CPU: prev (if it may run on), the best of the own queue, or of another; NULL: nobody. */
static struct vcpu *choose(struct runq *q, struct vcpu *prev, bool prev_ok, ns_t now)
{
    spin_lock(&q->lock);
    struct vcpu *best = best_of(q, now), *next = prev_ok && keeps(q, prev, best, now) ? prev : best;
    bool look_around = !next || (now >= q->slice_end && __atomic_load_n(&sched_waiting, __ATOMIC_RELAXED) > q->count);
    if (look_around) {
        int64_t least = next ? (next == prev ? rank(next) : rank_waiting(next, now)) + STEAL_LEAD : NOBODY;
        if (best) WRITE_ONCE(q->best, rank_waiting(best, now));
        spin_unlock(&q->lock);
        struct vcpu *other = steal(q, least, now);
        if (other) return other;
        spin_lock(&q->lock);
        best = best_of(q, now); /* someone may have come or been stolen meanwhile */
        next = prev_ok && keeps(q, prev, best, now) ? prev : best;
    }
    if (next && next != prev) {
        take_out(q, next);
        claim(q, next, now);
    } else if (best) {
        WRITE_ONCE(q->best, rank_waiting(best, now));
    }
    if (!next) {
        q->curr = q->idle; /* under the lock: who queues now sees that the CPU is idle */
        __atomic_fetch_or(&sched_idle_cpus, 1ul << q->cpu, __ATOMIC_SEQ_CST);
    }
    spin_unlock(&q->lock);
    if (!next && __atomic_load_n(&sched_waiting, __ATOMIC_SEQ_CST))
        this_cpu()->need_resched = 1; /* queued elsewhere while we were not yet seen as idle: look again */
    return next;
}

/* prev leaves: from now on its time counts as what keeps it from running. */
static void leave(struct vcpu *prev, bool runnable, ns_t now)
{
    struct runq *q = runq_lock(prev);
    uint32_t state = runnable ? RUNSTATE_runnable : prev->sched.blocked ? RUNSTATE_blocked : RUNSTATE_offline;
    runstate_set(prev, state, now);
    spin_unlock(&q->lock);
}

static void start_slice(struct runq *q, struct vcpu *next, ns_t now)
{
    bool contended = __atomic_load_n(&sched_waiting, __ATOMIC_RELAXED);
    ns_t slice = !contended ? SLICE_ALONE : next->sched.boost ? SLICE_BOOST : SLICE;

    q->started = now;
    q->slice_end = now + share_slice_limit(next->domain, slice);
}

/* The slice timer may be armed for earlier: then it sets itself anew. Never for later. */
static void arm_slice(struct runq *q, ns_t now)
{
    if (q->count) /* the slice may have begun when nobody waited */
        q->slice_end = MIN(q->slice_end, MAX(q->started + SLICE, now + RUN_AT_LEAST));
    if (!q->slice.armed || q->slice.deadline > q->slice_end) timer_set(&q->slice, q->slice_end);
}

struct vcpu *sched_next(struct vcpu *prev)
{
    struct cpu_info *cpu = this_cpu();
    struct runq *q = &runqs[cpu->cpu];
    ns_t now = now_ns();
    bool prev_ok = false;

    __atomic_store_n(&cpu->need_resched, 0, __ATOMIC_SEQ_CST);
    if (domain_is_idle(prev->domain)) {
        q->idle = prev;
        if (!q->curr) q->curr = prev;
    } else {
        share_charge(prev, now - q->charged, now);
        prev_ok = sched_runnable(prev);
        if (now >= q->slice_end) prev->sched.boost = false;
    }
    q->charged = now;
    if (__atomic_load_n(&sched_waiting, __ATOMIC_RELAXED)) share_round(now);
    struct vcpu *next = choose(q, prev, prev_ok, now);
    bool same = next == prev;
    if (!domain_is_idle(prev->domain)) {
        prev->sched.yielded = false;
        if (!same) leave(prev, prev_ok, now);
    }
    if (!next) return q->idle;
    __atomic_fetch_and(&sched_idle_cpus, ~(1ul << q->cpu), __ATOMIC_SEQ_CST);
    WRITE_ONCE(q->curr, next);
    if (!same && next->runstate_area) __atomic_fetch_or(&next->work, VCPU_WORK_RUNSTATE, __ATOMIC_SEQ_CST);
    if (!same || now >= q->slice_end) start_slice(q, next, now);
    arm_slice(q, now);
    return next;
}

void sched_vcpu_saved(struct vcpu *prev)
{
    if (domain_is_idle(prev->domain)) return;
    struct runq *q = runq_lock(prev);
    __atomic_store_n(&prev->sched.running_on, 0, __ATOMIC_SEQ_CST);
    queue_if_runnable(q, prev);
    spin_unlock(&q->lock);
}
