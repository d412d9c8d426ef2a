/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "time/calibrate.h"
#include "cpu/io.h"
#include "sched/guest_area.h"

#define NS_PER_S 1000000000ul
#define TSC_SLACK_NS                                                                                                   \
    20000u /* a CPU's TSC may seem to be off by this much: the reference is coarse and slow to read                    \
            */

static struct clock_scale scale;
static uint64_t tsc_base;
static uint64_t tsc_hz, lapic_hz;
static bool tsc_stable = true;
static struct calibrate_sample base_sample;

/* Wall clock at system time 0. */
static struct spinlock wall_lock = SPINLOCK(RANK_TIMER);
static uint64_t wall_sec;
static uint32_t wall_nsec;

/* Takes that the wall clock shows sec and nsec at this system time. */
static int wall_at_base(uint64_t sec, uint32_t nsec, ns_t system_time)
{
    uint64_t since = system_time / NS_PER_S;
    uint32_t part = (uint32_t)(system_time % NS_PER_S);

    if (nsec >= NS_PER_S || sec >> 48 || since >= sec) return -XEN_EINVAL;
    spin_lock(&wall_lock);
    wall_sec = sec - since - (nsec < part);
    wall_nsec = nsec + (nsec < part ? (uint32_t)NS_PER_S : 0) - part;
    spin_unlock(&wall_lock);
    return 0;
}

void clock_init(void)
{
    struct calibration c;

    if (calibrate(&c)) panic("no clock: neither the ACPI PM timer nor the PIT ticks");
    tsc_hz = c.tsc_hz;
    lapic_hz = c.lapic_hz;
    calibrate_sample(&base_sample);
    tsc_base = base_sample.tsc;
    scale = clock_scale_of(tsc_hz);
    uint64_t rtc = rtc_read();
    ns_t now = now_ns();
    if (wall_at_base(rtc, 0, now)) printk("clock: the CMOS clock gives no date");
    printk("clock: TSC %lu kHz, LAPIC timer %lu kHz, %lu s since 1970", tsc_hz / 1000, lapic_hz / 1000, wall_sec);
}

ns_t now_ns(void)
{
    return clock_scaled(scale, rdtsc() - tsc_base);
}

uint64_t clock_tsc_khz(void)
{
    return tsc_hz / 1000;
}

uint64_t clock_lapic_hz(void)
{
    return lapic_hz;
}

/* All CPUs' TSCs are to be one clock. Each is compared, once, with where the reference says that it should stand. */
void clock_check_cpu(void)
{
    struct calibrate_sample s;
    uint64_t modulo;

    calibrate_sample(&s);
    uint64_t ref = calibrate_ref_ns(base_sample.ref, s.ref, &modulo);
    int64_t elapsed = (int64_t)(s.tsc - tsc_base);
    uint64_t slack = TSC_SLACK_NS + clock_scaled(scale, s.width + base_sample.width);
    if (elapsed >= 0) {
        uint64_t tsc = clock_scaled(scale, (uint64_t)elapsed);
        slack += tsc / 1000; /* how well the frequency is known */
        uint64_t diff = (tsc % modulo + modulo - ref) % modulo;
        if (MIN(diff, modulo - diff) <= slack) return;
    }
    tsc_stable = false;
    printk("clock: CPU %u: its TSC is out of step with the boot CPU's; guests' clocks may jump", current_cpu());
}

/* --- For guests ---------------------------------------------------------------------------- */

/* The writer's half of the version protocol; *t may be read by the guest at any time. */
static void write_time(struct vcpu_time_info *t)
{
    uint32_t version = (READ_ONCE(t->version) | 1u) + (READ_ONCE(t->version) & 1u ? 2u : 0u);

    WRITE_ONCE(t->version, version);
    barrier();
    uint64_t tsc = rdtsc();
    t->pad0 = 0;
    t->tsc_timestamp = tsc;
    t->system_time = clock_scaled(scale, tsc - tsc_base);
    t->tsc_to_system_mul = scale.mul;
    t->tsc_shift = scale.shift;
    t->flags = tsc_stable ? XEN_PVCLOCK_TSC_STABLE_BIT : 0;
    t->pad1[0] = t->pad1[1] = 0;
    barrier();
    WRITE_ONCE(t->version, version + 1);
}

/* The constants never change, so what is written once holds for good (clock.h). */
void clock_update_vcpu(struct vcpu *v)
{
    struct vcpu_time_info copy;
    int rc = 0;

    if (v->sched.time_fresh) return;
    write_time(&v->info->time);
    if (v->time_area) { /* the copy too: an odd version with the rest, then the even one */
        memcpy(&copy, &v->info->time, sizeof(copy));
        copy.version = (copy.version & ~1u) - 1;
        rc = vcpu_area_write(v, v->time_area, &copy, sizeof(copy));
        copy.version++;
        if (!rc) rc = vcpu_area_write(v, v->time_area, &copy.version, sizeof(copy.version));
    }
    v->sched.time_fresh = !rc; /* an area that is not mapped yet is tried again with the next switch */
}

void clock_update_wallclock(struct domain *d)
{
    struct shared_info *s = d->shared_info;

    spin_lock(&wall_lock);
    uint32_t version = (READ_ONCE(s->wc_version) | 1u);
    WRITE_ONCE(s->wc_version, version);
    barrier();
    s->wc_sec = (uint32_t)wall_sec;
    s->wc_sec_hi = (uint32_t)(wall_sec >> 32);
    s->wc_nsec = wall_nsec;
    barrier();
    WRITE_ONCE(s->wc_version, version + 1);
    spin_unlock(&wall_lock);
}

/* Domains that run keep the wall clock they started with, and their own time service; new ones get this. */
int clock_set_wallclock(uint64_t sec, uint32_t nsec, ns_t system_time)
{
    int rc = wall_at_base(sec, nsec, system_time);

    if (!rc) clock_update_wallclock(current->domain);
    return rc;
}
