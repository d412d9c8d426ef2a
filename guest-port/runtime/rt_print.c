/* SPDX-License-Identifier: MIT */
#include "rt_lib.h"

struct print_out {
    char *buf;
    size_t size, used;
};

static void put(struct print_out *o, char c)
{
    if (o->used + 1 < o->size) o->buf[o->used] = c;
    o->used++;
}

struct print_spec {
    bool left, zero, prefix;
    int width, precision, longs;
};

static void put_padded(struct print_out *o, const struct print_spec *s, const char *text, size_t size)
{
    size_t pad = s->width > 0 && (size_t)s->width > size ? (size_t)s->width - size : 0;

    if (s->zero && !s->left && size && text[0] == '-') {
        put(o, '-');
        text++;
        size--;
    }
    for (size_t i = 0; !s->left && i < pad; i++)
        put(o, s->zero ? '0' : ' ');
    for (size_t i = 0; i < size; i++)
        put(o, text[i]);
    for (size_t i = 0; s->left && i < pad; i++)
        put(o, ' ');
}

static void put_number(struct print_out *o, const struct print_spec *s, uint64_t value, unsigned base, bool negative,
                       bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[32];
    size_t at = sizeof(text);

    do {
        text[--at] = digits[value % base];
        value /= base;
    } while (value);
    if (s->prefix && base == 16) {
        text[--at] = 'x';
        text[--at] = '0';
    }
    if (negative) text[--at] = '-';
    put_padded(o, s, text + at, sizeof(text) - at);
}

static uint64_t take_unsigned(const struct print_spec *s, va_list *args)
{
    return s->longs ? va_arg(*args, unsigned long) : va_arg(*args, unsigned int);
}

static int64_t take_signed(const struct print_spec *s, va_list *args)
{
    return s->longs ? va_arg(*args, long) : va_arg(*args, int);
}

static const char *parse_spec(struct print_spec *s, const char *f, va_list *args)
{
    *s = (struct print_spec){.precision = -1};
    for (; *f == '-' || *f == '0' || *f == '#'; f++) {
        s->left |= *f == '-';
        s->zero |= *f == '0';
        s->prefix |= *f == '#';
    }
    if (*f == '*') {
        s->width = va_arg(*args, int);
        f++;
    }
    for (; *f >= '0' && *f <= '9'; f++)
        s->width = s->width * 10 + (*f - '0');
    if (*f == '.') {
        f++;
        s->precision = 0;
        for (; *f >= '0' && *f <= '9'; f++)
            s->precision = s->precision * 10 + (*f - '0');
    }
    for (; *f == 'l' || *f == 'z'; f++)
        s->longs++;
    return f;
}

static void put_string(struct print_out *o, const struct print_spec *s, const char *text)
{
    size_t size;

    text = text ? text : "(null)";
    for (size = 0; (s->precision < 0 || size < (size_t)s->precision) && text[size]; size++)
        ;
    put_padded(o, s, text, size);
}

static void put_one(struct print_out *o, const struct print_spec *s, char type, va_list *args)
{
    char c;
    int64_t value;

    switch (type) {
    case 'd':
    case 'i':
        value = take_signed(s, args);
        put_number(o, s, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, value < 0, false);
        break;
    case 'u':
        put_number(o, s, take_unsigned(s, args), 10, false, false);
        break;
    case 'x':
    case 'X':
        put_number(o, s, take_unsigned(s, args), 16, false, type == 'X');
        break;
    case 'p':
        put_number(o, s, (uint64_t)va_arg(*args, void *), 16, false, false);
        break;
    case 'c':
        c = (char)va_arg(*args, int);
        put_padded(o, s, &c, 1);
        break;
    case 's':
        put_string(o, s, va_arg(*args, const char *));
        break;
    default:
        put(o, type);
    }
}

int rt_vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
    struct print_out o = {.buf = buf, .size = size};
    struct print_spec s;
    va_list copy;

    va_copy(copy, args);
    for (const char *f = format; *f; f++) {
        if (*f != '%') {
            put(&o, *f);
            continue;
        }
        f = parse_spec(&s, f + 1, &copy);
        if (!*f) break;
        put_one(&o, &s, *f, &copy);
    }
    va_end(copy);
    if (size) buf[o.used < size ? o.used : size - 1] = 0;
    return (int)o.used;
}

int rt_snprintf(char *buf, size_t size, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = rt_vsnprintf(buf, size, format, args);
    va_end(args);
    return n;
}
