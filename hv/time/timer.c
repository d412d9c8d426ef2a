/* SPDX-License-Identifier: MIT */
/* Timer queues on the local APIC's one-shot timer.
 *
 * A timer belongs to the queue of t->cpu, armed or not; whoever holds that queue's lock may change it. The LAPIC is
 * programmed lazily: never later than the earliest deadline, but a stopped timer leaves it armed, and the interrupt
 * that comes for nothing programs it anew. */
#include "hv.h"
#include "time/timer.h"
#include "time/timer_heap.h"
#include "cpu/io.h"
#include "cpu/lapic.h"

#define NEVER       (~(ns_t)0)
#define HORIZON     2000000000ul /* longest that the LAPIC is programmed for */
#define BATCH       32           /* timers that one interrupt serves */
#define BREATHE     50000ul      /* then guests run this long before the next are served */
#define BUSY_RETRY  20000ul
#define LAPIC_DIV_1 0xbu

static struct timer_queue {
    struct spinlock lock;
    struct timer_heap heap;
    ns_t programmed; /* when the LAPIC is to fire; own CPU only */
    bool serving;    /* in timer_interrupt(), which programs it when all is done; own CPU only */
} __aligned(64) queues[CPUS_MAX];

void timer_init_cpu(void)
{
    struct timer_queue *q = &queues[current_cpu()];

    spin_init(&q->lock, RANK_TIMER);
    q->heap = (struct timer_heap){0};
    q->programmed = NEVER;
    lapic_write(LAPIC_TIMER_DIV, LAPIC_DIV_1);
    lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER); /* one-shot, not masked */
    lapic_write(LAPIC_TIMER_INIT, 0);
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
    memset(t, 0, sizeof(*t));
    t->fn = fn;
    t->arg = arg;
    t->cpu = current_cpu();
}

static struct timer_queue *lock_queue_of(struct timer *t)
{
    for (;;) {
        uint32_t cpu = READ_ONCE(t->cpu);
        spin_lock(&queues[cpu].lock);
        if (likely(t->cpu == cpu)) return &queues[cpu];
        spin_unlock(&queues[cpu].lock);
    }
}

static void disarm(struct timer_queue *q, struct timer *t)
{
    if (!t->armed) return;
    timer_heap_remove(&q->heap, t);
    t->armed = 0;
}

static void arm(struct timer_queue *q, struct timer *t, ns_t deadline)
{
    t->deadline = deadline;
    timer_heap_insert(&q->heap, t);
    t->armed = 1;
}

/* This CPU's queue, lock held. earliest: never sooner than this. */
static void program(struct timer_queue *q, ns_t earliest)
{
    if (!q->heap.root || q->serving) return;
    ns_t when = MAX(q->heap.root->deadline, earliest);
    if (when >= q->programmed) return;
    ns_t now = now_ns();
    ns_t delta = when > now ? MIN(when - now, HORIZON) : 1;
    uint64_t ticks = (uint64_t)((unsigned __int128)delta * clock_lapic_hz() / 1000000000u) + 1;
    q->programmed = now + delta;
    lapic_write(LAPIC_TIMER_INIT, (uint32_t)MIN(ticks, 0xfffffffful));
}

void timer_set(struct timer *t, ns_t deadline)
{
    unsigned int cpu = current_cpu();
    struct timer_queue *q;

    for (;;) {
        q = lock_queue_of(t);
        disarm(q, t);
        if (q == &queues[cpu]) break;
        WRITE_ONCE(t->cpu, cpu);
        spin_unlock(&q->lock);
    }
    arm(q, t, deadline);
    program(q, 0);
    spin_unlock(&q->lock);
}

void timer_stop(struct timer *t)
{
    for (;;) {
        struct timer_queue *q = lock_queue_of(t);
        disarm(q, t);
        spin_unlock(&q->lock);
        uint32_t running = __atomic_load_n(&t->running, __ATOMIC_ACQUIRE);
        if (!running || running == current_cpu() + 1) return;
        /* fn may arm it again, so look once more when it has ended. */
        while (__atomic_load_n(&t->running, __ATOMIC_ACQUIRE) == running)
            cpu_relax();
    }
}

/* The next timer that is due, marked as running; NULL if there is none. */
static struct timer *take_due(struct timer_queue *q, ns_t now, uint32_t me)
{
    struct timer *due = NULL;

    spin_lock(&q->lock);
    struct timer *t = q->heap.root;
    if (t && t->deadline <= now) {
        disarm(q, t);
        if (unlikely(READ_ONCE(t->running))) {
            arm(q, t, now + BUSY_RETRY); /* its last shot is still in fn on another CPU */
        } else {
            __atomic_store_n(&t->running, me, __ATOMIC_SEQ_CST);
            due = t;
        }
    }
    spin_unlock(&q->lock);
    return due;
}

void timer_interrupt(void)
{
    uint32_t me = current_cpu() + 1;
    struct timer_queue *q = &queues[me - 1];
    ns_t now = now_ns();
    unsigned int served = 0;
    struct timer *t;

    q->programmed = NEVER;
    q->serving = true;
    while (served < BATCH && (t = take_due(q, now, me))) {
        t->fn(t->arg);
        __atomic_store_n(&t->running, 0, __ATOMIC_RELEASE); /* the last that is done with t */
        served++;
    }
    spin_lock(&q->lock);
    q->serving = false;
    program(q, served == BATCH ? now_ns() + BREATHE : 0);
    spin_unlock(&q->lock);
}
