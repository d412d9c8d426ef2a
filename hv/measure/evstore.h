/* SPDX-License-Identifier: MIT */
/* The platform evidence: bytes that a provisioning service leaves and every domain may read. The hypervisor does not
 * look at them: a verifier does. A new one becomes visible when its last byte is there, all at once. Pure. */
#ifndef HV_EVSTORE_H
#define HV_EVSTORE_H

#include <stdint.h>

struct evstore {
    uint8_t *visible, *coming; /* BH_EVIDENCE_MAX bytes each */
    uint32_t visible_len;
    uint32_t coming_len, coming_total;
    uint32_t writer; /* domain id, while coming_len > 0 */
};

/* Where `size` bytes at `offset` of the coming `total` go, or NULL: they must follow what the same writer left, with
 * the same total; at offset 0 a new one begins. */
uint8_t *evstore_place(struct evstore *s, uint32_t writer, uint64_t offset, uint32_t size, uint32_t total);
/* They are there. */
void evstore_placed(struct evstore *s, uint32_t size);
/* Bytes readable at `offset`, at most `size`; *at points to them. */
uint32_t evstore_read(const struct evstore *s, uint64_t offset, uint32_t size, const uint8_t **at);

#endif
