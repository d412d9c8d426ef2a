/* SPDX-License-Identifier: MIT */
#include "polcheck.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "polcheck_parts.h"
#include "polprove.h"

const char *const pol_severity_names[POL_SEVERITIES] = {"note", "warning", "error"};

static const struct polcode codes[] = {
    {"neverallow", POL_ERROR, "the binary policy has a rule that a neverallow of its sources forbids"},
    {"control-memory", POL_ERROR, "the boot domain may reach the memory of a guest"},
    {"compartments-joined", POL_ERROR, "domains of one type share memory across compartments"},
    {"guest-policy", POL_ERROR, "a guest may load or read the policy, or read the audit ring"},
    {"guest-hardware", POL_WARNING, "a guest drives devices: with DMA it reaches whatever no IOMMU holds back"},
    {"guest-tpm", POL_WARNING, "a guest sends TPM commands"},
    {"guest-platform", POL_WARNING, "a guest reaches the machine's power, clock, firmware, CPUs, console"},
    {"guest-control", POL_WARNING, "a guest controls the life of others"},
    {"spanning", POL_WARNING, "a guest shares memory with other compartments"},
    {"launch-missing", POL_WARNING, "a guest with such power may be started with any kernel: no launch rule"},
    {"no-creator", POL_WARNING, "nobody can bring a domain of the type to life"},
    {"half-creator", POL_WARNING, "may create, but not load, build and start"},
    {"no-end", POL_WARNING, "nobody may destroy a domain of the type"},
    {"dead-rule", POL_WARNING, "a rule that gives nothing: constraints refuse it in every relation of compartments"},
    {"misplaced-rule", POL_WARNING, "a permission over an object that it is never asked about"},
    {"bind-without-alloc", POL_WARNING, "may bind to a port that the other may not offer"},
    {"channel-without-send", POL_WARNING, "a channel on which neither side may signal"},
    {"grant-without-table", POL_WARNING, "may use grants of a type that cannot set up a grant table"},
    {"map-without-unmap", POL_WARNING, "may map but never unmap: it holds the other's memory for ever"},
    {"clearance-unused", POL_WARNING, "a clearance that changes no answer of the policy"},
    {"assign-dead", POL_WARNING, "an assign line for labels that its creator may not create"},
    {"conflict-dead-member", POL_WARNING, "a member of a conflict set that no domain can be"},
    {"conflict-alone", POL_WARNING, "a conflict set with fewer than two members that can be"},
    {"accept-unused", POL_WARNING, "an accept line for which there is no finding"},
    {"alloc-without-bind", POL_NOTE, "may offer a port that the other may not bind to"},
    {"send-without-channel", POL_NOTE, "may signal, but no channel can be made"},
    {"map-without-signal", POL_NOTE, "may share memory, but has no way to signal"},
    {"write-without-read", POL_NOTE, "map_write without map_read: a writable mapping can be read"},
    {"redundant-rule", POL_NOTE, "everything that the rule gives, others give as well"},
    {"ceiling-missing", POL_NOTE, "a type without any ceiling, in a policy that has some"},
};

void polcheck_codes(FILE *out)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        fprintf(out, "%-8s %-21s %s\n", pol_severity_names[codes[i].severity], codes[i].code, codes[i].about);
}

static const struct polcode *code_named(const char *name)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(codes[i].code, name) == 0) return &codes[i];
    return NULL;
}

static struct polfinding *add(struct checker *c, const char *code, int type, const char *fmt, va_list args)
{
    char text[512];
    vsnprintf(text, sizeof(text), fmt, args);
    c->f->list = realloc(c->f->list, (c->f->count + 1) * sizeof(*c->f->list));
    struct polfinding *f = &c->f->list[c->f->count++];
    *f = (struct polfinding){.code = code_named(code), .type = type, .text = strdup(text)};
    return f;
}

void polcheck_add_at(struct checker *c, const char *code, int type, const struct cilnode *node, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct polfinding *f = add(c, code, type, fmt, args);
    va_end(args);
    if (node) snprintf(f->where, sizeof(f->where), "%.200s:%u", node->file, node->line);
}

void polcheck_add(struct checker *c, const char *code, int type, int object, int perm, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct polfinding *f = add(c, code, type, fmt, args);
    va_end(args);
    const struct cilrule *r =
        perm < 0 ? NULL : cilindex_find(c->cil, NULL, (uint32_t)type, (uint32_t)object, (uint32_t)perm);
    const struct cilnode *node = r ? cilindex_line(r) : perm < 0 ? cilindex_type(c->cil, c->m->flat.names[type]) : NULL;
    if (node) snprintf(f->where, sizeof(f->where), "%.200s:%u", node->file, node->line);
}

bool polcheck_guest(const struct checker *c, uint32_t type)
{
    return poltypes_has(&c->m->domains, type) && polmodel_creatable(c->m, type);
}

static const char *name(const struct checker *c, uint32_t type)
{
    return c->m->flat.names[type];
}

/* ---- Power over the machine and over others ---------------------------------------------------- */

/* The permissions of a class over the hypervisor (or labelled hardware), in words; how many. */
static int over_machine(const struct checker *c, uint32_t type, enum bh_class class, int *first, int *object,
                        char out[200])
{
    int n = 0;
    out[0] = 0;
    for (uint32_t t = 0; t < c->m->flat.types; t++) {
        if (poltypes_has(&c->m->domains, t)) continue;
        for (int p = 0; p < BH_PERM_COUNT; p++) {
            bool harmless = p == PERM_platform_info || p == PERM_platform_version;
            if (bh_permissions[p].class != class || bh_permissions[p].object != BH_OBJECT_XEN || harmless ||
                !polmodel_ever(c->m, type, t, (uint32_t)p))
                continue;
            size_t at = strlen(out);
            if (at < 150) snprintf(out + at, 200 - at, "%s%s", at ? " " : "", bh_permissions[p].name);
            if (n++ == 0) *first = p, *object = (int)t;
        }
    }
    return n;
}

static bool check_machine(struct checker *c, uint32_t type)
{
    static const struct {
        enum bh_class class;
        const char *code;
    } parts[] = {{BH_CLASS_policy, "guest-policy"},
                 {BH_CLASS_hw, "guest-hardware"},
                 {BH_CLASS_tpm, "guest-tpm"},
                 {BH_CLASS_platform, "guest-platform"}};
    bool power = false;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        int first = 0, object = 0;
        char what[200];
        if (!over_machine(c, type, parts[i].class, &first, &object, what)) continue;
        power = true;
        polcheck_add(c, parts[i].code, (int)type, object, first, "%s may %s: %s", name(c, type),
                     bh_class_names[parts[i].class], what);
    }
    return power;
}

static bool check_control(struct checker *c, uint32_t type)
{
    bool power = false;
    for (uint32_t t = 0; t < c->m->flat.types; t++) {
        for (int p = 0; p < BH_PERM_COUNT; p++) {
            if (!polflow_controls((uint32_t)p) || !poltypes_has(&c->m->domains, t) ||
                !polmodel_ever(c->m, type, t, (uint32_t)p))
                continue;
            power = true;
            polcheck_add(c, "guest-control", (int)type, (int)t, p, "%s may %s:%s %s", name(c, type),
                         bh_permissions[p].class_name, bh_permissions[p].name, name(c, t));
            break;
        }
    }
    return power;
}

/* Memory by a call of one of the two across compartments, not by clearance of either. */
static int memory_across(const struct checker *c, uint32_t s, uint32_t t, enum pol_relation r)
{
    for (int p = 0; p < BH_PERM_COUNT; p++)
        if ((polflow_reads((uint32_t)p) || polflow_writes((uint32_t)p)) && !polflow_is_console((uint32_t)p) &&
            polmodel_allows(c->m, s, t, r, (uint32_t)p))
            return p;
    return -1;
}

static bool check_spanning(struct checker *c, uint32_t type)
{
    char with[300] = "";
    int rule_s = 0, rule_t = 0, rule_p = -1;
    for (uint32_t t = 0; t < c->m->flat.types; t++) {
        if (!poltypes_has(&c->m->domains, t)) continue;
        int mine = memory_across(c, type, t, POL_OTHER), theirs = memory_across(c, t, type, POL_OTHER);
        if (mine < 0 && theirs < 0) continue;
        if (t == type) {
            polcheck_add(c, "compartments-joined", (int)type, (int)t, mine,
                         "%s in one compartment may %s:%s %s in another", name(c, type),
                         bh_permissions[mine].class_name, bh_permissions[mine].name, name(c, t));
            continue;
        }
        const struct poltypes *spanning = polmodel_set(c->m, "spanning");
        /* Of two types the one that the policy calls spanning is the finding's. */
        if (spanning && poltypes_has(spanning, t) && !poltypes_has(spanning, type)) continue;
        size_t n = strlen(with);
        if (n < 240) snprintf(with + n, sizeof(with) - n, "%s%.48s", n ? ", " : "", name(c, t));
        if (rule_p < 0) {
            rule_s = mine >= 0 ? (int)type : (int)t;
            rule_t = mine >= 0 ? (int)t : (int)type;
            rule_p = mine >= 0 ? mine : theirs;
        }
    }
    if (rule_p < 0) return false;
    polcheck_add(c, "spanning", rule_s, rule_t, rule_p, "%s shares memory across compartments with %s", name(c, type),
                 with);
    c->f->list[c->f->count - 1].type = (int)type;
    return true;
}

static void check_boot_domain(struct checker *c)
{
    static const int memory[] = {PERM_grant_map_read, PERM_grant_map_write, PERM_grant_copy_from, PERM_grant_copy_to};
    uint32_t boot = c->m->flat.boot_type;
    for (uint32_t t = 0; t < c->m->flat.types; t++) {
        for (size_t i = 0; i < 4 && t != boot && polcheck_guest(c, t); i++) {
            if (!polmodel_ever(c->m, boot, t, (uint32_t)memory[i])) continue;
            polcheck_add(c, "control-memory", (int)boot, (int)t, memory[i], "%s may %s:%s %s: it %s", name(c, boot),
                         bh_permissions[memory[i]].class_name, bh_permissions[memory[i]].name, name(c, t),
                         polflow_effect((uint32_t)memory[i]));
            break;
        }
    }
}

static bool launch_free(const struct checker *c, uint32_t type)
{
    for (size_t i = 0; i < c->g->count; i++)
        if (c->g->nodes[i].type == type && !polrules_bound(c->g->w.rules, c->g->nodes[i])) return true;
    return false;
}

static void check_guest(struct checker *c, uint32_t type)
{
    bool machine = check_machine(c, type), control = check_control(c, type), spans = check_spanning(c, type);
    if ((machine || control || spans) && launch_free(c, type))
        polcheck_add(c, "launch-missing", (int)type, 0, -1, "%s %s, and may be started with any kernel", name(c, type),
                     machine   ? "reaches the machine"
                     : control ? "controls others"
                               : "serves many compartments");
}

/* ---- Lives ------------------------------------------------------------------------------------------ */

static void check_life(struct checker *c, uint32_t type)
{
    static const int start[] = {PERM_domain_load, PERM_domain_build, PERM_domain_unpause};
    const struct poltypes *meant = polmodel_set(c->m, "domains");
    if (!poltypes_has(&c->m->domains, type)) {
        if (meant && poltypes_has(meant, type))
            polcheck_add(c, "no-creator", (int)type, 0, -1, "nobody can create, load, build and start %s",
                         name(c, type));
        return;
    }
    bool end = type == c->m->flat.boot_type;
    for (uint32_t s = 0; s < c->m->flat.types; s++) {
        if (!poltypes_has(&c->m->domains, s)) continue;
        end |= polmodel_ever(c->m, s, type, PERM_domain_destroy);
        for (size_t i = 0; i < 3 && polmodel_ever(c->m, s, type, PERM_domain_create); i++)
            if (!polmodel_ever(c->m, s, type, (uint32_t)start[i])) {
                polcheck_add(c, "half-creator", (int)s, (int)type, PERM_domain_create,
                             "%s may create %s, but not %s it", name(c, s), name(c, type),
                             bh_permissions[start[i]].name);
                break;
            }
    }
    if (!end) polcheck_add(c, "no-end", (int)type, 0, -1, "nobody may destroy %s", name(c, type));
}

/* ---- Pairs ------------------------------------------------------------------------------------------- */

static bool ever(const struct checker *c, uint32_t s, uint32_t t, int p)
{
    return polmodel_ever(c->m, s, t, (uint32_t)p);
}

static void check_channel(struct checker *c, uint32_t s, uint32_t t)
{
    bool made = (ever(c, s, t, PERM_event_alloc) && ever(c, t, s, PERM_event_bind)) ||
                (ever(c, t, s, PERM_event_alloc) && ever(c, s, t, PERM_event_bind));
    bool reserved = ever(c, s, t, PERM_event_bind_console) || ever(c, s, t, PERM_event_bind_store) ||
                    ever(c, t, s, PERM_event_bind_console) || ever(c, t, s, PERM_event_bind_store);
    if (ever(c, s, t, PERM_event_bind) && !ever(c, t, s, PERM_event_alloc))
        polcheck_add(c, "bind-without-alloc", (int)s, (int)t, PERM_event_bind,
                     "%s may event:bind %s, but %s may not event:alloc for it", name(c, s), name(c, t), name(c, t));
    /* A port to itself is what a domain's own store needs. */
    if (s != t && ever(c, s, t, PERM_event_alloc) && !ever(c, t, s, PERM_event_bind))
        polcheck_add(c, "alloc-without-bind", (int)s, (int)t, PERM_event_alloc,
                     "%s may event:alloc for %s, but %s may not event:bind to it", name(c, s), name(c, t), name(c, t));
    if (s != t && ever(c, s, t, PERM_event_send) && !made && !reserved)
        polcheck_add(c, "send-without-channel", (int)s, (int)t, PERM_event_send,
                     "%s may event:send %s, but no channel can be made", name(c, s), name(c, t));
    if (made && s <= t && !ever(c, s, t, PERM_event_send) && !ever(c, t, s, PERM_event_send))
        polcheck_add(c, "channel-without-send", (int)s, (int)t,
                     ever(c, s, t, PERM_event_bind) ? PERM_event_bind : PERM_event_alloc,
                     "%s and %s can make a channel, but neither may event:send", name(c, s), name(c, t));
}

static void check_memory(struct checker *c, uint32_t s, uint32_t t)
{
    static const int uses[] = {PERM_grant_map_read, PERM_grant_map_write, PERM_grant_copy_from, PERM_grant_copy_to};
    int use = -1;
    for (size_t i = 0; i < 4 && use < 0; i++)
        if (ever(c, s, t, uses[i])) use = uses[i];
    if (use < 0) return;
    bool maps = use == PERM_grant_map_read || use == PERM_grant_map_write;
    if (!ever(c, t, t, PERM_grant_setup))
        polcheck_add(c, "grant-without-table", (int)s, (int)t, use,
                     "%s may grant:%s %s, which may not set up a grant table", name(c, s), bh_permissions[use].name,
                     name(c, t));
    if (maps && !ever(c, s, s, PERM_grant_unmap))
        polcheck_add(c, "map-without-unmap", (int)s, (int)t, use, "%s may map %s, but never unmap", name(c, s),
                     name(c, t));
    if (ever(c, s, t, PERM_grant_map_write) && !ever(c, s, t, PERM_grant_map_read))
        polcheck_add(c, "write-without-read", (int)s, (int)t, PERM_grant_map_write,
                     "%s may map_write %s but not map_read: it can read all the same", name(c, s), name(c, t));
    if (!c->signals[s * c->m->flat.types + t] && !c->signals[t * c->m->flat.types + s])
        polcheck_add(c, "map-without-signal", (int)s, (int)t, use,
                     "%s may grant:%s %s, but neither can signal the other", name(c, s), bh_permissions[use].name,
                     name(c, t));
}

/* ---- What was accepted ---------------------------------------------------------------------------- */

static void accept(struct checker *c, const char *file, const struct polspec_line *l)
{
    struct poltypes types;
    struct policy_error e;
    bool used = false, known = polprove_types(c->m, &l->a, &types, &e) == 0;
    for (size_t i = 0; i < c->f->count && known; i++) {
        struct polfinding *f = &c->f->list[i];
        if (strcmp(f->code->code, l->word) != 0 ||
            (l->a.count && (f->type < 0 || !poltypes_has(&types, (uint32_t)f->type))))
            continue;
        f->because = l->because;
        used = true;
    }
    if (used) return;
    polcheck_add_at(c, "accept-unused", -1, NULL, "%s: %s", l->text,
                    !known                ? e.text
                    : code_named(l->word) ? "there is no such finding"
                                          : "there is no such code (bh-policy check --codes)");
    struct polfinding *f = &c->f->list[c->f->count - 1];
    snprintf(f->where, sizeof(f->where), "%.200s:%u", file, l->line);
}

/* The worst first; else as found. */
static int by_severity(const void *a, const void *b)
{
    const struct polfinding *x = a, *y = b;
    if (x->code->severity != y->code->severity) return (int)y->code->severity - (int)x->code->severity;
    int code = x->code < y->code ? -1 : x->code > y->code;
    return code ? code : strcmp(x->text, y->text);
}

void polcheck(struct polfindings *f, const struct polgraph *g, const struct cilindex *cil, const char *const *files,
              const struct polspec *specs, size_t count)
{
    struct checker c = {.f = f, .g = g, .m = g->w.m, .cil = cil};
    memset(f, 0, sizeof(*f));
    c.signals = calloc((size_t)c.m->flat.types * c.m->flat.types, 1);
    if (!c.signals) abort();
    for (size_t a = 0; a < g->count; a++)
        for (size_t b = 0; b < g->count; b++)
            if (g->kinds[a * g->count + b] & 1u << POL_SIGNAL)
                c.signals[(size_t)g->nodes[a].type * c.m->flat.types + g->nodes[b].type] = 1;
    check_boot_domain(&c);
    for (uint32_t s = 0; s < c.m->flat.types; s++) {
        check_life(&c, s);
        if (polcheck_guest(&c, s)) check_guest(&c, s);
        for (uint32_t t = 0; t < c.m->flat.types; t++) {
            if (!poltypes_has(&c.m->domains, s) || !poltypes_has(&c.m->domains, t)) continue;
            if (s == t && s == c.m->flat.boot_type && !polcheck_guest(&c, s)) continue; /* there is one of it */
            check_channel(&c, s, t);
            check_memory(&c, s, t);
        }
    }
    polcheck_rules(&c);
    polcheck_limits(&c);
    free(c.signals);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < specs[i].count; k++)
            if (specs[i].lines[k].kind == POLSPEC_ACCEPT) accept(&c, files[i], &specs[i].lines[k]);
    if (f->count) qsort(f->list, f->count, sizeof(*f->list), by_severity);
    for (size_t i = 0; i < f->count; i++)
        f->open[f->list[i].code->severity] += !f->list[i].because;
}

void polcheck_free(struct polfindings *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->list[i].text);
    free(f->list);
    memset(f, 0, sizeof(*f));
}
