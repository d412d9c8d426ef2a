/* SPDX-License-Identifier: MIT */
/* The streams that attested TLS runs over. */
#ifndef TLSPORT_H
#define TLSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "sharepage.h"
#include "sharering.h"

struct tlsport {
    int in, out; /* -1: a ring */
    struct sharepage_end end;
    struct sharering ring;
};

/* Opens by what was asked for, "listen PORT", "connect HOST:PORT", "stdio", "offer DOMID" (prints ref and port on
 * standard output) or "take DOMID:REF:PORT". 0, or -1 after a message. */
int tlsport_open(struct tlsport *p, const char *kind, const char *where);

/* For struct attls_config. A peer that is silent for a minute counts as gone. */
long tlsport_send(void *port, const uint8_t *data, size_t size);
long tlsport_receive(void *port, uint8_t *data, size_t size);

#endif
