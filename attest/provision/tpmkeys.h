/* SPDX-License-Identifier: MIT */
/* The EK and the AK in the TPM, by ESYS. Functions print what failed to stderr and return 0 or -EIO. */
#ifndef TPMKEYS_H
#define TPMKEYS_H

#include <stdbool.h>
#include <tss2/tss2_esys.h>

/* Persistent handle of the AK, in the owner's range of Part 2 / TCG's registry of reserved handles. */
#define TPMKEYS_AK_HANDLE 0x8101b001u

struct tpmkeys {
    ESYS_TR ek, ak;
    TPM2B_PUBLIC ek_public, ak_public;
    TPM2B_NAME ak_name;
};

/* Flushes what a service that was killed left in the TPM's few slots. The service is the only one that loads anything.
 */
void tpmkeys_sweep(ESYS_CONTEXT *esys);

/* EK: RSA or on P-256, transient, flushed by tpmkeys_close(). AK: found at its persistent handle, or made and persisted
 * there. */
int tpmkeys_open(ESYS_CONTEXT *esys, bool rsa, struct tpmkeys *keys);

/* What the TPM's maker says about that EK, X.509 in DER: its size, 0 where there is none, or a negative errno. */
long tpmkeys_ek_certificate(ESYS_CONTEXT *esys, bool rsa, uint8_t *out, size_t capacity);
void tpmkeys_close(ESYS_CONTEXT *esys, struct tpmkeys *keys);

/* TPM2_ActivateCredential: the TPM gives the secret back if AK and EK are both in it. */
int tpmkeys_activate(ESYS_CONTEXT *esys, const struct tpmkeys *keys, const TPM2B_ID_OBJECT *blob,
                     const TPM2B_ENCRYPTED_SECRET *seed, TPM2B_DIGEST *secret);

/* Prints the code in tpm2-tss's layers: 0 when it was success, else -EIO. */
int tpmkeys_check(const char *what, TSS2_RC rc);

#endif
