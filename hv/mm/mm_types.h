/* SPDX-License-Identifier: MIT */
/* A domain's memory, as the rest of the hypervisor sees it. */
#ifndef HV_MM_TYPES_H
#define HV_MM_TYPES_H

#include "types.h"
#include "spinlock.h"

struct domain_mm {
    struct spinlock lock; /* RANK_MM: covers types, references and grants of the domain's frames */
    uint64_t frames;      /* frames the guest has now */
    uint64_t frames_max;
    uint32_t chunks;      /* number owned */
    uint32_t first_chunk; /* head of the list through chunk_info[], CHUNK_NONE at the end */
    uint32_t busy_chunk;  /* likewise, at the domain's end: those that were found to be in use */
    uint32_t free_head;   /* list of ballooned-out frames in own chunks, FRAME_NONE at the end */
    uint64_t free_count;
    uint32_t release_head; /* tables that wait for devalidation, see mm/table.h */
    uint32_t tlb_clock;    /* counts complete flushes of this domain */
    mfn_t hv_l4;           /* L4 with the hypervisor's part only; hypervisor heap page */
    uint64_t *hv_l4_slots; /* the hypervisor's 16 entries for this domain's L4 tables */
    uint64_t *m2p_l3, *direct_l3;
    enum { TEARDOWN_NONE, TEARDOWN_UNPIN, TEARDOWN_TABLES_DONE } teardown; /* how far the end of the domain has come */
    uint32_t teardown_chunk;                                               /* next to unpin */
};

#endif
