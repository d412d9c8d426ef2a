/* SPDX-License-Identifier: MIT */
#include "sharering.h"

_Static_assert(sizeof(struct sharering_page) <= 4096, "one page");

long sharering_put(struct sharering *r, const uint8_t *data, size_t size)
{
    struct sharering_half *h = &r->page->half[!r->taker ? 0 : 1];
    uint32_t used = r->produced - __atomic_load_n(&h->consumed, __ATOMIC_ACQUIRE), n = 0;

    if (used > SHARERING_SIZE) return -1;
    for (; n < SHARERING_SIZE - used && n < size; n++)
        h->data[(r->produced + n) % SHARERING_SIZE] = data[n];
    r->produced += n;
    __atomic_store_n(&h->produced, r->produced, __ATOMIC_RELEASE);
    return n;
}

long sharering_get(struct sharering *r, uint8_t *data, size_t size)
{
    struct sharering_half *h = &r->page->half[r->taker ? 0 : 1];
    uint32_t there = __atomic_load_n(&h->produced, __ATOMIC_ACQUIRE) - r->consumed, n = 0;

    if (there > SHARERING_SIZE) return -1;
    for (; n < there && n < size; n++)
        data[n] = h->data[(r->consumed + n) % SHARERING_SIZE];
    r->consumed += n;
    __atomic_store_n(&h->consumed, r->consumed, __ATOMIC_RELEASE);
    return n;
}
