/* SPDX-License-Identifier: MIT */
/* The mbedTLS of the attestation fuzzers: bh-verify's with what makes the evidence, and RSA, which bh-ca reads in the
 * certificates of EKs. */
#ifndef ATTEST_FUZZ_CONFIG_H
#define ATTEST_FUZZ_CONFIG_H

#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_X509_CHECK_EXTENDED_KEY_USAGE

#include "tests/host/attest_shipped_config.h"

#endif
