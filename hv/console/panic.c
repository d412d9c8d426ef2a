/* SPDX-License-Identifier: MIT */
/* The last words: only for broken hardware and broken invariants of the hypervisor itself. */
#include <stdarg.h>
#include "console.h"
#include "cpu/percpu.h"
#include "console/uart.h"

extern char _image_start[], _text_end[];

/* Return addresses on this stack that point into the code: a trace good enough to find the place. */
static void print_stack(void)
{
    uint64_t *sp = (uint64_t *)__builtin_frame_address(0);
    uint64_t *end = (uint64_t *)this_cpu();
    uint64_t *page_end = (uint64_t *)(((uint64_t)sp | (PAGE_SIZE - 1)) + 1);
    char line[128];
    int found = 0;

    if (((uint64_t)sp & (STACK_BLOCK - 1)) < STACK_MAIN) end = page_end; /* a page of its own */
    for (; sp < end && found < 16; sp++)
        if (*sp >= (uint64_t)_image_start && *sp < (uint64_t)_text_end) {
            int n = snprintk(line, sizeof(line), "  [%p] %lx\n", (void *)sp, *sp);
            for (int i = 0; i < n; i++)
                uart_putc(line[i]);
            found++;
        }
}

void panic(const char *fmt, ...)
{
    static uint32_t panicked;
    char msg[300];
    va_list ap;

    cpus_stop();
    if (!__atomic_exchange_n(&panicked, 1, __ATOMIC_SEQ_CST)) {
        va_start(ap, fmt);
        char text[200];
        /* printk's lock may be held by the CPU that broke: write past it. */
        int n = vsnprintk(text, sizeof(text), fmt, ap);
        va_end(ap);
        (void)n;
        n = snprintk(msg, sizeof(msg), "\n(bh) PANIC on CPU %u: %s\n(bh) halted; the machine needs a reset\n",
                     current_cpu(), text);
        for (int i = 0; i < n; i++)
            uart_putc(msg[i]);
        print_stack();
    }
    for (;;)
        __asm__ volatile("cli; hlt");
}
