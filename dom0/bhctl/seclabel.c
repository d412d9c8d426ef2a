/* SPDX-License-Identifier: MIT */
#include "seclabel.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define FIELDS_MAX 5

static bool is_word(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9') ||
              s[i] == '_'))
            return false;
    return n > 0;
}

static int parse_category(const char *s, size_t n, uint32_t *compartment)
{
    uint32_t value = 0;

    if (n < 2 || n > 5 || s[0] != 'c') return -EINVAL;
    for (size_t i = 1; i < n; i++) {
        if (s[i] < '0' || s[i] > '9') return -EINVAL;
        value = value * 10 + (uint32_t)(s[i] - '0');
    }
    if (value > BH_COMPARTMENT_MAX) return -EINVAL;
    *compartment = value;
    return 0;
}

int seclabel_parse(const char *text, struct seclabel *out)
{
    const char *field[FIELDS_MAX];
    size_t length[FIELDS_MAX], count = 0, type, category;

    for (const char *p = text;; p++) {
        if (count == FIELDS_MAX) return -EINVAL;
        field[count] = p;
        length[count] = strcspn(p, ":");
        if (!is_word(p, length[count])) return -EINVAL;
        p += length[count++];
        if (*p == '\0') break;
    }
    if (count == 3) return -EINVAL;
    type = count > 2 ? 2 : 0;
    category = type ? 4 : 1;
    if (type && (length[3] != 2 || memcmp(field[3], "s0", 2) != 0)) return -EINVAL;
    if (length[type] >= BH_TYPE_MAX) return -EINVAL;

    memset(out, 0, sizeof(*out));
    memcpy(out->type, field[type], length[type]);
    return count > category ? parse_category(field[category], length[category], &out->compartment) : 0;
}
