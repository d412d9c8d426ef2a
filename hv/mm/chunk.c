/* SPDX-License-Identifier: MIT */
#include "mm/chunk.h"
#include "mm/frame.h"
#include "domain/domain.h"
#include "spinlock.h"

struct chunk *chunk_info;
uint32_t chunk_count;
static uint32_t free_head = CHUNK_NONE, free_count;
static struct spinlock chunk_lock = SPINLOCK(RANK_CHUNK);

static void set_owner(uint32_t chunk, uint16_t owner)
{
    struct frame *f = frame_of((mfn_t)chunk * CHUNK_FRAMES);

    chunk_info[chunk].owner = owner;
    for (unsigned int i = 0; i < CHUNK_FRAMES; i++)
        f[i] = (struct frame){.owner = owner, .next = FRAME_NONE};
}

void chunk_release(uint32_t chunk)
{
    set_owner(chunk, DOMID_NONE);
    spin_lock(&chunk_lock);
    chunk_info[chunk].next = free_head;
    free_head = chunk;
    free_count++;
    spin_unlock(&chunk_lock);
}

uint32_t chunk_take(struct domain *d)
{
    spin_lock(&chunk_lock);
    uint32_t c = free_head;
    if (c != CHUNK_NONE) {
        free_head = chunk_info[c].next;
        free_count--;
    }
    spin_unlock(&chunk_lock);
    if (c != CHUNK_NONE) set_owner(c, (uint16_t)d->domid);
    return c;
}

uint32_t chunk_free_count(void)
{
    return READ_ONCE(free_count);
}
