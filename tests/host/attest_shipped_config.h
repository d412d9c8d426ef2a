/* SPDX-License-Identifier: MIT */
/* The mbedTLS of bh-verify, with what a test needs besides: it makes keys and certificates. */
#ifndef ATTEST_SHIPPED_CONFIG_H
#define ATTEST_SHIPPED_CONFIG_H

#define MBEDTLS_AES_C
#define MBEDTLS_CTR_DRBG_C
#define MBEDTLS_ENTROPY_C
#define MBEDTLS_PK_WRITE_C
#define MBEDTLS_PEM_WRITE_C
#define MBEDTLS_X509_CREATE_C
#define MBEDTLS_X509_CRT_WRITE_C

#include "attest/mbedtls/verify_config.h"

#endif
