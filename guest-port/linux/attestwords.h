/* SPDX-License-Identifier: MIT */
/* An errno of the attestation calls in the words of this hypervisor. Pure. */
#ifndef ATTESTWORDS_H
#define ATTESTWORDS_H

const char *attestwords(long rc); /* 0 or a negative errno */

#endif
