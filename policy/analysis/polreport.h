/* SPDX-License-Identifier: MIT */
/* One self-contained page for an audit's file. The same inputs give the same bytes. */
#ifndef POLREPORT_H
#define POLREPORT_H

#include <stdio.h>

#include "polcheck.h"
#include "polinput.h"
#include "polprove.h"
#include "polshow.h"

struct polreport {
    const struct polinput *in;
    const struct polgraph *graph;
    const struct polfindings *findings;
    const struct polproof *proofs; /* one for each of the spec files, in their order */
    size_t proof_count;
    const char *title;
    const char *signer; /* what was found out about the signature of the .bhp, or NULL */
};

void polreport(FILE *out, const struct polreport *r);

#endif
