/* SPDX-License-Identifier: MIT */
#include "lib.h"

void *memcpy(void *d, const void *s, size_t n)
{
    void *r = d;
    size_t words = n / 8;

    n &= 7;
    __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
    return r;
}

void *memmove(void *d, const void *s, size_t n)
{
    if ((uintptr_t)d - (uintptr_t)s >= n) return memcpy(d, s, n);
    const char *sp = (const char *)s + n;
    char *dp = (char *)d + n;
    while (n--)
        *--dp = *--sp;
    return d;
}

void *memset(void *d, int c, size_t n)
{
    void *r = d;
    size_t words = n / 8;
    uint64_t pattern = 0x0101010101010101ul * (uint8_t)c;

    n &= 7;
    __asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(pattern) : "memory");
    return r;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (; n; n--, x++, y++)
        if (*x != *y) return *x - *y;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a) return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

size_t strnlen(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i])
        i++;
    return i;
}

char *strstr(const char *h, const char *n)
{
    size_t len = strlen(n);
    for (; *h; h++)
        if (!strncmp(h, n, len)) return (char *)(uintptr_t)h;
    return len ? NULL : (char *)(uintptr_t)h;
}

bool mem_is_zero(const void *p, size_t n)
{
    const unsigned char *c = p;
    while (n--)
        if (*c++) return false;
    return true;
}

void wipe(void *p, size_t n)
{
    memset(p, 0, n);
    barrier();
}
