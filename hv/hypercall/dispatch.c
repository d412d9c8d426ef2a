/* SPDX-License-Identifier: MIT */
/* Number to handler, from the rows of operations.h; everything else is -ENOSYS. */
#include "hypercall/handler.h"
#include "bulkhead.h"

#define UNITS_PER_CALL 24 /* batches of work between looks at interrupts; one is at most some 10,000 instructions */
#define SYSCALL_LENGTH 2

static const struct call {
    hypercall_fn *fn;
    enum operation op; /* OP_NONE: its own rows are asked */
} table[] = {
#define CALL(name, class, permission, object, when, note) [__HYPERVISOR_##name] = {do_##name, OP_##name},
#define GROUP(name, ...)                                  [__HYPERVISOR_##name] = {do_##name, OP_NONE},
    HYPERCALL_OPERATIONS(CALL, GROUP) HYPERCALL_GROUPS(GROUP)[BH_HYPERCALL] = {do_bulkhead_op, OP_NONE},
};

bool hypercall_preempt(void)
{
    struct cpu_info *c = this_cpu();

    return READ_ONCE(c->need_resched) || ++c->hcall_units > UNITS_PER_CALL;
}

long hypercall_again(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct cpu_info *c = this_cpu();

    c->hcall_again = 1;
    c->hcall_args[0] = a1;
    c->hcall_args[1] = a2;
    c->hcall_args[2] = a3;
    c->hcall_args[3] = a4;
    c->hcall_args[4] = a5;
    return 0;
}

static inline long call(uint64_t nr, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    if (unlikely(nr >= ARRAY_SIZE(table) || !table[nr].fn)) return -XEN_ENOSYS;
    int rc = ask_first(table[nr].op, a1);
    return unlikely(rc) ? rc : table[nr].fn(a1, a2, a3, a4, a5);
}

long hypercall_call(uint64_t nr, const uint64_t *a)
{
    return call(nr, a[0], a[1], a[2], a[3], a[4]);
}

void hypercall_dispatch(struct cpu_regs *r)
{
    struct cpu_info *c = this_cpu();
    uint64_t nr = r->rax, rip = r->rip;

    c->hcall_units = 0;
    c->hcall_again = 0;
    if (nr == __HYPERVISOR_iret) { /* the frequent one; replaces the whole frame */
        int rc = ask_first(OP_iret, 0);
        if (unlikely(rc))
            r->rax = (uint64_t)rc;
        else
            do_iret(0, 0, 0, 0, 0);
        return;
    }
    long result = call(nr, r->rdi, r->rsi, r->rdx, r->r10, r->r8);
    if (unlikely(c->hcall_again)) {
        r->rip = rip - SYSCALL_LENGTH;
        r->rdi = c->hcall_args[0];
        r->rsi = c->hcall_args[1];
        r->rdx = c->hcall_args[2];
        r->r10 = c->hcall_args[3];
        r->r8 = c->hcall_args[4];
        return;
    }
    r->rax = (uint64_t)result;
}
