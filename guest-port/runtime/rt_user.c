/* SPDX-License-Identifier: MIT */
#include "rt.h"

static uint64_t user_l4_mfn;

uint64_t rt_user_l4_mfn(void)
{
    return user_l4_mfn;
}

static long map_page(uint64_t va)
{
    void *page = rt_page_alloc();

    return page ? rt_mm_map(va, rt_mm_va_mfn(page) << 12 | RT_RW) : -XEN_ENOMEM;
}

/* The user's top table shares the kernel's entry for the slot that holds the user's pages. */
long rt_user_init(void)
{
    uint64_t *l4 = rt_page_alloc();
    unsigned slot = RT_USER_CODE >> 39 & 511;
    long ret;

    if (!l4) return -XEN_ENOMEM;
    for (uint64_t va = RT_USER_CODE; va < RT_USER_TOP; va += RT_PAGE_SIZE) {
        ret = map_page(va);
        if (ret) return ret;
    }
    l4[slot] = rt_mm_l4()[slot];
    user_l4_mfn = rt_mm_va_mfn(l4);
    ret = rt_mm_protect(l4, RT_RO);
    if (!ret) ret = rt_mm_pin(4, user_l4_mfn);
    return ret ? ret : rt_mm_ext(MMUEXT_NEW_USER_BASEPTR, user_l4_mfn, 0);
}

void rt_user_load(const void *code, size_t size)
{
    memcpy((void *)RT_USER_CODE, code, size);
}

struct rt_regs rt_user_regs(uint64_t rip)
{
    return (struct rt_regs){.rip = rip, .cs = RT_CS_USER, .rflags = RT_IF | 2, .rsp = RT_USER_TOP, .ss = RT_SS};
}

/* A trap from user mode is put on the kernel stack that stack_switch names: below what is in use here.
 * The registers are copied there too, as rt_trap_return pops them off the stack. */
void rt_user_run(const struct rt_regs *regs, struct rt_fault *end)
{
    struct rt_regs copy = *regs;

    RT_CATCH(end, {
        rt_stack_switch(RT_SS, ((uint64_t)__builtin_frame_address(0) - 2048) & ~15ul);
        rt_trap_return(&copy);
    });
}
