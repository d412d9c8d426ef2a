/* SPDX-License-Identifier: MIT */
/*
 * bh-drtm: what a late launch of these files extends into PCR 17 and 18, one line for each extend: "PCR DIGEST WHAT",
 * as `bh-measure --extends` reads them. What SINIT extends of itself and of the platform is in a file of such lines, of
 * the machine's maker or from a trusted log (`bh-verify show`), with a line "17 mle" where it extends tboot.
 */
#include "drtm.h"
#include "../tool/toolfile.h"
#include "../verify/findings.h"
#include "../verify/p256.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

const char *const toolfile_program = "bh-drtm";

#define FILE_MAX (1024ul << 20)

struct inputs {
    const char *sinit, *tboot, *cmdline, *vlp, *module[DRTM_MODULES_MAX];
    size_t modules;
};

static int usage(void)
{
    fputs("usage: bh-drtm --sinit LINES --tboot TBOOT.ELF [--tboot-cmdline TEXT] --vlp POLICY --module "
          "COMMAND-LINE=FILE...\n"
          "  The modules are those that the boot loader gives to tboot, in order, the hypervisor first.\n",
          stderr);
    return 2;
}

static void say(unsigned int pcr, const uint8_t digest[32], const char *what)
{
    char hex[65];

    findings_hex(digest, 32, hex);
    printf("%u %s %s\n", pcr, hex, what);
}

/* SINIT's lines as they are, tboot's digest in its place. */
static int sinit(const struct inputs *in)
{
    struct bytes lines = toolfile_read(in->sinit, 65536), elf = toolfile_read(in->tboot, FILE_MAX);
    char *text = lines.data != NULL ? strndup((const char *)lines.data, lines.size) : NULL, *next = text, *line;
    uint8_t mle[32];
    unsigned int places = 0, number = 0, pcr;
    int rc = text != NULL && elf.data != NULL ? drtm_mle_digest(elf, in->cmdline, mle) : -1;

    if (text != NULL && elf.data != NULL && rc != 0)
        toolfile_complain("%s: no ELF with an MLE header (is it still compressed?), or too long a command line",
                          in->tboot);
    while (rc == 0 && (line = strsep(&next, "\n")) != NULL) {
        char word[80];

        number++;
        if (*line == '\0' || *line == '#') continue;
        if (sscanf(line, "%u %79s", &pcr, word) != 2 || (pcr != 17 && pcr != 18) ||
            (strcmp(word, "mle") != 0 && (strlen(word) != 64 || strspn(word, "0123456789abcdef") != 64))) {
            toolfile_complain("%s:%u: expected \"17 DIGEST TEXT\", the same for 18, or \"17 mle\"", in->sinit, number);
            rc = -1;
        } else if (strcmp(word, "mle") == 0) {
            places++;
            say(pcr, mle, "SINIT: tboot with its command line");
        } else {
            puts(line);
        }
    }
    if (rc == 0 && places == 0) {
        toolfile_complain("%s: no line says where SINIT extends tboot (\"17 mle\")", in->sinit);
        rc = -1;
    }
    free(text);
    toolfile_free(lines);
    toolfile_free(elf);
    return rc;
}

static int module_digest(const char *module, uint8_t digest[32])
{
    const char *equals = strrchr(module, '=');
    struct bytes file = toolfile_read(equals + 1, FILE_MAX);
    uint8_t content[32];

    if (file.data == NULL) return -1;
    p256_sha256(file.data, file.size, content);
    drtm_module_digest((struct bytes){(const uint8_t *)module, (size_t)(equals - module)}, content, digest);
    toolfile_free(file);
    return 0;
}

/* tboot, with details in PCR 17 and authorities in 18 (its default): the policy to both, the first module to 17 in any
 * case, then each module to the register that its entry names. */
static int tboot(const struct inputs *in)
{
    struct bytes file = toolfile_read(in->vlp, 65536);
    struct drtm_vlp vlp;
    uint8_t digest[32], modules[DRTM_MODULES_MAX][32];
    int rc = file.data == NULL ? -1 : drtm_vlp_parse(file, &vlp);

    if (file.data != NULL && rc != 0)
        toolfile_complain("%s: no verified launch policy with SHA-256 digests of files", in->vlp);
    for (size_t i = 0; rc == 0 && i < in->modules; i++)
        rc = module_digest(in->module[i], modules[i]);
    for (size_t i = 0; rc == 0 && i < vlp.count; i++) {
        if (vlp.entry[i].module >= in->modules || memcmp(vlp.entry[i].digest, modules[vlp.entry[i].module], 32) != 0) {
            toolfile_complain("%s: its entry %zu is not of module %u", in->vlp, i, vlp.entry[i].module);
            rc = -1;
        }
    }
    if (rc == 0 && vlp.count != in->modules) {
        toolfile_complain("%s: %zu entries for %zu modules", in->vlp, vlp.count, in->modules);
        rc = -1;
    }
    if (rc == 0) {
        drtm_vlp_digest(file, &vlp, digest);
        say(17, digest, "tboot: verified launch policy");
        say(18, digest, "tboot: verified launch policy");
        say(17, modules[0], "tboot: first module with its command line");
    }
    for (size_t i = 0; rc == 0 && i < vlp.count; i++) {
        if (vlp.entry[i].pcr == 17 || vlp.entry[i].pcr == 18)
            say(vlp.entry[i].pcr, vlp.entry[i].digest, in->module[vlp.entry[i].module]);
    }
    toolfile_free(file);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"sinit", 1, NULL, 's'},         {"tboot", 1, NULL, 't'},
                                          {"tboot-cmdline", 1, NULL, 'c'}, {"vlp", 1, NULL, 'v'},
                                          {"module", 1, NULL, 'm'},        {NULL, 0, NULL, 0}};
    struct inputs in = {.cmdline = ""};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 's')
            in.sinit = optarg;
        else if (option == 't')
            in.tboot = optarg;
        else if (option == 'c')
            in.cmdline = optarg;
        else if (option == 'v')
            in.vlp = optarg;
        else if (option == 'm' && in.modules < DRTM_MODULES_MAX && strrchr(optarg, '=') != NULL)
            in.module[in.modules++] = optarg;
        else
            return usage();
    }
    if (optind < argc || in.sinit == NULL || in.tboot == NULL || in.vlp == NULL || in.modules == 0) return usage();
    return sinit(&in) == 0 && tboot(&in) == 0 ? 0 : 1;
}
