/* SPDX-License-Identifier: MIT */
/*
 * What GRUB's tpm module measures while it runs a configuration: commands (PCR 8), the command lines of what it
 * loads (PCR 8), the files it opens (PCR 9). It knows the few commands whose measurements it is sure of and refuses
 * everything else, variables and quotes included: a guess would be worse than no prediction. Pure.
 */
#ifndef GRUBCFG_H
#define GRUBCFG_H

#include "../verify/bytes.h"

enum grubcfg_kind { GRUBCFG_COMMAND, GRUBCFG_FILE, GRUBCFG_CMDLINE };

struct grubcfg_event {
    enum grubcfg_kind kind;
    struct bytes text; /* the command; the file's name; the command line, which may be empty */
};

#define GRUBCFG_EVENTS_MAX 64u

struct grubcfg {
    struct grubcfg_event event[GRUBCFG_EVENTS_MAX]; /* in the order that GRUB measures them */
    size_t count;
    unsigned int bad_line; /* from 1, when refused */
};

/* Views into text. 0 or -EINVAL. */
int grubcfg_parse(struct bytes text, struct grubcfg *out);

/* The n-th file loaded (from 0) and its command line: false when there are not so many. */
bool grubcfg_loaded(const struct grubcfg *cfg, size_t n, struct bytes *name, struct bytes *cmdline);

#endif
