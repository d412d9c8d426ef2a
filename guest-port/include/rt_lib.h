/* SPDX-License-Identifier: MIT */
/* The few pieces of a C library that a freestanding kernel needs. */
#ifndef RT_LIB_H
#define RT_LIB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RT_ARRAY_SIZE(a)    (sizeof(a) / sizeof((a)[0]))
#define RT_PAGE_SIZE        4096ul
#define RT_PAGE_ALIGN       __attribute__((aligned(4096)))
#define RT_READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define RT_WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define rt_barrier()        __asm__ volatile("" ::: "memory")
#define rt_mb()             __asm__ volatile("mfence" ::: "memory")
#define rt_pause()          __asm__ volatile("pause" ::: "memory")

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
const char *strstr(const char *where, const char *what);

/* Knows %d %i %u %x %X %p %s %c %% with 0, -, #, a width, and the sizes l, ll, z. Always ends in a NUL;
 * returns the length that the whole text would have. */
int rt_vsnprintf(char *buf, size_t size, const char *format, va_list args);
int rt_snprintf(char *buf, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Repeatable pseudo-random numbers (xorshift); a test that fails, fails again. */
uint64_t rt_random(void);
void rt_random_seed(uint64_t seed);

#endif
