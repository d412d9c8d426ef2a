/* SPDX-License-Identifier: MIT */
#include "sealfile.h"

#include <errno.h>
#include <string.h>
#include <mbedtls/gcm.h>

#include "bulkhead.h"

static const uint8_t magic[8] = "BHSEALF1", nonce[12] = {0};

static void put(uint8_t *p, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get(const uint8_t *p, int bytes)
{
    uint64_t v = 0;

    for (int i = 0; i < bytes; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

int sealfile_write(const struct sealfile_head *head, const uint8_t key[32], const uint8_t *data, size_t size,
                   uint8_t *out)
{
    mbedtls_gcm_context gcm;
    int rc;

    if (size > SEALFILE_DATA_MAX) return -EINVAL;
    memcpy(out, magic, 8);
    put(out + 8, head->flags, 4);
    put(out + 12, head->min_svn, 4);
    put(out + 16, head->counter, 8);
    memcpy(out + 24, head->context, 32);
    mbedtls_gcm_init(&gcm);
    rc = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256);
    if (rc == 0)
        rc = mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, size, nonce, sizeof(nonce), out, SEALFILE_HEAD, data,
                                       out + SEALFILE_HEAD, SEALFILE_TAG, out + SEALFILE_HEAD + size);
    mbedtls_gcm_free(&gcm);
    return rc == 0 ? 0 : -EINVAL;
}

int sealfile_read_head(const uint8_t *file, size_t size, struct sealfile_head *head)
{
    if (size < SEALFILE_HEAD + SEALFILE_TAG || size > SEALFILE_HEAD + SEALFILE_DATA_MAX + SEALFILE_TAG ||
        memcmp(file, magic, 8) != 0)
        return -EINVAL;
    head->flags = (uint32_t)get(file + 8, 4);
    head->min_svn = (uint32_t)get(file + 12, 4);
    head->counter = get(file + 16, 8);
    memcpy(head->context, file + 24, 32);
    return 0;
}

int sealfile_read(const uint8_t *file, size_t size, const uint8_t key[32], uint8_t *data)
{
    size_t n = size - SEALFILE_HEAD - SEALFILE_TAG;
    mbedtls_gcm_context gcm;
    int rc;

    mbedtls_gcm_init(&gcm);
    rc = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256);
    if (rc == 0)
        rc = mbedtls_gcm_auth_decrypt(&gcm, n, nonce, sizeof(nonce), file, SEALFILE_HEAD, file + SEALFILE_HEAD + n,
                                      SEALFILE_TAG, file + SEALFILE_HEAD, data);
    mbedtls_gcm_free(&gcm);
    if (rc != 0) memset(data, 0, n);
    return rc == 0 ? 0 : -EBADMSG;
}
