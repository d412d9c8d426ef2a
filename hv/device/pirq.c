/* SPDX-License-Identifier: MIT */
#include "device/pirq.h"

#include "console.h"
#include "cpu/lapic.h"
#include "device/device_state.h"
#include "device/ioapic.h"
#include "device/msi.h"
#include "domain/domain.h"
#include "event/evtchn.h"

enum pirq_kind { PIRQ_NONE, PIRQ_LINE, PIRQ_MSI };

struct pirq {
    uint8_t kind, vector;
    bool bound;
    bool in_service; /* level line, masked until the guest's EOI */
    struct msi_source msi;
};

/* All under device_lock. */
static struct pirq pirqs[PIRQS_MAX];
static uint16_t vector_pirq[VECTOR_DEVICE_LAST + 1]; /* pirq + 1, 0: free */

static int vector_alloc(uint32_t number)
{
    for (uint32_t v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST; v++)
        if (!vector_pirq[v]) {
            vector_pirq[v] = (uint16_t)(number + 1);
            return (int)v;
        }
    return -XEN_ENOSPC;
}

static bool is_level(uint32_t number)
{
    return pirqs[number].kind == PIRQ_LINE && ioapic_level(number);
}

int pirq_map_line(uint32_t gsi)
{
    int rc = 0;

    spin_lock(&device_lock);
    if (gsi >= PIRQS_MAX || !ioapic_has_gsi(gsi)) {
        rc = -XEN_EINVAL;
    } else if (pirqs[gsi].kind == PIRQ_NONE) {
        rc = vector_alloc(gsi);
        if (rc > 0) {
            pirqs[gsi] = (struct pirq){.kind = PIRQ_LINE, .vector = (uint8_t)rc};
            rc = 0;
        }
    }
    spin_unlock(&device_lock);
    return rc;
}

static int find_free(void)
{
    for (uint32_t n = MAX(ioapic_gsi_end(), 16u); n < PIRQS_MAX; n++)
        if (pirqs[n].kind == PIRQ_NONE) return (int)n;
    return -XEN_ENOSPC;
}

int pirq_get_free(void)
{
    spin_lock(&device_lock);
    int rc = find_free();
    spin_unlock(&device_lock);
    return rc;
}

static bool msi_is_mapped(const struct msi_source *s)
{
    for (uint32_t n = 0; n < PIRQS_MAX; n++) {
        const struct msi_source *m = &pirqs[n].msi;
        if (pirqs[n].kind == PIRQ_MSI && m->function == s->function && (m->msix != s->msix || m->entry == s->entry))
            return true;
    }
    return false;
}

static int map_msi(const struct msi_source *s)
{
    int rc = msi_check(s);

    if (rc) return rc;
    if (msi_is_mapped(s)) return -XEN_EEXIST;
    int number = find_free();
    if (number < 0) return number;
    int vector = vector_alloc((uint32_t)number);
    if (vector < 0) return vector;
    pirqs[number] = (struct pirq){.kind = PIRQ_MSI, .vector = (uint8_t)vector, .msi = *s};
    msi_program(s, (uint8_t)vector, device_target_apic(), false);
    return number;
}

int pirq_map_msi(const struct msi_source *s)
{
    spin_lock(&device_lock);
    int rc = map_msi(s);
    spin_unlock(&device_lock);
    return rc;
}

static void forget(uint32_t number)
{
    struct pirq *p = &pirqs[number];

    if (p->kind == PIRQ_MSI)
        msi_disable(&p->msi);
    else
        ioapic_mask(number);
    vector_pirq[p->vector] = 0;
    *p = (struct pirq){0};
}

int pirq_unmap(uint32_t number)
{
    int rc = 0;

    spin_lock(&device_lock);
    if (number >= PIRQS_MAX || pirqs[number].kind == PIRQ_NONE)
        rc = -XEN_EINVAL;
    else if (pirqs[number].bound)
        rc = -XEN_EBUSY;
    else if (pirqs[number].kind == PIRQ_MSI)
        forget(number);
    spin_unlock(&device_lock);
    return rc;
}

static int bind(uint32_t number)
{
    struct pirq *p = &pirqs[number];

    if (p->kind == PIRQ_NONE) return -XEN_ENOENT;
    if (p->bound) return -XEN_EEXIST;
    p->bound = true;
    p->in_service = false;
    if (p->kind == PIRQ_MSI) {
        msi_program(&p->msi, p->vector, device_target_apic(), true);
    } else {
        ioapic_route(number, p->vector, device_target_apic());
        ioapic_unmask(number);
    }
    return 0;
}

int pirq_guest_bind(struct domain *d, uint32_t pirq, bool share)
{
    if (!d->device) return -XEN_EPERM;
    if (pirq >= PIRQS_MAX) return -XEN_EINVAL;
    spin_lock(&device_lock);
    int rc = bind(pirq);
    spin_unlock(&device_lock);
    return rc;
}

static void mask(uint32_t number)
{
    struct pirq *p = &pirqs[number];

    if (p->kind == PIRQ_LINE)
        ioapic_mask(number);
    else if (p->kind == PIRQ_MSI && p->msi.msix)
        msi_disable(&p->msi);
}

void pirq_guest_unbind(struct domain *d, uint32_t pirq)
{
    if (!d->device || pirq >= PIRQS_MAX) return;
    spin_lock(&device_lock);
    if (pirqs[pirq].bound) {
        pirqs[pirq].bound = false;
        mask(pirq);
    }
    spin_unlock(&device_lock);
}

int pirq_guest_eoi(struct domain *d, uint32_t pirq)
{
    int rc = 0;

    if (!d->device || pirq >= PIRQS_MAX) return -XEN_EINVAL;
    spin_lock(&device_lock);
    struct pirq *p = &pirqs[pirq];
    if (p->kind == PIRQ_NONE) {
        rc = -XEN_EINVAL;
    } else if (p->in_service) {
        p->in_service = false;
        if (p->bound) ioapic_unmask(pirq);
    }
    spin_unlock(&device_lock);
    return rc;
}

/* The local APIC gets its EOI only after a level line was masked, or it would come again at once. */
bool pirq_interrupt(uint32_t vector)
{
    uint32_t number = 0;
    bool bound = false;

    spin_lock(&device_lock);
    if (vector <= VECTOR_DEVICE_LAST && vector_pirq[vector]) {
        number = vector_pirq[vector] - 1u;
        bound = pirqs[number].bound;
        if (is_level(number)) {
            ioapic_mask(number);
            pirqs[number].in_service = true;
        }
    }
    spin_unlock(&device_lock);
    lapic_eoi();
    struct domain *control = __atomic_load_n(&control_domain, __ATOMIC_SEQ_CST);
    return bound && control && evtchn_send_pirq(control, number);
}

bool pirq_needs_eoi(uint32_t pirq)
{
    spin_lock(&device_lock);
    bool needs = pirq < PIRQS_MAX && is_level(pirq);
    spin_unlock(&device_lock);
    return needs;
}

uint32_t pirq_vector(uint32_t pirq)
{
    spin_lock(&device_lock);
    uint32_t vector = pirq < PIRQS_MAX ? pirqs[pirq].vector : 0;
    spin_unlock(&device_lock);
    return vector;
}

int pirq_set_line_mode(uint32_t gsi, bool level, bool low)
{
    int rc;

    spin_lock(&device_lock);
    if (gsi < PIRQS_MAX && pirqs[gsi].bound)
        rc = ioapic_mode_is(gsi, level, low) ? 0 : -XEN_EEXIST;
    else
        rc = ioapic_set_mode(gsi, level, low);
    spin_unlock(&device_lock);
    return rc;
}

unsigned int pirq_restore_msi(uint32_t bdf)
{
    unsigned int restored = 0;

    spin_lock(&device_lock);
    for (uint32_t n = 0; n < PIRQS_MAX; n++)
        if (pirqs[n].kind == PIRQ_MSI && pirqs[n].msi.function->bdf == bdf) {
            msi_program(&pirqs[n].msi, pirqs[n].vector, device_target_apic(), pirqs[n].bound);
            restored++;
        }
    spin_unlock(&device_lock);
    return restored;
}

void pirq_reset(void)
{
    spin_lock(&device_lock);
    for (uint32_t n = 0; n < PIRQS_MAX; n++)
        if (pirqs[n].kind != PIRQ_NONE) forget(n);
    spin_unlock(&device_lock);
}
