/* SPDX-License-Identifier: MIT */
#include "verify_explain.h"
#include "../verify/eventlog.h"
#include "../verify/evidence.h"
#include "../verify/findings.h"
#include "../verify/p256.h"
#include "../verify/tpmquote.h"

#include <stdio.h>

static void print_text(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        putchar(text.data[i] >= 0x20 && text.data[i] < 0x7f ? text.data[i] : '?');
}

static void print_components(const struct refvalues_measurement *item)
{
    struct bytes rest = item->components, text;
    const uint8_t *digest;
    char hex[65];

    while (rest.size != 0 && refvalues_component(&rest, &digest, &text)) {
        findings_hex(digest, 32, hex);
        printf("    extend %s  ", hex);
        print_text(text);
        putchar('\n');
    }
}

static void add(struct verify_explain_files *files, struct bytes content, bool string, const char *path)
{
    char text[100];

    if (files->count == VERIFY_EXPLAIN_FILES) return;
    snprintf(text, sizeof(text), "%.*s", (int)(content.size < 99 ? content.size : 99), (const char *)content.data);
    p256_sha256(content.data, content.size, files->digest[files->count]);
    if (!string)
        snprintf(files->name[files->count], sizeof(files->name[0]), "file %.150s", path);
    else
        snprintf(files->name[files->count], sizeof(files->name[0]), "\"%.90s\" in %.60s", text, path);
    files->count++;
}

void verify_explain_add(struct verify_explain_files *files, const char *path, struct bytes content)
{
    const uint8_t *at = content.data, *end = content.data + content.size, *close;

    add(files, content, false, path);
    while (content.size < 65536 && (at = memchr(at, '"', (size_t)(end - at))) != NULL) {
        close = memchr(at + 1, '"', (size_t)(end - at - 1));
        if (close == NULL) return;
        if (close != at + 1) add(files, (struct bytes){at + 1, (size_t)(close - at - 1)}, true, path);
        at = close + 1;
    }
}

/* Prints the file of the command line that has the digest, or the line in one. */
static bool is_named(const struct verify_explain_files *files, const uint8_t digest[32])
{
    for (size_t i = 0; i < files->count; i++) {
        if (memcmp(files->digest[i], digest, 32) == 0) {
            printf("  %s", files->name[i]);
            return true;
        }
    }
    return false;
}

/* What else in the set is that digest of: a file that GRUB loads, a command line. */
static void print_origin(const struct refvalues *refs, const uint8_t wanted[32])
{
    static const uint8_t nothing[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                                        0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                                        0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    struct bytes rest, text;
    const uint8_t *digest;

    if (memcmp(wanted, nothing, 32) == 0) {
        fputs("  (empty)", stdout);
        return;
    }
    for (size_t i = 0; i < refs->count; i++) {
        for (rest = refs->item[i].components; rest.size != 0 && refvalues_component(&rest, &digest, &text);) {
            if (memcmp(digest, wanted, 32) == 0) {
                fputs("  ", stdout);
                print_text(text);
                return;
            }
        }
    }
}

static void print_launch(const struct refvalues *refs, const struct verify_explain_files *files,
                         const struct bh_launch *launch)
{
    static const char *const names[] = {"kernel", "ramdisk", "cmdline"};
    const uint8_t *const digests[] = {launch->kernel, launch->ramdisk, launch->cmdline};
    char hex[65];

    for (int i = 0; i < 3; i++) {
        findings_hex(digests[i], 32, hex);
        printf("    %-8s %s", names[i], hex);
        if (!is_named(files, digests[i])) print_origin(refs, digests[i]);
        putchar('\n');
    }
    printf("    memory   %llu KiB, %u vCPUs, flags %u\n", (unsigned long long)launch->memory_kib, launch->vcpus,
           launch->flags);
}

static void print_raw(const struct refvalues *refs, const struct verify_explain_files *files,
                      const struct refvalues_measurement *item)
{
    struct bh_launch launch;
    uint32_t version;

    if (item->raw.data == NULL) return;
    if (bytes_has_prefix(item->name, "launch/") && item->raw.size == sizeof(launch)) {
        memcpy(&launch, item->raw.data, sizeof(launch));
        print_launch(refs, files, &launch);
    } else if (bytes_is_text(item->name, "policy") && item->raw.size == 4) {
        memcpy(&version, item->raw.data, 4);
        printf("    version  %u\n", version);
    } else {
        printf("    text     ");
        print_text(item->raw);
        putchar('\n');
    }
}

void verify_explain_refs(const struct refvalues *refs, const struct verify_explain_files *files)
{
    char hex[65];

    for (size_t i = 0; i < refs->count; i++) {
        const struct refvalues_measurement *item = &refs->item[i];

        print_text(item->model);
        putchar(' ');
        print_text(item->name);
        findings_hex(item->digest, 32, hex);
        printf("\n  %s\n", hex);
        print_components(item);
        print_raw(refs, files, item);
    }
}

/* --- Evidence ------------------------------------------------------------------------------- */

/* One "name: value" in either form. Values are hex or checked printable text: no escaping is needed beyond
 * quote and backslash, which print_string does. */
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

static void print_string(struct printer *p, const char *name, const char *text)
{
    print_name(p, name);
    if (!p->json) {
        puts(text);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') putchar('\\');
        putchar(*text);
    }
    putchar('"');
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

static void print_report(struct printer *p, const struct bh_report *r)
{
    static const char *const registers[] = {"runtime0", "runtime1", "runtime2", "runtime3"};

    print_number(p, "flags", r->flags);
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

static void print_platform(struct printer *p, const struct evidence_platform *platform)
{
    struct tpmquote quote;
    char name[16];

    print_hex(p, "hypervisor_key", platform->hv_key.data, 64);
    for (unsigned int i = 0; i < EVIDENCE_PCRS; i++) {
        if ((platform->pcr_mask & 1u << i) == 0) continue;
        snprintf(name, sizeof(name), "pcr%u", i);
        print_hex(p, name, platform->pcr[i], 32);
    }
    if (tpmquote_parse(platform->quote, &quote) == 0) {
        print_number(p, "tpm_reset_count", quote.reset_count);
        print_hex(p, "qualifying_data", quote.extra, quote.extra_size);
    }
}

static void print_log(struct printer *p, struct bytes log)
{
    static const char *const types[] = {"hv_key", "hv_config", "policy", "launch", "runtime"};
    struct eventlog_record record;
    unsigned int number = 0;
    char name[32], text[160], hex[65];

    for (; eventlog_next(&log, &record) > 0; number++) {
        uint32_t index = record.type - BH_EV_HV_KEY;

        snprintf(name, sizeof(name), "event%u", number);
        findings_hex(record.digest, 32, hex);
        snprintf(text, sizeof(text), "PCR %u %s %s %zu bytes", record.pcr,
                 index < 5                   ? types[index]
                 : record.type == BH_EV_DRTM ? "drtm"
                                             : "unknown",
                 hex, record.data.size);
        print_string(p, name, text);
    }
}

int verify_explain_evidence(struct bytes input, bool json)
{
    struct printer p = {.json = json};
    struct evidence evidence;
    struct evidence_platform platform;
    struct bh_report report;

    if (evidence_parse(input, &evidence) != 0 || evidence_parse_platform(evidence.platform, &platform) != 0 ||
        evidence_parse_report(evidence.report, &report) != 0)
        return 1;
    print_hex(&p, "nonce", evidence.nonce.data, evidence.nonce.size);
    print_report(&p, &report);
    print_platform(&p, &platform);
    print_log(&p, platform.log);
    if (json) puts("\n}");
    return 0;
}
