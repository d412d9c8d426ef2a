/* SPDX-License-Identifier: MIT */
/* Boots of the hypervisor's measuring part on one TPM (swtpm) behind the fake FIFO interface, each in a process of its
 * own. */
#ifndef SEAL_BOOTS_H
#define SEAL_BOOTS_H

#include "attest_swtpm.h"
#include "fake_tpm.h"
#include "domain/domain.h"

#define SEAL_DOMAINS 40
extern struct domain seal_dom[SEAL_DOMAINS];
extern struct attest_swtpm_link seal_link;
extern uint8_t seal_answer[4096];

/* What boots tell each other and the test. */
extern struct seal_shared {
    uint8_t key[32];
    uint64_t value;
    char chain[32];   /* what GRUB measures */
    uint32_t changed; /* bit n: what the firmware measures into PCR n */
    bool late_launch;
    size_t (*more)(const uint8_t *cmd, size_t len, uint8_t *rsp); /* instead of seal_to_swtpm */
    void (*then)(void);
} * seal_shared;

/* Resets the machine; firmware and GRUB extend, the hypervisor starts, `then` runs as domain 1. */
void seal_boot(const char *chain, void (*then)(void));
void seal_run_as(unsigned int domid);

/* A command past the hypervisor, and the size of its answer. */
size_t seal_raw(unsigned int locality, const uint8_t *cmd, size_t len, uint8_t *rsp);
size_t seal_to_swtpm(const uint8_t *cmd, size_t len, uint8_t *rsp);
void seal_extend(uint32_t pcr, const char *what);

/* Set-up and end of a test: a new TPM. */
int seal_fresh_tpm(void **state);
int seal_end_tpm(void **state);
#define SEAL_TEST(f) cmocka_unit_test_setup_teardown(f, seal_fresh_tpm, seal_end_tpm)

#endif
