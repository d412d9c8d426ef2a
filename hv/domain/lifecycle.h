/* SPDX-License-Identifier: MIT */
/* Creation and end of domains. */
#ifndef HV_LIFECYCLE_H
#define HV_LIFECYCLE_H

#include "domain/domain.h"

struct domain_build;
/* A paused, empty domain in the list, BH_STATE_BUILDING. */
int domain_create(const struct bh_dom_create *c, const struct label *label, bool control, struct domain **out);
int domain_add_memory(struct domain *d); /* one chunk a call, -EAGAIN until all is there; d's address space is loaded */
int image_free_step(struct domain_build *b);
void domain_init_idle(unsigned int cpu); /* idle vCPU of this CPU */
/* One bounded step of the end; 0 when nothing is left, -EAGAIN, or -EBUSY while others hold references to its frames.
 */
int domain_destroy_step(struct domain *d);
struct domain *domain_first_from(uint32_t domid); /* living, smallest id >= domid; takes a reference */
int domain_delist(struct domain *d);              /* out of the list; drops its reference */
void build_dom0(void);

#endif
