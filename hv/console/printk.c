/* SPDX-License-Identifier: MIT */
/* Formatting, and the console's ring. */
#include "hv.h"
#include <stdarg.h>
#include "console/uart.h"

#define RING_SIZE 65536u

static char ring[RING_SIZE];
static uint64_t ring_head; /* bytes ever written */
static struct spinlock console_lock = SPINLOCK(RANK_CONSOLE);
static bool line_start = true;

struct out {
    char *buf;
    size_t size, len;
};

static void put(struct out *o, char c)
{
    if (o->len + 1 < o->size) o->buf[o->len] = c;
    o->len++;
}

static void put_number(struct out *o, uint64_t v, unsigned int base, bool negative, int width, char pad)
{
    char tmp[24];
    int n = 0;

    do {
        tmp[n++] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v);
    if (negative && pad == '0') put(o, '-');
    for (int i = n + negative; i < width; i++)
        put(o, pad);
    if (negative && pad != '0') put(o, '-');
    while (n)
        put(o, tmp[--n]);
}

static void put_string(struct out *o, const char *s, int width, int precision)
{
    size_t n = s ? strnlen(s, precision < 0 ? 4096 : (size_t)precision) : 6;

    for (size_t i = 0; i < n; i++)
        put(o, s ? s[i] : "(null)"[i]);
    for (int i = (int)n; i < width; i++)
        put(o, ' ');
}

static size_t vformat(char *buf, size_t size, const char *f, va_list ap)
{
    struct out o = {buf, size, 0};

    for (; *f; f++) {
        if (*f != '%') {
            put(&o, *f);
            continue;
        }
        char pad = ' ';
        int width = 0, precision = -1, longs = 0;
        f++;
        while (*f == '0' || *f == '-') {
            if (*f == '0') pad = '0';
            f++;
        }
        while (*f >= '0' && *f <= '9')
            width = width * 10 + *f++ - '0';
        if (*f == '.') {
            f++;
            precision = 0;
            if (*f == '*') {
                precision = va_arg(ap, int);
                f++;
            }
            while (*f >= '0' && *f <= '9')
                precision = precision * 10 + *f++ - '0';
        }
        while (*f == 'l' || *f == 'z') {
            longs++;
            f++;
        }
        switch (*f) {
        case 'd': {
            int64_t v = longs ? va_arg(ap, long) : va_arg(ap, int);
            put_number(&o, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0, width, pad);
            break;
        }
        case 'u':
        case 'x': {
            uint64_t v = longs ? va_arg(ap, unsigned long) : va_arg(ap, unsigned int);
            put_number(&o, v, *f == 'u' ? 10 : 16, false, width, pad);
            break;
        }
        case 'p':
            put_number(&o, (uintptr_t)va_arg(ap, void *), 16, false, 16, '0');
            break;
        case 's':
            put_string(&o, va_arg(ap, const char *), width, precision);
            break;
        case 'c':
            put(&o, (char)va_arg(ap, int));
            break;
        case '%':
            put(&o, '%');
            break;
        default:
            put(&o, '?');
            break;
        }
        if (!*f) break;
    }
    if (size) buf[MIN(o.len, size - 1)] = 0;
    return MIN(o.len, size ? size - 1 : 0);
}

int snprintk(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    size_t n = vformat(buf, size, fmt, ap);
    va_end(ap);
    return (int)n;
}

int vsnprintk(char *buf, size_t size, const char *fmt, va_list ap)
{
    return (int)vformat(buf, size, fmt, ap);
}

static void emit(char c)
{
    if (c == '\n') uart_putc('\r');
    uart_putc(c);
    ring[ring_head++ % RING_SIZE] = c;
}

void console_write(const char *s, size_t n)
{
    spin_lock(&console_lock);
    for (size_t i = 0; i < n; i++)
        emit(s[i]);
    if (n) line_start = s[n - 1] == '\n';
    spin_unlock(&console_lock);
}

static void print_line(const char *fmt, va_list ap)
{
    char buf[400];
    size_t n = vformat(buf, sizeof(buf), fmt, ap);

    spin_lock(&console_lock);
    if (!line_start && n > 1) emit('\n');
    for (const char *p = "(bh) "; n > 1 && *p; p++)
        emit(*p);
    for (size_t i = 0; i < n; i++)
        emit(buf[i]);
    line_start = true;
    if (n && buf[n - 1] != '\n') emit('\n');
    spin_unlock(&console_lock);
}

void printk(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    print_line(fmt, ap);
    va_end(ap);
}

/* At most 10 lines a second that a guest can cause; races only miscount the suppressed ones. */
void printk_guest(const char *fmt, ...)
{
    static ns_t window_start;
    static uint32_t in_window, suppressed;
    ns_t now = now_ns();
    va_list ap;

    if (now - window_start > 1000000000ul) {
        window_start = now;
        in_window = 0;
        if (suppressed) printk("%u lines about guests suppressed", suppressed);
        suppressed = 0;
    }
    if (in_window++ >= 10) {
        suppressed++;
        return;
    }
    va_start(ap, fmt);
    print_line(fmt, ap);
    va_end(ap);
}

size_t console_ring_read(uint64_t *pos, char *buf, size_t n)
{
    size_t i = 0;

    spin_lock(&console_lock);
    if (ring_head - *pos > RING_SIZE) *pos = ring_head > RING_SIZE ? ring_head - RING_SIZE : 0;
    while (i < n && *pos < ring_head)
        buf[i++] = ring[(*pos)++ % RING_SIZE];
    spin_unlock(&console_lock);
    return i;
}

void console_init(void)
{
    uart_init();
}
