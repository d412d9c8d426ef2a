/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: whole evidence through every check. Inputs are changes to good evidence: triples of u16 position, u8
 * value to be XORed. Only the unchanged evidence may be accepted.
 */
#include <stdlib.h>

#include "../host/attest_build.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct attest_build b;
static uint8_t good[EVIDENCE_MAX];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setenv("TSS2_LOG", "all+NONE", 1);
    attest_build_open(&b);
    if (!attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL)) abort();
    memcpy(good, b.evidence, b.evidence_size);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool changed, accepted;

    memcpy(b.evidence, good, b.evidence_size);
    for (size_t i = 0; i + 2 < size; i += 3)
        b.evidence[(data[i] | data[i + 1] << 8) % b.evidence_size] ^= data[i + 2];
    changed = memcmp(b.evidence, good, b.evidence_size) != 0;
    accepted = verify_evidence((struct bytes){b.evidence, b.evidence_size}, &b.wanted, &b.findings);
    if (accepted == changed) abort();
    return 0;
}
