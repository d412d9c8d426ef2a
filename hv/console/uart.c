/* SPDX-License-Identifier: MIT */
/* 16550 at COM1, polled (PC16550D data sheet, section 8): 115200 8N1. */
#include "console/uart.h"
#include "cpu/io.h"

#define COM1     0x3f8
#define LSR_DATA 0x01
#define LSR_THRE 0x20
#define WAIT_MAX 100000 /* polls: a port that never drains must not hang the machine */

static bool present;

void uart_init(void)
{
    outb(COM1 + 7, 0x5a);
    if (inb(COM1 + 7) != 0x5a) return;
    outb(COM1 + 1, 0);
    outb(COM1 + 3, 0x80);
    outb(COM1 + 0, 1);
    outb(COM1 + 1, 0);
    outb(COM1 + 3, 3);
    outb(COM1 + 2, 7);
    outb(COM1 + 4, 3);
    present = true;
}

void uart_putc(char c)
{
    if (!present) return;
    for (int i = 0; i < WAIT_MAX && !(inb(COM1 + 5) & LSR_THRE); i++)
        cpu_relax();
    outb(COM1, c);
}

int uart_getc(void)
{
    if (!present || !(inb(COM1 + 5) & LSR_DATA)) return -1;
    return inb(COM1);
}

void uart_enable_rx_irq(void)
{
    if (present) {
        outb(COM1 + 4, 0x0b);
        outb(COM1 + 1, 1);
    }
}
