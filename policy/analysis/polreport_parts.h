/* SPDX-License-Identifier: MIT */
/* Inside of polreport: tags, and the tables of its second file. */
#ifndef POLREPORT_PARTS_H
#define POLREPORT_PARTS_H

#include "polreport.h"

/* Escaped; characters outside of ASCII become question marks. */
void polreport_text(FILE *out, const char *text);
void polreport_tag(FILE *out, const char *tag, const char *class, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

void polreport_matrix(FILE *out, const struct polshow *s);
void polreport_machine(FILE *out, const struct polreport *r);
void polreport_rules(FILE *out, const struct polreport *r);

#endif
