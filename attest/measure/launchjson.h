/* SPDX-License-Identifier: MIT */
/* Reads what `bhctl digest --json` wrote: one flat object. Pure. */
#ifndef LAUNCHJSON_H
#define LAUNCHJSON_H

#include "bulkhead.h"
#include "../verify/bytes.h"

/* 0, or -EINVAL: a field is missing, or launch_digest is not the digest of the others. */
int launchjson_parse(const char *text, char name[BH_NAME_MAX], struct bh_launch *launch, uint8_t digest[32]);

#endif
