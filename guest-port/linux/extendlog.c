/* SPDX-License-Identifier: MIT */
#include "extendlog.h"

#include <errno.h>
#include <string.h>
#include <mbedtls/sha256.h>

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int extendlog_parse(const char *line, uint32_t *index, uint8_t digest[32], const char **text)
{
    if (line[0] < '0' || line[0] >= '0' + EXTENDLOG_REGISTERS || line[1] != ' ') return -EINVAL;
    *index = (uint32_t)(line[0] - '0');
    for (int i = 0; i < 32; i++) {
        int high = digit(line[2 + 2 * i]), low = high < 0 ? -1 : digit(line[3 + 2 * i]);

        if (low < 0) return -EINVAL;
        digest[i] = (uint8_t)(high << 4 | low);
    }
    if (line[66] != ' ') return -EINVAL;
    *text = line + 67;
    return 0;
}

void extendlog_step(uint8_t value[32], const uint8_t digest[32])
{
    uint8_t both[64];

    memcpy(both, value, 32);
    memcpy(both + 32, digest, 32);
    mbedtls_sha256_ret(both, sizeof(both), value, 0);
}

void extendlog_hex(const uint8_t *data, size_t n, char *text)
{
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = "0123456789abcdef"[data[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[data[i] & 15];
    }
    text[2 * n] = '\0';
}
