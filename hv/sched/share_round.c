/* SPDX-License-Identifier: MIT */
/* Rounds of sharing, and caps: the part of share.h that knows domains. */
#include "hv.h"
#include "sched/runq.h"

/* Covers the list, the caps' periods and the scratch array. Taken without a run queue's lock. */
static struct spinlock share_lock = SPINLOCK(RANK_SCHED);
static struct domain *domains;
static ns_t last_round;
static struct share shares[DOMAINS_MAX];

static void lag_add(struct vcpu *v, int64_t change)
{
    int64_t lag = __atomic_load_n(&v->sched.lag, __ATOMIC_RELAXED);

    /* Two CPUs at most meet here, the one that runs v and the one that shares out; a lost race costs a grain of
     * fairness. */
    for (int tries = 0; tries < 4; tries++)
        if (__atomic_compare_exchange_n(&v->sched.lag, &lag, share_lag(lag, change), false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return;
}

static bool wanted_time(const struct vcpu *v)
{
    return v && v->sched.known &&
           (READ_ONCE(v->sched.used) || READ_ONCE(v->sched.queued) || READ_ONCE(v->sched.running_on));
}

static uint32_t count_active(const struct domain *d)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < d->nr_vcpus; i++)
        n += wanted_time(d->vcpu[i]);
    return n;
}

/* Less the mean lag of all: it says how much was paid before that nobody could use, or used that nobody was paid for
 * (while no vCPU waited there were no rounds). */
static void pay(struct domain *d, const struct share *s, int64_t mean)
{
    for (uint32_t i = 0; i < d->nr_vcpus; i++) {
        struct vcpu *v = d->vcpu[i];
        if (!wanted_time(v)) continue;
        lag_add(v, (int64_t)(s->grant / s->active) - mean);
        __atomic_store_n(&v->sched.used, 0, __ATOMIC_RELAXED);
    }
}

static int64_t lag_sum(const struct domain *d)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < d->nr_vcpus; i++)
        sum += wanted_time(d->vcpu[i]) ? __atomic_load_n(&d->vcpu[i]->sched.lag, __ATOMIC_RELAXED) : 0;
    return sum;
}

/* share_lock held. */
static void round_of(ns_t elapsed)
{
    size_t n = 0;
    int64_t sum = 0, active = 0;

    for (struct domain *d = domains; d && n < ARRAY_SIZE(shares); d = d->sched.next, n++) {
        shares[n] = (struct share){.weight = d->sched.weight, .cap = d->sched.cap, .active = count_active(d)};
        sum += lag_sum(d);
        active += shares[n].active;
    }
    share_split(shares, n, cpus_online, elapsed);
    for (size_t i = 0; i < n; i++)
        sum += (int64_t)shares[i].grant;
    n = 0;
    for (struct domain *d = domains; d && n < ARRAY_SIZE(shares); d = d->sched.next, n++)
        if (shares[n].active) pay(d, &shares[n], sum / active);
}

void share_round(ns_t now)
{
    if (now < READ_ONCE(last_round) + SHARE_PERIOD || !spin_trylock(&share_lock)) return;
    if (now >= last_round + SHARE_PERIOD) {
        round_of(MIN(now - last_round, 2 * SHARE_PERIOD));
        WRITE_ONCE(last_round, now);
    }
    spin_unlock(&share_lock);
}

/* --- Caps ---------------------------------------------------------------------------------- */

/* share_lock held. */
static void refill(struct domain *d, ns_t now)
{
    if (now < d->sched.period_end) return;
    uint64_t periods = 1 + (now - d->sched.period_end) / SHARE_PERIOD;
    int64_t budget = __atomic_load_n(&d->sched.budget, __ATOMIC_RELAXED);
    /* What is charged meanwhile on another CPU must not be lost. */
    while (!__atomic_compare_exchange_n(&d->sched.budget, &budget, share_refill(budget, d->sched.cap, periods), false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    WRITE_ONCE(d->sched.period_end, d->sched.period_end + periods * SHARE_PERIOD);
}

static void all_changed(struct domain *d)
{
    for (uint32_t i = 0; i < d->nr_vcpus; i++)
        if (d->vcpu[i] && d->vcpu[i]->sched.known) sched_vcpu_state_changed(d->vcpu[i]);
}

/* share_lock held. */
static void park_or_not(struct domain *d)
{
    bool over = d->sched.cap && __atomic_load_n(&d->sched.budget, __ATOMIC_RELAXED) <= 0;

    __atomic_store_n(&d->sched.parked, over, __ATOMIC_SEQ_CST);
    if (over) timer_set(&d->sched.cap_timer, d->sched.period_end);
}

static void cap_fire(void *arg)
{
    struct domain *d = arg;

    spin_lock(&share_lock);
    refill(d, now_ns());
    park_or_not(d);
    spin_unlock(&share_lock);
    all_changed(d);
}

static void charge_cap(struct domain *d, ns_t ran, ns_t now)
{
    int64_t left = __atomic_sub_fetch(&d->sched.budget, (int64_t)ran, __ATOMIC_RELAXED);

    if (left > 0 && now < READ_ONCE(d->sched.period_end)) return;
    spin_lock(&share_lock);
    bool was = d->sched.parked;
    refill(d, now);
    if (!was) park_or_not(d);
    bool parked = !was && d->sched.parked;
    spin_unlock(&share_lock);
    if (parked) all_changed(d);
}

ns_t share_slice_limit(const struct domain *d, ns_t slice)
{
    if (likely(!d->sched.cap)) return slice;
    int64_t left = __atomic_load_n(&d->sched.budget, __ATOMIC_RELAXED);
    return MIN(slice, (ns_t)MAX(left, 1000000l));
}

void share_charge(struct vcpu *v, ns_t ran, ns_t now)
{
    lag_add(v, -(int64_t)ran);
    __atomic_fetch_add(&v->sched.used, ran, __ATOMIC_RELAXED);
    if (unlikely(v->domain->sched.cap)) charge_cap(v->domain, ran, now);
}

int sched_set_params(struct domain *d, uint32_t weight, uint32_t cap)
{
    if (weight < 1 || weight > 65535 || cap > 100u * BH_VCPUS_MAX) return -XEN_EINVAL;
    spin_lock(&share_lock);
    d->sched.weight = weight;
    WRITE_ONCE(d->sched.cap, cap);
    d->sched.budget = share_refill(0, cap, 1);
    WRITE_ONCE(d->sched.period_end, now_ns() + SHARE_PERIOD);
    park_or_not(d);
    spin_unlock(&share_lock);
    all_changed(d);
    return 0;
}

int sched_domain_init(struct domain *d)
{
    uint32_t weight = d->sched.weight ? d->sched.weight : SCHED_WEIGHT_DEFAULT, cap = d->sched.cap;

    memset(&d->sched, 0, sizeof(d->sched));
    timer_init(&d->sched.cap_timer, cap_fire, d);
    domain_watchdogs_init(d);
    return sched_set_params(d, weight, cap);
}

/* A domain is on the list while it has known vCPUs. */
void share_domain_add(struct vcpu *v)
{
    struct domain *d = v->domain;

    spin_lock(&share_lock);
    v->sched.known = true;
    if (!d->sched.vcpus++) {
        d->sched.next = domains;
        domains = d;
    }
    spin_unlock(&share_lock);
}

void share_domain_remove(struct vcpu *v)
{
    struct domain *d = v->domain;

    spin_lock(&share_lock);
    v->sched.known = false;
    bool last = --d->sched.vcpus == 0;
    for (struct domain **at = &domains; last && *at; at = &(*at)->sched.next)
        if (*at == d) {
            *at = d->sched.next;
            break;
        }
    spin_unlock(&share_lock);
    if (last) {
        timer_stop(&d->sched.cap_timer);
        domain_watchdogs_stop(d);
    }
}
