/* SPDX-License-Identifier: MIT */
/* The one policy file that is being brought in (BH_POLICY_STAGE), and reading the one in force (BH_POLICY_READ). */
#ifndef HV_POLICY_STAGE_H
#define HV_POLICY_STAGE_H

#include "types.h"
#include "hypercall/operations.h"
#include "spinlock.h"

/* A command of bulkhead_op that the hypervisor restarts: its progress is in the third argument. Not part of the ABI,
 * whose commands are 32-bit numbers; a guest that makes it up is checked like any other. */
#define BH_GOES_ON (1ul << 32)

struct policy_staged {
    const uint8_t *file; /* where it stays; only the hypervisor writes there */
    uint64_t total, loaded;
    uint8_t digest[32];      /* of the file, once loaded == total */
    uint8_t signed_hash[32]; /* of the file without its signature */
};

/* Covers what is staged and what is being loaded. Taken by spin_trylock() alone, since it is held over a rendezvous. */
extern struct spinlock policy_lock;

/* With policy_lock held. */
const struct policy_staged *policy_staged(void);
/* The staged file is the policy in force from now on; what was in force before is dropped by policy_stage_release(). */
void policy_stage_adopted(void);
/* Gives back memory, a chunk a call, of what is staged or was in force before. true: there is none left. */
bool policy_stage_release(void);

long policy_stage_op(enum operation op, uint64_t arg);
long policy_read_op(enum operation op, uint64_t arg);
/* For the dispatcher: cmd, without BH_GOES_ON, was restarted with that progress. */
long policy_goes_on(uint64_t cmd, uint64_t arg, uint64_t progress);

#endif
