/* SPDX-License-Identifier: MIT */
#include "sealfile.h"

#include <errno.h>
#include <string.h>
#include <mbedtls/gcm.h>

#include "bulkhead.h"

static const uint8_t magic[8] = "BHSEALF1", magic_named[8] = "BHSEALF2", nonce[12] = {0};

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

static size_t head_size(bool named)
{
    return SEALFILE_HEAD + (named ? SEALFILE_NAME : 0);
}

size_t sealfile_extra(const struct sealfile_head *head)
{
    return head_size(head->named) + SEALFILE_TAG;
}

int sealfile_write(const struct sealfile_head *head, const uint8_t key[32], const uint8_t *data, size_t size,
                   uint8_t *out)
{
    size_t begin = head_size(head->named);
    mbedtls_gcm_context gcm;
    int rc;

    if (size > SEALFILE_DATA_MAX) return -EINVAL;
    memcpy(out, head->named ? magic_named : magic, 8);
    put(out + 8, head->flags, 4);
    put(out + 12, head->min_svn, 4);
    put(out + 16, head->counter, 8);
    memcpy(out + 24, head->context, 32);
    if (head->named) memcpy(out + SEALFILE_HEAD, head->name, SEALFILE_NAME);
    mbedtls_gcm_init(&gcm);
    rc = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256);
    if (rc == 0)
        rc = mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, size, nonce, sizeof(nonce), out, begin, data,
                                       out + begin, SEALFILE_TAG, out + begin + size);
    mbedtls_gcm_free(&gcm);
    return rc == 0 ? 0 : -EINVAL;
}

int sealfile_read_head(const uint8_t *file, size_t size, struct sealfile_head *head)
{
    size_t least;

    if (size < sizeof(magic)) return -EINVAL;
    head->named = memcmp(file, magic_named, 8) == 0;
    least = sealfile_extra(head);
    if (size < least || size > least + SEALFILE_DATA_MAX || (!head->named && memcmp(file, magic, 8) != 0))
        return -EINVAL;
    head->flags = (uint32_t)get(file + 8, 4);
    head->min_svn = (uint32_t)get(file + 12, 4);
    head->counter = get(file + 16, 8);
    memcpy(head->context, file + 24, 32);
    if (head->named) memcpy(head->name, file + SEALFILE_HEAD, SEALFILE_NAME);
    return 0;
}

int sealfile_read(const uint8_t *file, size_t size, const uint8_t key[32], uint8_t *data)
{
    size_t begin = head_size(memcmp(file, magic_named, 8) == 0), n = size - begin - SEALFILE_TAG;
    mbedtls_gcm_context gcm;
    int rc;

    mbedtls_gcm_init(&gcm);
    rc = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256);
    if (rc == 0)
        rc = mbedtls_gcm_auth_decrypt(&gcm, n, nonce, sizeof(nonce), file, begin, file + begin + n, SEALFILE_TAG,
                                      file + begin, data);
    mbedtls_gcm_free(&gcm);
    if (rc != 0) memset(data, 0, n);
    return rc == 0 ? 0 : -EBADMSG;
}
