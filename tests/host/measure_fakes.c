/* SPDX-License-Identifier: MIT */
/* What hv/measure takes from the rest of the hypervisor, for host tests: one CPU, a panic that aborts. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "console.h"
#include "lib.h"
#include "spinlock.h"
#include "measure_fakes.h"

char fake_console[16384];

void printk(const char *fmt, ...)
{
    size_t used = strlen(fake_console);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(fake_console + used, sizeof(fake_console) - used, fmt, ap);
    va_end(ap);
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    abort();
}

void wipe(void *p, size_t n)
{
    memset(p, 0, n);
    __asm__ volatile("" : : "r"(p) : "memory");
}

bool mem_is_zero(const void *p, size_t n)
{
    const uint8_t *b = p;

    while (n && !*b)
        b++, n--;
    return n == 0;
}

/* A second taking by the one CPU would be a deadlock. */
void spin_lock(struct spinlock *l)
{
    ASSERT(!l->cpu);
    l->cpu = 1;
}

bool spin_trylock(struct spinlock *l)
{
    if (l->cpu)
        return false;
    l->cpu = 1;
    return true;
}

void spin_unlock(struct spinlock *l)
{
    ASSERT(l->cpu);
    l->cpu = 0;
}

bool spin_is_held(const struct spinlock *l)
{
    return l->cpu;
}
