/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "audit.h"
#include "monitor.h"

BUILD_ASSERT(sizeof(struct bh_audit_record) == 8 + 8 + 8 + 96 + 8 + 40 + 8 + 8 + 32);
BUILD_ASSERT(sizeof(struct bh_audit_read) == 80);

#define COUNT_MAX 16u
#define BATCH     4u /* on the stack */

/* Copies batch after batch while their numbers follow each other: records may leave the ring in
 * between, and what one call returns has no holes. */
static int copy_records(struct bh_audit_read *op, uint32_t wanted)
{
    struct bh_audit_record batch[BATCH];
    uint64_t next = op->seq;
    uint32_t n, done = 0;

    do {
        uint64_t seq = next;
        n = audit_read(&seq, batch, MIN(wanted - done, BATCH));
        if (done == 0)
            op->seq = seq;
        else if (seq != next)
            break;
        if (copy_to_guest(op->data + done * sizeof(batch[0]), batch, n * sizeof(batch[0]))) return -XEN_EFAULT;
        done += n;
        next = seq + n;
    } while (n == BATCH && done < wanted);
    op->count = done;
    audit_state(op);
    return 0;
}

long audit_read_op(enum operation row, uint64_t arg)
{
    struct bh_audit_read op;

    if (copy_from_guest(&op, arg, sizeof(op))) return -XEN_EFAULT;
    if (op.reserved || op.count > COUNT_MAX) return -XEN_EINVAL;
    int rc = copy_records(&op, op.count);
    if (rc == 0 && copy_to_guest(arg, &op, sizeof(op))) rc = -XEN_EFAULT;
    return rc;
}
