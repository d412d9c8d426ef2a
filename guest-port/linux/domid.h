/* SPDX-License-Identifier: MIT */
/* Numbers on command lines: all of the text is decimal digits, or it is refused. Pure. */
#ifndef DOMID_H
#define DOMID_H

#include <stdint.h>

#define DOMID_MAX 0x7fefu /* the ABI's ids from 0x7ff0 on stand for roles (DOMID_SELF and others) */

/* 0, or -EINVAL for what is no number, or a larger one. */
int domid_number(const char *text, uint32_t most, uint32_t *out);
int domid_parse(const char *text, uint32_t *out);

#endif
