/* SPDX-License-Identifier: MIT */
/* How an operation is put to the reference monitor: by its row of operations.h, never by a permission of the handler's
 * own. All return 0 or -EPERM; a refusal is in the audit ring then.
 *
 * Answers that depend on the caller's label alone come from a list in its struct domain (monitor_refresh_domain()).
 */
#ifndef HV_ASK_H
#define HV_ASK_H

#include "console.h"
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "hypercall/operations.h"
#include "monitor/monitor.h"

#ifndef HV_DEBUG
#define HV_DEBUG 1
#endif

/* For LATER rows, when the object is known: another domain or the caller; NULL for XEN. `id` goes to the record. */
int ask_about(enum operation op, const struct domain *object, uint64_t id);
/* The same for hardware, by the label of what the policy names so: ports, frames, lines or functions first to last. */
int ask_hardware(enum operation op, uint64_t first, uint64_t last);
/* The same for a domain that is to be made. */
int ask_label(enum operation op, const struct label *object);
/* The CASE of `op`, or itself, with that permission; OP_NONE, which is always refused: it has none. */
enum operation ask_case(enum operation op, enum bh_perm perm);

/* The caller about itself or about the machine, whatever the row's `when`. */
int ask_refused(enum operation op, uint64_t id); /* out of the way of the answer yes */
static inline int ask_own(enum operation op, uint64_t id)
{
    const struct operation_row *o = &operations[op];

    if (HV_DEBUG) this_cpu()->asked = o->of;
    return likely(READ_ONCE(current->domain->may[o->perm])) ? 0 : ask_refused(op, id);
}

/* In a dispatcher, before the handler is called. */
static inline int ask_first(enum operation op, uint64_t id)
{
    const struct operation_row *o = &operations[op];

    if (HV_DEBUG) this_cpu()->asked = o->mark;
    return likely(READ_ONCE(current->domain->may[o->first])) ? 0 : ask_refused(op, id);
}

/* In a dispatcher, with the handler's result, which it returns: nothing that succeeded went unasked. */
static inline long ask_done(enum operation op, long rc)
{
    if (HV_DEBUG) ASSERT(rc < 0 || this_cpu()->asked == (uint32_t)op);
    return rc;
}

#endif
