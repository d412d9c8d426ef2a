/* SPDX-License-Identifier: MIT */
/* A TPM 2.0 in software for one test, in a folder of its own. Failures end the test program. */
#ifndef ATTEST_SWTPM_H
#define ATTEST_SWTPM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tss2/tss2_esys.h>

struct attest_swtpm {
    pid_t pid;
    char folder[64], tcti[64];
    void (*prepare)(struct attest_swtpm *tpm); /* NULL, or what is to be done with the folder before the TPM starts */
};

void attest_swtpm_start(struct attest_swtpm *tpm);
/* The same TPM after a reset of its machine. */
void attest_swtpm_reset(struct attest_swtpm *tpm);
void attest_swtpm_stop(struct attest_swtpm *tpm); /* and removes the folder */

struct attest_swtpm_link {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
};
void attest_swtpm_open(const struct attest_swtpm *tpm, struct attest_swtpm_link *link);
void attest_swtpm_close(struct attest_swtpm_link *link);
void attest_swtpm_extend(struct attest_swtpm_link *link, uint32_t pcr, uint8_t locality, const uint8_t digest[32]);

/* Loads a key or starts a session and forgets it, as a program that is killed does: false when the TPM is full. */
bool attest_swtpm_leak(struct attest_swtpm_link *link, bool session);

/* Runs a program to its end, its output into a file (NULL: nowhere): the exit status. */
int attest_swtpm_run(char *const argv[], const char *output);

#endif
