/* SPDX-License-Identifier: MIT */
/* vcpu_op: a domain's calls about its own vCPUs. */
#include "hypercall/handler.h"
#include "sched/sched.h"
#include "sched/vcpu_info.h"
#include "sched/vcpu_timer.h"
#include "domain/context.h"
#include <xen/sched.h>
#include <xen/vcpu.h>

BUILD_ASSERT(sizeof(struct vcpu_runstate_info) == 48);
BUILD_ASSERT(sizeof(struct vcpu_time_info) == 32);
BUILD_ASSERT(XEN_LEGACY_MAX_VCPUS == BH_VCPUS_MAX); /* every vCPU has a slot in shared_info */

enum { STARTING = 2 }; /* vcpu.initialised, while one caller sets it up */

/* Too large for the stack. Nothing secret in it yet: where a vCPU that never ran is to start. Wiped all the same. */
static long op_initialise(struct vcpu *v, uint64_t arg)
{
    uint32_t fresh = 0;

    if (__atomic_load_n(&v->initialised, __ATOMIC_SEQ_CST)) return -XEN_EEXIST;
    struct vcpu_guest_context *c = heap_alloc(sizeof(*c));
    if (!c) return -XEN_ENOMEM;
    long rc = copy_from_guest(c, arg, sizeof(*c));
    if (!rc &&
        !__atomic_compare_exchange_n(&v->initialised, &fresh, STARTING, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        rc = -XEN_EEXIST;
    else if (!rc) {
        rc = vcpu_set_context(v, c);
        __atomic_store_n(&v->initialised, rc == 0, __ATOMIC_SEQ_CST);
    }
    wipe(c, sizeof(*c));
    heap_free(c);
    return rc;
}

static long op_up(struct vcpu *v, uint64_t arg)
{
    if (__atomic_load_n(&v->initialised, __ATOMIC_SEQ_CST) != 1) return -XEN_EINVAL;
    __atomic_fetch_or(&v->work, VCPU_WORK_TIME, __ATOMIC_SEQ_CST);
    __atomic_store_n(&v->online, 1, __ATOMIC_SEQ_CST);
    sched_vcpu_state_changed(v);
    return 0;
}

static uint32_t others_online(const struct vcpu *v)
{
    const struct domain *d = v->domain;
    uint32_t online = 0;

    for (uint32_t i = 0; i < d->nr_vcpus; i++)
        online += d->vcpu[i] && d->vcpu[i] != v && __atomic_load_n(&d->vcpu[i]->online, __ATOMIC_SEQ_CST);
    return online;
}

/* When the last one goes down the domain is off. Where two go at once each may still see the other: nobody is asked for
 * the machine's end, and it does not come. */
static long op_down(struct vcpu *v, uint64_t arg)
{
    struct domain *d = v->domain;
    bool last = !others_online(v);
    long rc = last && d->is_control ? ask_own(OP_VCPUOP_down_machine, v->id) : 0;

    if (rc) return rc;
    __atomic_store_n(&v->online, 0, __ATOMIC_SEQ_CST);
    sched_vcpu_state_changed(v);
    if (last || (!d->is_control && !others_online(v))) sched_end_domain(d, SHUTDOWN_poweroff);
    return 0;
}

static long op_is_up(struct vcpu *v, uint64_t arg)
{
    return __atomic_load_n(&v->online, __ATOMIC_SEQ_CST) != 0;
}

static long op_get_runstate(struct vcpu *v, uint64_t arg)
{
    struct vcpu_runstate_info info = {0};
    struct runstate r;

    sched_runstate_get(v, &r);
    info.state = (int)r.state;
    info.state_entry_time = r.entered;
    memcpy(info.time, r.time, sizeof(info.time));
    return copy_to_guest(arg, &info, sizeof(info)) ? -XEN_EFAULT : 0;
}

static long register_area(struct vcpu *v, uint64_t arg, gva_t *area, size_t size, uint32_t work)
{
    uint64_t address;

    if (copy_from_guest(&address, arg, sizeof(address))) return -XEN_EFAULT;
    if (address && !guest_range_ok(address, 1, size)) return -XEN_EFAULT;
    WRITE_ONCE(*area, address);
    v->sched.time_fresh = false;
    __atomic_fetch_or(&v->work, work, __ATOMIC_SEQ_CST); /* for a vCPU that runs elsewhere: when it next passes by */
    sched_notify(v);
    return 0;
}

static long op_runstate_area(struct vcpu *v, uint64_t arg)
{
    return register_area(v, arg, &v->runstate_area, sizeof(struct vcpu_runstate_info), VCPU_WORK_RUNSTATE);
}

static long op_time_area(struct vcpu *v, uint64_t arg)
{
    return register_area(v, arg, &v->time_area, sizeof(struct vcpu_time_info), VCPU_WORK_TIME);
}

static long op_register_info(struct vcpu *v, uint64_t arg)
{
    struct vcpu_register_vcpu_info op;

    return copy_from_guest(&op, arg, sizeof(op)) ? -XEN_EFAULT : vcpu_info_register(v, &op);
}

static long op_set_periodic(struct vcpu *v, uint64_t arg)
{
    struct vcpu_set_periodic_timer op;

    return copy_from_guest(&op, arg, sizeof(op)) ? -XEN_EFAULT : vcpu_timer_periodic(v, op.period_ns);
}

static long op_stop_periodic(struct vcpu *v, uint64_t arg)
{
    vcpu_timer_periodic_stop(v);
    return 0;
}

static long op_set_singleshot(struct vcpu *v, uint64_t arg)
{
    struct vcpu_set_singleshot_timer op;

    if (v != current) return -XEN_EINVAL;
    return copy_from_guest(&op, arg, sizeof(op)) ? -XEN_EFAULT : vcpu_timer_singleshot(v, &op);
}

static long op_stop_singleshot(struct vcpu *v, uint64_t arg)
{
    if (v != current) return -XEN_EINVAL;
    timer_stop(&v->singleshot_timer);
    return 0;
}

/* Guests get no NMIs (callback_op): better said than silently dropped. */
static long op_send_nmi(struct vcpu *v, uint64_t arg)
{
    return -XEN_ENOSYS;
}

/* Only for vCPUs that are pinned, which none is. */
static long op_get_physid(struct vcpu *v, uint64_t arg)
{
    return -XEN_EINVAL;
}

static const struct {
    long (*fn)(struct vcpu *v, uint64_t arg);
    enum operation op;
} ops[] = {VCPU_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

long do_vcpu_op(uint64_t cmd, uint64_t id, uint64_t arg, uint64_t a4, uint64_t a5)
{
    struct domain *d = current->domain;
    uint32_t n = (uint32_t)cmd, vcpu = (uint32_t)id;

    if (vcpu >= d->nr_vcpus || vcpu >= BH_VCPUS_MAX || !d->vcpu[vcpu]) return -XEN_ENOENT;
    if (n >= ARRAY_SIZE(ops) || !ops[n].fn) return -XEN_ENOSYS;
    long rc = ask_first(ops[n].op, vcpu);
    if (!rc) rc = ops[n].fn(d->vcpu[vcpu], arg);
    return rc == -XEN_EAGAIN ? hypercall_again(cmd, id, arg, a4, a5)
                             : rc; /* a table that takes several steps to validate */
}
