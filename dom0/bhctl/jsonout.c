/* SPDX-License-Identifier: MIT */
#include "jsonout.h"

#include <inttypes.h>

/* Bytes beyond ASCII are written as the code point of the same number, so the output is valid UTF-8
 * whatever a hypervisor or a tenant's name holds. */
static void quoted(struct jsonout *j, const char *s)
{
    putc('"', j->file);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            fprintf(j->file, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            fprintf(j->file, "\\u%04x", c);
        else
            putc(c, j->file);
    }
    putc('"', j->file);
}

static void begin(struct jsonout *j, const char *key)
{
    if (j->comma) putc(',', j->file);
    j->comma = true;
    if (key) {
        quoted(j, key);
        putc(':', j->file);
    }
}

void jsonout_open(struct jsonout *j, const char *key, char bracket)
{
    begin(j, key);
    putc(bracket, j->file);
    j->comma = false;
}

void jsonout_close(struct jsonout *j, char bracket)
{
    putc(bracket, j->file);
    j->comma = true;
}

void jsonout_string(struct jsonout *j, const char *key, const char *value)
{
    begin(j, key);
    quoted(j, value);
}

void jsonout_number(struct jsonout *j, const char *key, uint64_t value)
{
    begin(j, key);
    fprintf(j->file, "%" PRIu64, value);
}

void jsonout_bool(struct jsonout *j, const char *key, bool value)
{
    begin(j, key);
    fputs(value ? "true" : "false", j->file);
}

void jsonout_hex(struct jsonout *j, const char *key, const uint8_t *data, size_t size)
{
    begin(j, key);
    putc('"', j->file);
    for (size_t i = 0; i < size; i++)
        fprintf(j->file, "%02x", data[i]);
    putc('"', j->file);
}
