/* SPDX-License-Identifier: MIT */
/* A PCR that is extended on paper, with a list of what it was extended with. */
#ifndef PCRMODEL_H
#define PCRMODEL_H

#include "../verify/bytes.h"

#define PCRMODEL_EVENTS_MAX 64u
#define PCRMODEL_TEXT_MAX   2304u /* a command line of 2,048, and where it comes from */

struct pcrmodel_event {
    uint8_t digest[32];
    char text[PCRMODEL_TEXT_MAX]; /* what it is and where it comes from; ASCII, whole: a reader hashes it again */
};

struct pcrmodel {
    uint8_t value[32];
    struct pcrmodel_event event[PCRMODEL_EVENTS_MAX];
    size_t count;
    bool overflow; /* an event, or a text, that did not fit */
};

/* Zero: as PCR 0 to 15 begin. */
void pcrmodel_reset(struct pcrmodel *pcr);
__attribute__((format(printf, 3, 4))) void pcrmodel_extend(struct pcrmodel *pcr, const uint8_t digest[32],
                                                           const char *format, ...);

#endif
