/* SPDX-License-Identifier: MIT */
#include "polinput.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <mbedtls/sha256.h>
#include <sepol/cil/cil.h>
#include <sepol/debug.h>
#include <sepol/handle.h>
#include <sepol/policydb.h>

#include "policy_file.h"

#define FILE_MAX (64u << 20)

bool polinput_ends(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);
    return n > m && strcmp(path + n - m, end) == 0;
}

const struct polfile *polinput_next(const struct polinput *in, const struct polfile *after, const char *end)
{
    for (size_t i = after ? (size_t)(after - in->files) + 1 : 0; i < in->count; i++)
        if (polinput_ends(in->files[i].path, end)) return &in->files[i];
    return NULL;
}

int polinput_read(struct polfile *f, const char *path, struct policy_error *e)
{
    struct stat st;
    FILE *in = fopen(path, "rb");
    f->path = strdup(path);
    f->data = NULL;
    if (!in || fstat(fileno(in), &st) != 0) {
        snprintf(e->text, sizeof(e->text), "%s: %s", path, strerror(errno));
    } else if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
        snprintf(e->text, sizeof(e->text), "%s: not a file of at most 64 MiB", path);
    } else {
        f->size = (size_t)st.st_size;
        f->data = malloc(f->size + 1);
        if (!f->data || fread(f->data, 1, f->size, in) != f->size) {
            snprintf(e->text, sizeof(e->text), "%s: cannot be read", path);
            free(f->data);
            f->data = NULL;
        } else {
            f->data[f->size] = 0;
            mbedtls_sha256_ret(f->data, f->size, f->sha256, 0);
        }
    }
    if (in) fclose(in);
    return f->data ? 0 : -EINVAL;
}

/* ---- Sources, compiled ---------------------------------------------------------------------------- */

static struct policy_error cil_said;

/* libsepol names file and line in its messages; the first ones say what is wrong, the others that something was. */
static void cil_message(int level, const char *text)
{
    size_t n = strlen(cil_said.text);
    if (level == CIL_ERR && n + 2 < sizeof(cil_said.text))
        snprintf(cil_said.text + n, sizeof(cil_said.text) - n, "%s%s", n && cil_said.text[n - 1] != '\n' ? "\n" : "",
                 text);
}

static int to_image(sepol_policydb_t *db, uint8_t **image, size_t *size, struct policy_error *e)
{
    sepol_handle_t *handle = sepol_handle_create();
    void *data = NULL;
    sepol_msg_set_callback(handle, NULL, NULL);
    int rc = sepol_policydb_to_image(handle, db, &data, size);
    sepol_handle_destroy(handle);
    *image = data;
    if (rc != 0) snprintf(e->text, sizeof(e->text), "libsepol cannot write the policy that it compiled");
    return rc != 0 ? -EINVAL : 0;
}

static bool declares_classes(const struct polinput *in)
{
    for (const struct polfile *f = polinput_next(in, NULL, ".cil"); f; f = polinput_next(in, f, ".cil"))
        if (strstr((const char *)f->data, "(classorder")) return true;
    return false;
}

/* As `secilc -t xen -c 30` does it. */
static int compile(const struct polinput *in, uint8_t **image, size_t *size, struct policy_error *e)
{
    struct cil_db *db = NULL;
    sepol_policydb_t *out = NULL;
    char *declarations = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&declarations, &n);
    policy_file_declarations(f);
    fclose(f);
    cil_said.text[0] = 0;
    cil_set_log_handler(cil_message);
    cil_set_log_level(CIL_ERR);
    cil_db_init(&db);
    cil_set_target_platform(db, SEPOL_TARGET_XEN);
    cil_set_policy_version(db, 30);
    int rc = declares_classes(in) ? 0 : cil_add_file(db, "declarations", declarations, n);
    for (const struct polfile *s = polinput_next(in, NULL, ".cil"); s && rc == 0; s = polinput_next(in, s, ".cil"))
        rc = cil_add_file(db, s->path, (const char *)s->data, s->size);
    if (rc == 0) rc = cil_compile(db);
    if (rc == 0) rc = cil_build_policydb(db, &out);
    if (rc == 0)
        rc = to_image(out, image, size, e);
    else
        snprintf(e->text, sizeof(e->text), "%.500s", cil_said.text[0] ? cil_said.text : "libsepol does not take it");
    size_t end = strlen(e->text);
    while (rc != 0 && end && e->text[end - 1] == '\n')
        e->text[--end] = 0;
    sepol_policydb_free(out);
    cil_db_destroy(&db);
    free(declarations);
    return rc != 0 ? -EINVAL : 0;
}

static int load_model(struct polinput *in, struct policy_error *e)
{
    const struct polfile *bin = polinput_next(in, NULL, ".bin");
    if (bin && polinput_next(in, bin, ".bin")) {
        snprintf(e->text, sizeof(e->text), "two binary policies: %s and %s", bin->path,
                 polinput_next(in, bin, ".bin")->path);
        return -EINVAL;
    }
    uint8_t *image = NULL;
    size_t size = 0;
    int rc = 0;
    if (!bin) {
        if (!polinput_next(in, NULL, ".cil")) {
            snprintf(e->text, sizeof(e->text), "no policy among the files: a .bin or .cil sources are needed");
            return -EINVAL;
        }
        rc = compile(in, &image, &size, e);
    }
    struct policy_error why = {""};
    if (rc == 0 && polmodel_load(&in->model, bin ? bin->data : image, bin ? bin->size : size, &why) != 0) {
        snprintf(e->text, sizeof(e->text), "%s: %.400s", bin ? bin->path : "policy", why.text);
        rc = -EINVAL;
    }
    free(image);
    return rc;
}

/* Rules become sections of the flat policy, as in bh-policyc. */
static int load_rules(struct polinput *in, struct policy_error *e)
{
    const struct polfile *f = polinput_next(in, NULL, ".rules");
    struct policy_rules source = {0};
    if (f && polinput_next(in, f, ".rules")) {
        snprintf(e->text, sizeof(e->text), "two rules files: %.200s and %.200s", f->path,
                 polinput_next(in, f, ".rules")->path);
        return -EINVAL;
    }
    if (f && (policy_rules_parse(f->path, (const char *)f->data, f->size, &source, e) != 0 ||
              policy_bind(f->path, &source, &in->model.flat, e) != 0)) {
        policy_rules_free(&source);
        return -EINVAL;
    }
    polrules_fill(&in->rules, &in->model.flat, f ? f->path : NULL, &source);
    return 0;
}

int polinput_load(struct polinput *in, char *const *paths, size_t count, struct policy_error *e)
{
    static const char *const ends[] = {".cil", ".bin", ".rules", ".bhp", ".spec"};
    memset(in, 0, sizeof(*in));
    in->files = calloc(count + 1, sizeof(*in->files));
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++)
            known |= polinput_ends(paths[i], ends[k]);
        if (!known) {
            snprintf(e->text, sizeof(e->text), "%s: a name ends with .cil, .bin, .rules, .bhp or .spec", paths[i]);
            return -EINVAL;
        }
        if (polinput_read(&in->files[in->count++], paths[i], e) != 0) return -EINVAL;
    }
    for (const struct polfile *s = polinput_next(in, NULL, ".cil"); s; s = polinput_next(in, s, ".cil"))
        if (cilindex_add(&in->cil, s->path, (const char *)s->data, s->size, e) != 0) return -EINVAL;
    int rc = load_model(in, e);
    if (rc == 0) cilindex_build(&in->cil, &in->model);
    return rc == 0 ? load_rules(in, e) : rc;
}

void polinput_free(struct polinput *in)
{
    for (size_t i = 0; i < in->count; i++) {
        free(in->files[i].path);
        free(in->files[i].data);
    }
    free(in->files);
    cilindex_free(&in->cil);
    polrules_free(&in->rules);
    polmodel_free(&in->model);
    memset(in, 0, sizeof(*in));
}
