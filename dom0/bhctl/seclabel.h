/* SPDX-License-Identifier: MIT */
/*
 * A domain's label as an operator writes it: a full context of the policy's language,
 * "system_u:system_r:tenant_t:s0:c1", or its short form "tenant_t:c1". Without a category the
 * compartment is 0. Pure.
 */
#ifndef SECLABEL_H
#define SECLABEL_H

#include "bulkhead.h"

struct seclabel {
    char type[BH_TYPE_MAX];
    uint32_t compartment;
};

/* What seclabel_parse() takes, for messages. */
#define SECLABEL_ALLOWED "TYPE, TYPE:cN or USER:ROLE:TYPE:s0[:cN], with N from 0 to 1023"

/* 0, or -EINVAL. */
int seclabel_parse(const char *text, struct seclabel *out);

#endif
