/* SPDX-License-Identifier: MIT */
/* What a late launch by tboot extends into PCR 17 and 18, as far as it follows from files: tboot's own measurement by
 * SINIT (TXT Software Development Guide, MLE header), and what tboot then measures by its verified launch policy
 * (vlp.txt of tboot). Pure. The rules are in FORMAT.md. */
#ifndef DRTM_H
#define DRTM_H

#include "../verify/bytes.h"

#define DRTM_MODULES_MAX 16u
#define DRTM_PCR_NONE    0xffu

/* SHA-256 of the part of tboot's ELF (not compressed) that is the measured environment, with the command line in it.
 * 0, or -EBADMSG: not a 32-bit ELF with an MLE header, or the command line is too long for it. */
int drtm_mle_digest(struct bytes elf, const char *cmdline, uint8_t digest[32]);

/* SHA-256(SHA-256(command line without NUL) || SHA-256(file)). */
void drtm_module_digest(struct bytes cmdline, const uint8_t file[32], uint8_t digest[32]);

struct drtm_vlp {
    uint32_t control; /* bit 0: the policy's hash is extended too */
    size_t count;
    struct {
        uint8_t module, pcr; /* DRTM_PCR_NONE: verified, extended nowhere by its entry */
        const uint8_t *digest;
    } entry[DRTM_MODULES_MAX];
};
/* A policy as tb_polgen makes it: SHA-256, one hash an entry. 0 or -EBADMSG; points into file. */
int drtm_vlp_parse(struct bytes file, struct drtm_vlp *vlp);
/* What is extended for the policy: SHA-256(control, little-endian || SHA-256(file), or 32 zero bytes). */
void drtm_vlp_digest(struct bytes file, const struct drtm_vlp *vlp, uint8_t digest[32]);

#endif
