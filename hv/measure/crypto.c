/* SPDX-License-Identifier: MIT */
#include "measure/crypto.h"
#include "console.h"
#include "lib.h"
#include "mbedtls/sha256.h"

BUILD_ASSERT(sizeof(mbedtls_sha256_context) <= sizeof(struct sha256_state));

static mbedtls_sha256_context *context(struct sha256_state *s)
{
    return (mbedtls_sha256_context *)s->opaque;
}

/* mbedTLS's own code cannot fail here: the results are for hardware in its place. */
void sha256_start(struct sha256_state *s)
{
    mbedtls_sha256_init(context(s));
    mbedtls_sha256_starts_ret(context(s), 0);
}

void sha256_update(struct sha256_state *s, const void *data, size_t len)
{
    mbedtls_sha256_update_ret(context(s), data, len);
}

void sha256_finish(struct sha256_state *s, uint8_t out[32])
{
    mbedtls_sha256_finish_ret(context(s), out);
    mbedtls_sha256_free(context(s));
}

void sha256(const void *data, size_t len, uint8_t out[32])
{
    struct sha256_state s;

    sha256_start(&s);
    sha256_update(&s, data, len);
    sha256_finish(&s, out);
}
