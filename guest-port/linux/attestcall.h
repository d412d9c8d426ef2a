/* SPDX-License-Identifier: MIT */
/* A guest's own attestation calls, each whole: no -EAGAIN or restart is left to the caller. After lxcall_open(). */
#ifndef ATTESTCALL_H
#define ATTESTCALL_H

#include <stddef.h>
#include <stdint.h>

#include "bulkhead.h"

struct attestcall_report {
    struct bh_report report;
    uint8_t signature[64], salt[32];
};

/* Each 0 or a negative errno; -ENODEV: this boot is not measured, or has no sealing. */
int attestcall_report(const uint8_t data[64], struct attestcall_report *out);
int attestcall_check(const struct bh_report *report, const uint8_t signature[64]);
int attestcall_extend(uint32_t index, const uint8_t digest[32], uint8_t value[32]);
int attestcall_seal_key(struct bh_seal_key *key);
/* -ENOENT: there is none to be read. -EBUSY: the hypervisor's limit on increments. -ETIMEDOUT, -EIO and the like of an
 * increment: it may have counted. */
int attestcall_counter(uint32_t flags, uint32_t increment, uint64_t *value);
/* Size of the platform part of evidence, at most BH_EVIDENCE_MAX; -ENODATA: the service has stored none. */
long attestcall_platform(uint8_t *out);

#endif
