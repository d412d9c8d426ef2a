/* SPDX-License-Identifier: MIT */
#include "platform_pack.h"
#include "cborout.h"
#include "evidence_pack.h"

static void put(struct cborout *w, uint32_t negative_key, struct bytes value)
{
    cborout_int(w, -1 - (int64_t)negative_key);
    cborout_bytes(w, value.data, value.size);
}

size_t platform_pack(const struct evidence_platform *parts, uint8_t *out, size_t capacity)
{
    struct cborout w = {.out = out, .capacity = capacity};

    cborout_map(&w, 8);
    cborout_int(&w, EVIDENCE_KEY_PROFILE);
    cborout_text(&w, EVIDENCE_PLATFORM_PROFILE);
    put(&w, EVIDENCE_NEG_QUOTE, parts->quote);
    put(&w, EVIDENCE_NEG_QUOTE_SIG, parts->quote_signature);
    put(&w, EVIDENCE_NEG_AK_PUBLIC, parts->ak_public);
    cborout_int(&w, -1 - (int64_t)EVIDENCE_NEG_AK_CHAIN);
    cborout_array(&w, parts->chain_count);
    for (size_t i = 0; i < parts->chain_count; i++)
        cborout_bytes(&w, parts->chain[i].data, parts->chain[i].size);
    cborout_int(&w, -1 - (int64_t)EVIDENCE_NEG_PCRS);
    cborout_map(&w, (size_t)__builtin_popcount(parts->pcr_mask));
    for (int i = 0; i < (int)EVIDENCE_PCRS; i++) {
        if ((parts->pcr_mask & 1u << i) == 0) continue;
        cborout_int(&w, i);
        cborout_bytes(&w, parts->pcr[i], 32);
    }
    put(&w, EVIDENCE_NEG_LOG, parts->log);
    put(&w, EVIDENCE_NEG_HV_KEY, parts->hv_key);
    return w.full ? 0 : w.used;
}
