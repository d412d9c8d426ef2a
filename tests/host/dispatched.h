/* SPDX-License-Identifier: MIT */
/* Around a handler of BH_HYPERCALL, what the dispatcher does around it: asks the monitor, and sees that it was asked.
 */
#ifndef DISPATCHED_H
#define DISPATCHED_H

#include "hypercall/ask.h"

static inline long dispatched(long (*fn)(enum operation op, uint64_t arg), enum operation op, uint64_t arg)
{
    long rc = ask_first(op, 0);
    return rc ? rc : ask_done(op, fn(op, arg));
}

#define audit_read_op(arg)         dispatched(audit_read_op, OP_BH_AUDIT_READ, arg)
#define measure_report_op(arg)     dispatched(measure_report_op, OP_BH_REPORT, arg)
#define measure_eventlog_read(arg) dispatched(measure_eventlog_read, OP_BH_EVENTLOG_READ, arg)
#define measure_evidence_get(arg)  dispatched(measure_evidence_get, OP_BH_EVIDENCE_GET, arg)
#define measure_evidence_put(arg)  dispatched(measure_evidence_put, OP_BH_EVIDENCE_PUT, arg)
#define measure_extend(arg)        dispatched(measure_extend, OP_BH_EXTEND, arg)
#define measure_report_check(arg)  dispatched(measure_report_check, OP_BH_REPORT_CHECK, arg)
#define measure_seal_key(arg)      dispatched(measure_seal_key, OP_BH_SEAL_KEY, arg)
#define measure_seal_counter(arg)  dispatched(measure_seal_counter, OP_BH_SEAL_COUNTER, arg)
#define measure_tpm_command(arg)   dispatched(measure_tpm_command, OP_BH_TPM_COMMAND, arg)

#endif
