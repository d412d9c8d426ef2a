/* SPDX-License-Identifier: MIT */
/* The reference is the ACPI PM timer (ACPI 4.8.3.3: 3.579545 MHz, 24 bits, one read) or else channel 2 of the PIT as a
 * free-running counter. Where the hypervisor is itself a guest, this CPU may stand still between two instructions, so
 * each reading of the reference lies between two of the TSC, and of several the one with the narrowest gap counts. */
#include "time/calibrate.h"
#include "boot/acpi.h"
#include "cpu/io.h"
#include "cpu/lapic.h"
#include "console.h"

#define PM_HZ       3579545u
#define PIT_HZ      1193182u
#define PIT_CH2     0x42
#define PIT_COMMAND 0x43
#define PIT_GATE    0x61
#define MEASURE_MS  30u
#define SAMPLES     8
#define LVT_MASKED  0x10000u
#define LAPIC_DIV_1 0xbu
#define WAIT_MAX    20000000u /* reads; where instructions are the clock, 30 ms are some 3 million */

static uint32_t pm_read(void)
{
    return inl((uint16_t)acpi_pm_timer_port) & 0xffffffu;
}

/* Mode 2 from 65536 downwards, over and over; latched before it is read. */
static void pit_start(void)
{
    outb(PIT_GATE, (inb(PIT_GATE) & 0xfcu) | 1u);
    outb(PIT_COMMAND, 0xb4);
    outb(PIT_CH2, 0);
    outb(PIT_CH2, 0);
}

static uint32_t pit_read(void)
{
    outb(PIT_COMMAND, 0x80);
    uint32_t low = inb(PIT_CH2);
    return (0u - (low | (uint32_t)inb(PIT_CH2) << 8)) & 0xffffu;
}

static uint32_t ref_read(void)
{
    return acpi_pm_timer_port ? pm_read() : pit_read();
}

static uint32_t ref_mask(void)
{
    return acpi_pm_timer_port ? 0xffffffu : 0xffffu;
}

static uint32_t ref_hz(void)
{
    return acpi_pm_timer_port ? PM_HZ : PIT_HZ;
}

uint64_t calibrate_ref_ns(uint32_t a, uint32_t b, uint64_t *modulo_ns)
{
    *modulo_ns = (ref_mask() + 1ul) * 1000000000u / ref_hz();
    return ((b - a) & ref_mask()) * 1000000000ul / ref_hz();
}

void calibrate_sample(struct calibrate_sample *s)
{
    s->width = ~0ul;
    for (int i = 0; i < SAMPLES; i++) {
        uint64_t before = rdtsc();
        uint32_t ref = ref_read();
        uint32_t lapic = lapic_read(LAPIC_TIMER_CUR);
        uint64_t width = rdtsc() - before;
        if (width < s->width) *s = (struct calibrate_sample){before, width, ref, lapic};
    }
}

/* Waits for the measuring time to pass; reference ticks since `from`, or 0 where it stands still. */
static uint64_t wait(uint32_t from)
{
    uint64_t ticks = 0, want = (uint64_t)ref_hz() * MEASURE_MS / 1000;
    uint32_t last = from;

    for (uint32_t i = 0; ticks < want; i++) {
        if (i == WAIT_MAX) return 0;
        uint32_t now = ref_read();
        ticks += (now - last) & ref_mask();
        last = now;
    }
    return ticks;
}

int calibrate(struct calibration *c)
{
    struct calibrate_sample a, b;

    if (!acpi_pm_timer_port) pit_start();
    lapic_write(LAPIC_TIMER_DIV, LAPIC_DIV_1);
    lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    lapic_write(LAPIC_TIMER_INIT, 0xffffffffu);
    calibrate_sample(&a);
    if (!wait(a.ref)) return -XEN_ENODEV;
    calibrate_sample(&b);
    lapic_write(LAPIC_TIMER_INIT, 0);
    /* The 30 ms of waiting are far from the wrap of either reference, so the difference of the samples is the time. */
    uint64_t ticks = (b.ref - a.ref) & ref_mask();
    c->tsc_hz = (b.tsc + b.width / 2 - a.tsc - a.width / 2) * ref_hz() / ticks;
    c->lapic_hz = (uint64_t)(a.lapic - b.lapic) * ref_hz() / ticks;
    return c->tsc_hz < 1000000u || c->lapic_hz < 100000u ? -XEN_ENODEV : 0;
}
