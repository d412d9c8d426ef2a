/* SPDX-License-Identifier: MIT */
#include "evidence.h"
#include "cborin.h"
#include "../format/evidence_pack.h"

#include <errno.h>

#define NEGATIVE(n) (-1 - (int64_t)(n))

static void want_size(struct cborin *in, struct bytes value, size_t least, size_t most)
{
    if (!in->bad && (value.size < least || value.size > most)) cborin_refuse(in);
}

static void read_claim(struct cborin *in, int64_t key, struct evidence *out)
{
    switch (key) {
    case EVIDENCE_KEY_NONCE:
        cborin_bytes(in, &out->nonce);
        want_size(in, out->nonce, EVIDENCE_NONCE_MIN, EVIDENCE_NONCE_MAX);
        return;
    case EVIDENCE_KEY_PROFILE:
        cborin_text(in, &out->profile);
        return;
    case EVIDENCE_KEY_DBGSTAT:
        out->has_dbgstat = cborin_uint(in, &out->dbgstat);
        if (out->dbgstat > EVIDENCE_DEBUG_DISABLED) cborin_refuse(in);
        return;
    case EVIDENCE_KEY_BOOTSEED:
        cborin_bytes(in, &out->bootseed);
        want_size(in, out->bootseed, 32, 32);
        return;
    case NEGATIVE(EVIDENCE_NEG_PLATFORM):
        cborin_bytes(in, &out->platform);
        want_size(in, out->platform, 1, BH_EVIDENCE_MAX);
        return;
    case NEGATIVE(EVIDENCE_NEG_REPORT):
        cborin_bytes(in, &out->report);
        return;
    case NEGATIVE(EVIDENCE_NEG_SIGNATURE):
        cborin_bytes(in, &out->signature);
        want_size(in, out->signature, 64, 64);
        return;
    case NEGATIVE(EVIDENCE_NEG_BINDING):
        cborin_bytes(in, &out->binding);
        want_size(in, out->binding, 1, EVIDENCE_BINDING_MAX);
        return;
    case NEGATIVE(EVIDENCE_NEG_SALT):
        cborin_bytes(in, &out->salt);
        want_size(in, out->salt, 32, 32);
        return;
    default:
        cborin_refuse(in);
    }
}

int evidence_parse(struct bytes input, struct evidence *out)
{
    struct cborin in = cborin_open(input);
    struct cborin_map map;

    *out = (struct evidence){0};
    if (input.size > EVIDENCE_MAX) return -EBADMSG;
    cborin_map(&in, &map);
    while (cborin_pair(&in, &map))
        read_claim(&in, map.key, out);
    if (!cborin_done(&in) || out->nonce.data == NULL || out->profile.data == NULL || out->platform.data == NULL ||
        !out->has_dbgstat || out->bootseed.data == NULL || out->report.data == NULL || out->signature.data == NULL)
        return -EBADMSG;
    return 0;
}

static void read_chain(struct cborin *in, struct evidence_platform *out)
{
    size_t count;

    if (!cborin_array(in, &count)) return;
    if (count == 0 || count > EVIDENCE_CHAIN_MAX) {
        cborin_refuse(in);
        return;
    }
    while (out->chain_count < count && cborin_bytes(in, &out->chain[out->chain_count]))
        out->chain_count++;
}

static void read_pcrs(struct cborin *in, struct evidence_platform *out)
{
    struct cborin_map map;
    struct bytes value;

    cborin_map(in, &map);
    while (cborin_pair(in, &map)) {
        if (map.key < 0 || map.key >= (int64_t)EVIDENCE_PCRS || !cborin_bytes(in, &value) || value.size != 32) {
            cborin_refuse(in);
            return;
        }
        memcpy(out->pcr[map.key], value.data, 32);
        out->pcr_mask |= 1u << map.key;
    }
}

static void read_platform_claim(struct cborin *in, int64_t key, struct evidence_platform *out)
{
    switch (key) {
    case EVIDENCE_KEY_PROFILE:
        cborin_text(in, &out->profile);
        return;
    case NEGATIVE(EVIDENCE_NEG_QUOTE):
        cborin_bytes(in, &out->quote);
        return;
    case NEGATIVE(EVIDENCE_NEG_QUOTE_SIG):
        cborin_bytes(in, &out->quote_signature);
        return;
    case NEGATIVE(EVIDENCE_NEG_AK_PUBLIC):
        cborin_bytes(in, &out->ak_public);
        return;
    case NEGATIVE(EVIDENCE_NEG_AK_CHAIN):
        read_chain(in, out);
        return;
    case NEGATIVE(EVIDENCE_NEG_PCRS):
        read_pcrs(in, out);
        return;
    case NEGATIVE(EVIDENCE_NEG_LOG):
        cborin_bytes(in, &out->log);
        return;
    case NEGATIVE(EVIDENCE_NEG_HV_KEY):
        cborin_bytes(in, &out->hv_key);
        want_size(in, out->hv_key, 64, 64);
        return;
    default:
        cborin_refuse(in);
    }
}

int evidence_parse_platform(struct bytes input, struct evidence_platform *out)
{
    struct cborin in = cborin_open(input);
    struct cborin_map map;

    *out = (struct evidence_platform){0};
    if (input.size > BH_EVIDENCE_MAX) return -EBADMSG;
    cborin_map(&in, &map);
    while (cborin_pair(&in, &map))
        read_platform_claim(&in, map.key, out);
    if (!cborin_done(&in) || out->profile.data == NULL || out->quote.data == NULL ||
        out->quote_signature.data == NULL || out->ak_public.data == NULL || out->chain_count == 0 ||
        out->pcr_mask == 0 || out->log.data == NULL || out->hv_key.data == NULL)
        return -EBADMSG;
    return 0;
}

/* Text, then NULs to the end: nothing may hide behind the terminator. */
static bool is_padded_text(const char *field, size_t size)
{
    size_t length = strnlen(field, size);

    for (size_t i = 0; i < length; i++) {
        if (field[i] < 0x20 || field[i] > 0x7e) return false;
    }
    return length < size && bytes_all((const uint8_t *)field + length, size - length, 0);
}

/* What a later hypervisor may say by another bit is not understood here, so it cannot be weighed. */
#define FLAGS_KNOWN (BH_FLAG_DEBUG | BH_FLAG_IOMMU | BH_FLAG_LATE_LAUNCH | BH_FLAG_MEASURED)

int evidence_parse_report(struct bytes input, struct bh_report *out)
{
    if (input.data == NULL || input.size != sizeof(*out)) return -EBADMSG;
    memcpy(out, input.data, sizeof(*out));
    if (memcmp(out->magic, "BHREPT2", 8) != 0 || out->version != 2 || (out->flags & ~FLAGS_KNOWN) != 0 ||
        memcmp(out->launch.magic, "BHLNCH1", 8) != 0 || !is_padded_text(out->type, sizeof(out->type)) ||
        !is_padded_text(out->hv_version, sizeof(out->hv_version)))
        return -EBADMSG;
    return 0;
}
