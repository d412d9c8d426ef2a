/* SPDX-License-Identifier: MIT */
#include "verify_show.h"
#include "toolfile.h"
#include "../verify/akcert.h"
#include "../verify/eventlog.h"
#include "../verify/evidence.h"
#include "../verify/findings.h"
#include "../verify/tpmquote.h"

#include <stdio.h>

/* One "name: value" in either form. */
struct printer {
    bool json, started;
};

static void print_name(struct printer *p, const char *name)
{
    if (p->json)
        printf("%s\n  \"%s\": ", p->started ? "," : "{", name);
    else
        printf("%-16s ", name);
    p->started = true;
}

/* Values may be the evidence's own words, which nobody has vouched for: they stay in their line. */
static void print_bytes(struct printer *p, const char *name, struct bytes text)
{
    print_name(p, name);
    if (p->json) putchar('"');
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];

        if (p->json && (c == '"' || c == '\\')) putchar('\\');
        putchar(c >= 0x20 && c <= 0x7e ? c : '?');
    }
    putchar(p->json ? '"' : '\n');
}

static void print_string(struct printer *p, const char *name, const char *text)
{
    print_bytes(p, name, (struct bytes){(const uint8_t *)text, strlen(text)});
}

static void print_hex(struct printer *p, const char *name, const uint8_t *data, size_t size)
{
    char hex[129];

    findings_hex(data, size <= 64 ? size : 64, hex);
    print_string(p, name, hex);
}

static void print_number(struct printer *p, const char *name, unsigned long long value)
{
    print_name(p, name);
    printf(p->json ? "%llu" : "%llu\n", value);
}

static void print_flags(struct printer *p, uint32_t flags)
{
    static const char *const names[] = {"DEBUG", "IOMMU", "LATE_LAUNCH", "MEASURED"};
    char text[64] = "";

    _Static_assert(BH_FLAG_DEBUG == 1 && BH_FLAG_IOMMU == 2 && BH_FLAG_LATE_LAUNCH == 4 && BH_FLAG_MEASURED == 8,
                   "the names are in the order of the bits");
    for (unsigned int i = 0; i < 4; i++) {
        if ((flags & 1u << i) == 0) continue;
        if (text[0] != '\0') strcat(text, " ");
        strcat(text, names[i]);
    }
    print_string(p, "flag_names", text);
}

static void print_report(struct printer *p, const struct bh_report *r)
{
    static const char *const registers[] = {"runtime0", "runtime1", "runtime2", "runtime3"};

    print_number(p, "flags", r->flags);
    print_flags(p, r->flags);
    print_number(p, "domid", r->domid);
    print_number(p, "svn", r->svn);
    print_hex(p, "uuid", r->uuid, 16);
    print_number(p, "epoch", r->epoch);
    print_number(p, "counter", r->counter);
    print_number(p, "uptime_ns", r->uptime_ns);
    print_hex(p, "boot_id", r->boot_id, 32);
    print_hex(p, "launch_digest", r->launch_digest, 32);
    print_hex(p, "kernel", r->launch.kernel, 32);
    print_hex(p, "ramdisk", r->launch.ramdisk, 32);
    print_hex(p, "cmdline", r->launch.cmdline, 32);
    print_number(p, "memory_kib", r->launch.memory_kib);
    print_number(p, "vcpus", r->launch.vcpus);
    print_number(p, "create_flags", r->launch.flags);
    print_string(p, "type", r->type);
    print_hex(p, "compartment_hash", r->compartment_hash, 32);
    print_hex(p, "signer", r->signer, 32);
    print_number(p, "guest_svn", r->guest_svn);
    print_number(p, "policy_version", r->policy_version);
    print_hex(p, "policy_digest", r->policy_digest, 32);
    print_number(p, "audit_seq", r->audit_seq);
    print_hex(p, "audit_hash", r->audit_hash, 32);
    for (int i = 0; i < 4; i++)
        print_hex(p, registers[i], r->runtime[i], 32);
    print_string(p, "hv_version", r->hv_version);
    print_hex(p, "report_data", r->report_data, 64);
}

static void print_time(struct printer *p, const char *name, const mbedtls_x509_time *t)
{
    char text[80];

    snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d UTC", t->year, t->mon, t->day, t->hour, t->min, t->sec);
    print_string(p, name, text);
}

/* False when the chain does not parse. */
static bool print_certificate(struct printer *p, const struct evidence_platform *platform)
{
    static const char *const profiles[] = {"none", "production", "development"};
    struct akcert cert;
    struct bytes ek;
    char name[512];
    bool good = akcert_parse(platform->chain, platform->chain_count, &cert) == 0;

    print_number(p, "ak_certificates", platform->chain_count);
    if (good) {
        ek = akcert_ek(&cert);
        print_bytes(p, "ek", ek.data != NULL ? ek : (struct bytes){(const uint8_t *)"", 0});
        if (mbedtls_x509_dn_gets(name, sizeof(name), &cert.chain.subject) > 0) print_string(p, "ak_subject", name);
        if (mbedtls_x509_dn_gets(name, sizeof(name), &cert.chain.issuer) > 0) print_string(p, "ak_issuer", name);
        print_time(p, "ak_from", &cert.chain.valid_from);
        print_time(p, "ak_to", &cert.chain.valid_to);
        print_string(p, "ak_profile", profiles[akcert_profile(&cert)]);
    }
    akcert_free(&cert);
    return good;
}

/* False when the quote does not parse. */
static bool print_platform(struct printer *p, const struct evidence_platform *platform)
{
    struct tpmquote quote;
    char name[16];

    print_hex(p, "hypervisor_key", platform->hv_key.data, 64);
    for (unsigned int i = 0; i < EVIDENCE_PCRS; i++) {
        if ((platform->pcr_mask & 1u << i) == 0) continue;
        snprintf(name, sizeof(name), "pcr%u", i);
        print_hex(p, name, platform->pcr[i], 32);
    }
    if (tpmquote_parse(platform->quote, &quote) != 0) return false;
    print_number(p, "tpm_reset_count", quote.reset_count);
    print_hex(p, "qualifying_data", quote.extra, quote.extra_size);
    return true;
}

static const char *type_name(uint32_t type)
{
    static const char *const types[] = {"hv_key", "hv_config", "policy", "launch", "runtime", "policy_load"};
    uint32_t index = type - BH_EV_HV_KEY;

    _Static_assert(BH_EV_POLICY_LOAD - BH_EV_HV_KEY == 5, "the names are in the order of the types");
    return index < 6 ? types[index] : type == BH_EV_DRTM ? "drtm" : "unknown";
}

#define SHOW_LINE 2304u

/* One record: the number of bytes in line, which a NUL in the record's text does not end. */
static size_t describe(const struct eventlog_record *record, uint8_t line[SHOW_LINE])
{
    bool text = record->type == BH_EV_HV_CONFIG || record->type == BH_EV_RUNTIME;
    bool policy = record->type == BH_EV_POLICY || record->type == BH_EV_POLICY_LOAD;
    size_t used, size = record->data.size;
    char hex[65];

    findings_hex(record->digest, 32, hex);
    used = (size_t)snprintf((char *)line, SHOW_LINE, "PCR %u %s %s", record->pcr, type_name(record->type), hex);
    if (text) {
        memcpy(line + used, ": ", 2);
        used += 2;
        size = size < SHOW_LINE - used ? size : SHOW_LINE - used;
        memcpy(line + used, record->data.data, size);
        return used + size;
    }
    if (policy && size == 4)
        used +=
            (size_t)snprintf((char *)line + used, SHOW_LINE - used, ": version %u", eventlog_le32(record->data.data));
    else if (record->type == BH_EV_DRTM && size >= 4)
        used += (size_t)snprintf((char *)line + used, SHOW_LINE - used, ": TCG event type %x",
                                 eventlog_le32(record->data.data));
    else
        used += (size_t)snprintf((char *)line + used, SHOW_LINE - used, " %zu bytes", size);
    return used;
}

/* False when something behind the last record is none. */
static bool print_log(struct printer *p, struct bytes log)
{
    struct eventlog_record record;
    unsigned int number = 0;
    uint8_t line[SHOW_LINE];
    char name[32];
    int rc;

    for (; (rc = eventlog_next(&log, &record)) > 0; number++) {
        snprintf(name, sizeof(name), "event%u", number);
        print_bytes(p, name, (struct bytes){line, describe(&record, line)});
    }
    return rc == 0;
}

static int complain(const char *path, const char *what)
{
    toolfile_complain("%s: %s", path, what);
    return 1;
}

int verify_show(const char *path, struct bytes input, bool json)
{
    struct printer p = {.json = json};
    struct evidence_platform platform;
    struct evidence evidence;
    struct bh_report report;
    int rc = 0;

    if (evidence_parse(input, &evidence) != 0)
        return complain(path, "is no evidence, or not all of it (FORMAT.md section 1)");
    if (evidence_parse_report(evidence.report, &report) != 0) return complain(path, "its report is not well-formed");
    if (evidence_parse_platform(evidence.platform, &platform) != 0)
        return complain(path, "its platform part is not well-formed (FORMAT.md section 2)");
    print_hex(&p, "nonce", evidence.nonce.data, evidence.nonce.size);
    print_number(&p, "binding_size", evidence.binding.size);
    print_string(&p, "salt", evidence.salt.data != NULL ? "present" : "none");
    print_report(&p, &report);
    if (!print_certificate(&p, &platform)) rc = complain(path, "its AK certificates are not well-formed");
    if (!print_platform(&p, &platform)) rc = complain(path, "its quote is not well-formed");
    if (!print_log(&p, platform.log)) rc = complain(path, "its event log ends in what is no record");
    if (json) puts("\n}");
    return rc;
}
