/* SPDX-License-Identifier: MIT */
/* What tboot and Intel TXT leave in memory after a late launch: tboot's shared page, the TXT heap, the TPM's event log
 * (TXT Software Development Guide 315168, appendix C; TCG EFI Protocol Specification, "crypto agile log"). Pure; of
 * nothing is believed more than its shape: the TPM's registers decide (measure.c). */
#ifndef HV_TXT_PARSE_H
#define HV_TXT_PARSE_H

#include "types.h"

#define TXT_SHARED_SIZE 584u /* tboot_shared_t of version 6 */

/* Address of the shared page by the last "tboot=0x..." of a command line, where tboot appends it; 0 if none. */
maddr_t txt_shared_address(const char *cmdline);
/* Whether TXT_SHARED_SIZE bytes found at maddr are the shared page of a tboot that covers them. */
bool txt_shared_valid(const uint8_t *page, maddr_t maddr);

/* Where a TXT heap says that the event log (format 2.1) is: true, and [*start, *end) with *start < *end. */
bool txt_heap_log(const uint8_t *heap, size_t len, maddr_t *start, maddr_t *end);

struct txt_log {
    const uint8_t *at, *end;
    unsigned int algorithms;
    uint16_t id[8], digest_size[8];
};
struct txt_event {
    uint32_t pcr, type;
    const uint8_t *digest; /* SHA-256 */
    const uint8_t *data;
    uint32_t size;
};
/* 0, or -EINVAL: no log of this format with a SHA-256 bank. */
int txt_log_open(struct txt_log *log, const uint8_t *bytes, size_t len);
/* 1: *e is the next event that was extended; 0: no more; -EINVAL: what follows is no event. */
int txt_log_next(struct txt_log *log, struct txt_event *e);

#endif
