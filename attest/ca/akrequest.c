/* SPDX-License-Identifier: MIT */
#include "akrequest.h"
#include "../format/cborout.h"
#include "../verify/cborin.h"
#include "../verify/p256.h"
#include "../verify/tpmquote.h"

#include <errno.h>
#include <tss2/tss2_mu.h>

/* {0: part, 1: part, ...} */
static size_t write_parts(const struct bytes *part, size_t count, uint8_t *out, size_t capacity)
{
    struct cborout w = {.out = out, .capacity = capacity};

    cborout_map(&w, count);
    for (size_t i = 0; i < count; i++) {
        cborout_int(&w, (int64_t)i);
        cborout_bytes(&w, part[i].data, part[i].size);
    }
    return w.full ? 0 : w.used;
}

/* How many there were: between 2 and most, or -EBADMSG. */
static int read_parts(struct bytes input, struct bytes *part, size_t most)
{
    struct cborin in = cborin_open(input);
    struct cborin_map map;
    size_t count = 0;

    cborin_map(&in, &map);
    while (cborin_pair(&in, &map)) {
        if (map.key != (int64_t)count || count == most || !cborin_bytes(&in, &part[count])) cborin_refuse(&in);
        count++;
    }
    return cborin_done(&in) && count >= 2 ? (int)count : -EBADMSG;
}

size_t akrequest_write(const TPMT_PUBLIC *ek, const TPMT_PUBLIC *ak, struct bytes certificate, uint8_t *out,
                       size_t capacity)
{
    uint8_t ek_bytes[1024], ak_bytes[1024];
    size_t ek_size = 0, ak_size = 0;

    if (Tss2_MU_TPMT_PUBLIC_Marshal(ek, ek_bytes, sizeof(ek_bytes), &ek_size) != TSS2_RC_SUCCESS ||
        Tss2_MU_TPMT_PUBLIC_Marshal(ak, ak_bytes, sizeof(ak_bytes), &ak_size) != TSS2_RC_SUCCESS)
        return 0;
    return write_parts((const struct bytes[]){{ek_bytes, ek_size}, {ak_bytes, ak_size}, certificate},
                       certificate.data != NULL ? 3 : 2, out, capacity);
}

/* In its one encoding: the digest is over the bytes, what is judged is the structure. */
static int read_public(struct bytes encoded, TPMT_PUBLIC *out)
{
    uint8_t again[sizeof(TPMT_PUBLIC)];
    size_t offset = 0, size = 0;

    *out = (TPMT_PUBLIC){0};
    return Tss2_MU_TPMT_PUBLIC_Unmarshal(encoded.data, encoded.size, &offset, out) == TSS2_RC_SUCCESS &&
                   offset == encoded.size &&
                   Tss2_MU_TPMT_PUBLIC_Marshal(out, again, sizeof(again), &size) == TSS2_RC_SUCCESS &&
                   bytes_equal(encoded, again, size)
               ? 0
               : -EBADMSG;
}

int akrequest_read(struct bytes input, struct akrequest *out)
{
    struct bytes part[3] = {0};
    struct tpmquote_key key;

    *out = (struct akrequest){0};
    if (read_parts(input, part, 3) < 0 || read_public(part[0], &out->ek) != 0 || read_public(part[1], &out->ak) != 0 ||
        tpmquote_parse_key(part[1], &key) != 0)
        return -EBADMSG;
    if (!key.is_ak) return -EINVAL;
    out->ak_encoded = part[1];
    out->ek_certificate = part[2];
    memcpy(out->ak_xy, key.xy, sizeof(out->ak_xy));
    p256_sha256(part[0].data, part[0].size, out->ek_hash);
    /* name = algorithm || digest of the public area; is_ak says that the algorithm is SHA-256. */
    out->ak_name.size = 34;
    out->ak_name.name[0] = TPM2_ALG_SHA256 >> 8;
    out->ak_name.name[1] = TPM2_ALG_SHA256 & 0xff;
    p256_sha256(part[1].data, part[1].size, out->ak_name.name + 2);
    return 0;
}

size_t akrequest_write_challenge(const TPM2B_ID_OBJECT *blob, const TPM2B_ENCRYPTED_SECRET *seed, uint8_t *out,
                                 size_t capacity)
{
    return write_parts((const struct bytes[]){{blob->credential, blob->size}, {seed->secret, seed->size}}, 2, out,
                       capacity);
}

int akrequest_read_challenge(struct bytes input, TPM2B_ID_OBJECT *blob, TPM2B_ENCRYPTED_SECRET *seed)
{
    struct bytes part[2] = {0};

    if (read_parts(input, part, 2) < 0 || part[0].size > sizeof(blob->credential) ||
        part[1].size > sizeof(seed->secret))
        return -EBADMSG;
    blob->size = (UINT16)part[0].size;
    memcpy(blob->credential, part[0].data, part[0].size);
    seed->size = (UINT16)part[1].size;
    memcpy(seed->secret, part[1].data, part[1].size);
    return 0;
}
