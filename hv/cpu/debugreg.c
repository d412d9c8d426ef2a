/* SPDX-License-Identifier: MIT */
/* Intel SDM volume 3, 17.2. A breakpoint never covers the hypervisor's range, GD and I/O breakpoints are refused. */
#include "hypercall/handler.h"
#include "cpu/debugreg.h"

#define DR7_FIXED   0x400ul
#define DR7_ENABLES 0xfful
#define DR7_GD      (1ul << 13)

static void load_hw(const struct vcpu_state *s)
{
    __asm__ volatile("mov %0, %%db0" : : "r"(s->debugreg[0]));
    __asm__ volatile("mov %0, %%db1" : : "r"(s->debugreg[1]));
    __asm__ volatile("mov %0, %%db2" : : "r"(s->debugreg[2]));
    __asm__ volatile("mov %0, %%db3" : : "r"(s->debugreg[3]));
    __asm__ volatile("mov %0, %%db7" : : "r"(s->debugreg[7] | DR7_FIXED));
}

int debugreg_read(struct vcpu *v, unsigned int reg, uint64_t *value)
{
    if (reg > 7) return -XEN_EINVAL;
    if (reg == 4 || reg == 5) reg += 2;
    *value = v->state->debugreg[reg] | (reg == 7 ? DR7_FIXED : reg == 6 ? 0xffff0ff0ul : 0);
    return 0;
}

/* R/W fields of DR7 at bits 16..31, two of four bits each: 2 is an I/O breakpoint. */
static int check_dr7(uint64_t value)
{
    if (value >> 32 || (value & DR7_GD)) return -XEN_EPERM;
    for (unsigned int i = 0; i < 4; i++)
        if ((value >> (2 * i) & 3) && (value >> (16 + 4 * i) & 3) == 2) return -XEN_EPERM;
    return 0;
}

int debugreg_write(struct vcpu *v, unsigned int reg, uint64_t value)
{
    struct vcpu_state *s = v->state;

    if (reg > 7) return -XEN_EINVAL;
    if (reg == 4 || reg == 5) reg += 2;
    if (reg < 4 && !guest_range_ok(value, 8, 1)) return -XEN_EPERM;
    if (reg == 7 && check_dr7(value)) return -XEN_EPERM;
    s->debugreg[reg] = reg == 6 ? value & 0xe00ful : reg == 7 ? value & ~DR7_FIXED : value;
    if (v == current && reg != 6 && ((s->debugreg[7] & DR7_ENABLES) || reg == 7)) load_hw(s);
    return 0;
}

void debugreg_save(struct vcpu *v)
{
    if (v->state->debugreg[7] & DR7_ENABLES) __asm__ volatile("mov %0, %%db7" : : "r"(DR7_FIXED));
}

void debugreg_load(struct vcpu *v)
{
    if (v->state->debugreg[7] & DR7_ENABLES) load_hw(v->state);
}

long do_set_debugreg(uint64_t reg, uint64_t value, uint64_t a3, uint64_t a4, uint64_t a5)
{
    return reg > 7 ? -XEN_EINVAL : debugreg_write(current, (unsigned int)reg, value);
}

long do_get_debugreg(uint64_t reg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    uint64_t value = 0;

    if (reg > 7 || debugreg_read(current, (unsigned int)reg, &value)) return -XEN_EINVAL;
    return (long)value;
}
