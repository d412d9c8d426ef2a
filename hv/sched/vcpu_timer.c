/* SPDX-License-Identifier: MIT */
/* A vCPU's own timers, by vcpu_op and set_timer_op. Both raise VIRQ_TIMER. */
#include "hypercall/handler.h"
#include "sched/vcpu_timer.h"
#include "sched/sched.h"
#include "event/evtchn.h"
#include "monitor/monitor.h"
#include <xen/vcpu.h>

#define PERIOD_MIN 1000000ul /* the ABI lets us refuse less than a millisecond */
#define FAR        (1ul << 62)

static void singleshot_fire(void *arg)
{
    evtchn_send_virq(arg, VIRQ_TIMER);
}

/* Ticks that were missed are not made up for. */
static void periodic_fire(void *arg)
{
    struct vcpu *v = arg;
    ns_t period = READ_ONCE(v->periodic_period), now = now_ns();

    if (!period) return;
    evtchn_send_virq(v, VIRQ_TIMER);
    timer_set(&v->periodic_timer, MAX(v->periodic_timer.deadline, now - MIN(now, period)) + period);
}

static void poll_fire(void *arg)
{
    struct vcpu *v = arg;

    if (READ_ONCE(v->domain->evtchn.polling) >> v->id & 1) sched_wake(v);
}

void vcpu_timers_init(struct vcpu *v)
{
    v->periodic_period = 0;
    timer_init(&v->singleshot_timer, singleshot_fire, v);
    timer_init(&v->periodic_timer, periodic_fire, v);
    timer_init(&v->poll_timer, poll_fire, v);
}

void vcpu_timers_stop(struct vcpu *v)
{
    WRITE_ONCE(v->periodic_period, 0);
    timer_stop(&v->singleshot_timer);
    timer_stop(&v->periodic_timer);
    timer_stop(&v->poll_timer);
}

/* A deadline that is past already raises the event here and now: no interrupt is spent on it. */
static void singleshot_set(struct vcpu *v, ns_t deadline, ns_t now)
{
    if (deadline > now) {
        timer_set(&v->singleshot_timer, deadline);
        return;
    }
    timer_stop(&v->singleshot_timer);
    evtchn_send_virq(v, VIRQ_TIMER);
}

long vcpu_timer_singleshot(struct vcpu *v, const struct vcpu_set_singleshot_timer *op)
{
    ns_t now = now_ns();

    if (op->flags & ~VCPU_SSHOTTMR_future) return -XEN_EINVAL;
    if (op->flags & VCPU_SSHOTTMR_future && op->timeout_abs_ns < now) return -XEN_ETIME;
    singleshot_set(v, op->timeout_abs_ns, now);
    return 0;
}

long vcpu_timer_periodic(struct vcpu *v, ns_t period)
{
    if (period < PERIOD_MIN || period > FAR) return -XEN_EINVAL;
    WRITE_ONCE(v->periodic_period, period);
    timer_set(&v->periodic_timer, now_ns() + period);
    return 0;
}

void vcpu_timer_periodic_stop(struct vcpu *v)
{
    WRITE_ONCE(v->periodic_period, 0);
    timer_stop(&v->periodic_timer);
}

/* The older form of set_singleshot_timer: 0 stops it. */
long do_set_timer_op(uint64_t timeout, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct vcpu *v = current;

    if (timeout)
        singleshot_set(v, timeout, now_ns());
    else
        timer_stop(&v->singleshot_timer);
    return 0;
}
