/* SPDX-License-Identifier: MIT */
/* sched_op: yield, block, poll, and the end of a domain. */
#include "hypercall/handler.h"
#include "sched/sched.h"
#include "sched/watchdog.h"
#include "device/device.h"
#include "domain/lifecycle.h"
#include "event/evtchn.h"
#include "time/timer.h"
#include <xen/sched.h>

#define POLL_PORTS_MAX 128u

static long op_yield(struct vcpu *v, uint64_t arg)
{
    sched_yield(v);
    return 0;
}

static long op_block(struct vcpu *v, uint64_t arg)
{
    WRITE_ONCE(v->info->evtchn_upcall_mask,
               0); /* lets events in, as the ABI says, and looks for them before it sleeps */
    sched_block(v);
    return 0;
}

static bool any_pending(const struct domain *d, const evtchn_port_t *ports, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (evtchn_port_pending(d, ports[i])) return true;
    return false;
}

/* The vCPU is first marked as polling, then the ports are looked at: who raises one afterwards finds the mark. A
 * wake-up may come for another reason; the guest looks again. */
static long op_poll(struct vcpu *v, uint64_t arg)
{
    struct sched_poll op;
    evtchn_port_t ports[POLL_PORTS_MAX];

    if (copy_from_guest(&op, arg, sizeof(op))) return -XEN_EFAULT;
    if (op.nr_ports > POLL_PORTS_MAX) return -XEN_EINVAL;
    if (op.nr_ports && copy_from_guest(ports, (gva_t)op.ports.p, op.nr_ports * sizeof(ports[0]))) return -XEN_EFAULT;
    for (uint32_t i = 0; i < op.nr_ports; i++)
        if (!evtchn_port_exists(v->domain, ports[i])) return -XEN_EINVAL;
    if (v->poll_timer.armed) timer_stop(&v->poll_timer); /* of an earlier poll */
    evtchn_poll_begin(v, op.nr_ports == 1 ? ports[0] : EVTCHN_POLL_ANY);
    sched_block(v);
    if (any_pending(v->domain, ports, op.nr_ports)) sched_wake(v);
    if (!v->sched.blocked)
        evtchn_poll_end(v);
    else if (op.timeout)
        timer_set(&v->poll_timer, op.timeout);
    return 0;
}

void sched_end_domain(struct domain *d, uint32_t reason)
{
    if (!d->is_control) {
        domain_shutdown(d, reason);
        return;
    }
    if (reason == SHUTDOWN_crash && restart_control(d)) return;
    printk("the control domain is off (reason %u)", reason);
    if (reason == SHUTDOWN_poweroff) device_poweroff();
    device_reboot();
}

/* A reason that was latched before counts. */
static long shutdown_by_guest(struct domain *d, uint32_t reason)
{
    uint32_t latched = __atomic_load_n(&d->sched.shutdown_code, __ATOMIC_SEQ_CST);

    reason = latched ? latched - 1 : reason;
    if (reason == SHUTDOWN_suspend) return 1; /* nobody resumes it elsewhere: "suspend was cancelled" */
    if (reason == SHUTDOWN_soft_reset) return -XEN_EOPNOTSUPP;
    long rc = d->is_control ? ask_own(OP_SCHEDOP_shutdown_machine, reason) : 0;
    if (!rc) sched_end_domain(d, reason);
    return rc;
}

static long op_shutdown(struct vcpu *v, uint64_t arg)
{
    struct sched_shutdown op;

    if (copy_from_guest(&op, arg, sizeof(op))) return -XEN_EFAULT;
    if (op.reason > SHUTDOWN_MAX) return -XEN_EINVAL;
    return shutdown_by_guest(v->domain, op.reason);
}

static long op_shutdown_code(struct vcpu *v, uint64_t arg)
{
    struct sched_shutdown op;
    struct domain *d = v->domain;
    uint32_t none = 0;

    if (copy_from_guest(&op, arg, sizeof(op))) return -XEN_EFAULT;
    if (op.reason > SHUTDOWN_MAX) return -XEN_EINVAL;
    __atomic_compare_exchange_n(&d->sched.shutdown_code, &none, op.reason + 1, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    return 0;
}

static long op_remote_shutdown(struct vcpu *v, uint64_t arg)
{
    struct sched_remote_shutdown op;

    if (copy_from_guest(&op, arg, sizeof(op))) return -XEN_EFAULT;
    if (op.reason > SHUTDOWN_MAX || op.reason == SHUTDOWN_suspend || op.reason == SHUTDOWN_soft_reset)
        return -XEN_EINVAL;
    struct domain *d = domain_get(op.domain_id);
    if (!d) return -XEN_ESRCH;
    long rc = ask_about(OP_SCHEDOP_remote_shutdown, d, d->domid);
    if (!rc && d->is_control) rc = -XEN_EPERM; /* it goes by its own shutdown only */
    if (!rc) sched_end_domain(d, op.reason);
    domain_put(d);
    return rc;
}

static long op_watchdog(struct vcpu *v, uint64_t arg)
{
    struct sched_watchdog op;

    return copy_from_guest(&op, arg, sizeof(op)) ? -XEN_EFAULT : watchdog_op(v->domain, op.id, op.timeout);
}

static const struct {
    long (*fn)(struct vcpu *v, uint64_t arg);
    enum operation op;
} ops[] = {SCHED_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

long do_sched_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
    uint32_t n = (uint32_t)cmd;

    if (n >= ARRAY_SIZE(ops) || !ops[n].fn) return -XEN_ENOSYS;
    long rc = ask_first(ops[n].op, n);
    return rc ? rc : ask_done(ops[n].op, ops[n].fn(current, arg));
}
