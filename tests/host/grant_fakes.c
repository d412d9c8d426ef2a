/* SPDX-License-Identifier: MIT */
#include "grant_fakes.h"

#include "console.h"
#include "domain/lifecycle.h"
#include "grant/grant.h"
#include "hypercall/hypercall.h"
#include "mm/access.h"
#include "mm/entry.h"
#include "mm/pte.h"
#include "monitor/monitor.h"
#include "monitor/sharing.h"

struct frame *frame_table;
mfn_t frame_count = FRAMES;
struct cpu_info fake_cpus[CPUS_MAX];
unsigned int fake_cpu;

struct frame frames[FRAMES];
uint8_t *ram;
static bool heap_used[FRAMES];
struct domain domains[DOMAINS];
static struct vcpu vcpus[DOMAINS];
uint64_t ptes[DOMAINS][PTES];
unsigned int flushes, preempt_after;
static unsigned int locks;
enum bh_perm refused_perm;
bool refuse, again;
uint64_t again_args[3];

/* --- The machine --- */

void spin_lock(struct spinlock *l)
{
    assert_int_equal(l->cpu, 0);
    assert_int_equal(locks++, 0);
    l->cpu = 1;
}
void spin_lock_nested(struct spinlock *l)
{
    assert_int_equal(l->cpu, 0);
    assert_int_equal(locks++, 1);
    for (unsigned int i = 0; i < DOMAINS; i++) /* rising ids */
        if (&domains[i].mm.lock == l)
            for (unsigned int k = i + 1; k < DOMAINS; k++)
                assert_int_equal(domains[k].mm.lock.cpu, 0);
    l->cpu = 1;
}
void spin_unlock(struct spinlock *l)
{
    assert_int_equal(l->cpu, 1);
    locks--;
    l->cpu = 0;
}
void panic(const char *fmt, ...)
{
    fail_msg("panic: %s", fmt);
    abort();
}
void *heap_alloc_pages(size_t n)
{
    for (size_t at = HEAP; at + n <= FRAMES; at++) {
        size_t i = 0;
        while (i < n && !heap_used[at + i])
            i++;
        if (i < n) continue;
        memset(heap_used + at, 1, n);
        return memset(ram + at * PAGE_SIZE, 0, n * PAGE_SIZE);
    }
    return NULL;
}
void heap_free_pages(void *p, size_t n)
{
    if (!p) return;
    size_t at = heap_mfn(p);
    for (size_t i = 0; i < n; i++) {
        assert_true(heap_used[at + i]);
        heap_used[at + i] = false;
    }
}
mfn_t heap_mfn(const void *p)
{
    return (mfn_t)((const uint8_t *)p - ram) / PAGE_SIZE;
}
void *window_map(mfn_t mfn)
{
    assert_in_range(mfn, 0, FRAMES - 1);
    return ram + mfn * PAGE_SIZE;
}
void window_unmap(void *hva)
{
    assert_non_null(hva);
}
int copy_from_guest(void *dst, gva_t src, size_t n)
{
    if (src < 4096) return -XEN_EFAULT;
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
    return p < 1ul << 47 && count < 1ul << 32 && size < PAGE_SIZE;
}
static struct frame *own(struct domain *d, mfn_t mfn)
{
    assert_int_equal(d->mm.lock.cpu, 1);
    return mfn < FRAMES && frames[mfn].owner == d->domid && (frames[mfn].flags & (FF_ALLOC | FF_SHARED)) ? &frames[mfn]
                                                                                                         : NULL;
}
int frame_get(struct domain *d, mfn_t mfn)
{
    struct frame *f = own(d, mfn);
    if (!f) return -XEN_EINVAL;
    f->ref++;
    return 0;
}
void frame_put(struct domain *d, mfn_t mfn)
{
    struct frame *f = own(d, mfn);
    assert_true(f && f->ref > f->typeref);
    f->ref--;
}
int frame_get_type(struct domain *d, mfn_t mfn, enum frame_type type)
{
    struct frame *f = own(d, mfn);
    if (!f) return -XEN_EINVAL;
    if (f->typeref && f->type != type) return -XEN_EBUSY;
    f->type = (uint8_t)type;
    f->typeref++;
    f->ref++;
    return 0;
}
void frame_put_type(struct domain *d, mfn_t mfn)
{
    struct frame *f = own(d, mfn);
    assert_true(f && f->typeref > 0 && f->ref > 0);
    f->ref--;
    f->typeref--;
}
int pte_find_by_maddr(maddr_t entry, uint64_t **pte)
{
    if ((entry & 7) || entry < MA(0) || entry >= MA(PTES)) return -XEN_EINVAL;
    *pte = &ptes[current->domain->domid][(entry - MA(0)) / 8];
    return 0;
}
int pte_find_by_gva(gva_t va, uint64_t **pte)
{
    if (va < VA(0) || va >= VA(PTES)) return -XEN_EINVAL;
    *pte = &ptes[current->domain->domid][(va - VA(0)) / PAGE_SIZE];
    return 0;
}
int pte_set_grant(uint64_t *pte, mfn_t mfn, uint64_t flags)
{
    assert_int_equal(current->domain->mm.lock.cpu, 1);
    assert_false(*pte & PTE_GRANT);
    *pte = mfn << PAGE_SHIFT | flags | PTE_P | PTE_U | PTE_GRANT;
    return 0;
}
int pte_clear_grant(uint64_t *pte, mfn_t mfn, uint64_t new_pte)
{
    assert_int_equal(current->domain->mm.lock.cpu, 1);
    if (!(*pte & PTE_GRANT) || (*pte & PTE_ADDR) >> PAGE_SHIFT != mfn) return -XEN_EINVAL;
    *pte = new_pte;
    flushes++;
    return 0;
}
int monitor_check(struct domain *subject, const struct domain *object, enum bh_perm perm, uint64_t id)
{
    assert_ptr_equal(subject, current->domain);
    assert_non_null(object);
    (void)id;
    return refuse && perm == refused_perm ? -XEN_EPERM : 0;
}

/* No test makes a domain. */
int monitor_check_label(struct domain *subject, const struct label *object, uint32_t target_id, enum bh_perm perm,
                        uint64_t object_id)
{
    (void)subject, (void)object, (void)target_id, (void)perm, (void)object_id;
    abort();
}
static uint32_t grant_ceiling;
uint32_t monitor_ceiling(const struct domain *d, enum policy_limit limit)
{
    assert_ptr_equal(d, current->domain);
    assert_int_equal(limit, POLICY_LIMIT_GRANTS);
    return grant_ceiling;
}
int monitor_within(struct domain *d, enum policy_limit limit, uint64_t wanted)
{
    uint32_t most = monitor_ceiling(d, limit);
    return most && wanted > most ? -XEN_EACCES : 0;
}
int monitor_check_hardware(struct domain *subject, enum bh_perm perm, uint64_t first, uint64_t last)
{
    (void)subject, (void)perm, (void)first, (void)last;
    abort();
}
void fake_grant_ceiling(uint32_t most)
{
    grant_ceiling = most;
}
bool hypercall_preempt(void)
{
    return preempt_after && !--preempt_after;
}
long hypercall_again(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    (void)a4, (void)a5;
    again = true;
    again_args[0] = a1;
    again_args[1] = a2;
    again_args[2] = a3;
    return 0;
}
struct domain *domain_get(uint32_t domid)
{
    struct domain *d = domid == DOMID_SELF ? current->domain : domid < DOMAINS ? &domains[domid] : NULL;
    if (!d) return NULL;
    d->refs++;
    return d;
}
struct domain *domain_first_from(uint32_t domid)
{
    return domid < DOMAINS ? domain_get(domid) : NULL;
}
void domain_put(struct domain *d)
{
    assert_true(d->refs > 1);
    d->refs--;
}

/* --- The world of a test --- */

void run(unsigned int domid)
{
    current = &vcpus[domid];
}

/* Frame n of domain d: d * 16 + n. */
uint32_t frame(unsigned int domid, unsigned int n)
{
    return domid * 16 + n;
}

int setup(void **state)
{
    (void)state;
    memset(frames, 0, sizeof(frames));
    memset(heap_used, 0, sizeof(heap_used));
    memset(domains, 0, sizeof(domains));
    memset(ptes, 0, sizeof(ptes));
    frame_table = frames;
    ram = aligned_alloc(PAGE_SIZE, FRAMES * PAGE_SIZE);
    memset(ram, 0, FRAMES * PAGE_SIZE);
    flushes = locks = preempt_after = 0;
    refuse = again = false;
    for (unsigned int i = 0; i < DOMAINS; i++) {
        domains[i].domid = i;
        domains[i].refs = 1;
        domains[i].may[BH_PERM_COUNT] = true;
        domains[i].is_control = i == 0;
        domains[i].state = BH_STATE_RUNNING;
        vcpus[i].domain = &domains[i];
        for (unsigned int n = 0; n < 16; n++)
            frames[frame(i, n)] = (struct frame){.owner = (uint16_t)i, .flags = FF_ALLOC};
        assert_int_equal(grant_domain_init(&domains[i]), 0);
    }
    return 0;
}

/* Everything is given back. */
int settled(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < HEAP; i++)
        assert_int_equal(frames[i].ref, 0);
    for (unsigned int i = 0; i < DOMAINS; i++) {
        assert_int_equal(domains[i].grant.pins, 0);
        run(i);
        assert_int_equal(grant_domain_destroy(&domains[i]), 0);
        assert_int_equal(domains[i].refs, 1);
    }
    for (unsigned int i = 0; i < FRAMES; i++)
        assert_false(heap_used[i]);
    assert_int_equal(locks, 0);
    free(ram);
    return 0;
}

/* --- A policy that is being loaded: there is none --- */

uint32_t sharing_watched;
void sharing_note(const struct domain *subject, const struct domain *object, enum operation op)
{
    (void)subject;
    (void)object;
    (void)op;
}
