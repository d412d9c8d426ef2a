/* SPDX-License-Identifier: MIT */
/* The streams that attested TLS runs over. */
#ifndef TLSPORT_H
#define TLSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sharepage.h"
#include "sharering.h"

struct tlsport {
    int in, out;         /* -1: a ring, or no connection yet */
    int listener;        /* -1: none */
    int old_in, old_out; /* their flags, as they were found */
    bool stdio, is_ring;
    uint32_t seconds;
    int64_t deadline; /* milliseconds of CLOCK_MONOTONIC */
    bool late;        /* it passed */
    struct sharepage_end end;
    struct sharering ring;
};

/* DOMID:REF:PORT: 0 or -EINVAL. */
int tlsport_parse_take(const char *text, uint32_t *domid, uint32_t *ref, uint32_t *port);

/* Opens by what was asked for, "listen PORT", "connect HOST:PORT" or "[ADDRESS]:PORT", "stdio", "offer DOMID" or "take
 * DOMID:REF:PORT"; listen and offer print what the peer has to know on standard output. 0, or -1 after a message. */
int tlsport_open(struct tlsport *p, const char *kind, const char *where, uint32_t seconds);
/* Waits for the next peer: as long as it takes where one listens. The deadline begins anew. 0, or -1 after a message.
 */
int tlsport_accept(struct tlsport *p);
void tlsport_drop(struct tlsport *p); /* the connection; not the listener */

/* What is done from here on has p->seconds in all, however the peer spreads its bytes. */
void tlsport_restart(struct tlsport *p);

/* For struct attls_config. -1 once the deadline has passed. */
long tlsport_send(void *port, const uint8_t *data, size_t size);
long tlsport_receive(void *port, uint8_t *data, size_t size);

#endif
