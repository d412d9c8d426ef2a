/* SPDX-License-Identifier: MIT */
/* The few libc functions that freestanding code (and mbedTLS) needs, and bit operations. */
#ifndef HV_LIB_H
#define HV_LIB_H

#include "types.h"

void *memcpy(void *d, const void *s, size_t n);
void *memmove(void *d, const void *s, size_t n);
void *memset(void *d, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
char *strstr(const char *h, const char *n);
bool mem_is_zero(const void *p, size_t n);
void wipe(void *p, size_t n); /* memset to 0 that the compiler keeps */

static inline bool test_bit(unsigned int n, const volatile void *p)
{
    return (((const volatile uint64_t *)p)[n / 64] >> (n % 64)) & 1;
}
static inline bool test_and_set_bit(unsigned int n, volatile void *p)
{
    uint64_t m = 1ul << (n % 64);
    return __atomic_fetch_or((volatile uint64_t *)p + n / 64, m, __ATOMIC_SEQ_CST) & m;
}
static inline bool test_and_clear_bit(unsigned int n, volatile void *p)
{
    uint64_t m = 1ul << (n % 64);
    return __atomic_fetch_and((volatile uint64_t *)p + n / 64, ~m, __ATOMIC_SEQ_CST) & m;
}
static inline void set_bit(unsigned int n, volatile void *p)
{
    test_and_set_bit(n, p);
}
static inline void clear_bit(unsigned int n, volatile void *p)
{
    test_and_clear_bit(n, p);
}

#endif
