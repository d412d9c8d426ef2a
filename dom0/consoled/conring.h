/* SPDX-License-Identifier: MIT */
/*
 * dom0's end of a tenant's PV console ring (xen/io/console.h): reads `out`, writes `in`.
 *
 * The page is the tenant's and changes under our hands: every index is read once, what we own (out_cons,
 * in_prod) lives in struct conring and is only ever written to the page, and a distance that a ring
 * cannot have counts as an empty or a full ring. Pure apart from the shared page.
 */
#ifndef CONRING_H
#define CONRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/io/console.h>

struct conring {
    struct xencons_interface *page;
    XENCONS_RING_IDX out_cons, in_prod;
    uint64_t faults; /* times the tenant's indices made no sense */
};

/* Takes over a ring where its last user left it. */
void conring_init(struct conring *ring, struct xencons_interface *page);

/* Takes what the tenant has written, at most sizeof(page->out) bytes and at most `max`. */
size_t conring_take(struct conring *ring, char *to, size_t max);

/* How many bytes conring_give() would take now. */
size_t conring_room(struct conring *ring);

/* Hands input to the tenant; returns how many bytes fitted. Signal the event channel when not 0. */
size_t conring_give(struct conring *ring, const char *from, size_t size);

#endif
