/* SPDX-License-Identifier: MIT */
/* Interrupts from line or message to event channel, on a fake IO-APIC of 24 lines that raises what is not masked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "types.h"
#include "cpu/lapic.h"
#include "device/device_state.h"
#include "device/ioapic.h"
#include "device/msi.h"
#include "device/pirq.h"
#include "domain/domain.h"
#include "event/evtchn.h"

#define LINES 24u

struct domain *control_domain;
struct spinlock device_lock;

static struct domain dom0, tenant;
static bool level[LINES], masked[LINES];
static uint8_t vector[LINES];
static unsigned int eois, sent[PIRQS_MAX];
static bool port_open[PIRQS_MAX];
static struct pci_function card;
static uint8_t message[8];
static bool message_open[8];

void spin_lock(struct spinlock *l)
{
    assert_int_equal(l->cpu++, 0);
}
void spin_unlock(struct spinlock *l)
{
    assert_int_equal(l->cpu--, 1);
}
uint32_t device_target_apic(void)
{
    return 3;
}
bool ioapic_has_gsi(uint32_t gsi)
{
    return gsi < LINES;
}
uint32_t ioapic_gsi_end(void)
{
    return LINES;
}
bool ioapic_level(uint32_t gsi)
{
    return level[gsi];
}
int ioapic_set_mode(uint32_t gsi, bool l, bool low)
{
    (void)low;
    if (gsi >= LINES) return -XEN_EINVAL;
    level[gsi] = l;
    return 0;
}
bool ioapic_mode_is(uint32_t gsi, bool l, bool low)
{
    (void)low;
    return level[gsi] == l;
}
void ioapic_route(uint32_t gsi, uint8_t v, uint32_t apic_id)
{
    assert_int_equal(apic_id, 3);
    vector[gsi] = v;
    masked[gsi] = true;
}
void ioapic_mask(uint32_t gsi)
{
    masked[gsi] = true;
}
void ioapic_unmask(uint32_t gsi)
{
    masked[gsi] = false;
}
int msi_check(const struct msi_source *s)
{
    return s->function == &card && s->entry < 8 ? 0 : -XEN_EINVAL;
}
void msi_program(const struct msi_source *s, uint8_t v, uint32_t apic_id, bool open)
{
    assert_int_equal(apic_id, 3);
    message[s->entry] = v;
    message_open[s->entry] = open;
}
void msi_disable(const struct msi_source *s)
{
    message_open[s->entry] = false;
}
void lapic_eoi(void)
{
    assert_int_equal(device_lock.cpu, 0);
    eois++;
}
bool evtchn_send_pirq(struct domain *d, uint32_t pirq)
{
    assert_ptr_equal(d, &dom0);
    assert_int_equal(device_lock.cpu, 0); /* it takes locks of a lower rank */
    if (port_open[pirq]) sent[pirq]++;
    return port_open[pirq];
}

static int setup(void **state)
{
    (void)state;
    dom0.device = (struct domain_device *)&dom0;
    control_domain = &dom0;
    pirq_reset();
    memset(level, 0, sizeof(level));
    memset(masked, 1, sizeof(masked));
    memset(sent, 0, sizeof(sent));
    memset(port_open, 1, sizeof(port_open));
    eois = 0;
    return 0;
}

/* The line is asserted: delivered if it is not masked. */
static bool raise_line(uint32_t gsi)
{
    if (masked[gsi]) return false;
    pirq_interrupt(vector[gsi]);
    return true;
}

static void test_level_line_waits_for_eoi(void **state)
{
    (void)state;
    assert_int_equal(pirq_guest_bind(&dom0, 17, false), -XEN_ENOENT);
    assert_int_equal(pirq_set_line_mode(17, true, true), 0);
    assert_int_equal(pirq_map_line(17), 0);
    assert_int_equal(pirq_map_line(17), 0);
    assert_true(pirq_needs_eoi(17));
    assert_true(masked[17]);
    assert_int_equal(pirq_guest_bind(&dom0, 17, true), 0);
    assert_int_equal(pirq_guest_bind(&dom0, 17, true), -XEN_EEXIST);
    assert_int_equal(pirq_set_line_mode(17, true, true), 0);
    assert_int_equal(pirq_set_line_mode(17, false, true), -XEN_EEXIST);
    assert_true(raise_line(17));
    assert_int_equal(sent[17], 1);
    assert_int_equal(eois, 1);
    assert_false(raise_line(17));
    assert_int_equal(pirq_guest_eoi(&dom0, 17), 0);
    assert_true(raise_line(17));
    pirq_guest_unbind(&dom0, 17); /* in service */
    assert_int_equal(pirq_guest_eoi(&dom0, 17), 0);
    assert_true(masked[17]);
    assert_int_equal(pirq_guest_bind(&dom0, 17, true), 0);
    assert_false(masked[17]);
}

static void test_edge_line_comes_at_once(void **state)
{
    (void)state;
    assert_int_equal(pirq_map_line(4), 0);
    assert_false(pirq_needs_eoi(4));
    assert_int_equal(pirq_guest_bind(&dom0, 4, false), 0);
    for (unsigned int i = 1; i < 5; i++) {
        assert_true(raise_line(4));
        assert_int_equal(sent[4], i);
    }
    assert_int_equal(eois, 4);
    port_open[4] = false; /* closing on another CPU */
    assert_false(pirq_interrupt(vector[4]));
}

static void test_spurious(void **state)
{
    (void)state;
    for (uint32_t v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST + 10; v++)
        assert_false(pirq_interrupt(v));
    assert_int_equal(eois, VECTOR_DEVICE_LAST + 11 - VECTOR_DEVICE_FIRST);
}

static void test_message(void **state)
{
    struct msi_source s = {.function = &card, .entry = 5, .msix = true}, other = {.function = &card};
    (void)state;
    int pirq = pirq_map_msi(&s);
    assert_true(pirq >= (int)LINES);
    assert_false(message_open[5]);
    assert_int_equal(pirq_map_msi(&s), -XEN_EEXIST);
    assert_int_equal(pirq_map_msi(&other), -XEN_EEXIST); /* MSI beside MSI-X */
    other = (struct msi_source){.function = &card, .entry = 8, .msix = true};
    assert_int_equal(pirq_map_msi(&other), -XEN_EINVAL);
    assert_int_equal(pirq_guest_bind(&dom0, (uint32_t)pirq, false), 0);
    assert_true(message_open[5]);
    assert_int_equal(message[5], pirq_vector((uint32_t)pirq));
    assert_true(pirq_interrupt(message[5]));
    assert_true(pirq_interrupt(message[5]));
    assert_int_equal(pirq_unmap((uint32_t)pirq), -XEN_EBUSY);
    message[5] = 0;
    assert_int_equal(pirq_restore_msi(card.bdf), 1);
    assert_int_equal(message[5], pirq_vector((uint32_t)pirq));
    pirq_guest_unbind(&dom0, (uint32_t)pirq);
    assert_false(message_open[5]);
    assert_int_equal(pirq_unmap((uint32_t)pirq), 0);
    assert_int_equal(pirq_unmap((uint32_t)pirq), -XEN_EINVAL);
    assert_false(pirq_interrupt(message[5]));
    assert_int_equal(pirq_map_msi(&s), pirq);
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(pirq_map_line(LINES), -XEN_EINVAL);
    assert_int_equal(pirq_map_line(~0u), -XEN_EINVAL);
    assert_int_equal(pirq_guest_bind(&dom0, PIRQS_MAX, false), -XEN_EINVAL);
    assert_int_equal(pirq_guest_bind(&tenant, 4, false), -XEN_EPERM);
    assert_int_equal(pirq_guest_eoi(&dom0, PIRQS_MAX), -XEN_EINVAL);
    assert_int_equal(pirq_guest_eoi(&tenant, 4), -XEN_EINVAL);
    pirq_guest_unbind(&dom0, ~0u);
    assert_int_equal(pirq_unmap(~0u), -XEN_EINVAL);
    assert_int_equal(pirq_vector(~0u), 0);
    assert_false(pirq_needs_eoi(~0u));
    assert_int_equal(pirq_set_line_mode(~0u, true, true), -XEN_EINVAL);
    for (uint32_t g = 0; g < LINES; g++)
        assert_int_equal(pirq_map_line(g), 0);
    assert_int_equal(pirq_get_free(), LINES);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_level_line_waits_for_eoi),
        TEST(test_edge_line_comes_at_once),
        TEST(test_spurious),
        TEST(test_message),
        TEST(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
