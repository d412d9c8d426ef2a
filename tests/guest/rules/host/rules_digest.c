/* SPDX-License-Identifier: MIT */
/* On the host: the launch digest of the image that the test starts. */
#include <stdio.h>
#include <string.h>

#include <mbedtls/sha256.h>

#include "bulkhead.h"
#include "../image.h"

int main(void)
{
    struct rules_image image = rules_image();
    struct bh_launch launch = {.magic = "BHLNCH1", .memory_kib = RULES_MEMORY_KIB, .vcpus = RULES_VCPUS};
    uint8_t digest[32];

    mbedtls_sha256_ret((const uint8_t *)&image, sizeof(image), launch.kernel, 0);
    mbedtls_sha256_ret((const uint8_t *)"", 0, launch.ramdisk, 0);
    mbedtls_sha256_ret((const uint8_t *)"", 0, launch.cmdline, 0);
    mbedtls_sha256_ret((const uint8_t *)&launch, sizeof(launch), digest, 0);
    for (size_t i = 0; i < sizeof(digest); i++)
        printf("%02x", digest[i]);
    putchar('\n');
    return 0;
}
