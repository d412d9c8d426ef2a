/* SPDX-License-Identifier: MIT */
#include "monitor.h"

#include <string.h>

#include <bulkhead.h>
#include <xen/errno.h>
#include <xen/xen.h>

#include "audit.h"
#include "console.h"
#include "domain/domain.h"
#include "measure/crypto.h"
#include "policy_key_public.h"
#include "policy_table.h"
#include "policy_verify.h"

/* Until monitor_init() has succeeded it has no types, so every answer is no. Constant afterwards. */
static struct policy_table policy;
static uint8_t policy_digest[32];
static struct label xen_label;

int monitor_init(const uint8_t *file, size_t len)
{
    struct policy_table table;

    if (policy_table_open(&table, file, len) != 0) {
        printk("policy refused: %s (at byte %u of %lu)\n", table.error, table.error_offset, len);
        return -XEN_EINVAL;
    }
    if (policy_verify(file, len, policy_key_public) != 0) {
        printk("policy refused: its signature is not by the key that this hypervisor carries\n");
        return -XEN_EPERM;
    }
    sha256(file, len, policy_digest);
    policy = table;
    xen_label.type = table.xen_type; /* compartment 0 */
    printk("policy: version %u, %u types, boot domain %s\n", policy.version, policy.types,
           policy_table_type_name(&policy, policy.boot_type));
    return 0;
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
    if (name)
        memcpy(out, name, strlen(name));
}

/* Out of the way of the decision. */
static __attribute__((noinline, cold)) int deny(struct domain *subject, const struct label *object, uint32_t target_id,
                                                enum bh_perm perm, uint64_t object_id)
{
    const struct bh_permission *p = &bh_permissions[perm];
    struct bh_audit_record r = {
        .source = subject->domid,
        .target = target_id,
        .source_compartment = subject->label.compartment,
        .target_compartment = object->compartment,
        .object = object_id,
        .reason = "policy",
    };
    monitor_type_name(&subject->label, r.source_type);
    monitor_type_name(object, r.target_type);
    memcpy(r.class_name, p->class_name, strlen(p->class_name));
    memcpy(r.perm_name, p->name, strlen(p->name));
    __atomic_fetch_add(&subject->denials, 1, __ATOMIC_RELAXED);
    if (!audit_append(&r, &subject->audit_limit[0], AUDIT_RATE_DEFAULT))
        return -XEN_EPERM;
    printk_guest("denied: d%u %s:c%u -> d%u %s:c%u %s:%s %lx\n", r.source, r.source_type, r.source_compartment,
                 r.target, r.target_type, r.target_compartment, r.class_name, r.perm_name, r.object);
    return -XEN_EPERM;
}

static inline int decide(struct domain *subject, const struct label *object, uint32_t target_id, enum bh_perm perm,
                         bool sensible, uint64_t object_id)
{
    bool same = subject->label.compartment == object->compartment;
    if (likely(policy_table_allows(&policy, subject->label.type, object->type, same, (uint16_t)perm) && sensible))
        return 0;
    return deny(subject, object, target_id, perm, object_id);
}

int monitor_check(struct domain *subject, const struct domain *object, enum bh_perm perm, uint64_t object_id)
{
    enum bh_perm_object kind = bh_permissions[perm].object;

    if (!object)
        return decide(subject, &xen_label, DOMID_XEN, perm, kind == BH_OBJECT_XEN, object_id);
    bool sensible = kind != BH_OBJECT_XEN;
    if (kind == BH_OBJECT_SELF && object != subject) {
        enum bh_perm peer = peer_permission(perm);
        sensible = peer != BH_PERM_COUNT;
        perm = sensible ? peer : perm;
    }
    return decide(subject, &object->label, object->domid, perm, sensible, object_id);
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
        bool same = d->label.compartment == object->compartment;
        bool kept = perm->object != BH_OBJECT_DOMAIN && perm->class != BH_CLASS_hw;
        WRITE_ONCE(d->may[p], kept && policy_table_allows(&policy, d->label.type, object->type, same, (uint16_t)p));
    }
    d->may[BH_PERM_COUNT] = true; /* what operations.h says is asked later */
}

int monitor_label_from_name(const char *type, uint32_t compartment, struct label *label)
{
    if (strnlen(type, BH_TYPE_MAX) == BH_TYPE_MAX || compartment > BH_COMPARTMENT_MAX)
        return -XEN_EINVAL;
    int index = policy_table_type_index(&policy, type);
    if (index < 0)
        return index;
    *label = (struct label){.type = (uint16_t)index, .compartment = (uint16_t)compartment};
    return 0;
}

struct label monitor_boot_label(void)
{
    return (struct label){.type = policy.boot_type, .compartment = 0};
}

const uint8_t *monitor_policy_digest(void)
{
    return policy_digest;
}

uint32_t monitor_policy_version(void)
{
    return policy.version;
}
