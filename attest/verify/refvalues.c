/* SPDX-License-Identifier: MIT */
#include "refvalues.h"
#include "bulkhead.h"
#include "cborin.h"
#include "p256.h"

#include <errno.h>

/* draft-ietf-rats-corim */
#define TAG_CORIM          501u
#define TAG_COMID          506u
#define TAG_RAW_BYTES      560u
#define CORIM_ID           0
#define CORIM_TAGS         1
#define CORIM_PROFILE      3
#define TAG_URI            32u
#define COMID_TAG_IDENTITY 1
#define COMID_TRIPLES      4
#define TRIPLES_REFERENCE  0
#define IDENTITY_TAG_ID    0
#define ENVIRONMENT_CLASS  0
#define CLASS_VENDOR       1
#define CLASS_MODEL        2
#define MEASUREMENT_KEY    0
#define MEASUREMENT_VALUES 1
#define VALUES_DIGESTS     2
#define VALUES_RAW         4
#define VALUES_COMPONENTS  (-70100)
#define DIGEST_SHA256      1 /* IANA Named Information Hash Algorithm Registry */

static bool read_pair_of_digest(struct cborin *in, struct bytes *digest)
{
    uint64_t algorithm;
    size_t count;

    if (!cborin_array(in, &count) || count != 2 || !cborin_uint(in, &algorithm) || !cborin_bytes(in, digest))
        return cborin_refuse(in);
    return (algorithm == DIGEST_SHA256 && digest->size == 32) || cborin_refuse(in);
}

static void read_components(struct cborin *in, struct refvalues_measurement *out)
{
    const uint8_t *start;
    const uint8_t *digest;
    struct bytes text, rest;

    if (!cborin_array(in, &out->component_count)) return;
    start = in->next;
    for (size_t i = 0; i < out->component_count && !in->bad; i++) {
        rest = (struct bytes){in->next, (size_t)(in->end - in->next)};
        if (!refvalues_component(&rest, &digest, &text))
            cborin_refuse(in);
        else
            in->next = rest.data;
    }
    out->components = (struct bytes){start, (size_t)(in->next - start)};
}

static void read_values(struct cborin *in, struct refvalues_measurement *out)
{
    struct cborin_map map;
    struct bytes digest;
    size_t count;

    cborin_map(in, &map);
    while (cborin_pair(in, &map)) {
        if (map.key == VALUES_DIGESTS) {
            if (!cborin_array(in, &count) || count != 1 || !read_pair_of_digest(in, &digest))
                cborin_refuse(in);
            else
                out->digest = digest.data;
        } else if (map.key == VALUES_RAW) {
            if (cborin_tag(in, TAG_RAW_BYTES)) cborin_bytes(in, &out->raw);
        } else if (map.key == VALUES_COMPONENTS) {
            read_components(in, out);
        } else {
            cborin_refuse(in);
        }
    }
}

/* --- What a measurement may be ------------------------------------------------------------------------- */

int refvalues_pcr(const struct refvalues_measurement *item)
{
    int pcr = 0;

    if (!bytes_has_prefix(item->model, "boot/") || !bytes_has_prefix(item->name, "pcr") || item->name.size > 5 ||
        item->name.size < 4 || (item->name.data[3] == '0' && item->name.size == 5))
        return -1;
    for (size_t i = 3; i < item->name.size; i++) {
        if (item->name.data[i] < '0' || item->name.data[i] > '9') return -1;
        pcr = pcr * 10 + item->name.data[i] - '0';
    }
    return pcr < REFVALUES_PCRS ? pcr : -1;
}

static bool is_digest_of(const struct refvalues_measurement *item, struct bytes data)
{
    uint8_t digest[32];

    p256_sha256(data.data, data.size, digest);
    return memcmp(digest, item->digest, 32) == 0;
}

/* A register's components lead from zero, as PCR 0 to 15 begin and a late launch resets 17 and 18, to its value. */
static bool components_agree(const struct refvalues_measurement *item)
{
    struct bytes rest = item->components, text;
    uint8_t value[32] = {0};
    const uint8_t *digest;

    if (rest.data == NULL) return true;
    while (rest.size != 0 && refvalues_component(&rest, &digest, &text))
        p256_extend(value, digest);
    return memcmp(value, item->digest, 32) == 0;
}

static bool has_name_behind(struct bytes text, const char *prefix)
{
    return bytes_has_prefix(text, prefix) && text.size > strlen(prefix);
}

/* What nobody would compare with anything, or would explain a digest wrongly, must not be taken for a reference. */
static bool is_sound(const struct refvalues_measurement *item)
{
    struct bytes raw = item->raw;
    bool hypervisor = bytes_is_text(item->model, "hypervisor");

    if (has_name_behind(item->model, "boot/"))
        return refvalues_pcr(item) >= 0 && raw.data == NULL && components_agree(item);
    if (item->components.data != NULL) return false;
    if (hypervisor && bytes_is_text(item->name, "policy")) return raw.size == 4;
    if (hypervisor && bytes_is_text(item->name, "config")) return raw.data == NULL || is_digest_of(item, raw);
    return (hypervisor || bytes_is_text(item->model, "tenant")) && has_name_behind(item->name, "launch/") &&
           (raw.data == NULL || (raw.size == sizeof(struct bh_launch) && is_digest_of(item, raw)));
}

static bool is_there(const struct refvalues *refs, const struct refvalues_measurement *item)
{
    for (size_t i = 0; i < refs->count; i++) {
        if (bytes_equal(refs->item[i].model, item->model.data, item->model.size) &&
            bytes_equal(refs->item[i].name, item->name.data, item->name.size))
            return true;
    }
    return false;
}

static void read_measurement(struct cborin *in, struct bytes model, struct refvalues *out)
{
    struct refvalues_measurement each = {.model = model};
    struct cborin_map map;

    cborin_map(in, &map);
    while (cborin_pair(in, &map)) {
        if (map.key == MEASUREMENT_KEY)
            cborin_text(in, &each.name);
        else if (map.key == MEASUREMENT_VALUES)
            read_values(in, &each);
        else
            cborin_refuse(in);
    }
    if (in->bad || each.name.data == NULL || each.digest == NULL || out->count == REFVALUES_MAX || !is_sound(&each) ||
        is_there(out, &each))
        cborin_refuse(in);
    else
        out->item[out->count++] = each;
}

static void read_class(struct cborin *in, struct bytes *model)
{
    struct cborin_map map;
    struct bytes vendor = {0};

    cborin_map(in, &map);
    while (cborin_pair(in, &map)) {
        if (map.key == CLASS_VENDOR)
            cborin_text(in, &vendor);
        else if (map.key == CLASS_MODEL)
            cborin_text(in, model);
        else
            cborin_refuse(in);
    }
    if (!bytes_is_text(vendor, "Bulkhead") || model->data == NULL) cborin_refuse(in);
}

static void read_reference_triple(struct cborin *in, struct refvalues *out)
{
    struct bytes model = {0};
    struct cborin_map map;
    size_t count;

    if (!cborin_array(in, &count) || count != 2 || !cborin_map(in, &map) || !cborin_pair(in, &map) ||
        map.key != ENVIRONMENT_CLASS || map.left != 0) {
        cborin_refuse(in);
        return;
    }
    read_class(in, &model);
    cborin_array(in, &count);
    for (size_t i = 0; i < count && !in->bad; i++)
        read_measurement(in, model, out);
}

static void read_triples(struct cborin *in, struct refvalues *out)
{
    struct cborin_map map;
    size_t count;

    if (!cborin_map(in, &map) || !cborin_pair(in, &map) || map.key != TRIPLES_REFERENCE || map.left != 0) {
        cborin_refuse(in);
        return;
    }
    cborin_array(in, &count);
    for (size_t i = 0; i < count && !in->bad; i++)
        read_reference_triple(in, out);
}

static void read_identity(struct cborin *in)
{
    struct cborin_map map;
    struct bytes id;

    if (!cborin_map(in, &map) || !cborin_pair(in, &map) || map.key != IDENTITY_TAG_ID || map.left != 0)
        cborin_refuse(in);
    cborin_text(in, &id);
}

static void read_comid(struct cborin *outer, struct bytes encoded, struct refvalues *out)
{
    struct cborin in = cborin_open(encoded);
    struct cborin_map map;

    cborin_map(&in, &map);
    while (cborin_pair(&in, &map)) {
        if (map.key == COMID_TAG_IDENTITY)
            read_identity(&in);
        else if (map.key == COMID_TRIPLES)
            read_triples(&in, out);
        else
            cborin_refuse(&in);
    }
    if (!cborin_done(&in)) cborin_refuse(outer);
}

int refvalues_parse(struct bytes input, struct refvalues *out)
{
    struct cborin in = cborin_open(input);
    struct cborin_map map;
    struct bytes id, comid, profile = {0};
    size_t count;

    out->count = 0;
    cborin_tag(&in, TAG_CORIM);
    cborin_map(&in, &map);
    while (cborin_pair(&in, &map)) {
        if (map.key == CORIM_ID) {
            cborin_text(&in, &id);
        } else if (map.key == CORIM_TAGS) {
            if (cborin_array(&in, &count) && count == 1 && cborin_tag(&in, TAG_COMID) && cborin_bytes(&in, &comid))
                read_comid(&in, comid, out);
            else
                cborin_refuse(&in);
        } else if (map.key == CORIM_PROFILE) {
            cborin_tag(&in, TAG_URI);
            cborin_text(&in, &profile);
        } else {
            cborin_refuse(&in);
        }
    }
    return cborin_done(&in) && bytes_is_text(profile, REFVALUES_PROFILE) ? 0 : -EBADMSG;
}

const struct refvalues_measurement *refvalues_find(const struct refvalues *refs, struct bytes model, const char *name)
{
    for (size_t i = 0; i < refs->count; i++) {
        if (bytes_equal(refs->item[i].model, model.data, model.size) && bytes_is_text(refs->item[i].name, name))
            return &refs->item[i];
    }
    return NULL;
}

const struct refvalues_measurement *refvalues_of_hypervisor(const struct refvalues *refs, const char *name)
{
    return refvalues_find(refs, (struct bytes){(const uint8_t *)"hypervisor", 10}, name);
}

bool refvalues_usable(const struct refvalues *refs)
{
    bool boot = false, whole = true, launch = false;

    for (size_t i = 0; i < refs->count; i++) {
        const struct refvalues_measurement *each = &refs->item[i];

        if (bytes_has_prefix(each->model, "boot/")) {
            boot = true;
            whole &= refvalues_find(refs, each->model, "pcr4") != NULL &&
                     refvalues_find(refs, each->model, "pcr8") != NULL &&
                     refvalues_find(refs, each->model, "pcr9") != NULL;
        }
        launch |= bytes_is_text(each->model, "hypervisor") && bytes_has_prefix(each->name, "launch/");
    }
    return boot && whole && launch && refvalues_of_hypervisor(refs, "config") != NULL &&
           refvalues_of_hypervisor(refs, "policy") != NULL;
}

bool refvalues_component(struct bytes *components, const uint8_t **digest, struct bytes *text)
{
    struct cborin in = cborin_open(*components);
    struct bytes value;
    size_t count;

    if (!cborin_array(&in, &count) || count != 2 || !cborin_bytes(&in, &value) || value.size != 32 ||
        !cborin_text(&in, text))
        return false;
    *digest = value.data;
    *components = (struct bytes){in.next, (size_t)(in.end - in.next)};
    return true;
}
