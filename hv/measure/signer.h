/* SPDX-License-Identifier: MIT */
/* The hypervisor's private key and its arithmetic. Everything secret (key, DRBG, nonces, intermediate values) lies in
 * one block of memory, the vault, that the caller gives to every function; what is left on the
 * stack below the caller's frame is the caller's to wipe. No locks: the caller holds measure_lock. */
#ifndef HV_SIGNER_H
#define HV_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#define SIGNER_SLOTS 8 /* signatures in the making at once */
/* Field multiplications in one step: about 180,000 instructions, of which 14,000 are for taking up where the last one
 * ended. The longest pieces that mbedTLS does not divide are two inversions of 500,000 and the nonce of 280,000. */
#define SIGNER_STEP_OPS 64

/* Makes the key from `seed` in the zeroed block `vault` (16-byte aligned), which from then on must be at the same
 * address in each call. pub gets X || Y. 0, or -EINVAL when the arithmetic failed (then there is no key). */
int signer_init(void *vault, size_t size, const uint8_t *seed, size_t seed_len, uint8_t pub[64]);

/* Begins a signature over `hash` in a slot that is free: after signer_init, done, failed or dropped. */
void signer_start(void *vault, unsigned int slot, const uint8_t hash[32]);
/* One bounded step. 0: done, sig is r || s, the slot is free; -EAGAIN: more steps; else failed, the slot is free. */
int signer_step(void *vault, unsigned int slot, uint8_t sig[64]);
void signer_drop(void *vault, unsigned int slot);

/* 32 bytes for that domain (its epoch), the same for its life, that nobody can guess who was not told. */
void signer_salt(void *vault, uint64_t epoch, uint8_t salt[32]);

/* Most bytes of the block that were ever in use. */
size_t signer_peak(void *vault);

#endif
