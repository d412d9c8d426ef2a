/* SPDX-License-Identifier: MIT */
/* Grant tables, version 1. */
#ifndef RT_GRANT_H
#define RT_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "rt_hyper.h"

/* Sets up `frames` frames of the table and maps them. 0 or -errno. */
long rt_grant_init(unsigned frames);
struct grant_entry_v1 *rt_grant_table(void);
unsigned rt_grant_entries(void);

/* References. rt_grant_give takes a free reference for a frame; flags may hold GTF_readonly. 0: none free. */
uint32_t rt_grant_give(unsigned domid, uint64_t mfn, unsigned flags);
bool rt_grant_end(uint32_t ref); /* false while someone uses it */

/* Maps by host address; handle and bus address come back. Returns the operation's status (GNTST_*) or,
 * when the call itself failed, -1000 + error. */
long rt_grant_map(unsigned domid, uint32_t ref, uint64_t va, unsigned flags, uint32_t *handle);
long rt_grant_unmap(uint64_t va, uint32_t handle);

#endif
