/* SPDX-License-Identifier: MIT */
#include "pcrmodel.h"
#include "../verify/p256.h"

#include <stdarg.h>
#include <stdio.h>

void pcrmodel_reset(struct pcrmodel *pcr)
{
    memset(pcr, 0, sizeof(*pcr));
}

void pcrmodel_extend(struct pcrmodel *pcr, const uint8_t digest[32], const char *format, ...)
{
    struct pcrmodel_event *event;
    va_list arguments;

    if (pcr->count == PCRMODEL_EVENTS_MAX) {
        pcr->overflow = true;
        return;
    }
    p256_extend(pcr->value, digest);
    event = &pcr->event[pcr->count++];
    memcpy(event->digest, digest, 32);
    va_start(arguments, format);
    pcr->overflow |= vsnprintf(event->text, sizeof(event->text), format, arguments) >= (int)sizeof(event->text);
    va_end(arguments);
}
