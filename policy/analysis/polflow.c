/* SPDX-License-Identifier: MIT */
#include "polflow.h"

#include <string.h>

const char *const pol_kind_names[POL_KINDS] = {"memory", "console", "signal", "state", "platform", "control"};

/* What a use does: to the object (out), from the object to the subject (in), or to the object's life. */
enum { IN = 1, OUT = 2 };

static const struct {
    uint16_t perm;
    uint8_t way;
    enum pol_kind kind;
    const char *effect;
} effects[] = {
    {PERM_grant_map_read, IN, POL_MEMORY, "reads memory that the other grants"},
    {PERM_grant_map_write, IN | OUT, POL_MEMORY, "reads and writes memory that the other grants"},
    {PERM_grant_copy_from, IN, POL_MEMORY, "copies from memory that the other grants"},
    {PERM_grant_copy_to, OUT, POL_MEMORY, "copies into memory that the other grants"},
    {PERM_grant_map_console, IN | OUT, POL_CONSOLE, "reads and writes the other's console page"},
    {PERM_grant_map_store, IN | OUT, POL_CONSOLE, "reads and writes the other's store page"},
    {PERM_domain_info, IN, POL_STATE, "sees the other's name, size, state and times"},
    {PERM_event_peer_status, IN, POL_STATE, "sees the state of the other's ports"},
    {PERM_memory_peer_reservation, IN, POL_STATE, "sees the other's memory size"},
    {PERM_domain_peer_mm_audit, IN, POL_STATE, "counts the other's frames and tables (debug builds)"},
    {PERM_domain_create, OUT, POL_CONTROL, "creates domains of the type"},
    {PERM_domain_load, OUT, POL_CONTROL, "chooses what the other starts with (measured)"},
    {PERM_domain_build, OUT, POL_CONTROL, "builds the other"},
    {PERM_domain_unpause, OUT, POL_CONTROL, "lets the other run"},
    {PERM_domain_pause, OUT, POL_CONTROL, "stops the other for a time"},
    {PERM_domain_destroy, OUT, POL_CONTROL, "ends the other"},
    {PERM_domain_sched, OUT, POL_CONTROL, "sets the other's share of the CPUs"},
    {PERM_domain_remote_shutdown, OUT, POL_CONTROL, "shuts the other down"},
    {PERM_event_peer_reset, OUT, POL_CONTROL, "closes the other's ports"},
};

/* Through the hypervisor or the machine: who has the first permission informs who has the second. */
static const struct {
    uint16_t writer, reader;
    const char *by;
} platform[] = {
    {PERM_attest_evidence_put, PERM_attest_evidence_get, "the stored platform evidence"},
    {PERM_platform_console_write, PERM_platform_console_read, "the machine's console"},
    {PERM_platform_console_write, PERM_platform_dmesg, "the hypervisor's console ring"},
    {PERM_policy_load, PERM_attest_eventlog, "the event log"},
    {PERM_policy_load, PERM_policy_read, "the policy in force"},
    {PERM_platform_firmware, PERM_platform_firmware, "variables of the firmware"},
    {PERM_hw_ioport, PERM_hw_ioport, "I/O ports of devices"},
    {PERM_hw_iomem, PERM_hw_iomem, "memory of devices"},
    {PERM_hw_pci, PERM_hw_pci, "PCI configuration space"},
    {PERM_hw_irq, PERM_hw_irq, "interrupt lines"},
    {PERM_tpm_key, PERM_tpm_read, "objects in the TPM"},
    {PERM_tpm_key, PERM_tpm_key, "objects in the TPM"},
    {PERM_tpm_key, PERM_tpm_quote, "objects in the TPM"},
    {PERM_tpm_activate, PERM_tpm_read, "sessions of the TPM"},
};

/* What everybody does, willing or not, and who has the permission sees. */
static const struct {
    uint16_t reader;
    const char *by;
} everybody[] = {
    {PERM_policy_audit, "audit records about the other"},
    {PERM_event_virq_global, "the event that some domain has ended"},
};

/* Over the machine, and no way from one domain to another by themselves, or dealt with in by_machine(). */
static const uint16_t quiet[] = {PERM_event_pirq,    PERM_memory_machine_map, PERM_tpm_random,
                                 PERM_attest_check,  PERM_platform_version,   PERM_platform_cpu,
                                 PERM_platform_info, PERM_platform_power,     PERM_platform_time};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *polflow_effect(uint32_t perm)
{
    for (size_t i = 0; i < COUNT(effects); i++)
        if (effects[i].perm == perm) return effects[i].effect;
    switch (perm) {
    case PERM_event_alloc:
        return "offers the other a port to bind to";
    case PERM_event_bind:
        return "binds to a port that the other offers";
    case PERM_event_bind_console:
        return "binds to the other's console port";
    case PERM_event_bind_store:
        return "binds to the other's store port";
    case PERM_event_send:
        return "signals the other over a channel that both made";
    case PERM_domain_launch:
        return "is asked about the other's launch";
    default:
        return bh_permissions[perm].guards;
    }
}

bool polflow_accounted(uint32_t perm)
{
    static const uint16_t channel[] = {PERM_event_alloc,      PERM_event_bind, PERM_event_bind_console,
                                       PERM_event_bind_store, PERM_event_send, PERM_domain_launch};
    bool known = bh_permissions[perm].object == BH_OBJECT_SELF;
    for (size_t i = 0; i < COUNT(effects); i++)
        known |= effects[i].perm == perm;
    for (size_t i = 0; i < COUNT(channel); i++)
        known |= channel[i] == perm;
    for (size_t i = 0; i < COUNT(platform); i++)
        known |= platform[i].writer == perm || platform[i].reader == perm;
    for (size_t i = 0; i < COUNT(everybody); i++)
        known |= everybody[i].reader == perm;
    for (size_t i = 0; i < COUNT(quiet); i++)
        known |= quiet[i] == perm;
    return known;
}

static unsigned int way_of(uint32_t perm, enum pol_kind kind)
{
    for (size_t i = 0; i < COUNT(effects); i++)
        if (effects[i].perm == perm && (effects[i].kind == kind || kind == POL_KINDS)) return effects[i].way;
    return 0;
}

bool polflow_reads(uint32_t perm)
{
    return (way_of(perm, POL_MEMORY) | way_of(perm, POL_CONSOLE)) & IN;
}

bool polflow_writes(uint32_t perm)
{
    return (way_of(perm, POL_MEMORY) | way_of(perm, POL_CONSOLE)) & OUT;
}

bool polflow_controls(uint32_t perm)
{
    return way_of(perm, POL_CONTROL) != 0;
}

bool polflow_is_console(uint32_t perm)
{
    return way_of(perm, POL_CONSOLE) != 0 || perm == PERM_event_bind_console || perm == PERM_event_bind_store;
}

enum pol_relation polflow_relation(const struct polworld *w, struct pollabel a, struct pollabel b)
{
    if (a.compartment == b.compartment) return POL_SAME;
    if (polrules_cleared(w->rules, a, b.compartment)) return POL_SOURCE_CLEARED;
    return polrules_cleared(w->rules, b, a.compartment) ? POL_TARGET_CLEARED : POL_OTHER;
}

bool polflow_allows(const struct polworld *w, struct pollabel a, struct pollabel b, uint32_t perm)
{
    enum pol_relation r = polflow_relation(w, a, b);
    if (polmodel_allows(w->m, a.type, b.type, r, perm)) return true;
    /* Both cleared: what one of the two rows allows is allowed. */
    return r == POL_SOURCE_CLEARED && polrules_cleared(w->rules, b, a.compartment) &&
           polmodel_allows(w->m, a.type, b.type, POL_TARGET_CLEARED, perm);
}

struct step {
    const struct polworld *w;
    struct polreason *reasons;
    size_t count;
    unsigned int kinds;
};

static void found(struct step *s, struct pollabel subject, struct pollabel object, uint32_t perm, enum pol_kind kind,
                  const char *by)
{
    s->kinds |= 1u << kind;
    if (s->reasons && s->count < POL_REASONS_MAX)
        s->reasons[s->count++] = (struct polreason){subject.type, object.type, (uint16_t)perm, kind, by};
}

/* A page is shared by the one who owns it: without a grant table there is nothing to map. */
static bool can_grant(const struct polworld *w, struct pollabel owner)
{
    return polflow_allows(w, owner, owner, PERM_grant_setup);
}

static void by_calls(struct step *s, struct pollabel a, struct pollabel b)
{
    for (size_t i = 0; i < COUNT(effects); i++) {
        bool memory = effects[i].kind == POL_MEMORY;
        if ((effects[i].way & OUT) && polflow_allows(s->w, a, b, effects[i].perm) && (!memory || can_grant(s->w, b)))
            found(s, a, b, effects[i].perm, effects[i].kind, NULL);
        if ((effects[i].way & IN) && polflow_allows(s->w, b, a, effects[i].perm) && (!memory || can_grant(s->w, a)))
            found(s, b, a, effects[i].perm, effects[i].kind, NULL);
    }
}

static void by_events(struct step *s, struct pollabel a, struct pollabel b)
{
    static const uint16_t reserved[] = {PERM_event_bind_console, PERM_event_bind_store};
    if (!polflow_allows(s->w, a, b, PERM_event_send)) return;
    struct {
        struct pollabel subject, object;
        uint16_t perm;
    } made[8];
    size_t n = 0;
    const struct pollabel side[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        struct pollabel x = side[i], y = side[!i];
        if (polflow_allows(s->w, x, y, PERM_event_alloc) && polflow_allows(s->w, y, x, PERM_event_bind)) {
            made[n].subject = x, made[n].object = y, made[n++].perm = PERM_event_alloc;
            made[n].subject = y, made[n].object = x, made[n++].perm = PERM_event_bind;
        }
        for (size_t k = 0; k < COUNT(reserved); k++)
            if (polflow_allows(s->w, x, y, reserved[k]))
                made[n].subject = x, made[n].object = y, made[n++].perm = reserved[k];
    }
    if (n == 0) return;
    found(s, a, b, PERM_event_send, POL_SIGNAL, NULL);
    for (size_t i = 0; i < n; i++)
        found(s, made[i].subject, made[i].object, made[i].perm, POL_SIGNAL, NULL);
}

static bool over_machine(const struct polworld *w, struct pollabel l, uint32_t perm)
{
    return polmodel_ever(w->m, l.type, w->m->flat.xen_type, perm);
}

/* Devices that a type reaches by labels of their own count for all that reach the same label. */
static bool share_hardware(const struct polworld *w, struct pollabel a, struct pollabel b, uint32_t perm)
{
    for (size_t i = 0; i < w->rules->resource_count; i++) {
        uint32_t label = w->rules->resources[i].label.type;
        if (polmodel_ever(w->m, a.type, label, perm) && polmodel_ever(w->m, b.type, label, perm)) return true;
    }
    return false;
}

static void by_machine(struct step *s, struct pollabel a, struct pollabel b)
{
    struct pollabel xen = {(uint16_t)s->w->m->flat.xen_type, 0};
    for (size_t i = 0; i < COUNT(platform); i++) {
        bool both = over_machine(s->w, a, platform[i].writer) && over_machine(s->w, b, platform[i].reader);
        if (!both && bh_permissions[platform[i].writer].class == BH_CLASS_hw)
            both = share_hardware(s->w, a, b, platform[i].writer);
        if (both) found(s, a, xen, platform[i].writer, POL_PLATFORM, platform[i].by);
    }
    for (size_t i = 0; i < COUNT(everybody); i++)
        if (over_machine(s->w, b, everybody[i].reader))
            found(s, b, xen, everybody[i].reader, POL_PLATFORM, everybody[i].by);
    /* Everybody reads the clock; BH_PLATFORM_INFO tells how much memory is left. */
    if (over_machine(s->w, b, PERM_platform_info) && poltypes_has(&s->w->m->creators, a.type))
        found(s, b, xen, PERM_platform_info, POL_PLATFORM, "the memory that is left after the other created domains");
    if (over_machine(s->w, a, PERM_platform_time)) found(s, a, xen, PERM_platform_time, POL_PLATFORM, "the wall clock");
    if (over_machine(s->w, a, PERM_policy_load))
        found(s, a, xen, PERM_policy_load, POL_CONTROL, "a new policy (signed)");
    if (over_machine(s->w, a, PERM_platform_power))
        found(s, a, xen, PERM_platform_power, POL_CONTROL, "the machine's power");
}

unsigned int polflow_step(const struct polworld *w, struct pollabel a, struct pollabel b, struct polreason *reasons,
                          size_t *count)
{
    struct step s = {.w = w, .reasons = reasons};
    by_calls(&s, a, b);
    by_events(&s, a, b);
    by_machine(&s, a, b);
    if (count) *count = s.count;
    return s.kinds;
}
