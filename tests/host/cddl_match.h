/* SPDX-License-Identifier: MIT */
/*
 * Whether CBOR is what a CDDL file says (RFC 8610), for as much of the language as attest/evidence.cddl uses: rules,
 * maps and arrays with occurrences, integers, ranges, text, tags, bstr, tstr, .size, .cbor.
 */
#ifndef CDDL_MATCH_H
#define CDDL_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* cddl: the whole file, with a NUL. A name that no rule defines, or syntax that is not understood, ends the program. */
bool cddl_match(const char *cddl, const char *rule, const uint8_t *data, size_t size);

#endif
