/* SPDX-License-Identifier: MIT */
/*
 * A report costs one signature: under -icount, where a nanosecond is an instruction, no more than SIGNATURE and no more
 * the tenth time than the first. `make bench` prints the figure. Row 24.
 */
#include "rt_test.h"

#include "bulkhead.h"

#define REPORTS   32u
#define SIGNATURE 8000000ul /* instructions: P-256 by mbedTLS's portable code takes about half of it */

static struct bh_report report;
static uint8_t signature[64];

static long ask(unsigned n)
{
    struct bh_report_op op = {.report = (uint64_t)&report, .signature = (uint64_t)signature};

    memcpy(op.report_data, &n, sizeof(n));
    return RT_HC(BH_HYPERCALL, BH_REPORT, &op, 0, 0, 0);
}

void test_main(void)
{
    uint64_t first = 0, all = rt_time_now();

    if (ask(0) == -XEN_ENODEV) test_skip("wants a TPM: make test-measured");
    for (unsigned i = 0; i < REPORTS; i++) {
        uint64_t begun = rt_time_now();
        EQ(ask(i), 0);
        if (i == 0) first = rt_time_now() - begun;
    }
    all = (rt_time_now() - all) / (REPORTS + 1);
    rt_printf("BENCH report %lu\n", all);
    CHECK_MSG(first <= SIGNATURE, "the first report took %lu instructions", first);
    CHECK_MSG(all <= SIGNATURE, "a report takes %lu instructions", all);
}
