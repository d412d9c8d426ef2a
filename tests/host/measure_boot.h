/* SPDX-License-Identifier: MIT */
/* A measured start of the hypervisor's measuring part behind the fake TPM, and domains that ask for reports after it.
 */
#ifndef MEASURE_BOOT_H
#define MEASURE_BOOT_H

#include <stdint.h>
#include "domain/domain.h"
#include "bulkhead.h"

#define SECOND 1000000000ull

extern struct domain dom[12];
extern uint8_t policy[32];      /* digest of the one that is measured */
extern struct bh_report report; /* what request() has it write to */
extern uint8_t signature[64];

void run_as(unsigned int i);
void boot(void);
void chain(uint8_t pcr[32], const uint8_t digest[32]); /* what an extend makes of it */
struct bh_report_op request(uint8_t data);
long ask(struct bh_report_op *r);
void reports_say_unmeasured(void);

#endif
