/* SPDX-License-Identifier: MIT */
/* Creation and end of domains. */
#ifndef HV_LIFECYCLE_H
#define HV_LIFECYCLE_H

#include "domain/domain.h"

struct domain_build;
/* A paused, empty domain in the list, BH_STATE_BUILDING. `creator` (NULL: the boot domain's) is in the record of a
 * refusal by a conflict set, -EACCES. -EAGAIN: another policy came in between; make the label again. */
int domain_create(const struct bh_dom_create *c, const struct label *label, struct domain *creator,
                  struct domain **out);
/* A zeroed chunk more, at the head of its list; none of its frames is the guest's yet. d's address space is loaded. */
int domain_add_chunk(struct domain *d);
int image_free_step(struct domain_build *b);
void domain_init_idle(unsigned int cpu); /* idle vCPU of this CPU */
/* One bounded step of the end; 0 when nothing is left, -EAGAIN, or -EBUSY while others hold references to its frames.
 */
int domain_destroy_step(struct domain *d);
struct domain *domain_first_from(uint32_t domid); /* living, smallest id >= domid; takes a reference */
/* The list, for who has all other CPUs stopped: the first (NULL), the next. No reference is taken. */
struct domain *domain_next_stopped(const struct domain *d);
int domain_delist(struct domain *d); /* out of the list; drops its reference */
void build_dom0(void);
int dom0_begin(uint64_t memory_kib, struct domain **out); /* created, its image set: build_step() is next */
void dom0_start(struct domain *d);                        /* built: it is the control domain, and runs */

/* Command line: dom0_restart=N, how often the control domain is started anew after a crash, from the modules of the
 * boot, while tenants run on. 0, the default: the machine reboots, and the modules' memory is free for domains. */
void restart_init(void);
bool restart_keeps_modules(void);
/* d, the control domain, crashed. True: it ends, and will be started anew; false: that is not to be. */
bool restart_control(struct domain *d);

#endif
