/* SPDX-License-Identifier: MIT */
#include "polmodel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sepol/debug.h>
#include <sepol/handle.h>
#include <sepol/policydb/policydb.h>

#define XEN_SID_DOM0 2 /* its place in base.cil's sidorder */
#define CLASSES_MAX  64

const char *const pol_relation_names[POL_RELATIONS] = {"same", "other", "source-cleared", "target-cleared"};

int polmodel_permission(const char *class_name, const char *name)
{
    for (int p = 0; p < BH_PERM_COUNT; p++)
        if (strcmp(bh_permissions[p].class_name, class_name) == 0 && strcmp(bh_permissions[p].name, name) == 0)
            return p;
    return -1;
}

int polmodel_type(const struct polmodel *m, const char *name)
{
    for (uint32_t t = 0; t < m->flat.types; t++)
        if (strcmp(m->flat.names[t], name) == 0) return (int)t;
    return -1;
}

const struct poltypes *polmodel_set(const struct polmodel *m, const char *name)
{
    for (size_t i = 0; i < m->set_count; i++)
        if (strcmp(m->sets[i].name, name) == 0) return &m->sets[i].types;
    return NULL;
}

void polmodel_add_set(struct polmodel *m, const char *name, const struct poltypes *types)
{
    struct poltypes *old = (struct poltypes *)(uintptr_t)polmodel_set(m, name);
    if (old) {
        for (size_t i = 0; i < POLICY_TYPES_MAX / 64; i++)
            old->bit[i] |= types->bit[i];
        return;
    }
    m->sets = realloc(m->sets, (m->set_count + 1) * sizeof(*m->sets));
    m->sets[m->set_count++] = (struct polset){.name = strdup(name), .types = *types};
}

bool polmodel_allows(const struct polmodel *m, uint32_t subject, uint32_t object, enum pol_relation r, uint32_t perm)
{
    static const uint8_t rows[POL_RELATIONS] = {[POL_SAME] = POLICY_SAME,
                                                [POL_OTHER] = POLICY_OTHER,
                                                [POL_SOURCE_CLEARED] = POLICY_SOURCE_CLEARED,
                                                [POL_TARGET_CLEARED] = POLICY_TARGET_CLEARED};
    size_t row = ((size_t)subject * m->flat.types + object) * POLICY_RELATIONS + rows[r];
    return m->flat.rows[row * POL_WORDS + perm / 64] >> (perm % 64) & 1;
}

bool polmodel_ever(const struct polmodel *m, uint32_t subject, uint32_t object, uint32_t perm)
{
    for (int r = 0; r < POL_RELATIONS; r++)
        if (polmodel_allows(m, subject, object, (enum pol_relation)r, perm)) return true;
    return false;
}

bool polmodel_rule(const struct polmodel *m, uint32_t subject, uint32_t object, uint32_t perm)
{
    size_t row = (size_t)subject * m->flat.types + object;
    return m->te[row * POL_WORDS + perm / 64] >> (perm % 64) & 1;
}

bool polmodel_creatable(const struct polmodel *m, uint32_t type)
{
    static const uint16_t needed[] = {PERM_domain_create, PERM_domain_load, PERM_domain_build, PERM_domain_unpause};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        bool somebody = false;
        for (uint32_t s = 0; s < m->flat.types && !somebody; s++)
            somebody = poltypes_has(&m->domains, s) && polmodel_ever(m, s, type, needed[i]);
        if (!somebody) return false;
    }
    return true;
}

/* From the boot domain on: who is alive may make others alive. */
static void find_domains(struct polmodel *m)
{
    poltypes_add(&m->domains, m->flat.boot_type);
    for (uint32_t s = 0; s < m->flat.types; s++)
        for (uint32_t t = 0; t < m->flat.types; t++)
            if (polmodel_ever(m, s, t, PERM_domain_create)) poltypes_add(&m->creators, s);
    for (bool more = true; more;) {
        more = false;
        for (uint32_t t = 0; t < m->flat.types; t++) {
            if (t == m->flat.xen_type || poltypes_has(&m->domains, t) || !polmodel_creatable(m, t)) continue;
            poltypes_add(&m->domains, t);
            more = true;
        }
    }
}

/* ---- What libsepol's form of the policy has -------------------------------------------------- */

struct reading {
    policydb_t db;
    struct polmodel *m;
    int *ours;                 /* type value - 1 to our index, -1 */
    int perm[CLASSES_MAX][32]; /* class value - 1, bit: our permission */
};

static struct poltypes types_of(const struct reading *r, uint32_t value)
{
    struct poltypes set = {{0}};
    ebitmap_node_t *node;
    uint32_t bit;
    if (r->ours[value - 1] >= 0) poltypes_add(&set, (uint32_t)r->ours[value - 1]);
    ebitmap_for_each_positive_bit(&r->db.attr_type_map[value - 1], node, bit)
    {
        if (bit < r->db.p_types.nprim && r->ours[bit] >= 0) poltypes_add(&set, (uint32_t)r->ours[bit]);
    }
    return set;
}

static int permission_value(hashtab_key_t key, hashtab_datum_t datum, void *p)
{
    int *row = p;
    const perm_datum_t *perm = datum;
    const char *class_name = bh_class_names[row[32]];
    int ours = polmodel_permission(class_name, key);
    if (perm->s.value >= 1 && perm->s.value <= 32) row[perm->s.value - 1] = ours;
    return 0;
}

static bool map_permissions(struct reading *r, struct policy_error *e)
{
    if (r->db.p_classes.nprim > CLASSES_MAX) {
        snprintf(e->text, sizeof(e->text), "%u classes: too many", r->db.p_classes.nprim);
        return false;
    }
    for (uint32_t v = 0; v < r->db.p_classes.nprim; v++) {
        int row[33];
        for (int i = 0; i < 32; i++)
            row[i] = -1;
        for (int c = 0; c < BH_CLASS_COUNT; c++) {
            if (strcmp(bh_class_names[c], r->db.p_class_val_to_name[v]) == 0) {
                row[32] = c;
                hashtab_map(r->db.class_val_to_struct[v]->permissions.table, permission_value, row);
            }
        }
        memcpy(r->perm[v], row, sizeof(r->perm[v]));
    }
    return true;
}

/* One allow rule of the compiled policy; its types may be attributes. */
static int take_rule(avtab_key_t *key, avtab_datum_t *datum, void *p)
{
    struct reading *r = p;
    struct polmodel *m = r->m;
    if (!(key->specified & AVTAB_ALLOWED)) return 0;
    struct poltypes subjects = types_of(r, key->source_type), objects = types_of(r, key->target_type);
    uint64_t bits[POL_WORDS] = {0};
    for (int i = 0; i < 32; i++) {
        int ours = r->perm[key->target_class - 1][i];
        if ((datum->data >> i & 1) && ours >= 0) bits[ours / 64] |= 1ull << (ours % 64);
    }
    for (uint32_t s = 0; s < m->flat.types; s++) {
        for (uint32_t t = 0; t < m->flat.types && poltypes_has(&subjects, s); t++) {
            if (!poltypes_has(&objects, t)) continue;
            for (size_t w = 0; w < POL_WORDS; w++)
                m->te[((size_t)s * m->flat.types + t) * POL_WORDS + w] |= bits[w];
        }
    }
    return 0;
}

static void take_sets(struct reading *r)
{
    for (uint32_t v = 0; v < r->db.p_types.nprim; v++) {
        const type_datum_t *type = r->db.type_val_to_struct[v];
        if (!type || type->flavor != TYPE_ATTRIB || !r->db.p_type_val_to_name[v]) continue;
        struct poltypes set = types_of(r, v + 1);
        polmodel_add_set(r->m, r->db.p_type_val_to_name[v], &set);
    }
}

static void take_boot_compartment(struct reading *r)
{
    for (ocontext_t *c = r->db.ocontexts[OCON_XEN_ISID]; c; c = c->next) {
        ebitmap_node_t *node;
        uint32_t bit;
        if (c->sid[0] != XEN_SID_DOM0) continue;
        ebitmap_for_each_positive_bit(&c->context[0].range.level[0].cat, node, bit)
        {
            r->m->boot_compartment = bit;
            return;
        }
    }
}

static int read_rules(struct reading *r, struct policy_error *e)
{
    struct polmodel *m = r->m;
    r->ours = malloc(r->db.p_types.nprim * sizeof(*r->ours));
    m->te = calloc((size_t)m->flat.types * m->flat.types * POL_WORDS, sizeof(*m->te));
    if (!r->ours || !m->te) {
        snprintf(e->text, sizeof(e->text), "no memory");
        return -EINVAL;
    }
    for (uint32_t v = 0; v < r->db.p_types.nprim; v++)
        r->ours[v] = r->db.p_type_val_to_name[v] ? polmodel_type(m, r->db.p_type_val_to_name[v]) : -1;
    if (!map_permissions(r, e)) return -EINVAL;
    avtab_map(&r->db.te_avtab, take_rule, r);
    take_sets(r);
    take_boot_compartment(r);
    return 0;
}

int polmodel_load(struct polmodel *m, void *image, size_t size, struct policy_error *e)
{
    memset(m, 0, sizeof(*m));
    int rc = policy_flatten(image, size, &m->flat, e);
    if (rc != 0) return rc;
    struct reading *r = calloc(1, sizeof(*r));
    sepol_handle_t *handle = sepol_handle_create();
    if (!r || !handle || policydb_init(&r->db) != 0) {
        snprintf(e->text, sizeof(e->text), "no memory");
        rc = -EINVAL;
    } else {
        sepol_msg_set_callback(handle, NULL, NULL);
        r->m = m;
        rc = policydb_from_image(handle, image, size, &r->db);
        if (rc == 0) {
            rc = read_rules(r, e);
            policydb_destroy(&r->db);
        } else {
            snprintf(e->text, sizeof(e->text), "not a binary policy that libsepol can read");
            rc = -EINVAL;
        }
        free(r->ours);
    }
    free(r);
    sepol_handle_destroy(handle);
    if (rc == 0)
        find_domains(m);
    else
        polmodel_free(m);
    return rc;
}

void polmodel_free(struct polmodel *m)
{
    policy_flat_free(&m->flat);
    free(m->te);
    for (size_t i = 0; i < m->set_count; i++)
        free(m->sets[i].name);
    free(m->sets);
    memset(m, 0, sizeof(*m));
}
