/* SPDX-License-Identifier: MIT */
#ifndef HV_UART_H
#define HV_UART_H

#include "types.h"

void uart_init(void);
void uart_putc(char c);
int uart_getc(void); /* -1: nothing there */
void uart_enable_rx_irq(void);

#endif
