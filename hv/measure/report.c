/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "measure/report.h"
#include "measure/measure.h"
#include "measure/crypto.h"
#include "measure/measure_state.h"
#include "hypercall/version.h"
#include "monitor/audit.h"
#include "monitor/monitor.h"

/* No padding: so no byte of the hypervisor's stack is in a report. */
BUILD_ASSERT(sizeof(struct bh_launch) == 8 + 3 * 32 + 8 + 4 + 4);
BUILD_ASSERT(sizeof(struct bh_report) == 8 + 4 * 4 + 16 + 3 * 8 + 32 + sizeof(struct bh_launch) + 32 + BH_TYPE_MAX +
                                             2 * 4 + 8 + 4 * 32 + 4 * 32 + 32 + 64);

void report_hide_compartment(struct bh_report *r, const struct domain *d, const uint8_t salt[32])
{
    uint32_t compartment = d->label.compartment;
    struct sha256_state s;

    sha256_start(&s);
    sha256_update(&s, "BHCOMP1", 8);
    sha256_update(&s, salt, 32);
    sha256_update(&s, &compartment, sizeof(compartment));
    sha256_finish(&s, r->compartment_hash);
}

void report_fill(struct bh_report *r, const struct domain *d, const uint8_t data[64])
{
    memset(r, 0, sizeof(*r));
    memcpy(r->magic, "BHREPT2", sizeof(r->magic));
    r->version = 2;
    r->flags = measure_flags();
    r->domid = d->domid;
    r->svn = HV_SVN;
    memcpy(r->uuid, d->uuid, sizeof(r->uuid));
    r->epoch = d->epoch;
    r->counter = d->reports;
    r->uptime_ns = now_ns();
    memcpy(r->boot_id, measure_boot_id(), sizeof(r->boot_id));
    r->launch = d->launch;
    memcpy(r->launch_digest, d->launch_digest, sizeof(r->launch_digest));
    monitor_type_name(&d->label, r->type);
    memcpy(r->signer, d->signer, sizeof(r->signer));
    r->guest_svn = d->guest_svn;
    r->policy_version = monitor_policy_version();
    memcpy(r->policy_digest, monitor_policy_digest(), sizeof(r->policy_digest));
    audit_hash_seq(r->audit_hash, &r->audit_seq);
    memcpy(r->runtime, d->runtime, sizeof(r->runtime));
    memcpy(r->hv_version, HV_VERSION, MIN(sizeof(HV_VERSION), sizeof(r->hv_version)));
    memcpy(r->report_data, data, sizeof(r->report_data));
}
