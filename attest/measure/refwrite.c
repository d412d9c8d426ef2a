/* SPDX-License-Identifier: MIT */
#include "refwrite.h"
#include "../verify/refvalues.h"

#include <stdio.h>
#include <stdlib.h>

void refwrite_open(struct refwrite *w)
{
    w->triple_out = (struct cborout){.out = w->triples, .capacity = sizeof(w->triples)};
    w->measurement_out = (struct cborout){.out = w->measurements, .capacity = sizeof(w->measurements)};
    w->triple_count = 0;
    w->measurement_count = 0;
}

static void append_raw(struct cborout *out, const struct cborout *part)
{
    if (part->full || out->full || part->used > out->capacity - out->used) {
        out->full = true;
        return;
    }
    memcpy(out->out + out->used, part->out, part->used);
    out->used += part->used;
}

/* reference-triple-record: [{0: {1: vendor, 2: model}}, [measurements]] */
static void finish_environment(struct refwrite *w)
{
    struct cborout *out = &w->triple_out;

    if (w->measurement_count == 0) return;
    cborout_array(out, 2);
    cborout_map(out, 1);
    cborout_int(out, 0);
    cborout_map(out, 2);
    cborout_int(out, 1);
    cborout_text(out, "Bulkhead");
    cborout_int(out, 2);
    cborout_text(out, w->model);
    cborout_array(out, w->measurement_count);
    append_raw(out, &w->measurement_out);
    w->triple_count++;
    w->measurement_out.used = 0;
    w->measurement_count = 0;
}

void refwrite_environment(struct refwrite *w, const char *model)
{
    finish_environment(w);
    snprintf(w->model, sizeof(w->model), "%s", model);
}

static void put_components(struct cborout *out, const struct pcrmodel *pcr)
{
    cborout_int(out, -70100);
    cborout_array(out, pcr->count);
    for (size_t i = 0; i < pcr->count; i++) {
        cborout_array(out, 2);
        cborout_bytes(out, pcr->event[i].digest, 32);
        cborout_text(out, pcr->event[i].text);
    }
    out->full |= pcr->overflow;
}

void refwrite_measurement(struct refwrite *w, const char *name, const uint8_t digest[32], struct bytes raw,
                          const struct pcrmodel *pcr)
{
    struct cborout *out = &w->measurement_out;

    cborout_map(out, 2);
    cborout_int(out, 0);
    cborout_text(out, name);
    cborout_int(out, 1);
    cborout_map(out, 1 + (raw.data != NULL) + (pcr != NULL));
    cborout_int(out, 2);
    cborout_array(out, 1);
    cborout_array(out, 2);
    cborout_int(out, 1); /* sha-256 in IANA's Named Information registry */
    cborout_bytes(out, digest, 32);
    if (raw.data != NULL) {
        cborout_int(out, 4);
        cborout_tag(out, 560);
        cborout_bytes(out, raw.data, raw.size);
    }
    if (pcr != NULL) put_components(out, pcr);
    w->measurement_count++;
}

/* comid: {1: {0: id}, 4: {0: [triples]}} */
static size_t write_comid(struct refwrite *w, const char *id, uint8_t *out, size_t capacity)
{
    struct cborout comid = {.out = out, .capacity = capacity};

    cborout_map(&comid, 2);
    cborout_int(&comid, 1);
    cborout_map(&comid, 1);
    cborout_int(&comid, 0);
    cborout_text(&comid, id);
    cborout_int(&comid, 4);
    cborout_map(&comid, 1);
    cborout_int(&comid, 0);
    cborout_array(&comid, w->triple_count);
    append_raw(&comid, &w->triple_out);
    return comid.full ? 0 : comid.used;
}

size_t refwrite_close(struct refwrite *w, const char *id, uint8_t *out, size_t capacity)
{
    struct cborout corim = {.out = out, .capacity = capacity};
    uint8_t *comid = malloc(REFWRITE_MAX);
    size_t size;

    finish_environment(w);
    size = comid != NULL && !w->measurement_out.full ? write_comid(w, id, comid, REFWRITE_MAX) : 0;
    cborout_tag(&corim, 501);
    cborout_map(&corim, 3);
    cborout_int(&corim, 0);
    cborout_text(&corim, id);
    cborout_int(&corim, 1);
    cborout_array(&corim, 1);
    cborout_tag(&corim, 506);
    cborout_bytes(&corim, comid, size);
    free(comid);
    cborout_int(&corim, 3);
    cborout_tag(&corim, 32); /* a URI */
    cborout_text(&corim, REFVALUES_PROFILE);
    return size == 0 || corim.full ? 0 : corim.used;
}
