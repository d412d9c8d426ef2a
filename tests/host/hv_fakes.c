/* SPDX-License-Identifier: MIT */
#include "hv_fakes.h"
#include "console.h"
#include "cpu/lapic.h"
#include "device/device.h"
#include "device/pirq.h"
#include "domain/lifecycle.h"
#include "hypercall/hypercall.h"
#include "mm/access.h"
#include "mm/frame.h"
#include "monitor/monitor.h"
#include "monitor/sharing.h"
#include "time/clock.h"

struct cpu_info fake_cpus[CPUS_MAX];
struct cpu_info *cpu_infos[CPUS_MAX];
unsigned int fake_cpu, cpus_online;
ns_t fake_now, fake_lapic[CPUS_MAX];
unsigned int fake_kicks[CPUS_MAX], fake_shutdowns, fake_pages;
int fake_monitor_rc;
enum bh_perm fake_last_perm;
const struct domain *fake_last_object;
bool fake_preempt, fake_again;

static uint32_t held[RANK_CONSOLE + 1]; /* locks held of each rank */
static struct domain *domains[DOMAINS_MAX];
static uint32_t next_domid;

void fakes_reset(unsigned int cpus)
{
    memset(fake_cpus, 0, sizeof(fake_cpus));
    memset(fake_kicks, 0, sizeof(fake_kicks));
    memset(held, 0, sizeof(held));
    memset(domains, 0, sizeof(domains));
    next_domid = 0;
    cpus_online = cpus;
    for (unsigned int i = 0; i < CPUS_MAX; i++) {
        fake_cpus[i].cpu = i;
        cpu_infos[i] = &fake_cpus[i];
        fake_lapic[i] = ~0ul;
    }
    fake_cpu = 0;
    fake_now += 10000000000; /* never back: the code under test keeps times of its own */
    fake_shutdowns = 0;
    fake_monitor_rc = 0;
    fake_preempt = fake_again = false;
}

/* --- Locks: rank order as in hv/include/spinlock.h --- */

void spin_init(struct spinlock *l, enum lock_rank rank)
{
    *l = (struct spinlock){.rank = (uint16_t)rank};
}

static void take(struct spinlock *l, bool nested)
{
    assert_int_equal(l->cpu, 0);
    for (unsigned int r = l->rank + (nested ? 1u : 0u); r < ARRAY_SIZE(held); r++)
        assert_int_equal(held[r], 0);
    l->cpu = 1;
    held[l->rank]++;
}

void spin_lock(struct spinlock *l)
{
    take(l, false);
}

void spin_lock_nested(struct spinlock *l)
{
    take(l, true);
}

bool spin_trylock(struct spinlock *l)
{
    if (l->cpu) return false;
    take(l, false);
    return true;
}

void spin_unlock(struct spinlock *l)
{
    assert_int_equal(l->cpu, 1);
    l->cpu = 0;
    held[l->rank]--;
}

bool spin_is_held(const struct spinlock *l)
{
    return l->cpu;
}

/* --- Machine --- */

void cpu_kick(unsigned int cpu)
{
    fake_kicks[cpu]++;
}

#ifndef FAKES_OWN_CLOCK
ns_t now_ns(void)
{
    return fake_now;
}
#endif

uint64_t clock_lapic_hz(void)
{
    return 1000000000;
}

void lapic_write(uint32_t reg, uint32_t value)
{
    if (reg == LAPIC_TIMER_INIT) fake_lapic[fake_cpu] = value ? fake_now + value : ~0ul;
}

void printk_guest(const char *fmt, ...)
{
    (void)fmt;
}

void printk(const char *fmt, ...)
{
    (void)fmt;
}

void panic(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    abort();
}

/* --- Memory: guest and hypervisor share the test's address space --- */

int copy_from_guest(void *dst, gva_t src, size_t n)
{
    if (src < 4096) {
        memset(dst, 0, n);
        return -XEN_EFAULT;
    }
    memcpy(dst, (const void *)src, n);
    return 0;
}

int copy_to_guest(gva_t dst, const void *src, size_t n)
{
    if (dst < 4096) return -XEN_EFAULT;
    memcpy((void *)dst, src, n);
    return 0;
}

bool guest_range_ok(gva_t p, uint64_t count, uint64_t size)
{
    (void)count, (void)size;
    return p < 1ul << 47;
}

void *heap_alloc_pages(size_t n)
{
    fake_pages += (unsigned int)n;
    return calloc(n, PAGE_SIZE);
}

void heap_free_pages(void *p, size_t n)
{
    fake_pages -= (unsigned int)n;
    free(p);
}

void *heap_alloc(size_t size)
{
    return calloc(1, size);
}

void heap_free(void *p)
{
    free(p);
}

/* --- Others' parts --- */

int monitor_check(struct domain *subject, const struct domain *object, enum bh_perm perm, uint64_t id)
{
    (void)subject, (void)id;
    fake_last_perm = perm;
    fake_last_object = object;
    return fake_monitor_rc;
}

/* No test makes a domain. */
int monitor_check_label(struct domain *subject, const struct label *object, uint32_t target_id, enum bh_perm perm,
                        uint64_t object_id)
{
    (void)subject, (void)object, (void)target_id, (void)perm, (void)object_id;
    abort();
}

int monitor_check_hardware(struct domain *subject, enum bh_perm perm, uint64_t first, uint64_t last)
{
    (void)last;
    return monitor_check(subject, NULL, perm, first);
}

uint32_t fake_ceiling;

int monitor_within(struct domain *d, enum policy_limit limit, uint64_t wanted)
{
    (void)d, (void)limit;
    return fake_ceiling && wanted > fake_ceiling ? -XEN_EACCES : 0;
}

bool hypercall_preempt(void)
{
    return fake_preempt;
}

long hypercall_again(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    fake_again = true;
    return 0;
}

void device_poweroff(void)
{
    abort();
}

bool restart_control(struct domain *d)
{
    (void)d;
    return false;
}

void device_reboot(void)
{
    abort();
}

struct domain *domain_get(uint32_t domid)
{
    if (domid == DOMID_SELF) domid = current->domain->domid;
    if (domid >= DOMAINS_MAX || !domains[domid]) return NULL;
    domains[domid]->refs++;
    return domains[domid];
}

void domain_put(struct domain *d)
{
    assert_true(d->refs > 1);
    d->refs--;
}

void domain_shutdown(struct domain *d, uint32_t reason)
{
    d->shutdown_reason = reason;
    fake_shutdowns++;
}

struct domain *fake_domain(uint32_t vcpus)
{
    struct domain *d = calloc(1, sizeof(*d));

    d->domid = next_domid++;
    d->refs = 1;
    d->may[BH_PERM_COUNT] = true;
    domains[d->domid] = d;
    d->shared_info = calloc(1, PAGE_SIZE);
    d->nr_vcpus = vcpus;
    for (uint32_t i = 0; i < vcpus; i++) {
        struct vcpu *v = d->vcpu[i] = calloc(1, sizeof(*v));
        v->domain = d;
        v->id = i;
        v->info = &d->shared_info->vcpu_info[i];
        v->info_mfn = v->kernel_l4 = v->user_l4 = INVALID_MFN;
        v->guest_kernel = 1;
    }
    return d;
}

void fake_domain_free(struct domain *d)
{
    assert_int_equal(d->refs, 1);
    domains[d->domid] = NULL;
    for (uint32_t i = 0; i < d->nr_vcpus; i++)
        free(d->vcpu[i]);
    free(d->shared_info);
    free(d);
}

void fake_run(struct vcpu *v)
{
    current = v;
}

/* --- A policy that is being loaded: there is none --- */

uint32_t sharing_watched;
void sharing_note(const struct domain *subject, const struct domain *object, enum operation op)
{
    (void)subject;
    (void)object;
    (void)op;
}
