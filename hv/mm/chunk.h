/* SPDX-License-Identifier: MIT */
/* 2 MiB chunks: the unit in which memory belongs to domains (D3). */
#ifndef HV_CHUNK_H
#define HV_CHUNK_H

#include "types.h"

struct domain;
struct chunk {
    uint32_t next;  /* in the free list, or in the owner's list */
    uint16_t owner; /* domain id, DOMID_NONE when free, DOMID_HV when never to be given away */
    uint16_t pad;
};
#define CHUNK_NONE 0xffffffffu
extern struct chunk *chunk_info;
extern uint32_t chunk_count;

void chunk_release(uint32_t chunk); /* boot: puts a chunk on the free list; teardown: scrubbed by the caller */
uint32_t chunk_free_count(void);
/* Takes a free chunk for d and sets its frames' owner; not yet in d's list or address space. */
uint32_t chunk_take(struct domain *d);

#endif
