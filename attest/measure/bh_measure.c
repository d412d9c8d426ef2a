/* SPDX-License-Identifier: MIT */
/*
 * bh-measure: what a boot of these files will be measured as, from the files alone. Writes the reference file that
 * bh-verify compares evidence with. The rules are in FORMAT.md, "What goes into which PCR".
 */
#include "authenticode.h"
#include "bulkhead.h"
#include "grubcfg.h"
#include "launchjson.h"
#include "refwrite.h"
#include "../tool/toolfile.h"
#include "../verify/p256.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

const char *const toolfile_program = "bh-measure";

#define FILE_MAX     (1024ul << 20)
#define FILES_MAX    16u
#define LAUNCHES_MAX 64u

struct measured_file {
    const char *name, *path; /* name: as GRUB sees it, without the leading slash */
    uint8_t digest[32];
    uint32_t policy_version;
};

struct inputs {
    const char *out, *boot, *grub, *cfg, *extends;
    struct measured_file file[FILES_MAX];
    size_t files;
    const char *launch[LAUNCHES_MAX];
    size_t launches;
};

struct boot_pcrs {
    struct pcrmodel pcr4, pcr8, pcr9, pcr17, pcr18;
};

static int usage(void)
{
    fputs(
        "usage: bh-measure --out FILE --boot NAME --grub IMAGE.EFI --cfg GRUB.CFG --file NAME=PATH... [--launch "
        "JSON...]\n"
        "                  [--extends FILE]\n"
        "  Predicts the measurements of a boot from its files. The files that the configuration loads are, in order:\n"
        "  (tboot.gz,) hypervisor, policy, kernel, ramdisk. --extends: what a late launch extends, by bh-drtm.\n",
        stderr);
    return 2;
}

static int measure_files(struct inputs *in)
{
    for (size_t i = 0; i < in->files; i++) {
        struct measured_file *each = &in->file[i];
        struct bytes content = toolfile_read(each->path, FILE_MAX);

        if (content.data == NULL) return -1;
        p256_sha256(content.data, content.size, each->digest);
        /* policy_format.h: magic, u32 format, u32 version */
        if (content.size >= 16 && memcmp(content.data, "BHPOLCY", 8) == 0)
            memcpy(&each->policy_version, content.data + 12, 4);
        toolfile_free(content);
    }
    return 0;
}

static const struct measured_file *find_file(const struct inputs *in, struct bytes name)
{
    for (size_t i = 0; i < in->files; i++) {
        if (name.size == strlen(in->file[i].name) + 1 && memcmp(name.data + 1, in->file[i].name, name.size - 1) == 0)
            return &in->file[i];
    }
    toolfile_complain("the configuration loads %.*s: no --file gives it", (int)name.size, (const char *)name.data);
    return NULL;
}

/* OVMF: the attempt to boot, the separator, the image. */
static int measure_image(const struct inputs *in, struct pcrmodel *pcr)
{
    static const char action[] = "Calling EFI Application from Boot Option";
    static const uint8_t separator[4];
    struct bytes image = toolfile_read(in->grub, FILE_MAX);
    uint8_t digest[32];
    int rc;

    if (image.data == NULL) return -1;
    p256_sha256(action, sizeof(action) - 1, digest);
    pcrmodel_extend(pcr, digest, "firmware: \"%s\"", action);
    p256_sha256(separator, sizeof(separator), digest);
    pcrmodel_extend(pcr, digest, "firmware: separator");
    rc = authenticode_digest(image, digest);
    if (rc != 0) toolfile_complain("%s: not a PE32+ image", in->grub);
    pcrmodel_extend(pcr, digest, "firmware: Authenticode digest of %s, GRUB with its configuration", in->grub);
    toolfile_free(image);
    return rc;
}

static int measure_configuration(const struct inputs *in, const struct grubcfg *cfg, struct boot_pcrs *pcrs)
{
    static const char *const what[] = {"command", "file", "command line"};
    const struct measured_file *file;
    uint8_t digest[32];

    for (size_t i = 0; i < cfg->count; i++) {
        const struct grubcfg_event *event = &cfg->event[i];
        int length = (int)event->text.size;

        if (event->kind == GRUBCFG_FILE) {
            file = find_file(in, event->text);
            if (file == NULL) return -1;
            pcrmodel_extend(&pcrs->pcr9, file->digest, "GRUB: file %.*s (%s)", length, (const char *)event->text.data,
                            file->path);
            continue;
        }
        p256_sha256(event->text.data, event->text.size, digest);
        pcrmodel_extend(&pcrs->pcr8, digest, "GRUB: %s \"%.*s\"", what[event->kind], length,
                        (const char *)event->text.data);
    }
    return 0;
}

static void write_hypervisor(struct refwrite *w, const struct measured_file *policy, const struct measured_file *kernel,
                             const struct measured_file *ramdisk, struct bytes hv_cmdline, struct bytes dom0_cmdline)
{
    struct bh_launch launch = {.magic = "BHLNCH1"};
    uint8_t digest[32], version[4];

    refwrite_environment(w, "hypervisor");
    p256_sha256(hv_cmdline.data, hv_cmdline.size, digest);
    refwrite_measurement(w, "config", digest, hv_cmdline, NULL);
    for (int i = 0; i < 4; i++)
        version[i] = (uint8_t)(policy->policy_version >> (8 * i));
    refwrite_measurement(w, "policy", policy->digest, (struct bytes){version, 4}, NULL);
    memcpy(launch.kernel, kernel->digest, 32);
    if (ramdisk != NULL)
        memcpy(launch.ramdisk, ramdisk->digest, 32);
    else
        p256_sha256("", 0, launch.ramdisk);
    p256_sha256(dom0_cmdline.data, dom0_cmdline.size, launch.cmdline);
    p256_sha256(&launch, sizeof(launch), digest);
    refwrite_measurement(w, "launch/dom0", digest, (struct bytes){(const uint8_t *)&launch, sizeof(launch)}, NULL);
}

/* Which of the loaded files is what follows from their order alone. */
static int measure_hypervisor(const struct inputs *in, const struct grubcfg *cfg, struct refwrite *w)
{
    const struct measured_file *policy, *kernel, *ramdisk = NULL;
    struct bytes name, hv_cmdline, dom0_cmdline, unused;
    size_t at = 0;

    if (!grubcfg_loaded(cfg, 0, &name, &hv_cmdline)) {
        toolfile_complain("%s: loads nothing", in->cfg);
        return -1;
    }
    if (bytes_is_text(name, "/tboot.gz")) at++;
    if (!grubcfg_loaded(cfg, at++, &name, &hv_cmdline) || !grubcfg_loaded(cfg, at++, &name, &unused) ||
        (policy = find_file(in, name)) == NULL || policy->policy_version == 0 ||
        !grubcfg_loaded(cfg, at++, &name, &dom0_cmdline) || (kernel = find_file(in, name)) == NULL) {
        toolfile_complain("%s: expected (tboot.gz,) hypervisor, policy, kernel, ramdisk", in->cfg);
        return -1;
    }
    if (grubcfg_loaded(cfg, at, &name, &unused) && (ramdisk = find_file(in, name)) == NULL) return -1;
    write_hypervisor(w, policy, kernel, ramdisk, hv_cmdline, dom0_cmdline);
    return 0;
}

static int measure_tenant(const char *path, struct refwrite *w)
{
    struct bytes text = toolfile_read(path, 65536);
    char name[BH_NAME_MAX], key[BH_NAME_MAX + 8];
    struct bh_launch launch;
    uint8_t digest[32];
    int rc;

    if (text.data == NULL) return -1;
    rc = launchjson_parse((const char *)text.data, name, &launch, digest);
    toolfile_free(text);
    if (rc != 0) {
        toolfile_complain("%s: not what `bhctl digest --json` writes", path);
        return rc;
    }
    snprintf(key, sizeof(key), "launch/%s", name);
    refwrite_measurement(w, key, digest, (struct bytes){(const uint8_t *)&launch, sizeof(launch)}, NULL);
    return 0;
}

/* "PCR DIGEST WHAT" lines for PCR 17 and 18. */
static int measure_extends(const char *path, struct boot_pcrs *pcrs)
{
    struct bytes file = toolfile_read(path, 65536);
    char *text = file.data != NULL ? strndup((const char *)file.data, file.size) : NULL, *next = text, *line;
    int rc = text != NULL ? 0 : -1;

    while (rc == 0 && (line = strsep(&next, "\n")) != NULL) {
        uint8_t digest[32];
        unsigned int pcr;
        char hex[65];
        int at = 0;

        if (*line == '\0') continue;
        if (sscanf(line, "%u %64[0-9a-f] %n", &pcr, hex, &at) != 2 || at == 0 || (pcr != 17 && pcr != 18) ||
            strlen(hex) != 64) {
            toolfile_complain("%s: not what bh-drtm writes: %s", path, line);
            rc = -1;
            break;
        }
        for (int i = 0; i < 32; i++) {
            unsigned int byte;

            sscanf(hex + 2 * i, "%2x", &byte);
            digest[i] = (uint8_t)byte;
        }
        pcrmodel_extend(pcr == 17 ? &pcrs->pcr17 : &pcrs->pcr18, digest, "%s", line + at);
    }
    if (rc == 0 && (pcrs->pcr17.count == 0 || pcrs->pcr18.count == 0)) {
        toolfile_complain("%s: PCR 17 or 18 is not extended: that is no late launch", path);
        rc = -1;
    }
    free(text);
    toolfile_free(file);
    return rc;
}

static int measure_boot(const struct inputs *in, const struct grubcfg *cfg, struct refwrite *w)
{
    static struct boot_pcrs pcrs;
    char model[64];

    pcrmodel_reset(&pcrs.pcr4);
    pcrmodel_reset(&pcrs.pcr8);
    pcrmodel_reset(&pcrs.pcr9);
    pcrmodel_reset(&pcrs.pcr17);
    pcrmodel_reset(&pcrs.pcr18);
    if (in->extends != NULL && measure_extends(in->extends, &pcrs) != 0) return -1;
    if (measure_image(in, &pcrs.pcr4) != 0 || measure_configuration(in, cfg, &pcrs) != 0) return -1;
    snprintf(model, sizeof(model), "boot/%s", in->boot);
    refwrite_environment(w, model);
    refwrite_measurement(w, "pcr4", pcrs.pcr4.value, (struct bytes){0}, &pcrs.pcr4);
    refwrite_measurement(w, "pcr8", pcrs.pcr8.value, (struct bytes){0}, &pcrs.pcr8);
    refwrite_measurement(w, "pcr9", pcrs.pcr9.value, (struct bytes){0}, &pcrs.pcr9);
    if (in->extends != NULL) {
        refwrite_measurement(w, "pcr17", pcrs.pcr17.value, (struct bytes){0}, &pcrs.pcr17);
        refwrite_measurement(w, "pcr18", pcrs.pcr18.value, (struct bytes){0}, &pcrs.pcr18);
    }
    return measure_hypervisor(in, cfg, w);
}

static int run(struct inputs *in)
{
    static struct refwrite w;
    static uint8_t out[REFWRITE_MAX];
    struct grubcfg cfg;
    struct bytes text = toolfile_read(in->cfg, 65536);
    size_t size;
    int rc = text.data == NULL ? -1 : grubcfg_parse(text, &cfg);

    if (text.data != NULL && rc != 0)
        toolfile_complain("%s:%u: a command whose measurement is not known", in->cfg, cfg.bad_line);
    refwrite_open(&w);
    if (rc == 0) rc = measure_files(in);
    if (rc == 0) rc = measure_boot(in, &cfg, &w);
    refwrite_environment(&w, "tenant");
    for (size_t i = 0; rc == 0 && i < in->launches; i++)
        rc = measure_tenant(in->launch[i], &w);
    toolfile_free(text);
    if (rc != 0) return 1;
    size = refwrite_close(&w, "bulkhead", out, sizeof(out));
    if (size == 0) {
        toolfile_complain("too many measurements, or a command line that is too long");
        return 1;
    }
    return toolfile_write(in->out, out, size) == 0 ? 0 : 1;
}

static int add_file(struct inputs *in, char *value)
{
    char *equals = strchr(value, '=');

    if (equals == NULL || equals == value || in->files == FILES_MAX) return -1;
    *equals = '\0';
    in->file[in->files++] = (struct measured_file){.name = value, .path = equals + 1};
    return 0;
}

static int take_option(struct inputs *in, int option, char *value)
{
    switch (option) {
    case 'o':
        in->out = value;
        return 0;
    case 'b':
        in->boot = value;
        return 0;
    case 'g':
        in->grub = value;
        return 0;
    case 'c':
        in->cfg = value;
        return 0;
    case 'f':
        return add_file(in, value);
    case 'e':
        in->extends = value;
        return 0;
    case 'l':
        if (in->launches == LAUNCHES_MAX) return -1;
        in->launch[in->launches++] = value;
        return 0;
    default:
        return -1;
    }
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"out", 1, NULL, 'o'},     {"boot", 1, NULL, 'b'}, {"grub", 1, NULL, 'g'},
                                          {"cfg", 1, NULL, 'c'},     {"file", 1, NULL, 'f'}, {"launch", 1, NULL, 'l'},
                                          {"extends", 1, NULL, 'e'}, {NULL, 0, NULL, 0}};
    static struct inputs in;
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (take_option(&in, option, optarg) != 0) return usage();
    }
    if (optind < argc || in.out == NULL || in.boot == NULL || in.grub == NULL || in.cfg == NULL) return usage();
    return run(&in);
}
