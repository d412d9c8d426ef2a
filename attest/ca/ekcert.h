/* SPDX-License-Identifier: MIT */
/* The EK's certificate: what the TPM's maker (in development: swtpm's local CA) says about a TPM (TCG EK Credential
 * Profile, section 3). */
#ifndef EKCERT_H
#define EKCERT_H

#include "akrequest.h"

#include <mbedtls/x509_crt.h>

/* NULL when the certificate leads to one of the roots, is valid now by this machine's clock, is for an EK, and is for
 * that very key, which is an EK by template; else the reason in words. roots: without const for
 * mbedTLS. */
const char *ekcert_judge(struct bytes der, mbedtls_x509_crt *roots, const TPMT_PUBLIC *ek);

#endif
