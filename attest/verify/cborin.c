/* SPDX-License-Identifier: MIT */
#include "cborin.h"

#include <cbor.h>

enum kind { KIND_NONE, KIND_UINT, KIND_NEGATIVE, KIND_BYTES, KIND_TEXT, KIND_ARRAY, KIND_MAP, KIND_TAG };

struct item {
    enum kind kind;
    uint64_t value; /* or the length, or the count */
    const uint8_t *data;
};

static void got(void *context, enum kind kind, uint64_t value, const uint8_t *data)
{
    struct item *item = context;

    *item = (struct item){kind, value, data};
}

static void got_uint8(void *context, uint8_t value)
{
    got(context, KIND_UINT, value, NULL);
}

static void got_uint16(void *context, uint16_t value)
{
    got(context, KIND_UINT, value, NULL);
}

static void got_uint32(void *context, uint32_t value)
{
    got(context, KIND_UINT, value, NULL);
}

static void got_uint64(void *context, uint64_t value)
{
    got(context, KIND_UINT, value, NULL);
}

static void got_negative8(void *context, uint8_t value)
{
    got(context, KIND_NEGATIVE, value, NULL);
}

static void got_negative16(void *context, uint16_t value)
{
    got(context, KIND_NEGATIVE, value, NULL);
}

static void got_negative32(void *context, uint32_t value)
{
    got(context, KIND_NEGATIVE, value, NULL);
}

static void got_negative64(void *context, uint64_t value)
{
    got(context, KIND_NEGATIVE, value, NULL);
}

static void got_bytes(void *context, cbor_data data, uint64_t size)
{
    got(context, KIND_BYTES, size, data);
}

static void got_text(void *context, cbor_data data, uint64_t size)
{
    got(context, KIND_TEXT, size, data);
}

static void got_array(void *context, uint64_t count)
{
    got(context, KIND_ARRAY, count, NULL);
}

static void got_map(void *context, uint64_t count)
{
    got(context, KIND_MAP, count, NULL);
}

static void got_tag(void *context, uint64_t value)
{
    got(context, KIND_TAG, value, NULL);
}

/* What is not named here (indefinite lengths, floats, simple values) leaves KIND_NONE. */
static struct cbor_callbacks wanted_items(void)
{
    struct cbor_callbacks callbacks = cbor_empty_callbacks;

    callbacks.uint8 = got_uint8;
    callbacks.uint16 = got_uint16;
    callbacks.uint32 = got_uint32;
    callbacks.uint64 = got_uint64;
    callbacks.negint8 = got_negative8;
    callbacks.negint16 = got_negative16;
    callbacks.negint32 = got_negative32;
    callbacks.negint64 = got_negative64;
    callbacks.byte_string = got_bytes;
    callbacks.string = got_text;
    callbacks.array_start = got_array;
    callbacks.map_start = got_map;
    callbacks.tag = got_tag;
    return callbacks;
}

static size_t shortest_head(uint64_t value)
{
    return value < 24 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : value < 0x100000000 ? 5 : 9;
}

bool cborin_refuse(struct cborin *in)
{
    in->bad = true;
    return false;
}

static bool take(struct cborin *in, struct item *item)
{
    struct cbor_callbacks callbacks = wanted_items();
    struct cbor_decoder_result result;
    size_t payload;

    *item = (struct item){KIND_NONE, 0, NULL};
    if (in->bad || in->next == in->end) return cborin_refuse(in);
    result = cbor_stream_decode(in->next, (size_t)(in->end - in->next), &callbacks, item);
    if (result.status != CBOR_DECODER_FINISHED || item->kind == KIND_NONE) return cborin_refuse(in);
    payload = item->kind == KIND_BYTES || item->kind == KIND_TEXT ? item->value : 0;
    if (result.read != shortest_head(item->value) + payload) return cborin_refuse(in);
    in->next += result.read;
    return true;
}

static bool take_kind(struct cborin *in, enum kind kind, struct item *item)
{
    return take(in, item) && (item->kind == kind || cborin_refuse(in));
}

struct cborin cborin_open(struct bytes input)
{
    return (struct cborin){.next = input.data, .end = input.data + input.size, .bad = input.data == NULL};
}

bool cborin_uint(struct cborin *in, uint64_t *value)
{
    struct item item;

    if (!take_kind(in, KIND_UINT, &item)) return false;
    *value = item.value;
    return true;
}

bool cborin_int(struct cborin *in, int64_t *value)
{
    struct item item;

    if (!take(in, &item)) return false;
    if ((item.kind != KIND_UINT && item.kind != KIND_NEGATIVE) || item.value > INT64_MAX) return cborin_refuse(in);
    *value = item.kind == KIND_UINT ? (int64_t)item.value : -1 - (int64_t)item.value;
    return true;
}

static bool take_string(struct cborin *in, enum kind kind, struct bytes *value)
{
    struct item item;

    if (!take_kind(in, kind, &item)) return false;
    *value = (struct bytes){item.data, item.value};
    return true;
}

bool cborin_bytes(struct cborin *in, struct bytes *value)
{
    return take_string(in, KIND_BYTES, value);
}

bool cborin_text(struct cborin *in, struct bytes *value)
{
    return take_string(in, KIND_TEXT, value);
}

bool cborin_array(struct cborin *in, size_t *count)
{
    struct item item;

    *count = 0;
    if (!take_kind(in, KIND_ARRAY, &item)) return false;
    *count = item.value;
    return true;
}

bool cborin_map(struct cborin *in, struct cborin_map *map)
{
    struct item item;

    *map = (struct cborin_map){.first = true};
    if (!take_kind(in, KIND_MAP, &item)) return false;
    map->left = item.value;
    return true;
}

bool cborin_tag(struct cborin *in, uint64_t wanted)
{
    struct item item;

    return take_kind(in, KIND_TAG, &item) && (item.value == wanted || cborin_refuse(in));
}

/* Bytewise order of the encodings: non-negative ones ascending, then negative ones descending. */
static bool key_follows(int64_t previous, int64_t key)
{
    if ((previous < 0) != (key < 0)) return key < 0;
    return key < 0 ? key < previous : key > previous;
}

bool cborin_pair(struct cborin *in, struct cborin_map *map)
{
    int64_t previous = map->key;

    if (in->bad || map->left == 0 || !cborin_int(in, &map->key)) return false;
    if (!map->first && !key_follows(previous, map->key)) return cborin_refuse(in);
    map->first = false;
    map->left--;
    return true;
}

bool cborin_done(const struct cborin *in)
{
    return !in->bad && in->next == in->end;
}
