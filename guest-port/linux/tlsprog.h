/* SPDX-License-Identifier: MIT */
/* bh-tls-server and bh-tls-client: one program but for its role in TLS and who speaks first. */
#ifndef TLSPROG_H
#define TLSPROG_H

#include <stdbool.h>

int tlsprog_main(int argc, char **argv, bool server);

#endif
