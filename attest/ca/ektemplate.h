/* SPDX-License-Identifier: MIT */
/* The default templates of the TCG EK Credential Profile (B.3) by which an EK is made: one TPM, one EK of each. */
#ifndef EKTEMPLATE_H
#define EKTEMPLATE_H

#include <stdbool.h>
#include <tss2/tss2_tpm2_types.h>

extern const TPM2B_PUBLIC ektemplate_rsa; /* L-1: RSA 2048 */
extern const TPM2B_PUBLIC ektemplate_ecc; /* L-2: NIST P-256 */

/* All but the key itself is one of the templates, to the byte. Anything else could be a second EK of the same TPM,
 * which an inventory by digests would take for another machine. */
bool ektemplate_is(const TPMT_PUBLIC *ek);

#endif
