/* SPDX-License-Identifier: MIT */
/* make-evidence DIR: good evidence with keys in software, and what bh-verify needs to accept it: DIR/evidence, refs,
 * ca.crt, and DIR/options with the rest of the command line. */
#include <stdio.h>
#include <stdlib.h>

#include "../host/attest_build.h"

static void put(const char *folder, const char *name, const void *data, size_t size)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static struct attest_build b;
    char nonce[65], launch[65], options[512];

    setenv("TSS2_LOG", "all+NONE", 1);
    attest_build_open(&b);
    if (argc != 2 || !attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL)) return 1;
    findings_hex(b.nonce, 32, nonce);
    findings_hex(b.tenant_digest, 32, launch);
    snprintf(options, sizeof(options), "--nonce %s --launch %s --label tenant_t:7 --profile development", nonce,
             launch);
    put(argv[1], "evidence", b.evidence, b.evidence_size);
    put(argv[1], "refs", b.refs_file, b.refs_size);
    put(argv[1], "ca.crt", b.ca_cert_pem, strlen((char *)b.ca_cert_pem));
    put(argv[1], "options", options, strlen(options));
    attest_build_close(&b);
    return 0;
}
