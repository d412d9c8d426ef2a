/* SPDX-License-Identifier: MIT */
/* Bulkhead's hypercall from a Linux program, by libxencall. */
#ifndef HVCALL_H
#define HVCALL_H

#include <stddef.h>
#include <stdint.h>

#include "bulkhead.h"

struct hvcall;

/* Opens /dev/xen/privcmd and makes sure that Bulkhead answers with this ABI. 0, or a negative errno;
 * what to tell a person is in *why then (a static string). */
int hvcall_open(struct hvcall **out, const char **why);
void hvcall_close(struct hvcall *hv);

/* One call: copies arg[0..size) in and, whatever came of it, out again. Not negative, or a negative errno. */
long hvcall_op(struct hvcall *hv, unsigned int cmd, void *arg, size_t size);

/* Memory that the hypervisor may read and write: HVCALL_BUFFER bytes, for the pointers in arguments. */
#define HVCALL_BUFFER BH_LOAD_MAX
void *hvcall_buffer(struct hvcall *hv);

#endif
