/* SPDX-License-Identifier: MIT */
/* The frame table: one entry for each machine frame.
 *
 * Concepts. A frame belongs to the domain that owns its 2 MiB chunk (owner). It has one type at a time, with a
 * count of the uses as that type (typeref), and a count of all references (ref): page-table entries that map
 * it in any way, grant mappings, pins, table uses. The type may change only while typeref is 0. A frame with
 * references never leaves its domain. Table frames (FT_L1..FT_L4) hold references for their entries
 * [0, progress): validated means progress == 512, and that the guest cannot write the frame.
 * All fields are covered by the owner's mm.lock. */
#ifndef HV_FRAME_H
#define HV_FRAME_H

#include "types.h"

enum frame_type { FT_NONE, FT_WRITABLE, FT_L1, FT_L2, FT_L3, FT_L4, FT_DESC };

struct frame {
    uint32_t ref;
    uint32_t typeref;
    uint16_t owner;    /* domain id; DOMID_NONE: nobody (hole, free); DOMID_HV: hypervisor; */
    uint8_t type;      /* enum frame_type */
    uint8_t flags;     /* FF_* */
    uint16_t progress; /* table frames: entries that hold references */
    uint16_t revoked;  /* grant handles that map it and are being taken away (grant/grant_revoke.c) */
    uint32_t next;     /* link of the free list or of the release queue */
    uint32_t stamp;    /* owner's tlb_clock when the last writable use ended */
};
#define FF_ALLOC   1u /* the guest has it (else ballooned out, on the free list) */
#define FF_PINNED  2u
#define FF_QUEUED  4u  /* on the release queue */
#define FF_STATE   8u  /* holds struct vcpu_state or extended state: never a guest's */
#define FF_SHARED  16u /* hypervisor heap page that its owner may map: shared_info, grant table */
#define FF_MMIO    32u /* not RAM */
#define DOMID_NONE 0xffffu
#define DOMID_HV   0xfffeu
#define FRAME_NONE 0xffffffffu

extern struct frame *frame_table;
extern mfn_t frame_count; /* frames [0, frame_count) have an entry */

static inline struct frame *frame_of(mfn_t mfn)
{
    return &frame_table[mfn];
}
static inline bool mfn_valid(mfn_t mfn)
{
    return mfn < frame_count;
}

struct domain;
/* All with d->mm.lock held. */
/* A reference of any kind to a frame that d owns and the guest has. -EINVAL if it is not such a frame. */
int frame_get(struct domain *d, mfn_t mfn);
void frame_put(struct domain *d, mfn_t mfn);
/* A reference that keeps the frame of a type: FT_WRITABLE (grants, vcpu_info), FT_DESC, ... Includes frame_get.
 * -EBUSY if it is in use as another type, -EINVAL as above. */
int frame_get_type(struct domain *d, mfn_t mfn, enum frame_type type);
void frame_put_type(struct domain *d, mfn_t mfn);

#endif
