/* SPDX-License-Identifier: MIT */
/* Bulkhead's hypercall from a Linux program, through libxencall. Used by one thread. */
#ifndef HVLINK_H
#define HVLINK_H

#include <stddef.h>
#include <stdint.h>

struct hvlink;

/* NULL with errno when there is no hypercall interface. */
struct hvlink *hvlink_open(void);
void hvlink_close(struct hvlink *hv);

/* Reads a whole blob (BH_EVENTLOG_READ, BH_EVIDENCE_GET): its size, at most capacity, or negative errno
 * (-EMSGSIZE when it is larger). */
long hvlink_read_blob(struct hvlink *hv, unsigned int cmd, uint8_t *out, size_t capacity);

/* Stores a whole blob (BH_EVIDENCE_PUT): 0 or negative errno. */
int hvlink_write_blob(struct hvlink *hv, unsigned int cmd, const uint8_t *data, size_t size);

/* One TPM command, polled until it is answered: the response's size or negative errno;
 * -ETIMEDOUT after that many milliseconds, -1 for no limit. */
long hvlink_tpm(struct hvlink *hv, const uint8_t *command, size_t size, uint8_t *response, size_t capacity,
                int timeout_ms);

#endif
