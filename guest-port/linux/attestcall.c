/* SPDX-License-Identifier: MIT */
#include "attestcall.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lxcall.h"

/* What the hypervisor reads and writes; on locked pages. */
static struct shared {
    union {
        struct bh_report_op report;
        struct bh_report_check check;
        struct bh_extend extend;
        struct bh_seal_key key;
        struct bh_seal_counter counter;
        struct bh_blob blob;
    } op;
    struct attestcall_report answer;
    uint8_t chunk[BH_BLOB_CHUNK];
} * shared;

static int ready(void)
{
    if (!shared) shared = lxcall_pages((sizeof(*shared) + 4095) / 4096);
    return shared ? 0 : -ENOMEM;
}

int attestcall_report(const uint8_t data[64], struct attestcall_report *out)
{
    int rc = ready();

    if (rc < 0) return rc;
    shared->op.report = (struct bh_report_op){.report = (uintptr_t)&shared->answer.report,
                                              .signature = (uintptr_t)shared->answer.signature,
                                              .salt = (uintptr_t)shared->answer.salt};
    memcpy(shared->op.report.report_data, data, 64);
    rc = (int)lxcall_bulkhead(BH_REPORT, &shared->op);
    *out = shared->answer;
    return rc;
}

int attestcall_check(const struct bh_report *report, const uint8_t signature[64])
{
    int rc = ready();

    if (rc < 0) return rc;
    shared->answer.report = *report;
    memcpy(shared->answer.signature, signature, 64);
    shared->op.check = (struct bh_report_check){(uintptr_t)&shared->answer.report, (uintptr_t)shared->answer.signature};
    return (int)lxcall_bulkhead(BH_REPORT_CHECK, &shared->op);
}

int attestcall_extend(uint32_t index, const uint8_t digest[32], uint8_t value[32])
{
    int rc = ready();

    if (rc < 0) return rc;
    shared->op.extend = (struct bh_extend){.index = index};
    memcpy(shared->op.extend.digest, digest, 32);
    rc = (int)lxcall_bulkhead(BH_EXTEND, &shared->op);
    memcpy(value, shared->op.extend.value, 32);
    return rc;
}

int attestcall_seal_key(struct bh_seal_key *key)
{
    int rc = ready();

    if (rc < 0) return rc;
    shared->op.key = *key;
    rc = (int)lxcall_bulkhead(BH_SEAL_KEY, &shared->op);
    *key = shared->op.key;
    explicit_bzero(&shared->op, sizeof(shared->op));
    return rc;
}

/* An answer of the TPM is waited for; a limit on increments is not, but for two seconds. */
int attestcall_counter(uint32_t flags, uint32_t increment, uint64_t *value)
{
    int rc = ready(), busy = 0;

    for (int tries = 0; rc == 0 && tries < 2000; tries++) {
        shared->op.counter = (struct bh_seal_counter){.flags = flags, .increment = increment};
        rc = (int)lxcall_bulkhead(BH_SEAL_COUNTER, &shared->op);
        *value = shared->op.counter.value;
        if (rc != -EAGAIN && (rc != -EBUSY || ++busy == 400)) return rc;
        usleep(5000);
        rc = 0;
    }
    return rc < 0 ? rc : -ETIMEDOUT;
}

long attestcall_platform(uint8_t *out)
{
    size_t size = 0;
    long n = ready();

    while (n >= 0) {
        shared->op.blob = (struct bh_blob){.offset = size, .size = BH_BLOB_CHUNK, .data = (uintptr_t)shared->chunk};
        n = lxcall_bulkhead(BH_EVIDENCE_GET, &shared->op);
        if (n == 0) return size ? (long)size : -ENODATA;
        if (n > (long)BH_BLOB_CHUNK || (n > 0 && size + (size_t)n > BH_EVIDENCE_MAX)) return -EOVERFLOW;
        if (n > 0) memcpy(out + size, shared->chunk, (size_t)n);
        size += n > 0 ? (size_t)n : 0;
    }
    return n;
}
