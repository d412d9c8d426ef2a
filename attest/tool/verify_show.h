/* SPDX-License-Identifier: MIT */
/* What evidence says, for people and as JSON. Nothing of it is verified. */
#ifndef VERIFY_SHOW_H
#define VERIFY_SHOW_H

#include "../verify/bytes.h"

/* 0, or 1 with a complaint about path when something in it is not well-formed; what is there is printed. */
int verify_show(const char *path, struct bytes input, bool json);

#endif
