/* SPDX-License-Identifier: MIT */
#include "admit.h"

#include <string.h>

#include <xen/errno.h>

#include "domain/domain.h"
#include "lib.h"
#include "monitor.h"
#include "policy_section.h"

/* Labels that lived in this boot, by type's name, for they outlive policies. Under the domain list's lock. */
static struct lived {
    char type_name[BH_TYPE_MAX];
    int type; /* in the policy in force; negative: it has none of that name */
    uint64_t compartments[POLICY_COMPARTMENTS / 64];
} lived[POLICY_TYPES_MAX];
static unsigned int lived_count;

/* reason = word + " " + name, cut to fit. */
static void join(char reason[32], const char *word, const char *name)
{
    size_t n = strlen(word);

    memset(reason, 0, 32);
    memcpy(reason, word, n);
    reason[n] = ' ';
    memcpy(reason + n + 1, name, MIN(strlen(name), 30 - n));
}

static const struct {
    const char *name;
    enum bh_perm perm;
} limits[POLICY_LIMITS] = {
    [POLICY_LIMIT_MEMORY] = {"memory", PERM_domain_create},   [POLICY_LIMIT_VCPUS] = {"vcpus", PERM_domain_create},
    [POLICY_LIMIT_WEIGHT] = {"weight", PERM_domain_sched},    [POLICY_LIMIT_CAP] = {"cap", PERM_domain_sched},
    [POLICY_LIMIT_PORTS] = {"ports", PERM_event_alloc},       [POLICY_LIMIT_GRANTS] = {"grants", PERM_grant_setup},
    [POLICY_LIMIT_REPORTS] = {"reports", PERM_attest_report}, [POLICY_LIMIT_AUDIT] = {"audit", PERM_policy_audit},
};

int admit_within(struct domain *subject, const struct label *label, uint32_t target_id, enum policy_limit limit,
                 uint64_t wanted)
{
    uint32_t most = policy_section_ceiling(monitor_policy(), label->type, limit);
    char reason[32];

    if (!most || wanted <= most) return 0;
    join(reason, "ceiling", limits[limit].name);
    return monitor_refuse(subject, label, target_id, limits[limit].perm, wanted, reason);
}

/* No cap is more than any. */
static int share(struct domain *subject, const struct label *label, uint32_t target_id, uint32_t weight, uint32_t cap)
{
    int rc = admit_within(subject, label, target_id, POLICY_LIMIT_WEIGHT, weight ? weight : SCHED_WEIGHT_DEFAULT);

    return rc ? rc : admit_within(subject, label, target_id, POLICY_LIMIT_CAP, cap ? cap : UINT32_MAX);
}

int admit_share(struct domain *subject, const struct domain *d, uint32_t weight, uint32_t cap)
{
    return share(subject, &d->label, d->domid, weight, cap);
}

int admit_create(struct domain *creator, const struct bh_dom_create *c, const struct label *label)
{
    if (!policy_section_assigns(monitor_policy(), creator->label.type, label))
        return monitor_refuse(creator, label, 0, PERM_domain_create, label->compartment, "compartment");
    int rc = admit_within(creator, label, 0, POLICY_LIMIT_MEMORY, c->memory_kib / 1024);
    if (!rc) rc = admit_within(creator, label, 0, POLICY_LIMIT_VCPUS, c->vcpus);
    return rc ? rc : share(creator, label, 0, c->weight, c->cap);
}

static bool is_member(const struct policy_member *m, int type, uint16_t compartment)
{
    return m->span.b == type && m->span.low <= compartment && compartment <= m->span.high;
}

static bool alive(const struct policy_member *m, const struct domain *list)
{
    while (list && !is_member(m, list->label.type, list->label.compartment))
        list = list->next;
    return list;
}

static bool has_lived(const struct policy_member *m)
{
    for (unsigned int i = 0; i < lived_count; i++)
        for (uint32_t c = m->span.low; lived[i].type == m->span.b && c <= m->span.high; c++)
            if (lived[i].compartments[c / 64] >> (c % 64) & 1) return true;
    return false;
}

/* Number of a set that keeps the label out, or -1. */
static int conflict(const struct policy_table *t, const struct label *label, const struct domain *list)
{
    for (uint32_t set = 0; set < t->count[POLICY_CONFLICT]; set++) {
        bool per_boot = POLICY_ENTRY(t, POLICY_CONFLICT, policy_conflict, set)->per_boot;
        int own = policy_section_member(t, set, label);
        for (int i = 0; own >= 0 && i < (int)t->count[POLICY_MEMBER]; i++) {
            const struct policy_member *m = POLICY_ENTRY(t, POLICY_MEMBER, policy_member, i);
            if (m->span.a == set && i != own && (per_boot ? has_lived(m) : alive(m, list))) return (int)set;
        }
    }
    return -1;
}

static bool remember(const struct label *label)
{
    unsigned int i = 0;

    while (i < lived_count && lived[i].type != label->type)
        i++;
    if (i == POLICY_TYPES_MAX) return false;
    if (i == lived_count) {
        lived[lived_count++].type = label->type;
        monitor_type_name(label, lived[i].type_name);
    }
    lived[i].compartments[label->compartment / 64] |= 1ull << (label->compartment % 64);
    return true;
}

int admit_enlist(struct domain *creator, const struct domain *d, const struct domain *list)
{
    const struct policy_table *t = monitor_policy();
    int set = creator ? conflict(t, &d->label, list) : -1;
    char reason[32];

    if (set >= 0) {
        join(reason, "conflict", (const char *)POLICY_ENTRY(t, POLICY_CONFLICT, policy_conflict, set)->name);
        return monitor_refuse(creator, &d->label, 0, PERM_domain_create, 0, reason);
    }
    return remember(&d->label) ? 0 : -XEN_ENOSPC;
}

int admit_launch(struct domain *builder, const struct domain *d, bool wrong_signature)
{
    if (!wrong_signature &&
        policy_section_launches(monitor_policy(), &d->label, d->launch_digest, d->signer, d->guest_svn))
        return 0;
    return monitor_refuse(builder, &d->label, d->domid, PERM_domain_launch, d->domid,
                          wrong_signature ? "signature" : "launch");
}

bool admit_launch_bound(const struct label *label)
{
    static const uint8_t nothing[32];

    return !policy_section_launches(monitor_policy(), label, nothing, nothing, 0);
}

void admit_adopted(void)
{
    for (unsigned int i = 0; i < lived_count; i++)
        lived[i].type = policy_table_type_index(monitor_policy(), lived[i].type_name);
}
