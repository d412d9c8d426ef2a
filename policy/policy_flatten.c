/* SPDX-License-Identifier: MIT */
#include "policy_flatten.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead.h>
#include <sepol/handle.h>
#include <sepol/debug.h>
#include <sepol/policydb/policydb.h>
#include <sepol/policydb/services.h>
#include <sepol/policydb/sidtab.h>

#include "monitor/permissions.h"

/* Numbers of the Xen target's initial SIDs; a binary policy has no names for them. They are the
 * positions in the policy's sidorder, which base.cil fixes. */
#define XEN_SID_XEN    1
#define XEN_SID_DOM0   2
#define XEN_SID_IOPORT 7 /* then iomem, irq, device: as enum policy_hardware */

/* The policy under work, and where each of our permissions is in it. */
struct source {
    policydb_t db;
    sidtab_t sids;
    sepol_security_class_t class[BH_CLASS_COUNT];
    sepol_access_vector_t perm[BH_PERM_COUNT];
    const char *user, *role;
};

static int __attribute__((format(printf, 2, 3))) fail(struct policy_error *e, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, args);
    va_end(args);
    return -EINVAL;
}

static int find_permissions(struct source *s, struct policy_error *e)
{
    for (int c = 0; c < BH_CLASS_COUNT; c++)
        if (sepol_string_to_security_class(bh_class_names[c], &s->class[c]) != 0)
            return fail(e, "class %s is missing", bh_class_names[c]);
    for (int p = 0; p < BH_PERM_COUNT; p++)
        if (sepol_string_to_av_perm(s->class[bh_permissions[p].class], bh_permissions[p].name, &s->perm[p]) != 0)
            return fail(e, "permission %s of class %s is missing", bh_permissions[p].name,
                        bh_permissions[p].class_name);
    return 0;
}

static int known_permission(hashtab_key_t key, hashtab_datum_t datum, void *class_name)
{
    (void)datum;
    for (int p = 0; p < BH_PERM_COUNT; p++)
        if (strcmp(bh_permissions[p].class_name, class_name) == 0 && strcmp(bh_permissions[p].name, key) == 0) return 0;
    return 1;
}

/* A class or permission that nobody asks about would be a rule without effect. */
static int check_no_others(struct source *s, struct policy_error *e)
{
    for (uint32_t v = 0; v < s->db.p_classes.nprim; v++) {
        char *name = s->db.p_class_val_to_name[v];
        class_datum_t *class = s->db.class_val_to_struct[v];
        int c = 0;
        while (c < BH_CLASS_COUNT && strcmp(bh_class_names[c], name) != 0)
            c++;
        if (c == BH_CLASS_COUNT) return fail(e, "the hypervisor has no class %s", name);
        if (hashtab_map(class->permissions.table, known_permission, name) != 0 ||
            (class->comdatum && hashtab_map(class->comdatum->permissions.table, known_permission, name) != 0))
            return fail(e, "class %s has a permission that the hypervisor does not have", name);
    }
    return 0;
}

static int check_language(struct source *s, struct policy_error *e)
{
    if (s->db.target_platform != SEPOL_TARGET_XEN) return fail(e, "compiled for SELinux, not for Xen (secilc -t xen)");
    if (!s->db.mls) return fail(e, "compartments need an MLS policy: (mls true)");
    if (s->db.p_levels.nprim != 1)
        return fail(e, "%u sensitivities; labels have compartments only, so exactly one is allowed",
                    s->db.p_levels.nprim);
    if (s->db.p_bools.nprim != 0)
        return fail(e, "booleans and conditional rules are not supported: a table has one answer");
    if (ebitmap_cardinality(&s->db.permissive_map) != 0)
        return fail(e, "permissive types are not supported: there is no permissive mode");
    return 0;
}

static context_struct_t *initial_context(struct source *s, uint32_t sid)
{
    for (ocontext_t *c = s->db.ocontexts[OCON_XEN_ISID]; c; c = c->next)
        if (c->sid[0] == sid) return &c->context[0];
    return NULL;
}

/* A label with that range, in the boot domain's role or, for what is hardware only, in object_r. */
static bool range_sid(struct source *s, const char *type, const char *range, sepol_security_id_t *sid)
{
    const char *roles[] = {s->role, "object_r"};
    char context[256];

    for (size_t i = 0; i < 2; i++) {
        int n = snprintf(context, sizeof(context), "%s:%s:%s:%s", s->user, roles[i], type, range);
        if (n < (int)sizeof(context) && sepol_context_to_sid(context, (size_t)n + 1, sid) == 0) return true;
    }
    return false;
}

static bool type_is_domains(struct source *s, const char *type)
{
    sepol_security_id_t sid;
    char context[256];
    int n = snprintf(context, sizeof(context), "%s:%s:%s:s0:c0", s->user, s->role, type);
    return n < (int)sizeof(context) && sepol_context_to_sid(context, (size_t)n + 1, &sid) == 0;
}

/* Types that ioportcon and its like give to hardware. */
static bool type_is_hardware(struct source *s, uint32_t value)
{
    for (int o = OCON_XEN_PIRQ; o <= OCON_XEN_PCIDEVICE; o++)
        for (ocontext_t *c = s->db.ocontexts[o]; c; c = c->next)
            if (c->context[0].type == value) return true;
    return false;
}

static int by_name(const void *a, const void *b)
{
    return memcmp(a, b, POLICY_TYPE_NAME);
}

/* Types that the boot domain's user and role may have are those that a domain can be given. */
static int find_types(struct source *s, struct policy_flat *flat, struct policy_error *e)
{
    sepol_security_id_t sid;
    for (uint32_t v = 0; v < s->db.p_types.nprim; v++) {
        const char *name = s->db.p_type_val_to_name[v];
        if (!name || s->db.type_val_to_struct[v]->flavor != TYPE_TYPE ||
            (!type_is_domains(s, name) && !type_is_hardware(s, v + 1)))
            continue;
        if (flat->types == POLICY_TYPES_MAX) return fail(e, "more than %d types", POLICY_TYPES_MAX);
        if (strlen(name) >= POLICY_TYPE_NAME)
            return fail(e, "type %s: a name has at most %d characters", name, POLICY_TYPE_NAME - 1);
        char last[32];
        snprintf(last, sizeof(last), "s0:c%d", BH_COMPARTMENT_MAX);
        if (!range_sid(s, name, last, &sid))
            return fail(e, "type %s cannot have category c%d: all of c0 to c%d are needed", name, BH_COMPARTMENT_MAX,
                        BH_COMPARTMENT_MAX);
        memcpy(flat->names[flat->types++], name, strlen(name));
    }
    qsort(flat->names, flat->types, POLICY_TYPE_NAME, by_name);
    return 0;
}

static int index_of(const struct policy_flat *flat, const char *name)
{
    for (uint32_t i = 0; i < flat->types; i++)
        if (strcmp(flat->names[i], name) == 0) return (int)i;
    return -1;
}

static int find_special(struct source *s, const struct policy_flat *flat, uint32_t sid, const char *sid_name,
                        uint32_t *index, struct policy_error *e)
{
    const context_struct_t *c = initial_context(s, sid);
    if (!c) return fail(e, "initial SID %s has no context (sidcontext)", sid_name);
    const char *name = s->db.p_type_val_to_name[c->type - 1];
    int i = index_of(flat, name);
    if (i < 0)
        return fail(e, "type %s of initial SID %s cannot be used with %s:%s (roletype)", name, sid_name, s->user,
                    s->role);
    *index = (uint32_t)i;
    return 0;
}

/* One row: what the subject may do to the object, over all classes. */
static int fill_row(struct source *s, sepol_security_id_t subject, sepol_security_id_t object, uint64_t *row)
{
    sepol_access_vector_t allowed[BH_CLASS_COUNT];
    for (int c = 0; c < BH_CLASS_COUNT; c++) {
        struct sepol_av_decision d;
        if (sepol_compute_av(subject, object, s->class[c], ~0u, &d) != 0) return -EINVAL;
        allowed[c] = d.allowed;
    }
    for (int p = 0; p < BH_PERM_COUNT; p++)
        if (allowed[bh_permissions[p].class] & s->perm[p]) row[p / 64] |= 1ull << (p % 64);
    return 0;
}

/* Labels of one type: in compartment 1 or 2, plain, cleared for the other, or for a third. */
enum standing { PLAIN, CLEARED, ELSEWHERE, STANDINGS };
struct labels {
    sepol_security_id_t in[2][STANDINGS];
};

static bool make_labels(struct source *s, const char *type, struct labels *out)
{
    static const char *const ranges[2][STANDINGS] = {{"s0:c1", "s0:c1-s0:c1,c2", "s0:c1-s0:c1,c3"},
                                                     {"s0:c2", "s0:c2-s0:c1,c2", "s0:c2-s0:c2,c3"}};
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < STANDINGS; i++)
            if (!range_sid(s, type, ranges[c][i], &out->in[c][i])) return false;
    return true;
}

/* Does libsepol's answer for every other standing follow from the four rows, as the hypervisor takes it? */
static int check_pair(struct source *s, const struct labels *a, const struct labels *b, const uint64_t *rows)
{
    static const struct {
        uint8_t source_standing, target_compartment, target_standing, rows[2];
    } cases[] = {
        {CLEARED, 1, CLEARED, {POLICY_SOURCE_CLEARED, POLICY_TARGET_CLEARED}},
        {CLEARED, 0, PLAIN, {POLICY_SAME, POLICY_SAME}},
        {PLAIN, 0, CLEARED, {POLICY_SAME, POLICY_SAME}},
        {ELSEWHERE, 1, PLAIN, {POLICY_OTHER, POLICY_OTHER}},
        {PLAIN, 1, ELSEWHERE, {POLICY_OTHER, POLICY_OTHER}},
        {ELSEWHERE, 1, ELSEWHERE, {POLICY_OTHER, POLICY_OTHER}},
    };
    uint32_t words = policy_format_words(BH_PERM_COUNT);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t row[(BH_PERM_COUNT + 63) / 64] = {0};
        if (fill_row(s, a->in[0][cases[i].source_standing],
                     b->in[cases[i].target_compartment][cases[i].target_standing], row) != 0)
            return -1;
        for (uint32_t w = 0; w < words; w++)
            if (row[w] != (rows[cases[i].rows[0] * words + w] | rows[cases[i].rows[1] * words + w])) return (int)i + 1;
    }
    return 0;
}

static int fill_pair(struct source *s, const struct labels *a, const struct labels *b, uint64_t *rows)
{
    uint32_t words = policy_format_words(BH_PERM_COUNT);
    if (fill_row(s, a->in[0][PLAIN], b->in[1][PLAIN], rows + POLICY_OTHER * words) != 0 ||
        fill_row(s, a->in[0][PLAIN], b->in[0][PLAIN], rows + POLICY_SAME * words) != 0 ||
        fill_row(s, a->in[0][CLEARED], b->in[1][PLAIN], rows + POLICY_SOURCE_CLEARED * words) != 0 ||
        fill_row(s, a->in[0][PLAIN], b->in[1][CLEARED], rows + POLICY_TARGET_CLEARED * words) != 0)
        return -1;
    return check_pair(s, a, b, rows);
}

static int fill_rows(struct source *s, struct policy_flat *flat, struct policy_error *e)
{
    uint32_t words = policy_format_words(BH_PERM_COUNT);
    static struct labels labels[POLICY_TYPES_MAX];

    flat->rows = calloc((size_t)flat->types * flat->types * POLICY_RELATIONS * words, sizeof(*flat->rows));
    if (!flat->rows) return fail(e, "no memory");
    for (uint32_t t = 0; t < flat->types; t++)
        if (!make_labels(s, flat->names[t], &labels[t])) return fail(e, "type %s: no label", flat->names[t]);
    uint64_t *row = flat->rows;
    for (uint32_t a = 0; a < flat->types; a++) {
        for (uint32_t b = 0; b < flat->types; b++) {
            int rc = fill_pair(s, &labels[a], &labels[b], row);
            if (rc < 0) return fail(e, "libsepol has no answer for %s, %s", flat->names[a], flat->names[b]);
            if (rc > 0)
                return fail(e,
                            "%s to %s: a constraint asks more of clearances than 'cleared for the other's compartment' "
                            "(%s); the table cannot say that",
                            flat->names[a], flat->names[b],
                            rc == 1 ? "both cleared is not the same as one or the other"
                                    : "a clearance matters where it is for neither compartment");
            row += POLICY_RELATIONS * words;
        }
    }
    return 0;
}

/* Type and compartment of a piece of hardware; its level has one category or none (then c0). */
static int hardware_label(struct source *s, const struct policy_flat *flat, context_struct_t *c, const char *what,
                          uint16_t *type, uint16_t *compartment, struct policy_error *e)
{
    const char *name = s->db.p_type_val_to_name[c->type - 1];
    ebitmap_t *level = &c->range.level[0].cat;
    int index = index_of(flat, name);

    if (index < 0) return fail(e, "%s: type %s cannot be used (roletype)", what, name);
    if (ebitmap_cardinality(level) > 1 || !ebitmap_cmp(level, &c->range.level[1].cat))
        return fail(e, "%s: a label with one compartment is wanted, as in (s0 (c0))", what);
    *type = (uint16_t)index;
    *compartment = ebitmap_cardinality(level) ? (uint16_t)ebitmap_highest_set_bit(level) : 0;
    return 0;
}

static int by_range(const void *a, const void *b)
{
    const struct policy_resource *x = a, *y = b;
    return x->kind != y->kind ? x->kind - y->kind : x->low < y->low ? -1 : x->low > y->low;
}

static void range_of(const ocontext_t *c, int ocon, struct policy_resource *r)
{
    switch (ocon) {
    case OCON_XEN_IOPORT:
        r->low = c->u.ioport.low_ioport;
        r->high = c->u.ioport.high_ioport;
        break;
    case OCON_XEN_IOMEM:
        r->low = c->u.iomem.low_iomem;
        r->high = c->u.iomem.high_iomem;
        break;
    case OCON_XEN_PIRQ:
        r->low = r->high = c->u.pirq;
        break;
    default:
        r->low = r->high = c->u.device;
        break;
    }
}

static const struct {
    int ocon;
    const char *name, *sid;
} hardware[POLICY_HARDWARE] = {
    [POLICY_HW_IOPORT] = {OCON_XEN_IOPORT, "ioportcon", "initial SID ioport"},
    [POLICY_HW_IOMEM] = {OCON_XEN_IOMEM, "iomemcon", "initial SID iomem"},
    [POLICY_HW_IRQ] = {OCON_XEN_PIRQ, "pirqcon", "initial SID irq"},
    [POLICY_HW_PCI] = {OCON_XEN_PCIDEVICE, "pcidevicecon", "initial SID device"},
};

static int add_ranges(struct source *s, struct policy_flat *flat, int kind, struct policy_error *e)
{
    struct policy_flat_section *out = &flat->section[POLICY_RESOURCE];
    int rc = 0;

    for (ocontext_t *c = s->db.ocontexts[hardware[kind].ocon]; rc == 0 && c; c = c->next) {
        struct policy_resource r = {.kind = (uint16_t)kind}, *all = out->entries;
        char what[80];
        range_of(c, hardware[kind].ocon, &r);
        snprintf(what, sizeof(what), "%s %#llx-%#llx", hardware[kind].name, (unsigned long long)r.low,
                 (unsigned long long)r.high);
        if (r.low > r.high || out->count == POLICY_SECTION_MAX)
            return fail(e, "%s: %s", what, r.low > r.high ? "the end is below the beginning" : "too many ranges");
        uint16_t type, compartment;
        rc = hardware_label(s, flat, &c->context[0], what, &type, &compartment, e);
        r.type = type;
        r.compartment = compartment;
        all[out->count++] = r;
    }
    return rc;
}

static int find_hardware(struct source *s, struct policy_flat *flat, struct policy_error *e)
{
    struct policy_flat_section *out = &flat->section[POLICY_RESOURCE];

    out->entries = calloc(POLICY_SECTION_MAX, sizeof(struct policy_resource));
    if (!out->entries) return fail(e, "no memory");
    for (int kind = 0; kind < POLICY_HARDWARE; kind++) {
        context_struct_t *c = initial_context(s, XEN_SID_IOPORT + (uint32_t)kind);
        flat->hardware[kind].type = (uint16_t)flat->xen_type;
        int rc = c ? hardware_label(s, flat, c, hardware[kind].sid, &flat->hardware[kind].type,
                                    &flat->hardware[kind].compartment, e)
                   : 0;
        if (rc == 0) rc = add_ranges(s, flat, kind, e);
        if (rc != 0) return rc;
    }
    struct policy_resource *r = out->entries;
    qsort(r, out->count, sizeof(*r), by_range);
    for (uint32_t i = 1; i < out->count; i++)
        if (r[i - 1].kind == r[i].kind && r[i - 1].high >= r[i].low)
            return fail(e, "%s %#llx-%#llx overlaps %#llx-%#llx", hardware[r[i].kind].name,
                        (unsigned long long)r[i - 1].low, (unsigned long long)r[i - 1].high,
                        (unsigned long long)r[i].low, (unsigned long long)r[i].high);
    return 0;
}

static int flatten(struct source *s, struct policy_flat *flat, struct policy_error *e)
{
    sepol_set_policydb(&s->db);
    sepol_set_sidtab(&s->sids);
    int rc = check_language(s, e);
    if (rc == 0) rc = find_permissions(s, e);
    if (rc == 0) rc = check_no_others(s, e);
    if (rc != 0) return rc;
    const context_struct_t *boot = initial_context(s, XEN_SID_DOM0);
    if (!boot) return fail(e, "initial SID dom0 has no context (sidcontext)");
    s->user = s->db.p_user_val_to_name[boot->user - 1];
    s->role = s->db.p_role_val_to_name[boot->role - 1];
    rc = find_types(s, flat, e);
    if (rc == 0) rc = find_special(s, flat, XEN_SID_DOM0, "dom0", &flat->boot_type, e);
    if (rc == 0) rc = find_special(s, flat, XEN_SID_XEN, "xen", &flat->xen_type, e);
    if (rc == 0) rc = fill_rows(s, flat, e);
    if (rc == 0) rc = find_hardware(s, flat, e);
    return rc;
}

int policy_flatten(void *image, size_t size, struct policy_flat *flat, struct policy_error *e)
{
    struct source s = {0};
    sepol_handle_t *handle = sepol_handle_create();

    memset(flat, 0, sizeof(*flat));
    if (!handle || policydb_init(&s.db) != 0) {
        sepol_handle_destroy(handle);
        return fail(e, "no memory");
    }
    sepol_debug(0);
    sepol_msg_set_callback(handle, NULL, NULL);
    if (policydb_from_image(handle, image, size, &s.db) != 0) { /* it has destroyed s.db by then */
        sepol_handle_destroy(handle);
        return fail(e, "not a binary policy that libsepol can read");
    }
    int rc;
    if (policydb_load_isids(&s.db, &s.sids) != 0)
        rc = fail(e, "initial SIDs cannot be loaded");
    else
        rc = flatten(&s, flat, e);
    if (rc != 0) policy_flat_free(flat);
    sepol_sidtab_destroy(&s.sids);
    policydb_destroy(&s.db);
    sepol_handle_destroy(handle);
    return rc;
}

void policy_flat_free(struct policy_flat *flat)
{
    free(flat->rows);
    flat->rows = NULL;
    for (int s = 0; s < POLICY_SECTIONS; s++) {
        free(flat->section[s].entries);
        flat->section[s] = (struct policy_flat_section){0};
    }
}
