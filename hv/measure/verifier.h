/* SPDX-License-Identifier: MIT */
/* Verifying ECDSA P-256 signatures in bounded steps, several at once. Nothing here is secret. measure_lock is held. */
#ifndef HV_VERIFIER_H
#define HV_VERIFIER_H

#include <stdint.h>

#define VERIFIER_SLOTS  4 /* for BH_REPORT_CHECK */
#define VERIFIER_POLICY 4 /* one more: for the policy that is being loaded */
#define VERIFIER_LAUNCH 5 /* and one for the launch that is being built (vouch.c) */
#define VERIFIER_ALL    6

/* Begins in a slot that is free: never used, done or dropped. pub is X || Y, sig r || s, big-endian. 0, or -EBADMSG:
 * pub is no point of the curve. */
int verifier_start(unsigned int slot, const uint8_t pub[64], const uint8_t hash[32], const uint8_t sig[64]);
/* One bounded step, at most some 500,000 instructions. -EAGAIN: more steps; else the slot is free: 0 valid, -EBADMSG
 * not. */
int verifier_step(unsigned int slot);
void verifier_drop(unsigned int slot);

#endif
