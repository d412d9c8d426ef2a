/* SPDX-License-Identifier: MIT */
/* The measured start, step by step; and whether it still holds. */
#include "hv.h"
#include "measure/measure.h"
#include "boot/txt.h"
#include "boot/txt_parse.h"
#include "measure/crypto.h"
#include "measure/entropy.h"
#include "measure/measure_lock.h"
#include "measure/measure_state.h"
#include "measure/pcrlog.h"
#include "measure/seal.h"
#include "measure/signer.h"
#include "measure/stack_wipe.h"
#include "measure/tpm.h"
#include "measure/tpm_cmd.h"

#define PCR_BOOT    21
#define PCR_RUNTIME 22
#define PCR_DETAILS 17 /* and 18: what a late launch measured */
#define PCR_UNUSED  19 /* reset by a late launch alone, and extended by nobody here: then zero, else it began as FF */
#define DRTM_EVENTS 64

static bool good; /* everything that should have been measured at start was; from `complete` on it does not change */
static bool complete; /* PCR 21 is closed */
static bool lost;     /* an event while domains run could not be measured */
static uint32_t set_flags;
static uint8_t pubkey[64], boot_id[32];
static uint8_t start_value[32];                   /* of PCR 21 and 22 */
static uint8_t boot_value[32], runtime_value[32]; /* what they have to be now */
static uint8_t reset_counts[32];
static ns_t looked;
static struct pcrlog pcrlog;

static void unmeasured(const char *why)
{
    if (good) printk("measure: %s: nothing counts as measured, no reports\n", why);
    good = false;
}

static void extend(uint32_t type, const uint8_t digest[32], const void *data, uint32_t size)
{
    if (!good || complete) return;
    if (tpm_pcr_extend(PCR_BOOT, digest))
        unmeasured("the TPM does not extend PCR 21");
    else if (pcrlog_append(&pcrlog, PCR_BOOT, type, digest, data, size))
        unmeasured("the event log is full");
}

static void extend_data(uint32_t type, const void *data, uint32_t size)
{
    uint8_t digest[32];

    sha256(data, size, digest);
    extend(type, digest, data, size);
}

static bool all_bytes(const uint8_t v[32], uint8_t b)
{
    for (int i = 0; i < 32; i++)
        if (v[i] != b) return false;
    return true;
}

/* Whoever extended these before us would make every log a lie; a verifier expects one of two beginnings. */
static bool registers_are_fresh(void)
{
    uint8_t runtime[32];

    return !tpm_pcr_read(PCR_BOOT, start_value) && !tpm_pcr_read(PCR_RUNTIME, runtime) &&
           memcmp(start_value, runtime, 32) == 0 && (all_bytes(start_value, 0) || all_bytes(start_value, 0xff));
}

/* The events of PCR 17 and 18 into the log. False: there is no log, or it is not one. */
static bool log_drtm_events(void)
{
    struct {
        uint32_t type;
        uint8_t data[BH_EV_DRTM_DATA];
    } about;
    struct txt_event e;
    struct txt_log log;
    size_t len;
    const uint8_t *bytes = txt_log(&len);
    int rc = bytes ? txt_log_open(&log, bytes, len) : -XEN_ENOENT;

    for (int n = 0; !rc; n++) {
        rc = n < DRTM_EVENTS ? txt_log_next(&log, &e) : -XEN_E2BIG;
        if (rc <= 0) break;
        rc = 0;
        if (e.pcr != PCR_DETAILS && e.pcr != PCR_DETAILS + 1) continue;
        about.type = e.type;
        e.size = MIN(e.size, BH_EV_DRTM_DATA);
        memcpy(about.data, e.data, e.size);
        rc = pcrlog_append(&pcrlog, e.pcr, BH_EV_DRTM, e.digest, &about, sizeof(about.type) + e.size);
    }
    return !rc;
}

static bool drtm_log_holds(void)
{
    uint8_t want[32], have[32];

    for (unsigned int pcr = PCR_DETAILS; pcr <= PCR_DETAILS + 1; pcr++) {
        memset(want, 0, 32);
        pcrlog_replay(&pcrlog, pcr, want);
        if (tpm_pcr_read(pcr, have) || memcmp(want, have, 32) != 0) return false;
    }
    return true;
}

/* tboot's word counts where the TPM bears it out. */
static void late_launch(void)
{
    uint8_t unused[32], details[32];

    if (!txt_launched()) return;
    if (tpm_pcr_read(PCR_UNUSED, unused) || !all_bytes(unused, 0) || tpm_pcr_read(PCR_DETAILS, details) ||
        all_bytes(details, 0)) {
        printk("measure: tboot tells of a late launch, the TPM does not: PCR 17 and 19 are not as one leaves them\n");
        return;
    }
    if (!log_drtm_events() || !drtm_log_holds()) {
        printk("measure: tboot's event log does not lead to PCR 17 and 18: left out\n");
        pcrlog.len = 0;
    }
    measure_set_flags(BH_FLAG_LATE_LAUNCH);
    printk("measure: late launch; %lu bytes of its events\n", pcrlog.len);
}

static int make_key(void)
{
    struct {
        uint8_t tpm[32];
        struct entropy cpu;
    } seed;
    int rc = tpm_random(seed.tpm);

    if (!rc) {
        if (!entropy_collect(&seed.cpu))
            printk("measure: no RDRAND: the key comes from the TPM's randomness and TSC jitter\n");
        rc = signer_init(vault_enter(), VAULT_SIZE - SEAL_VAULT_SIZE, (uint8_t *)&seed, sizeof(seed), pubkey);
        stack_wipe();
        vault_leave();
    }
    wipe(&seed, sizeof(seed));
    return rc;
}

static void start(const char *cmdline)
{
    int rc = tpm_init();

    if (rc == -XEN_ENODEV) {
        printk("measure: no TPM: nothing is measured, no reports\n");
        return;
    }
    good = true;
    pcrlog.data = heap_alloc_pages(PCRLOG_MAX / PAGE_SIZE);
    pcrlog.capacity = pcrlog.data ? PCRLOG_MAX : 0;
    if (rc)
        unmeasured("the TPM does not work");
    else if (!tpm_has_hv_locality())
        unmeasured("the TPM's interface has no locality 2, where PCR 21 is extended");
    else if (!registers_are_fresh())
        unmeasured("PCR 21 and 22 are not as a reset leaves them, or cannot be read");
    else if (make_key())
        unmeasured("no key could be made");
    if (!good) return;
    late_launch();
    sha256(pubkey, sizeof(pubkey), boot_id);
    extend_data(BH_EV_HV_KEY, pubkey, sizeof(pubkey));
    extend_data(BH_EV_HV_CONFIG, cmdline, strlen(cmdline));
}

void measure_init(const char *cmdline)
{
    spin_lock(&measure_lock);
    start(cmdline);
    spin_unlock(&measure_lock);
}

bool measure_active(void)
{
    return good;
}

void measure_policy(const uint8_t digest[32], uint32_t version)
{
    spin_lock(&measure_lock);
    extend(BH_EV_POLICY, digest, &version, sizeof(version));
    spin_unlock(&measure_lock);
}

void measure_launch(const struct domain *d)
{
    spin_lock(&measure_lock);
    extend_data(BH_EV_LAUNCH, &d->launch, sizeof(d->launch));
    spin_unlock(&measure_lock);
}

/* The TPM must now hold what the log says: else something between it and us is not what it seems. */
static void check_register(void)
{
    uint8_t have[32];

    memcpy(boot_value, start_value, 32);
    memcpy(runtime_value, start_value, 32);
    pcrlog_replay(&pcrlog, PCR_BOOT, boot_value);
    if (tpm_pcr_read(PCR_BOOT, have) || memcmp(boot_value, have, 32) != 0)
        unmeasured("PCR 21 is not what was extended");
    if (tpm_pcr_read(TPM_COUNTS, reset_counts)) unmeasured("the TPM does not say how often it was reset");
}

void measure_complete(void)
{
    spin_lock(&measure_lock);
    if (good) check_register();
    if (good) seal_start(set_flags & BH_FLAG_LATE_LAUNCH);
    complete = true;
    if (good)
        printk("measure: PCR 21 holds %lu bytes of events; key %02x%02x%02x%02x...\n", pcrlog.len, boot_id[0],
               boot_id[1], boot_id[2], boot_id[3]);
    spin_unlock(&measure_lock);
}

void measure_set_flags(uint32_t flags)
{
    set_flags |= flags & (BH_FLAG_LATE_LAUNCH | BH_FLAG_IOMMU);
}

bool measure_has_key(void)
{
    return good && complete;
}

bool measure_holds(void)
{
    return measure_has_key() && !lost && tpm_extends_good();
}

uint32_t measure_flags(void)
{
    return set_flags | (HV_DEBUG ? BH_FLAG_DEBUG : 0) | (measure_holds() ? BH_FLAG_MEASURED : 0);
}

const uint8_t *measure_pubkey(void)
{
    static const uint8_t none[64];

    return good ? pubkey : none;
}

const uint8_t *measure_boot_id(void)
{
    return boot_id;
}

const struct pcrlog *measure_log(void)
{
    return &pcrlog;
}

/* Into the log at once, into the TPM soon; or, with an error, into neither. The first event after a reset finds PCR 22
 * as it has to be, since nothing was extended before: PCR 21 tells. */
static int event(uint32_t type, const uint8_t digest[32], const void *data, uint32_t size)
{
    size_t len = pcrlog.len;
    uint8_t both[64];
    int rc = pcrlog_append(&pcrlog, PCR_RUNTIME, type, digest, data, size);

    if (rc) return rc;
    memcpy(both, runtime_value, 32);
    memcpy(both + 32, digest, 32);
    sha256(both, sizeof(both), both);
    rc = tpm_extend_later(PCR_RUNTIME, digest, both);
    if (rc) {
        pcrlog.len = len;
    } else {
        memcpy(runtime_value, both, 32);
        tpm_check_later(PCR_BOOT, boot_value);
    }
    tpm_pump();
    return rc;
}

void measure_runtime(const char *text)
{
    uint8_t digest[32];
    size_t len = strlen(text);

    sha256(text, len, digest);
    spin_lock(&measure_lock);
    if (measure_holds() && event(BH_EV_RUNTIME, digest, text, len)) {
        printk("measure: no room for an event in the log, or too many at once for the TPM: from here on nothing is "
               "measured\n");
        lost = true;
    }
    spin_unlock(&measure_lock);
}

int measure_policy_load(const uint8_t digest[32], uint32_t version)
{
    int rc = 0;

    spin_lock(&measure_lock);
    if (measure_has_key())
        rc = measure_holds() ? event(BH_EV_POLICY_LOAD, digest, &version, sizeof(version)) : -XEN_EIO;
    spin_unlock(&measure_lock);
    return rc;
}

void measure_look(ns_t since)
{
    ns_t now = now_ns();

    if (!measure_holds() || now - looked < since) return;
    looked = now;
    tpm_check_later(PCR_BOOT, boot_value);
    tpm_check_later(PCR_RUNTIME, runtime_value);
    tpm_check_later(TPM_COUNTS, reset_counts); /* somebody may have extended the same after a reset */
}

bool measure_settled(void)
{
    spin_lock(&measure_lock);
    tpm_pump();
    bool settled = !measure_holds() || !tpm_extends_left();
    spin_unlock(&measure_lock);
    return settled;
}
