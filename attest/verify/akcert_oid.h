/* SPDX-License-Identifier: MIT */
/* Object identifiers in AK certificates, as the contents of their DER encoding. */
#ifndef AKCERT_OID_H
#define AKCERT_OID_H

#define AKCERT_OID_AK_USAGE    "\x67\x81\x05\x08\x03" /* 2.23.133.8.3, tcg-kp-AIKCertificate */
#define AKCERT_OID_PRODUCTION  "\x69\x84\x84\x18\x01" /* 2.25.66072.1 */
#define AKCERT_OID_DEVELOPMENT "\x69\x84\x84\x18\x02" /* 2.25.66072.2 */

#endif
