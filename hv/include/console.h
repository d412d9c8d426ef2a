/* SPDX-License-Identifier: MIT */
/* The hypervisor's console: a 16550 and a ring that dom0 can read. */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include "types.h"

/* Formats: %d %u %x %lx %ld %lu %llx %p %s %c %02x widths, zero fill and precision for %s. A line
 * starts with "(bh) " by itself. Safe in every context. */
void printk(const char *fmt, ...) __printf(1, 2);
/* For text that a guest can cause: at most 10 lines a second in all, the rest is counted. */
void printk_guest(const char *fmt, ...) __printf(1, 2);
int snprintk(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int vsnprintk(char *buf, size_t size, const char *fmt, __builtin_va_list ap);

/* Names what broke, prints registers and a stack trace where known, stops every CPU. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;

/* For the hypervisor's own invariants only, never for anything that a guest can choose. */
#define ASSERT(c)                                                                                                      \
    do {                                                                                                               \
        if (unlikely(!(c))) panic("assertion failed: %s at %s:%d", #c, __FILE__, __LINE__);                            \
    } while (0)
#define BUILD_ASSERT(c) _Static_assert(c, #c)

void console_init(void);
void console_write(const char *s, size_t n); /* raw bytes to UART and ring */
/* Copies from the ring at *pos on, moves *pos over what is gone or copied; bytes copied. */
size_t console_ring_read(uint64_t *pos, char *buf, size_t n);

#endif
