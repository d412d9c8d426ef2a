/* SPDX-License-Identifier: MIT */
#include "boot/bootinfo.h"
#include "lib.h"

int cmdline_get(const char *cmdline, const char *key, char *value, size_t size)
{
    size_t k = strlen(key);

    for (const char *p = cmdline; *p;) {
        size_t n = 0;
        while (p[n] && p[n] != ' ')
            n++;
        if (n > k && !strncmp(p, key, k) && p[k] == '=') {
            if (n - k - 1 >= size) return -XEN_E2BIG;
            memcpy(value, p + k + 1, n - k - 1);
            value[n - k - 1] = 0;
            return 0;
        }
        p += n;
        while (*p == ' ')
            p++;
    }
    return -XEN_ENOENT;
}

int cmdline_size(const char *text, uint64_t *bytes)
{
    uint64_t v = 0;
    int shift;

    if (*text < '0' || *text > '9') return -XEN_EINVAL;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (v > (1ul << 40)) return -XEN_EINVAL;
        v = v * 10 + (uint64_t)(*text - '0');
    }
    switch (*text) {
    case 'K':
    case 'k':
        shift = 10;
        break;
    case 'M':
    case 'm':
        shift = 20;
        break;
    case 'G':
    case 'g':
        shift = 30;
        break;
    default:
        return -XEN_EINVAL;
    }
    if (text[1] || v > (1ul << 46 >> shift)) return -XEN_EINVAL;
    *bytes = v << shift;
    return 0;
}

int cmdline_number(const char *text, uint32_t max, uint32_t *out)
{
    uint64_t v = 0;

    if (!*text) return -XEN_EINVAL;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return -XEN_EINVAL;
        v = v * 10 + (uint64_t)(*text - '0');
        if (v > max) return -XEN_EINVAL;
    }
    *out = (uint32_t)v;
    return 0;
}
