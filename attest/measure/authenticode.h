/* SPDX-License-Identifier: MIT */
/*
 * The digest that firmware measures for a PE image: SHA-256 over the file without its checksum, its entry for the
 * certificate table and that table ("Windows Authenticode Portable Executable Signature Format", calculating the PE
 * image hash). Pure.
 */
#ifndef AUTHENTICODE_H
#define AUTHENTICODE_H

#include "../verify/bytes.h"

/* PE32+ alone. 0, or -EBADMSG for a file that is none or whose sections do not lie in it. */
int authenticode_digest(struct bytes image, uint8_t digest[32]);

#endif
