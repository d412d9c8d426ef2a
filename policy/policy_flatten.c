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
#define XEN_SID_XEN  1
#define XEN_SID_DOM0 2

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
        if (strcmp(bh_permissions[p].class_name, class_name) == 0 && strcmp(bh_permissions[p].name, key) == 0)
            return 0;
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
        if (c == BH_CLASS_COUNT)
            return fail(e, "the hypervisor has no class %s", name);
        if (hashtab_map(class->permissions.table, known_permission, name) != 0 ||
            (class->comdatum && hashtab_map(class->comdatum->permissions.table, known_permission, name) != 0))
            return fail(e, "class %s has a permission that the hypervisor does not have", name);
    }
    return 0;
}

static int check_language(struct source *s, struct policy_error *e)
{
    if (s->db.target_platform != SEPOL_TARGET_XEN)
        return fail(e, "compiled for SELinux, not for Xen (secilc -t xen)");
    if (!s->db.mls)
        return fail(e, "compartments need an MLS policy: (mls true)");
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
        if (c->sid[0] == sid)
            return &c->context[0];
    return NULL;
}

static bool type_sid(struct source *s, const char *type, uint32_t compartment, sepol_security_id_t *sid)
{
    char context[256];
    int n = snprintf(context, sizeof(context), "%s:%s:%s:s0:c%u", s->user, s->role, type, compartment);
    return n < (int)sizeof(context) && sepol_context_to_sid(context, (size_t)n + 1, sid) == 0;
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
        if (!name || s->db.type_val_to_struct[v]->flavor != TYPE_TYPE || !type_sid(s, name, 0, &sid))
            continue;
        if (flat->types == POLICY_TYPES_MAX)
            return fail(e, "more than %d types", POLICY_TYPES_MAX);
        if (strlen(name) >= POLICY_TYPE_NAME)
            return fail(e, "type %s: a name has at most %d characters", name, POLICY_TYPE_NAME - 1);
        if (!type_sid(s, name, BH_COMPARTMENT_MAX, &sid))
            return fail(e, "type %s cannot have category c%d: all of c0 to c%d are needed", name, BH_COMPARTMENT_MAX,
                        BH_COMPARTMENT_MAX);
        memcpy(flat->names[flat->types++], name, strlen(name));
    }
    qsort(flat->names, flat->types, POLICY_TYPE_NAME, by_name);
    return 0;
}

static int find_special(struct source *s, const struct policy_flat *flat, uint32_t sid, const char *sid_name,
                        uint32_t *index, struct policy_error *e)
{
    const context_struct_t *c = initial_context(s, sid);
    if (!c)
        return fail(e, "initial SID %s has no context (sidcontext)", sid_name);
    const char *name = s->db.p_type_val_to_name[c->type - 1];
    for (uint32_t i = 0; i < flat->types; i++) {
        if (strcmp(flat->names[i], name) == 0) {
            *index = i;
            return 0;
        }
    }
    return fail(e, "type %s of initial SID %s cannot be used with %s:%s (roletype)", name, sid_name, s->user, s->role);
}

/* One row: what the subject may do to the object, over all classes. */
static int fill_row(struct source *s, sepol_security_id_t subject, sepol_security_id_t object, uint64_t *row)
{
    sepol_access_vector_t allowed[BH_CLASS_COUNT];
    for (int c = 0; c < BH_CLASS_COUNT; c++) {
        struct sepol_av_decision d;
        if (sepol_compute_av(subject, object, s->class[c], ~0u, &d) != 0)
            return -EINVAL;
        allowed[c] = d.allowed;
    }
    for (int p = 0; p < BH_PERM_COUNT; p++)
        if (allowed[bh_permissions[p].class] & s->perm[p])
            row[p / 64] |= 1ull << (p % 64);
    return 0;
}

static int fill_rows(struct source *s, struct policy_flat *flat, struct policy_error *e)
{
    uint32_t words = policy_format_words(BH_PERM_COUNT);
    sepol_security_id_t sid[POLICY_TYPES_MAX][2];

    flat->rows = calloc((size_t)flat->types * flat->types * 2 * words, sizeof(*flat->rows));
    if (!flat->rows)
        return fail(e, "no memory");
    for (uint32_t t = 0; t < flat->types; t++)
        if (!type_sid(s, flat->names[t], 1, &sid[t][0]) || !type_sid(s, flat->names[t], 2, &sid[t][1]))
            return fail(e, "type %s: no label", flat->names[t]);
    uint64_t *row = flat->rows;
    for (uint32_t a = 0; a < flat->types; a++) {
        for (uint32_t b = 0; b < flat->types; b++) {
            /* other compartment first: row number is ... * 2 + same */
            if (fill_row(s, sid[a][0], sid[b][1], row) != 0 || fill_row(s, sid[a][0], sid[b][0], row + words) != 0)
                return fail(e, "libsepol has no answer for %s, %s", flat->names[a], flat->names[b]);
            row += 2 * words;
        }
    }
    return 0;
}

static int flatten(struct source *s, struct policy_flat *flat, struct policy_error *e)
{
    sepol_set_policydb(&s->db);
    sepol_set_sidtab(&s->sids);
    int rc = check_language(s, e);
    if (rc == 0)
        rc = find_permissions(s, e);
    if (rc == 0)
        rc = check_no_others(s, e);
    if (rc != 0)
        return rc;
    const context_struct_t *boot = initial_context(s, XEN_SID_DOM0);
    if (!boot)
        return fail(e, "initial SID dom0 has no context (sidcontext)");
    s->user = s->db.p_user_val_to_name[boot->user - 1];
    s->role = s->db.p_role_val_to_name[boot->role - 1];
    rc = find_types(s, flat, e);
    if (rc == 0)
        rc = find_special(s, flat, XEN_SID_DOM0, "dom0", &flat->boot_type, e);
    if (rc == 0)
        rc = find_special(s, flat, XEN_SID_XEN, "xen", &flat->xen_type, e);
    if (rc == 0)
        rc = fill_rows(s, flat, e);
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
    if (rc != 0)
        policy_flat_free(flat);
    sepol_sidtab_destroy(&s.sids);
    policydb_destroy(&s.db);
    sepol_handle_destroy(handle);
    return rc;
}

void policy_flat_free(struct policy_flat *flat)
{
    free(flat->rows);
    flat->rows = NULL;
}
