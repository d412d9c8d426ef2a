/* SPDX-License-Identifier: MIT */
#include "domid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int domid_number(const char *text, uint32_t most, uint32_t *out)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long long n;

    if (digits == 0 || digits > 10 || text[digits] != '\0') return -EINVAL;
    n = strtoull(text, NULL, 10);
    if (n > most) return -EINVAL;
    *out = (uint32_t)n;
    return 0;
}

int domid_parse(const char *text, uint32_t *out)
{
    return domid_number(text, DOMID_MAX, out);
}
