/* SPDX-License-Identifier: MIT */
/* What waits for the TPM: the hypervisor's extends and looks, in order, and one command of one domain. Between tpm.c,
 * which drives the link, and tpm_guest_*, tpm_extend_later of tpm.h. No I/O. */
#ifndef HV_TPM_QUEUE_H
#define HV_TPM_QUEUE_H

#include "types.h"

/* Writes the next command to out[TPM_BUFFER_MAX] and returns its size, 0 when there is none. It then counts as
 * running until the answer comes. Only extends need the hypervisor's locality. */
size_t tpm_queue_own(uint8_t *out, unsigned int *locality);
size_t tpm_queue_guest(uint8_t *out);
bool tpm_queue_guest_waits(void);

/* Whether a command that the TPM is not ready for is to be sent again: for 45 s from the first time. */
bool tpm_patience(ns_t *since);

/* rc: size of the response at rsp, or a negative errno. false: this is the first that is not as it has to be. */
bool tpm_queue_own_answered(const uint8_t *rsp, int rc);
/* True: the answer tells of this boot, so the hypervisor is to look for itself. */
bool tpm_queue_guest_answered(const uint8_t *rsp, int rc, ns_t now);
/* Nobody waits for the domain's command that runs. */
bool tpm_queue_guest_unwanted(void);

#endif
