/* SPDX-License-Identifier: MIT */
#include "monitor.h"

#include <string.h>

#include <bulkhead.h>
#include <xen/errno.h>
#include <xen/xen.h>

#include "admit.h"
#include "audit.h"
#include "console.h"
#include "domain/lifecycle.h"
#include "measure/crypto.h"
#include "policy_key_public.h"
#include "policy_section.h"
#include "policy_verify.h"

/* Until monitor_init() has succeeded it has no types, so every answer is no. Changed by adopt() only. */
static struct policy_table policy;
static uint8_t policy_digest[32];
static struct label xen_label;
static uint16_t epoch;
/* Of each permission: enum bh_perm_object where a yes needs no more, else SLOW: nobody asked yet, or it is recorded. */
#define SLOW 0xff
static uint8_t quick[BH_PERM_COUNT] = {[0 ... BH_PERM_COUNT - 1] = SLOW};

static void adopt(const struct policy_table *table, const uint8_t digest[32])
{
    policy = *table;
    memcpy(policy_digest, digest, sizeof(policy_digest));
    epoch++;
    xen_label = (struct label){.type = policy.xen_type}; /* compartment 0 */
    xen_label.clearance = policy_section_clearance(&policy, &xen_label);
    for (unsigned int p = 0; p < BH_PERM_COUNT; p++)
        quick[p] = monitor_records(bh_permissions[p].class) ? SLOW : (uint8_t)bh_permissions[p].object;
}

int monitor_init(const uint8_t *file, size_t len)
{
    struct policy_table table;
    uint8_t digest[32];

    if (policy_table_open(&table, file, len) != 0) {
        printk("policy refused: %s (at byte %u of %lu)\n", table.error, table.error_offset, len);
        return -XEN_EINVAL;
    }
    if (policy_verify(file, len, policy_key_public) != 0) {
        printk("policy refused: its signature is not by the key that this hypervisor carries\n");
        return -XEN_EPERM;
    }
    sha256(file, len, digest);
    adopt(&table, digest);
    printk("policy: version %u, %u types, boot domain %s\n", policy.version, policy.types,
           policy_table_type_name(&policy, policy.boot_type));
    return 0;
}

static struct label make_label(uint16_t type, uint16_t compartment)
{
    struct label l = {.type = type, .compartment = compartment, .epoch = epoch};

    l.clearance = policy_section_clearance(&policy, &l);
    return l;
}

void monitor_adopt(const struct policy_table *table, const uint8_t digest[32])
{
    const struct policy_table old = policy;

    adopt(table, digest);
    for (struct domain *d = domain_next_stopped(NULL); d; d = domain_next_stopped(d)) {
        const char *name = policy_table_type_name(&old, d->label.type);
        int type = name ? policy_table_type_index(&policy, name) : -XEN_ENOENT;
        d->label = make_label(type < 0 ? POLICY_TYPE_ANY : (uint16_t)type, d->label.compartment);
        monitor_refresh_domain(d);
    }
    admit_adopted();
}

const struct policy_table *monitor_policy(void)
{
    return &policy;
}

/* The permission for doing to another domain what a SELF permission is for; BH_PERM_COUNT: there is
 * none, and the answer is no. */
static enum bh_perm peer_permission(enum bh_perm perm)
{
    switch (perm) {
    case PERM_event_status:
        return PERM_event_peer_status;
    case PERM_event_reset:
        return PERM_event_peer_reset;
    case PERM_memory_reservation:
        return PERM_memory_peer_reservation;
    case PERM_domain_mm_audit:
        return PERM_domain_peer_mm_audit;
    default:
        return BH_PERM_COUNT;
    }
}

void monitor_type_name(const struct label *label, char *out)
{
    const char *name = policy_table_type_name(&policy, label->type);
    memset(out, 0, BH_TYPE_MAX);
    if (name) memcpy(out, name, strlen(name));
}

static void record(struct domain *subject, const struct label *object, uint32_t target_id, enum bh_perm perm,
                   uint64_t object_id, bool allowed, const char *reason)
{
    const struct bh_permission *p = &bh_permissions[perm];
    uint32_t rate = monitor_audit_rate(subject->label.type);
    struct bh_audit_record r = {
        .source = subject->domid,
        .target = target_id,
        .source_compartment = subject->label.compartment,
        .target_compartment = object->compartment,
        .object = object_id,
        .allowed = allowed,
    };
    monitor_type_name(&subject->label, r.source_type);
    monitor_type_name(object, r.target_type);
    memcpy(r.class_name, p->class_name, strlen(p->class_name));
    memcpy(r.perm_name, p->name, strlen(p->name));
    memcpy(r.reason, reason, MIN(strlen(reason), sizeof(r.reason) - 1));
    bool taken = audit_append(&r, &subject->audit_limit[allowed], rate ? rate : AUDIT_RATE_DEFAULT);
    if (allowed) return;
    __atomic_fetch_add(&subject->denials, 1, __ATOMIC_RELAXED);
    if (taken)
        printk_guest("denied: d%u %s:c%u -> d%u %s:c%u %s:%s %lx (%s)\n", r.source, r.source_type, r.source_compartment,
                     r.target, r.target_type, r.target_compartment, r.class_name, r.perm_name, r.object, r.reason);
}

int monitor_refuse(struct domain *subject, const struct label *object, uint32_t target_id, enum bh_perm perm,
                   uint64_t object_id, const char *reason)
{
    record(subject, object, target_id, perm, object_id, false, reason);
    return -XEN_EACCES;
}

static inline enum policy_relation relation(const struct label *s, const struct label *o)
{
    if (s->compartment == o->compartment) return POLICY_SAME;
    if (policy_section_cleared(&policy, s, o->compartment)) return POLICY_SOURCE_CLEARED;
    return policy_section_cleared(&policy, o, s->compartment) ? POLICY_TARGET_CLEARED : POLICY_OTHER;
}

bool monitor_would_allow(const struct policy_table *t, const struct label *s, const struct label *o, enum bh_perm perm)
{
    if (s->compartment == o->compartment) return policy_table_allows(t, s->type, o->type, POLICY_SAME, (uint16_t)perm);
    bool source = policy_section_cleared(t, s, o->compartment), target = policy_section_cleared(t, o, s->compartment);
    if (!source && !target) return policy_table_allows(t, s->type, o->type, POLICY_OTHER, (uint16_t)perm);
    return (source && policy_table_allows(t, s->type, o->type, POLICY_SOURCE_CLEARED, (uint16_t)perm)) ||
           (target && policy_table_allows(t, s->type, o->type, POLICY_TARGET_CLEARED, (uint16_t)perm));
}

static inline bool row_allows(const struct label *s, const struct label *o, enum policy_relation r, enum bh_perm perm)
{
    return s->type < policy.types && o->type < policy.types &&
           policy_table_byte(&policy, s->type, o->type, r, perm) >> (perm % 8) & 1;
}

static int decide(struct domain *subject, const struct label *object, uint32_t target_id, enum bh_perm perm,
                  bool sensible, uint64_t object_id)
{
    const struct label *s = &subject->label;
    enum policy_relation r = relation(s, object);
    bool allowed = row_allows(s, object, r, perm);

    if (r == POLICY_SOURCE_CLEARED && policy_section_cleared(&policy, object, s->compartment))
        allowed = allowed || row_allows(s, object, POLICY_TARGET_CLEARED, perm);
    allowed = allowed && sensible;
    if (!allowed || monitor_records(bh_permissions[perm].class))
        record(subject, object, target_id, perm, object_id, allowed, "policy");
    return allowed ? 0 : -XEN_EPERM;
}

/* A no, or a yes that is to be recorded, or that another permission or a second row gives. */
static __attribute__((noinline, cold)) int check_slowly(struct domain *subject, const struct domain *object,
                                                        enum bh_perm perm, uint64_t object_id)
{
    enum bh_perm_object kind = bh_permissions[perm].object;

    if (!object) return decide(subject, &xen_label, DOMID_XEN, perm, kind == BH_OBJECT_XEN, object_id);
    bool sensible = kind != BH_OBJECT_XEN;
    if (kind == BH_OBJECT_SELF && object != subject) {
        enum bh_perm peer = peer_permission(perm);
        sensible = peer != BH_PERM_COUNT;
        perm = sensible ? peer : perm;
    }
    return decide(subject, &object->label, object->domid, perm, sensible, object_id);
}

int monitor_check(struct domain *subject, const struct domain *object, enum bh_perm perm, uint64_t object_id)
{
    const struct label *s = &subject->label, *o = object ? &object->label : &xen_label;
    enum bh_perm_object kind = object ? BH_OBJECT_DOMAIN : BH_OBJECT_XEN;

    if (likely((quick[perm] == kind || (quick[perm] == BH_OBJECT_SELF && object == subject)) &&
               row_allows(s, o, relation(s, o), perm)))
        return 0;
    return check_slowly(subject, object, perm, object_id);
}

int monitor_check_label(struct domain *subject, const struct label *object, uint32_t target_id, enum bh_perm perm,
                        uint64_t object_id)
{
    return decide(subject, object, target_id, perm, bh_permissions[perm].object == BH_OBJECT_DOMAIN, object_id);
}

void monitor_refresh_domain(struct domain *d)
{
    for (unsigned int p = 0; p < BH_PERM_COUNT; p++) {
        const struct bh_permission *perm = &bh_permissions[p];
        const struct label *object = perm->object == BH_OBJECT_SELF ? &d->label : &xen_label;
        enum policy_relation r = relation(&d->label, object);
        bool kept = perm->object != BH_OBJECT_DOMAIN && perm->class != BH_CLASS_hw && !monitor_records(perm->class);
        WRITE_ONCE(d->may[p], kept && policy_table_allows(&policy, d->label.type, object->type, r, (uint16_t)p));
    }
    d->may[BH_PERM_COUNT] = true; /* what operations.h says is asked later */
}

int monitor_check_hardware(struct domain *subject, enum bh_perm perm, uint64_t first, uint64_t last)
{
    enum policy_hardware kind = perm == PERM_hw_ioport  ? POLICY_HW_IOPORT
                                : perm == PERM_hw_iomem ? POLICY_HW_IOMEM
                                : perm == PERM_hw_irq   ? POLICY_HW_IRQ
                                                        : POLICY_HW_PCI;
    struct label label;
    bool one = policy_section_resource(&policy, kind, first, last, &label);

    return decide(subject, &label, DOMID_XEN, perm, one && bh_permissions[perm].class == BH_CLASS_hw, first);
}

uint32_t monitor_ceiling(const struct domain *d, enum policy_limit limit)
{
    return policy_section_ceiling(&policy, d->label.type, limit);
}

int monitor_within(struct domain *d, enum policy_limit limit, uint64_t wanted)
{
    return admit_within(d, &d->label, d->domid, limit, wanted);
}

uint32_t monitor_audit_rate(uint16_t type)
{
    return policy_section_ceiling(&policy, type, POLICY_LIMIT_AUDIT);
}

bool monitor_records(enum bh_class class)
{
    return policy.records >> class & 1;
}

int monitor_label_from_name(const char *type, uint32_t compartment, struct label *label)
{
    if (strnlen(type, BH_TYPE_MAX) == BH_TYPE_MAX || compartment > BH_COMPARTMENT_MAX) return -XEN_EINVAL;
    int index = policy_table_type_index(&policy, type);
    if (index < 0) return index;
    *label = make_label((uint16_t)index, (uint16_t)compartment);
    return 0;
}

bool monitor_label_current(const struct label *label)
{
    return label->epoch == epoch;
}

struct label monitor_boot_label(void)
{
    return make_label(policy.boot_type, 0);
}

const uint8_t *monitor_policy_digest(void)
{
    return policy_digest;
}

uint32_t monitor_policy_version(void)
{
    return policy.version;
}
