/* SPDX-License-Identifier: MIT */
/* bh-verify's command line: what the relying party wants. Errors go to stderr, once. */
#ifndef VERIFY_OPTIONS_H
#define VERIFY_OPTIONS_H

#include "../verify/verify.h"

#define VERIFY_OPTIONS_EKS   4096u
#define VERIFY_OPTIONS_NONCE 64u

struct verify_options {
    struct verify_wanted wanted;
    struct refvalues refs;
    struct bytes evidence_file, ref_file, binding_file;
    mbedtls_x509_crt trust;
    mbedtls_x509_crl crl;
    uint8_t nonce[VERIFY_OPTIONS_NONCE], known_eks[VERIFY_OPTIONS_EKS][32];
    uint8_t launch[VERIFY_LAUNCH_MAX][32], signer[VERIFY_LAUNCH_MAX][32], policy[VERIFY_LAUNCH_MAX][32];
    char type[BH_TYPE_MAX];
    const char *evidence_path, *ref_path, *ref_key, *launch_argument[VERIFY_LAUNCH_MAX];
    size_t launch_arguments;
    char **files; /* of explain */
    int file_count;
    uint32_t bench;        /* times */
    bool json, production; /* production: said so, and not by default */
    uint64_t seen;         /* bit n: the option of that number was given */
};

/* Reads the whole command line: 0 or 2. verify_options_close() after either. */
int verify_options_read(struct verify_options *s, int argc, char **argv, const char **verb);

/* Everything that a verification cannot do without is there; launches by name are looked up: 0 or 2. */
int verify_options_complete(struct verify_options *s);

void verify_options_close(struct verify_options *s);
int verify_options_usage(void); /* prints it; 2 */

#endif
