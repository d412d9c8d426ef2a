/* SPDX-License-Identifier: MIT */
/* Basic types and macros; the vocabulary of addresses.
 *   maddr  machine address, mfn  machine frame number (maddr >> 12)
 *   pfn    a guest's own ("pseudo-physical") frame number
 *   gva    guest-virtual address, hva a pointer in the hypervisor's own address space
 */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/errno.h>
#include <xen/xen.h>

typedef uint64_t maddr_t;
typedef uint64_t mfn_t;
typedef uint64_t gva_t;
typedef uint64_t ns_t; /* nanoseconds since the hypervisor's start */

#define INVALID_MFN                     (~(mfn_t)0)
#define PAGE_SHIFT                      12
#define PAGE_SIZE                       4096ul
#define PAGE_MASK                       (~(PAGE_SIZE - 1))
#define CHUNK_SHIFT                     21
#define CHUNK_SIZE                      (1ul << CHUNK_SHIFT)
#define CHUNK_FRAMES                    512ul
#define ARRAY_SIZE(a)                   (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                       ((a) < (b) ? (a) : (b))
#define MAX(a, b)                       ((a) > (b) ? (a) : (b))
#define ROUND_UP(x, n)                  (((x) + (n)-1) & ~((typeof(x))(n)-1))
#define ROUND_DOWN(x, n)                ((x) & ~((typeof(x))(n)-1))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define __packed                        __attribute__((packed))
#define __aligned(n)                    __attribute__((aligned(n)))
#define __noreturn                      __attribute__((noreturn))
#define __printf(f, a)                  __attribute__((format(printf, f, a)))
#define __section(s)                    __attribute__((section(s)))
#define __used                          __attribute__((used))
#define likely(x)                       __builtin_expect(!!(x), 1)
#define unlikely(x)                     __builtin_expect(!!(x), 0)
#define barrier()                       __asm__ volatile("" ::: "memory")

/* One load or store, never torn or repeated by the compiler. */
#define READ_ONCE(x)     (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))

#define CPUS_MAX 64 /* physical CPUs; CPU masks are one uint64_t */

#endif
