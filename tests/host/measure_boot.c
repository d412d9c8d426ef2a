/* SPDX-License-Identifier: MIT */
#include "measure_boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "measure_fakes.h"
#include "cpu/percpu.h"
#include "measure/crypto.h"
#include "measure/measure.h"
#include "dispatched.h"

struct domain dom[12];
struct vcpu vcpu[12];
uint8_t policy[32] = {0x70};

void run_as(unsigned int i)
{
    dom[i].domid = i;
    dom[i].epoch = i + 1;
    dom[i].may[BH_PERM_COUNT] = true;
    dom[i].label = (struct label){.type = 3, .compartment = (uint16_t)(100 + i)};
    memset(&dom[i].launch, 0x40 + (int)i, sizeof(dom[i].launch));
    sha256(&dom[i].launch, sizeof(dom[i].launch), dom[i].launch_digest);
    memset(dom[i].signer, 0x50 + (int)i, sizeof(dom[i].signer));
    dom[i].guest_svn = 10 + i;
    vcpu[i].domain = &dom[i];
    current = &vcpu[i];
}

void boot(void)
{
    run_as(0);
    measure_init("dom0_mem=512M");
    /* start-up hashes the images only where there is a key: it must be known by now */
    assert_int_equal(measure_active(), measure_pubkey()[0] | measure_pubkey()[1] | measure_pubkey()[63] ? 1 : 0);
    measure_policy(policy, 7);
    measure_launch(&dom[0]);
    measure_complete();
}

void chain(uint8_t pcr[32], const uint8_t digest[32])
{
    uint8_t both[64];

    memcpy(both, pcr, 32);
    memcpy(both + 32, digest, 32);
    sha256(both, 64, pcr);
}

struct bh_report report;
uint8_t signature[64];

struct bh_report_op request(uint8_t data)
{
    struct bh_report_op r = {.report = (uintptr_t)&report, .signature = (uintptr_t)signature};

    memset(r.report_data, data, 64);
    return r;
}

long ask(struct bh_report_op *r)
{
    long rc;
    int n = 0;

    while ((rc = measure_report_op((uintptr_t)r)) == FAKE_AGAIN && n++ < 200)
        ;
    return rc;
}

/* After a start that was measured: signed, and not called measured. */
void reports_say_unmeasured(void)
{
    struct bh_report_op r = request(1);

    assert_int_equal(ask(&r), 0);
    assert_int_equal(((struct bh_report *)r.report)->flags & BH_FLAG_MEASURED, 0);
}
