/* SPDX-License-Identifier: MIT */
#include "measure_fakes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "boot/txt.h"
#include "console.h"
#include "cpu/percpu.h"
#include "hypercall/hypercall.h"
#include "lib.h"
#include "measure/measure.h"
#include "mm/access.h"
#include "monitor/audit.h"
#include "monitor/monitor.h"
#include "monitor/policy_load.h"
#include "spinlock.h"
#include "time/clock.h"
#include "time/timer.h"

char fake_console[16384];
ns_t fake_now = 1, fake_tick = 1000;
int fake_monitor_rc;
enum bh_perm fake_last_perm;
unsigned int fake_asked, fake_again;
struct cpu_info fake_cpus[CPUS_MAX];
unsigned int fake_cpu;

static uint8_t *vault;
static bool in_vault;

void printk(const char *fmt, ...)
{
    size_t used = strlen(fake_console);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(fake_console + used, sizeof(fake_console) - used, fmt, ap);
    va_end(ap);
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    abort();
}

void wipe(void *p, size_t n)
{
    memset(p, 0, n);
    __asm__ volatile("" : : "r"(p) : "memory");
}

/* A second taking by the one CPU would be a deadlock. */
void spin_lock(struct spinlock *l)
{
    ASSERT(!l->cpu);
    l->cpu = 1;
}

bool fake_lock_queued;

bool spin_trylock(struct spinlock *l)
{
    if (l->cpu || fake_lock_queued) return false;
    l->cpu = 1;
    return true;
}

void spin_unlock(struct spinlock *l)
{
    ASSERT(l->cpu);
    l->cpu = 0;
}

ns_t now_ns(void)
{
    return fake_now += fake_tick;
}

static struct timer *armed;

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
    *t = (struct timer){.fn = fn, .arg = arg};
}

void timer_set(struct timer *t, ns_t deadline)
{
    t->deadline = deadline;
    armed = t;
}

void fake_time_passes(ns_t ns)
{
    struct timer *t;
    ns_t end = fake_now + ns;

    while ((t = armed) && t->deadline <= end) {
        armed = NULL;
        fake_now = t->deadline > fake_now ? t->deadline : fake_now;
        t->fn(t->arg);
    }
    fake_now = end > fake_now ? end : fake_now;
}

void *vault_enter(void)
{
    ASSERT(!in_vault);
    in_vault = true;
    if (!vault) vault = mmap(NULL, VAULT_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT(mprotect(vault, VAULT_SIZE, PROT_READ | PROT_WRITE) == 0);
    return vault;
}

void vault_leave(void)
{
    ASSERT(in_vault && mprotect(vault, VAULT_SIZE, PROT_NONE) == 0);
    in_vault = false;
}

void (*fake_copied)(uint64_t src, size_t n);

int copy_from_guest(void *dst, gva_t src, size_t n)
{
    ASSERT(!in_vault);
    memset(dst, 0, n);
    if (src < PAGE_SIZE) return -XEN_EFAULT;
    memcpy(dst, (const void *)src, n);
    if (fake_copied) fake_copied(src, n);
    return 0;
}

int copy_to_guest(gva_t dst, const void *src, size_t n)
{
    ASSERT(!in_vault);
    if (dst < PAGE_SIZE) return -XEN_EFAULT;
    memcpy((void *)dst, src, n);
    return 0;
}

void *heap_alloc_pages(size_t n)
{
    return calloc(n, PAGE_SIZE);
}

int monitor_check(struct domain *subject, const struct domain *object, enum bh_perm perm, uint64_t object_id)
{
    (void)subject, (void)object, (void)object_id;
    fake_last_perm = perm;
    fake_asked++;
    return fake_monitor_rc;
}

uint32_t fake_reports_ceiling;

int monitor_within(struct domain *d, enum policy_limit limit, uint64_t wanted)
{
    (void)d;
    if (limit != POLICY_LIMIT_REPORTS) abort();
    return fake_reports_ceiling && wanted > fake_reports_ceiling ? -XEN_EACCES : 0;
}

int monitor_check_hardware(struct domain *subject, enum bh_perm perm, uint64_t first, uint64_t last)
{
    (void)last;
    return monitor_check(subject, NULL, perm, first);
}

/* No test makes a domain. */
int monitor_check_label(struct domain *subject, const struct label *object, uint32_t target_id, enum bh_perm perm,
                        uint64_t object_id)
{
    (void)subject, (void)object, (void)target_id, (void)perm, (void)object_id;
    abort();
}

void monitor_type_name(const struct label *label, char *out)
{
    memset(out, 0, BH_TYPE_MAX);
    snprintf(out, BH_TYPE_MAX, "type%u_t", label->type);
}

const uint8_t *monitor_policy_digest(void)
{
    static const uint8_t digest[32] = {0x70, 0x6f, 0x6c};

    return digest;
}

uint32_t monitor_policy_version(void)
{
    return 7;
}

void audit_hash_seq(uint8_t out[32], uint64_t *seq)
{
    memset(out, 0xa0, 32);
    *seq = 77;
}

long hypercall_again(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    fake_again++;
    return FAKE_AGAIN;
}

/* What tboot says of a late launch (boot/txt.c). */
bool fake_launched;
uint8_t fake_log[4096];
size_t fake_log_len;

bool txt_launched(void)
{
    return fake_launched;
}

const uint8_t *txt_log(size_t *len)
{
    *len = fake_log_len;
    return fake_log_len ? fake_log : NULL;
}

bool policy_taking_down;
