/* SPDX-License-Identifier: MIT */
/*
 * The log that a guest keeps of its run-time registers: one line for each extend, INDEX DIGEST TEXT, where the digest
 * (64 hexadecimal digits) is what was extended. Who has the log and a report sees that nothing is missing: replayed, it
 * gives the report's registers. Pure.
 */
#ifndef EXTENDLOG_H
#define EXTENDLOG_H

#include <stddef.h>
#include <stdint.h>

#define EXTENDLOG_REGISTERS 4

/* Splits a line (without its end): 0 or -EINVAL. *text points behind the digest's space. */
int extendlog_parse(const char *line, uint32_t *index, uint8_t digest[32], const char **text);
/* value = SHA-256(value || digest) */
void extendlog_step(uint8_t value[32], const uint8_t digest[32]);
void extendlog_hex(const uint8_t *data, size_t n, char *text); /* 2 n digits and a NUL */

#endif
