/* SPDX-License-Identifier: MIT */
#include "sched_sim.h"
#include "device/pirq.h"

static struct domain *idle;

static struct load loads[8][4]; /* [domid][vcpu] */

int vcpu_area_write(struct vcpu *v, gva_t dst, const void *src, size_t n);
int vcpu_area_write(struct vcpu *v, gva_t dst, const void *src, size_t n)
{
    memcpy((void *)dst, src, n);
    return 0;
}

int pirq_guest_bind(struct domain *d, uint32_t pirq, bool share)
{
    return 0;
}

void pirq_guest_unbind(struct domain *d, uint32_t pirq)
{
}

/* On any state change: v is loaded, or its queue is locked. Else another CPU could take that lock now, find v neither
 * queued nor loaded, and queue it: two CPUs would run it. */
void __real_runstate_set(struct vcpu *v, uint32_t state, ns_t now);
void __wrap_runstate_set(struct vcpu *v, uint32_t state, ns_t now);
void __wrap_runstate_set(struct vcpu *v, uint32_t state, ns_t now)
{
    assert_true(v->sched.running_on || spin_is_held(&runqs[v->sched.cpu].lock));
    __real_runstate_set(v, state, now);
}

struct load *load_of(struct vcpu *v)
{
    return &loads[v->domain->domid][v->id];
}

static void wake_up(void *arg)
{
    struct vcpu *v = arg;

    load_of(v)->woken_at = fake_now;
    sched_wake(v);
}

static struct domain *made[8];
static unsigned int made_count;

struct domain *domain_with(uint32_t vcpus, uint32_t weight, uint32_t cap)
{
    struct domain *d = made[made_count++] = fake_domain(vcpus);

    evtchn_domain_init(d);
    d->sched.weight = weight;
    d->sched.cap = cap;
    assert_int_equal(sched_domain_init(d), 0);
    for (uint32_t i = 0; i < vcpus; i++) {
        sched_vcpu_init(d->vcpu[i]);
        d->vcpu[i]->initialised = 1;
        timer_init(&load_of(d->vcpu[i])->alarm, wake_up, d->vcpu[i]);
    }
    return d;
}

void start(struct domain *d, ns_t run, ns_t sleep)
{
    for (uint32_t i = 0; i < d->nr_vcpus; i++) {
        struct load *l = load_of(d->vcpu[i]);
        l->run = l->left = run;
        l->sleep = sleep;
        d->vcpu[i]->online = 1;
        sched_vcpu_state_changed(d->vcpu[i]);
    }
}

/* What the test before has left. */
int clean_up(void **state)
{
    for (fake_cpu = 0; fake_cpu < cpus_online; fake_cpu++)
        current = idle->vcpu[fake_cpu];
    fake_cpu = 0;
    for (unsigned int i = 0; i < made_count; i++) {
        for (uint32_t k = 0; k < made[i]->nr_vcpus; k++) {
            timer_stop(&load_of(made[i]->vcpu[k])->alarm);
            made[i]->vcpu[k]->sched.running_on = 0;
            sched_vcpu_destroy(made[i]->vcpu[k]);
        }
        evtchn_domain_destroy(made[i]);
        fake_domain_free(made[i]);
    }
    made_count = 0;
    fake_domain_free(idle);
    assert_int_equal(sched_waiting, 0);
    memset(runqs, 0, sizeof(runqs));
    sched_idle_cpus = 0;
    return 0;
}

void setup_cpus(unsigned int n)
{
    fakes_reset(n);
    memset(loads, 0, sizeof(loads));
    sched_init();
    idle = fake_domain(n);
    idle->is_idle = true;
    for (fake_cpu = 0; fake_cpu < n; fake_cpu++) {
        timer_init_cpu();
        current = idle->vcpu[fake_cpu];
        current->online = 1;
        this_cpu()->need_resched = 1;
    }
    fake_cpu = 0;
}

/* As the way back to a guest does it. */
void exit_path(void)
{
    for (int turns = 0; this_cpu()->need_resched; turns++) {
        struct vcpu *prev = current, *next = sched_next(prev);
        assert_non_null(next);
        assert_true(turns < 10); /* it settles */
        if (next == prev) continue;
        assert_true(domain_is_idle(next->domain) || next->sched.running_on == fake_cpu + 1);
        current = next;
        sched_vcpu_saved(prev);
    }
}

static void guest_runs(struct vcpu *v)
{
    struct load *l = load_of(v);

    if (l->woken_at) {
        l->worst_latency = MAX(l->worst_latency, fake_now - l->woken_at);
        l->woken_at = 0;
    }
    l->ran += STEP;
    l->left -= MIN(l->left, STEP);
    if (l->sleep && !l->left) {
        l->left = l->run;
        timer_set(&l->alarm, fake_now + l->sleep);
        sched_block(v);
    }
}

static unsigned int runnable_waiting(struct domain **ds, size_t n)
{
    unsigned int waiting = 0;

    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < ds[i]->nr_vcpus; k++)
            waiting += ds[i]->vcpu[k]->sched.queued;
    return waiting;
}

ns_t idle_while_others_wait;

static struct vcpu *cpu_runs(unsigned int cpu)
{
    unsigned int was = fake_cpu;

    fake_cpu = cpu;
    struct vcpu *v = current;
    fake_cpu = was;
    return v;
}

void simulate(ns_t length, struct domain **ds, size_t n)
{
    idle_while_others_wait = 0;
    for (ns_t end = fake_now + length; fake_now < end; fake_now += STEP) {
        for (fake_cpu = 0; fake_cpu < cpus_online; fake_cpu++) {
            if (fake_lapic[fake_cpu] <= fake_now) {
                fake_lapic[fake_cpu] = ~0ul;
                timer_interrupt();
            }
            exit_path();
        }
        for (fake_cpu = 0; fake_cpu < cpus_online; fake_cpu++) {
            exit_path();
            for (unsigned int other = 0; other < fake_cpu; other++)
                assert_ptr_not_equal(cpu_runs(other), cpu_runs(fake_cpu)); /* never on two at once */
            if (!domain_is_idle(current->domain))
                guest_runs(current);
            else if (runnable_waiting(ds, n))
                idle_while_others_wait += STEP;
            exit_path();
        }
    }
    fake_cpu = 0;
}
