/* SPDX-License-Identifier: MIT */
/* The list of domains, references, creation, and how a domain ends by itself. */
#include "hv.h"
#include <stdarg.h>
#include <xen/sched.h>
#include "domain/lifecycle.h"
#include "domain/build.h"
#include "cpu/fpu.h"
#include "mm/chunk.h"
#include "mm/frame.h"
#include "mm/paging.h"
#include "sched/sched.h"
#include "event/evtchn.h"
#include "grant/grant.h"
#include "monitor/admit.h"
#include "monitor/monitor.h"

struct domain *control_domain;
static struct domain *domains;  /* rising id */
static uint32_t next_domid = 1; /* after CONTROL_DOMID */
static uint64_t next_epoch = 1;
static uint32_t domain_count;
static struct spinlock domlist_lock = SPINLOCK(RANK_DOMLIST);

struct domain *domain_get(uint32_t domid)
{
    struct domain *d;

    if (domid == DOMID_SELF) domid = current->domain->domid;
    spin_lock(&domlist_lock);
    for (d = domains; d && d->domid != domid; d = d->next)
        ;
    if (d) __atomic_fetch_add(&d->refs, 1, __ATOMIC_SEQ_CST);
    spin_unlock(&domlist_lock);
    return d;
}

struct domain *domain_first_from(uint32_t domid)
{
    struct domain *d;

    spin_lock(&domlist_lock);
    for (d = domains; d && d->domid < domid; d = d->next)
        ;
    if (d) __atomic_fetch_add(&d->refs, 1, __ATOMIC_SEQ_CST);
    spin_unlock(&domlist_lock);
    return d;
}

struct domain *domain_next_stopped(const struct domain *d)
{
    return d ? d->next : domains;
}

static void free_domain(struct domain *d)
{
    for (unsigned int i = 0; i < d->nr_vcpus; i++) {
        sched_vcpu_destroy(d->vcpu[i]); /* a creation that failed; else it is done already */
        heap_free(d->vcpu[i]);
    }
    aspace_destroy(d);
    heap_free_pages(d->shared_info, 1);
    if (d->build) heap_free(d->build->chunk_of);
    heap_free(d->build);
    heap_free(d);
}

void domain_put(struct domain *d)
{
    if (__atomic_sub_fetch(&d->refs, 1, __ATOMIC_SEQ_CST) == 0) free_domain(d);
}

static void init_vcpu(struct domain *d, struct vcpu *v, unsigned int id)
{
    v->domain = d;
    v->id = id;
    v->kernel_l4 = v->user_l4 = v->info_mfn = INVALID_MFN;
    /* The ABI's shared_info has slots for the first 32 vCPUs, which is all there are here. */
    v->info = &d->shared_info->vcpu_info[id];
    v->info->evtchn_upcall_mask = 1;
    sched_vcpu_init(v);
}

static void init_mm(struct domain *d)
{
    spin_init(&d->mm.lock, RANK_MM);
    d->mm.first_chunk = d->mm.busy_chunk = CHUNK_NONE;
    d->mm.free_head = d->mm.release_head = FRAME_NONE;
}

static int make_parts(struct domain *d, uint32_t vcpus)
{
    int rc;

    if (aspace_create(d)) return -XEN_ENOMEM;
    d->shared_info = heap_alloc_pages(1);
    if (!d->shared_info) return -XEN_ENOMEM;
    d->shared_info_mfn = heap_mfn(d->shared_info);
    *frame_of(d->shared_info_mfn) = (struct frame){.owner = (uint16_t)d->domid, .flags = FF_SHARED, .next = FRAME_NONE};
    d->build = heap_alloc(sizeof(*d->build));
    if (!d->build) return -XEN_ENOMEM;
    for (unsigned int i = 0; i < vcpus; i++) {
        d->vcpu[i] = heap_alloc(sizeof(struct vcpu));
        if (!d->vcpu[i]) return -XEN_ENOMEM;
        d->nr_vcpus = i + 1;
    }
    if ((rc = sched_domain_init(d)) || (rc = evtchn_domain_init(d)) || (rc = grant_domain_init(d))) return rc;
    for (unsigned int i = 0; i < vcpus; i++)
        init_vcpu(d, d->vcpu[i], i);
    return 0;
}

static int enlist(struct domain *d, struct domain *creator)
{
    struct domain **p;
    int rc = 0;

    spin_lock(&domlist_lock);
    for (p = &domains; *p; p = &(*p)->next)
        if (!strncmp((*p)->name, d->name, BH_NAME_MAX)) rc = -XEN_EEXIST;
    if (d->is_control) p = &domains; /* the others run on while it is replaced */
    if (!rc && domain_count >= DOMAINS_MAX) rc = -XEN_ENOSPC;
    if (!rc && !monitor_label_current(&d->label)) rc = -XEN_EAGAIN;
    if (!rc) rc = admit_enlist(creator, d, domains);
    if (!rc) {
        d->next = *p;
        *p = d;
        domain_count++;
        d->refs = 1;
    }
    spin_unlock(&domlist_lock);
    return rc;
}

int domain_create(const struct bh_dom_create *c, const struct label *label, struct domain *creator, struct domain **out)
{
    struct domain *d = heap_alloc(sizeof(*d));
    int rc;

    if (!d) return -XEN_ENOMEM;
    d->domid = creator ? __atomic_fetch_add(&next_domid, 1, __ATOMIC_SEQ_CST) : CONTROL_DOMID;
    if (d->domid >= 0x7ff0) {
        heap_free(d);
        return -XEN_ENOSPC;
    }
    d->label = *label;
    monitor_refresh_domain(d);
    d->state = BH_STATE_BUILDING;
    d->is_control = !creator;
    d->epoch = __atomic_fetch_add(&next_epoch, 1, __ATOMIC_SEQ_CST);
    d->create_flags = c->flags;
    d->pause_count = 1;
    d->sched.weight = c->weight;
    d->sched.cap = c->cap;
    memcpy(d->name, c->name, sizeof(d->name));
    memcpy(d->uuid, c->uuid, sizeof(d->uuid));
    spin_init(&d->build_lock, RANK_DOMAIN_BUILD);
    init_mm(d);
    d->mm.frames_max = c->memory_kib / 4 - c->vcpus * STATE_FRAMES;
    rc = make_parts(d, c->vcpus);
    if (!rc) rc = enlist(d, creator);
    if (rc) {
        evtchn_domain_destroy(d);
        grant_domain_destroy(d);
        free_domain(d);
        return rc;
    }
    *out = d;
    return 0;
}

int domain_add_chunk(struct domain *d)
{
    uint32_t c = chunk_take(d);

    if (c == CHUNK_NONE) return -XEN_ENOMEM;
    if (aspace_add_chunk(d, c)) {
        chunk_release(c);
        return -XEN_ENOMEM;
    }
    memset(own_frame((mfn_t)c * CHUNK_FRAMES), 0, CHUNK_SIZE);
    chunk_info[c].next = d->mm.first_chunk;
    d->mm.first_chunk = c;
    d->mm.chunks++;
    return 0;
}

void domain_shutdown(struct domain *d, uint32_t reason)
{
    uint32_t running = BH_STATE_RUNNING, paused = BH_STATE_PAUSED;

    if (!__atomic_compare_exchange_n(&d->state, &running, BH_STATE_SHUTDOWN, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST) &&
        !__atomic_compare_exchange_n(&d->state, &paused, BH_STATE_SHUTDOWN, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return;
    d->shutdown_reason = reason;
    domain_pause(d);
    if (d == current->domain) this_cpu()->need_resched = 1;
    struct domain *control = __atomic_load_n(&control_domain, __ATOMIC_SEQ_CST);
    if (control && d != control) evtchn_send_global_virq(control, VIRQ_DOM_EXC);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    char why[160];
    va_list ap;

    va_start(ap, fmt);
    vsnprintk(why, sizeof(why), fmt, ap);
    va_end(ap);
    printk_guest("domain %u (%s) ended: %s", d->domid, d->name, why);
    sched_end_domain(d, SHUTDOWN_crash);
}

static struct domain idle_domain = {.domid = DOMID_IDLE, .is_idle = true, .state = BH_STATE_RUNNING};

void domain_init_idle(unsigned int cpu)
{
    struct vcpu *v = heap_alloc(sizeof(*v));

    ASSERT(v);
    v->domain = &idle_domain;
    v->id = cpu;
    v->online = v->initialised = 1;
    v->kernel_l4 = v->user_l4 = v->info_mfn = INVALID_MFN;
    this_cpu()->curr = v;
}

static int remove_from_list(struct domain *d)
{
    spin_lock(&domlist_lock);
    for (struct domain **p = &domains; *p; p = &(*p)->next)
        if (*p == d) {
            *p = d->next;
            domain_count--;
            break;
        }
    spin_unlock(&domlist_lock);
    domain_put(d);
    return 0;
}

int domain_delist(struct domain *d)
{
    return remove_from_list(d);
}
