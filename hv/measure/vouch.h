/* SPDX-License-Identifier: MIT */
/* Who vouches for a launch: struct bh_signature (bulkhead.h). */
#ifndef HV_VOUCH_H
#define HV_VOUCH_H

#include "bulkhead.h"

struct domain;

/* One bounded step of checking a signature over d's launch digest; s does not change until it is done. 0: good, d's
 * signer and guest_svn are set; -EAGAIN: call again; -EACCES: it is not a good one. d's build lock is held. */
int vouch_step(struct domain *d, const struct bh_signature *s);
/* The domain is gone. measure_lock is held. */
void vouch_forget(uint32_t domid);

#endif
