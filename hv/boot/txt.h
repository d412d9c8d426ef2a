/* SPDX-License-Identifier: MIT */
/* A late launch (Intel TXT), as tboot and the chipset tell of it. Before dom0 exists, on the identity map. */
#ifndef HV_TXT_H
#define HV_TXT_H

#include "types.h"

/* Whether the command line, tboot's shared page and the chipset's status agree that there was one. None of these is
 * memory that a domain ever owns; that it is true, the TPM has to say (measure.c). */
bool txt_launched(void);
/* The event log of the launch; NULL and 0 where there is none to be found. */
const uint8_t *txt_log(size_t *len);

#endif
