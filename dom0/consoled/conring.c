/* SPDX-License-Identifier: MIT */
#include "conring.h"

#define OUT_SIZE ((XENCONS_RING_IDX)sizeof(((struct xencons_interface *)0)->out))
#define IN_SIZE  ((XENCONS_RING_IDX)sizeof(((struct xencons_interface *)0)->in))

_Static_assert((sizeof(((struct xencons_interface *)0)->out) & (sizeof(((struct xencons_interface *)0)->out) - 1)) == 0,
               "indices run freely, so sizes are powers of two");

/* The acquire and release order the ring's bytes against its indices. */
static XENCONS_RING_IDX read_once(const XENCONS_RING_IDX *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void publish(XENCONS_RING_IDX *index, XENCONS_RING_IDX value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

void conring_init(struct conring *ring, struct xencons_interface *page)
{
    ring->page = page;
    ring->out_cons = read_once(&page->out_cons);
    ring->in_prod = read_once(&page->in_prod);
    ring->faults = 0;
}

size_t conring_take(struct conring *ring, char *to, size_t max)
{
    XENCONS_RING_IDX prod = read_once(&ring->page->out_prod);
    XENCONS_RING_IDX used = prod - ring->out_cons;
    size_t n;

    if (used > OUT_SIZE) {
        ring->faults++;
        ring->out_cons = prod; /* what it may have meant is lost: start anew at its own position */
        publish(&ring->page->out_cons, ring->out_cons);
        return 0;
    }
    n = used < max ? used : max;
    for (size_t i = 0; i < n; i++)
        to[i] = __atomic_load_n(&ring->page->out[(ring->out_cons + i) & (OUT_SIZE - 1)], __ATOMIC_RELAXED);
    ring->out_cons += (XENCONS_RING_IDX)n;
    publish(&ring->page->out_cons, ring->out_cons);
    return n;
}

size_t conring_room(struct conring *ring)
{
    XENCONS_RING_IDX used = ring->in_prod - read_once(&ring->page->in_cons);

    if (used > IN_SIZE) {
        ring->faults++;
        return 0;
    }
    return IN_SIZE - used;
}

size_t conring_give(struct conring *ring, const char *from, size_t size)
{
    size_t room = conring_room(ring);
    size_t n = size < room ? size : room;

    for (size_t i = 0; i < n; i++)
        ring->page->in[(ring->in_prod + i) & (IN_SIZE - 1)] = from[i];
    ring->in_prod += (XENCONS_RING_IDX)n;
    if (n) publish(&ring->page->in_prod, ring->in_prod);
    return n;
}
