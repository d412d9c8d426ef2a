/* SPDX-License-Identifier: MIT */
/* What a TPM2_Quote takes, natively, by swtpm: the median of many, in nanoseconds. Beside it stands a report's cost. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../attest/provision/quoting.h"
#include "../host/attest_swtpm.h"

#define QUOTES 101

static int by_value(const void *a, const void *b)
{
    const long *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static long now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int quote(ESYS_CONTEXT *esys, ESYS_TR ak)
{
    TPM2B_DATA qualifying = {.size = 32};
    TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL};
    TPML_PCR_SELECTION pcrs = {
        .count = 1, .pcrSelections[0] = {.hash = TPM2_ALG_SHA256, .sizeofSelect = 3, .pcrSelect = {0x10, 3, 0x60}}};
    TPM2B_ATTEST *attest = NULL;
    TPMT_SIGNATURE *signature = NULL;
    TSS2_RC rc = Esys_Quote(esys, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &qualifying, &scheme, &pcrs,
                            &attest, &signature);

    Esys_Free(attest);
    Esys_Free(signature);
    return tpmkeys_check("Quote", rc);
}

int main(void)
{
    struct attest_swtpm tpm = {0};
    struct attest_swtpm_link link;
    struct tpmkeys keys;
    long took[QUOTES];
    int rc;

    attest_swtpm_start(&tpm);
    attest_swtpm_open(&tpm, &link);
    rc = tpmkeys_open(link.esys, false, &keys);
    for (int i = 0; i < QUOTES && rc == 0; i++) {
        long begun = now();
        rc = quote(link.esys, keys.ak);
        took[i] = now() - begun;
    }
    if (rc == 0) {
        qsort(took, QUOTES, sizeof(took[0]), by_value);
        printf("%ld\n", took[QUOTES / 2]);
        tpmkeys_close(link.esys, &keys);
    }
    attest_swtpm_close(&link);
    attest_swtpm_stop(&tpm);
    return rc != 0;
}
