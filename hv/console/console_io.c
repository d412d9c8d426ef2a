/* SPDX-License-Identifier: MIT */
/* console_io (xen/xen.h): the boot domain's console on the hypervisor's serial port. */
#include "hypercall/handler.h"
#include "console/console_input.h"
#include "console/uart.h"
#include "event/evtchn.h"
#include "time/timer.h"

#define INPUT_SIZE 256u
#define POLL_NS    20000000ul

static char input[INPUT_SIZE];
static uint32_t in_head, in_tail;
static struct spinlock input_lock = SPINLOCK(RANK_CONSOLE);
static struct timer poll_timer;

static bool take_input(void)
{
    bool any = false;
    int c;

    spin_lock(&input_lock);
    while (in_head - in_tail < INPUT_SIZE && (c = uart_getc()) >= 0) {
        input[in_head++ % INPUT_SIZE] = (char)c;
        any = true;
    }
    spin_unlock(&input_lock);
    return any;
}

/* The serial port is polled: a line of typing needs no interrupt of its own. */
static void poll_input(void *arg)
{
    struct domain *control = __atomic_load_n(&control_domain, __ATOMIC_SEQ_CST);

    (void)arg;
    if (take_input() && control) evtchn_send_global_virq(control, VIRQ_CONSOLE);
    timer_set(&poll_timer, now_ns() + POLL_NS);
}

void console_input_start(void)
{
    timer_init(&poll_timer, poll_input, NULL);
    timer_set(&poll_timer, now_ns() + POLL_NS);
}

static long read_input(uint64_t count, gva_t buf)
{
    char out[64];
    uint32_t n = 0;

    take_input();
    spin_lock(&input_lock);
    while (n < MIN(count, sizeof(out)) && in_tail != in_head)
        out[n++] = input[in_tail++ % INPUT_SIZE];
    spin_unlock(&input_lock);
    return copy_to_guest(buf, out, n) ? -XEN_EFAULT : (long)n;
}

static long write_output(uint64_t count, gva_t buf)
{
    char out[128];

    while (count) {
        size_t n = MIN(count, sizeof(out));
        if (copy_from_guest(out, buf, n)) return -XEN_EFAULT;
        for (size_t i = 0; i < n; i++)
            if ((out[i] < 32 || out[i] == 127) && out[i] != '\n' && out[i] != '\r' && out[i] != '\t' &&
                out[i] != '\b' && out[i] != 27)
                out[i] = '?';
        console_write(out, n);
        count -= n;
        buf += n;
        if (count && hypercall_preempt()) return hypercall_again(CONSOLEIO_write, count, buf, 0, 0);
    }
    return 0;
}

static const struct {
    long (*fn)(uint64_t count, gva_t buf);
    enum operation op;
} ops[] = {CONSOLE_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

long do_console_io(uint64_t cmd, uint64_t count, uint64_t buf, uint64_t a4, uint64_t a5)
{
    if (cmd >= ARRAY_SIZE(ops)) return -XEN_ENOSYS;
    long rc = ask_first(ops[cmd].op, cmd);
    return rc ? rc : ops[cmd].fn((uint32_t)count, buf);
}
