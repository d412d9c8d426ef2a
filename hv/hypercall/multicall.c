/* SPDX-License-Identifier: MIT */
/* multicall (xen/xen.h): a list of calls in one. A nested multicall and iret are refused: neither has a meaning here.
 */
#include "hypercall/handler.h"

static bool allowed(uint64_t nr)
{
    return nr != __HYPERVISOR_multicall && nr != __HYPERVISOR_iret;
}

long do_multicall(uint64_t list, uint64_t count, uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct cpu_info *c = this_cpu();

    if (!guest_range_ok(list, (uint32_t)count, sizeof(struct multicall_entry))) return -XEN_EFAULT;
    for (uint32_t i = 0; i < (uint32_t)count; i++, list += sizeof(struct multicall_entry)) {
        struct multicall_entry e;
        if (i && hypercall_preempt()) return hypercall_again(list, (uint32_t)count - i, a3, a4, a5);
        if (copy_from_guest(&e, list, sizeof(e))) return -XEN_EFAULT;
        uint64_t args[5] = {e.args[0], e.args[1], e.args[2], e.args[3], e.args[4]};
        e.result = (xen_ulong_t)(allowed(e.op) ? hypercall_call(e.op, args) : -XEN_ENOSYS);
        if (c->hcall_again) {
            /* The inner call goes on from its own progress when this multicall is restarted at this entry. */
            for (unsigned int k = 0; k < 5; k++)
                e.args[k] = c->hcall_args[k];
            c->hcall_again = 0;
            if (copy_to_guest(list, &e, sizeof(e))) return -XEN_EFAULT;
            return hypercall_again(list, (uint32_t)count - i, a3, a4, a5);
        }
        if (copy_to_guest(list + offsetof(struct multicall_entry, result), &e.result, sizeof(e.result)))
            return -XEN_EFAULT;
    }
    return 0;
}
