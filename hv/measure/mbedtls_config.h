/* SPDX-License-Identifier: MIT */
/* What of mbedTLS is in the hypervisor: SHA-256, HMAC_DRBG, ECDSA on P-256, restartable. No entropy source, no
 * files, no time, no threads; memory comes from the arena that the caller put in place (arena.h). */
#ifndef HV_MBEDTLS_CONFIG_H
#define HV_MBEDTLS_CONFIG_H

#include <stddef.h>

#define MBEDTLS_HAVE_ASM
#define MBEDTLS_NO_UDBL_DIVISION /* else libgcc's __udivti3 */

#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_CALLOC_MACRO arena_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO   arena_free
void *arena_calloc(size_t n, size_t size);
void arena_free(void *p);

#define MBEDTLS_PLATFORM_ZEROIZE_ALT /* arena.c: the hypervisor's wipe() */

#define MBEDTLS_SHA256_C
#define MBEDTLS_MD_C
#define MBEDTLS_HMAC_DRBG_C

#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_NO_INTERNAL_RNG   /* all blinding randomness is passed in */
#define MBEDTLS_ECP_WINDOW_SIZE       5
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 1
#define MBEDTLS_ECP_RESTARTABLE
#define MBEDTLS_ECDH_LEGACY_CONTEXT
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECDSA_DETERMINISTIC /* RFC 6979, blinded by the DRBG */
#define MBEDTLS_MPI_MAX_SIZE        64
#define MBEDTLS_MPI_WINDOW_SIZE     1

#endif
